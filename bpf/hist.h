/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log-linear buckets: the same code in the kernel, where values are counted, and in user space,
 * where the counts are read.
 *
 * Each power of two is cut into 16 buckets of equal width; below 32 every value has its own. With
 * shift = max(0, floor(log2(value)) - 4) the bucket is 16 * shift + (value >> shift):
 *
 *	value		bucket		width
 *	0 .. 31		0 .. 31		1
 *	32 .. 63	32 .. 47	2
 *	64 .. 127	48 .. 63	4
 *	...
 *	2^39 .. 2^40-1	576 .. 591	2^35
 *
 * A bucket is never wider than 1/16 of its lower bound: whatever value in it is taken for the true
 * one, the error is below 6.25 %. Values from 2^40 on (18 minutes, in nanoseconds) are counted in
 * the last bucket.
 */
#ifndef EPHEMPORT_HIST_H
#define EPHEMPORT_HIST_H

#include <linux/types.h>

enum {
	HIST_SUB_BITS = 4, /* 16 buckets for each power of two */
	HIST_SUB = 1 << HIST_SUB_BITS,
	HIST_VALUE_BITS = 40,
/* The number of buckets for values of up to @bits bits. */
#define HIST_BUCKETS_OF(bits) (HIST_SUB * ((bits)-HIST_SUB_BITS + 1))
	HIST_BUCKETS = HIST_BUCKETS_OF(HIST_VALUE_BITS),
};

/*
 * Halves the interval of possible shifts each time: BPF has no instruction for a logarithm, and a
 * table in a map would be a cache line more. The empty asm keeps each step one branch, where clang
 * would make two of it, and hides the result's range, so that clang leaves the last check for the
 * verifier to see.
 */
static inline __attribute__((always_inline)) __u32 hist_index(__u64 value)
{
	__u32 index = 0;

#define HIST_STEP(shift)                                                 \
	do {                                                             \
		if (value >= 2ULL * HIST_SUB << ((shift)-1)) {           \
			value >>= (shift);                               \
			index += HIST_SUB * (shift);                     \
			__asm__ volatile("" : "+r"(value), "+r"(index)); \
		}                                                        \
	} while (0)
	HIST_STEP(18);
	HIST_STEP(9);
	HIST_STEP(5);
	HIST_STEP(2);
	HIST_STEP(1);
	HIST_STEP(1);
#undef HIST_STEP
	/* What is 2^40 or more is far above: no shift brought it below 32. */
	value += index;
	__asm__ volatile("" : "+r"(value));
	return value < HIST_BUCKETS ? (__u32)value : HIST_BUCKETS - 1;
}

static inline __u32 hist_shift(__u32 index)
{
	return index < 2 * HIST_SUB ? 0 : index / HIST_SUB - 1;
}

/* The smallest value that is counted in bucket @index. */
static inline __u64 hist_lower(__u32 index)
{
	__u32 shift = hist_shift(index);

	return (__u64)(index - HIST_SUB * shift) << shift;
}

/* The largest one; of the last bucket, the largest that it was made for. */
static inline __u64 hist_upper(__u32 index)
{
	return hist_lower(index) + (1ULL << hist_shift(index)) - 1;
}

#endif
