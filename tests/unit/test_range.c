// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "range/range.h"
#include "range/sysctl.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_count_knee_and_parity(void **state)
{
	/* Ranges that systems ship and guides recommend, with what each comes to. */
	static const struct {
		struct port_range range;
		unsigned int count, knee;
		bool same;
	} rows[] = {
		{ { 32768, 60999 }, 28232, 14116, false }, /* Linux since 4.2 */
		{ { 32768, 61000 }, 28233, 14117, true },  /* Linux before */
		{ { 49152, 65535 }, 16384, 8192, false },  /* IANA, Windows, macOS */
		{ { 49152, 60999 }, 11848, 5924, false },
		{ { 1024, 65535 }, 64512, 32256, false },
		{ { 1025, 65535 }, 64511, 32256, true },
		{ { 10000, 65535 }, 55536, 27768, false }, /* FreeBSD */
		{ { 16384, 65000 }, 48617, 24309, true },  /* k6's documentation */
		{ { 15000, 65000 }, 50001, 25001, true },
		{ { 32000, 60000 }, 28001, 14001, true }, /* AKS's documentation */
		{ { 1024, 15000 }, 13977, 6989, true },	  /* Windows after Hyper-V */
		{ { 60000, 60000 }, 1, 1, true },
		{ { 1, 65535 }, 65535, 32768, true },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(range_count(rows[i].range), rows[i].count);
		assert_int_equal(range_knee(rows[i].range), rows[i].knee);
		assert_int_equal(range_same_parity(rows[i].range), rows[i].same);
	}
}

static void test_parse_takes_three_notations(void **state)
{
	static const char *const right[] = {
		"49152-65535",		 "49152 65535",
		"49152\t65535\n",	 "  49152   65535  ",
		"start=49152 num=16384", "num=16384 start=49152",
		"START=49152 Num=16384", "start=49152\tnum=16384 ",
	};
	struct port_range range;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < LENGTH(right); i++) {
		assert_int_equal(range_parse(right[i], &range, &why), 0);
		assert_int_equal(range.low, 49152);
		assert_int_equal(range.high, 65535);
	}
}

static void test_parse_refuses_with_a_reason(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "", "use 49152-65535" },
		{ "49152", "one number" },
		{ "49152-", "use 49152-65535" },
		{ "-49152 65535", "use 49152-65535" },
		{ "49152 65535 1", "something follows" },
		{ "49152,65535", "use 49152-65535" },
		{ "\"1024 65535\"", "quotes" },
		{ "0 65535", "port 0" },
		{ "5000 4000", "4000 is below" },
		{ "49152 65536", "above 65535" },
		{ "49152-99999999999999999999", "above 65535" },
		{ "0x8000 60999", "use 49152-65535" },
		{ "start=49152", "go together" },
		{ "start=49152 num=0", "no port" },
		{ "start=49152 num=16385", "ends at 65536" },
		{ "start=0 num=5", "port 0" },
		{ "start=1 start=2", "use 49152-65535" },
		{ "start=49152num=5", "use 49152-65535" },
		{ "begin=1 num=5", "use 49152-65535" },
		{ "49152 - 65535", "use 49152-65535" },
	};
	struct port_range range;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		assert_int_equal(range_parse(wrong[i].text, &range, &why), -EINVAL);
		if (!strstr(why.text, wrong[i].says))
			fail_msg("'%s' is refused with '%s'", wrong[i].text, why.text);
	}
}

static void test_format_is_what_parse_takes(void **state)
{
	static const char *const texts[] = { "1024-15000", "1024 15000", "start=1024 num=13977" };
	struct port_range range = { 1024, 15000 }, back;
	char text[RANGE_TEXT_LEN];
	struct reason why;

	(void)state;
	for (int style = RANGE_PLAIN; style <= RANGE_NETSH; style++) {
		range_format(text, range, (enum range_style)style);
		assert_string_equal(text, texts[style]);
		assert_int_equal(range_parse(text, &back, &why), 0);
		assert_true(range_equal(back, range));
	}
}

static void test_overlap(void **state)
{
	struct port_range both;

	(void)state;
	assert_true(range_overlap((struct port_range){ 32000, 60000 },
				  (struct port_range){ 30000, 32767 }, &both));
	assert_int_equal(range_count(both), 768);
	assert_false(range_overlap((struct port_range){ 32768, 60999 },
				   (struct port_range){ 30000, 32767 }, &both));
	assert_true(
		range_overlap((struct port_range){ 1, 10 }, (struct port_range){ 10, 20 }, &both));
	assert_int_equal(both.low, 10);
	assert_int_equal(both.high, 10);
}

static void test_port_set_reads_the_kernels_lists(void **state)
{
	static const char *const wrong[] = { "x", "1,", "1-", "5-3", "65536", "1,,2", "1 2", ",1" };
	struct port_range all = { 1, 65535 };
	struct port_set set;
	char text[64];

	(void)state;
	assert_int_equal(port_set_parse("1,2-4,10-10\n", &set), 0);
	assert_int_equal(port_set_count(&set, all), 5);
	assert_true(port_set_has(&set, 4));
	assert_false(port_set_has(&set, 5));
	assert_false(port_set_has(&set, 70000));
	port_set_format(text, sizeof(text), &set, all);
	assert_string_equal(text, "1-4,10");
	port_set_format(text, sizeof(text), &set, (struct port_range){ 3, 9 });
	assert_string_equal(text, "3-4");
	assert_int_equal(port_set_parse("\n", &set), 0);
	assert_int_equal(port_set_count(&set, all), 0);
	port_set_format(text, sizeof(text), &set, all);
	assert_string_equal(text, "");
	for (size_t i = 0; i < LENGTH(wrong); i++)
		assert_int_equal(port_set_parse(wrong[i], &set), -EINVAL);
}

static void test_port_set_is_cut_where_it_is_too_long(void **state)
{
	struct port_set set = { 0 };
	char text[24];

	(void)state;
	for (uint16_t port = 1001; port < 2000; port += 2)
		port_set_add(&set, (struct port_range){ port, port });
	port_set_format(text, sizeof(text), &set, (struct port_range){ 1, 65535 });
	assert_string_equal(text, "1001,1003,1005,1007,...");
}

/* Each row was written to /proc/sys of a 6.18 over 32768-60999; low 0: EINVAL. */
static void test_kernel_takes_more_than_meets_the_eye(void **state)
{
	static const struct {
		const char *value;
		struct port_range then;
	} rows[] = {
		{ "50000\n", { 50000, 60999 } },
		{ "31000", { 31000, 60999 } },
		{ "50000 50001 7\n", { 50000, 50001 } },
		{ "0x8000 60999", { 32768, 60999 } },
		{ "040000 60999", { 16384, 60999 } },
		{ "40000 50001 # x", { 40000, 50001 } },
		{ "40000 50001 \"", { 40000, 50001 } },
		{ " 40000  50001 ", { 40000, 50001 } },
		{ "40000\t50001\n", { 40000, 50001 } },
		{ "1024 65535", { 1024, 65535 } },
		{ "50000 50000", { 50000, 50000 } },
		{ "049152 65535", { 0, 0 } },
		{ "40000,50000", { 0, 0 } },
		{ "\"40000 50001\"", { 0, 0 } },
		{ "", { 0, 0 } },
		{ "\n", { 0, 0 } },
		{ " ", { 0, 0 } },
		{ "+40000 50001", { 0, 0 } },
		{ "-1 50000", { 0, 0 } },
		{ "40000 50001x", { 0, 0 } },
		{ "40000-50001", { 0, 0 } },
		{ "1000 65535", { 0, 0 } },
		{ "0 65535", { 0, 0 } },
		{ "65535", { 0, 0 } },
		{ "61000", { 0, 0 } },
		{ "40000 65536", { 0, 0 } },
		{ "5000 4000", { 0, 0 } },
		{ "40000 50001\r\n", { 0, 0 } },
	};
	struct port_range now = { RANGE_DEFAULT_LOW, RANGE_DEFAULT_HIGH }, then;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int error = sysctl_range_would(rows[i].value, now, 1024, &then, &why);

		if (!rows[i].then.low ? error != -EINVAL :
					error || !range_equal(then, rows[i].then))
			fail_msg("'%s': %d, %u-%u", rows[i].value, error, then.low, then.high);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_knee_and_parity),
		cmocka_unit_test(test_parse_takes_three_notations),
		cmocka_unit_test(test_parse_refuses_with_a_reason),
		cmocka_unit_test(test_format_is_what_parse_takes),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_port_set_reads_the_kernels_lists),
		cmocka_unit_test(test_port_set_is_cut_where_it_is_too_long),
		cmocka_unit_test(test_kernel_takes_more_than_meets_the_eye),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
