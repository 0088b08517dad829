// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor: two programs that do nothing, at the entry and the exit of each function through which
 * allocations pass. What a call costs more with them is what no tracer of entry and exit can save.
 *
 * Stays until it is killed; says "ready" when all are attached.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

static const char *const functions[] = {
	"__inet_hash_connect",
	"inet_csk_get_port",
	"udp_lib_get_port",
};

static int program_attach(const struct btf *btf, const char *function, enum bpf_attach_type type)
{
	/* r0 = 0; exit */
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type);
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC), fd;

	if (id < 0)
		return id;
	options.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "floor", "GPL", nothing,
			   sizeof(nothing) / sizeof(*nothing), &options);
	if (fd < 0)
		return fd;
	return bpf_raw_tracepoint_open(NULL, fd);
}

int main(void)
{
	static const enum bpf_attach_type types[] = { BPF_TRACE_FENTRY, BPF_TRACE_FEXIT };
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		error(EXIT_FAILURE, errno, "the kernel's BTF");
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		for (size_t type = 0; type < sizeof(types) / sizeof(*types); type++) {
			int fd = program_attach(btf, functions[i], types[type]);

			if (fd < 0)
				error(EXIT_FAILURE, -fd, "%s", functions[i]);
		}
	btf__free(btf);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
