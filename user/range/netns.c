// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "range/netns.h"
#include "range/netns_scan.h"
#include "util/cleanup.h"

enum { PROC_PID_INIT_INODE = 0xEFFFFFFC }; /* fixed: include/linux/proc_ns.h, since 3.8 */

static uint64_t inode_of(const char *path)
{
	struct stat about;

	return stat(path, &about) ? 0 : about.st_ino;
}

/* Opens @path and says what it is: its inode number, or a negative errno. */
static int netns_open(const char *path, uint64_t *inode, struct reason *why)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	int kind;

	if (fd < 0)
		return reason_set(why, -errno, "%s cannot be opened: %s%s", path, strerror(errno),
				  errno == EACCES ? ": it takes root" : "");
	kind = ioctl(fd, NS_GET_NSTYPE);
	if (kind != CLONE_NEWNET)
		return reason_set(
			why, -EINVAL,
			"%s is no network namespace: use a pid, a file as /run/netns/NAME or "
			"/proc/PID/ns/net, or all",
			path);
	if (fstat(fd, &about))
		return reason_set(why, -errno, "%s: %s", path, strerror(errno));
	*inode = about.st_ino;
	return 0;
}

static int netns_wanted(const char *which, char *path, size_t size, uint64_t *inode,
			struct reason *why)
{
	bool number = *which && strspn(which, "0123456789") == strlen(which);
	int error;

	snprintf(path, size, number ? "/proc/%s/ns/net" : "%s",
		 *which ? which : "/proc/thread-self/ns/net");
	error = netns_open(path, inode, why);
	if (error == -ENOENT && number)
		return reason_set(why, error, "there is no process %s", which);
	return error;
}

static void netns_free(struct netns *netns)
{
	if (netns->fd >= 0)
		close(netns->fd);
	for (size_t i = 0; i < netns->container_count; i++)
		free(netns->containers[i]);
	free(netns->containers);
	free(netns->processes);
	free(netns->path);
	free(netns->name);
}

void netns_list_free(struct netns_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		netns_free(&list->items[i]);
	free(list->items);
	*list = (struct netns_list){ 0 };
}

/* Leaves the one of @inode in the list, opened by @path. */
static int netns_keep(struct netns_list *list, uint64_t inode, const char *path, struct reason *why)
{
	struct netns *found;

	if (netns_list_add(list, inode, path, &found))
		return reason_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < list->count; i++)
		if (&list->items[i] != found)
			netns_free(&list->items[i]);
	if (found != list->items)
		memmove(list->items, found, sizeof(*found));
	list->count = 1;
	/* The words of the caller are what the caller can use again. */
	if (strncmp(path, "/proc/thread-self/", 18)) {
		char *copy = strdup(path);

		if (!copy)
			return reason_set(why, -ENOMEM, "out of memory");
		free(list->items->path);
		list->items->path = copy;
	}
	return 0;
}

static int netns_open_all(struct netns_list *list, struct reason *why)
{
	for (size_t i = 0; i < list->count;) {
		struct netns *netns = &list->items[i];

		netns->fd = open(netns->path, O_RDONLY | O_CLOEXEC);
		if (netns->fd >= 0 && inode_of(netns->path) == netns->inode) {
			i++;
			continue;
		}
		if (netns->fd < 0 && errno != ENOENT && errno != ESRCH)
			return reason_set(why, -errno, "%s cannot be opened: %s", netns->path,
					  strerror(errno));
		/* Its last process left while we looked: there is nothing to show or to set. */
		netns_free(netns);
		memmove(netns, netns + 1, (--list->count - i) * sizeof(*netns));
	}
	return 0;
}

/* What the list itself does not tell of its members. */
static void netns_mark(struct netns_list *list)
{
	uint64_t own = inode_of("/proc/thread-self/ns/net"), init = inode_of("/proc/1/ns/net");

	list->host_pids = inode_of("/proc/self/ns/pid") == PROC_PID_INIT_INODE;
	for (size_t i = 0; i < list->count; i++) {
		list->items[i].current = list->items[i].inode == own;
		list->items[i].init = list->items[i].inode == init;
		list->items[i].init_known = init != 0;
	}
}

int netns_survey(struct netns_list *list)
{
	int error;

	*list = (struct netns_list){ 0 };
	error = netns_scan(list);
	netns_mark(list);
	return error;
}

int netns_select(const char *which, struct netns_list *list, struct reason *why)
{
	bool all = which && !strcmp(which, "all");
	uint64_t wanted = 0;
	char path[4096];
	int error;

	*list = (struct netns_list){ 0 };
	error = all ? 0 : netns_wanted(which ? which : "", path, sizeof(path), &wanted, why);
	if (error)
		return error;
	error = netns_scan(list);
	if (error)
		return reason_set(why, error, "/proc cannot be read: %s", strerror(-error));
	error = all ? 0 : netns_keep(list, wanted, path, why);
	if (!error)
		error = netns_open_all(list, why);
	if (!error && !list->count)
		error = reason_set(why, -ENOENT, "the namespace is gone");
	netns_mark(list);
	return error;
}

struct netns_call {
	const struct netns *netns;
	int (*function)(void *arg);
	void *arg;
	struct reason *why;
	int result;
};

static void *netns_thread(void *arg)
{
	struct netns_call *call = arg;

	if (!call->netns->current && setns(call->netns->fd, CLONE_NEWNET))
		call->result = reason_set(call->why, -errno, "%s cannot be entered: %s%s",
					  call->netns->path, strerror(errno),
					  errno == EPERM ? ": it takes CAP_SYS_ADMIN" : "");
	else
		call->result = call->function(call->arg);
	return NULL;
}

int netns_run(const struct netns *netns, int (*function)(void *arg), void *arg, struct reason *why)
{
	struct netns_call call = { netns, function, arg, why, 0 };
	pthread_t thread;
	/* A thread of its own, and not there and back again: the way back could fail. */
	int error = pthread_create(&thread, NULL, netns_thread, &call);

	if (error)
		return reason_set(why, -error, "no thread can be started: %s", strerror(error));
	pthread_join(thread, NULL);
	return call.result;
}

void netns_who(char *out, const struct netns *netns, bool host_pids)
{
	const struct netns_process *first = netns->processes;
	const size_t room = NETNS_WHO_LEN;

	if (netns->init)
		snprintf(out, room, host_pids ? "host" : "process 1");
	else if (netns->container_count && first)
		snprintf(out, room, "%.64s: %s, pid %d", netns->containers[0], first->comm,
			 first->pid);
	else if (netns->name)
		snprintf(out, room, "%.80s", netns->name);
	else if (first)
		snprintf(out, room, "%s, pid %d", first->comm, first->pid);
	else
		snprintf(out, room, "no process");
}

void netns_label(char *out, const struct netns *netns, bool host_pids)
{
	char who[NETNS_WHO_LEN];

	netns_who(who, netns, host_pids);
	snprintf(out, NETNS_LABEL_LEN, "netns %llu (%s)", (unsigned long long)netns->inode, who);
}
