/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes of the range and of the reserved ports, by anybody: seen before and after, then told. */
#ifndef EPHEMPORT_WRITES_H
#define EPHEMPORT_WRITES_H

#include "alloc.h"

/* Somebody is about to write the range of @net: keeps what it is in the task's slot. */
static __always_inline void range_write_begin(const struct self *self, struct net *net)
{
	struct flight *flight = flight_slot(self);

	if (config.aggregate)
		return; /* counts need no more than settings_epoch */
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

#endif
