/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel side tells user space: the records in the ring buffer and the counters of what
 * could not be told. Included by both sides. Fixed widths, no holes, host byte order but where
 * said. Each record starts with its type tag.
 */
#ifndef EPHEMPORT_EVENT_H
#define EPHEMPORT_EVENT_H

#include <linux/types.h>

enum event_type {
	EVENT_ALLOC = 1,    /* struct event_alloc: one allocation, successful or not */
	EVENT_RANGE = 2,    /* struct event_range: somebody changed a namespace's range */
	EVENT_RESERVED = 3, /* struct event_reserved: the reserved ports of a namespace */
	/* struct event_reserved_write: somebody is about to write them; and did, in the same task
	 */
	EVENT_RESERVED_BEFORE = 4,
	EVENT_RESERVED_AFTER = 5,
};

enum alloc_path {
	PATH_CONNECT = 0,  /* connect() on an unbound TCP socket */
	PATH_BIND = 1,	   /* bind() to port 0 */
	PATH_LISTEN = 2,   /* listen() on an unbound socket */
	PATH_AUTOBIND = 3, /* connect() or send on an unbound UDP socket */
	PATH_EXPLICIT = 4, /* bind() to a port that the caller named: no search */
	PATH_COUNT,
};

enum alloc_flag {
	ALLOC_RANGE_SOCKET = 1 << 0,  /* IP_LOCAL_PORT_RANGE narrowed low or high */
	ALLOC_SOCKET_OPTION = 1 << 1, /* IP_LOCAL_PORT_RANGE is set, whether it narrowed or not */
	ALLOC_DEST = 1 << 2,	      /* daddr and dport are known */
	ALLOC_SOURCE = 1 << 3,	      /* saddr is the caller's word, not the socket's */
	ALLOC_UPPER_BOUND = 1 << 4,   /* latency_ns includes more than the search */
	ALLOC_PATH_GUESSED = 1 << 5,  /* UDP bind told from autobind by less than a hook */
};

enum { EVENT_COMM_LEN = 16 };

/* Who asked: the task in whose context the search ran, ids as the initial namespaces see them. */
struct event_task {
	__u32 pid; /* thread group */
	__u32 tid;
	__u32 uid;   /* real */
	__u32 netns; /* inode number of the socket's namespace; of a change, that which was written
		      */
	__u64 cgroup_id; /* cgroup v2, 0 where there is none */
	char comm[EVENT_COMM_LEN];
};

enum search_flag {
	SEARCH_PERTURB = 1 << 0, /* perturb_entry and perturb_exit were read */
	/* Range or reserved ports were written meanwhile, or the list could not be told. */
	SEARCH_SETTINGS_CHANGED = 1 << 1,
	SEARCH_RIVALS = 1 << 2,	   /* others searched from the same slot meanwhile */
	SEARCH_DRAW = 1 << 3,	   /* draw was seen */
	SEARCH_TW_REUSED = 1 << 4, /* the port was taken over from a socket in TIME_WAIT */
	SEARCH_REUSEPORT = 1 << 5, /* SO_REUSEPORT is set */
};

/*
 * What user/search/ needs to tell how many candidates the search examined. Which members count
 * follows from the path and from the programs that are attached.
 */
struct event_search {
	__u64 port_offset;	/* connect: third argument of __inet_hash_connect() */
	__u32 perturb_entry;	/* connect: the slot of table_perturb before the search ... */
	__u32 perturb_exit;	/* ... and after it */
	__u32 refused;		/* bind, listen: conflicts; connect with --explain: tuples taken */
	__u32 refused_timewait; /* --explain: of these, by a TIME_WAIT that could not be reused */
	__u32 draw;		/* UDP: the random number of the search */
	__u32 slots;		/* UDP: size of the hash table */
	__u16 step_width;	/* net.ipv4.ip_local_port_step_width, at most 65535; 0: off */
	__u8 flags;		/* enum search_flag */
	__u8 pad[5];
};

struct event_alloc {
	__u8 type;	/* EVENT_ALLOC */
	__u8 path;	/* enum alloc_path */
	__u8 family;	/* AF_INET or AF_INET6: the socket's; addresses may be v4-mapped */
	__u8 flags;	/* enum alloc_flag */
	__u16 proto;	/* IPPROTO_* */
	__u16 error;	/* errno that the caller sees, 0: success */
	__u64 start_ns; /* bpf_ktime_get_ns() before the search: CLOCK_MONOTONIC */
	__u64 latency_ns;
	__u16 sport; /* 0 on failure */
	__be16 dport;
	__u16 low, high; /* range in force at the start of the search, both inclusive */
	__u8 saddr[16];	 /* AF_INET: the first four bytes */
	__u8 daddr[16];
	struct event_task task;
	struct event_search search;
};

/*
 * Sent before the first allocation of a namespace and before the first one after each change of
 * net.ipv4.ip_local_reserved_ports there; holds for those that follow.
 */
struct event_reserved {
	__u8 type; /* EVENT_RESERVED */
	__u8 pad[3];
	__u32 netns;
	__u64 bits[1024]; /* port 0 in the lowest bit of the first */
};

/* BEFORE tells what AFTER, if the kernel took the write, replaced. */
struct event_reserved_write {
	__u8 type; /* EVENT_RESERVED_BEFORE, EVENT_RESERVED_AFTER */
	__u8 pad[7];
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct event_task task;
	__u64 bits[1024]; /* as in event_reserved */
};

struct event_range {
	__u8 type; /* EVENT_RANGE */
	__u8 pad[3];
	__u16 old_low, old_high;
	__u16 new_low, new_high;
	__u32 pad2;
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct event_task task;
};

/* Why an allocation did not become a record. */
enum lost_cause {
	LOST_RING_FULL = 0,  /* no room in the ring buffer: user space reads too slowly */
	LOST_SLOT_CLASH = 1, /* two threads in a search at once whose ids share a slot */
	LOST_UNFINISHED = 2, /* the end of a search was not seen */
	LOST_DESCENDANT =
		3, /* a process, with all that it asked for: more than are kept count of */
	LOST_CAUSE_COUNT,
};

/* In the programs' .data.counters. Only ever counts up. */
struct event_counters {
	__u64 lost[LOST_CAUSE_COUNT];
	__u64 filtered; /* allocations seen and left out by a filter of the outcome */
};

_Static_assert(sizeof(struct event_task) == 40, "no holes");
_Static_assert(sizeof(struct event_alloc) == 144, "no holes");
_Static_assert(sizeof(struct event_search) == 40, "no holes");
_Static_assert(sizeof(struct event_range) == 64, "no holes");
_Static_assert(sizeof(struct event_reserved) == 8200, "no holes");
_Static_assert(sizeof(struct event_reserved_write) == 8248, "no holes");

#endif
