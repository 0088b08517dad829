// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "range/state.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { STATE_FILE_MAX = 1 << 20 };

/* When a process began, in clock ticks since boot: with the pid it names one process for good. */
static unsigned long long process_start(pid_t pid)
{
	CLEANUP_FREE char *text = NULL;
	unsigned long long start = 0;
	char path[64];
	size_t length;
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, STATE_FILE_MAX, &text, &length))
		return 0;
	at = strrchr(text, ')'); /* comm may hold anything */
	if (!at || sscanf(at + 1,
			  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			  "%*d %*d %*d %llu",
			  &start) != 1)
		return 0;
	return start;
}

static void state_path(char *out, size_t size, pid_t pid, const char *suffix)
{
	snprintf(out, size, STATE_DIR "/range.%d%s", pid, suffix);
}

static int state_print(FILE *file, enum state_kind kind, const struct netns_list *namespaces,
		       struct port_range set, const struct port_range *old)
{
	fprintf(file, "ephemport range %s %d %llu\n",
		kind == STATE_TEMPORARY ? "temporary" : "unfinished", getpid(),
		process_start(getpid()));
	for (size_t i = 0; i < namespaces->count; i++)
		fprintf(file, "netns %" PRIu64 " old %u-%u set %u-%u\n", namespaces->items[i].inode,
			old[i].low, old[i].high, set.low, set.high);
	return fflush(file) || ferror(file) ? -errno : 0;
}

int state_write(enum state_kind kind, const struct netns_list *namespaces, struct port_range set,
		const struct port_range *old, struct reason *why)
{
	char path[128], temporary[128];
	int error, fd;

	if (mkdir(STATE_DIR, 0755) && errno != EEXIST)
		return reason_set(why, -errno, STATE_DIR " cannot be made: %s", strerror(errno));
	state_path(path, sizeof(path), getpid(), "");
	state_path(temporary, sizeof(temporary), getpid(), ".new");
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return reason_set(why, -errno, "%s cannot be written: %s", temporary,
				  strerror(errno));
	CLEANUP_FILE FILE *file = fdopen(fd, "w");

	error = file ? state_print(file, kind, namespaces, set, old) : -errno;
	if (!error && rename(temporary, path))
		error = -errno;
	if (error) {
		unlink(temporary);
		return reason_set(why, error, "%s cannot be written: %s", path, strerror(-error));
	}
	return 0;
}

void state_remove(void)
{
	char path[128];

	state_path(path, sizeof(path), getpid(), "");
	unlink(path);
}

static bool state_line(const char *line, struct state_entry *entry)
{
	unsigned int ends[4];

	if (sscanf(line, "netns %" SCNu64 " old %u-%u set %u-%u", &entry->netns, &ends[0], &ends[1],
		   &ends[2], &ends[3]) != 5)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (ends[i] > 65535)
			return false;
	entry->old = (struct port_range){ (uint16_t)ends[0], (uint16_t)ends[1] };
	entry->set = (struct port_range){ (uint16_t)ends[2], (uint16_t)ends[3] };
	return true;
}

static int state_file(const char *name, int (*visit)(const struct state_entry *, void *), void *arg)
{
	CLEANUP_FREE char *text = NULL;
	struct state_entry entry = { 0 };
	unsigned long long start;
	char kind[16], *rest;
	size_t length;
	int result = 0;

	snprintf(entry.path, sizeof(entry.path), STATE_DIR "/%s", name);
	if (file_read(entry.path, STATE_FILE_MAX, &text, &length) ||
	    sscanf(text, "ephemport range %15s %d %llu", kind, &entry.pid, &start) != 3)
		return 0;
	entry.kind = strcmp(kind, "temporary") ? STATE_UNFINISHED : STATE_TEMPORARY;
	entry.running = process_start(entry.pid) == start;
	for (char *line = strtok_r(text, "\n", &rest); line && !result;
	     line = strtok_r(NULL, "\n", &rest))
		if (state_line(line, &entry))
			result = visit(&entry, arg);
	return result;
}

int state_each(int (*visit)(const struct state_entry *entry, void *arg), void *arg)
{
	CLEANUP_DIR DIR *dir = opendir(STATE_DIR);
	struct dirent *entry;
	int result = 0;

	while (dir && !result && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "range.", 6) && !strchr(entry->d_name + 6, '.'))
			result = state_file(entry->d_name, visit, arg);
	return result;
}
