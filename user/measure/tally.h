/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts a stream of allocations into the rows that `stat` has: in user space and by the same rules
 * what bpf/aggregate.h does in the kernel.
 */
#ifndef EPHEMPORT_MEASURE_TALLY_H
#define EPHEMPORT_MEASURE_TALLY_H

#include "measure/interval.h"
#include "util/table.h"

struct tally {
	enum stat_by by;
	struct stat_table table; /* ids are indices: rows stay in the order of first sight */
	struct table rows;	 /* from all that tells rows apart to their index */
	struct table keys;	 /* those of @by that get rows of their own */
};

/* @keys of @by get rows of their own, the others one together. */
struct tally tally_make(enum stat_by by, uint32_t keys);
void tally_free(struct tally *tally);
/* 0 or -ENOMEM. */
int tally_add(struct tally *tally, const struct allocation *allocation);
/* Sets @part to what was counted since the last call; ids stay the same. 0 or -ENOMEM. */
int tally_take(struct tally *tally, struct stat_table *part);

#endif
