/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one allocation, whatever hook saw it: alloc_begin() before the search, alloc_end()
 * after it, in the same task. Between the two lies a struct flight.
 *
 * The backend defines before it includes this file: READ(pointer, field), a plain access where the
 * verifier knows the pointer's type, else BPF_CORE_READ(); ADDRESS_OF(pointer, field); and
 * BRACKETED, whether its hooks lie around the search (1) or at it (0).
 */
#ifndef EPHEMPORT_ALLOC_H
#define EPHEMPORT_ALLOC_H

#include <asm/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "config.h"
#include "event.h"
#include "state.h"

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

const volatile struct config config SEC(".rodata.config");
struct event_counters counters SEC(".data.counters");
__u32 range_epoch SEC(".data.counters"); /* writes of any namespace's range, begun and done */

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
	__u32 range_epoch; /* before the range was read */
	__u16 named;		 /* PATH_EXPLICIT: the port that the caller asked for */
	__u8 path;
	__u8 flags;  /* enum alloc_flag */
	__u8 untold; /* kept only because others' searches are judged by it */
	__u8 pad[3];
	__u64 autobind; /* the socket that inet_autobind() was entered for */
	struct event_search search;
	__u64 record;	 /* see submit_flags() */
	__u32 source[4]; /* with ALLOC_SOURCE: saddr, where the socket does not tell it */
	__u32 dest[4]; /* with ALLOC_DEST: daddr and dport, where only the call's arguments tell */
	__u32 writes;  /* of the slot's watch, at the start */
	__be16 dport;
	__u8 pad2[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLIGHT_SLOTS);
	__type(key, __u32);
	__type(value, struct flight);
} flights SEC(".maps");

/* bpf_get_current_task_btf() is of 5.11 (3ca1032ab7ab); before it, helpers tell the same. */
#define HAVE_TASK_BTF bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

/*
 * A pointer of the type that the caller names, for reading only: the verifier turns it into nothing
 * (6.2, a35b9af4ec2c), where bpf_probe_read_kernel() is 80 instructions. config.rdonly_cast tells
 * whether the kernel has it.
 */
extern void *bpf_rdonly_cast(void *object, __u32 btf_id) __ksym __weak;
#define CAST(pointer, type) \
	((type *)bpf_rdonly_cast((void *)(pointer), bpf_core_type_id_kernel(type)))

/* 16 bytes from anywhere in the kernel. */
static __always_inline void read_16(void *out, const void *from)
{
	if (config.rdonly_cast) {
		struct timespec64 *words = CAST(from, struct timespec64);

		((__u64 *)out)[0] = words->tv_sec;
		((__u64 *)out)[1] = words->tv_nsec;
	} else {
		bpf_probe_read_kernel(out, 16, from);
	}
}

static __always_inline bool read_4(__u32 *out, const void *from)
{
	if (config.rdonly_cast) {
		*out = CAST(from, struct seqcount)->sequence;
		return true;
	}
	return !bpf_probe_read_kernel(out, sizeof(*out), from);
}

struct self {
	struct task_struct *task;
	__u32 tid;
};

static __always_inline struct self self_get(void)
{
	struct self self;

	if (HAVE_TASK_BTF) {
		self.task = bpf_get_current_task_btf();
		self.tid = self.task->pid;
	} else {
		self.task = (void *)bpf_get_current_task();
		self.tid = (__u32)bpf_get_current_pid_tgid();
	}
	return self;
}

static __always_inline void lost_count(enum lost_cause cause)
{
	__sync_fetch_and_add(&counters.lost[cause], 1);
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

static __always_inline bool comm_matches(const struct self *self)
{
	char comm[EVENT_COMM_LEN] __attribute__((aligned(8))) = {};

	struct task_struct *task = self->task;

	if (HAVE_TASK_BTF)
		read_16(comm, ADDRESS_OF(task, comm));
	else
		bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < EVENT_COMM_LEN; i++) {
		if (comm[i] != config.comm[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

/* Whether the task lives in the cgroup of the filter or below it. */
static __always_inline bool cgroup_matches(const struct self *self)
{
	struct task_struct *task = self->task;
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u32 level = config.cgroup_level;
	__u64 id = 0;

	if (BPF_CORE_READ(cgroup, level) < (int)level)
		return false;
	if (bpf_core_field_exists(struct cgroup, ancestors)) {
		struct cgroup *ancestor = NULL;

		bpf_probe_read_kernel(&ancestor, sizeof(ancestor), &cgroup->ancestors[level]);
		id = BPF_CORE_READ(ancestor, kn, id);
	} else {
		struct cgroup___ids *old = (void *)cgroup;

		bpf_probe_read_kernel(&id, sizeof(id), &old->ancestor_ids[level]);
	}
	return id == config.cgroup_id;
}

/* The filters on who asks and for what, before any other work is done. */
static __always_inline bool filter_begin(const struct self *self, struct sock *sk)
{
	__u16 proto;

	/* The verifier drops what never runs, but not the loads before it: one in place of many. */
	if (!config.filters)
		return true;
	if (config.filters & FILTER_PID) {
		__u32 pid = HAVE_TASK_BTF ? self->task->tgid :
					    (__u32)(bpf_get_current_pid_tgid() >> 32);
		if (pid != config.pid)
			return false;
	}
	if (config.filters & FILTER_UID) {
		__u32 uid = HAVE_TASK_BTF ? self->task->cred->uid.val :
					    (__u32)bpf_get_current_uid_gid();
		if (uid != config.uid)
			return false;
	}
	if ((config.filters & FILTER_COMM) && !comm_matches(self))
		return false;
	if ((config.filters & FILTER_CGROUP) && !cgroup_matches(self))
		return false;
	if (config.filters & FILTER_NETNS) {
		struct net *net = READ(sk, __sk_common.skc_net.net);

		if (READ(net, ns.inum) != config.netns)
			return false;
	}
	if (config.filters & FILTER_PROTO) {
		proto = READ(sk, sk_protocol);
		if (!(config.protos[(proto >> 6) & 3] & (1ULL << (proto & 63))))
			return false;
	}
	return true;
}

/* The range of @net, read by READ() or, where @net is no pointer that the verifier knows, by probe.
 */
#define RANGE_OF_NET(reader, net, low, high)                                               \
	do {                                                                               \
		if (bpf_core_field_exists(struct net___pair, ipv4.ip_local_ports.range)) { \
			struct net___pair *pair = (void *)(net);                           \
			(low) = reader(pair, ipv4.ip_local_ports.range[0]);                \
			(high) = reader(pair, ipv4.ip_local_ports.range[1]);               \
		} else {                                                                   \
			struct net___word *word = (void *)(net);                           \
			__u32 range = reader(word, ipv4.ip_local_ports.range);             \
			(low) = range & 0xffff;                                            \
			(high) = range >> 16;                                              \
		}                                                                          \
	} while (0)

/*
 * IP_LOCAL_PORT_RANGE of the socket, low in the lower half, 0: not set. Never a plain access: the
 * verifier refuses a struct sock as an inet_sock.
 */
static __always_inline __u32 range_read_socket(struct sock *sk)
{
	if (bpf_core_field_exists(struct inet_sock___word, local_port_range)) {
		struct inet_sock___word *word = (void *)sk;

		if (config.rdonly_cast)
			return CAST(sk, struct inet_sock___word)->local_port_range;
		return BPF_CORE_READ(word, local_port_range);
	}
	if (bpf_core_field_exists(struct inet_sock___pair, local_port_range)) {
		struct inet_sock___pair *pair = (void *)sk;

		return BPF_CORE_READ(pair, local_port_range.lo) |
		       (__u32)BPF_CORE_READ(pair, local_port_range.hi) << 16;
	}
	return 0;
}

/* What the search will use: the namespace's range, narrowed by the socket's own if it has one. */
static __always_inline void range_read(struct flight *flight, struct sock *sk)
{
	__u32 option = range_read_socket(sk);
	__u16 low, high;

	RANGE_OF_NET(READ, READ(sk, __sk_common.skc_net.net), low, high);
	if (option) {
		/* As inet_sk_get_local_port_range() clamps: each end alone, if inside (6.3 to 7.3).
		 */
		__u16 option_low = option & 0xffff, option_high = option >> 16;

		flight->flags |= ALLOC_SOCKET_OPTION;
		if (low <= option_low && option_low <= high) {
			low = option_low;
			flight->flags |= ALLOC_RANGE_SOCKET;
		}
		if (low <= option_high && option_high <= high) {
			high = option_high;
			flight->flags |= ALLOC_RANGE_SOCKET;
		}
	}
	flight->low = low;
	flight->high = high;
}

/*
 * Of what is only counted: connect()'s, to tell the passes apart and what was examined; UDP's for
 * the latter; that which a named bind is held against.
 */
static __always_inline bool range_matters(enum alloc_path path)
{
	return !config.aggregate || path == PATH_CONNECT || path == PATH_EXPLICIT ||
	       config.udp_examined;
}

/*
 * A search begins, or (@path PATH_EXPLICIT) a use of the port @named. Returns its flight, NULL
 * where it is not to be traced; with @keep also then, but never told.
 */
static __always_inline struct flight *alloc_begin(const struct self *self, struct sock *sk,
						  enum alloc_path path, __u16 named, bool keep)
{
	bool untold = !(config.paths & (1U << path)) || !filter_begin(self, sk);
	struct flight *flight;

	if (untold && !keep)
		return NULL;
	flight = flight_slot(self);
	if (!flight)
		return NULL;
	flight_take(self, flight);
	flight->flags = 0;
	if (range_matters(path)) {
		flight->range_epoch = *(volatile __u32 *)&range_epoch;
		range_read(flight, sk);
	}
	if (path == PATH_EXPLICIT && !config.named_all &&
	    (named < flight->low || named > flight->high)) {
		flight->task = 0;
		return NULL;
	}
	flight->sock = (__u64)sk;
	flight->end_ns = 0;
	flight->named = named;
	flight->path = path;
	flight->untold = untold;
	if (!config.aggregate || config.examined)
		__builtin_memset(&flight->search, 0, sizeof(flight->search));
	flight->task = (__u64)self->task;
	flight->start_ns = bpf_ktime_get_ns();
	return flight;
}

static __always_inline bool address_is_v4(__u16 family, const __u32 address[4])
{
	return family == AF_INET || (!address[0] && !address[1] && address[2] == bpf_htonl(0xffff));
}

static __always_inline void address_read(__u32 out[4], struct sock *sk, __u16 family, bool dest)
{
	if (family == AF_INET) {
		out[0] = dest ? READ(sk, __sk_common.skc_daddr) :
				READ(sk, __sk_common.skc_rcv_saddr);
		out[1] = 0;
		((__u64 *)out)[1] = 0;
	} else if (dest) {
		read_16(out, ADDRESS_OF(sk, __sk_common.skc_v6_daddr));
	} else {
		read_16(out, ADDRESS_OF(sk, __sk_common.skc_v6_rcv_saddr));
	}
}

static __always_inline bool daddr_matches(__u16 family, const __u32 address[4])
{
	__u32 mapped[4];

	if (family == AF_INET) {
		mapped[0] = mapped[1] = 0;
		mapped[2] = bpf_htonl(0xffff);
		mapped[3] = address[0];
	} else {
		__builtin_memcpy(mapped, address, sizeof(mapped));
	}
	for (int i = 0; i < 4; i++)
		if ((mapped[i] & config.daddr_mask[i]) != config.daddr[i])
			return false;
	return true;
}

/* The filters on the outcome: true where the allocation is to be told. */
static __always_inline bool filter_end(const struct flight *flight, __u16 error, __u64 latency_ns,
				       __u16 family, const __u32 saddr[4], const __u32 daddr[4],
				       __be16 dport)
{
	if (!config.filters)
		return true;
	if ((config.filters & FILTER_FAILED) && !error)
		return false;
	if ((config.filters & FILTER_SLOWER) && latency_ns < config.slower_than_ns)
		return false;
	if ((config.filters & FILTER_FAMILY) &&
	    (address_is_v4(family, saddr) ||
	     ((flight->flags & ALLOC_DEST) && address_is_v4(family, daddr))) !=
		    (config.family == 4))
		return false;
	if ((config.filters & FILTER_DPORT) &&
	    (!(flight->flags & ALLOC_DEST) || dport != config.dport))
		return false;
	if ((config.filters & FILTER_DADDR) &&
	    (!(flight->flags & ALLOC_DEST) || !daddr_matches(family, daddr)))
		return false;
	return true;
}

static __always_inline void task_fill(struct event_task *out, const struct self *self, __u32 netns)
{
	struct task_struct *task = self->task;

	out->tid = self->tid;
	out->netns = netns;
	if (HAVE_TASK_BTF) {
		out->pid = self->task->tgid;
		out->uid = self->task->cred->uid.val;
		out->cgroup_id = self->task->cgroups->dfl_cgrp->kn->id;
		read_16(out->comm, ADDRESS_OF(task, comm));
	} else {
		out->pid = bpf_get_current_pid_tgid() >> 32;
		out->uid = (__u32)bpf_get_current_uid_gid();
		out->cgroup_id = bpf_get_current_cgroup_id();
		bpf_get_current_comm(out->comm, sizeof(out->comm));
	}
}

/*
 * A wake-up for each record would cost a storm more than the record does. The reader polls every
 * 50 ms by itself; it is woken only when the writing comes past a multiple of config.wakeup_bytes
 * (which bpf_ringbuf_query() would tell at five times the price).
 */
static __always_inline __u64 submit_flags(struct flight *flight, const void *record, __u32 size)
{
	/* The verifier masks no pointer; by way of memory it is a number. */
	*(volatile __u64 *)&flight->record = (__u64)record;
	return (*(volatile __u64 *)&flight->record & (config.wakeup_bytes - 1)) < size ?
		       BPF_RB_FORCE_WAKEUP :
		       BPF_RB_NO_WAKEUP;
}

enum { RESERVED_SLOTS = 4096 };
struct reserved_told reserved_told[RESERVED_SLOTS] SEC(".data.reserved");
__u32 reserved_epoch SEC(".data.reserved");

static __always_inline __u64 net_identity(struct net *net)
{
	return bpf_core_field_exists(struct net, net_cookie) ? READ(net, net_cookie) : (__u64)net;
}

/* Whether the namespace reserves any port; looked at once, and again when any list was written. */
static __always_inline bool reserved_any(struct net *net)
{
	struct reserved_told *told = &reserved_told[READ(net, ns.inum) & (RESERVED_SLOTS - 1)];
	__u64 cookie = net_identity(net), any = 0;
	__u32 epoch = reserved_epoch;
	const unsigned long *bits;

	if (told->cookie == cookie && told->epoch == epoch)
		return told->any;
	bits = READ(net, ipv4.sysctl_local_reserved_ports);
	for (int i = 0; i < 1024; i++) {
		__u64 word = 0;

		bpf_probe_read_kernel(&word, sizeof(word), bits + i);
		any |= word;
	}
	told->any = any != 0;
	told->cookie = cookie;
	told->epoch = epoch;
	return any;
}

/*
 * The search skips reserved ports. User space must know them to count what was examined, as they
 * were: so they come in the ring, before the first allocation that they apply to.
 */
static __always_inline void reserved_tell(struct net *net, __u32 netns)
{
	__u64 cookie =
		bpf_core_field_exists(struct net, net_cookie) ? READ(net, net_cookie) : (__u64)net;
	struct reserved_told *told = &reserved_told[netns & (RESERVED_SLOTS - 1)];
	struct event_reserved *event;
	__u32 epoch = reserved_epoch;

	if (told->cookie == cookie && told->epoch == epoch)
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return; /* the allocation itself will be counted as lost, or the next one tries */
	event->type = EVENT_RESERVED;
	event->netns = netns;
	bpf_probe_read_kernel(event->bits, sizeof(event->bits),
			      READ(net, ipv4.sysctl_local_reserved_ports));
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	told->cookie = cookie;
	told->epoch = epoch;
}

#include "aggregate.h"

/* Both ends of an allocation, as the socket or a hook tells them. */
struct ends {
	__u32 saddr[4] __attribute__((aligned(8)));
	__u32 daddr[4] __attribute__((aligned(8)));
	__be16 dport;
};

static __always_inline void ends_read(struct ends *ends, const struct flight *flight,
				      struct sock *sk, __u16 family)
{
	__builtin_memset(ends->daddr, 0, sizeof(ends->daddr));
	ends->dport = 0;
	if (BRACKETED && (flight->flags & ALLOC_SOURCE))
		__builtin_memcpy(ends->saddr, flight->source, sizeof(ends->saddr));
	else
		address_read(ends->saddr, sk, family, false);
	if (!(flight->flags & ALLOC_DEST))
		return;
	if (BRACKETED && flight->path != PATH_CONNECT) {
		__builtin_memcpy(ends->daddr, flight->dest, sizeof(ends->daddr));
		ends->dport = flight->dport;
	} else {
		address_read(ends->daddr, sk, family, true);
		ends->dport = READ(sk, __sk_common.skc_dport);
	}
}

/*
 * The addresses straight into the record. Each access through a pointer that the verifier does not
 * trust costs eight instructions (x86 checks its bounds since 66e13b615a0c, 6.10 and stable), so the
 * fewer and the wider the better.
 */
static __always_inline void ends_fill(struct event_alloc *event, const struct flight *flight,
				      struct sock *sk, __u16 family)
{
	__u64 *saddr = (__u64 *)event->saddr, *daddr = (__u64 *)event->daddr;
	bool dest = flight->flags & ALLOC_DEST;

	daddr[0] = daddr[1] = 0;
	event->dport = 0;
	if (dest)
		event->dport = READ(sk, __sk_common.skc_dport);
	if (family == AF_INET) {
		saddr[0] = READ(sk, __sk_common.skc_rcv_saddr);
		saddr[1] = 0;
		if (dest)
			daddr[0] = READ(sk, __sk_common.skc_daddr);
		return;
	}
	read_16(saddr, ADDRESS_OF(sk, __sk_common.skc_v6_rcv_saddr));
	if (dest)
		read_16(daddr, ADDRESS_OF(sk, __sk_common.skc_v6_daddr));
}

/*
 * The search of @flight is over, with @port chosen or @error (positive, as the caller sees it): it
 * becomes a count, or a record.
 */
static __always_inline void alloc_end(const struct self *self, struct flight *flight,
				      struct sock *sk, __u16 port, __u16 error)
{
	__u64 now = BRACKETED && flight->end_ns ? flight->end_ns : bpf_ktime_get_ns();
	__u64 latency = now - flight->start_ns;
	struct event_alloc *event;
	struct net *net;
	struct ends ends;
	__u32 netns;
	__u16 family;

	flight->task = 0;
	if (config.aggregate && !config.addresses) {
		stat_record(self, flight, sk, port, error, latency, NULL);
		return;
	}
	family = READ(sk, __sk_common.skc_family);
	if (BRACKETED || config.filters || config.aggregate) {
		ends_read(&ends, flight, sk, family);
		if (!filter_end(flight, error, latency, family, ends.saddr, ends.daddr,
				ends.dport)) {
			__sync_fetch_and_add(&counters.filtered, 1);
			return;
		}
	}
	if (config.aggregate) {
		stat_record(self, flight, sk, port, error, latency,
			    &(struct stat_ends){ ends.saddr, ends.daddr, ends.dport });
		return;
	}
	net = READ(sk, __sk_common.skc_net.net);
	netns = READ(net, ns.inum);
	if (!BRACKETED)
		reserved_tell(net, netns);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		lost_count(LOST_RING_FULL);
		return;
	}
	event->type = EVENT_ALLOC;
	event->path = flight->path;
	event->family = family;
	event->flags = flight->flags;
	event->proto = READ(sk, sk_protocol);
	event->error = error;
	event->start_ns = flight->start_ns;
	event->latency_ns = latency;
	event->sport = error ? 0 : port;
	event->low = flight->low;
	event->high = flight->high;
	if (BRACKETED) {
		event->dport = ends.dport;
		__builtin_memcpy(event->saddr, ends.saddr, sizeof(ends.saddr));
		__builtin_memcpy(event->daddr, ends.daddr, sizeof(ends.daddr));
	} else {
		ends_fill(event, flight, sk, family);
	}
	task_fill(&event->task, self, netns);
	__builtin_memcpy(&event->search, &flight->search, sizeof(event->search));
	bpf_ringbuf_submit(event, submit_flags(flight, event, sizeof(*event)));
}

/* Somebody is about to write the range of @net: keeps what it is in the task's slot. */
static __always_inline void range_write_begin(const struct self *self, struct net *net)
{
	struct flight *flight = flight_slot(self);

	if (config.aggregate)
		return; /* counts need no more than range_epoch */
	/* Of the filters only this one: who changes the range matters to all that it applies to. */
	if ((config.filters & FILTER_NETNS) && BPF_CORE_READ(net, ns.inum) != config.netns)
		return;
	if (!flight)
		return;
	flight_take(self, flight);
	RANGE_OF_NET(BPF_CORE_READ, net, flight->low, flight->high);
	flight->sock = (__u64)net;
	flight->path = FLIGHT_RANGE;
	flight->task = (__u64)self->task;
}

/* The write went through. */
static __always_inline void range_write_end(const struct self *self, struct flight *flight)
{
	struct net *net = (struct net *)flight->sock;
	struct event_range *event;

	flight->task = 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		lost_count(LOST_RING_FULL);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->type = EVENT_RANGE;
	event->old_low = flight->low;
	event->old_high = flight->high;
	RANGE_OF_NET(BPF_CORE_READ, net, event->new_low, event->new_high);
	event->time_ns = bpf_ktime_get_ns();
	task_fill(&event->task, self, BPF_CORE_READ(net, ns.inum));
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

/*
 * The namespace that a table of sysctls belongs to; never the current task's, as the file may have
 * been opened in another one. The data of ip_local_port_range is the range itself up to 6.6, the
 * namespace from 6.8; that of ip_local_reserved_ports is a member of the namespace.
 */
static __always_inline struct net *range_table_net(const struct ctl_table *table)
{
	__u64 data = (__u64)BPF_CORE_READ(table, data);

	if (bpf_core_field_exists(struct net___pair, ipv4.ip_local_ports.range))
		data -= bpf_core_field_offset(struct net___pair, ipv4.ip_local_ports.range);
	return (struct net *)data;
}

static __always_inline struct net *reserved_table_net(const struct ctl_table *table)
{
	return (struct net *)((__u64)BPF_CORE_READ(table, data) -
			      bpf_core_field_offset(struct net, ipv4.sysctl_local_reserved_ports));
}

/*
 * The reserved ports of @net are about to be written (EVENT_RESERVED_BEFORE), or were. The list
 * goes through the ring both times: the old one is gone after the write, and nothing else here
 * holds 8 KiB.
 */
static __always_inline void reserved_write_tell(const struct self *self, struct net *net,
						enum event_type type)
{
	__u32 netns = BPF_CORE_READ(net, ns.inum);
	struct event_reserved_write *event;

	if (config.aggregate || ((config.filters & FILTER_NETNS) && netns != config.netns))
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		if (type == EVENT_RESERVED_AFTER)
			lost_count(LOST_RING_FULL);
		return;
	}
	__builtin_memset(event, 0, offsetof(struct event_reserved_write, bits));
	event->type = type;
	event->time_ns = bpf_ktime_get_ns();
	task_fill(&event->task, self, netns);
	bpf_probe_read_kernel(event->bits, sizeof(event->bits),
			      BPF_CORE_READ(net, ipv4.sysctl_local_reserved_ports));
	bpf_ringbuf_submit(event,
			   type == EVENT_RESERVED_AFTER ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

char LICENSE[] SEC("license") = "GPL";

#endif
