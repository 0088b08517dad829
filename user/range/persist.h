/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One file of sysctl.d changed as a whole or not at all: planned, prepared beside it, then renamed
 * over it. Whatever happens in between, readers see the old file or the new one.
 */
#ifndef EPHEMPORT_RANGE_PERSIST_H
#define EPHEMPORT_RANGE_PERSIST_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "range/boot.h"
#include "range/range.h"

#define PERSIST_DIR "/etc/sysctl.d"

struct persist {
	char path[PATH_MAX];	  /* the real file, behind symbolic links */
	char temporary[PATH_MAX]; /* while it is there, else "" */
	bool existed;
	struct stat before;  /* to see that nobody else changed it since */
	char *old, *content; /* NULL: no file. The second is what it is to become. */
	size_t old_length, length;
	unsigned int line; /* that sets the range, or did */
	char was[64];	   /* what that line said before, cut; "": there was none */
	bool committed;
};

/*
 * Plans @file (NULL: the drop-in) to set @range. The drop-in is PERSIST_DIR/60-ephemport.conf, or
 * zz-ephemport.conf where a file in between would win over the former. Nothing is written. 0, or a
 * negative errno with a reason. The caller frees @persist, also after an error.
 */
int persist_plan_set(const char *file, struct port_range range, int unprivileged_start,
		     struct persist *persist, struct reason *why);
/*
 * Plans the line to be taken out of @file again; a drop-in of ours goes with it. NULL: the first of
 * our two drop-ins that there is. -ENOENT where nothing sets the range there.
 */
int persist_plan_unset(const char *file, struct persist *persist, struct reason *why);

/* Writes the new content beside the file, down to the disk. */
int persist_prepare(struct persist *persist, struct reason *why);
/* The one step that counts. An error means: the old file is there, or persist_undo() is due. */
int persist_commit(struct persist *persist, struct reason *why);
/* Brings the old file back after a commit. */
int persist_undo(struct persist *persist, struct reason *why);
/* Also removes what was prepared and not committed. */
void persist_free(struct persist *persist);

/* The file as it will be, for boot_evaluate(). */
struct boot_overlay persist_overlay(const struct persist *persist);

#endif
