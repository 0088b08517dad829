// SPDX-License-Identifier: GPL-2.0-only
/* user/measure/run.c: the figures of streams whose every record is known. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/run.h"
#include "render/run.h"

#define SECOND 1000000000ull

static struct allocation connect_at(uint64_t start_ns, uint16_t port)
{
	struct allocation allocation = {
		.start_ns = start_ns,
		.latency_ns = 1000,
		.path = PATH_CONNECT,
		.backend = BACKEND_FENTRY,
		.proto = IPPROTO_TCP,
		.family = 4,
		.source = { .known = true, .port = port },
		.dest = { .known = true, .port = 80 },
		.low = 40000,
		.high = 40099,
		.second_pass = KNOWN_NO,
		.tw_reused = KNOWN_NO,
		.examined = 1,
		.task = { .pid = 7, .netns = 1, .comm = "wrk" },
	};

	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", &allocation.source.address), 1);
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.2", &allocation.dest.address), 1);
	return allocation;
}

static struct allocation failure_at(uint64_t start_ns)
{
	struct allocation allocation = connect_at(start_ns, 0);

	allocation.error = EADDRNOTAVAIL;
	allocation.second_pass = KNOWN_YES;
	allocation.examined = 100;
	return allocation;
}

static void feed(struct run_measure *measure, struct allocation allocation)
{
	assert_int_equal(measure->sink.allocation(&measure->sink, &allocation), 0);
}

static double value(const struct figures *figures, enum figure_id id)
{
	assert_int_equal(figures->at[id].state, FIGURE_KNOWN);
	return figures->at[id].number;
}

static void failures_are_the_verdict_and_make_windows(void **state)
{
	struct run_measure measure = run_measure_make();
	char verdict[RUN_VERDICT_LEN];
	struct figures figures;

	(void)state;
	measure.begin_ns = 10 * SECOND;
	measure.end_ns = 20 * SECOND;
	feed(&measure, connect_at(11 * SECOND, 40000));
	/* The second of these two began first: records of two CPUs. */
	feed(&measure, failure_at(12 * SECOND + SECOND / 2));
	feed(&measure, failure_at(12 * SECOND));
	feed(&measure, failure_at(13 * SECOND));
	feed(&measure, failure_at(17 * SECOND));
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_BOTTLENECK) == 1);
	assert_true(value(&figures, FIGURE_FIRST_FAILURE) == 2 * SECOND);
	assert_true(value(&figures, FIGURE_ERRORS) == 4);
	assert_true(value(&figures, FIGURE_EADDRNOTAVAIL) == 4);
	assert_true(value(&figures, FIGURE_WINDOWS) == 2);
	assert_true(value(&figures, FIGURE_WINDOWS_NS) == 1 * SECOND + 2 * 1000);
	assert_true(value(&figures, FIGURE_RATE) == 0.5);
	assert_true(value(&figures, FIGURE_PEAK_USED_PCT) == 100);
	assert_int_equal(figures.at[FIGURE_PEAK_USED_PCT].bound, BOUND_EXACT);
	/* Of how many ports, nobody looked. */
	assert_int_equal(figures.at[FIGURE_PEAK_USED].state, FIGURE_UNKNOWN);
	assert_int_equal(figures.at[FIGURE_TIME_WAIT].state, FIGURE_UNKNOWN);
	run_format_verdict(verdict, &figures);
	assert_string_equal(verdict, "source ports were the bottleneck: EADDRNOTAVAIL first after "
				     "2.00 s, 10.0.0.1 to 10.0.0.2:80");
	run_measure_free(&measure);
}

static void ports_are_counted_once_for_each_namespace_and_protocol(void **state)
{
	struct run_measure measure = run_measure_make();
	struct allocation other = connect_at(5 * SECOND, 40001);
	struct figures figures;

	(void)state;
	feed(&measure, connect_at(1 * SECOND, 40001));
	feed(&measure, connect_at(2 * SECOND, 40002));
	feed(&measure, connect_at(4 * SECOND, 40001));
	other.task.netns = 2;
	feed(&measure, other);
	other.proto = IPPROTO_UDP;
	feed(&measure, other);
	feed(&measure, connect_at(6 * SECOND, 40001));
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_PORTS_DISTINCT) == 4);
	assert_true(value(&figures, FIGURE_PORTS_REUSED) == 2);
	assert_true(value(&figures, FIGURE_REUSE_MIN) == 2 * SECOND);
	assert_true(value(&figures, FIGURE_TUPLES) == 3);
	assert_true(value(&figures, FIGURE_BOTTLENECK) == 0);
	run_measure_free(&measure);
}

static void a_loss_leaves_the_verdict_open_unless_a_failure_was_seen(void **state)
{
	struct run_measure measure = run_measure_make();
	struct loss loss = { .count = 3, .cause = "ring_full" };
	char verdict[RUN_VERDICT_LEN];
	struct figures figures;

	(void)state;
	feed(&measure, connect_at(SECOND, 40000));
	assert_int_equal(measure.sink.loss(&measure.sink, &loss), 0);
	run_measure_figures(&measure, 0, &figures);
	assert_int_equal(figures.at[FIGURE_BOTTLENECK].state, FIGURE_UNKNOWN);
	assert_true(value(&figures, FIGURE_LOST) == 3);
	run_format_verdict(verdict, &figures);
	assert_non_null(strstr(verdict, "is not known"));
	feed(&measure, failure_at(2 * SECOND));
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_BOTTLENECK) == 1);
	run_measure_free(&measure);
}

static void the_second_pass_is_the_knee(void **state)
{
	struct run_measure measure = run_measure_make();
	struct allocation second = connect_at(3 * SECOND, 40001);
	struct figures figures;

	(void)state;
	measure.begin_ns = SECOND;
	feed(&measure, connect_at(2 * SECOND, 40000));
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_KNEE_CROSSED) == 0);
	assert_int_equal(figures.at[FIGURE_KNEE_CROSSED_NS].state, FIGURE_NONE);
	assert_int_equal(figures.at[FIGURE_PEAK_USED].state, FIGURE_UNKNOWN);
	second.second_pass = KNOWN_YES;
	feed(&measure, second);
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_KNEE_CROSSED) == 1);
	assert_true(value(&figures, FIGURE_KNEE_CROSSED_NS) == 2 * SECOND);
	assert_true(value(&figures, FIGURE_KNEE) == 50);
	assert_true(value(&figures, FIGURE_SECOND_PASS_PCT) == 50);
	run_measure_free(&measure);
}

static void looks_give_the_peak_and_what_waits(void **state)
{
	struct run_measure measure = run_measure_make();
	struct allocation allocation = connect_at(SECOND, 40000);
	struct run_socket socket = { .sport = 40000 };
	static struct port_set blocked;
	struct figures figures;

	(void)state;
	feed(&measure, allocation);
	socket.tuple = run_tuple_make(&allocation);
	port_set_add(&blocked, (struct port_range){ 40090, 41000 });
	for (int look = 0; look < 2; look++) {
		run_look_begin(&measure);
		run_look_netns(&measure, 1, &blocked);
		for (int i = 0; i < (look ? 20 : 30); i++) {
			socket.sport = (uint16_t)(40000 + i);
			socket.time_wait = i % 3 == 0;
			socket.clean_ns = socket.time_wait ? (uint64_t)i * SECOND : 0;
			run_look_socket(&measure, &socket);
		}
		/* Outside of the range, and of another destination. */
		socket.sport = 50000;
		run_look_socket(&measure, &socket);
		socket.sport = 40050;
		socket.tuple.dport++;
		run_look_socket(&measure, &socket);
		socket.tuple.dport--;
		run_look_end(&measure, true);
	}
	run_measure_figures(&measure, 300, &figures);
	assert_true(value(&figures, FIGURE_USABLE) == 90);
	assert_true(value(&figures, FIGURE_PEAK_USED) == 30);
	assert_int_equal(figures.at[FIGURE_PEAK_USED].bound, BOUND_AT_LEAST);
	assert_true(value(&figures, FIGURE_PEAK_OPEN) == 20);
	assert_true(value(&figures, FIGURE_TIME_WAIT) == 7);
	assert_true(value(&figures, FIGURE_TIME_WAIT_NS) == 18 * SECOND);
	assert_true(value(&figures, FIGURE_REQUESTS_PER_PORT) == 300);
	run_measure_free(&measure);
}

static void changes_count_where_the_run_allocates(void **state)
{
	struct run_measure measure = run_measure_make();
	struct range_change here = { .task.netns = 1 }, elsewhere = { .task.netns = 2 };
	struct figures figures;

	(void)state;
	/* Before the first allocation as well. */
	measure.sink.range_change(&measure.sink, &here);
	measure.sink.range_change(&measure.sink, &elsewhere);
	feed(&measure, connect_at(SECOND, 40000));
	measure.sink.range_change(&measure.sink, &here);
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_RANGE_CHANGES) == 2);
	run_measure_free(&measure);
}

static void many_tuples_and_the_busiest(void **state)
{
	struct run_measure measure = run_measure_make();
	struct run_top_tuple top[3];
	struct run_top_comm comms[3];

	(void)state;
	for (uint32_t i = 1; i <= 3000; i++) {
		struct allocation allocation = connect_at(i * 1000, (uint16_t)(40000 + i % 100));

		allocation.dest.port = (uint16_t)i;
		for (uint32_t times = i == 17 ? 3 : 1; times; times--)
			feed(&measure, allocation);
		if (i == 1234) {
			allocation.error = EADDRNOTAVAIL;
			feed(&measure, allocation);
		}
	}
	assert_int_equal(measure.tuples.count, 3000);
	assert_int_equal(run_measure_top_tuples(&measure, top, 3), 3);
	assert_int_equal(top[0].tuple->dport, 1234);
	assert_int_equal(top[0].tally->failed, 1);
	assert_int_equal(top[1].tuple->dport, 17);
	assert_int_equal(top[1].tally->allocations, 3);
	assert_int_equal(run_measure_top_comms(&measure, comms, 3), 1);
	assert_int_equal(comms[0].tally->allocations, 3003);
	run_measure_free(&measure);
}

static void nothing_at_all_is_no_bottleneck(void **state)
{
	struct run_measure measure = run_measure_make();
	char verdict[RUN_VERDICT_LEN];
	struct figures figures;

	(void)state;
	run_measure_figures(&measure, 0, &figures);
	assert_true(value(&figures, FIGURE_BOTTLENECK) == 0);
	assert_int_equal(figures.at[FIGURE_LATENCY_MAX].state, FIGURE_NONE);
	assert_int_equal(figures.at[FIGURE_PEAK_USED].state, FIGURE_NONE);
	run_format_verdict(verdict, &figures);
	assert_string_equal(verdict, "source ports were not the bottleneck: none was asked for");
	run_measure_free(&measure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_the_verdict_and_make_windows),
		cmocka_unit_test(ports_are_counted_once_for_each_namespace_and_protocol),
		cmocka_unit_test(a_loss_leaves_the_verdict_open_unless_a_failure_was_seen),
		cmocka_unit_test(the_second_pass_is_the_knee),
		cmocka_unit_test(looks_give_the_peak_and_what_waits),
		cmocka_unit_test(changes_count_where_the_run_allocates),
		cmocka_unit_test(many_tuples_and_the_busiest),
		cmocka_unit_test(nothing_at_all_is_no_bottleneck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
