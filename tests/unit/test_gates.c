// SPDX-License-Identifier: GPL-2.0-only
/* user/measure/gates.c and figures.c: the grammar, and what holds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "measure/gates.h"

static enum gate_outcome judge(const char *text, const struct figures *figures)
{
	struct gates gates = { 0 };
	struct gate_result result;
	struct reason why;

	assert_int_equal(gates_add(&gates, text, &why), 0);
	result = gate_evaluate(gates.items, figures);
	gates_free(&gates);
	return result.outcome;
}

static void each_operator_holds_where_it_should(void **state)
{
	static const struct {
		const char *operator;
		bool below, equal, above; /* holds for 4, 5, 6 against 5 */
	} table[] = {
		{ ">", false, false, true },  { ">=", false, true, true },
		{ "<", true, false, false },  { "<=", true, true, false },
		{ "==", false, true, false }, { "!=", true, false, true },
	};
	struct figures figures = { 0 };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const bool holds[] = { table[i].below, table[i].equal, table[i].above };

		snprintf(text, sizeof(text), "errors%s5", table[i].operator);
		for (int value = 4; value <= 6; value++) {
			figure_set(&figures, FIGURE_ERRORS, value);
			assert_int_equal(judge(text, &figures),
					 holds[value - 4] ? GATE_FAILED : GATE_PASSED);
		}
	}
}

static void units_are_those_of_the_figure(void **state)
{
	struct figures figures = { 0 };

	(void)state;
	figure_set(&figures, FIGURE_LATENCY_P99, 50000);
	figure_set(&figures, FIGURE_SECOND_PASS_PCT, 40.5);
	figure_set(&figures, FIGURE_KNEE_CROSSED, 1);
	figure_set(&figures, FIGURE_RATE, 999.5);
	assert_int_equal(judge("latency.p(99)==50us", &figures), GATE_FAILED);
	assert_int_equal(judge("latency.p(99)==0.05ms", &figures), GATE_FAILED);
	assert_int_equal(judge("latency.p(99.0)==50000ns", &figures), GATE_FAILED);
	assert_int_equal(judge("latency_p99_ns == 50000", &figures), GATE_FAILED);
	assert_int_equal(judge("latency.p(99)>50us", &figures), GATE_PASSED);
	assert_int_equal(judge("latency.p(99)>0", &figures), GATE_FAILED);
	assert_int_equal(judge(" second_pass_pct >= 40.5 % ", &figures), GATE_FAILED);
	assert_int_equal(judge("second_pass_pct>40.5", &figures), GATE_PASSED);
	assert_int_equal(judge("knee_crossed==true", &figures), GATE_FAILED);
	assert_int_equal(judge("knee_crossed==0", &figures), GATE_PASSED);
	assert_int_equal(judge("rate<1000/s", &figures), GATE_FAILED);
}

static void what_is_no_gate_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {
		"",
		"errors",
		">5",
		"errors>",
		"errors>>5",
		"errors=5",
		"errors=>5",
		"errors>-1",
		"errors>0x10",
		"errors>1e3",
		"errors>5 or more",
		"errors>nan",
		"errors>.5",
		"errors>5.",
		"errors>1.2.3",
		"errors>5%",
		"nothing>5",
		"errors.max>5",
		"latency>5us",
		"latency.>5us",
		"latency.p>5us",
		"latency.p()>5us",
		"latency.p(0)>5us",
		"latency.p(100.1)>5us",
		"latency.p(99.95)>5us",
		"latency.p(99)x>5us",
		"latency.p(99)>5",
		"latency.p(99)>5%",
		"latency.p(99)>5kg",
		"latency.sum>5us",
		"knee_crossed==2",
		"knee_crossed==yes",
		"backend==0",
		"second_pass_pct>40%%",
		"first_failure_errno==EADDRNOTAVAIL",
	};
	struct gates gates = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct reason why = { "" };

		if (gates_add(&gates, bad[i], &why) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_true(strlen(why.text) > 10);
		assert_null(strchr(why.text, '\n'));
		assert_int_equal(gates.count, 0);
	}
	gates_free(&gates);
}

static void nothing_passes_and_unknown_is_unknown(void **state)
{
	struct figures figures = { 0 };

	(void)state;
	assert_int_equal(judge("examined.max>5", &figures), GATE_PASSED);
	figures.at[FIGURE_EXAMINED_MAX].state = FIGURE_UNKNOWN;
	assert_int_equal(judge("examined.max>5", &figures), GATE_UNKNOWN);
	assert_int_equal(judge("examined.p(12.5)>5", &figures), GATE_UNKNOWN);
}

static void percentiles_come_from_the_distribution(void **state)
{
	struct figures figures = { 0 };
	struct hist hist = { 0 };
	struct figure_ref ref;

	(void)state;
	for (uint64_t value = 1; value <= 8; value++)
		hist_add(&hist, value);
	figures.examined = &hist;
	figure_set(&figures, FIGURE_EXAMINED_MAX, 8);
	assert_int_equal(figure_ref_parse("examined.p(12.5)", 16, &ref), 0);
	assert_int_equal((int)figure_ref_value(&ref, &figures).number, 1);
	assert_int_equal(figure_ref_parse("examined.p(75)", 14, &ref), 0);
	assert_int_equal((int)figure_ref_value(&ref, &figures).number, 6);
	/* Read from a file there is none: what is no figure cannot be known. */
	figures.examined = NULL;
	assert_int_equal(figure_ref_value(&ref, &figures).state, FIGURE_UNKNOWN);
}

static void every_figure_has_one_name(void **state)
{
	(void)state;
	for (int id = 0; id < FIGURE_COUNT; id++)
		assert_int_equal(figure_find(figure_specs[id].name), id);
	assert_int_equal(figure_find("latency"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operator_holds_where_it_should),
		cmocka_unit_test(units_are_those_of_the_figure),
		cmocka_unit_test(what_is_no_gate_is_refused_with_a_reason),
		cmocka_unit_test(nothing_passes_and_unknown_is_unknown),
		cmocka_unit_test(percentiles_come_from_the_distribution),
		cmocka_unit_test(every_figure_has_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
