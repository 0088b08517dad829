// SPDX-License-Identifier: GPL-2.0-only
/* What is collected for a page, from streams whose records are known. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "picture/picture.h"

static struct allocation connect_at(uint64_t start_ns, uint16_t port)
{
	struct allocation allocation = {
		.start_ns = start_ns,
		.time_ns = start_ns + 1000,
		.latency_ns = 2000,
		.path = PATH_CONNECT,
		.proto = IPPROTO_TCP,
		.family = 4,
		.source = { .port = port, .known = true },
		.dest = { .port = 80, .known = true },
		.low = 40000,
		.high = 40099,
		.second_pass = KNOWN_NO,
		.tw_reused = UNKNOWN,
		.examined = 1,
		.task = { .netns = 7, .comm = "wrk" },
	};

	inet_pton(AF_INET6, "::ffff:10.0.0.2", &allocation.dest.address);
	return allocation;
}

static void put(struct picture *picture, const struct allocation *allocation)
{
	assert_int_equal(picture->sink.allocation(&picture->sink, allocation), 0);
}

static uint64_t grid_count(const struct fill_grid *grid, unsigned int level)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		count += grid->counts[level][i];
	return count;
}

/* Each connect() stands at the share of the range that its tuple had used before it. */
static void fill_levels(void **state)
{
	struct picture picture;
	struct allocation other;

	(void)state;
	assert_int_equal(picture_open(&picture), 0);
	for (uint16_t i = 0; i < 100; i++) {
		struct allocation allocation = connect_at(1000 + i, (uint16_t)(40000 + i));

		put(&picture, &allocation);
	}
	for (unsigned int level = 0; level < FILL_STEPS; level++)
		assert_int_equal(grid_count(picture.examined_at, level), 1);
	assert_int_equal(grid_count(picture.examined_at, FILL_STEPS), 0);

	/* A failure where all are used; and again a port that was used before. */
	other = connect_at(2000, 0);
	other.error = EADDRNOTAVAIL;
	put(&picture, &other);
	other = connect_at(2001, 40000);
	put(&picture, &other);
	assert_int_equal(grid_count(picture.examined_at, FILL_STEPS), 2);

	/* To another destination nothing is used yet; in another range, nothing of that. */
	other = connect_at(3000, 40000);
	other.dest.port = 81;
	put(&picture, &other);
	assert_int_equal(grid_count(picture.examined_at, 0), 2);
	other = connect_at(4000, 50000);
	other.low = 50000;
	other.high = 50199;
	put(&picture, &other);
	assert_int_equal(grid_count(picture.examined_at, 0), 3);
	/* Half of the old range is half of what is left of it. */
	other = connect_at(5000, 40010);
	other.high = 40049;
	put(&picture, &other);
	assert_int_equal(grid_count(picture.examined_at, FILL_STEPS), 3);

	/* Neither a bind() nor an unknown number is counted. */
	other = connect_at(6000, 40011);
	other.path = PATH_BIND;
	put(&picture, &other);
	other = connect_at(6001, 40012);
	other.examined = -1;
	put(&picture, &other);
	assert_int_equal(picture.examined_at->count, 105);
	assert_int_equal(picture.latency_at->count, 106);
	picture_free(&picture);
}

static void put_change(struct picture *picture, uint64_t mono_ns, uint32_t netns, uint16_t old_low,
		       uint16_t low)
{
	struct range_change change = { .mono_ns = mono_ns,
				       .time_ns = mono_ns + 1000,
				       .old_low = old_low,
				       .old_high = (uint16_t)(old_low + 99),
				       .new_low = low,
				       .new_high = (uint16_t)(low + 99),
				       .task = { .netns = netns, .pid = 5, .comm = "sysctl" } };

	assert_int_equal(picture->sink.range_change(&picture->sink, &change), 0);
}

static void assert_span(const struct picture *picture, size_t at, uint64_t begin_ns, uint32_t netns,
			uint16_t low, bool written)
{
	const struct range_span *span = &picture->ranges.items[at];

	assert_int_equal(span->begin_ns, begin_ns);
	assert_int_equal(span->netns, netns);
	assert_int_equal(span->low, low);
	assert_int_equal(span->written, written);
}

static void range_spans(void **state)
{
	struct picture picture;
	struct allocation allocation;

	(void)state;
	assert_int_equal(picture_open(&picture), 0);
	allocation = connect_at(1000, 40000);
	put(&picture, &allocation);
	put_change(&picture, 2000, 7, 40000, 50000);
	/* Began before the change, and was told of after it. */
	allocation = connect_at(1999, 40002);
	put(&picture, &allocation);
	/* A socket's own range is not the namespace's. */
	allocation = connect_at(2500, 50010);
	allocation.low = 50010;
	allocation.high = 50019;
	allocation.range_of_socket = true;
	put(&picture, &allocation);
	/* A change that nobody saw. */
	allocation = connect_at(3000, 45000);
	allocation.low = 45000;
	allocation.high = 45099;
	put(&picture, &allocation);
	/* Another namespace, of which only the change is known: its old range from the start on. */
	put_change(&picture, 4000, 8, 30000, 31000);

	assert_int_equal(picture.ranges.count, 5);
	assert_span(&picture, 0, 1000, 7, 40000, false);
	assert_span(&picture, 1, 2000, 7, 50000, true);
	assert_span(&picture, 2, 3000, 7, 45000, false);
	assert_span(&picture, 3, 1000, 8, 30000, false);
	assert_span(&picture, 4, 4000, 8, 31000, true);
	assert_string_equal(picture.ranges.items[4].comm, "sysctl");
	picture_free(&picture);
}

static void reuse_intervals(void **state)
{
	struct picture picture;
	struct allocation allocation;

	(void)state;
	assert_int_equal(picture_open(&picture), 0);
	allocation = connect_at(1000, 40000);
	put(&picture, &allocation);
	allocation = connect_at(1020, 40000);
	allocation.dest.port = 81;
	put(&picture, &allocation);
	/* Another protocol, another namespace, a failure. */
	allocation.start_ns = 1030;
	allocation.proto = IPPROTO_UDP;
	put(&picture, &allocation);
	allocation.proto = IPPROTO_TCP;
	allocation.task.netns = 9;
	put(&picture, &allocation);
	allocation.error = EADDRNOTAVAIL;
	put(&picture, &allocation);
	assert_int_equal(picture.reuse.count, 1);
	assert_int_equal(picture.reuse.max, 20);
	assert_int_equal(picture.chosen[40000], 4);
	picture_free(&picture);
}

/* Above the limit marks are merged; none is lost, and each stays where it was. */
static void cells_merged(void **state)
{
	const uint64_t begin = 1ull << 50, step = 1000, count = 3 * (uint64_t)CELLS_LIMIT;
	struct cells cells = { 0 };
	uint64_t weight = 0, early = 0;

	(void)state;
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(cells_add(&cells, begin + i * step, (uint16_t)(i * 31 % 50000),
					   (uint8_t)(i & 1)),
				 0);
	cells_settle(&cells, 1);
	assert_true(cells.count <= CELLS_TARGET);
	assert_true(cells.count > 10000);
	for (size_t i = 0; i < cells.count; i++) {
		const struct cell *cell = &cells.cells[i];
		uint64_t time = cell->time << cells.time_shift;

		assert_true(!i || cell[-1].time <= cell->time);
		assert_true(time + (1ull << cells.time_shift) > begin);
		assert_true(time <= begin + count * step);
		assert_true((uint32_t)cell->y << cells.y_shift < 50000);
		weight += cell->weight;
		early += time < begin + count * step / 4 ? cell->weight : 0;
	}
	assert_int_equal(weight, count);
	/* A quarter of them in the first quarter of the time, but for one step at its end. */
	assert_true(early >= count / 4);
	assert_true(early <= count / 4 + (1ull << cells.time_shift) / step + 1);
	cells_free(&cells);
}

static void latency_codes(void **state)
{
	(void)state;
	assert_int_equal(latency_code(0), 0);
	for (uint64_t ns = 1; ns < 1ull << 40; ns += 1 + ns / 7) {
		double back = exp2((double)(latency_code(ns) - 1) / LATENCY_STEPS);

		assert_true(fabs(back / (double)ns - 1) < 0.011);
	}
}

static void dots_and_kinds(void **state)
{
	struct picture picture;
	struct allocation allocation;

	(void)state;
	assert_int_equal(picture_open(&picture), 0);
	allocation = connect_at(3000, 40000);
	put(&picture, &allocation);
	allocation = connect_at(2000, 40001);
	allocation.second_pass = KNOWN_YES;
	put(&picture, &allocation);
	allocation = connect_at(4000, 40003);
	allocation.second_pass = UNKNOWN;
	put(&picture, &allocation);
	allocation = connect_at(5000, 0);
	allocation.error = EADDRNOTAVAIL;
	put(&picture, &allocation);
	picture_settle(&picture);
	assert_int_equal(picture.origin_ns, 2000);
	assert_int_equal(picture.last_ns, 5000);
	assert_int_equal(picture.dots.count, 4);
	assert_int_equal(picture.dots.items[0].port, 40001);
	assert_int_equal(picture.dots.items[0].kind, DOT_SECOND);
	assert_int_equal(picture.dots.items[1].kind, DOT_FIRST);
	assert_int_equal(picture.dots.items[2].kind, DOT_OTHER);
	assert_int_equal(picture.dots.items[3].kind, DOT_FAILED);
	assert_int_equal(picture.dots.items[3].error, EADDRNOTAVAIL);
	picture_free(&picture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill_levels),	   cmocka_unit_test(range_spans),
		cmocka_unit_test(reuse_intervals), cmocka_unit_test(cells_merged),
		cmocka_unit_test(latency_codes),   cmocka_unit_test(dots_and_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
