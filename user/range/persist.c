// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "range/persist.h"
#include "range/sysctl.h"
#include "range/sysctl_conf.h"
#include "util/cleanup.h"
#include "util/file.h"

#define DROP_IN PERSIST_DIR "/60-ephemport.conf"
/* Sorts behind all that begins with a number, 99-sysctl.conf included. */
#define DROP_IN_LAST PERSIST_DIR "/zz-ephemport.conf"

static const char drop_in_header[] =
	"# Written by 'ephemport range set --persist'; 'ephemport range unset --persist' removes it.\n";

enum { PERSIST_FILE_MAX = 4 << 20 };

static void path_split(const char *path, char *dir, const char **base)
{
	const char *slash = strrchr(path, '/');

	*base = slash ? slash + 1 : path;
	if (!slash)
		snprintf(dir, PATH_MAX, ".");
	else
		snprintf(dir, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* The real path of a file that is not there yet. */
static int path_resolve_new(const char *file, char *real, struct reason *why)
{
	char dir[PATH_MAX], real_dir[PATH_MAX];
	struct stat about;
	const char *base;

	if (!lstat(file, &about))
		return reason_set(why, -ENOENT,
				  "%s is a symbolic link to nowhere: nothing is written", file);
	path_split(file, dir, &base);
	if (!*base)
		return reason_set(why, -EISDIR, "%s is a directory: name a file in it", file);
	if (!realpath(dir, real_dir)) {
		if (strcmp(dir, PERSIST_DIR))
			return reason_set(why, -errno, "%s: %s", dir, strerror(errno));
		snprintf(real_dir, sizeof(real_dir), "%s", dir); /* made when it is needed */
	}
	if (snprintf(real, PATH_MAX, "%s/%s", strcmp(real_dir, "/") ? real_dir : "", base) >=
	    PATH_MAX)
		return reason_set(why, -ENAMETOOLONG, "%s: %s", file, strerror(ENAMETOOLONG));
	return 0;
}

static void persist_keep_value(struct persist *persist)
{
	struct conf_line last = conf_last(persist->old, persist->old_length, SYSCTL_RANGE_KEY);

	snprintf(persist->was, sizeof(persist->was), "%.*s", (int)last.value_length,
		 last.value ? last.value : "");
}

static int persist_open(const char *file, struct persist *persist, struct reason *why)
{
	CLEANUP_CLOSE int fd = -1;
	int error;

	*persist = (struct persist){ 0 };
	if (!realpath(file, persist->path))
		return errno == ENOENT ? path_resolve_new(file, persist->path, why) :
					 reason_set(why, -errno, "%s: %s", file, strerror(errno));
	if (!strcmp(persist->path, "/dev/null"))
		return reason_set(why, -EINVAL,
				  "%s is masked (a link to /dev/null): remove the link, "
				  "or use --persist=FILE with another one",
				  file);
	fd = open(persist->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &persist->before))
		return reason_set(why, -errno, "%s cannot be read: %s", persist->path,
				  strerror(errno));
	if (!S_ISREG(persist->before.st_mode))
		return reason_set(why, -EINVAL, "%s is no regular file", persist->path);
	error = file_read_fd(fd, PERSIST_FILE_MAX, &persist->old, &persist->old_length);
	if (error)
		return reason_set(why, error, "%s cannot be read: %s", persist->path,
				  strerror(-error));
	persist->existed = true;
	persist_keep_value(persist);
	return 0;
}

static int persist_fill(const char *file, struct port_range range, struct persist *persist,
			struct reason *why)
{
	bool drop_in = !strcmp(file, DROP_IN) || !strcmp(file, DROP_IN_LAST);
	char value[RANGE_TEXT_LEN];
	const char *base;
	int error = persist_open(file, persist, why);

	if (error)
		return error;
	base = persist->existed ? persist->old : drop_in ? drop_in_header : "";
	range_format(value, range, RANGE_SYSCTL);
	error = conf_set(base, persist->existed ? persist->old_length : strlen(base),
			 SYSCTL_RANGE_KEY, value, &persist->content, &persist->length,
			 &persist->line);
	return error ? reason_set(why, error, "out of memory") : 0;
}

int persist_plan_set(const char *file, struct port_range range, int unprivileged_start,
		     struct persist *persist, struct reason *why)
{
	struct boot_overlay overlay;
	struct boot_result boot;
	int error = persist_fill(file ? file : DROP_IN, range, persist, why);

	if (error || file)
		return error;
	overlay = persist_overlay(persist);
	error = boot_evaluate(BOOT_SYSTEMD, "", &overlay, unprivileged_start, &boot, why);
	if (error || !strcmp(boot.file, persist->path))
		return error;
	persist_free(persist);
	return persist_fill(DROP_IN_LAST, range, persist, why);
}

int persist_plan_unset(const char *file, struct persist *persist, struct reason *why)
{
	bool ours = !file;
	int error;

	if (!file)
		file = access(DROP_IN_LAST, F_OK) ? DROP_IN : DROP_IN_LAST;
	error = persist_open(file, persist, why);
	if (!error && !persist->existed)
		error = reason_set(why, -ENOENT, "there is no %s", file);
	if (error)
		return error;
	error = conf_unset(persist->old, persist->old_length, SYSCTL_RANGE_KEY, &persist->content,
			   &persist->length, &persist->line);
	if (error == -ENOENT)
		return reason_set(why, error, "%s has no line that sets " SYSCTL_RANGE_NAME,
				  persist->path);
	if (error)
		return reason_set(why, error, "out of memory");
	if (ours || !strncmp(persist->old, drop_in_header, strlen(drop_in_header))) {
		/* Lines that somebody added to our file stay. */
		if (!persist->length || !strcmp(persist->content, drop_in_header)) {
			free(persist->content);
			persist->content = NULL;
			persist->length = 0;
		}
	}
	return 0;
}

/* Security labels and access lists: best effort, as the file system may have none. */
static void attributes_copy(const char *from, int to)
{
	char names[4096], value[4096];
	ssize_t length = listxattr(from, names, sizeof(names));

	for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
		ssize_t size = getxattr(from, name, value, sizeof(value));

		if (size >= 0)
			(void)!fsetxattr(to, name, value, (size_t)size, 0);
	}
}

/* What killed runs left behind is of no use to anybody; those that still run need theirs. */
static void temporaries_sweep(const char *dir, const char *prefix)
{
	CLEANUP_DIR DIR *entries = opendir(dir);
	size_t length = strlen(prefix);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		pid_t pid = (pid_t)strtol(entry->d_name + strnlen(entry->d_name, length), NULL, 10);

		if (!strncmp(entry->d_name, prefix, length) && pid > 0 && kill(pid, 0) &&
		    errno == ESRCH)
			unlinkat(dirfd(entries), entry->d_name, 0);
	}
}

static int temporary_open(struct persist *persist)
{
	char dir[PATH_MAX], prefix[PATH_MAX];
	const char *base;
	int fd;

	path_split(persist->path, dir, &base);
	if (!strcmp(dir, PERSIST_DIR) && mkdir(dir, 0755) && errno != EEXIST)
		return -errno;
	/* Hidden and without ".conf" at its end: no reader takes it for a file of settings. */
	snprintf(prefix, sizeof(prefix), ".%s.ephemport.", base);
	temporaries_sweep(dir, prefix);
	if (snprintf(persist->temporary, PATH_MAX, "%s/%s%d", dir, prefix, getpid()) >= PATH_MAX) {
		persist->temporary[0] = '\0';
		return -ENAMETOOLONG;
	}
	fd = open(persist->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		fd = -errno;
		persist->temporary[0] = '\0';
	}
	return fd;
}

static int temporary_fill(const struct persist *persist, int fd, const char *data, size_t length)
{
	int error = file_write_fd(fd, data, length);

	if (error)
		return error;
	if (persist->existed) {
		attributes_copy(persist->path, fd);
		if (fchown(fd, persist->before.st_uid, persist->before.st_gid))
			return -errno;
	}
	if (fchmod(fd, persist->existed ? persist->before.st_mode & 07777 : 0644) || fsync(fd))
		return -errno;
	return 0;
}

static int temporary_write(struct persist *persist, const char *data, size_t length,
			   struct reason *why)
{
	int fd = temporary_open(persist), error = fd;

	if (fd >= 0) {
		error = temporary_fill(persist, fd, data, length);
		/* Some file systems tell of a full disk or quota no earlier than here. */
		if (close(fd) && !error)
			error = -errno;
	}
	if (error)
		return reason_set(why, error, "%s cannot be written: %s", persist->path,
				  strerror(-error));
	return 0;
}

int persist_prepare(struct persist *persist, struct reason *why)
{
	return persist->content ? temporary_write(persist, persist->content, persist->length, why) :
				  0;
}

static bool persist_is_stale(const struct persist *persist)
{
	struct stat now;

	if (stat(persist->path, &now))
		return persist->existed;
	return !persist->existed || now.st_ino != persist->before.st_ino ||
	       now.st_size != persist->before.st_size ||
	       now.st_mtim.tv_sec != persist->before.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != persist->before.st_mtim.tv_nsec;
}

static int dir_sync(const char *path, struct reason *why)
{
	char dir[PATH_MAX];
	const char *base;

	path_split(path, dir, &base);
	CLEANUP_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* EINVAL: a file system that has no such thing to do. */
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		return reason_set(why, -errno, "%s cannot be brought to the disk: %s", dir,
				  strerror(errno));
	return 0;
}

/* Puts what was prepared in the place of the file; nothing prepared: removes the file. */
static int persist_replace(struct persist *persist, struct reason *why)
{
	if (*persist->temporary ? rename(persist->temporary, persist->path) :
				  unlink(persist->path) && errno != ENOENT)
		return reason_set(
			why, -errno, "%s cannot be replaced: %s%s", persist->path, strerror(errno),
			errno == EBUSY ? ": it is a mount of its own, as container runtimes "
					 "make them: change it where it comes from" :
					 "");
	persist->temporary[0] = '\0';
	return 0;
}

int persist_commit(struct persist *persist, struct reason *why)
{
	int error;

	if (persist_is_stale(persist))
		return reason_set(why, -EBUSY,
				  "%s was changed by somebody else meanwhile: try again",
				  persist->path);
	error = persist_replace(persist, why);
	if (error)
		return error;
	persist->committed = true;
	return dir_sync(persist->path, why);
}

int persist_undo(struct persist *persist, struct reason *why)
{
	int error = 0;

	if (!persist->committed)
		return 0;
	if (persist->existed)
		error = temporary_write(persist, persist->old, persist->old_length, why);
	if (!error)
		error = persist_replace(persist, why);
	if (!error)
		persist->committed = false;
	return error;
}

void persist_free(struct persist *persist)
{
	if (*persist->temporary)
		unlink(persist->temporary);
	free(persist->old);
	free(persist->content);
	*persist = (struct persist){ 0 };
}

struct boot_overlay persist_overlay(const struct persist *persist)
{
	return (struct boot_overlay){ persist->path, persist->content, persist->length };
}
