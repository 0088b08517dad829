/* SPDX-License-Identifier: GPL-2.0-only */
/* From the records of the kernel side (bpf/event.h) to those of the stream. Pure. */
#ifndef EPHEMPORT_TRACE_DECODE_H
#define EPHEMPORT_TRACE_DECODE_H

#include "event/stream.h"
#include "search/search.h"
#include "trace/reserved.h"

/* What a record alone does not say. */
struct decoder {
	enum backend backend;
	int64_t clock_offset_ns; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	bool option_scans_all; /* IP_LOCAL_PORT_RANGE: every port in one pass (207184853dbd, 6.8) */
	enum search_start start;
	bool conflicts_known; /* the programs of GROUP_CONFLICT run, and so on */
	bool timewait_known;
	bool explain;
	struct reserved_ports reserved;
};

void decode_allocation(const struct decoder *decoder, const struct event_alloc *event,
		       struct allocation *allocation);
void decode_range_change(const struct decoder *decoder, const struct event_range *event,
			 struct range_change *change);

#endif
