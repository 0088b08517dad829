/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Distributions in the buckets of bpf/hist.h. A percentile is the largest value of its bucket, but
 * never above the largest value seen: never below the true one, and at most 6.25 % above it.
 */
#ifndef EPHEMPORT_MEASURE_HIST_H
#define EPHEMPORT_MEASURE_HIST_H

#include <stdint.h>

#include <hist.h> /* bpf/: the buckets */

struct hist {
	uint64_t count, sum;
	uint64_t max; /* exact, or within its bucket where hist_fit_max() had to correct it */
	uint64_t buckets[HIST_BUCKETS];
};

void hist_add(struct hist *hist, uint64_t value);
/* Adds what is in @from. */
void hist_merge(struct hist *hist, const struct hist *from);
/*
 * What came between two readings of the same counters. @now's max must be that since @before was
 * read; it is corrected where a value was counted between the reading of the one and the other.
 */
void hist_difference(struct hist *out, const struct hist *now, const struct hist *before);
/* Puts max into the highest bucket that is not empty. */
void hist_fit_max(struct hist *hist);

/*
 * By nearest rank: the smallest value that at least @per_mille thousandths of all values do not
 * exceed. 0 where there are none.
 */
uint64_t hist_percentile(const struct hist *hist, unsigned int per_mille);
double hist_mean(const struct hist *hist);

#endif
