/* SPDX-License-Identifier: GPL-2.0-only */
/* One line on a terminal while a run goes on. */
#ifndef EPHEMPORT_COMMANDS_RUN_PROGRESS_H
#define EPHEMPORT_COMMANDS_RUN_PROGRESS_H

#include "measure/run.h"

struct run_progress {
	bool wanted; /* stderr is a terminal that can go back to the begin of a line */
	bool shown;  /* a line is there */
	uint64_t begin_ns, last_ns;
	uint64_t allocations; /* at the last line */
};

struct run_progress run_progress_make(uint64_t begin_ns);
/* Once a second, from the third second on, while we are in the terminal's foreground. */
void run_progress_show(struct run_progress *progress, const struct run_measure *measure,
		       uint64_t now_ns);
/* Takes the line away. */
void run_progress_clear(struct run_progress *progress);

#endif
