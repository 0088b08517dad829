/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole stream, live or from a recording, as one judgement: were source ports the bottleneck, and
 * the figures that belong to it. Looks at nothing but the stream; what only the running kernel can
 * tell is handed in, and is unknown where nobody does.
 */
#ifndef EPHEMPORT_MEASURE_RUN_H
#define EPHEMPORT_MEASURE_RUN_H

#include "event/stream.h"
#include "measure/figures.h"
#include "measure/tally.h"

/* The unit in which ports run out. Bytes are compared: make it by run_tuple_make(). */
struct run_tuple {
	struct in6_addr saddr, daddr; /* IPv4 is v4-mapped; daddr :: and dport 0 where unknown */
	uint32_t netns;		      /* inode number */
	uint16_t proto;
	uint16_t dport;
	uint8_t family; /* 4 or 6, as on the wire */
	uint8_t dest_known;
	uint8_t pad[2];
};

/* What is kept of a tuple, or of a command. */
struct run_tally {
	uint64_t allocations, failed, second_pass, latency_ns;
	/* Of tuples alone: the most ports that were seen in use at once, and out of how many. */
	uint32_t peak_used, peak_open, usable;
	bool exhausted; /* a search found no port: all that were usable were in use */
};

struct run_range {
	uint32_t netns;
	uint16_t low, high;
	uint64_t allocations;
};

/* What a run's ports in one namespace and protocol were: when each was chosen last. */
struct run_ports {
	uint32_t netns;
	uint16_t proto;
	uint32_t distinct;
	uint64_t *last_ns; /* PORT_COUNT of them, 0: never */
};

struct run_changes {
	uint32_t netns;
	uint64_t ranges, reserved;
};

/* Bounds on what is kept; beyond them the figures concerned are unknown or bounds, not wrong. */
enum { RUN_TUPLES_MAX = 1 << 18, RUN_COMMS_MAX = 1 << 12, RUN_LISTS_MAX = 64 };

struct run_measure {
	struct sink sink;
	/* CLOCK_MONOTONIC; set by the user. 0: those of the first and the last allocation. */
	uint64_t begin_ns, end_ns;
	/* The rest is filled by the stream. */
	uint64_t allocations, by_path[PATH_COUNT];
	uint64_t failed, eaddrnotavail, eaddrinuse, eagain;
	uint64_t out_of_range, tw_reused, tw_known;
	uint64_t passes_known, second_pass;
	uint64_t lost;
	uint64_t first_ns, last_ns; /* of the allocations seen */
	uint64_t second_start_ns, second_count, rate_peak;
	uint64_t knee_ns;		 /* the first second pass; 0: none */
	struct allocation first_failure; /* for want of a port; start_ns 0: none */
	uint64_t windows, windows_ns, window_begin_ns, window_end_ns;
	bool latency_bound, examined_bound, examined_unknown; /* of at least one allocation */
	bool backend_known;
	enum backend backend;
	struct hist latency, examined, reuse;
	uint64_t reuse_min_ns, reused;
	uint64_t peak_open;  /* connections at once over all tuples, of the samples */
	bool sampled;	     /* run_measure_held() was called */
	struct tally tuples; /* struct run_tuple to struct run_tally */
	struct tally comms;  /* char[EVENT_COMM_LEN] to struct run_tally */
	struct run_range ranges[RUN_LISTS_MAX];
	struct run_ports ports[RUN_LISTS_MAX];
	struct run_changes changes[RUN_LISTS_MAX];
	size_t range_count, ports_count, changes_count;
	bool ranges_full, ports_full;
};

/* The caller frees it. */
struct run_measure run_measure_make(void);
void run_measure_free(struct run_measure *measure);

/* What only the running kernel tells, at the end; zeroed but for what is known. */
struct run_facts {
	bool usable_known;
	uint32_t
		usable; /* ports of the range less reserved ones and those that others hold bound */
	bool time_wait_known;
	uint64_t time_wait, time_wait_clean_ns; /* of the run's tuples; until the last has gone */
	uint64_t requests;			/* that the user says were made; 0: not told */
};

/*
 * A look at the sockets of a running kernel: @used ports of the range are in use for @tuple, @open
 * of them not in TIME_WAIT. A tuple that the run did not use is passed over.
 */
void run_measure_held(struct run_measure *measure, const struct run_tuple *tuple, uint32_t used,
		      uint32_t open);
/* Whether the run has allocated for it. */
bool run_measure_has(const struct run_measure *measure, const struct run_tuple *tuple);
/* All connections of such a look together, over the run's tuples. */
void run_measure_open(struct run_measure *measure, uint64_t open);

/* @out is good for as long as @measure is. */
void run_measure_figures(const struct run_measure *measure, const struct run_facts *facts,
			 struct figures *out);

/* The busiest first, those with failures before all others; returns how many, at most @room. */
struct run_top_tuple {
	const struct run_tuple *tuple;
	const struct run_tally *tally;
};
struct run_top_comm {
	const char *comm; /* EVENT_COMM_LEN bytes */
	const struct run_tally *tally;
};
size_t run_measure_top_tuples(const struct run_measure *measure, struct run_top_tuple *top,
			      size_t room);
size_t run_measure_top_comms(const struct run_measure *measure, struct run_top_comm *top,
			     size_t room);

/* The key of an allocation. */
struct run_tuple run_tuple_make(const struct allocation *allocation);

#endif
