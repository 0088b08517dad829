// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "measure/traffic_verdict.h"

enum { NETNS = 4026532000u };

static const struct port_range expected = { 50000, 50099 };

static int take(struct traffic *traffic, uint64_t time, uint16_t port, uint16_t low, uint16_t high)
{
	struct allocation allocation = {
		.start_ns = time,
		.path = PATH_BIND,
		.proto = IPPROTO_TCP,
		.family = 4,
		.source.port = port,
		.low = low,
		.high = high,
		.task = { .pid = 7, .netns = NETNS, .comm = "taker" },
	};

	return traffic->sink.allocation(&traffic->sink, &allocation);
}

static void change(struct traffic *traffic, uint64_t time, uint16_t old, uint16_t new)
{
	struct range_change change = {
		.mono_ns = time,
		.old_low = old,
		.old_high = old + 99,
		.new_low = new,
		.new_high = new + 99,
		.task = { .pid = 8, .netns = NETNS, .comm = "changer" },
	};

	assert_int_equal(traffic->sink.range_change(&traffic->sink, &change), 0);
}

/* The outcome of the check "traffic", and how many are outside without a reason. */
static enum verify_outcome judge(struct traffic *traffic, int64_t unexcused)
{
	struct verify_report report = { 0 };
	enum verify_outcome outcome = VERIFY_SKIP;

	assert_int_equal(traffic_verdict(&report, traffic, NETNS, "here"), 0);
	for (size_t i = 0; i < report.count; i++) {
		if (strcmp(report.items[i].check, "traffic") != 0)
			continue;
		outcome = report.items[i].outcome;
		assert_int_equal(report.items[i].count, unexcused);
	}
	verify_free(&report);
	traffic_free(traffic);
	return outcome;
}

static void test_inside_is_ok_and_nothing_is_no_proof(void **state)
{
	struct traffic traffic = traffic_make(expected);

	(void)state;
	assert_int_equal(take(&traffic, 1, 50000, 50000, 50099), 0);
	assert_int_equal(take(&traffic, 2, 50099, 50000, 50099), 0);
	assert_int_equal(judge(&traffic, 0), VERIFY_OK);
	traffic = traffic_make(expected);
	assert_int_equal(judge(&traffic, 0), VERIFY_NOTE);
}

static void test_a_change_excuses_only_what_came_before(void **state)
{
	struct traffic traffic = traffic_make(expected);

	(void)state;
	take(&traffic, 1, 40000, 40000, 40099);
	change(&traffic, 2, 40000, 50000);
	take(&traffic, 3, 50000, 50000, 50099);
	assert_int_equal(judge(&traffic, 0), VERIFY_OK);

	/* The number of the namespace went to another one, with a range of its own. */
	traffic = traffic_make(expected);
	change(&traffic, 2, 40000, 50000);
	take(&traffic, 3, 50000, 50000, 50099);
	take(&traffic, 4, 40000, 40000, 40099);
	assert_int_equal(judge(&traffic, 1), VERIFY_FAIL);

	/* A write of the same value is no change. */
	traffic = traffic_make(expected);
	take(&traffic, 1, 40000, 40000, 40099);
	change(&traffic, 2, 40000, 40000);
	assert_int_equal(judge(&traffic, 1), VERIFY_FAIL);

	/* To another wrong one, and no further. */
	traffic = traffic_make(expected);
	take(&traffic, 1, 40000, 40000, 40099);
	change(&traffic, 2, 40000, 41000);
	take(&traffic, 3, 41000, 41000, 41099);
	assert_int_equal(judge(&traffic, 1), VERIFY_FAIL);
}

static void test_all_excused_is_no_proof(void **state)
{
	struct traffic traffic = traffic_make(expected);

	(void)state;
	take(&traffic, 1, 40000, 40000, 40099);
	change(&traffic, 2, 40000, 50000);
	assert_int_equal(judge(&traffic, 0), VERIFY_NOTE);
}

static void test_too_many_ranges_excuse_nothing(void **state)
{
	struct traffic traffic = traffic_make(expected);

	(void)state;
	for (uint16_t i = 0; i <= TRAFFIC_GROUPS; i++) {
		take(&traffic, 2u * i, 30000 + 100 * i, 30000 + 100 * i, 30099 + 100 * i);
		change(&traffic, 2u * i + 1, 30000 + 100 * i, 30100 + 100 * i);
	}
	/* The last two share a place, and nothing is known of both. */
	assert_int_equal(judge(&traffic, 2), VERIFY_FAIL);
}

static void test_other_namespaces_are_counted_alone(void **state)
{
	static const uint32_t selected[] = { NETNS + 1 };
	struct traffic traffic = traffic_make(expected);

	(void)state;
	traffic.selected = selected;
	traffic.selected_count = 1;
	take(&traffic, 1, 40000, 40000, 40099);
	assert_int_equal(traffic.elsewhere, 1);
	assert_int_equal(traffic.made, 0);
	assert_int_equal(judge(&traffic, 0), VERIFY_NOTE);
}

static void test_enough_ends_it(void **state)
{
	struct traffic traffic = traffic_make(expected);

	(void)state;
	traffic.wanted = 2;
	assert_int_equal(take(&traffic, 1, 50000, 50000, 50099), 0);
	assert_int_equal(take(&traffic, 2, 50001, 50000, 50099), -ECANCELED);
	traffic_free(&traffic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside_is_ok_and_nothing_is_no_proof),
		cmocka_unit_test(test_a_change_excuses_only_what_came_before),
		cmocka_unit_test(test_all_excused_is_no_proof),
		cmocka_unit_test(test_too_many_ranges_excuse_nothing),
		cmocka_unit_test(test_other_namespaces_are_counted_alone),
		cmocka_unit_test(test_enough_ends_it),
	};

	return cmocka_run_group_tests_name("traffic", tests, NULL, NULL);
}
