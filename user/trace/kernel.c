// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include "trace/kernel.h"
#include "util/cleanup.h"

/*
 * Mapped where the kernel can do that (6.16 and later, kernel/bpf/sysfs_btf.c): to read it takes a
 * call for each page of its megabytes.
 */
static struct btf *vmlinux_btf_map(void)
{
	CLEANUP_CLOSE int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct btf *btf;
	struct stat about;
	void *data;

	if (fd < 0 || fstat(fd, &about) || !about.st_size)
		return NULL;
	data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return NULL;
	btf = btf__new(data, (__u32)about.st_size);
	munmap(data, (size_t)about.st_size);
	return btf;
}

static const struct btf *facts_btf(struct kernel_facts *facts)
{
	if (!facts->btf)
		facts->btf = vmlinux_btf_map();
	if (!facts->btf)
		facts->btf = btf__load_vmlinux_btf();
	return facts->btf;
}

static const struct btf_type *function_proto(const struct btf *btf, const char *name)
{
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) : -ENOENT;
	const struct btf_type *function = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

	return function ? btf__type_by_id(btf, function->type) : NULL;
}

int kernel_function_args(struct kernel_facts *facts, const char *name)
{
	const struct btf_type *proto = function_proto(facts_btf(facts), name);

	return proto ? btf_vlen(proto) : -ENOENT;
}

/* An integer option of the kernel's configuration, plain or compressed; @fallback: not found. */
static int kernel_config_read(const char *option, int fallback)
{
	const char *paths[2] = { "/proc/config.gz", NULL };
	char boot[sizeof(struct utsname)], line[256];
	size_t length = strlen(option);
	struct utsname names;
	int value = fallback;

	uname(&names);
	snprintf(boot, sizeof(boot), "/boot/config-%s", names.release);
	paths[1] = boot;
	for (int i = 0; i < 2 && value == fallback; i++) {
		gzFile file = gzopen(paths[i], "re");

		while (file && gzgets(file, line, sizeof(line)))
			if (!strncmp(line, option, length) && line[length] == '=')
				value = (int)strtol(line + length + 1, NULL, 10);
		if (file)
			gzclose(file);
	}
	return value;
}

/* port_offset, the third argument, is u32 up to 5.18 and u64 since (b2d057560b81, and stable). */
static enum connect_start connect_start_find(const struct btf *btf)
{
	const struct btf_type *proto = function_proto(btf, "__inet_hash_connect");
	long long size;

	if (!proto || btf_vlen(proto) < 3)
		return CONNECT_START_UNKNOWN;
	size = btf__resolve_size(btf, btf_params(proto)[2].type);
	return size == 8 ? CONNECT_START_TABLE64 : CONNECT_START_TABLE32;
}

int kernel_facts_read(struct kernel_facts *facts)
{
	const struct btf_type *proto;

	*facts = (struct kernel_facts){ 0 };
	if (!facts_btf(facts))
		return -errno;
	facts->connect_start = connect_start_find(facts->btf);
	/* The function came with the option; it told whether the option is set only from 6.8. */
	proto = function_proto(facts->btf, "inet_sk_get_local_port_range");
	facts->option_scans_all = proto && proto->type;
	return 0;
}

uint32_t kernel_perturb_mask(void)
{
	return (1u << kernel_config_read("CONFIG_INET_TABLE_PERTURB_ORDER", 16)) - 1;
}

void kernel_facts_free(struct kernel_facts *facts)
{
	btf__free(facts->btf);
	facts->btf = NULL;
}

int kernel_try_fentry(struct kernel_facts *facts)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_load_opts options = {
		.sz = sizeof(options),
		.expected_attach_type = BPF_TRACE_FENTRY,
	};
	int id = btf__find_by_name_kind(facts_btf(facts), "__inet_hash_connect", BTF_KIND_FUNC);
	int program, link;

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
