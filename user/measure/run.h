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
#include "util/table.h"

/* The unit in which ports run out. Compared as bytes: made by run_tuple_make(), or zeroed first. */
struct run_tuple {
	struct in6_addr saddr, daddr; /* IPv4 is v4-mapped; daddr is :: and dport 0 where unknown */
	uint32_t netns;		      /* inode number */
	uint16_t proto;
	uint16_t dport; /* host order */
	uint8_t family; /* 4 or 6, as on the wire */
	uint8_t dest_known;
	uint8_t pad[2];
};

/* What is kept of a tuple, or of a command. */
struct run_tally {
	uint64_t allocations, failed, second_pass, latency_ns;
	/* Of tuples alone: the most ports seen in use at once, and the range of the latest search.
	 */
	uint32_t peak_used;
	uint16_t low, high;
	uint32_t exhausted;  /* searches that found no port: all that were usable were in use */
	uint32_t look, used; /* the latest look, and what it counted */
};

/* A range that was in force in a namespace, or of a socket there. */
struct run_range {
	uint32_t netns;
	uint16_t low, high;
	uint64_t allocations;
	uint32_t usable; /* ports less reserved ones and those held bound; UINT32_MAX: not looked */
};

/* The ports of one namespace and protocol: when each was chosen last. */
struct run_ports {
	uint32_t netns;
	uint16_t proto;
	uint32_t distinct;
	uint64_t *last_ns; /* PORT_COUNT of them, CLOCK_MONOTONIC; 0: never */
};

/* Writes of sysctls in a namespace; those count in which the run allocates. */
struct run_changes {
	uint32_t netns;
	uint64_t ranges, reserved;
};

/* Bounds on what is kept; beyond them the figures concerned are unknown or bounds, not wrong. */
enum { RUN_TUPLES_MAX = 1 << 18, RUN_COMMS_MAX = 1 << 12, RUN_LISTS_MAX = 64 };

struct run_measure {
	struct sink sink;
	/* CLOCK_MONOTONIC; set by the user. 0: the first allocation's, the last one's. */
	uint64_t begin_ns, end_ns;
	/* The rest is filled from the stream. */
	uint64_t allocations; /* searches; binds to named ports are only in by_path */
	uint64_t by_path[PATH_COUNT];
	uint64_t failed, eaddrnotavail, eaddrinuse, eagain;
	uint64_t out_of_range, tw_reused, tw_known, connects;
	uint64_t passes_known, second_pass;
	uint64_t lost;
	uint64_t first_ns, last_ns;		   /* begin of the first, end of the last search */
	uint64_t busy_second, busy_count, busiest; /* for the busiest second */
	uint64_t knee_ns;			   /* of the first second pass; 0: none */
	struct allocation first_failure;	   /* for want of a port; where wanting is not 0 */
	uint64_t wanting;			   /* failures for want of a port */
	uint64_t windows, windows_ns, window_begin_ns, window_end_ns;
	uint64_t reused, reuse_min_ns;
	unsigned int approx; /* enum approx: of at least one allocation */
	enum backend backend;
	bool ranges_full, ports_full, changes_full; /* more than there is place for */
	bool look_complete;
	uint32_t look;		  /* number of the look under way, or of the latest */
	uint64_t open, peak_open; /* connections of the run's tuples, not in TIME_WAIT */
	uint64_t time_wait, time_wait_clean_ns; /* at the latest look */
	struct hist latency, examined, reuse;
	struct table tuples; /* struct run_tuple to struct run_tally */
	struct table comms;  /* char[EVENT_COMM_LEN], zeros behind the name, to struct run_tally */
	struct run_range ranges[RUN_LISTS_MAX];
	struct run_ports ports[RUN_LISTS_MAX];
	struct run_changes changes[RUN_LISTS_MAX];
	size_t range_count, ports_count, changes_count;
	size_t range_at, ports_at; /* where the latest was found */
};

/* The caller frees it. */
struct run_measure run_measure_make(void);
void run_measure_free(struct run_measure *measure);

/* The key of an allocation. */
struct run_tuple run_tuple_make(const struct allocation *allocation);

/*
 * Looks at the sockets of the running kernel, now and then and at the end: what the stream cannot
 * tell, since nothing tells when a port comes free. Between a begin and an end each namespace in
 * which the run allocates, and each of its TCP sockets.
 */
struct run_socket {
	struct run_tuple tuple;
	uint16_t sport;
	bool time_wait;
	uint64_t clean_ns; /* of a TIME_WAIT: until it is gone */
};

void run_look_begin(struct run_measure *measure);
/* @blocked: ports of the namespace that a connect() passes over, whatever the destination. */
void run_look_netns(struct run_measure *measure, uint32_t netns, const struct port_set *blocked);
/* One that is not of the run's tuples, or outside of their range, counts for nothing. */
void run_look_socket(struct run_measure *measure, const struct run_socket *socket);
/* @complete: all namespaces of the run could be looked into. */
void run_look_end(struct run_measure *measure, bool complete);

/* @requests: that the user says were made, 0: not told. @out is good while @measure is unchanged.
 */
void run_measure_figures(const struct run_measure *measure, uint64_t requests, struct figures *out);

struct run_top_tuple {
	const struct run_tuple *tuple;
	const struct run_tally *tally;
};
struct run_top_comm {
	const char *comm; /* EVENT_COMM_LEN bytes */
	const struct run_tally *tally;
};
/* The busiest, those with failures first; returns how many, at most @room. */
size_t run_measure_top_tuples(const struct run_measure *measure, struct run_top_tuple *top,
			      size_t room);
size_t run_measure_top_comms(const struct run_measure *measure, struct run_top_comm *top,
			     size_t room);

#endif
