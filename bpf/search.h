/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inputs of a search that tell, with its result, how many candidates it examined. Collected at
 * the search's entry and exit; the kernel's own loop is left alone. The reckoning is user space's:
 * user/search/.
 */
#ifndef EPHEMPORT_SEARCH_H
#define EPHEMPORT_SEARCH_H

#include "alloc.h"

/*
 * net/ipv4/inet_hashtables.c. A typeless symbol: static, so not in BTF; in /proc/kallsyms where the
 * kernel has CONFIG_KALLSYMS_ALL. An array up to 5.18, a pointer to one since (e9261476184b).
 */
extern const void table_perturb __ksym __weak;

enum { WATCHES = 1024 };
struct watch watches[WATCHES] SEC(".data.watches");
__u64 perturb_base SEC(".data.watches"); /* where the table is, once read */

static __always_inline __u32 perturb_slot(__u64 port_offset)
{
	if (config.connect_start == CONNECT_START_TABLE64)
		return (__u32)port_offset & config.perturb_mask;
	return (__u32)port_offset * 0x61C88647U >> 24; /* hash_32(port_offset, 8) */
}

/* Where the table is, 0: unknown. */
static __attribute__((noinline)) __u64 perturb_find(void)
{
	__u64 base = (__u64)&table_perturb;

	if (base && config.connect_start == CONNECT_START_TABLE64)
		bpf_probe_read_kernel(&base, sizeof(base), (void *)base);
	perturb_base = base;
	return base;
}

static __always_inline bool perturb_read(__u32 slot, __u32 *value)
{
	__u64 base = perturb_base ?: perturb_find();

	return base && read_4(value, (__u32 *)base + slot);
}

static __always_inline void connect_search_begin(struct flight *flight, __u64 port_offset)
{
	struct event_search *search = &flight->search;
	struct watch *watch;
	__u32 slot;

	if (config.connect_start == CONNECT_START_UNKNOWN)
		return;
	slot = flight->slot = perturb_slot(port_offset);
	watch = &watches[slot & (WATCHES - 1)];
	if (config.connect_start == CONNECT_START_TABLE32)
		port_offset = (__u32)port_offset;
	search->port_offset = port_offset;
	__sync_fetch_and_add(&watch->users, 1);
	if (watch->users != 1)
		search->flags |= SEARCH_RIVALS;
	flight->writes = watch->writes;
	if (perturb_read(slot, &search->perturb_entry))
		search->flags |= SEARCH_PERTURB;
}

static __always_inline void connect_search_end(struct flight *flight, int ret)
{
	struct event_search *search = &flight->search;
	__u32 slot = flight->slot;
	struct watch *watch = &watches[slot & (WATCHES - 1)];

	if (config.connect_start == CONNECT_START_UNKNOWN)
		return;
	if (watch->users != 1 || watch->writes != flight->writes)
		search->flags |= SEARCH_RIVALS;
	if (!perturb_read(slot, &search->perturb_exit))
		search->flags &= ~SEARCH_PERTURB;
	if (!ret)
		__sync_fetch_and_add(&watch->writes, 1);
	__sync_fetch_and_add(&watch->users, -1);
}

static __always_inline void step_width_read(struct event_search *search, struct net *net)
{
	if (bpf_core_field_exists(struct net, ipv4.sysctl_ip_local_port_step_width)) {
		__u32 width = READ(net, ipv4.sysctl_ip_local_port_step_width);

		search->step_width = width > 65535 ? 65535 : width;
	}
}

static __always_inline void udp_search_inputs(struct flight *flight, struct sock *sk)
{
	struct udp_table *table = NULL;

	if (bpf_core_field_exists(struct proto, h.udp_table))
		table = READ(sk, __sk_common.skc_prot->h.udp_table);
	if (!table && bpf_core_field_exists(struct net, ipv4.udp_table))
		table = READ(sk, __sk_common.skc_net.net->ipv4.udp_table);
	if (table)
		flight->search.slots = BPF_CORE_READ(table, mask) + 1;
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport))
		flight->search.flags |= SEARCH_REUSEPORT;
}

#endif
