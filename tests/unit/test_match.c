// SPDX-License-Identifier: GPL-2.0-only
/* user/event/match.c: the filters of bpf/filter.h on a record, one case a line. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event/match.h"

enum { ALL_PATHS = (1u << PATH_COUNT) - 1 };

static struct in6_addr address(const char *text)
{
	struct in6_addr parsed;

	assert_int_equal(inet_pton(AF_INET6, text, &parsed), 1);
	return parsed;
}

/* connect() of wrk to 10.0.0.2:80 that took 5 us. */
static struct allocation sample(void)
{
	struct allocation allocation = {
		.path = PATH_CONNECT,
		.proto = IPPROTO_TCP,
		.family = 4,
		.latency_ns = 5000,
		.low = 40000,
		.high = 40099,
		.source = { .address = address("::ffff:10.0.0.1"), .port = 40042, .known = true },
		.dest = { .address = address("::ffff:10.0.0.2"), .port = 80, .known = true },
		.task = { .pid = 100, .tid = 101, .uid = 1000, .netns = 7, .comm = "wrk" },
	};

	return allocation;
}

static void daddr(struct config *config, const char *text, const char *mask)
{
	struct in6_addr parsed = address(text), bits = address(mask);

	config->filters |= FILTER_DADDR;
	memcpy(config->daddr, &parsed, sizeof(parsed));
	memcpy(config->daddr_mask, &bits, sizeof(bits));
}

static bool matches(struct config config, const struct allocation *allocation)
{
	if (!config.paths)
		config.paths = ALL_PATHS;
	return match_allocation(&config, allocation);
}

#define WITH(...) ((struct config){ __VA_ARGS__ })

static void no_filter_lets_all_pass(void **state)
{
	struct allocation allocation = sample();

	(void)state;
	assert_true(matches(WITH(0), &allocation));
	/* What is in a field whose filter is off does not count. */
	assert_true(matches(WITH(.pid = 1, .uid = 1, .netns = 1, .family = 6, .dport = 1,
				 .slower_than_ns = 1u << 30, .comm = "x"),
			    &allocation));
}

static void paths(void **state)
{
	struct allocation allocation = sample();

	(void)state;
	for (int path = 0; path < PATH_COUNT; path++) {
		allocation.path = (enum alloc_path)path;
		for (int only = 0; only < PATH_COUNT; only++)
			assert_int_equal(matches(WITH(.paths = 1u << only), &allocation),
					 path == only);
	}
}

static void tasks(void **state)
{
	struct allocation allocation = sample();

	(void)state;
	assert_true(matches(WITH(.filters = FILTER_PID, .pid = 100), &allocation));
	assert_false(matches(WITH(.filters = FILTER_PID, .pid = 101), &allocation));
	assert_true(matches(WITH(.filters = FILTER_UID, .uid = 1000), &allocation));
	assert_false(matches(WITH(.filters = FILTER_UID, .uid = 0), &allocation));
	assert_true(matches(WITH(.filters = FILTER_NETNS, .netns = 7), &allocation));
	assert_false(matches(WITH(.filters = FILTER_NETNS, .netns = 8), &allocation));
	/* All filters must hold, not one of them. */
	assert_false(matches(WITH(.filters = FILTER_PID | FILTER_UID, .pid = 100, .uid = 1),
			     &allocation));
}

static void comms(void **state)
{
	static const struct {
		const char *filter, *comm;
		bool match;
	} cases[] = {
		{ "wrk", "wrk", true },
		{ "wr", "wrk", false },
		{ "wrk2", "wrk", false },
		{ "", "wrk", false },
		{ "", "", true },
		{ "fifteen-letters", "fifteen-letters", true },
		{ "fifteen-letter", "fifteen-letters", false },
	};
	struct allocation allocation = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config = { .filters = FILTER_COMM };

		/* What is behind the name's end is no part of it. */
		memset(allocation.task.comm, 'x', EVENT_COMM_LEN);
		strcpy(config.comm, cases[i].filter);
		strcpy(allocation.task.comm, cases[i].comm);
		assert_int_equal(matches(config, &allocation), cases[i].match);
	}
	/* One that fills its field has no zero byte, and no filter of 15 characters has it. */
	memcpy(allocation.task.comm, "fifteen-letters!", EVENT_COMM_LEN);
	assert_false(matches(WITH(.filters = FILTER_COMM, .comm = "fifteen-letters"), &allocation));
}

static void protos(void **state)
{
	struct allocation allocation = sample();
	struct config tcp = { .filters = FILTER_PROTO, .protos = { 1ull << IPPROTO_TCP } };
	struct config both = { .filters = FILTER_PROTO,
			       .protos = { 1ull << IPPROTO_UDP, 0, 1ull << (136 - 128) } };

	(void)state;
	assert_true(matches(tcp, &allocation));
	assert_false(matches(both, &allocation));
	allocation.proto = IPPROTO_UDP;
	assert_false(matches(tcp, &allocation));
	assert_true(matches(both, &allocation));
	allocation.proto = IPPROTO_UDPLITE;
	assert_true(matches(both, &allocation));
	/* As the kernel side takes it, by eight bits: 262 & 255 is 6. */
	allocation.proto = 262;
	assert_true(matches(tcp, &allocation));
}

static void families(void **state)
{
	struct allocation allocation = sample();

	(void)state;
	assert_true(matches(WITH(.filters = FILTER_FAMILY, .family = 4), &allocation));
	assert_false(matches(WITH(.filters = FILTER_FAMILY, .family = 6), &allocation));
	allocation.family = 6;
	assert_false(matches(WITH(.filters = FILTER_FAMILY, .family = 4), &allocation));
	assert_true(matches(WITH(.filters = FILTER_FAMILY, .family = 6), &allocation));
}

static void destinations(void **state)
{
	static const struct {
		const char *prefix, *mask, *dest;
		bool match;
	} cases[] = {
		{ "::ffff:10.0.0.2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:10.0.0.2",
		  true },
		{ "::ffff:10.0.0.2", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:10.0.0.3",
		  false },
		{ "::ffff:10.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ff00:0", "::ffff:10.255.1.1",
		  true },
		{ "::ffff:10.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ff00:0", "::ffff:11.0.0.2",
		  false },
		{ "::ffff:10.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:fffe:0", "::ffff:10.1.9.9",
		  true },
		{ "::ffff:10.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:fffe:0", "::ffff:10.2.0.0",
		  false },
		/* 0.0.0.0/0 is all of IPv4 and no IPv6; ::/0 is both. */
		{ "::ffff:0.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff::", "::ffff:8.8.8.8", true },
		{ "::ffff:0.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff::", "2001:db8::1", false },
		{ "::", "::", "::ffff:8.8.8.8", true },
		{ "fd00::", "ff00::", "fd12:3456::1", true },
		{ "fd00::", "ff00::", "fe80::1", false },
	};
	struct allocation allocation = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config = { 0 };

		daddr(&config, cases[i].prefix, cases[i].mask);
		allocation.dest.address = address(cases[i].dest);
		assert_int_equal(matches(config, &allocation), cases[i].match);
	}
}

static void what_has_no_destination_is_left_out(void **state)
{
	struct allocation allocation = sample();
	struct config any = { 0 };

	(void)state;
	daddr(&any, "::", "::");
	assert_true(matches(WITH(.filters = FILTER_DPORT, .dport = htons(80)), &allocation));
	assert_false(matches(WITH(.filters = FILTER_DPORT, .dport = htons(81)), &allocation));
	assert_true(matches(any, &allocation));
	allocation.dest.known = false;
	assert_false(matches(WITH(.filters = FILTER_DPORT, .dport = htons(80)), &allocation));
	assert_false(matches(any, &allocation));
}

static void outcomes(void **state)
{
	struct allocation allocation = sample();

	(void)state;
	assert_false(matches(WITH(.filters = FILTER_FAILED), &allocation));
	assert_true(matches(WITH(.filters = FILTER_SLOWER, .slower_than_ns = 5000), &allocation));
	assert_false(matches(WITH(.filters = FILTER_SLOWER, .slower_than_ns = 5001), &allocation));
	allocation.error = EADDRNOTAVAIL;
	assert_true(matches(WITH(.filters = FILTER_FAILED), &allocation));
}

static void named_ports(void **state)
{
	struct allocation allocation = sample();

	(void)state;
	allocation.path = PATH_EXPLICIT;
	assert_true(matches(WITH(0), &allocation));
	allocation.source.port = 8080;
	assert_false(matches(WITH(0), &allocation));
	assert_true(matches(WITH(.named_all = 1), &allocation));
	/* Of a search, a port outside is what one looks for. */
	allocation.path = PATH_BIND;
	assert_true(matches(WITH(0), &allocation));
}

static void changes(void **state)
{
	(void)state;
	assert_true(match_change(&WITH(.netns = 8), 7));
	assert_true(match_change(&WITH(.filters = FILTER_NETNS, .netns = 7), 7));
	assert_false(match_change(&WITH(.filters = FILTER_NETNS, .netns = 8), 7));
	/* Who changes the range matters to all that it applies to. */
	assert_true(match_change(&WITH(.filters = FILTER_PID | FILTER_FAILED, .pid = 1), 7));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_filter_lets_all_pass),
		cmocka_unit_test(paths),
		cmocka_unit_test(tasks),
		cmocka_unit_test(comms),
		cmocka_unit_test(protos),
		cmocka_unit_test(families),
		cmocka_unit_test(destinations),
		cmocka_unit_test(what_has_no_destination_is_left_out),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(named_ports),
		cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
