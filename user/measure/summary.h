/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts of a whole stream: what the closing line says. */
#ifndef EPHEMPORT_MEASURE_SUMMARY_H
#define EPHEMPORT_MEASURE_SUMMARY_H

#include "event/stream.h"

enum { SUMMARY_ERRNO_MAX = 134 }; /* the kernel's errnos end below (EHWPOISON 133) */

struct summary {
	struct sink sink;
	uint64_t allocations;
	uint64_t by_path[PATH_COUNT];
	uint64_t failed;
	uint64_t by_errno[SUMMARY_ERRNO_MAX];
	uint64_t second_pass;
	uint64_t out_of_range;
	uint64_t range_changes, reserved_changes;
	uint64_t lost;
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC, of the stream; set by its user */
};

struct summary summary_make(void);

#endif
