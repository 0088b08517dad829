/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live source: chooses a backend, loads and attaches its programs, and turns the records of the
 * ring buffer into a stream. The only part that knows libbpf.
 */
#ifndef EPHEMPORT_TRACE_TRACER_H
#define EPHEMPORT_TRACE_TRACER_H

#include "config.h"
#include "event/stream.h"
#include "measure/interval.h"

enum { TRACER_MESSAGE_LEN = 320 };

struct tracer;

struct tracer_options {
	struct config config;  /* filters and paths; the rest is filled in here. By
				* FILTER_DESCENDANTS those of the calling process are traced */
	uint64_t buffer_bytes; /* of the ring; a power of two of pages is made of it. 0: the default
				*/
	const char *backend;   /* "auto", "fentry" or "tracepoint" */
	bool explain;  /* count why candidates of connect() were refused, at a cost for each */
	bool verbose;  /* libbpf's own messages on stderr */
	uint32_t keys; /* of config.by that get rows of their own; with config.aggregate */
};

/* The default ring, chosen by measurement: see docs/cost.md. */
#define TRACER_BUFFER_DEFAULT (8u << 20)
#define TRACER_BUFFER_MIN     (64u << 10)
#define TRACER_BUFFER_MAX     (1u << 30)
/* Nothing waits longer in the ring than this between two calls of tracer__poll(). */
#define TRACER_POLL_MS 50

/*
 * Returns 0 with tracing live and *@out to be freed, or a negative errno with @message saying in
 * one line what is missing and what to do: -EPERM, -ENOTSUP or what libbpf gave. Warnings of single
 * paths that cannot be traced are in @message with status 0.
 */
int tracer__new(const struct tracer_options *options, struct tracer **out,
		char message[TRACER_MESSAGE_LEN]);
void tracer__free(struct tracer *tracer);
static inline void tracer__freep(struct tracer **tracer)
{
	tracer__free(*tracer);
}

enum backend tracer__backend(const struct tracer *tracer);
/* 1 << enum alloc_path: what of the paths asked for is traced on this kernel. */
unsigned int tracer__paths(const struct tracer *tracer);
/* Whether it tells of each change of the range and of the reserved ports. */
bool tracer__sees_changes(const struct tracer *tracer);
/* With FILTER_DESCENDANTS: processes that this one has forked since, and theirs, still alive. */
uint32_t tracer__descendants(const struct tracer *tracer);
/* Readable when the ring should be read before TRACER_POLL_MS are over. */
int tracer__fd(const struct tracer *tracer);
/*
 * Hands what is in the ring to @stream, without waiting; then what was lost since the last call.
 * Returns the number of records, or the negative errno that a sink gave.
 */
int tracer__consume(struct tracer *tracer, const struct stream *stream);
/* With config.aggregate: what was counted since the start, see aggregate_read(). */
int tracer__read(const struct tracer *tracer, struct stat_table *now);
/* Stops the programs; what they left in the ring can still be consumed. */
void tracer__detach(struct tracer *tracer);

#endif
