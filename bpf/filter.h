/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters: on who asks, before a search is followed; on its outcome, after. */
#ifndef EPHEMPORT_FILTER_H
#define EPHEMPORT_FILTER_H

#include "descendants.h"
#include "flight.h"

#include <bpf/bpf_endian.h>

static __always_inline bool comm_matches(const struct self *self)
{
	char comm[EVENT_COMM_LEN] __attribute__((aligned(8))) = {};

	struct task_struct *task = self->task;

	if (HAVE_TASK_BTF)
		READ_16(comm, task, comm);
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
	if (config.filters & FILTER_DESCENDANTS) {
		__u32 tgid = HAVE_TASK_BTF ? self->task->tgid :
					     (__u32)(bpf_get_current_pid_tgid() >> 32);
		if (!descends(tgid))
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
		READ_16(out, sk, __sk_common.skc_v6_daddr);
	} else {
		READ_16(out, sk, __sk_common.skc_v6_rcv_saddr);
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

#endif
