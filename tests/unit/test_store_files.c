// SPDX-License-Identifier: GPL-2.0-only
/* user/store/: what is there is never lost, and what is no recording, or a damaged one, is told. */
#include "store_place.h"

#include <fcntl.h>

#include <sqlite3.h>

#include "store/schema.h"

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

/* The sinks print a cause into room for a word. */
static void a_cause_that_is_no_word_is_damage(void **state)
{
	static const char *const sql[] = {
		"INSERT INTO losses VALUES (1, 0, 0, 1, printf('%.*c', 9999, 'x'))",
		"INSERT INTO losses VALUES (1, 0, 0, 1, 'a\"b')",
		"INSERT INTO losses VALUES (1, 0, 0, 1, NULL)",
	};
	struct place *place = *state;
	struct sink *sinks[] = { NULL };
	struct stream stream = { sinks };

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		struct store_reader *reader;

		finish(writer_open(place, true));
		run_sql(place, sql[i]);
		reader = reader_open(place);
		assert_int_equal(store_read(reader, NULL, &stream), -EIO);
		store_reader__free(reader);
	}
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(without_an_end_the_last_record_is_it),
		TEST(what_is_there_is_never_lost),
		TEST(a_recording_gives_way_to_force_alone),
		TEST(an_empty_file_gives_way_to_force),
		TEST(what_is_no_recording_is_told),
		TEST(a_newer_version_is_told),
		TEST(damage_is_told),
		TEST(a_cause_that_is_no_word_is_damage),
		TEST(the_error_of_a_sink_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
