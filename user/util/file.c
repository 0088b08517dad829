// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>

#include "util/cleanup.h"
#include "util/file.h"

int file_read_fd(int fd, size_t max, char **data, size_t *len)
{
	CLEANUP_FREE char *buffer = NULL;
	size_t used = 0, size = 0;
	ssize_t got;

	do {
		if (size - used < 2) {
			size_t larger = size ? 2 * size : 4096;
			char *grown = realloc(buffer, larger);

			if (!grown)
				return -ENOMEM;
			buffer = grown;
			size = larger;
		}
		got = read(fd, buffer + used, size - used - 1);
		if (got < 0 && errno != EINTR)
			return -errno;
		used += got > 0 ? (size_t)got : 0;
		if (used > max)
			return -EFBIG;
	} while (got);
	buffer[used] = '\0';
	*data = buffer;
	*len = used;
	buffer = NULL;
	return 0;
}

int file_read(const char *path, size_t max, char **data, size_t *len)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : file_read_fd(fd, max, data, len);
}

int file_write_fd(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno != EINTR)
			return -errno;
		/* A zero would turn this loop into an endless one. */
		if (!done)
			return -EIO;
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		}
	}
	return 0;
}
