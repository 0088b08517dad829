/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a recording of what a tracer sees begins: for record, and for run --record. */
#ifndef EPHEMPORT_COMMANDS_RECORDING_H
#define EPHEMPORT_COMMANDS_RECORDING_H

#include "store/writer.h"
#include "trace/tracer.h"

struct recording_options {
	const char *path;
	bool force, explain;
	char *const *argv;    /* the command line of ephemport */
	char *const *command; /* that of the command which is traced, or NULL */
};

/*
 * Creates the file, begun at @begin_mono_ns (CLOCK_MONOTONIC; now). EXIT_DONE with *@writer to be
 * freed, or another status after one line on stderr that begins with @who.
 */
int recording_open(const struct recording_options *options, const char *who,
		   const struct tracer *tracer, uint64_t begin_mono_ns,
		   struct store_writer **writer);

#endif
