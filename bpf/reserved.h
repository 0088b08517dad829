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

/* What is done once is kept out of the programs' straight way: it would cost them registers. */
static __attribute__((noinline)) bool reserved_look(struct net *net, struct reserved_told *told,
						    __u64 cookie, __u32 epoch)
{
	const unsigned long *bits = READ(net, ipv4.sysctl_local_reserved_ports);
	__u64 any = 0;

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

/* Whether the namespace reserves any port; looked at once, and again when any list was written. */
static __always_inline bool reserved_any(struct net *net)
{
	struct reserved_told *told = &reserved_told[READ(net, ns.inum) & (RESERVED_SLOTS - 1)];
	__u64 cookie = net_identity(net);
	__u32 epoch = reserved_epoch;

	if (told->cookie == cookie && told->epoch == epoch)
		return told->any;
	return reserved_look(net, told, cookie, epoch);
}

/* bind() and listen() count what they refuse; UDP's searches are reckoned where slots is set. */
static __always_inline bool reserved_matter(const struct flight *flight)
{
	return flight->path == PATH_CONNECT || flight->search.slots;
}

static __attribute__((noinline)) bool reserved_send(struct net *net, struct reserved_told *told,
						    __u64 cookie, __u32 epoch)
{
	__u32 settings = *(volatile __u32 *)&settings_epoch;
	struct event_reserved *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return false; /* the next allocation tries again */
	event->type = EVENT_RESERVED;
	event->netns = READ(net, ns.inum);
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

/*
 * The search skips reserved ports. User space must know them to count what was examined, as they
 * were: so they come in the ring, before the first allocation that they apply to. Returns false
 * where they did not.
 */
static __always_inline bool reserved_tell(struct net *net, __u32 netns)
{
	struct reserved_told *told = &reserved_told[netns & (RESERVED_SLOTS - 1)];
	__u64 cookie = net_identity(net);
	__u32 epoch = reserved_epoch;

	return (told->cookie == cookie && told->epoch == epoch) ||
	       reserved_send(net, told, cookie, epoch);
}

#endif
