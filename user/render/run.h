/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run came to, for people and as one JSON object (docs/run.schema.json). */
#ifndef EPHEMPORT_RENDER_RUN_H
#define EPHEMPORT_RENDER_RUN_H

#include <stdio.h>

#include "measure/gates.h"
#include "measure/run.h"

struct run_report {
	const struct figures *figures;
	const struct run_top_tuple *tuples;
	size_t tuple_count;
	const struct run_top_comm *comms;
	size_t comm_count;
	const struct gates *gates;
	const struct gate_result *results; /* one for each gate */
	char *const *command;		   /* ends with NULL */
	int status;			   /* of COMMAND, as a shell tells it */
	uint64_t begin_ns;		   /* CLOCK_REALTIME */
	bool traced;			   /* false: tracing was not possible, nothing is known */
	bool colour;
};

/*
 * "source ports were the bottleneck: EADDRNOTAVAIL first after 3.41 s, 10.0.0.1 to 10.0.0.2:80".
 * @out takes RUN_VERDICT_LEN bytes.
 */
enum { RUN_VERDICT_LEN = 320 };
void run_format_verdict(char *out, const struct figures *figures);

/*
 * The block at the end: verdict, figures, gates. In many small pieces: who writes where others
 * write as well gives a stream of his own.
 */
void run_print_text(FILE *out, const struct run_report *report);
/* One line. 0, or a negative errno. */
int run_print_json(FILE *out, const struct run_report *report);

#endif
