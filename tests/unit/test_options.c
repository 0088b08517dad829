// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/options.h"

static void test_duration_takes_its_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} right[] = {
		{ "1ns", 1 },	       { "20us", 20000 },	{ "500ms", 500000000 },
		{ "3s", 3000000000u }, { "2m", 120000000000u }, { "1.5s", 1500000000u },
	};
	static const char *const wrong[] = { "",   "3",	  "s",	 "-1s", "+1s",	"0x10s",
					     "3h", "1 s", "1ss", "inf", "nans", "1e99s" };
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		assert_int_equal(duration_parse(right[i].text, &ns), 0);
		assert_int_equal(ns, right[i].ns);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(duration_parse(wrong[i], &ns), -EINVAL);
}

static void test_uint_has_no_sign_or_space(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(uint_parse("65535", 65535, &value), 0);
	assert_int_equal(value, 65535);
	assert_int_equal(uint_parse("65536", 65535, &value), -EINVAL);
	assert_int_equal(uint_parse("-1", 65535, &value), -EINVAL);
	assert_int_equal(uint_parse(" 1", 65535, &value), -EINVAL);
	assert_int_equal(uint_parse("1x", 65535, &value), -EINVAL);
	assert_int_equal(uint_parse("", 65535, &value), -EINVAL);
	assert_int_equal(uint_parse("99999999999999999999", UINT64_MAX, &value), -EINVAL);
}

static void test_size_takes_its_units(void **state)
{
	static const struct option_spec spec = { .name = "buffer", .min = 4096, .max = 1u << 30 };
	uint64_t bytes;
	char why[160];

	(void)state;
	assert_int_equal(parse_size(&spec, "4096", &bytes, why, sizeof(why)), 0);
	assert_int_equal(bytes, 4096);
	assert_int_equal(parse_size(&spec, "8M", &bytes, why, sizeof(why)), 0);
	assert_int_equal(bytes, 8u << 20);
	assert_int_equal(parse_size(&spec, "1G", &bytes, why, sizeof(why)), 0);
	assert_int_equal(parse_size(&spec, "2G", &bytes, why, sizeof(why)), -EINVAL);
	assert_int_equal(parse_size(&spec, "1", &bytes, why, sizeof(why)), -EINVAL);
	assert_int_equal(parse_size(&spec, "8MM", &bytes, why, sizeof(why)), -EINVAL);
	assert_int_equal(parse_size(&spec, "M", &bytes, why, sizeof(why)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration_takes_its_units),
		cmocka_unit_test(test_uint_has_no_sign_or_space),
		cmocka_unit_test(test_size_takes_its_units),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
