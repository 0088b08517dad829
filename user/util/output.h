/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that is written whole or not at all: under another name beside its place, and moved there
 * when it is complete. "-" is stdout, and what is no regular file (a pipe, a device) is written to
 * as it is.
 */
#ifndef EPHEMPORT_UTIL_OUTPUT_H
#define EPHEMPORT_UTIL_OUTPUT_H

#include <stdio.h>

#include "util/reason.h"

struct output {
	FILE *file;
	const char *path; /* not owned */
	char *temporary;  /* NULL: written in place */
};

/*
 * A file that is there gives way only where it begins with @like: -EEXIST for any other. 0 with
 * @output to be closed, or a negative errno with one line in @why that names @path.
 */
int output_open(struct output *output, const char *path, const char *like, struct reason *why);
/* The file is complete. 0, or a negative errno with one line in @why. */
int output_commit(struct output *output, struct reason *why);
/* Leaves no trace of what was not committed. */
void output_close(struct output *output);

#endif
