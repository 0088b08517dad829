/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's side of `stat`: sorts one outcome into its cell. alloc.h includes it behind what it
 * uses from there (struct self, HAVE_TASK_BTF, READ).
 *
 * Made to cost little: without --by a cell is found by arithmetic and no helper is called; nothing
 * is zeroed, nothing is copied, and what is not asked for is not read.
 */
#ifndef EPHEMPORT_AGGREGATE_H
#define EPHEMPORT_AGGREGATE_H

#include "examined.h"
#include "stat.h"

struct stat_state stat_state SEC(".data.stat");

/* User space makes these three before load, with the sizes that it needs, or leaves them out. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STAT_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct stat_cell));
} stat_cells SEC(".maps");

/* struct stat_key to the index of its cell. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct stat_key));
	__uint(value_size, sizeof(__u32));
} stat_index SEC(".maps");

/* The keys of --by alone: its size is their bound. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32) * STAT_BY_WORDS);
	__uint(value_size, sizeof(__u32));
} stat_keys SEC(".maps");

/* The ends of an allocation, four words of address each as the socket has them. */
struct stat_ends {
	const __u32 *saddr, *daddr;
	__be16 dport;
};

/* The usual first: clang makes a binary search of a switch. */
static __always_inline __u32 stat_proto(__u16 proto)
{
	return proto == 6   ? STAT_TCP :
	       proto == 17  ? STAT_UDP :
	       proto == 136 ? STAT_UDPLITE :
	       proto == 33  ? STAT_DCCP :
	       proto == 262 ? STAT_MPTCP :
			      STAT_PROTO_OTHER;
}

static __always_inline __u32 stat_error(__u16 error)
{
	return !error		      ? STAT_OK :
	       error == EADDRNOTAVAIL ? STAT_EADDRNOTAVAIL :
	       error == EADDRINUSE    ? STAT_EADDRINUSE :
	       error == EAGAIN	      ? STAT_EAGAIN :
	       error == ENOMEM	      ? STAT_ENOMEM :
					STAT_ERROR_OTHER;
}

/* ::ffff:0:0/96 at @words, in three reads at most, mostly one. */
#define STAT_IS_MAPPED(words)	  ((words)[2] == bpf_htonl(0xffff) && !(words)[0] && !(words)[1])
#define STAT_WORD(sk, address, i) READ(sk, __sk_common.address.in6_u.u6_addr32[i])
#define STAT_SOCK_MAPPED(sk, address)                                                    \
	(STAT_WORD(sk, address, 2) == bpf_htonl(0xffff) && !STAT_WORD(sk, address, 0) && \
	 !STAT_WORD(sk, address, 1))

/* Whether it is IPv4 on the wire, as decode.c tells it: a v4-mapped address at either end. */
static __always_inline bool stat_is_v4(const struct flight *flight, struct sock *sk)
{
	if (READ(sk, __sk_common.skc_family) == AF_INET)
		return true;
	if (BRACKETED && (flight->flags & ALLOC_SOURCE)) {
		if (STAT_IS_MAPPED(flight->source))
			return true;
	} else if (STAT_SOCK_MAPPED(sk, skc_v6_rcv_saddr)) {
		return true;
	}
	if (flight->path == PATH_CONNECT)
		return STAT_SOCK_MAPPED(sk, skc_v6_daddr);
	return BRACKETED && (flight->flags & ALLOC_DEST) && STAT_IS_MAPPED(flight->dest);
}

/* As user/trace/decode.c tells it for a trace. */
static __always_inline enum stat_pass stat_pass(const struct flight *flight, __u16 port,
						__u16 error)
{
	if ((config.option_scans_all && (flight->flags & ALLOC_SOCKET_OPTION)) ||
	    flight->low >= flight->high)
		return STAT_PASS_FIRST;
	if (error)
		return STAT_PASS_SECOND;
	return (port - flight->low) & 1 ? STAT_PASS_SECOND : STAT_PASS_FIRST;
}

/* How many candidates the search looked at, -1: unknown. */
static __always_inline __s32 stat_examined(struct flight *flight, struct sock *sk, __u32 proto,
					   __u16 port, __u16 error)
{
	bool udp = proto == STAT_UDP || proto == STAT_UDPLITE;
	bool scans_all = config.option_scans_all && (flight->flags & ALLOC_SOCKET_OPTION);

	__s32 examined;

	if (BRACKETED || !config.examined || udp)
		return EXAMINED_UNKNOWN;
	if (flight->path == PATH_CONNECT)
		settings_recheck(flight);
	examined = search_examined(&flight->search, flight->path, config.connect_start, flight->low,
				   flight->high, scans_all, port, error);
	/*
	 * Reserved ports are passed over without a look; to reckon with them is left to user space.
	 * None comes before the first turn, which is that of most searches.
	 */
	if (flight->path == PATH_CONNECT && (examined > 1 || error) &&
	    reserved_any(READ(sk, __sk_common.skc_net.net)))
		return EXAMINED_UNKNOWN;
	return examined;
}

static __always_inline void stat_address(__u32 out[4], struct sock *sk, const __u32 address[4])
{
	if (READ(sk, __sk_common.skc_family) == AF_INET) {
		out[2] = bpf_htonl(0xffff);
		out[3] = address[0];
	} else {
		__builtin_memcpy(out, address, 16);
	}
}

/* @ends only where config.addresses is set, as it is for what needs them. */
static __always_inline void stat_key_fill(struct stat_key *key, const struct self *self,
					  struct sock *sk, const struct stat_ends *ends, bool dest)
{
	struct task_struct *task = self->task;
	struct net *net = READ(sk, __sk_common.skc_net.net);
	__u64 cgroup_id;

	if (config.by == BY_COMM) {
		/* Not a plain copy: what is behind the name's end must not make two keys of it. */
		bpf_get_current_comm(key->by, EVENT_COMM_LEN);
	} else if (config.by == BY_CGROUP) {
		cgroup_id = HAVE_TASK_BTF ? task->cgroups->dfl_cgrp->kn->id :
					    bpf_get_current_cgroup_id();
		key->by[0] = (__u32)cgroup_id;
		key->by[1] = cgroup_id >> 32;
	} else if (config.by == BY_NETNS) {
		key->by[0] = READ(net, ns.inum);
	} else if (config.by == BY_UID) {
		key->by[0] = HAVE_TASK_BTF ? task->cred->uid.val : (__u32)bpf_get_current_uid_gid();
	} else if (ends) {
		if (dest)
			stat_address(key->by, sk, ends->daddr);
		if (config.by == BY_TUPLE) {
			stat_address(key->by + 4, sk, ends->saddr);
			key->by[8] = READ(net, ns.inum);
			key->by[9] = ends->dport;
		}
	}
}

/* Whether the key may have cells of its own. */
static __always_inline bool stat_key_admit(const struct stat_key *key)
{
	__u32 nothing = 0;
	long error;

	if (bpf_map_lookup_elem(&stat_keys, key->by))
		return true;
	if (stat_state.keys_full)
		return false;
	error = bpf_map_update_elem(&stat_keys, key->by, &nothing, BPF_NOEXIST);
	if (error == -E2BIG)
		stat_state.keys_full = 1;
	return !error || error == -EEXIST;
}

/*
 * The first allocation of its kind for a key: gives it a cell. Two processors at once may take one
 * each; the cell of the later stays empty. Returns the outcome's cell of "other" where none is
 * left.
 */
static __attribute__((noinline)) __u32 stat_cell_make(struct stat_key *key)
{
	struct stat_cell *cell;
	__u32 index, *found;

	if (stat_state.next >= config.key_cells || !stat_key_admit(key))
		return key->slot;
	index = STAT_SLOTS + __sync_fetch_and_add(&stat_state.next, 1);
	cell = bpf_map_lookup_elem(&stat_cells, &index);
	if (!cell)
		return key->slot;
	cell->key = *key; /* before anybody can count there */
	if (!bpf_map_update_elem(&stat_index, key, &index, BPF_NOEXIST))
		return index;
	found = bpf_map_lookup_elem(&stat_index, key);
	return found ? *found : key->slot;
}

/* A lost race against a larger value ends it, one against a smaller is tried again. */
static __always_inline void stat_max(__u64 *max, __u64 value)
{
	__u64 old = *(volatile __u64 *)max, seen;

	for (int i = 0; i < 4 && value > old; i++) {
		seen = __sync_val_compare_and_swap(max, old, value);
		if (seen == old)
			return;
		old = seen;
	}
}

static __always_inline void stat_count(struct stat_cell *cell, __u64 latency_ns, __s32 examined)
{
	__u32 bucket;

	__sync_fetch_and_add(&cell->latency[hist_index(latency_ns)], 1);
	__sync_fetch_and_add(&cell->latency_sum, latency_ns);
	stat_max(&cell->latency_max, latency_ns);
	if (examined < 0)
		return;
	bucket = hist_index((__u32)examined);
	barrier_var(
		bucket); /* clang would trust the range of ports; the verifier wants to see it */
	if (bucket >= STAT_EXAMINED_BUCKETS)
		bucket = STAT_EXAMINED_BUCKETS - 1;
	__sync_fetch_and_add(&cell->examined[bucket], 1);
	__sync_fetch_and_add(&cell->examined_sum, (__u32)examined);
	stat_max(&cell->examined_max, (__u32)examined);
}

/*
 * The search of @flight is over: counts it. @examined is -1 where it is unknown; @ends is NULL
 * where config.addresses is not set.
 */
static __always_inline void stat_record(const struct self *self, struct flight *flight,
					struct sock *sk, __u16 port, __u16 error, __u64 latency_ns,
					const struct stat_ends *ends)
{
	__u32 kind = flight->path == PATH_CONNECT ? stat_pass(flight, port, error) :
						    STAT_PASS_COUNT - 1 + flight->path;
	__u32 proto = stat_proto(READ(sk, sk_protocol));
	__u32 index = STAT_SLOT(kind, proto, !stat_is_v4(flight, sk), stat_error(error));
	struct stat_cell *cell;
	__u32 *found;

	if (config.by) {
		struct stat_key key = { .slot = index };

		stat_key_fill(&key, self, sk, ends, flight->flags & ALLOC_DEST);
		found = bpf_map_lookup_elem(&stat_index, &key);
		index = found ? *found : stat_cell_make(&key);
	}
	cell = bpf_map_lookup_elem(&stat_cells, &index);
	if (cell)
		stat_count(cell, latency_ns, stat_examined(flight, sk, proto, port, error));
}

#endif
