// SPDX-License-Identifier: GPL-2.0-only
/* bpf/hist.h and user/measure/hist.c: bounds of buckets, and percentiles against sorted data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/hist.h"

enum { VALUES = 20000 };

/* xorshift64*: the same numbers in every run. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static double random_unit(uint64_t *state)
{
	return (double)(random_next(state) >> 11) / 9007199254740992.0;
}

static void buckets_follow_each_other(void **state)
{
	(void)state;
	assert_int_equal(hist_lower(0), 0);
	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		assert_int_equal(hist_index(hist_lower(i)), i);
		assert_int_equal(hist_index(hist_upper(i)), i);
		assert_true(hist_upper(i) >= hist_lower(i));
		if (i)
			assert_int_equal(hist_lower(i), hist_upper(i - 1) + 1);
	}
	assert_int_equal(hist_upper(HIST_BUCKETS - 1), (1ULL << HIST_VALUE_BITS) - 1);
}

static void no_bucket_is_wider_than_the_error(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < HIST_BUCKETS; i++)
		/* (upper - lower) / lower <= 1/16 */
		assert_true(16 * (hist_upper(i) - hist_lower(i)) <= hist_lower(i));
}

static void values_fall_between_their_bounds(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		uint64_t value = random_next(&random) >> (24 + random % 40);
		uint32_t index = hist_index(value);

		assert_true(index < HIST_BUCKETS);
		assert_in_range(value, hist_lower(index), hist_upper(index));
	}
}

static void what_is_too_large_falls_into_the_last_bucket(void **state)
{
	(void)state;
	assert_int_equal(hist_index(1ULL << HIST_VALUE_BITS), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(UINT64_MAX), HIST_BUCKETS - 1);
}

/* Fewer bits take the first buckets of the same. */
static void small_values_need_fewer_buckets(void **state)
{
	(void)state;
	assert_int_equal(HIST_BUCKETS_OF(17), 224);
	assert_int_equal(hist_index((1 << 17) - 1), HIST_BUCKETS_OF(17) - 1);
}

static int by_value(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return (one > two) - (one < two);
}

static void check_against_sorted(uint64_t *values, size_t count)
{
	static const unsigned int per_mille[] = { 1, 10, 250, 500, 900, 990, 999, 1000 };
	struct hist hist = { 0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		hist_add(&hist, values[i]);
		sum += values[i];
	}
	qsort(values, count, sizeof(*values), by_value);
	assert_int_equal(hist.count, count);
	assert_int_equal(hist.sum, sum);
	assert_int_equal(hist.max, values[count - 1]);
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(per_mille[0]); i++) {
		uint64_t truth = values[(count * per_mille[i] + 999) / 1000 - 1];
		uint64_t told = hist_percentile(&hist, per_mille[i]);

		assert_true(told >= truth);
		assert_true((double)told <= (double)truth * 1.0625);
	}
	assert_int_equal(hist_percentile(&hist, 1000), values[count - 1]);
}

/* Even, exponential, two humps as of a range past its knee, one value, and very wide. */
static uint64_t random_value(int shape, uint64_t *random)
{
	double unit = random_unit(random);

	switch (shape) {
	case 0:
		return random_next(random) % 100000;
	case 1: {
		/* A geometric walk: no libm needed. */
		uint64_t value = 500;

		while (random_unit(random) < 0.9 && value < 1ULL << 38)
			value += value / 3;
		return value;
	}
	case 2:
		return unit < 0.6 ? 900 + random_next(random) % 600 :
				    300000 + random_next(random) % 400000;
	case 3:
		return 777777;
	default:
		return random_next(random) >> (24 + random_next(random) % 40);
	}
}

static void percentiles_hold_against_sorted_data(void **state)
{
	uint64_t random = 42;

	(void)state;
	for (int shape = 0; shape < 5; shape++) {
		size_t sizes[] = { 1, 2, 3, 99, 1000, VALUES };

		for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
			uint64_t values[VALUES];

			for (size_t i = 0; i < sizes[size]; i++)
				values[i] = random_value(shape, &random);
			check_against_sorted(values, sizes[size]);
		}
	}
}

static void nothing_has_percentiles_of_nothing(void **state)
{
	struct hist hist = { 0 };

	(void)state;
	assert_int_equal(hist_percentile(&hist, 500), 0);
	assert_int_equal(hist_percentile(&hist, 1000), 0);
	assert_true(hist_mean(&hist) == 0);
}

static void merged_is_as_counted_together(void **state)
{
	struct hist one = { 0 }, two = { 0 }, both = { 0 };
	uint64_t random = 7;

	(void)state;
	for (int i = 0; i < VALUES; i++) {
		uint64_t value = random_value(i % 5, &random);

		hist_add(i % 3 ? &one : &two, value);
		hist_add(&both, value);
	}
	hist_merge(&one, &two);
	assert_memory_equal(&one, &both, sizeof(both));
}

static void a_difference_is_what_came_between(void **state)
{
	struct hist now = { 0 }, before, between = { 0 }, out;
	uint64_t random = 9;

	(void)state;
	for (int i = 0; i < 1000; i++)
		hist_add(&now, random_value(1, &random));
	before = now;
	now.max = 0; /* as a reading leaves it */
	for (int i = 0; i < 1000; i++) {
		uint64_t value = random_value(2, &random);

		hist_add(&now, value);
		hist_add(&between, value);
	}
	hist_difference(&out, &now, &before);
	assert_memory_equal(&out, &between, sizeof(out));
	hist_difference(&out, &now, &now);
	assert_int_equal(out.count, 0);
	assert_int_equal(out.max, 0);
}

/* A value counted while its maximum went to the other reading. */
static void a_max_is_put_into_its_bucket(void **state)
{
	struct hist hist = { 0 };

	(void)state;
	hist_add(&hist, 1000);
	hist.max = 0;
	hist_fit_max(&hist);
	assert_int_equal(hist.max, hist_lower(hist_index(1000)));
	hist.max = 50000;
	hist_fit_max(&hist);
	assert_int_equal(hist.max, hist_upper(hist_index(1000)));
	hist_add(&hist, 1ULL << 45);
	hist_fit_max(&hist);
	assert_int_equal(hist.max, 1ULL << 45);
	assert_int_equal(hist_percentile(&hist, 999), 1ULL << 45);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other),
		cmocka_unit_test(no_bucket_is_wider_than_the_error),
		cmocka_unit_test(values_fall_between_their_bounds),
		cmocka_unit_test(what_is_too_large_falls_into_the_last_bucket),
		cmocka_unit_test(small_values_need_fewer_buckets),
		cmocka_unit_test(percentiles_hold_against_sorted_data),
		cmocka_unit_test(nothing_has_percentiles_of_nothing),
		cmocka_unit_test(merged_is_as_counted_together),
		cmocka_unit_test(a_difference_is_what_came_between),
		cmocka_unit_test(a_max_is_put_into_its_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
