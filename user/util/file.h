/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole small files in memory. */
#ifndef EPHEMPORT_UTIL_FILE_H
#define EPHEMPORT_UTIL_FILE_H

#include <stddef.h>

/*
 * Reads all of @fd, at most @max bytes, into *@data (ends with a NUL that *@len does not count; the
 * caller frees it). 0, -EFBIG where there is more than @max, or another negative errno.
 */
int file_read_fd(int fd, size_t max, char **data, size_t *len);
/* The same of a file by its name. */
int file_read(const char *path, size_t max, char **data, size_t *len);
/* Writes all of @data: 0, or a negative errno. */
int file_write_fd(int fd, const char *data, size_t len);

#endif
