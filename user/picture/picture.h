/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the page of a report draws, collected from a stream in bounded memory: each allocation as a
 * dot up to DOTS_LIMIT of them, above that merged cells; ranges over time; distributions; tables.
 */
#ifndef EPHEMPORT_PICTURE_PICTURE_H
#define EPHEMPORT_PICTURE_PICTURE_H

#include "measure/hist.h"
#include "picture/cells.h"
#include "measure/run.h"
#include "picture/rows.h"

/* What an allocation is drawn as. */
enum dot_kind {
	DOT_FIRST,  /* found in the first pass */
	DOT_SECOND, /* found in the second pass */
	DOT_OTHER,  /* found, and the pass is not known */
	DOT_FAILED,
	DOT_KINDS,
};

enum {
	DOTS_LIMIT = 1 << 19,
	DOT_EXAMINED_UNKNOWN = 0,
	DOT_NO_ROW = 0xffff, /* the table has more rows than the dot can name */
	LATENCY_STEPS = 32,  /* the scale of latencies on dots: so many steps for a factor of 2 */
	FILL_STEPS = 100,    /* per cent */
	FILL_TUPLES = 4096,  /* so many tuples have their fill level followed */
	ROWS_MAX = 1 << 18,  /* of a table; the rest is counted by the others */
	SPANS_LIMIT = 10000, /* of ranges in force, and of reserved ports */
};

struct dot {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint16_t port;	  /* 0 on failure */
	uint16_t latency; /* latency_code() */
	uint16_t examined;
	uint16_t tuple, command; /* rows of the tables */
	uint8_t kind;		 /* enum dot_kind */
	uint8_t path;		 /* enum alloc_path */
	uint8_t error;		 /* errno */
};

/* A namespace's range in force, from begin_ns to the next of the same namespace. */
struct range_span {
	uint64_t begin_ns;
	uint32_t netns;
	uint16_t low, high;
	bool written; /* a change was seen; else it is known from an allocation */
	uint16_t old_low, old_high;
	char comm[EVENT_COMM_LEN]; /* who wrote it */
	uint32_t pid;
};

struct reserved_span {
	uint64_t begin_ns;
	uint32_t netns;
	struct port_set *ports; /* NULL: not known */
};

struct loss_span {
	uint64_t begin_ns, end_ns; /* CLOCK_REALTIME */
	uint64_t count;
	char cause[32];
};

/* A list that grows; its items follow in @items. */
#define PICTURE_LIST(type)          \
	struct {                    \
		type *items;        \
		size_t count, room; \
	}

/* Whose port it is: the unit in which the reuse of ports is measured. */
struct use_key {
	uint32_t netns;
	uint32_t proto;
};

/* How often a value was met at a fill level, in the buckets of bpf/hist.h. */
struct fill_grid {
	uint32_t counts[FILL_STEPS + 1][HIST_BUCKETS];
	uint64_t count;
};

struct picture {
	struct sink sink;
	uint64_t allocations;
	uint64_t origin_ns;	    /* time 0 of the page; set by the user, 0: the first record */
	uint64_t first_ns, last_ns; /* CLOCK_MONOTONIC, of all records */
	int64_t realtime_offset;    /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	uint64_t by_kind[DOT_KINDS];

	bool merged; /* the two below instead of the dots */
	PICTURE_LIST(struct dot) dots;
	struct cells ports, latencies;

	PICTURE_LIST(struct range_span) ranges;
	PICTURE_LIST(struct reserved_span) reserved;
	PICTURE_LIST(struct loss_span) losses;

	struct hist latency[DOT_KINDS];
	struct hist examined; /* of those where it is known */
	struct hist reuse;    /* ns between two choices of a port, by namespace and protocol */
	struct fill_grid *examined_at, *latency_at;
	uint32_t *chosen; /* PORT_COUNT: how often each port was chosen */

	/* Of struct row; the keys: struct run_tuple, char[EVENT_COMM_LEN], uint32_t. */
	struct table tuples, commands, namespaces;
	struct table last_uses; /* struct use_key to uint64_t *: PORT_COUNT times */
};

/* A latency as 1 + log2(ns) * LATENCY_STEPS, rounded: within 1.1 %. */
uint16_t latency_code(uint64_t ns);

/* 0 or -ENOMEM. To be freed, with or without success. */
int picture_open(struct picture *picture);
void picture_free(struct picture *picture);
/*
 * The reserved ports of a namespace as somebody read them; after the stream, whose word counts
 * more. 0 or -ENOMEM.
 */
int picture_reserved(struct picture *picture, uint32_t netns, const struct port_set *ports);
/* Puts the dots in order of time. Call it once, after the stream. */
void picture_settle(struct picture *picture);

#endif
