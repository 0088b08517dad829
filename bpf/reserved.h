/* SPDX-License-Identifier: GPL-2.0-only */
/* The reserved ports of a namespace: told to user space, or just whether there are any. */
#ifndef EPHEMPORT_RESERVED_H
#define EPHEMPORT_RESERVED_H

#include "flight.h"
#include "state.h"

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
 * were: so they come in the ring, before the first allocation that they apply to. Returns false
 * where they did not.
 */
static __always_inline bool reserved_tell(struct net *net, __u32 netns)
{
	__u64 cookie =
		bpf_core_field_exists(struct net, net_cookie) ? READ(net, net_cookie) : (__u64)net;
	struct reserved_told *told = &reserved_told[netns & (RESERVED_SLOTS - 1)];
	struct event_reserved *event;
	__u32 epoch = reserved_epoch, settings = *(volatile __u32 *)&settings_epoch;

	if (told->cookie == cookie && told->epoch == epoch)
		return true;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return false; /* the next allocation tries again */
	event->type = EVENT_RESERVED;
	event->netns = netns;
	bpf_probe_read_kernel(event->bits, sizeof(event->bits),
			      READ(net, ipv4.sysctl_local_reserved_ports));
	/* Written meanwhile: of no use to others, whose records may already follow this one. */
	if (settings != *(volatile __u32 *)&settings_epoch) {
		bpf_ringbuf_discard(event, BPF_RB_NO_WAKEUP);
		return false;
	}
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	told->cookie = cookie;
	told->epoch = epoch;
	return true;
}

#endif
