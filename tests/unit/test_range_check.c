// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "range/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct place {
	struct range_settings settings;
	struct held_socket sockets[8];
	struct socket_list list;
	struct socket_owner owner;
	struct owner_list owners;
	struct check_input input;
};

static struct place *place_make(uint16_t low, uint16_t high)
{
	static struct place place;

	place = (struct place){ .settings = { .range = { 32768, 60999 },
					      .unprivileged_start = 1024,
					      .step_width = -1,
					      .tw_reuse = 2,
					      .tw_reuse_delay_ms = 1000 } };
	place.list.items = place.sockets;
	place.owners = (struct owner_list){ &place.owner, 1 };
	place.input = (struct check_input){ .range = { low, high },
					    .settings = &place.settings,
					    .sockets = &place.list,
					    .owners = &place.owners,
					    .nodeport = { NODEPORT_LOW, NODEPORT_HIGH } };
	return &place;
}

static void place_hold(struct place *place, uint8_t proto, uint8_t state, uint16_t sport,
		       uint16_t dport, uint32_t inode)
{
	place->sockets[place->list.count++] = (struct held_socket){
		.proto = proto,
		.family = AF_INET,
		.state = state,
		.sport = sport,
		.dport = dport,
		.inode = inode,
	};
}

/* The warnings and refusals, "parity nodeport:768", in the order found. */
static const char *warnings(const struct check_input *input)
{
	static char text[512];
	struct check_report report;

	text[0] = '\0';
	assert_int_equal(check_run(input, &report), 0);
	for (size_t i = 0; i < report.count; i++) {
		size_t used = strlen(text);

		if (report.items[i].level >= CHECK_WARN)
			snprintf(text + used, sizeof(text) - used, "%s%s:%lu", used ? " " : "",
				 report.items[i].code, report.items[i].count);
	}
	check_free(&report);
	return text;
}

static void test_ranges_that_guides_recommend(void **state)
{
	static const struct {
		struct port_range range;
		const char *warnings;
	} rows[] = {
		{ { 32768, 60999 }, "" },
		{ { 49152, 65535 }, "" },
		{ { 40000, 40099 }, "" },
		{ { 32000, 60000 }, "parity:1 nodeport:768" },
		{ { 16384, 65000 }, "parity:1 nodeport:2768" },
		{ { 15000, 65000 }, "parity:1 nodeport:2768" },
		{ { 1024, 65535 }, "nodeport:2768" },
		{ { 1025, 65535 }, "parity:1 nodeport:2768" },
		{ { 32768, 61000 }, "parity:1" },
		{ { 1000, 1023 }, "refused:24" },
		{ { 60000, 60000 }, "single:1" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct place *place = place_make(rows[i].range.low, rows[i].range.high);

		assert_string_equal(warnings(&place->input), rows[i].warnings);
	}
}

static void test_reserved_ports_are_no_overlap(void **state)
{
	struct place *place = place_make(32000, 60999);

	(void)state;
	port_set_add(&place->settings.reserved, (struct port_range){ 32000, 32699 });
	assert_string_equal(warnings(&place->input), "nodeport:68");
	port_set_add(&place->settings.reserved, (struct port_range){ 32700, 32767 });
	assert_string_equal(warnings(&place->input), "");
	place = place_make(40000, 40099);
	port_set_add(&place->settings.reserved, (struct port_range){ 40000, 40049 });
	assert_string_equal(warnings(&place->input), "");
	port_set_add(&place->settings.reserved, (struct port_range){ 40050, 40050 });
	assert_string_equal(warnings(&place->input), "reserved:51");
}

static void test_other_nodeport_range(void **state)
{
	struct place *place = place_make(32000, 60999);

	(void)state;
	place->input.nodeport = (struct port_range){ 20000, 22767 };
	assert_string_equal(warnings(&place->input), "");
}

static void test_listener_names_the_process(void **state)
{
	struct place *place = place_make(1024, 29999);
	struct check_report report;
	bool found = false;

	(void)state;
	place->owner = (struct socket_owner){ .inode = 77, .pid = 4211, .comm = "nginx" };
	place_hold(place, IPPROTO_TCP, TCP_LISTEN, 8080, 0, 77);
	place_hold(place, IPPROTO_TCP, TCP_LISTEN, 8080, 0, 78); /* IPv6 of the same port */
	place_hold(place, IPPROTO_TCP, TCP_LISTEN, 80, 0, 79);	 /* outside */
	place_hold(place, IPPROTO_TCP, TCP_ESTABLISHED, 8080, 40000, 80); /* accepted */
	place_hold(place, IPPROTO_UDP, TCP_CLOSE, 5353, 0, 81);
	assert_string_equal(warnings(&place->input), "listener:8080 listener:5353");
	assert_int_equal(check_run(&place->input, &report), 0);
	for (size_t i = 0; i < report.count; i++) {
		if (strcmp(report.items[i].code, "listener") || report.items[i].count != 8080)
			continue;
		found = true;
		assert_int_equal(report.items[i].pid, 4211);
		assert_non_null(strstr(report.items[i].text, "nginx, pid 4211"));
	}
	assert_true(found);
	check_free(&report);
	port_set_add(&place->settings.reserved, (struct port_range){ 8080, 8080 });
	assert_string_equal(warnings(&place->input), "listener:5353");
}

static void test_fewer_ports_than_are_in_use(void **state)
{
	struct place *place = place_make(40000, 40001);

	(void)state;
	place_hold(place, IPPROTO_TCP, TCP_ESTABLISHED, 33000, 80, 1);
	place_hold(place, IPPROTO_TCP, TCP_ESTABLISHED, 33001, 80, 2);
	place_hold(place, IPPROTO_TCP, TCP_ESTABLISHED, 33001, 443, 3); /* the same port again */
	assert_string_equal(warnings(&place->input), "");
	place_hold(place, IPPROTO_TCP, TCP_TIME_WAIT, 33002, 80, 0);
	assert_string_equal(warnings(&place->input), "in_use:3");
}

static void test_rate_by_the_time_wait_law(void **state)
{
	struct place *place = place_make(40000, 40999);
	struct check_report report;
	static const struct {
		int reuse, delay_ms;
		bool loopback;
		double carried;
	} rows[] = {
		{ 0, 1000, true, 1000 / 60.0 }, { 2, 1000, false, 1000 / 60.0 },
		{ 2, 1000, true, 1000 },	{ 1, 1000, false, 1000 },
		{ 1, 100, false, 10000 },	{ 1, -1, false, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		place->settings.tw_reuse = rows[i].reuse;
		place->settings.tw_reuse_delay_ms = rows[i].delay_ms;
		place->input.destination_loopback = rows[i].loopback;
		assert_int_equal(check_run(&place->input, &report), 0);
		assert_float_equal(report.sustained, rows[i].carried, 0.01);
		check_free(&report);
	}
	place->settings.tw_reuse = 0;
	place->input.rate = 8;
	assert_string_equal(warnings(&place->input), "");
	place->input.rate = 9;
	assert_string_equal(warnings(&place->input), "past_knee:540");
	place->input.rate = 17;
	assert_string_equal(warnings(&place->input), "too_fast:1020");
	place->input.rate = 8;
	place->input.hold = 10;
	assert_string_equal(warnings(&place->input), "past_knee:560");
	place->input.files = 79;
	assert_string_equal(warnings(&place->input), "past_knee:560 files:79");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_that_guides_recommend),
		cmocka_unit_test(test_reserved_ports_are_no_overlap),
		cmocka_unit_test(test_other_nodeport_range),
		cmocka_unit_test(test_listener_names_the_process),
		cmocka_unit_test(test_fewer_ports_than_are_in_use),
		cmocka_unit_test(test_rate_by_the_time_wait_law),
	};

	return cmocka_run_group_tests_name("range_check", tests, NULL, NULL);
}
