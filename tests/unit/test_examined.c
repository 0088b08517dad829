// SPDX-License-Identifier: GPL-2.0-only
/* The kernel side's short form of the search model against the whole one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "examined.h"
#include "search/search.h"

enum { CASES = 20000 };

static uint32_t draw32(void)
{
	return (uint32_t)lrand48() << 8 ^ (uint32_t)lrand48();
}

static struct search_range range_draw(void)
{
	uint32_t low = 1 + draw32() % 65535, span = 1 + draw32() % (draw32() % 2 ? 8 : 30000);
	uint32_t high = low + span - 1 > 65535 ? 65535 : low + span - 1;

	return (struct search_range){ (uint16_t)low, (uint16_t)high, draw32() % 4 == 0 };
}

static void test_connect_agrees(void **state)
{
	unsigned int known = 0, both = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct search_range range = range_draw();
		enum connect_start start =
			draw32() % 2 ? CONNECT_START_TABLE64 : CONNECT_START_TABLE32;
		uint16_t port = (uint16_t)(range.low + draw32() % (range.high + 1u - range.low));
		uint32_t entry = draw32();
		struct event_search search = {
			.port_offset = start == CONNECT_START_TABLE64 ?
					       (uint64_t)draw32() << 32 | draw32() :
					       draw32(),
			.perturb_entry = entry,
			.flags = SEARCH_PERTURB,
		};
		struct search_connect connect = {
			.range = range,
			.start = start == CONNECT_START_TABLE64 ? SEARCH_START_TABLE64 :
								  SEARCH_START_TABLE32,
			.end = SEARCH_FOUND,
			.port = port,
			.contention = SEARCH_CONTENTION_ALONE,
			.port_offset = search.port_offset,
			.perturb_known = true,
			.perturb_entry = entry,
		};
		uint32_t step = range.local ? 1 : 2, gain = draw32() % 70000;
		struct search_result result;
		int32_t examined;

		/* What the kernel adds: the distance and a step; most of the time one that fits. */
		for (uint32_t distance = 0; i % 8 && distance < 70000; distance += step) {
			connect.perturb_exit = entry + distance + step;
			if (search_connect_examined(&connect).confidence != SEARCH_EXACT)
				continue;
			gain = distance + step;
			break;
		}
		search.perturb_exit = connect.perturb_exit = entry + gain;
		result = search_connect_examined(&connect);
		examined = search_examined(&search, PATH_CONNECT, start, range.low, range.high,
					   range.local, port, 0);
		if (examined != EXAMINED_UNKNOWN && result.confidence == SEARCH_EXACT) {
			assert_int_equal(examined, result.examined);
			both++;
		}
		known += result.confidence == SEARCH_EXACT;
	}
	assert_true(both > CASES / 4);
	assert_true(both >= known / 10 * 9);
}

static void test_failure_agrees(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct search_range range = range_draw();
		struct event_search search = { 0 };
		struct search_connect connect = { .range = range, .end = SEARCH_EXHAUSTED };
		struct search_result result = search_connect_examined(&connect);

		assert_int_equal(result.confidence, SEARCH_EXACT);
		assert_int_equal(search_examined(&search, PATH_CONNECT, CONNECT_START_TABLE64,
						 range.low, range.high, range.local, 0,
						 EADDRNOTAVAIL),
				 result.examined);
	}
}

static void test_bind_counts_conflicts(void **state)
{
	struct event_search search = { .refused = 7 };

	(void)state;
	assert_int_equal(search_examined(&search, PATH_BIND, CONNECT_START_UNKNOWN, 40000, 40099,
					 false, 40001, 0),
			 8);
	assert_int_equal(search_examined(&search, PATH_LISTEN, CONNECT_START_UNKNOWN, 40000, 40006,
					 false, 0, EADDRINUSE),
			 7);
}

static void test_doubt_is_unknown(void **state)
{
	struct event_search search = { .perturb_entry = 5,
				       .perturb_exit = 7,
				       .flags = SEARCH_PERTURB };
	const struct event_search sure = search;
	const struct {
		uint8_t flags;
		uint32_t entry;
		uint16_t step_width;
	} doubts[] = {
		{ 0, 5, 0 },
		{ SEARCH_PERTURB | SEARCH_RIVALS, 5, 0 },
		{ SEARCH_PERTURB | SEARCH_SETTINGS_CHANGED, 5, 0 },
		{ SEARCH_PERTURB, 0, 0 },
		{ SEARCH_PERTURB, 5, 50 },
	};

	(void)state;
	/* Offset 5 of 100, cleared to 4: the first candidate is 40004. */
	assert_int_equal(search_examined(&sure, PATH_CONNECT, CONNECT_START_TABLE32, 40000, 40099,
					 false, 40004, 0),
			 1);
	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		search = sure;
		search.flags = doubts[i].flags;
		search.perturb_entry = doubts[i].entry;
		search.step_width = doubts[i].step_width;
		assert_int_equal(search_examined(&search, PATH_CONNECT, CONNECT_START_TABLE32,
						 40000, 40099, false, 40004, 0),
				 EXAMINED_UNKNOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect_agrees),
		cmocka_unit_test(test_failure_agrees),
		cmocka_unit_test(test_bind_counts_conflicts),
		cmocka_unit_test(test_doubt_is_unknown),
	};

	srand48(20260131);
	return cmocka_run_group_tests_name("examined", tests, NULL, NULL);
}
