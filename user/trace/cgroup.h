/* SPDX-License-Identifier: GPL-2.0-only */
/* The cgroup v2 hierarchy, which programs attach to and --cgroup filters by. */
#ifndef EPHEMPORT_TRACE_CGROUP_H
#define EPHEMPORT_TRACE_CGROUP_H

#include <stddef.h>
#include <stdint.h>

/*
 * A file descriptor of the root of the cgroup v2 hierarchy, also where it is mounted beside v1;
 * where it is mounted nowhere, of a mount that nobody else sees. Negative errno: the kernel has
 * none, or we may not.
 */
int cgroup_root_open(void);

/*
 * Id and level (0: the root) of the cgroup at @path, a directory below a cgroup v2 mount. Negative
 * errno; -EINVAL: no cgroup v2 directory.
 */
int cgroup_identify(const char *path, uint64_t *id, uint32_t *level);
/*
 * Where the cgroup @id is below @root (see cgroup_root_open()), as "/" or "/system.slice/x". 0 or a
 * negative errno: -ESTALE where it is gone.
 */
int cgroup_path(int root, uint64_t id, char *path, size_t size);
/*
 * What cgroup_path() would give for @path, a directory below a cgroup v2 mount; of one that is not
 * there any more (or on another machine) what is left without the usual mount point. To be freed;
 * NULL without memory.
 */
char *cgroup_below_root(const char *path);

#endif
