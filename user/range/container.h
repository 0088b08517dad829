/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EPHEMPORT_RANGE_CONTAINER_H
#define EPHEMPORT_RANGE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The container that a process is in, as the path of its control group tells: @text is the content
 * of /proc/PID/cgroup. Writes "docker 3f2a1b4c5d6e", "kubernetes 3f2a1b4c5d6e", "lxc web" and the
 * like, or returns false where the path is none of a container.
 */
bool container_from_cgroup(const char *text, char *out, size_t size);

#endif
