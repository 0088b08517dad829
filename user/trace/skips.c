// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "trace/skips.h"

static uint64_t program_skips(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_program__fd(program) < 0 ||
	    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

uint64_t skips_count(const struct bpf_object *object)
{
	struct bpf_program *program;
	uint64_t skips = 0;

	bpf_object__for_each_program(program, object) skips += program_skips(program);
	return skips;
}

uint64_t skips_count_inner(const struct bpf_object *object)
{
	static const char *const inner[] = {
		"bind_conflict4", "bind_conflict5", "bind_any_conflict", "random_draw",
		"tuple_check4",	  "tuple_check6",   "tuple6_check4",	 "tuple6_check6",
		"timewait_check", "timewait_taken",
	};
	uint64_t skips = 0;

	for (size_t i = 0; i < sizeof(inner) / sizeof(*inner); i++) {
		const struct bpf_program *program =
			bpf_object__find_program_by_name(object, inner[i]);

		if (program)
			skips += program_skips(program);
	}
	return skips;
}
