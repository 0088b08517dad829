/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run comes to, as named figures in a fixed order: the keys of 'run --json', the operands of
 * the gates, the rows of 'diff' and what the closing block is printed from. The table below is the
 * only place where a figure is declared.
 */
#ifndef EPHEMPORT_MEASURE_FIGURES_H
#define EPHEMPORT_MEASURE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/hist.h"

enum figure_unit {
	UNIT_COUNT,   /* a whole number */
	UNIT_NUMBER,  /* a mean */
	UNIT_NS,      /* nanoseconds; times are since the begin of the run */
	UNIT_PERCENT, /* 0 to 100 */
	UNIT_RATE,    /* a second */
	UNIT_FLAG,    /* 0 or 1 */
	UNIT_TEXT,
};

/* X(enum figure_id, name, enum figure_unit) */
#define FIGURES(X)                                                                                \
	/* Whether searches failed for want of a port; unknown where none did and some were lost. \
	 */                                                                                       \
	X(FIGURE_BOTTLENECK, "bottleneck", UNIT_FLAG)                                             \
	X(FIGURE_DURATION, "duration_ns", UNIT_NS)                                                \
	X(FIGURE_BACKEND, "backend", UNIT_TEXT)                                                   \
	/* The first search that failed for want of a port. */                                    \
	X(FIGURE_FIRST_FAILURE, "first_failure_ns", UNIT_NS)                                      \
	X(FIGURE_FIRST_ERRNO, "first_failure_errno", UNIT_TEXT)                                   \
	X(FIGURE_FIRST_PATH, "first_failure_path", UNIT_TEXT)                                     \
	X(FIGURE_FIRST_PROTO, "first_failure_proto", UNIT_TEXT)                                   \
	X(FIGURE_FIRST_SADDR, "first_failure_saddr", UNIT_TEXT)                                   \
	X(FIGURE_FIRST_DADDR, "first_failure_daddr", UNIT_TEXT)                                   \
	X(FIGURE_FIRST_DPORT, "first_failure_dport", UNIT_COUNT)                                  \
	X(FIGURE_FIRST_COMM, "first_failure_comm", UNIT_TEXT)                                     \
	X(FIGURE_FIRST_PID, "first_failure_pid", UNIT_COUNT)                                      \
	X(FIGURE_FIRST_NETNS, "first_failure_netns", UNIT_COUNT)                                  \
	/* That of the first failure, else that which most allocations had; and how many there    \
	 * were. */                                                                               \
	X(FIGURE_RANGE_LOW, "range_low", UNIT_COUNT)                                              \
	X(FIGURE_RANGE_HIGH, "range_high", UNIT_COUNT)                                            \
	X(FIGURE_RANGE_PORTS, "range_ports", UNIT_COUNT)                                          \
	X(FIGURE_RANGES, "ranges", UNIT_COUNT)                                                    \
	X(FIGURE_USABLE, "usable", UNIT_COUNT)                                                    \
	X(FIGURE_RANGE_CHANGES, "range_changes", UNIT_COUNT)                                      \
	X(FIGURE_RESERVED_CHANGES, "reserved_changes", UNIT_COUNT)                                \
	/* Whether a connect() came to the second pass, and when first. */                        \
	X(FIGURE_KNEE, "knee", UNIT_COUNT)                                                        \
	X(FIGURE_KNEE_CROSSED, "knee_crossed", UNIT_FLAG)                                         \
	X(FIGURE_KNEE_CROSSED_NS, "knee_crossed_ns", UNIT_NS)                                     \
	X(FIGURE_ALLOCATIONS, "allocations", UNIT_COUNT)                                          \
	X(FIGURE_CONNECT, "connect", UNIT_COUNT)                                                  \
	X(FIGURE_BIND, "bind", UNIT_COUNT)                                                        \
	X(FIGURE_LISTEN, "listen", UNIT_COUNT)                                                    \
	X(FIGURE_AUTOBIND, "autobind", UNIT_COUNT)                                                \
	X(FIGURE_EXPLICIT, "explicit", UNIT_COUNT)                                                \
	X(FIGURE_RATE, "rate", UNIT_RATE)                                                         \
	X(FIGURE_RATE_PEAK, "rate_peak", UNIT_RATE) /* of the busiest second */                   \
	X(FIGURE_ERRORS, "errors", UNIT_COUNT)	    /* failed allocations */                      \
	X(FIGURE_ERROR_PCT, "error_pct", UNIT_PERCENT)                                            \
	X(FIGURE_EADDRNOTAVAIL, "eaddrnotavail", UNIT_COUNT)                                      \
	X(FIGURE_EADDRINUSE, "eaddrinuse", UNIT_COUNT)                                            \
	X(FIGURE_EAGAIN, "eagain", UNIT_COUNT)                                                    \
	X(FIGURE_OTHER_ERRORS, "other_errors", UNIT_COUNT) /* not for want of a port */           \
	/* Failures for want of a port less than a second apart make one window. */               \
	X(FIGURE_WINDOWS, "failure_windows", UNIT_COUNT)                                          \
	X(FIGURE_WINDOWS_NS, "failure_windows_ns", UNIT_NS)                                       \
	/* By namespace and protocol. Reused: chosen again. */                                    \
	X(FIGURE_PORTS_DISTINCT, "ports_distinct", UNIT_COUNT)                                    \
	X(FIGURE_PORTS_REUSED, "ports_reused", UNIT_COUNT)                                        \
	X(FIGURE_REUSE_MIN, "reuse_interval_min_ns", UNIT_NS)                                     \
	X(FIGURE_REUSE_P50, "reuse_interval_p50_ns", UNIT_NS)                                     \
	X(FIGURE_TW_REUSED, "tw_reused", UNIT_COUNT)                                              \
	X(FIGURE_OUT_OF_RANGE, "out_of_range", UNIT_COUNT)                                        \
	/* Of the tuple with the most ports in use at once, TIME_WAIT included. */                \
	X(FIGURE_TUPLES, "tuples", UNIT_COUNT)                                                    \
	X(FIGURE_PEAK_USED, "peak_used", UNIT_COUNT)                                              \
	X(FIGURE_PEAK_USED_PCT, "peak_used_pct", UNIT_PERCENT) /* of the usable ports */          \
	X(FIGURE_PEAK_SADDR, "peak_saddr", UNIT_TEXT)                                             \
	X(FIGURE_PEAK_DADDR, "peak_daddr", UNIT_TEXT)                                             \
	X(FIGURE_PEAK_DPORT, "peak_dport", UNIT_COUNT)                                            \
	X(FIGURE_PEAK_OPEN, "peak_open", UNIT_COUNT) /* connections at once, all tuples */        \
	X(FIGURE_LATENCY_MEAN, "latency_mean_ns", UNIT_NS)                                        \
	X(FIGURE_LATENCY_P50, "latency_p50_ns", UNIT_NS)                                          \
	X(FIGURE_LATENCY_P90, "latency_p90_ns", UNIT_NS)                                          \
	X(FIGURE_LATENCY_P99, "latency_p99_ns", UNIT_NS)                                          \
	X(FIGURE_LATENCY_P999, "latency_p999_ns", UNIT_NS)                                        \
	X(FIGURE_LATENCY_MAX, "latency_max_ns", UNIT_NS)                                          \
	X(FIGURE_LATENCY_TOTAL, "latency_total_ns", UNIT_NS)                                      \
	X(FIGURE_LATENCY_SHARE, "latency_share_pct", UNIT_PERCENT) /* of the run; may pass 100 */ \
	X(FIGURE_EXAMINED_MEAN, "examined_mean", UNIT_NUMBER)                                     \
	X(FIGURE_EXAMINED_P50, "examined_p50", UNIT_COUNT)                                        \
	X(FIGURE_EXAMINED_P90, "examined_p90", UNIT_COUNT)                                        \
	X(FIGURE_EXAMINED_P99, "examined_p99", UNIT_COUNT)                                        \
	X(FIGURE_EXAMINED_P999, "examined_p999", UNIT_COUNT)                                      \
	X(FIGURE_EXAMINED_MAX, "examined_max", UNIT_COUNT)                                        \
	/* Of the connects of which it is known. */                                               \
	X(FIGURE_SECOND_PASS, "second_pass", UNIT_COUNT)                                          \
	X(FIGURE_SECOND_PASS_PCT, "second_pass_pct", UNIT_PERCENT)                                \
	/* At the end, of the run's tuples. */                                                    \
	X(FIGURE_TIME_WAIT, "time_wait_left", UNIT_COUNT)                                         \
	X(FIGURE_TIME_WAIT_NS, "time_wait_clean_ns", UNIT_NS)                                     \
	X(FIGURE_REQUESTS, "requests", UNIT_COUNT)                                                \
	X(FIGURE_REQUESTS_PER_PORT, "requests_per_port", UNIT_NUMBER)                             \
	X(FIGURE_LOST, "lost", UNIT_COUNT)

enum figure_id {
#define FIGURE_ENUM(id, name, unit) id,
	FIGURES(FIGURE_ENUM)
#undef FIGURE_ENUM
		FIGURE_COUNT,
};

struct figure_spec {
	const char *name;
	enum figure_unit unit;
};

extern const struct figure_spec figure_specs[FIGURE_COUNT];

/* The figure of @name, or -EINVAL. */
int figure_find(const char *name);

enum figure_state {
	FIGURE_NONE,	/* there was nothing of which it could be told: null */
	FIGURE_UNKNOWN, /* there was, but it cannot be known: null, never a guess */
	FIGURE_KNOWN,
};

enum figure_bound { BOUND_EXACT, BOUND_AT_MOST, BOUND_AT_LEAST };

enum { FIGURE_TEXT_LEN = 48 };

struct figure {
	enum figure_state state;
	enum figure_bound bound;
	double number; /* exact for counts below 2^53 */
	char text[FIGURE_TEXT_LEN];
};

struct figures {
	struct figure at[FIGURE_COUNT];
	/* For percentiles that have no figure of their own; NULL where there are no distributions
	 * (figures read from a file). They must outlive this. */
	const struct hist *latency, *examined;
};

void figure_set(struct figures *figures, enum figure_id id, double number);
void figure_set_text(struct figures *figures, enum figure_id id, const char *text);

static inline bool figure_known(const struct figures *figures, enum figure_id id)
{
	return figures->at[id].state == FIGURE_KNOWN;
}

/* What a gate compares: a figure, or an aggregation of a distribution. */
enum figure_dist { DIST_NONE, DIST_LATENCY, DIST_EXAMINED };
enum figure_aggregation { AGGREGATE_AVG, AGGREGATE_MAX, AGGREGATE_PERCENTILE };

struct figure_ref {
	enum figure_id id; /* with DIST_NONE */
	enum figure_dist dist;
	enum figure_aggregation aggregation;
	unsigned int per_mille; /* of AGGREGATE_PERCENTILE: 1 to 1000 */
	enum figure_unit unit;
};

/*
 * "errors", "latency_p99_ns", or k6's "latency.p(99)", "examined.max", "latency.avg", ".med".
 * 0, or -EINVAL.
 */
int figure_ref_parse(const char *text, size_t length, struct figure_ref *ref);
/* Its value; where there are no distributions, only the percentiles that are figures are known. */
struct figure figure_ref_value(const struct figure_ref *ref, const struct figures *figures);

#endif
