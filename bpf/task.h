/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The task in whose context a program runs, and how it reads what the verifier lets it read only in
 * part. The backend defines READ_16() and BRACKETED before; see alloc.h.
 */
#ifndef EPHEMPORT_TASK_H
#define EPHEMPORT_TASK_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "config.h"
#include "event.h"

const volatile struct config config SEC(".rodata.config");

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

/* 16 bytes from within a structure whose type the verifier knows: two loads. */
static __always_inline void copy_16(void *out, const __u64 *from)
{
	((__u64 *)out)[0] = from[0];
	((__u64 *)out)[1] = from[1];
}

/* 16 bytes from anywhere in the kernel. */
static __always_inline void probe_16(void *out, const void *from)
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
		/*
		 * For each pointer that is read by way of a trusted one, the verifier searches all
		 * types of the kernel by name, several times over (btf_nested_type_is_trusted(),
		 * 6.3): a third of the start where programs are many. A cast pointer is not
		 * trusted; its reads take some instructions more, so not for fentry.
		 */
		if (BRACKETED && config.rdonly_cast)
			self.task = CAST(self.task, struct task_struct);
		self.tid = self.task->pid;
	} else {
		self.task = (void *)bpf_get_current_task();
		self.tid = (__u32)bpf_get_current_pid_tgid();
	}
	return self;
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
		READ_16(out->comm, task, comm);
	} else {
		out->pid = bpf_get_current_pid_tgid() >> 32;
		out->uid = (__u32)bpf_get_current_uid_gid();
		out->cgroup_id = bpf_get_current_cgroup_id();
		bpf_get_current_comm(out->comm, sizeof(out->comm));
	}
}

#endif
