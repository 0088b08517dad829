/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of aggregated allocations, as text with or without distributions, and as JSON. */
#ifndef EPHEMPORT_RENDER_STAT_H
#define EPHEMPORT_RENDER_STAT_H

#include <stdio.h>

#include "measure/interval.h"

/* When and how a table was counted. */
struct stat_span {
	uint64_t begin_ns, end_ns;	 /* CLOCK_MONOTONIC */
	uint64_t begin_time_ns, time_ns; /* the same two in CLOCK_REALTIME */
	enum backend backend;
	bool total; /* of several intervals that were told before */
};

/* The rest of each takes a sorted table. Returns 0 or a negative errno. */

/* A title, then one line for each row. */
int stat_text_print(FILE *out, const struct stat_table *table, const struct stat_span *span);
/* Latency and examined of each path (and key), first and second pass side by side. */
int hist_text_print(FILE *out, const struct stat_table *table);
/* One object for each row, by docs/stat.schema.json; @hist: with the buckets that are not empty. */
int stat_json_print(FILE *out, const struct stat_table *table, const struct stat_span *span,
		    bool hist);
int stat_json_summary(FILE *out, const struct summary *summary);

/* The word for --by and for its key: "comm", ... */
const char *stat_by_name(enum stat_by by);
/* The key as text, "other" beyond the bound. */
enum { STAT_WHO_LEN = 2 * 64 + 32 };
void stat_who_format(char out[STAT_WHO_LEN], enum stat_by by, const struct stat_who *who);

#endif
