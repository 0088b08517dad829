/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a live recording notes of its surroundings when it first meets them: how a network namespace
 * is set, where a cgroup is. Later nobody can tell: both are gone with the container.
 */
#ifndef EPHEMPORT_STORE_LOOK_H
#define EPHEMPORT_STORE_LOOK_H

#include "range/sysctl.h"
#include "store/store.h"

/* A namespace and the room for what is said of it. */
struct look_netns {
	struct store_netns netns; /* points into this struct */
	struct range_settings settings;
	char who[64];
};

/*
 * The namespace of @task (NULL: the caller's own). What cannot be seen any more, as the process is
 * gone or was never in the socket's namespace, stays unknown; the range is @range then, which may
 * be zero.
 */
void look_netns(struct look_netns *look, const struct task *task, struct port_range range);

#endif
