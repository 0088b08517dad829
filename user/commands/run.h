/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of 'ephemport run': what its parts share. */
#ifndef EPHEMPORT_COMMANDS_RUN_H
#define EPHEMPORT_COMMANDS_RUN_H

#include "commands/child.h"
#include "commands/live.h"
#include "commands/run_progress.h"
#include "commands/run_record.h"
#include "holders/look.h"
#include "measure/gates.h"
#include "measure/run.h"

/* The words of --fail, in their order. */
struct expressions {
	const char **items;
	size_t count;
};

struct run_options {
	struct live_options live;
	struct expressions fail;
	const char *json, *record;
	uint64_t requests;
	bool strict, wait_all, best_effort, force;
};

/* Everything of one run. */
struct run {
	struct run_options options;
	char **command;
	struct inherited inherited;
	struct gates gates;
	struct gate_result results[GATES_MAX]; /* one for each, at the end */
	struct figures figures;
	struct tracer *tracer; /* NULL: --best-effort, and tracing is impossible */
	FILE *json;
	struct run_record record;
	struct run_measure measure;
	struct looker looker;
	struct run_progress progress;
	struct child child;
	int epoll, signals;
	bool ended; /* COMMAND has; its status is below */
	bool stop;  /* somebody has enough of waiting for the others */
	int status;
	uint64_t begin_time_ns;
};

/* run_tell.c: gates and files before COMMAND starts; each gives EXIT_DONE, or another status after
 * one line on stderr. */
int run_add_gates(struct run *run);
/* Whether the file of --json can be written. What is there stays until the end. */
int run_open_json(struct run *run);
/* With the backend known: a gate on what it never tells would pass or fail by chance. */
int run_check_gates(const struct run *run);
/* Block and files at the end; the status of all. */
int run_tell(struct run *run);

#endif
