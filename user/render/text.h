/* SPDX-License-Identifier: GPL-2.0-only */
/* The stream as text for people: aligned columns, one line a record. */
#ifndef EPHEMPORT_RENDER_TEXT_H
#define EPHEMPORT_RENDER_TEXT_H

#include <stdio.h>

#include "event/stream.h"
#include "measure/summary.h"

struct text_sink {
	struct sink sink;
	FILE *out;
	bool colour;	    /* marks in colour */
	bool relative;	    /* seconds since begin_ns instead of the time of day */
	bool changes_only;  /* no allocations will come: no columns for them */
	bool show_examined; /* whether the backend knows that column */
	int page;	    /* lines between two headers, 0: one header */
	uint64_t begin_ns;  /* CLOCK_REALTIME of time 0 */
	uint64_t lines;
	int utc_offset; /* seconds, of the local time in the quarter of an hour below */
	uint64_t offset_quarter;
};

/* @out: colour and repeated headers where it is a terminal and NO_COLOR is not set. */
struct text_sink text_sink_make(FILE *out, bool relative, bool show_examined, uint64_t begin_ns);
/* "4,118 allocations in 3.2 s: 4,017 connect, ...; 101 failed (EADDRNOTAVAIL 101); 0 lost" */
void text_print_summary(FILE *out, const struct summary *summary);

#endif
