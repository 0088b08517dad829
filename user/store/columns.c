// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/columns.h"
#include "store/rows.h"

/* How many of each are remembered. */
enum { KNOWN_KINDS = 256, KNOWN_TUPLES = 4096, KNOWN_TASKS = 4096 };
/* The longest word for a loss. */
enum { CAUSE_MAX = 64 };

struct known_kind {
	int64_t id; /* 0: empty */
	struct allocation part;
};

struct known_tuple {
	int64_t id;
	uint32_t netns;
	uint16_t proto;
	uint8_t family;
	struct endpoint source, dest;
};

struct known_task {
	int64_t id;
	bool inside; /* the cgroup that was asked for */
	struct task task;
};

static const char *const record_sql[COLUMNS_COUNT] = {
	[COLUMNS_ALLOC] = "SELECT id, kind, tuple, task, ts_ns, time_ns, sport, latency_ns, "
			  "examined, refused_tuple, refused_timewait, refused_bound, "
			  "reserved_skipped FROM alloc ORDER BY id",
	[COLUMNS_RANGE] = "SELECT id, ts_ns, time_ns, pid, tid, uid, comm, cgroup_id, netns, "
			  "old_low, old_high, new_low, new_high FROM range_changes ORDER BY id",
	[COLUMNS_RESERVED] = "SELECT id, ts_ns, time_ns, pid, tid, uid, comm, cgroup_id, netns, "
			     "old, new FROM reserved_changes ORDER BY id",
	[COLUMNS_LOSS] = "SELECT id, since_ns, time_ns, count, cause FROM losses ORDER BY id",
};

int columns_open(struct columns *columns, sqlite3 *db, const char *cgroup)
{
	int error = 0;

	*columns = (struct columns){
		.kinds = calloc(KNOWN_KINDS, sizeof(*columns->kinds)),
		.tuples = calloc(KNOWN_TUPLES, sizeof(*columns->tuples)),
		.tasks = calloc(KNOWN_TASKS, sizeof(*columns->tasks)),
	};
	if (!columns->kinds || !columns->tuples || !columns->tasks)
		return -ENOMEM;
	for (int table = 0; !error && table < COLUMNS_COUNT; table++)
		error = sqlite_prepare(db, record_sql[table], &columns->records[table]);
	if (!error)
		error = sqlite_prepare(db,
				       "SELECT path, error, second_pass, range_low, range_high, "
				       "range_source, tw_reused, backend, approx FROM alloc_kind "
				       "WHERE id = ?",
				       &columns->kind);
	if (!error)
		error = sqlite_prepare(db,
				       "SELECT netns, proto, family, source, dest, dport "
				       "FROM alloc_tuple WHERE id = ?",
				       &columns->tuple);
	if (!error)
		error = sqlite_prepare(
			db,
			"SELECT pid, tid, uid, comm, cgroup_id, ?2 IS NULL OR EXISTS (SELECT 1 "
			"FROM cgroups c WHERE c.cgroup_id = t.cgroup_id AND " COLUMNS_BELOW(
				"?2") ") "
				      "FROM alloc_task t WHERE id = ?1",
			&columns->task);
	if (!error)
		sqlite_bind_text(columns->task, 2, cgroup);
	return error;
}

void columns_close(struct columns *columns)
{
	for (int table = 0; table < COLUMNS_COUNT; table++)
		sqlite_finalize(&columns->records[table]);
	sqlite_finalize(&columns->kind);
	sqlite_finalize(&columns->tuple);
	sqlite_finalize(&columns->task);
	free(columns->kinds);
	free(columns->tuples);
	free(columns->tasks);
	*columns = (struct columns){ 0 };
}

/* Stands at the row of @id, or -EIO. */
static int row_find(sqlite3_stmt *row, int64_t id)
{
	int step;

	sqlite3_bind_int64(row, 1, id);
	step = sqlite3_step(row);
	return step == SQLITE_ROW ? 0 : -EIO;
}

static unsigned int approx_of(const char *text)
{
	return (strstr(text, "latency_ns") ? APPROX_LATENCY : 0) |
	       (strstr(text, "path") ? APPROX_PATH : 0) |
	       (strstr(text, "examined") ? APPROX_EXAMINED : 0);
}

static int kind_read(sqlite3_stmt *row, struct allocation *part)
{
	int path = path_find(sqlite_text(row, 0)), backend = backend_find(sqlite_text(row, 7));

	if (path < 0 || backend < 0)
		return -EIO;
	part->path = (enum alloc_path)path;
	part->error = (uint16_t)sqlite3_column_int(row, 1);
	part->second_pass = (enum known)sqlite_maybe(row, 2);
	part->low = (uint16_t)sqlite3_column_int(row, 3);
	part->high = (uint16_t)sqlite3_column_int(row, 4);
	part->range_of_socket = !strcmp(sqlite_text(row, 5), "socket");
	part->tw_reused = (enum known)sqlite_maybe(row, 6);
	part->backend = (enum backend)backend;
	part->approx = approx_of(sqlite_text(row, 8));
	return 0;
}

static const struct allocation *kind_of(struct columns *columns, int64_t id)
{
	struct known_kind *known = &columns->kinds[(uint64_t)id % KNOWN_KINDS];

	if (known->id != id) {
		int error = row_find(columns->kind, id);

		if (!error)
			error = kind_read(columns->kind, &known->part);
		sqlite3_reset(columns->kind);
		known->id = error ? 0 : id;
	}
	return known->id ? &known->part : NULL;
}

static void address_read(sqlite3_stmt *row, int column, struct endpoint *endpoint)
{
	const void *bytes = sqlite3_column_blob(row, column);

	*endpoint = (struct endpoint){ 0 };
	endpoint->known = bytes && sqlite3_column_bytes(row, column) == sizeof(endpoint->address);
	if (endpoint->known)
		memcpy(&endpoint->address, bytes, sizeof(endpoint->address));
}

static const struct known_tuple *tuple_of(struct columns *columns, int64_t id)
{
	struct known_tuple *known = &columns->tuples[(uint64_t)id % KNOWN_TUPLES];
	sqlite3_stmt *row = columns->tuple;
	int proto = -EIO;

	if (known->id == id)
		return known->id ? known : NULL;
	if (!row_find(row, id)) {
		known->netns = (uint32_t)sqlite3_column_int64(row, 0);
		proto = proto_parse(sqlite_text(row, 1));
		known->proto = (uint16_t)proto;
		known->family = (uint8_t)sqlite3_column_int(row, 2);
		address_read(row, 3, &known->source);
		address_read(row, 4, &known->dest);
		known->dest.port = (uint16_t)sqlite3_column_int(row, 5);
	}
	sqlite3_reset(row);
	known->id = proto < 0 ? 0 : id;
	return known->id ? known : NULL;
}

/* pid, tid, uid, comm and cgroup_id, from @column on. */
static void task_read(sqlite3_stmt *row, int column, struct task *task)
{
	task->pid = (uint32_t)sqlite3_column_int64(row, column);
	task->tid = (uint32_t)sqlite3_column_int64(row, column + 1);
	task->uid = (uint32_t)sqlite3_column_int64(row, column + 2);
	rows_comm_decode(task->comm, sqlite_text(row, column + 3));
	task->cgroup_id = (uint64_t)sqlite3_column_int64(row, column + 4);
}

static const struct known_task *task_of(struct columns *columns, int64_t id)
{
	struct known_task *known = &columns->tasks[(uint64_t)id % KNOWN_TASKS];

	if (known->id == id)
		return known->id ? known : NULL;
	known->id = row_find(columns->task, id) ? 0 : id;
	if (known->id) {
		task_read(columns->task, 0, &known->task);
		known->inside = sqlite3_column_int(columns->task, 5);
	}
	sqlite3_reset(columns->task);
	return known->id ? known : NULL;
}

int columns_allocation(struct columns *columns, struct allocation *allocation, bool *inside)
{
	sqlite3_stmt *row = columns->records[COLUMNS_ALLOC];
	const struct allocation *kind = kind_of(columns, sqlite3_column_int64(row, 1));
	const struct known_tuple *tuple = tuple_of(columns, sqlite3_column_int64(row, 2));
	const struct known_task *task = task_of(columns, sqlite3_column_int64(row, 3));

	if (!kind || !tuple || !task)
		return -EIO;
	*allocation = *kind;
	allocation->proto = tuple->proto;
	allocation->family = tuple->family;
	allocation->source = tuple->source;
	allocation->dest = tuple->dest;
	allocation->task = task->task;
	allocation->task.netns = tuple->netns;
	allocation->start_ns = (uint64_t)sqlite3_column_int64(row, 4);
	allocation->time_ns = (uint64_t)sqlite3_column_int64(row, 5);
	allocation->source.port = (uint16_t)sqlite3_column_int(row, 6);
	allocation->latency_ns = (uint64_t)sqlite3_column_int64(row, 7);
	allocation->examined = sqlite_maybe(row, 8);
	allocation->refused_tuple = sqlite_maybe(row, 9);
	allocation->refused_timewait = sqlite_maybe(row, 10);
	allocation->refused_bound = sqlite_maybe(row, 11);
	allocation->reserved_skipped = sqlite_maybe(row, 12);
	*inside = task->inside;
	return 0;
}

void columns_range_change(struct columns *columns, struct range_change *change)
{
	sqlite3_stmt *row = columns->records[COLUMNS_RANGE];

	*change = (struct range_change){
		.mono_ns = (uint64_t)sqlite3_column_int64(row, 1),
		.time_ns = (uint64_t)sqlite3_column_int64(row, 2),
		.old_low = (uint16_t)sqlite3_column_int(row, 9),
		.old_high = (uint16_t)sqlite3_column_int(row, 10),
		.new_low = (uint16_t)sqlite3_column_int(row, 11),
		.new_high = (uint16_t)sqlite3_column_int(row, 12),
	};
	task_read(row, 3, &change->task);
	change->task.netns = (uint32_t)sqlite3_column_int64(row, 8);
}

int columns_ports(sqlite3_stmt *row, int column, struct port_set *set,
		  const struct port_set **known)
{
	*known = NULL;
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return 0;
	*known = set;
	return port_set_parse(sqlite_text(row, column), set) ? -EIO : 0;
}

int columns_reserved_change(struct columns *columns, struct reserved_change *change,
			    struct port_set *old, struct port_set *new)
{
	sqlite3_stmt *row = columns->records[COLUMNS_RESERVED];

	*change = (struct reserved_change){
		.mono_ns = (uint64_t)sqlite3_column_int64(row, 1),
		.time_ns = (uint64_t)sqlite3_column_int64(row, 2),
	};
	task_read(row, 3, &change->task);
	change->task.netns = (uint32_t)sqlite3_column_int64(row, 8);
	return columns_ports(row, 9, old, &change->old) ?:
							  columns_ports(row, 10, new, &change->new);
}

int columns_loss(struct columns *columns, struct loss *loss)
{
	sqlite3_stmt *row = columns->records[COLUMNS_LOSS];
	size_t length;

	*loss = (struct loss){
		.since_ns = (uint64_t)sqlite3_column_int64(row, 1),
		.time_ns = (uint64_t)sqlite3_column_int64(row, 2),
		.count = (uint64_t)sqlite3_column_int64(row, 3),
		.cause = sqlite_text(row, 4),
	};
	length = strlen(loss->cause);
	return length && length < CAUSE_MAX &&
			       strspn(loss->cause, "abcdefghijklmnopqrstuvwxyz_") == length ?
		       0 :
		       -EIO;
}
