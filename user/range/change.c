// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "range/change.h"
#include "range/sysctl.h"

struct job {
	struct port_range range;
	struct reason *why;
};

static int read_job(void *arg)
{
	struct job *job = arg;

	return sysctl_range_read(&job->range, job->why);
}

int change_read(const struct netns *netns, struct port_range *range, struct reason *why)
{
	struct job job = { .why = why };
	int error = netns_run(netns, read_job, &job, why);

	*range = job.range;
	return error;
}

static int write_job(void *arg)
{
	struct job *job = arg;
	struct port_range now;
	char text[RANGE_TEXT_LEN];
	int error = sysctl_range_write(job->range, job->why);

	if (!error)
		error = sysctl_range_read(&now, job->why);
	if (error || range_equal(now, job->range))
		return error;
	/* A BPF program on cgroup/sysctl may take a write and change it. */
	range_format(text, now, RANGE_PLAIN);
	return reason_set(job->why, -EIO, SYSCTL_RANGE_PATH " took the write and holds %s", text);
}

static int change_write(const struct netns *netns, struct port_range range, struct reason *why)
{
	struct job job = { range, why };

	return netns_run(netns, write_job, &job, why);
}

static int change_undo_one(const struct netns *netns, struct port_range set, struct port_range old,
			   size_t *left, struct reason *why)
{
	struct port_range now;
	int error = change_read(netns, &now, why);

	if (error || range_equal(now, old))
		return error;
	if (!range_equal(now, set)) {
		(*left)++;
		return 0;
	}
	return change_write(netns, old, why);
}

int change_undo(const struct netns_list *namespaces, size_t count, struct port_range set,
		const struct port_range *old, size_t *left, struct reason *why)
{
	int first = 0;

	*left = 0;
	for (size_t i = count; i--;) {
		struct reason one = { "" };
		int error = change_undo_one(&namespaces->items[i], set, old[i], left, &one);

		if (error && !first) {
			first = error;
			*why = one;
		}
	}
	return first;
}

int change_apply(const struct netns_list *namespaces, struct port_range range,
		 const struct port_range *old, struct reason *why)
{
	struct reason undo = { "" };
	char label[NETNS_LABEL_LEN];
	size_t left, i;
	int error = 0;

	for (i = 0; i < namespaces->count && !error; i++)
		error = change_write(&namespaces->items[i], range, why);
	if (!error)
		return 0;
	netns_label(label, &namespaces->items[i - 1], namespaces->host_pids);
	reason_add(why, " (%s)", label);
	if (change_undo(namespaces, i, range, old, &left, &undo))
		reason_add(why, "; and the old range did not come back everywhere: %s", undo.text);
	else if (left)
		reason_add(why, "; %zu namespaces hold a range that somebody else set meanwhile",
			   left);
	else
		reason_add(why, "; the old range is back in force");
	return error;
}
