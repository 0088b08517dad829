// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "range/netns.h"
#include "render/format.h"
#include "store/look.h"
#include "util/cleanup.h"
#include "util/clock.h"

static int settings_here(void *arg)
{
	struct reason why;

	return settings_read(arg, &why);
}

/* Whether the settings were read. */
static bool settings_of(struct look_netns *look, const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct netns place = { .fd = fd, .path = (char *)path, .current = look->netns.current };
	struct reason why;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return false;
	if (look->netns.current)
		look->netns.inode = (uint32_t)st.st_ino;
	return st.st_ino == look->netns.inode &&
	       !netns_run(&place, settings_here, &look->settings, &why);
}

void look_netns(struct look_netns *look, const struct task *task, struct port_range range)
{
	char path[64] = "/proc/self/ns/net", comm[EVENT_COMM_LEN + 1];

	*look = (struct look_netns){ .netns = { .inode = task ? task->netns : 0,
						.current = !task,
						.low = range.low,
						.high = range.high,
						.unprivileged_start = -1 } };
	look->netns.time_ns = clock_ns(CLOCK_REALTIME);
	if (task) {
		snprintf(path, sizeof(path), "/proc/%u/ns/net", task->pid);
		format_comm(comm, task->comm);
		snprintf(look->who, sizeof(look->who), "%s, pid %u", comm, task->pid);
		look->netns.who = look->who;
	}
	if (!settings_of(look, path))
		return;
	look->netns.low = look->settings.range.low;
	look->netns.high = look->settings.range.high;
	look->netns.reserved = &look->settings.reserved;
	look->netns.unprivileged_start = look->settings.unprivileged_start;
}
