// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include "trace/kernel.h"

static const struct btf_type *function_proto(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	const struct btf_type *function = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

	return function ? btf__type_by_id(btf, function->type) : NULL;
}

int kernel_facts_read(struct kernel_facts *facts)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *proto;

	if (!btf)
		return -errno;
	*facts = (struct kernel_facts){ 0 };
	proto = function_proto(btf, "__inet_hash_connect");
	if (proto)
		facts->connect_args = btf_vlen(proto);
	/* The function came with the option; it told whether the option is set only from 6.8. */
	proto = function_proto(btf, "inet_sk_get_local_port_range");
	if (proto)
		facts->option_scans_all = proto->type != 0;
	btf__free(btf);
	return 0;
}

int kernel_try_fentry(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_load_opts options = {
		.sz = sizeof(options),
		.expected_attach_type = BPF_TRACE_FENTRY,
	};
	struct btf *btf = btf__load_vmlinux_btf();
	int id, program, link;

	if (!btf)
		return -errno;
	id = btf__find_by_name_kind(btf, "__inet_hash_connect", BTF_KIND_FUNC);
	btf__free(btf);
	if (id < 0)
		return -ENOENT;
	options.attach_btf_id = (__u32)id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "ephemport_try", "GPL", nothing,
				sizeof(nothing) / sizeof(nothing[0]), &options);
	if (program < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		link = -errno;
	else
		close(link);
	close(program);
	return link < 0 ? link : 0;
}
