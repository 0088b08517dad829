// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "range/container.h"
#include "range/netns_scan.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { PROC_TEXT_MAX = 16 << 20 };

/* What is carried from one process to the next. */
struct scan {
	struct netns_list *list;
	uint64_t *mount_namespaces; /* seen */
	size_t mount_namespace_count;
};

/* Room for one more in an array that grows by doubling. */
static void *array_grow(void *array, size_t count, size_t size)
{
	return count & (count - 1) ? array : realloc(array, (count ? 2 * count : 1) * size);
}

int netns_list_add(struct netns_list *list, uint64_t inode, const char *path, struct netns **found)
{
	struct netns *items;

	/* From the end: neighbours in /proc often share one. */
	for (size_t i = list->count; i--;) {
		*found = &list->items[i];
		if ((*found)->inode == inode)
			return 0;
	}
	items = array_grow(list->items, list->count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	*found = &items[list->count];
	**found = (struct netns){ .inode = inode, .fd = -1, .path = strdup(path) };
	if (!(*found)->path)
		return -ENOMEM;
	list->count++;
	return 0;
}

static int container_add(struct netns *netns, pid_t pid)
{
	CLEANUP_FREE char *text = NULL;
	char path[64], name[96];
	size_t length;
	char **containers;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (file_read(path, PROC_TEXT_MAX, &text, &length) ||
	    !container_from_cgroup(text, name, sizeof(name)))
		return 0;
	for (size_t i = 0; i < netns->container_count; i++)
		if (!strcmp(netns->containers[i], name))
			return 0;
	containers = array_grow(netns->containers, netns->container_count, sizeof(*containers));
	if (!containers)
		return -ENOMEM;
	netns->containers = containers;
	containers[netns->container_count] = strdup(name);
	if (!containers[netns->container_count])
		return -ENOMEM;
	netns->container_count++;
	return 0;
}

static int process_add(struct netns *netns, pid_t pid)
{
	CLEANUP_FREE char *comm = NULL;
	struct netns_process *processes, *process;
	char path[64];
	size_t length;

	if (netns->process_count && netns->processes[netns->process_count - 1].pid == pid)
		return 0;
	processes = array_grow(netns->processes, netns->process_count, sizeof(*processes));
	if (!processes)
		return -ENOMEM;
	netns->processes = processes;
	process = &processes[netns->process_count++];
	*process = (struct netns_process){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (!file_read(path, PROC_TEXT_MAX, &comm, &length))
		snprintf(process->comm, sizeof(process->comm), "%.*s", (int)strcspn(comm, "\n"),
			 comm);
	return container_add(netns, pid);
}

static void octal_unescape(char *text)
{
	char *out = text;

	for (; *text; out++) {
		if (text[0] == '\\' && isdigit((unsigned char)text[1]) &&
		    isdigit((unsigned char)text[2]) && isdigit((unsigned char)text[3])) {
			*out = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				      (text[3] - '0'));
			text += 4;
		} else {
			*out = *text++;
		}
	}
	*out = '\0';
}

uint64_t mountinfo_netns(const char *line, char *target, size_t size)
{
	/* 36 35 0:4 net:[4026532281] /run/netns/blue rw shared:5 - nsfs nsfs rw */
	unsigned long long inode;
	const char *end = strstr(line, " - nsfs ");
	int at = 0;

	if (!end || sscanf(line, "%*u %*u %*s net:[%llu] %n", &inode, &at) != 1 || !at ||
	    line + at > end)
		return 0;
	snprintf(target, size, "%.*s", (int)strcspn(line + at, " "), line + at);
	octal_unescape(target);
	return inode;
}

static int mount_add(struct scan *scan, pid_t pid, uint64_t inode, const char *target)
{
	const char *base = strrchr(target, '/');
	struct netns *netns;
	struct stat about;
	char path[4200];

	/* Through the root of a process that sees the mount: ours may not. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, target);
	if (!stat(target, &about) && about.st_ino == inode)
		snprintf(path, sizeof(path), "%s", target);
	else if (stat(path, &about) || about.st_ino != inode)
		return 0; /* mounted over, or gone since */
	if (netns_list_add(scan->list, inode, path, &netns))
		return -ENOMEM;
	if (!netns->name && base && !(netns->name = strdup(base + 1)))
		return -ENOMEM;
	return 0;
}

static int mounts_scan(struct scan *scan, pid_t pid)
{
	CLEANUP_FREE char *text = NULL;
	char path[64], target[4096], *rest;
	struct stat about;
	uint64_t *seen;
	size_t length;
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	if (stat(path, &about))
		return 0;
	for (size_t i = scan->mount_namespace_count; i--;)
		if (scan->mount_namespaces[i] == about.st_ino)
			return 0;
	seen = array_grow(scan->mount_namespaces, scan->mount_namespace_count, sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	scan->mount_namespaces = seen;
	seen[scan->mount_namespace_count++] = about.st_ino;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	if (file_read(path, PROC_TEXT_MAX, &text, &length))
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line && !error;
	     line = strtok_r(NULL, "\n", &rest)) {
		uint64_t inode = mountinfo_netns(line, target, sizeof(target));

		error = inode ? mount_add(scan, pid, inode, target) : 0;
	}
	return error;
}

/* Kernel threads are in the initial namespace all of them: they tell nothing of who lives there. */
static bool is_kernel_thread(pid_t pid)
{
	CLEANUP_FREE char *text = NULL;
	unsigned int flags = 0;
	const char *comm_end;
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, PROC_TEXT_MAX, &text, &length))
		return false;
	comm_end = strrchr(text, ')');
	/* PF_KTHREAD, include/linux/sched.h */
	return comm_end && sscanf(comm_end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & 0x00200000;
}

static int thread_scan(struct scan *scan, pid_t pid, const char *thread)
{
	struct netns *netns;
	struct stat about;
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/ns/net", pid, thread);
	if (stat(path, &about)) {
		/* A thread that is gone and a zombie have none; what we may not see is counted. */
		scan->list->hidden += atoi(thread) == pid && (errno == EACCES || errno == EPERM);
		return 0;
	}
	if (atoi(thread) == pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (netns_list_add(scan->list, about.st_ino, path, &netns))
		return -ENOMEM;
	/* Ourselves will be gone when this is read. */
	return pid == getpid() || is_kernel_thread(pid) ? 0 : process_add(netns, pid);
}

static int process_scan(struct scan *scan, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int error = mounts_scan(scan, pid);

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	CLEANUP_DIR DIR *threads = opendir(path);

	while (!error && threads && (entry = readdir(threads)))
		if (isdigit((unsigned char)*entry->d_name))
			error = thread_scan(scan, pid, entry->d_name);
	return error;
}

int netns_scan(struct netns_list *list)
{
	CLEANUP_DIR DIR *proc = opendir("/proc");
	struct scan scan = { .list = list };
	struct dirent *entry;
	int error = 0;

	if (!proc)
		return -errno;
	while (!error && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			error = process_scan(&scan, atoi(entry->d_name));
	free(scan.mount_namespaces);
	return error;
}
