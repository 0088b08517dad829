// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "event/match.h"
#include "store/columns.h"
#include "store/reader.h"
#include "store/schema.h"

struct store_reader {
	sqlite3 *db;
	char *path;
	struct store_meta meta;
	char *texts[6]; /* that meta points to */
	struct reason why;
};

static int reader_failed(struct store_reader *reader)
{
	return reason_set(&reader->why, -EIO, "%s is damaged: %s", reader->path,
			  sqlite3_errcode(reader->db) == SQLITE_OK ||
					  sqlite3_errcode(reader->db) == SQLITE_ROW ||
					  sqlite3_errcode(reader->db) == SQLITE_DONE ?
				  "a row refers to what is not there" :
				  sqlite3_errmsg(reader->db));
}

/* The only number that a statement gives. */
static int number_read(sqlite3 *db, const char *sql, int64_t *number)
{
	__attribute__((cleanup(sqlite_finalize))) sqlite3_stmt *row = NULL;
	int error = sqlite_prepare(db, sql, &row);

	if (error)
		return error;
	switch (sqlite3_step(row)) {
	case SQLITE_ROW:
		*number = sqlite3_column_int64(row, 0);
		return 0;
	case SQLITE_DONE:
		*number = 0;
		return 0;
	default:
		return sqlite_errno(db);
	}
}

static bool log_fails(sqlite3 *db)
{
	int code = sqlite3_errcode(db) & 0xff;

	return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

/* Whether it is a recording, and one that we know how to read. */
static int version_check(struct store_reader *reader, struct reason *why)
{
	int64_t id = 0, version = 0;
	int error = number_read(reader->db, "PRAGMA application_id", &id);

	if (!error)
		error = number_read(reader->db, "PRAGMA user_version", &version);
	/* The file was opened: it is the log, and what SQLite keeps in memory shared beside it. */
	if (error && log_fails(reader->db))
		return reason_set(
			why, error,
			"%s goes on or was cut off, and its log cannot be opened from "
			"here: copy it, with what is named %s-wal, to where you may write",
			reader->path, reader->path);
	if (error && error != -EINVAL)
		return reason_set(why, error, "%s cannot be read: %s", reader->path,
				  sqlite_words(reader->db));
	if (error || id != STORE_APPLICATION_ID)
		return reason_set(why, -EINVAL,
				  "%s is no recording: 'ephemport record -o' makes one",
				  reader->path);
	if (version > STORE_VERSION)
		return reason_set(why, -EINVAL,
				  "%s was made by a newer ephemport: its tables have version %lld, "
				  "and this one reads up to %d",
				  reader->path, (long long)version, STORE_VERSION);
	return 0;
}

/* Somebody else may have made the file: nothing of it may steer a terminal. */
static const char *text_keep(struct store_reader *reader, sqlite3_stmt *row, int column, int slot)
{
	char *text = sqlite3_column_type(row, column) == SQLITE_NULL ?
			     NULL :
			     strdup(sqlite_text(row, column));

	for (char *at = text; at && *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	reader->texts[slot] = text;
	return text;
}

/* Of a recording that never came to its end: the last that it tells of. */
static int end_guess(struct store_reader *reader)
{
	struct store_meta *meta = &reader->meta;
	int64_t ts_ns = 0, time_ns = 0;
	int error = number_read(reader->db,
				"SELECT ts_ns + latency_ns FROM alloc ORDER BY id DESC LIMIT 1",
				&ts_ns);

	if (!error)
		error = number_read(
			reader->db,
			"SELECT time_ns + latency_ns FROM alloc ORDER BY id DESC LIMIT 1",
			&time_ns);
	meta->end_mono_ns = ts_ns ? (uint64_t)ts_ns : meta->begin_mono_ns;
	meta->end_ns = time_ns ? (uint64_t)time_ns : meta->begin_ns;
	return error;
}

static int meta_read(struct store_reader *reader)
{
	__attribute__((cleanup(sqlite_finalize))) sqlite3_stmt *row = NULL;
	struct store_meta *meta = &reader->meta;
	int error = sqlite_prepare(reader->db,
				   "SELECT version, host, kernel, arch, options, command, backend, "
				   "explain, status, begin_ns, begin_ts_ns, end_ns, end_ts_ns "
				   "FROM recording",
				   &row);

	if (error)
		return error;
	if (sqlite3_step(row) != SQLITE_ROW || backend_find(sqlite_text(row, 6)) < 0)
		return -EIO;
	*meta = (struct store_meta){
		.version = text_keep(reader, row, 0, 0),
		.host = text_keep(reader, row, 1, 1),
		.kernel = text_keep(reader, row, 2, 2),
		.arch = text_keep(reader, row, 3, 3),
		.options = text_keep(reader, row, 4, 4),
		.command = text_keep(reader, row, 5, 5),
		.backend = (enum backend)backend_find(sqlite_text(row, 6)),
		.explain = sqlite3_column_int(row, 7),
		.status = (int)sqlite_maybe(row, 8),
		.begin_ns = (uint64_t)sqlite3_column_int64(row, 9),
		.begin_mono_ns = (uint64_t)sqlite3_column_int64(row, 10),
		.end_ns = (uint64_t)sqlite3_column_int64(row, 11),
		.end_mono_ns = (uint64_t)sqlite3_column_int64(row, 12),
		.complete = sqlite3_column_type(row, 11) != SQLITE_NULL,
	};
	return meta->complete ? 0 : end_guess(reader);
}

static int reader_start(struct store_reader *reader, struct reason *why)
{
	struct stat st;
	int error = 0;

	/* SQLite has but one word for all that may be wrong here. */
	if (stat(reader->path, &st))
		error = -errno;
	else if (S_ISDIR(st.st_mode))
		error = -EISDIR;
	if (error)
		return reason_set(why, error, "%s: %s", reader->path, strerror(-error));
	if (sqlite3_open_v2(reader->path, &reader->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
			    NULL))
		return reason_set(why, sqlite_errno(reader->db), "%s cannot be read: %s",
				  reader->path, sqlite_words(reader->db));
	/* Nor may what is in it run: views and triggers call no function with effects. */
	sqlite3_db_config(reader->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(reader->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	error = version_check(reader, why);
	if (!error && meta_read(reader)) {
		error = reader_failed(reader);
		*why = reader->why;
	}
	return error;
}

int store_reader__open(const char *path, struct store_reader **out, struct reason *why)
{
	struct store_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (reader)
		reader->path = strdup(path);
	if (!reader || !reader->path) {
		store_reader__free(reader);
		return reason_set(why, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	}
	error = reader_start(reader, why);
	if (error)
		store_reader__free(reader);
	else
		*out = reader;
	return error;
}

const struct store_meta *store_reader__meta(const struct store_reader *reader)
{
	return &reader->meta;
}

/* One reading: four lists, each in order, become one. */
struct reading {
	struct store_reader *reader;
	const struct config *config; /* NULL: all */
	const struct stream *stream;
	struct columns columns;
	int64_t next[COLUMNS_COUNT]; /* the id at which each list stands; INT64_MAX: its end */
	struct port_set old, new;
};

static void reading_end(struct reading *reading)
{
	columns_close(&reading->columns);
	if (!sqlite3_get_autocommit(reading->reader->db))
		sqlite_run(reading->reader->db, "COMMIT");
}

static int reading_advance(struct reading *reading, enum column_table table)
{
	sqlite3_stmt *row = reading->columns.records[table];
	int step = sqlite3_step(row);

	if (step != SQLITE_ROW && step != SQLITE_DONE)
		return reader_failed(reading->reader);
	reading->next[table] = step == SQLITE_ROW ? sqlite3_column_int64(row, 0) : INT64_MAX;
	return 0;
}

static int tell_allocation(struct reading *reading)
{
	struct allocation allocation;
	bool inside;

	if (columns_allocation(&reading->columns, &allocation, &inside))
		return reader_failed(reading->reader);
	if (!inside || (reading->config && !match_allocation(reading->config, &allocation)))
		return 0;
	return stream_allocation(reading->stream, &allocation);
}

static bool change_matches(const struct reading *reading, const struct task *task)
{
	return !reading->config || match_change(reading->config, task->netns);
}

static int tell_record(struct reading *reading, enum column_table table)
{
	struct columns *columns = &reading->columns;
	struct reserved_change reserved;
	struct range_change range;
	struct loss loss;

	switch (table) {
	case COLUMNS_ALLOC:
		return tell_allocation(reading);
	case COLUMNS_RANGE:
		columns_range_change(columns, &range);
		return change_matches(reading, &range.task) ?
			       stream_range_change(reading->stream, &range) :
			       0;
	case COLUMNS_RESERVED:
		if (columns_reserved_change(columns, &reserved, &reading->old, &reading->new))
			return reader_failed(reading->reader);
		return change_matches(reading, &reserved.task) ?
			       stream_reserved_change(reading->stream, &reserved) :
			       0;
	default:
		if (columns_loss(columns, &loss))
			return reader_failed(reading->reader);
		return stream_loss(reading->stream, &loss);
	}
}

/* The list whose next record came first. */
static enum column_table reading_first(const struct reading *reading)
{
	enum column_table first = 0;

	for (int table = 1; table < COLUMNS_COUNT; table++)
		if (reading->next[table] < reading->next[first])
			first = (enum column_table)table;
	return first;
}

static int read_all(struct reading *reading)
{
	int error = 0;

	for (int table = 0; !error && table < COLUMNS_COUNT; table++)
		error = reading_advance(reading, (enum column_table)table);
	while (!error) {
		enum column_table table = reading_first(reading);

		if (reading->next[table] == INT64_MAX)
			return stream_flush(reading->stream);
		error = tell_record(reading, table);
		if (!error)
			error = reading_advance(reading, table);
	}
	return error;
}

int store_read(struct store_reader *reader, const struct store_filter *filter,
	       const struct stream *stream)
{
	__attribute__((cleanup(reading_end))) struct reading reading = {
		.reader = reader,
		.config = filter ? filter->config : NULL,
		.stream = stream,
	};
	bool below = reading.config && (reading.config->filters & FILTER_CGROUP);

	/* All lists as they are at one time: the recording may go on. */
	if (sqlite_run(reader->db, "BEGIN") ||
	    columns_open(&reading.columns, reader->db, below ? filter->cgroup : NULL))
		return reader_failed(reader);
	return read_all(&reading);
}

int store_reader__each_netns(struct store_reader *reader,
			     int (*each)(void *context, const struct store_netns *netns),
			     void *context)
{
	__attribute__((cleanup(sqlite_finalize))) sqlite3_stmt *row = NULL;
	struct port_set reserved;
	int result = 0, step;

	if (sqlite_prepare(reader->db,
			   "SELECT netns, time_ns, current, who, range_low, range_high, reserved, "
			   "unprivileged_start FROM namespaces ORDER BY id",
			   &row))
		return reader_failed(reader);
	while (!result && (step = sqlite3_step(row)) == SQLITE_ROW) {
		struct store_netns netns = {
			.inode = (uint32_t)sqlite3_column_int64(row, 0),
			.time_ns = (uint64_t)sqlite3_column_int64(row, 1),
			.current = sqlite3_column_int(row, 2),
			.who = (const char *)sqlite3_column_text(row, 3),
			.low = (uint16_t)sqlite3_column_int(row, 4),
			.high = (uint16_t)sqlite3_column_int(row, 5),
			.unprivileged_start = (int)sqlite_maybe(row, 7),
		};

		if (columns_ports(row, 6, &reserved, &netns.reserved))
			return reader_failed(reader);
		result = each(context, &netns);
	}
	return result ?: step == SQLITE_DONE ? 0 : reader_failed(reader);
}

bool store_reader__has_cgroup(struct store_reader *reader, const char *cgroup)
{
	__attribute__((cleanup(sqlite_finalize))) sqlite3_stmt *row = NULL;

	if (sqlite_prepare(reader->db, "SELECT 1 FROM cgroups WHERE " COLUMNS_BELOW("?1"), &row))
		return false;
	sqlite_bind_text(row, 1, cgroup);
	return sqlite3_step(row) == SQLITE_ROW;
}

const char *store_reader__why(const struct store_reader *reader)
{
	return reader->why.text;
}

void store_reader__free(struct store_reader *reader)
{
	if (!reader)
		return;
	sqlite3_close(reader->db);
	for (size_t i = 0; i < sizeof(reader->texts) / sizeof(reader->texts[0]); i++)
		free(reader->texts[i]);
	free(reader->path);
	free(reader);
}
