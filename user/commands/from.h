/* SPDX-License-Identifier: GPL-2.0-only */
/* --from FILE: a recording in the place of the running kernel. */
#ifndef EPHEMPORT_COMMANDS_FROM_H
#define EPHEMPORT_COMMANDS_FROM_H

#include "commands/live.h"
#include "store/reader.h"

enum { FROM_SPEC_COUNT = 1 };
extern const struct option_spec from_specs[FROM_SPEC_COUNT];

/* The option, which fills the const char * at @from_base. */
#define FROM_GROUP(from_base)                                                         \
	{                                                                             \
		.title = "Recordings", .specs = from_specs, .count = FROM_SPEC_COUNT, \
		.base = (from_base)                                                   \
	}

/* A recording that is open, with what of it is wanted. */
struct from {
	const char *file;
	struct store_reader *reader;
	struct config config;
	struct store_filter filter;
	char *cgroup;
};

/*
 * Opens @file with the filters of @live: EXIT_DONE with *@from to be closed, or another exit status
 * after one line on stderr; EXIT_USAGE where an option of @live means nothing to a recording. A
 * reader of stdout that goes away is an error to write from here on, no signal.
 */
int from_open(const char *file, const struct live_options *live, const char *command,
	      struct from *from);
/* "reading FILE: recorded on host ..." */
void from_note(const struct from *from);
/* The records into @stream. EXIT_DONE, or EXIT_ERROR after one line on stderr. */
int from_read(const struct from *from, const char *command, const struct stream *stream);
void from_close(struct from *from);

#endif
