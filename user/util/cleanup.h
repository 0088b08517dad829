/* SPDX-License-Identifier: GPL-2.0-only */
/* Ownership by scope: what a variable marked so holds is released when the variable goes. */
#ifndef EPHEMPORT_UTIL_CLEANUP_H
#define EPHEMPORT_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE	  CLEANUP(cleanup_free)
#define CLEANUP_CLOSE	  CLEANUP(cleanup_close)
#define CLEANUP_FILE	  CLEANUP(cleanup_file)
#define CLEANUP_DIR	  CLEANUP(cleanup_dir)

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

/* -1 is "none", as everywhere. */
static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#endif
