// SPDX-License-Identifier: GPL-2.0-only
/* What is written by hand for speed, against a library's JSON and printf(). */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>
#include <json-c/json.h>

#include "render/format.h"
#include "render/json.h"
#include "render/text.h"

enum { CASES = 20000 };

static uint64_t draw(void)
{
	/* Small and large numbers alike. */
	return ((uint64_t)lrand48() << 33 ^ (uint64_t)lrand48()) >> (lrand48() % 64);
}

static void draw_endpoint(struct endpoint *endpoint, uint8_t family, bool known)
{
	*endpoint = (struct endpoint){ .known = known, .port = (uint16_t)draw() };
	for (int i = 0; i < 16; i++)
		endpoint->address.s6_addr[i] = lrand48() % 3 ? (uint8_t)lrand48() : 0;
	if (family == 4)
		memcpy(&endpoint->address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
}

static void draw_task(struct task *task)
{
	*task = (struct task){ .pid = (uint32_t)draw(),
			       .tid = (uint32_t)draw(),
			       .uid = (uint32_t)draw(),
			       .netns = (uint32_t)draw(),
			       .cgroup_id = lrand48() % 4 ? draw() >> 1 : 0 };
	for (int i = 0; i < EVENT_COMM_LEN; i++)
		task->comm[i] = (char)(lrand48() % 2 ? lrand48() : 'a' + lrand48() % 26);
}

static int64_t draw_maybe(void)
{
	return lrand48() % 4 ? (int64_t)(draw() >> 1) : -1;
}

static struct allocation draw_allocation(void)
{
	static const uint16_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, 262, 999 };
	static const uint16_t errors[] = { 0, 0, EADDRNOTAVAIL, EADDRINUSE, EAGAIN, 4095 };
	struct allocation allocation = {
		.start_ns = draw() >> 1,
		.time_ns = (uint64_t)lrand48() * 1000000000 + (uint64_t)lrand48() % 1000000000,
		.latency_ns = draw() >> 1,
		.path = (enum alloc_path)(lrand48() % PATH_COUNT),
		.backend = (enum backend)(lrand48() % BACKEND_COUNT),
		.proto = protos[lrand48() % 5],
		.family = lrand48() % 2 ? 4 : 6,
		.error = errors[lrand48() % 6],
		.low = (uint16_t)draw(),
		.high = (uint16_t)draw(),
		.range_of_socket = lrand48() % 2,
		.second_pass = (enum known)(lrand48() % 3 - 1),
		.tw_reused = (enum known)(lrand48() % 3 - 1),
		.examined = draw_maybe(),
		.refused_tuple = draw_maybe(),
		.refused_timewait = draw_maybe(),
		.refused_bound = draw_maybe(),
		.reserved_skipped = draw_maybe(),
		.approx = (unsigned int)lrand48() % 8,
	};

	draw_endpoint(&allocation.source, allocation.family, true);
	draw_endpoint(&allocation.dest, allocation.family, lrand48() % 2);
	draw_task(&allocation.task);
	return allocation;
}

/* What a sink writes of one record. */
static void written(char *text, size_t size, struct sink *sink, FILE **out,
		    const struct allocation *allocation)
{
	size_t length;

	memset(text, 0, size);
	*out = fmemopen(text, size, "w");
	assert_non_null(*out);
	assert_int_equal(sink->allocation(sink, allocation), 0);
	assert_int_equal(fclose(*out), 0);
	length = strlen(text);
	assert_true(length && length < size - 1);
	assert_int_equal(text[length - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + length - 1);
}

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static struct json_object *maybe(int64_t value)
{
	return value < 0 ? NULL : json_object_new_int64(value);
}

static struct json_object *known(enum known value)
{
	return value == UNKNOWN ? NULL : json_object_new_boolean(value == KNOWN_YES);
}

/* Its bytes as the code points of Latin-1, in UTF-8. */
static struct json_object *comm_value(const char *comm)
{
	char utf8[2 * EVENT_COMM_LEN], *at = utf8;

	for (int i = 0; i < EVENT_COMM_LEN && comm[i]; i++) {
		unsigned char byte = (unsigned char)comm[i];

		if (byte >= 0x80) {
			*at++ = (char)(0xc0 | byte >> 6);
			*at++ = (char)(0x80 | (byte & 0x3f));
		} else {
			*at++ = (char)byte;
		}
	}
	return json_object_new_string_len(utf8, (int)(at - utf8));
}

static void add_endpoint(struct json_object *object, const char *address, const char *port,
			 const struct endpoint *endpoint, uint8_t family)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? &endpoint->address.s6_addr[12] : endpoint->address.s6_addr, text,
		  sizeof(text));
	add(object, address, endpoint->known ? json_object_new_string(text) : NULL);
	add(object, port, endpoint->known ? json_object_new_int(endpoint->port) : NULL);
}

static struct json_object *errno_value(int error)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", error);
	if (!error)
		return json_object_new_int(0);
	return json_object_new_string(strerrorname_np(error) ? strerrorname_np(error) : number);
}

static struct json_object *approx_value(unsigned int approx)
{
	struct json_object *keys = json_object_new_array();

	if (approx & APPROX_LATENCY)
		json_object_array_add(keys, json_object_new_string("latency_ns"));
	if (approx & APPROX_PATH)
		json_object_array_add(keys, json_object_new_string("path"));
	if (approx & APPROX_EXAMINED)
		json_object_array_add(keys, json_object_new_string("examined"));
	return keys;
}

static struct json_object *time_value(uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char date[32], text[64];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof(text), "%s.%09" PRIu64 "Z", date, ns % 1000000000);
	return json_object_new_string(text);
}

static void add_task(struct json_object *object, const struct task *task)
{
	add(object, "pid", json_object_new_int64(task->pid));
	add(object, "tid", json_object_new_int64(task->tid));
	add(object, "uid", json_object_new_int64(task->uid));
	add(object, "comm", comm_value(task->comm));
	add(object, "cgroup_id",
	    task->cgroup_id ? json_object_new_int64((int64_t)task->cgroup_id) : NULL);
	add(object, "netns", json_object_new_int64(task->netns));
}

static struct json_object *expected(const struct allocation *a)
{
	static const char *const paths[] = { "connect", "bind", "listen", "autobind", "explicit" };
	const char *proto = a->proto == 6   ? "tcp" :
			    a->proto == 17  ? "udp" :
			    a->proto == 136 ? "udplite" :
			    a->proto == 262 ? "mptcp" :
					      "proto-999";
	struct json_object *object = json_object_new_object();
	bool inside = a->low <= a->source.port && a->source.port <= a->high;

	add(object, "type", json_object_new_string("alloc"));
	add(object, "time", time_value(a->time_ns));
	add(object, "ts_ns", json_object_new_int64((int64_t)a->start_ns));
	add(object, "path", json_object_new_string(paths[a->path]));
	add(object, "proto", json_object_new_string(proto));
	add(object, "family", json_object_new_int(a->family));
	add_endpoint(object, "saddr", "sport", &a->source, a->family);
	add_endpoint(object, "daddr", "dport", &a->dest, a->family);
	add(object, "errno", errno_value(a->error));
	add(object, "latency_ns", json_object_new_int64((int64_t)a->latency_ns));
	add(object, "examined", maybe(a->examined));
	add(object, "second_pass", known(a->second_pass));
	add(object, "range_low", json_object_new_int(a->low));
	add(object, "range_high", json_object_new_int(a->high));
	add(object, "range_source",
	    json_object_new_string(a->range_of_socket ? "socket" : "netns"));
	add(object, "in_range", a->error ? NULL : json_object_new_boolean(inside));
	add(object, "tw_reused", known(a->tw_reused));
	if (a->refused_tuple >= 0) {
		add(object, "refused_tuple", maybe(a->refused_tuple));
		add(object, "refused_timewait", maybe(a->refused_timewait));
		add(object, "refused_bound", maybe(a->refused_bound));
		add(object, "reserved_skipped", maybe(a->reserved_skipped));
	}
	add_task(object, &a->task);
	add(object, "backend", json_object_new_string(a->backend ? "tracepoint" : "fentry"));
	add(object, "approx", approx_value(a->approx));
	return object;
}

static void test_json_reads_back_as_it_was(void **state)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_sink sink = json_sink_make(NULL);
	char text[4096];

	(void)state;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	for (int i = 0; i < CASES; i++) {
		struct allocation allocation = draw_allocation();
		struct json_object *want = expected(&allocation), *have;

		written(text, sizeof(text), &sink.sink, &sink.out, &allocation);
		json_tokener_reset(tokener);
		have = json_tokener_parse_ex(tokener, text, (int)strlen(text));
		assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
		if (!json_object_equal(have, want))
			fail_msg("have %s, want %s", text, json_object_to_json_string(want));
		json_object_put(have);
		json_object_put(want);
	}
	json_tokener_free(tokener);
}

/* The endpoint as printf() would write it. */
static void endpoint_text(char out[80], const struct endpoint *endpoint, uint8_t family)
{
	char address[INET6_ADDRSTRLEN], port[8] = "-";

	inet_ntop(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? &endpoint->address.s6_addr[12] : endpoint->address.s6_addr, address,
		  sizeof(address));
	if (endpoint->port)
		snprintf(port, sizeof(port), "%u", endpoint->port);
	snprintf(out, 80, family == 4 ? "%s:%s" : "[%s]:%s", address, port);
	if (!endpoint->known)
		strcpy(out, "-");
}

/* One line of text for each, whose columns up to the range are those of printf(). */
static void test_text_columns_are_those_of_printf(void **state)
{
	struct text_sink sink = text_sink_make(stdout, true, true, 0);
	char text[4096], want[1024], source[80], dest[80], range[16], proto[32], buffer[16];

	(void)state;
	sink.lines = 1; /* no header */
	sink.page = 0;
	sink.colour = false;
	for (int i = 0; i < CASES; i++) {
		struct allocation a = draw_allocation();

		for (int byte = 0; byte < EVENT_COMM_LEN; byte++)
			if (a.task.comm[byte] &&
			    (a.task.comm[byte] < ' ' || a.task.comm[byte] > '~'))
				a.task.comm[byte] = '?'; /* what cannot steer the terminal */
		endpoint_text(source, &a.source, a.family);
		endpoint_text(dest, &a.dest, a.family);
		snprintf(range, sizeof(range), "%u-%u", a.low, a.high);
		snprintf(proto, sizeof(proto), "%s%u", proto_name(a.proto, buffer), a.family);
		snprintf(want, sizeof(want),
			 "%8" PRIu64 ".%06" PRIu64
			 "  %7u  %-15.16s  %-8s  %-8s  %-21s  %-21s  %-11s  ",
			 a.time_ns / 1000000000, a.time_ns / 1000 % 1000000, a.task.pid,
			 a.task.comm, path_name(a.path), proto, source, dest, range);
		written(text, sizeof(text), &sink.sink, &sink.out, &a);
		text[strlen(want)] = '\0';
		assert_string_equal(text, want);
	}
}

static void test_durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0ns" },
		{ 999, "999ns" },
		{ 1000, "1.0us" },
		{ 1049, "1.0us" },
		{ 1050, "1.1us" },
		{ 1999, "2.0us" },
		{ 99949, "99.9us" },
		{ 99950, "100.0us" },
		{ 100499, "100us" },
		{ 100500, "101us" },
		{ 999499, "999us" },
		{ 1000000, "1.0ms" },
		{ 71200000, "71.2ms" },
		{ 1000000000, "1.0s" },
		{ 61234567890, "61.2s" },
		{ 100000000000, "100s" },
		{ 3600000000000, "3600s" },
	};
	char text[FORMAT_NUMBER_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(format_duration(text, rows[i].ns), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_reads_back_as_it_was),
		cmocka_unit_test(test_text_columns_are_those_of_printf),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
