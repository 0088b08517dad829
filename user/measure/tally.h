/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts a stream of allocations into the rows that `stat` has: in user space and by the same rules
 * what bpf/aggregate.h does in the kernel.
 */
#ifndef EPHEMPORT_MEASURE_TALLY_H
#define EPHEMPORT_MEASURE_TALLY_H

#include "measure/interval.h"

/* A hash table of rows: their numbers from 1 on; 0: empty. */
struct tally_index {
	uint32_t *slots;
	size_t size; /* a power of two, at least twice the number of rows */
};

struct tally {
	enum stat_by by;
	uint32_t keys_left;	 /* further keys of @by that get rows of their own */
	struct stat_table table; /* ids are indices: rows stay in the order of first sight */
	struct tally_index rows; /* by all that tells rows apart */
	struct tally_index keys; /* the first row of each key, by that */
};

struct tally tally_make(enum stat_by by, uint32_t keys);
void tally_free(struct tally *tally);
/* 0 or -ENOMEM. */
int tally_add(struct tally *tally, const struct allocation *allocation);
/* Sets @part to what was counted since the last call; ids stay the same. 0 or -ENOMEM. */
int tally_take(struct tally *tally, struct stat_table *part);

#endif
