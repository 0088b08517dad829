// SPDX-License-Identifier: GPL-2.0-only
/*
 * LD_PRELOAD: lets one call that changes or may change something fail, or kills the process there.
 * FAULT_AT=N chooses the Nth such call, of all threads together; FAULT_PATH limits them to those on
 * that file; FAULT_KILL=1 kills instead of failing with ENOSPC, and FAULT_RUN runs a command before
 * a call that then goes on. FAULT_MARK is made when it happened. strace can inject, too, but counts
 * calls in each thread by itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int calls;

static int fault(const char *path)
{
	const char *at = getenv("FAULT_AT"), *only = getenv("FAULT_PATH");
	const char *mark = getenv("FAULT_MARK"), *by_kill = getenv("FAULT_KILL");
	const char *command = getenv("FAULT_RUN");
	int fd;

	if (!at || (only && (!path || strcmp(only, path))))
		return 0;
	if (atomic_fetch_add(&calls, 1) + 1 != atoi(at))
		return 0;
	fd = mark ? creat(mark, 0600) : -1;
	if (fd >= 0)
		close(fd);
	if (command) {
		unsetenv("FAULT_AT"); /* for the command itself */
		return system(command) < 0;
	}
	if (by_kill)
		kill(getpid(), SIGKILL);
	errno = ENOSPC;
	return 1;
}

static int fault_fd(int fd)
{
	char link[64], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return 0;
	path[length] = '\0';
	return fault(path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	/* With FAULT_PATH it is the writes that are meant. */
	return (flags & O_ACCMODE) != O_RDONLY && !getenv("FAULT_PATH") && fault(path) ?
		       -1 :
		       NEXT(open)(path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t length)
{
	return fd > 2 && fault_fd(fd) ? -1 : NEXT(write)(fd, data, length);
}

int fsync(int fd)
{
	return fault_fd(fd) ? -1 : NEXT(fsync)(fd);
}

int rename(const char *from, const char *to)
{
	return fault(to) ? -1 : NEXT(rename)(from, to);
}

int unlink(const char *path)
{
	return fault(path) ? -1 : NEXT(unlink)(path);
}

int mkdir(const char *path, mode_t mode)
{
	return fault(path) ? -1 : NEXT(mkdir)(path, mode);
}

int fchmod(int fd, mode_t mode)
{
	return fault_fd(fd) ? -1 : NEXT(fchmod)(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group)
{
	return fault_fd(fd) ? -1 : NEXT(fchown)(fd, user, group);
}

int setns(int fd, int kind)
{
	return fault_fd(fd) ? -1 : NEXT(setns)(fd, kind);
}
