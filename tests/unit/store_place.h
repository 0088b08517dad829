/* SPDX-License-Identifier: GPL-2.0-only */
/* A directory for recordings of a test, and an allocation to record. Included by tests alone. */
#ifndef EPHEMPORT_TESTS_STORE_PLACE_H
#define EPHEMPORT_TESTS_STORE_PLACE_H

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/reader.h"
#include "store/writer.h"

struct place {
	char directory[64], file[96];
};

static inline int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/ephemport-store.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->file, sizeof(place->file), "%s/r.db", place->directory);
	*state = place;
	return 0;
}

static inline int teardown(void **state)
{
	struct place *place = *state;
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char name[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", place->file, ends[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(place->directory), 0);
	free(place);
	return 0;
}

static inline struct endpoint endpoint(const char *address, uint16_t port)
{
	struct endpoint end = { .port = port, .known = true };

	assert_int_equal(inet_pton(AF_INET6, address, &end.address), 1);
	return end;
}

/* Nothing of it is 0, unknown or a default. */
static inline struct allocation full(void)
{
	struct allocation allocation = {
		.start_ns = 20910126128660,
		.time_ns = 1795387387465603978,
		.latency_ns = 79502,
		.path = PATH_CONNECT,
		.backend = BACKEND_FENTRY,
		.proto = IPPROTO_TCP,
		.family = 4,
		.source = endpoint("::ffff:10.1.2.3", 40123),
		.dest = endpoint("::ffff:192.0.2.200", 443),
		.low = 40000,
		.high = 49999,
		.range_of_socket = true,
		.second_pass = KNOWN_YES,
		.tw_reused = KNOWN_YES,
		.examined = 61,
		.refused_tuple = 40,
		.refused_timewait = 12,
		.refused_bound = 20,
		.reserved_skipped = 7,
		.approx = APPROX_LATENCY | APPROX_EXAMINED,
		.task = { .pid = 4211,
			  .tid = 4212,
			  .uid = 1000,
			  .netns = 4026531840,
			  .cgroup_id = 1234567890123,
			  .comm = "wrk" },
	};

	return allocation;
}

static inline struct store_writer *writer_open(const struct place *place, bool force)
{
	struct store_writer_options options = {
		.meta = { .options = "record -o r.db",
			  .command = "wrk http://10.0.0.2/",
			  .backend = BACKEND_FENTRY,
			  .explain = true,
			  .begin_mono_ns = 1000,
			  .begin_ns = 2000 },
		.force = force,
	};
	struct store_writer *writer = NULL;
	struct reason why;

	if (store_writer__new(place->file, &options, &writer, &why))
		fail_msg("%s", why.text);
	return writer;
}

static inline struct store_reader *reader_open(const struct place *place)
{
	struct store_reader *reader = NULL;
	struct reason why;

	if (store_reader__open(place->file, &reader, &why))
		fail_msg("%s", why.text);
	return reader;
}

static inline void finish(struct store_writer *writer)
{
	assert_int_equal(store_writer__finish(writer, 3000, 4000, 130), 0);
	store_writer__free(writer);
}

#endif
