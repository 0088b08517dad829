/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream as JSON, one object a line, by docs/event.schema.json. Written by hand for the fixed
 * shape: a library that builds a tree for each record is several times slower.
 */
#ifndef EPHEMPORT_RENDER_JSON_H
#define EPHEMPORT_RENDER_JSON_H

#include <stdio.h>

#include "event/stream.h"
#include "measure/summary.h"

struct json_sink {
	struct sink sink;
	FILE *out;
};

struct json_sink json_sink_make(FILE *out);
/* {"type":"summary",...}: 0, or a negative errno. */
int json_print_summary(FILE *out, const struct summary *summary);

#endif
