// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/replace.h"
#include "store/schema.h"
#include "util/cleanup.h"

void replace_remove(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path, ends[i]) < sizeof(name))
			unlink(name);
}

/*
 * Whether the file may be lost: one of ours, by the first 72 bytes of the format of SQLite's files
 * (application_id at 68), or empty. Of a recording that was cut off early all but a few bytes may
 * be in the log beside it.
 */
static bool may_replace(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned char header[72];
	struct stat st;
	uint32_t id;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	if (!st.st_size)
		return true;
	if (pread(fd, header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header, "SQLite format 3", 16))
		return false;
	memcpy(&id, header + 68, sizeof(id));
	return be32toh(id) == STORE_APPLICATION_ID;
}

int replace_create(const char *path, bool force, struct reason *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST && force) {
		if (!may_replace(path))
			return reason_set(why, -EEXIST,
					  "%s is there and is no recording: it stays as it is",
					  path);
		replace_remove(path);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	if (fd < 0 && errno == EEXIST)
		return reason_set(why, -EEXIST, "%s is there already: --force replaces a recording",
				  path);
	if (fd < 0)
		return reason_set(why, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	return 0;
}
