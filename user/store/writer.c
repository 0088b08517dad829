// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "store/look.h"
#include "store/replace.h"
#include "store/rows.h"
#include "store/schema.h"
#include "store/writer.h"
#include "trace/cgroup.h"
#include "util/clock.h"

enum {
	/* Between two looks at the clock: a storm may keep the source from ever calling flush. */
	ROWS_PER_LOOK = 1024,
	PAGE_SIZE = 4096,
	/*
	 * The log is copied into the file (which waits for the disk, and so may cost events) when
	 * it is long and nothing much goes on, or when it is very long.
	 */
	LOG_PAGES_QUIET = (8 << 20) / PAGE_SIZE,
	LOG_PAGES_MAX = (1 << 30) / PAGE_SIZE,
	QUIET_ROWS = 5000, /* in one commit */
	BUSY_MS = 1000,
};

struct store_writer {
	struct sink sink;
	sqlite3 *db;
	struct rows rows;
	char *path;
	bool live, open; /* open: a transaction is under way */
	int log_pages;	 /* in the log after the last commit */
	unsigned int since_look;
	uint64_t begun_ns; /* CLOCK_MONOTONIC, of the transaction */
	uint64_t allocations, committed, in_commit;
	struct intern netns_seen, cgroups_seen;
	int cgroup_root;
	int error; /* the first */
	struct reason why;
};

/* Notes the first error in words; nothing is written after it. */
static int writer_failed(struct store_writer *writer, int error)
{
	if (error && !writer->error) {
		reason_set(&writer->why, error, "%s: %s", writer->path, sqlite_words(writer->db));
		writer->error = error;
	}
	return error;
}

static int on_log(void *context, sqlite3 *db, const char *name, int pages)
{
	(void)db, (void)name;
	((struct store_writer *)context)->log_pages = pages;
	return SQLITE_OK;
}

static int writer_begin(struct store_writer *writer)
{
	int error;

	if (writer->error)
		return writer->error;
	if (writer->open)
		return 0;
	error = writer_failed(writer, sqlite_run(writer->db, "BEGIN"));
	writer->open = !error;
	writer->begun_ns = clock_ns(CLOCK_MONOTONIC);
	return error;
}

static int writer_commit(struct store_writer *writer)
{
	int error;

	if (writer->error || !writer->open)
		return writer->error;
	error = writer_failed(writer, sqlite_run(writer->db, "COMMIT"));
	if (error)
		return error;
	writer->open = false;
	writer->in_commit = writer->allocations - writer->committed;
	writer->committed = writer->allocations;
	if (writer->log_pages >= LOG_PAGES_MAX)
		sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return 0;
}

static int writer_commit_if_due(struct store_writer *writer)
{
	writer->since_look = 0;
	if (!writer->open ||
	    clock_ns(CLOCK_MONOTONIC) - writer->begun_ns < STORE_COMMIT_MS * 1000000ull)
		return 0;
	return writer_commit(writer);
}

static void note_cgroup(struct store_writer *writer, uint64_t id)
{
	struct intern_key key = { { id } };
	char path[4096];
	uint32_t number;

	if (!id || !intern_add(&writer->cgroups_seen, &key, &number) || writer->cgroup_root < 0)
		return;
	if (!cgroup_path(writer->cgroup_root, id, path, sizeof(path)))
		writer_failed(writer, rows_cgroup(&writer->rows, id, path));
}

/* @task: NULL for the caller's own; @range: in force there, where the namespace is gone already. */
static void note_netns(struct store_writer *writer, const struct task *task,
		       struct port_range range)
{
	struct intern_key key = { { task ? task->netns : 0 } };
	struct look_netns look;
	uint32_t number;

	if (task && !intern_add(&writer->netns_seen, &key, &number))
		return;
	look_netns(&look, task, range);
	key.words[0] = look.netns.inode;
	intern_add(&writer->netns_seen, &key, &number);
	writer_failed(writer, rows_netns(&writer->rows, &look.netns));
}

static int note_surroundings(struct store_writer *writer, const struct task *task,
			     struct port_range range)
{
	if (!writer->live)
		return 0;
	note_netns(writer, task, range);
	note_cgroup(writer, task->cgroup_id);
	return writer->error;
}

static struct port_range netns_range(const struct allocation *allocation)
{
	if (allocation->range_of_socket)
		return (struct port_range){ 0 };
	return (struct port_range){ allocation->low, allocation->high };
}

static int writer_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct store_writer *writer = (struct store_writer *)sink;
	int error = writer_begin(writer);

	if (!error)
		error = note_surroundings(writer, &allocation->task, netns_range(allocation));
	if (!error)
		error = writer_failed(writer, rows_allocation(&writer->rows, allocation));
	if (error)
		return error;
	writer->allocations++;
	return ++writer->since_look < ROWS_PER_LOOK ? 0 : writer_commit_if_due(writer);
}

static int writer_range_change(struct sink *sink, const struct range_change *change)
{
	struct store_writer *writer = (struct store_writer *)sink;
	struct port_range old = { change->old_low, change->old_high };
	int error = writer_begin(writer);

	if (!error)
		error = note_surroundings(writer, &change->task, old);
	return error ?: writer_failed(writer, rows_range_change(&writer->rows, change));
}

static int writer_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	struct store_writer *writer = (struct store_writer *)sink;
	int error = writer_begin(writer);

	if (!error)
		error = note_surroundings(writer, &change->task, (struct port_range){ 0 });
	return error ?: writer_failed(writer, rows_reserved_change(&writer->rows, change));
}

static int writer_loss(struct sink *sink, const struct loss *loss)
{
	struct store_writer *writer = (struct store_writer *)sink;
	int error = writer_begin(writer);

	return error ?: writer_failed(writer, rows_loss(&writer->rows, loss));
}

static int writer_flush(struct sink *sink)
{
	struct store_writer *writer = (struct store_writer *)sink;
	int error = writer_commit_if_due(writer);

	if (!error && !writer->open && writer->log_pages >= LOG_PAGES_QUIET &&
	    writer->in_commit < QUIET_ROWS) {
		sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		writer->log_pages = 0;
	}
	return error;
}

int store_writer__netns(struct store_writer *writer, const struct store_netns *netns)
{
	int error = writer_begin(writer);

	return error ?: writer_failed(writer, rows_netns(&writer->rows, netns));
}

static int write_meta(struct store_writer *writer, const struct store_meta *meta)
{
	__attribute__((cleanup(sqlite_finalize))) sqlite3_stmt *row = NULL;
	struct utsname uts;
	int error = sqlite_prepare(writer->db,
				   "INSERT INTO recording VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
				   "NULL, NULL)",
				   &row);

	if (error)
		return error;
	uname(&uts);
	sqlite_bind_text(row, 1, EPHEMPORT_VERSION);
	sqlite_bind_text(row, 2, uts.nodename);
	sqlite_bind_text(row, 3, uts.release);
	sqlite_bind_text(row, 4, uts.machine);
	sqlite_bind_text(row, 5, backend_name(meta->backend));
	sqlite3_bind_int(row, 6, meta->explain);
	sqlite_bind_text(row, 7, meta->options);
	sqlite_bind_text(row, 8, meta->command);
	sqlite_bind_maybe(row, 9, -1);
	sqlite3_bind_int64(row, 10, (int64_t)meta->begin_ns);
	sqlite3_bind_int64(row, 11, (int64_t)meta->begin_mono_ns);
	return sqlite3_step(row) == SQLITE_DONE ? 0 : sqlite_errno(writer->db);
}

/*
 * With a log beside it (WAL), what was committed outlives this process without a wait for the
 * disk, and the file is whole even after a loss of power; NORMAL waits for the disk only where the
 * log is copied, which is done when there is time.
 */
static int writer_create(struct store_writer *writer, const struct store_meta *meta)
{
	char sql[512];
	int error;

	snprintf(sql, sizeof(sql),
		 "PRAGMA page_size = %d; PRAGMA application_id = %d; PRAGMA user_version = %d;"
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		 "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536; BEGIN",
		 PAGE_SIZE, STORE_APPLICATION_ID, STORE_VERSION);
	if (sqlite3_open_v2(writer->path, &writer->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL))
		return sqlite_errno(writer->db);
	/* Whoever writes there besides us, an index perhaps, shall find time for it. */
	sqlite3_busy_timeout(writer->db, BUSY_MS);
	error = sqlite_run(writer->db, sql);
	sqlite3_wal_hook(writer->db, on_log, writer);
	if (!error)
		error = sqlite_run(writer->db, store_schema);
	if (!error)
		error = write_meta(writer, meta);
	if (!error)
		error = rows_open(&writer->rows, writer->db);
	writer->open = true;
	return error;
}

static const struct sink writer_sink = {
	.allocation = writer_allocation,
	.range_change = writer_range_change,
	.reserved_change = writer_reserved_change,
	.loss = writer_loss,
	.flush = writer_flush,
};

static int writer_start(struct store_writer *writer, const struct store_meta *meta)
{
	int error = intern_init(&writer->netns_seen, 1 << 12);

	if (!error)
		error = intern_init(&writer->cgroups_seen, 1 << 12);
	if (error) {
		reason_set(&writer->why, error, "%s", strerror(-error));
		return error;
	}
	error = writer_failed(writer, writer_create(writer, meta));
	if (!error && writer->live) {
		writer->cgroup_root = cgroup_root_open();
		note_netns(writer, NULL, (struct port_range){ 0 });
	}
	return error ?: writer_commit(writer);
}

int store_writer__new(const char *path, const struct store_writer_options *options,
		      struct store_writer **out, struct reason *why)
{
	struct store_writer *writer = calloc(1, sizeof(*writer));
	int error;

	if (!writer)
		return reason_set(why, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	*writer = (struct store_writer){
		.sink = writer_sink, .path = strdup(path), .live = options->live, .cgroup_root = -1
	};
	error = writer->path ? replace_create(path, options->force, why) :
			       reason_set(why, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	if (error) {
		store_writer__free(writer);
		return error;
	}
	error = writer_start(writer, &options->meta);
	if (error) {
		*why = writer->why;
		store_writer__free(writer);
		replace_remove(path);
		return error;
	}
	*out = writer;
	return 0;
}

struct sink *store_writer__sink(struct store_writer *writer)
{
	return &writer->sink;
}

static int write_end(struct store_writer *writer, uint64_t end_mono_ns, uint64_t end_ns, int status)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "UPDATE recording SET end_ns = %llu, end_ts_ns = %llu, "
		 "status = CASE WHEN %d < 0 THEN NULL ELSE %d END",
		 (unsigned long long)end_ns, (unsigned long long)end_mono_ns, status, status);
	return sqlite_run(writer->db, sql);
}

/*
 * One file, that also opens where nothing can be written beside it. Where somebody is reading it,
 * that is left to SQLite when the last of them closes it.
 */
static int write_one_file(struct store_writer *writer)
{
	int error = sqlite_run(writer->db, "PRAGMA journal_mode = DELETE");

	return error == -EBUSY ? 0 : error;
}

int store_writer__finish(struct store_writer *writer, uint64_t end_mono_ns, uint64_t end_ns,
			 int status)
{
	int error = writer_commit(writer);

	/* What could not be committed is given up; the log has room where it was. */
	if (!sqlite3_get_autocommit(writer->db))
		sqlite_run(writer->db, "ROLLBACK");
	writer->open = false;
	if (!error || error == -ENOSPC)
		writer_failed(writer, write_end(writer, end_mono_ns, end_ns, status));
	rows_close(&writer->rows);
	if (!writer->error)
		writer_failed(writer, write_one_file(writer));
	return writer->error;
}

const char *store_writer__why(const struct store_writer *writer)
{
	return writer->why.text;
}

uint64_t store_writer__committed(const struct store_writer *writer)
{
	return writer->committed;
}

void store_writer__free(struct store_writer *writer)
{
	if (!writer)
		return;
	if (writer->open)
		writer_commit(writer);
	rows_close(&writer->rows);
	sqlite3_close(writer->db);
	intern_free(&writer->netns_seen);
	intern_free(&writer->cgroups_seen);
	if (writer->cgroup_root >= 0)
		close(writer->cgroup_root);
	free(writer->path);
	free(writer);
}
