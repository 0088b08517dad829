/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of 'range verify --watch' that traces. */
#ifndef EPHEMPORT_COMMANDS_RANGE_TRAFFIC_H
#define EPHEMPORT_COMMANDS_RANGE_TRAFFIC_H

#include "commands/live.h"
#include "measure/traffic.h"

/* --watch DURATION|N: one of the two. */
struct traffic_limit {
	uint64_t duration_ns, count;
};

/* Option type: field struct traffic_limit. */
int parse_traffic_limit(const struct option_spec *spec, const char *value, void *dest, char *why,
			size_t why_len);

/*
 * Traces until the limit or a signal, and counts in @traffic. 0, or an exit status after a message.
 */
int range_traffic_watch(const struct live_options *options, const struct traffic_limit *limit,
			struct traffic *traffic);

#endif
