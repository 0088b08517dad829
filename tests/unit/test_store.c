// SPDX-License-Identifier: GPL-2.0-only
/*
 * user/store/: what is written to a recording comes out of it again, in every field; and what is
 * no recording is refused. The truth is the stream as it was before: printed by the sinks that
 * print live streams, and compared field by field.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "render/json.h"
#include "render/text.h"
#include "store/intern.h"
#include "store/reader.h"
#include "store/rows.h"
#include "store/schema.h"
#include "store/writer.h"

struct place {
	char directory[64], file[96];
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/ephemport-store.XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->file, sizeof(place->file), "%s/r.db", place->directory);
	*state = place;
	return 0;
}

static int teardown(void **state)
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

static struct endpoint endpoint(const char *address, uint16_t port)
{
	struct endpoint end = { .port = port, .known = true };

	assert_int_equal(inet_pton(AF_INET6, address, &end.address), 1);
	return end;
}

/* Nothing of it is 0, unknown or a default. */
static struct allocation full(void)
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

/* All that can be unknown is. */
static struct allocation bare(void)
{
	struct allocation allocation = {
		.path = PATH_AUTOBIND,
		.backend = BACKEND_TRACEPOINT,
		.proto = IPPROTO_UDP,
		.family = 6,
		.source = endpoint("::", 0),
		.error = EAGAIN,
		.low = 1,
		.high = 65535,
		.second_pass = UNKNOWN,
		.tw_reused = UNKNOWN,
		.examined = -1,
		.refused_tuple = -1,
		.refused_timewait = -1,
		.refused_bound = -1,
		.reserved_skipped = -1,
	};

	return allocation;
}

enum { SAMPLES = 64 };

/* Each of the kinds of value that a field may have, one or more samples each. */
static size_t samples(struct allocation out[SAMPLES])
{
	static const uint16_t errors[] = { EADDRNOTAVAIL, EADDRINUSE, EAGAIN, ENOMEM, 4095 };
	static const uint16_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, 33, 132, 262,
					   255,		300 };
	size_t n = 0;

	out[n++] = full();
	out[n++] = bare();
	for (int path = 0; path < PATH_COUNT; path++, n++) {
		out[n] = full();
		out[n].path = (enum alloc_path)path;
	}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++, n++) {
		out[n] = full();
		out[n].error = errors[i];
		out[n].source.port = 0;
	}
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++, n++) {
		out[n] = full();
		out[n].proto = protos[i];
	}
	for (int known = UNKNOWN; known <= KNOWN_YES; known++, n++) {
		out[n] = full();
		out[n].second_pass = (enum known)known;
		out[n].tw_reused = (enum known)known;
	}
	for (unsigned int approx = 0; approx < 8; approx++, n++) {
		out[n] = full();
		out[n].approx = approx;
	}
	out[n] = full();
	out[n++].refused_bound = -1;
	out[n] = full();
	out[n++].range_of_socket = false;
	out[n] = full();
	out[n].family = 6;
	out[n].source = endpoint("fe80::1", 65535);
	out[n++].dest = endpoint("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	/* An IPv6 socket that is not bound, on its way to IPv4. */
	out[n] = full();
	out[n++].source = endpoint("::", 40000);
	out[n] = full();
	out[n].latency_ns = UINT32_MAX + 10ull;
	out[n].task.uid = UINT32_MAX;
	out[n].task.netns = UINT32_MAX;
	out[n++].task.cgroup_id = 0;
	out[n] = full();
	memcpy(out[n++].task.comm, "sixteen bytes !!", EVENT_COMM_LEN);
	out[n] = full();
	memcpy(out[n++].task.comm, "\"\\\x01'%\x7f\x80\xc3\xa9\xff", 11);
	assert_true(n <= SAMPLES);
	for (size_t i = 0; i < n; i++) {
		out[i].start_ns += i;
		out[i].time_ns += 1000 * i;
	}
	return n;
}

static struct store_writer *writer_open(const struct place *place, bool force)
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

static struct store_reader *reader_open(const struct place *place)
{
	struct store_reader *reader = NULL;
	struct reason why;

	if (store_reader__open(place->file, &reader, &why))
		fail_msg("%s", why.text);
	return reader;
}

static void finish(struct store_writer *writer)
{
	assert_int_equal(store_writer__finish(writer, 3000, 4000, 130), 0);
	store_writer__free(writer);
}

/* Records of all types, in an order that goes to and fro between the tables. */
static void stream_samples(const struct stream *stream)
{
	struct allocation allocations[SAMPLES];
	size_t count = samples(allocations);
	static struct port_set some, all;
	struct range_change range = { .mono_ns = 5,
				      .time_ns = 6,
				      .old_low = 32768,
				      .old_high = 60999,
				      .new_low = 1,
				      .new_high = 65535,
				      .task = full().task };
	struct reserved_change reserved = { .mono_ns = 7, .time_ns = 8, .task = bare().task };
	struct loss loss = { .count = 3, .cause = "ring_full", .since_ns = 9, .time_ns = 10 };

	port_set_add(&some, (struct port_range){ 8080, 8080 });
	port_set_add(&some, (struct port_range){ 9000, 9010 });
	port_set_add(&all, (struct port_range){ 0, 65535 });
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(stream_allocation(stream, &allocations[i]), 0);
		if (i % 5 == 1)
			assert_int_equal(stream_range_change(stream, &range), 0);
		if (i % 5 == 2) {
			reserved.old = i % 2 ? NULL : &some;
			reserved.new = i % 2 ? &all : &(struct port_set){ 0 };
			assert_int_equal(stream_reserved_change(stream, &reserved), 0);
		}
		if (i % 5 == 3)
			assert_int_equal(stream_loss(stream, &loss), 0);
	}
	assert_int_equal(stream_flush(stream), 0);
}

/* What JSON and text are printed of a recording, or, without one, of the samples themselves. */
static char *printed(struct store_reader *reader)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct json_sink json = json_sink_make(out);
	struct text_sink lines = text_sink_make(out, true, true, 1);
	struct sink *sinks[] = { &json.sink, &lines.sink, NULL };
	struct stream stream = { sinks };

	if (reader)
		assert_int_equal(store_read(reader, NULL, &stream), 0);
	else
		stream_samples(&stream);
	fclose(out);
	return text;
}

static void a_recording_prints_what_the_stream_printed(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	struct sink *sinks[] = { store_writer__sink(writer), NULL };
	struct stream stream = { sinks };
	struct store_reader *reader;
	char *before = printed(NULL), *after;

	stream_samples(&stream);
	finish(writer);
	reader = reader_open(place);
	after = printed(reader);
	assert_true(strlen(before) > 10000);
	assert_string_equal(before, after);
	free(after);
	/* Each reading begins anew. */
	after = printed(reader);
	assert_string_equal(before, after);
	free(after);
	free(before);
	store_reader__free(reader);
}

struct compare_sink {
	struct sink sink;
	struct allocation expected[SAMPLES];
	size_t count, next;
};

#define SAME(field) assert_true(is->field == was->field)

static int compare_allocation(struct sink *sink, const struct allocation *is)
{
	struct compare_sink *compare = (struct compare_sink *)sink;
	const struct allocation *was = &compare->expected[compare->next++];

	assert_true(compare->next <= compare->count);
	SAME(start_ns), SAME(time_ns), SAME(latency_ns), SAME(path), SAME(backend), SAME(proto);
	SAME(family), SAME(error), SAME(low), SAME(high), SAME(range_of_socket);
	SAME(second_pass), SAME(tw_reused), SAME(examined), SAME(refused_tuple);
	SAME(refused_timewait), SAME(refused_bound), SAME(reserved_skipped), SAME(approx);
	SAME(source.port), SAME(source.known), SAME(dest.port), SAME(dest.known);
	SAME(task.pid), SAME(task.tid), SAME(task.uid), SAME(task.netns), SAME(task.cgroup_id);
	assert_memory_equal(&is->source.address, &was->source.address, 16);
	assert_memory_equal(&is->dest.address, &was->dest.address, 16);
	assert_memory_equal(is->task.comm, was->task.comm, EVENT_COMM_LEN);
	return 0;
}

static void every_field_comes_back(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	struct sink *sinks[] = { store_writer__sink(writer), NULL };
	struct stream stream = { sinks };
	struct compare_sink compare = { .sink = { .allocation = compare_allocation } };
	struct sink *compared[] = { &compare.sink, NULL };
	struct stream back = { compared };
	struct store_reader *reader;

	stream_samples(&stream);
	finish(writer);
	compare.count = samples(compare.expected);
	reader = reader_open(place);
	assert_int_equal(store_read(reader, NULL, &back), 0);
	assert_int_equal(compare.next, compare.count);
	store_reader__free(reader);
}

static void meta_comes_back(void **state)
{
	struct place *place = *state;
	struct store_reader *reader;
	const struct store_meta *meta;

	finish(writer_open(place, false));
	reader = reader_open(place);
	meta = store_reader__meta(reader);
	assert_string_equal(meta->version, EPHEMPORT_VERSION);
	assert_string_equal(meta->options, "record -o r.db");
	assert_string_equal(meta->command, "wrk http://10.0.0.2/");
	assert_int_equal(meta->status, 130);
	assert_int_equal(meta->backend, BACKEND_FENTRY);
	assert_true(meta->explain && meta->complete);
	assert_int_equal(meta->begin_mono_ns, 1000);
	assert_int_equal(meta->begin_ns, 2000);
	assert_int_equal(meta->end_mono_ns, 3000);
	assert_int_equal(meta->end_ns, 4000);
	store_reader__free(reader);
}

static int netns_compare(void *context, const struct store_netns *is)
{
	int *seen = context;

	if (!(*seen)++) {
		assert_int_equal(is->inode, 4026531840);
		assert_int_equal(is->time_ns, 77);
		assert_true(is->current);
		assert_int_equal(is->low, 1024);
		assert_int_equal(is->high, 65535);
		assert_true(port_set_has(is->reserved, 9000) && !port_set_has(is->reserved, 9001));
		assert_int_equal(is->unprivileged_start, 1024);
		assert_string_equal(is->who, "nginx, pid 991");
		return 0;
	}
	assert_int_equal(is->inode, 5);
	assert_true(!is->current && !is->low && !is->reserved && !is->who);
	assert_int_equal(is->unprivileged_start, -1);
	return 0;
}

static void namespaces_come_back(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	static struct port_set reserved;
	struct store_netns netns = { .time_ns = 77,
				     .inode = 4026531840,
				     .current = true,
				     .low = 1024,
				     .high = 65535,
				     .reserved = &reserved,
				     .unprivileged_start = 1024,
				     .who = "nginx, pid 991" };
	struct store_netns unknown = { .inode = 5, .unprivileged_start = -1 };
	struct store_reader *reader;
	int seen = 0;

	port_set_add(&reserved, (struct port_range){ 9000, 9000 });
	assert_int_equal(store_writer__netns(writer, &netns), 0);
	assert_int_equal(store_writer__netns(writer, &unknown), 0);
	finish(writer);
	reader = reader_open(place);
	assert_int_equal(store_reader__each_netns(reader, netns_compare, &seen), 0);
	assert_int_equal(seen, 2);
	store_reader__free(reader);
}

/* As after a kill: closed without its end. */
static void without_an_end_the_last_record_is_it(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	struct sink *sink = store_writer__sink(writer);
	struct allocation allocation = full();
	struct store_reader *reader;
	const struct store_meta *meta;

	assert_int_equal(sink->allocation(sink, &allocation), 0);
	store_writer__free(writer);
	reader = reader_open(place);
	meta = store_reader__meta(reader);
	assert_false(meta->complete);
	assert_int_equal(meta->status, -1);
	assert_int_equal(meta->end_mono_ns, allocation.start_ns + allocation.latency_ns);
	assert_int_equal(meta->end_ns, allocation.time_ns + allocation.latency_ns);
	store_reader__free(reader);
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void refused(const struct place *place, bool force, int error)
{
	struct store_writer_options options = { .meta = { .options = "" }, .force = force };
	struct store_writer *writer = NULL;
	struct reason why;

	assert_int_equal(store_writer__new(place->file, &options, &writer, &why), error);
	assert_null(writer);
	assert_non_null(strstr(why.text, place->file));
	assert_null(strchr(why.text, '\n'));
}

static void what_is_there_is_never_lost(void **state)
{
	struct place *place = *state;
	char text[16] = { 0 };
	int fd;

	write_file(place->file, "precious");
	refused(place, false, -EEXIST);
	refused(place, true, -EEXIST);
	fd = open(place->file, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 8);
	assert_string_equal(text, "precious");
	close(fd);
}

static void a_recording_gives_way_to_force_alone(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	struct sink *sink = store_writer__sink(writer);
	struct allocation allocation = full();
	struct store_reader *reader;

	assert_int_equal(sink->allocation(sink, &allocation), 0);
	finish(writer);
	refused(place, false, -EEXIST);
	reader = reader_open(place);
	assert_true(store_reader__meta(reader)->complete);
	store_reader__free(reader);
	store_writer__free(writer_open(place, true));
	reader = reader_open(place);
	assert_false(store_reader__meta(reader)->complete);
	store_reader__free(reader);
}

static void an_empty_file_gives_way_to_force(void **state)
{
	struct place *place = *state;

	write_file(place->file, "");
	refused(place, false, -EEXIST);
	finish(writer_open(place, true));
	store_reader__free(reader_open(place));
}

static void unreadable(const struct place *place, int error, const char *words)
{
	struct store_reader *reader = NULL;
	struct reason why;

	assert_int_equal(store_reader__open(place->file, &reader, &why), error);
	assert_null(reader);
	assert_non_null(strstr(why.text, words));
	assert_null(strchr(why.text, '\n'));
}

static void run_sql(const struct place *place, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void what_is_no_recording_is_told(void **state)
{
	struct place *place = *state;

	unreadable(place, -ENOENT, "No such file");
	write_file(place->file, "");
	unreadable(place, -EINVAL, "no recording");
	write_file(place->file, "some text that is longer than the header of a database of SQLite, "
				"which has a hundred bytes, and no database at all");
	unreadable(place, -EINVAL, "no recording");
	unlink(place->file);
	run_sql(place, "CREATE TABLE other (x)");
	unreadable(place, -EINVAL, "no recording");
}

static void a_newer_version_is_told(void **state)
{
	struct place *place = *state;
	char sql[64];

	finish(writer_open(place, false));
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", STORE_VERSION + 1);
	run_sql(place, sql);
	unreadable(place, -EINVAL, "newer ephemport");
}

static int ignore_allocation(struct sink *sink, const struct allocation *allocation)
{
	(void)sink, (void)allocation;
	return 0;
}

static void damage_is_told(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	struct sink *sink = store_writer__sink(writer),
		    ignore = { .allocation = ignore_allocation };
	struct sink *sinks[] = { &ignore, NULL };
	struct stream stream = { sinks };
	struct allocation allocation = full();
	struct store_reader *reader;

	assert_int_equal(sink->allocation(sink, &allocation), 0);
	finish(writer);
	run_sql(place, "DELETE FROM alloc_tuple");
	reader = reader_open(place);
	assert_int_equal(store_read(reader, NULL, &stream), -EIO);
	assert_non_null(strstr(store_reader__why(reader), "damaged"));
	store_reader__free(reader);
}

static int stop_allocation(struct sink *sink, const struct allocation *allocation)
{
	(void)sink, (void)allocation;
	return -ECANCELED;
}

static void the_error_of_a_sink_ends_the_reading(void **state)
{
	struct place *place = *state;
	struct store_writer *writer = writer_open(place, false);
	struct sink *sink = store_writer__sink(writer), stop = { .allocation = stop_allocation };
	struct sink *sinks[] = { &stop, NULL };
	struct stream stream = { sinks };
	struct allocation allocation = full();
	struct store_reader *reader;

	assert_int_equal(sink->allocation(sink, &allocation), 0);
	finish(writer);
	reader = reader_open(place);
	assert_int_equal(store_read(reader, NULL, &stream), -ECANCELED);
	store_reader__free(reader);
}

/* More keys than are remembered, twice: each number stands for one key for ever. */
static void forgotten_keys_get_new_numbers(void **state)
{
	enum { KEYS = 1000, ROOM = 64 };
	static uint64_t key_of[2 * KEYS + 1];
	struct intern intern;
	uint32_t number;

	(void)state;
	assert_int_equal(intern_init(&intern, ROOM), 0);
	for (uint64_t i = 0; i < 2 * KEYS; i++) {
		struct intern_key key = { { [5] = (i % KEYS) << 56 | (i % KEYS) / 256 } };

		if (intern_add(&intern, &key, &number)) {
			assert_int_equal(key_of[number], 0);
			key_of[number] = i % KEYS + 1;
		}
		assert_int_equal(key_of[number], i % KEYS + 1);
		assert_false(intern_add(&intern, &key, &number));
	}
	intern_free(&intern);
}

/* Keys that fit are each known after the first time, wherever their bits differ. */
static void few_keys_are_kept(void **state)
{
	struct intern intern;
	uint32_t number;

	(void)state;
	for (int word = 0; word < INTERN_KEY_WORDS; word++) {
		for (int shift = 0; shift < 64; shift += 8) {
			int made = 0;

			assert_int_equal(intern_init(&intern, 1 << 12), 0);
			for (uint64_t i = 0; i < 4 * 64; i++) {
				struct intern_key key = { { 0 } };

				key.words[word] = (i % 64) << shift;
				made += intern_add(&intern, &key, &number);
			}
			/* Shifted out at the top, some are the same. */
			assert_true(made <= 64);
			intern_free(&intern);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_recording_prints_what_the_stream_printed),
		TEST(every_field_comes_back),
		TEST(meta_comes_back),
		TEST(namespaces_come_back),
		TEST(without_an_end_the_last_record_is_it),
		TEST(what_is_there_is_never_lost),
		TEST(a_recording_gives_way_to_force_alone),
		TEST(an_empty_file_gives_way_to_force),
		TEST(what_is_no_recording_is_told),
		TEST(a_newer_version_is_told),
		TEST(damage_is_told),
		TEST(the_error_of_a_sink_ends_the_reading),
		cmocka_unit_test(forgotten_keys_get_new_numbers),
		cmocka_unit_test(few_keys_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
