/* SPDX-License-Identifier: GPL-2.0-only */
/* From the records of the kernel side (bpf/event.h) to those of the stream. Pure. */
#ifndef EPHEMPORT_TRACE_DECODE_H
#define EPHEMPORT_TRACE_DECODE_H

#include "event/stream.h"
#include "search/search.h"
#include "trace/reserved.h"

/* What a record alone does not say. */
struct decoder {
	struct reserved_before *before; /* BEFORE_SLOTS of them, by thread; made when needed */
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
/*
 * Hands one record of the ring to @stream, or keeps what it tells of the records to come. 0, or the
 * negative errno of a sink. A type that is not known is left out.
 */
int decode_record(struct decoder *decoder, const void *data, size_t size,
		  const struct stream *stream);
void decoder_free(struct decoder *decoder);

#endif
