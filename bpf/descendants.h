/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that descend from one: those that it forks while these programs run, and all that
 * they fork, whatever session, namespace or parent they have later. Threads are their process.
 */
#ifndef EPHEMPORT_DESCENDANTS_H
#define EPHEMPORT_DESCENDANTS_H

#include "flight.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* user space makes it large where it is used */
	__type(key, __u32);	/* thread group, as the initial namespace numbers it */
	__type(value, __u64);
} descendants SEC(".maps");

static __always_inline bool descends(__u32 tgid)
{
	return bpf_map_lookup_elem(&descendants, &tgid);
}

/* The ancestor is ephemport itself, which knows its number in its own pid namespace only. */
static __always_inline bool is_ancestor(void)
{
	struct bpf_pidns_info info = {};

	return !bpf_get_ns_current_pid_tgid(config.pidns_dev, config.pidns_ino, &info,
					    sizeof(info)) &&
	       info.tgid == config.ancestor;
}

/* Before the child runs. @parent is the task that forks, also with CLONE_PARENT. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(descendant_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 tgid = BPF_CORE_READ(child, tgid), from = BPF_CORE_READ(parent, tgid);
	__u64 one = 1;

	if (tgid == from || (!descends(from) && !is_ancestor()))
		return 0;
	if (bpf_map_update_elem(&descendants, &tgid, &one, BPF_ANY))
		lost_count(LOST_DESCENDANT);
	return 0;
}

/*
 * When the last thread has gone: do_exit() counts signal->live down before this tracepoint (2.6 to
 * 7.3, kernel/exit.c). A leader that ends first leaves its process alive.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(descendant_exit, struct task_struct *task)
{
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (!BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&descendants, &tgid);
	return 0;
}

#endif
