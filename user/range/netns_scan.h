/* SPDX-License-Identifier: GPL-2.0-only */
/* How netns.c finds them: /proc/PID/task/TID/ns/net and the nsfs mounts of every mount namespace.
 */
#ifndef EPHEMPORT_RANGE_NETNS_SCAN_H
#define EPHEMPORT_RANGE_NETNS_SCAN_H

#include "range/netns.h"

/* Fills @list, unopened. 0, or a negative errno. */
int netns_scan(struct netns_list *list);
/* The one of @inode, appended with @path where it is new. The pointer is good until the next one.
 */
int netns_list_add(struct netns_list *list, uint64_t inode, const char *path, struct netns **found);

/*
 * One line of /proc/PID/mountinfo: the inode of the network namespace that is mounted there, with
 * the place, unescaped, in @target (@size bytes). 0: the line is none of those.
 */
uint64_t mountinfo_netns(const char *line, char *target, size_t size);

#endif
