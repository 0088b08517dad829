/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespaces of this machine: which there are, who lives in each, and how to act there.
 */
#ifndef EPHEMPORT_RANGE_NETNS_H
#define EPHEMPORT_RANGE_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/reason.h"

enum { NETNS_LABEL_LEN = 160, NETNS_WHO_LEN = 128 };

struct netns_process {
	pid_t pid;
	char comm[16];
};

struct netns {
	uint64_t inode;	 /* the number in "net:[4026531840]", what trace shows as netns */
	int fd;		 /* keeps it alive while we look; -1 where it could not be opened */
	char *path;	 /* what --netns takes to mean it */
	char *name;	 /* of the bind mount that keeps it (ip netns add NAME), or NULL */
	bool current;	 /* the caller's own */
	bool init;	 /* that of process 1, the one that files read at boot reach */
	bool init_known; /* false: we may not look into process 1 */
	struct netns_process *processes;
	size_t process_count;
	char **containers;
	size_t container_count;
};

struct netns_list {
	struct netns *items;
	size_t count;
	size_t hidden;	/* processes whose namespace we may not see */
	bool host_pids; /* /proc is that of the machine, not of a container's processes */
};

/*
 * Finds the namespaces that @which means: NULL or "" the caller's, "all" each one that a process, a
 * thread or a bind mount in any mount namespace keeps alive (one that nothing but an open file or a
 * socket keeps is not found), a number that of the process, else that of the file. The caller frees
 * the list, also after an error. -ENOENT, -EINVAL, -EPERM or another negative errno with a reason.
 */
int netns_select(const char *which, struct netns_list *list, struct reason *why);
/*
 * All that there are, to be looked at only: none is opened, so that none is kept alive by us. 0, or
 * a negative errno.
 */
int netns_survey(struct netns_list *list);
void netns_list_free(struct netns_list *list);

/*
 * Runs @function in a thread that is in @netns, so that the caller stays where it is; /proc/sys/net
 * and new sockets are those of the namespace there. Returns what @function returned, or a negative
 * errno with a reason where the namespace cannot be entered.
 */
int netns_run(const struct netns *netns, int (*function)(void *arg), void *arg, struct reason *why);

/* "nginx, pid 991": who lives there; @out takes NETNS_WHO_LEN bytes. */
void netns_who(char *out, const struct netns *netns, bool host_pids);
/* "netns 4026532281 (nginx, pid 991)"; @out takes NETNS_LABEL_LEN bytes. */
void netns_label(char *out, const struct netns *netns, bool host_pids);

#endif
