// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "trace/descendants.h"

int descendants_configure(struct bpf_object *object, struct config *config)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, "descendants");
	struct stat st;

	if (!(config->filters & FILTER_DESCENDANTS))
		return 0;
	if (!map)
		return -ENOENT;
	if (stat("/proc/self/ns/pid", &st))
		return -errno;
	/* As the kernel has it (MKDEV()), not as stat(2) gives it. */
	config->pidns_dev = (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev);
	config->pidns_ino = st.st_ino;
	config->ancestor = (uint32_t)getpid();
	return bpf_map__set_max_entries(map, DESCENDANTS_MAX);
}

uint32_t descendants_count(const struct bpf_object *object)
{
	int map = bpf_object__find_map_fd_by_name(object, "descendants");
	uint32_t count = 0, key;

	/* A key that goes while we read starts the walk anew: hence the bound. */
	for (int error = bpf_map_get_next_key(map, NULL, &key); !error && count < DESCENDANTS_MAX;
	     error = bpf_map_get_next_key(map, &key, &key))
		count++;
	return count;
}
