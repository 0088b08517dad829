// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "range/import.h"
#include "util/file.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define CORPUS	      "tests/fuzz/corpus/import/"

static const struct {
	const char *file;
	enum import_source source;
	size_t ranges;
	struct port_range first;
	const char *label;
} captures[] = {
	{ "netsh-en.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-en-moved.txt", IMPORT_NETSH, 1, { 1024, 65534 }, "tcp" },
	{ "netsh-ja-utf8.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-ja-utf8bom.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-ja-sjis.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-ja-utf16le.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-ja-utf16be.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-ja-prompt.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "ipv4 tcp" },
	/* Read as 1024 to 13977 by several guides; it ends at 15000. */
	{ "netsh-zh-utf8.txt", IMPORT_NETSH, 1, { 1024, 15000 }, "tcp" },
	{ "netsh-zh-gbk.txt", IMPORT_NETSH, 1, { 1024, 15000 }, "tcp" },
	{ "netsh-tw-big5.txt", IMPORT_NETSH, 1, { 1024, 15000 }, "tcp" },
	{ "netsh-ru-cp866.txt", IMPORT_NETSH, 1, { 61000, 61254 }, "tcp" },
	{ "netsh-fr-utf8.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-fr-cp850.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-de.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-es.txt", IMPORT_NETSH, 1, { 49152, 65535 }, "tcp" },
	{ "netsh-four-tables.txt", IMPORT_NETSH, 4, { 1024, 15000 }, "ipv4 tcp" },
	{ "powershell.txt", IMPORT_POWERSHELL, 2, { 49152, 65535 }, "Internet" },
	{ "powershell-utf16le.txt", IMPORT_POWERSHELL, 2, { 49152, 65535 }, "Internet" },
	{ "powershell.json", IMPORT_POWERSHELL, 1, { 49152, 65509 }, "Datacenter" },
	{ "macos.txt", IMPORT_BSD, 3, { 49152, 65535 }, "" },
	{ "freebsd.txt", IMPORT_BSD, 3, { 10000, 65535 }, "" },
	{ "linux.txt", IMPORT_LINUX, 1, { 32768, 60999 }, "" },
};

static void test_captures_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(captures); i++) {
		struct import import;
		struct reason why = { "" };
		size_t length;
		char *data, path[128];

		snprintf(path, sizeof(path), CORPUS "%s", captures[i].file);
		assert_int_equal(file_read(path, 1 << 20, &data, &length), 0);
		if (import_parse(data, length, &import, &why))
			fail_msg("%s: %s", captures[i].file, why.text);
		assert_int_equal(import.source, captures[i].source);
		assert_int_equal(import.count, captures[i].ranges);
		assert_int_equal(import.items[0].range.low, captures[i].first.low);
		assert_int_equal(import.items[0].range.high, captures[i].first.high);
		assert_string_equal(import.items[0].label, captures[i].label);
		assert_false(import.items[0].other);
		import_free(&import);
		free(data);
	}
}

/* The second number is a count: read as the end, or counted on from, it is off. */
static void test_the_end_is_start_and_count_less_one(void **state)
{
	static const struct {
		const char *text;
		struct port_range range;
	} rows[] = {
		{ "Start Port      : 10000\r\nNumber of Ports : 1000\r\n", { 10000, 10999 } },
		{ "Start Port      : 40000\nNumber of Ports : 1000\n", { 40000, 40999 } },
		{ "Start Port      : 49152\nNumber of Ports : 16383\n", { 49152, 65534 } },
		{ "Start Port      : 1024\nNumber of Ports : 64511\n", { 1024, 65534 } },
		/* Titles that are seen nowhere but in tests; words do not matter. */
		{ "\nプロトコル tcp 動的ポート範囲\n-----\n開始ポート : 49152\nポート数 : 16384\n",
		  { 49152, 65535 } },
		{ "Диапазон динамических портов протокола tcp\nНачальный порт      : 61000\n"
		  "Число портов        : 255\n",
		  { 61000, 61254 } },
		{ "Startport: 49152\nAnzahl von Ports    : 16384\n", { 49152, 65535 } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct import import;
		struct reason why = { "" };

		if (import_parse(rows[i].text, strlen(rows[i].text), &import, &why))
			fail_msg("'%s': %s", rows[i].text, why.text);
		assert_int_equal(import.source, IMPORT_NETSH);
		assert_int_equal(import.items[0].range.low, rows[i].range.low);
		assert_int_equal(import.items[0].range.high, rows[i].range.high);
		import_free(&import);
	}
}

static void test_excluded_ranges_in_words_of_any_language(void **state)
{
	static const char *const texts[] = {
		"プロトコル tcp ポート除外範囲\n\n開始ポート    終了ポート\n----------    --------\n"
		"      5357        5357\n     50000       50059     *\n\n"
		"* - 管理されている除外ポート。\n",
		"\r\nPuerto de inicio    Puerto final\r\n----------    --------\r\n"
		"      5357        5357\r\n     50000       50059     *\r\n\r\n",
	};
	struct port_range all = { 1, 65535 };

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct import import;
		struct reason why = { "" };

		if (import_parse(texts[i], strlen(texts[i]), &import, &why))
			fail_msg("'%s': %s", texts[i], why.text);
		assert_int_equal(import.source, IMPORT_EXCLUDED);
		assert_int_equal(import.excluded_blocks, 2);
		assert_int_equal(port_set_count(&import.excluded, all), 61);
		import_free(&import);
	}
}

static void test_excluded_ranges_are_understood(void **state)
{
	static const struct {
		const char *file;
		unsigned int blocks, ports;
	} rows[] = {
		{ "excluded-en.txt", 3, 161 },
		{ "excluded-de.txt", 2, 101 },
		{ "excluded-zh-gbk.txt", 2, 101 },
		{ "excluded-fr.txt", 2, 2 },
	};
	struct port_range all = { 1, 65535 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct import import;
		struct reason why;
		size_t length;
		char *data, path[128];

		snprintf(path, sizeof(path), CORPUS "%s", rows[i].file);
		assert_int_equal(file_read(path, 1 << 20, &data, &length), 0);
		assert_int_equal(import_parse(data, length, &import, &why), 0);
		assert_int_equal(import.source, IMPORT_EXCLUDED);
		assert_int_equal(import.excluded_blocks, rows[i].blocks);
		assert_int_equal(port_set_count(&import.excluded, all), rows[i].ports);
		import_free(&import);
		free(data);
	}
}

static const struct {
	const char *text, *says;
} refused[] = {
	{ "", "nothing in it" },
	{ "hello\n", "nothing in it" },
	{ "Start Port : 49152\n", "one number" },
	{ "a : 49152\nb : 16384\nc : 5\n", "three numbers" },
	{ "a : 49152\nb : 16384\nc : 5\nd : 6\n", "three numbers" },
	{ "a : 0\nb : 16384\n", "zero" },
	{ "a : 49152\nb : 0\n", "zero" },
	{ "a : 49152\nb : 16385\n", "65536" },
	{ "a : 49152\nb : 65535\n", "114686" },
	{ "a : 49152\nb : -5\n", "no number" },
	{ "a : 49152\nb : 16,384\n", "no number" },
	{ "a : 49152\nb : 16384x\n", "no number" },
	{ "a : 99999999999999999999\nb : 1\n", "above 65535" },
	{ "49152 65535\n", "nothing in it" },
	{ "a\n----------    --------\n   1203\n", "one number" },
	{ "a\n----------    --------\n   1203  1302  7\n", "'7'" },
	{ "a\n----------    --------\n   1302  1203\n", "no range" },
	{ "a\n----------    --------\n   0  80\n", "no range" },
	{ "a\n----------    --------\n   80  65536\n", "no range" },
	{ "a : 49152\nb : 16384\n\n----------    --------\n   80  80\n", "one at a time" },
	{ "DynamicPortRangeStartPort : 49152\n", "cut off" },
	{ "DynamicPortRangeStartPort : \nDynamicPortRangeNumberOfPorts : \n", "no setting" },
	{ "DynamicPortRangeStartPort : 1\nDynamicPortRangeStartPort : 2\n", "twice" },
	{ "DynamicPortRangeStartPort : 0\nDynamicPortRangeNumberOfPorts : 0\n", "zero" },
	{ "[", "none" },
	{ "[1]", "not an object" },
	{ "{}", "no setting" },
	{ "{\"DynamicPortRangeStartPort\":49152}", "cut off" },
	{ "{\"DynamicPortRangeStartPort\":\"49152\",\"DynamicPortRangeNumberOfPorts\":5}",
	  "no number" },
	{ "{\"DynamicPortRangeStartPort\":1.5,\"DynamicPortRangeNumberOfPorts\":5}", "no number" },
	{ "{\"DynamicPortRangeStartPort\":-1,\"DynamicPortRangeNumberOfPorts\":5}", "no number" },
	{ "net.inet.ip.portrange.first: 49152\n", "one is missing" },
	{ "net.inet.ip.portrange.first: 0\nnet.inet.ip.portrange.last: 5\n", "1 to 65535" },
	{ "net.inet.ip.portrange.first: 1\nnet.inet.ip.portrange.last: 65536\n", "1 to 65535" },
	{ "net.inet.ip.portrange.first: 1\nnet.inet.ip.portrange.first: 2\n", "twice" },
	{ "net.ipv4.ip_local_port_range = 49152\n", "no range" },
	{ "net.ipv4.ip_local_port_range = \"1024 65535\"\n", "no range" },
	{ "net.ipv4.ip_local_port_range = 1 2\nnet.ipv4.ip_local_port_range = 3 4\n",
	  "two values" },
	{ "# net.ipv4.ip_local_port_range = 1024 65535\n", "no value" },
};

static void test_what_is_not_clear_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct import import;
		struct reason why = { "" };
		int error = import_parse(refused[i].text, strlen(refused[i].text), &import, &why);

		if (error != -EINVAL || !strstr(why.text, refused[i].says))
			fail_msg("'%s' gives %d, '%s'", refused[i].text, error, why.text);
		import_free(&import);
	}
}

static void test_encodings_that_cannot_be_told_are_refused(void **state)
{
	static const char no_mark[] = "a\0 \0:\0 \0005\0", odd[] = "\xff\xfe"
								   "a\0b";
	struct import import;
	struct reason why;

	(void)state;
	assert_int_equal(import_parse(no_mark, sizeof(no_mark) - 1, &import, &why), -EINVAL);
	assert_non_null(strstr(why.text, "byte order mark"));
	import_free(&import);
	assert_int_equal(import_parse(odd, sizeof(odd) - 1, &import, &why), -EINVAL);
	assert_non_null(strstr(why.text, "odd number"));
	import_free(&import);
}

static void test_bsd_may_count_down(void **state)
{
	static const char text[] =
		"net.inet.ip.portrange.first=5000\nnet.inet.ip.portrange.last=4000\n";
	struct import import;
	struct reason why;

	(void)state;
	assert_int_equal(import_parse(text, strlen(text), &import, &why), 0);
	assert_int_equal(import.items[0].range.low, 4000);
	assert_int_equal(import.items[0].range.high, 5000);
	import_free(&import);
}

static void test_commands_cover_all_four_tables(void **state)
{
	char out[512];

	(void)state;
	import_set_commands(IMPORT_NETSH, (struct port_range){ 49152, 65535 }, out, sizeof(out));
	assert_string_equal(out, "netsh int ipv4 set dynamicport tcp start=49152 num=16384\n"
				 "netsh int ipv4 set dynamicport udp start=49152 num=16384\n"
				 "netsh int ipv6 set dynamicport tcp start=49152 num=16384\n"
				 "netsh int ipv6 set dynamicport udp start=49152 num=16384\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captures_are_understood),
		cmocka_unit_test(test_the_end_is_start_and_count_less_one),
		cmocka_unit_test(test_excluded_ranges_in_words_of_any_language),
		cmocka_unit_test(test_excluded_ranges_are_understood),
		cmocka_unit_test(test_what_is_not_clear_is_refused),
		cmocka_unit_test(test_encodings_that_cannot_be_told_are_refused),
		cmocka_unit_test(test_bsd_may_count_down),
		cmocka_unit_test(test_commands_cover_all_four_tables),
	};

	return cmocka_run_group_tests_name("range_import", tests, NULL, NULL);
}
