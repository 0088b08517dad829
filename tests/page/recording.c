// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings of which every record is known, for the tests of pages.
 *
 * usage: recording known FILE         a range change half-way, each kind of mark once or twice
 *        recording storm FILE COUNT   so many allocations in 10 s, over all of a range
 *        recording evil FILE          names that would do harm where they are not escaped
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/writer.h"

#define SECOND 1000000000ull

enum { NETNS = 4026532000 - 4000000000 };

struct recording {
	struct store_writer *writer;
	struct sink *sink;
	uint64_t begin_ns;
};

static const uint64_t wall_ns = 1800000000 * SECOND; /* of CLOCK_MONOTONIC 0 */

static void die(const char *what)
{
	fprintf(stderr, "recording: %s\n", what);
	exit(1);
}

static struct endpoint endpoint_make(const char *address, uint16_t port)
{
	struct endpoint endpoint = { .port = port, .known = true };

	if (inet_pton(AF_INET6, address, &endpoint.address) != 1)
		die(address);
	return endpoint;
}

/* A connect() that took 2 us in the first pass. */
static struct allocation allocation_make(const struct recording *recording, double seconds,
					 uint16_t port)
{
	uint64_t start = recording->begin_ns + (uint64_t)(seconds * 1e9);

	return (struct allocation){
		.start_ns = start,
		.time_ns = wall_ns + start,
		.latency_ns = 2000,
		.path = PATH_CONNECT,
		.backend = BACKEND_FENTRY,
		.proto = IPPROTO_TCP,
		.family = 4,
		.source = endpoint_make("::ffff:10.0.0.1", port),
		.dest = endpoint_make("::ffff:10.0.0.2", 80),
		.low = 40000,
		.high = 40999,
		.second_pass = KNOWN_NO,
		.tw_reused = KNOWN_NO,
		.examined = 1,
		.refused_tuple = -1,
		.refused_timewait = -1,
		.refused_bound = -1,
		.reserved_skipped = -1,
		.task = { .pid = 100, .tid = 100, .netns = NETNS, .comm = "wrk" },
	};
}

static void put(const struct recording *recording, const struct allocation *allocation)
{
	if (recording->sink->allocation(recording->sink, allocation))
		die("cannot write an allocation");
}

static void put_change(const struct recording *recording, double seconds, uint16_t low,
		       uint16_t high)
{
	uint64_t start = recording->begin_ns + (uint64_t)(seconds * 1e9);
	struct range_change change = {
		.mono_ns = start,
		.time_ns = wall_ns + start,
		.old_low = 40000,
		.old_high = 40999,
		.new_low = low,
		.new_high = high,
		.task = { .pid = 77, .tid = 77, .netns = NETNS, .comm = "sysctl" },
	};

	if (recording->sink->range_change(recording->sink, &change))
		die("cannot write a change");
}

/* What report.bats holds the page against. */
static void record_known(const struct recording *recording)
{
	static const struct {
		double seconds;
		uint16_t port;
		enum known second_pass;
		int error;
	} marks[] = {
		{ 0, 40000, KNOWN_NO, 0 },	    { 1, 40100, KNOWN_NO, 0 },
		{ 2, 40901, KNOWN_YES, 0 },	    { 3, 40501, UNKNOWN, 0 },
		{ 4, 0, KNOWN_YES, EADDRNOTAVAIL }, { 6, 50100, KNOWN_NO, 0 },
		{ 8, 50901, KNOWN_YES, 0 },	    { 10, 50998, KNOWN_NO, 0 },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		struct allocation allocation =
			allocation_make(recording, marks[i].seconds, marks[i].port);

		allocation.second_pass = marks[i].second_pass;
		allocation.error = (uint16_t)marks[i].error;
		if (marks[i].second_pass == UNKNOWN)
			allocation.path = PATH_BIND;
		if (marks[i].second_pass == KNOWN_YES) {
			allocation.latency_ns = 90000;
			allocation.examined = 700;
		}
		if (marks[i].seconds > 5) {
			allocation.low = 50000;
			allocation.high = 50999;
		}
		if (i && marks[i].seconds > 5 && marks[i - 1].seconds < 5)
			put_change(recording, 5, 50000, 50999);
		put(recording, &allocation);
	}
}

static void record_storm(const struct recording *recording, size_t count)
{
	uint64_t random = 88172645463325252u;

	for (size_t i = 0; i < count; i++) {
		struct allocation allocation =
			allocation_make(recording, 10.0 * (double)i / (double)count, 0);
		unsigned int port;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		port = (unsigned int)(random % 28232);
		allocation.low = 32768;
		allocation.high = 60999;
		allocation.source.port = (uint16_t)(32768 + port);
		allocation.second_pass = (enum known)(port & 1);
		allocation.examined = 1 + (int64_t)(random >> 16) % (port & 1 ? 28000 : 100);
		allocation.latency_ns = 800 + (uint64_t)allocation.examined * 40 + random % 999;
		allocation.dest.port = (uint16_t)(8000 + random % 5);
		put(recording, &allocation);
	}
}

/* Names of tasks have 15 bytes; bytes above ASCII are no UTF-8 here. */
static void record_evil(const struct recording *recording)
{
	static const char *const names[] = { "</script><img s", "<img src=x oner",
					     "<!--<script>\\u0", "\"};alert(1)//",
					     "a\xff\x80\x01"
					     "b&lt;" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct allocation allocation =
			allocation_make(recording, (double)i, (uint16_t)(40000 + i));

		memset(allocation.task.comm, 0, sizeof(allocation.task.comm));
		memcpy(allocation.task.comm, names[i], strlen(names[i]));
		put(recording, &allocation);
	}
}

int main(int argc, char **argv)
{
	struct recording recording = { .begin_ns = 1000 * SECOND };
	struct store_writer_options options = {
		.meta = { .options = "</script><script>alert(2)</script>",
			  .command = "wrk <img src=x onerror=alert(3)>",
			  .backend = BACKEND_FENTRY,
			  .begin_mono_ns = recording.begin_ns,
			  .begin_ns = wall_ns + recording.begin_ns },
		.force = true,
	};
	uint64_t end_ns = recording.begin_ns + 10 * SECOND;
	struct reason why;

	if (argc < 3)
		die("usage: recording known|storm|evil FILE [COUNT]");
	if (store_writer__new(argv[2], &options, &recording.writer, &why))
		die(why.text);
	recording.sink = store_writer__sink(recording.writer);
	if (!strcmp(argv[1], "known"))
		record_known(&recording);
	else if (!strcmp(argv[1], "storm") && argc > 3)
		record_storm(&recording, strtoul(argv[3], NULL, 10));
	else if (!strcmp(argv[1], "evil"))
		record_evil(&recording);
	else
		die("usage: recording known|storm|evil FILE [COUNT]");
	if (store_writer__finish(recording.writer, end_ns, wall_ns + end_ns, 0))
		die(store_writer__why(recording.writer));
	store_writer__free(recording.writer);
	return 0;
}
