/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one allocation, whatever hook saw it: alloc_begin() before the search, alloc_end()
 * after it, in the same task. Between the two lies a struct flight.
 *
 * The backend defines before it includes this file: READ(pointer, field), a plain access where the
 * verifier knows the pointer's type, else BPF_CORE_READ(); READ_16(out, pointer, field), the same
 * for the first 16 bytes of a field; and BRACKETED, whether its hooks lie around the search (1) or
 * at it (0).
 */
#ifndef EPHEMPORT_ALLOC_H
#define EPHEMPORT_ALLOC_H

#include <asm/errno.h>

#include "filter.h"
#include "flight.h"
#include "reserved.h"

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
 * Of what is only counted: connect()'s, to tell the passes apart and what was examined; that which
 * a named bind is held against.
 */
static __always_inline bool range_matters(enum alloc_path path)
{
	return !config.aggregate || path == PATH_CONNECT || path == PATH_EXPLICIT;
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
	flight->flags = path == PATH_CONNECT ? ALLOC_DEST : 0;
	if (range_matters(path)) {
		flight->settings_epoch = *(volatile __u32 *)&settings_epoch;
		range_read(flight, sk);
	}
	if (path == PATH_EXPLICIT && !config.named_all &&
	    (named < flight->low || named > flight->high)) {
		flight->task = 0;
		return NULL;
	}
	flight->sock = (__u64)sk;
	if (BRACKETED)
		flight->end_ns = 0;
	flight->named = named;
	flight->path = path;
	flight->untold = untold;
	if (!config.aggregate || config.examined)
		__builtin_memset(&flight->search, 0, sizeof(flight->search));
	if (!BRACKETED && range_matters(path) && *(volatile __u64 *)&settings_writer)
		flight->search.flags |= SEARCH_SETTINGS_CHANGED;
	flight->task = (__u64)self->task;
	flight->start_ns = bpf_ktime_get_ns();
	return flight;
}

/*
 * Marks a search that a write of the settings overlapped: its reckoning may be of two ranges or of
 * two lists of reserved ports. Asked when the record has its place in the ring, since the list that
 * holds for it is the last one before it there. The socket's own range cannot change: the search
 * holds the socket's lock.
 */
static __always_inline void settings_recheck(struct flight *flight)
{
	if (!BRACKETED && flight->settings_epoch != *(volatile __u32 *)&settings_epoch)
		flight->search.flags |= SEARCH_SETTINGS_CHANGED;
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
 * trust costs eight instructions (x86 checks its bounds since 66e13b615a0c, 6.10 and stable), so
 * the fewer and the wider the better.
 */
static __always_inline void ends_fill(struct event_alloc *event, const struct flight *flight,
				      struct sock *sk, __u16 family)
{
	__u64 *saddr = (__u64 *)event->saddr, *daddr = (__u64 *)event->daddr;
	union {
		__u64 both;
		__be32 each[2];
	} pair;
	bool dest = flight->flags & ALLOC_DEST;

	daddr[0] = daddr[1] = 0;
	event->dport = 0;
	if (dest)
		event->dport = READ(sk, __sk_common.skc_dport);
	if (family == AF_INET) {
		pair.both = READ(sk, __sk_common.skc_addrpair);
		saddr[0] = pair.each[1];
		saddr[1] = 0;
		if (dest)
			daddr[0] = pair.each[0];
		return;
	}
	READ_16(saddr, sk, __sk_common.skc_v6_rcv_saddr);
	if (dest)
		READ_16(daddr, sk, __sk_common.skc_v6_daddr);
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
		if (config.aggregate) {
			stat_record(self, flight, sk, port, error, latency,
				    &(struct stat_ends){ ends.saddr, ends.daddr, ends.dport });
			return;
		}
	}
	net = READ(sk, __sk_common.skc_net.net);
	netns = READ(net, ns.inum);
	if (!BRACKETED && reserved_matter(flight) && !reserved_tell(net, netns))
		flight->search.flags |= SEARCH_SETTINGS_CHANGED;
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
	settings_recheck(flight);
	__builtin_memcpy(&event->search, &flight->search, sizeof(event->search));
	bpf_ringbuf_submit(event, submit_flags(flight, event, sizeof(*event)));
}

char LICENSE[] SEC("license") = "GPL";

#endif
