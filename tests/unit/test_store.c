// SPDX-License-Identifier: GPL-2.0-only
/*
 * user/store/: what is written to a recording comes out of it again, in every field. The truth is
 * the stream as it was before: printed by the sinks that print live streams, and compared field by
 * field.
 */
#include "store_place.h"

#include "render/json.h"
#include "render/text.h"

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_recording_prints_what_the_stream_printed),
		TEST(every_field_comes_back),
		TEST(meta_comes_back),
		TEST(namespaces_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
