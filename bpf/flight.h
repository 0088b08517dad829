/* SPDX-License-Identifier: GPL-2.0-only */
/* What is kept of a search under way, where, and the counts of what got lost of it. */
#ifndef EPHEMPORT_FLIGHT_H
#define EPHEMPORT_FLIGHT_H

#include "task.h"

enum {
	AF_INET = 2,
	AF_INET6 = 10,
	STATE_CLOSE = 7, /* include/net/tcp_states.h, never renumbered */
	STATE_LISTEN = 10,
	STATE_SYN_SENT = 2,
	FLIGHT_SLOTS = 16384,
	/* struct flight.path of what is no search but the write of a sysctl. */
	FLIGHT_RANGE = PATH_COUNT,
	FLIGHT_RESERVED,
};

struct event_counters counters SEC(".data.counters"); /* alone there: user space reads it whole */

/*
 * Writes of any namespace's range or reserved ports. A search that one of them overlaps may have
 * met the old setting or the new one.
 */
__u32 settings_epoch SEC(".data.settings");  /* counts when one begins and when it is done */
__u64 settings_writer SEC(".data.settings"); /* the task in the middle of one; 0: none */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* user space sets it before load */
} events SEC(".maps");

/*
 * One search under way. The slot is chosen by the thread id and belongs to the task named in it: a
 * thread can sleep and change CPUs inside the search (cond_resched() in __inet_hash_connect and
 * inet_csk_find_open_port), so nothing is kept by CPU; an array costs a third of a hash map's
 * update and delete.
 */
struct flight {
	__u64 task; /* address of its task_struct; 0: the slot is free */
	__u64 sock; /* address of its struct sock */
	__u64 start_ns;
	__u64 end_ns; /* 0, or when a hook inside the call showed that the search was over */
	__u16 low, high;
	__u32 settings_epoch; /* before the range was read */
	/* PATH_EXPLICIT: the port that the caller asked for. Else the candidate that was counted as
	 * refused before it was, 0: none. */
	__u16 named;
	__u8 path;
	__u8 flags;  /* enum alloc_flag */
	__u8 untold; /* kept only because others' searches are judged by it */
	__u8 pad[3];
	__u64 autobind; /* the socket that inet_autobind() was entered for */
	struct event_search search;
	__u64 record;	 /* see submit_flags() */
	__u32 source[4]; /* with ALLOC_SOURCE: saddr, where the socket does not tell it */
	__u32 dest[4]; /* with ALLOC_DEST: daddr and dport, where only the call's arguments tell */
	__u32 slot;    /* connect: of table_perturb */
	__u32 writes;  /* of the slot's watch, at the start */
	__be16 dport;
	__u8 pad2[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLIGHT_SLOTS);
	__type(key, __u32);
	__type(value, struct flight);
} flights SEC(".maps");

static __always_inline void lost_count(enum lost_cause cause)
{
	__sync_fetch_and_add(&counters.lost[cause], 1);
}

static __always_inline void settings_write_begin(const struct self *self)
{
	*(volatile __u64 *)&settings_writer = (__u64)self->task;
	__sync_fetch_and_add(&settings_epoch, 1);
}

/* Two writers at once are told apart by the epoch; one whose end the kernel skipped by the next. */
static __always_inline void settings_write_end(const struct self *self)
{
	__sync_fetch_and_add(&settings_epoch, 1);
	if (settings_writer == (__u64)self->task)
		*(volatile __u64 *)&settings_writer = 0;
}

static __always_inline struct flight *flight_slot(const struct self *self)
{
	__u32 slot = self->tid & (FLIGHT_SLOTS - 1);

	return bpf_map_lookup_elem(&flights, &slot);
}

/* The flight of this task, or NULL where it has none. */
static __always_inline struct flight *flight_mine(const struct self *self)
{
	struct flight *flight = flight_slot(self);

	return flight && flight->task == (__u64)self->task ? flight : NULL;
}

/*
 * Counts what the slot held, since it is to be overwritten. Of the same task that is a search whose
 * end was not seen; at the search itself the end can only have been skipped by the kernel, which
 * counts that (user space reads it from the program's recursion_misses).
 */
static __always_inline void flight_take(const struct self *self, struct flight *flight)
{
	if (!flight->task)
		return;
	if (flight->task != (__u64)self->task)
		lost_count(LOST_SLOT_CLASH);
	else if (BRACKETED)
		lost_count(LOST_UNFINISHED);
}

#endif
