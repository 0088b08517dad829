/* SPDX-License-Identifier: GPL-2.0-only */
/* Ends a stream: after a number of allocations or of changes, or when a time has come. */
#ifndef EPHEMPORT_EVENT_LIMIT_H
#define EPHEMPORT_EVENT_LIMIT_H

#include "event/stream.h"

struct limit_sink {
	struct sink sink;
	uint64_t left;	   /* allocations or changes; 0: no limit */
	uint64_t until_ns; /* CLOCK_MONOTONIC of what is told; 0: no limit */
	uint64_t ended_ns; /* the same clock: when it ended the stream; 0: it did not */
};

/* The last sink counts, so that all others have seen the last allocation; the first keeps time. */
struct limit_sink limit_sink_count(uint64_t count);
/* Of the range and of the reserved ports together. */
struct limit_sink limit_sink_changes(uint64_t count);
struct limit_sink limit_sink_until(uint64_t mono_ns);

#endif
