// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/format.h"
#include "store/rows.h"

static const char *const row_sql[ROW_COUNT] = {
	[ROW_ALLOC] = "INSERT INTO alloc VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROW_KIND] = "INSERT INTO alloc_kind VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROW_TUPLE] = "INSERT INTO alloc_tuple VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROW_TASK] = "INSERT INTO alloc_task VALUES (?, ?, ?, ?, ?, ?)",
	[ROW_RANGE] = "INSERT INTO range_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROW_RESERVED] = "INSERT INTO reserved_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROW_LOSS] = "INSERT INTO losses VALUES (?, ?, ?, ?, ?)",
	[ROW_NETNS] = "INSERT INTO namespaces VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ROW_CGROUP] = "INSERT OR REPLACE INTO cgroups VALUES (?, ?)",
};

/* Keys that are remembered; a storm has few of them, a resolver or a proxy has many. */
enum { KINDS_KEPT = 1 << 10, TUPLES_KEPT = 1 << 15, TASKS_KEPT = 1 << 13 };

int rows_open(struct rows *rows, sqlite3 *db)
{
	int error = intern_init(&rows->kinds, KINDS_KEPT);

	if (!error)
		error = intern_init(&rows->tuples, TUPLES_KEPT);
	if (!error)
		error = intern_init(&rows->tasks, TASKS_KEPT);
	for (int table = 0; !error && table < ROW_COUNT; table++)
		error = sqlite_prepare(db, row_sql[table], &rows->statements[table]);
	return error;
}

void rows_close(struct rows *rows)
{
	for (int table = 0; table < ROW_COUNT; table++)
		sqlite_finalize(&rows->statements[table]);
	intern_free(&rows->kinds);
	intern_free(&rows->tuples);
	intern_free(&rows->tasks);
}

/* Ready for the next row, whether this one went through or not. */
static int row_write(sqlite3_stmt *statement)
{
	int error = sqlite3_step(statement) == SQLITE_DONE ?
			    0 :
			    sqlite_errno(sqlite3_db_handle(statement));

	sqlite3_reset(statement);
	return error;
}

void rows_comm_encode(char out[ROWS_COMM_LEN], const char comm[EVENT_COMM_LEN])
{
	for (int i = 0; i < EVENT_COMM_LEN && comm[i]; i++) {
		unsigned char byte = (unsigned char)comm[i];

		if (byte >= 0x80)
			*out++ = (char)(0xc0 | byte >> 6);
		*out++ = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
	}
	*out = '\0';
}

void rows_comm_decode(char comm[EVENT_COMM_LEN], const char *text)
{
	memset(comm, 0, EVENT_COMM_LEN);
	for (int i = 0; i < EVENT_COMM_LEN && *text; i++) {
		unsigned char byte = (unsigned char)*text++;

		if (byte >= 0x80 && *text)
			byte = (unsigned char)(byte << 6 | (*text++ & 0x3f));
		comm[i] = (char)byte;
	}
}

static const char *approx_text(unsigned int approx)
{
	/* By enum approx. */
	static const char *const texts[8] = {
		NULL,	    "latency_ns",	   "path",	    "latency_ns,path",
		"examined", "latency_ns,examined", "path,examined", "latency_ns,path,examined",
	};

	return texts[approx & 7];
}

static int kind_number(struct rows *rows, const struct allocation *allocation, uint32_t *number)
{
	struct intern_key key = { {
		(uint64_t)allocation->path | (uint64_t)allocation->backend << 8 |
			(uint64_t)allocation->range_of_socket << 16 |
			(uint64_t)(allocation->second_pass + 1) << 24 |
			(uint64_t)(allocation->tw_reused + 1) << 32 |
			(uint64_t)allocation->approx << 40,
		(uint64_t)allocation->low | (uint64_t)allocation->high << 16 |
			(uint64_t)allocation->error << 32,
	} };
	sqlite3_stmt *row = rows->statements[ROW_KIND];
	char buffer[16];

	if (!intern_add(&rows->kinds, &key, number))
		return 0;
	sqlite3_bind_int64(row, 1, *number);
	sqlite_bind_text(row, 2, path_name(allocation->path));
	sqlite3_bind_int(row, 3, allocation->error);
	sqlite_bind_text(row, 4, allocation->error ? errno_name(allocation->error, buffer) : NULL);
	sqlite_bind_maybe(row, 5, allocation->second_pass);
	sqlite3_bind_int(row, 6, allocation->low);
	sqlite3_bind_int(row, 7, allocation->high);
	sqlite_bind_text(row, 8, allocation->range_of_socket ? "socket" : "netns");
	sqlite_bind_maybe(row, 9, allocation->tw_reused);
	sqlite_bind_text(row, 10, backend_name(allocation->backend));
	sqlite_bind_text(row, 11, approx_text(allocation->approx));
	return row_write(row);
}

static void bind_address(sqlite3_stmt *row, int text_column, int bytes_column,
			 const struct endpoint *endpoint, uint8_t family, char *buffer)
{
	if (!endpoint->known) {
		sqlite3_bind_null(row, text_column);
		sqlite3_bind_null(row, bytes_column);
		return;
	}
	format_address(buffer, &endpoint->address, family);
	sqlite_bind_text(row, text_column, buffer);
	sqlite3_bind_blob(row, bytes_column, &endpoint->address, sizeof(endpoint->address),
			  SQLITE_STATIC);
}

static int tuple_number(struct rows *rows, const struct allocation *allocation, uint32_t *number)
{
	const struct endpoint *source = &allocation->source, *dest = &allocation->dest;
	struct intern_key key = { {
		(uint64_t)allocation->task.netns | (uint64_t)allocation->proto << 32 |
			(uint64_t)allocation->family << 48 | (uint64_t)source->known << 56 |
			(uint64_t)dest->known << 57,
		dest->known ? dest->port : 0,
	} };
	sqlite3_stmt *row = rows->statements[ROW_TUPLE];
	char proto[16], saddr[FORMAT_ADDRESS_LEN], daddr[FORMAT_ADDRESS_LEN];

	if (source->known)
		memcpy(&key.words[2], &source->address, sizeof(source->address));
	if (dest->known)
		memcpy(&key.words[4], &dest->address, sizeof(dest->address));
	if (!intern_add(&rows->tuples, &key, number))
		return 0;
	sqlite3_bind_int64(row, 1, *number);
	sqlite3_bind_int64(row, 2, allocation->task.netns);
	sqlite_bind_text(row, 3, proto_name(allocation->proto, proto));
	sqlite3_bind_int(row, 4, allocation->family);
	bind_address(row, 5, 8, source, allocation->family, saddr);
	bind_address(row, 6, 9, dest, allocation->family, daddr);
	sqlite_bind_maybe(row, 7, dest->known ? dest->port : -1);
	return row_write(row);
}

/* pid, tid, uid, comm, cgroup_id, from @column on; @comm is good until the row is written. */
static void bind_task(sqlite3_stmt *row, int column, const struct task *task,
		      char comm[ROWS_COMM_LEN])
{
	rows_comm_encode(comm, task->comm);
	sqlite3_bind_int64(row, column, task->pid);
	sqlite3_bind_int64(row, column + 1, task->tid);
	sqlite3_bind_int64(row, column + 2, task->uid);
	sqlite_bind_text(row, column + 3, comm);
	if (task->cgroup_id)
		sqlite3_bind_int64(row, column + 4, (int64_t)task->cgroup_id);
	else
		sqlite3_bind_null(row, column + 4);
}

static int task_number(struct rows *rows, const struct task *task, uint32_t *number)
{
	struct intern_key key = { { (uint64_t)task->pid | (uint64_t)task->tid << 32, task->uid,
				    task->cgroup_id } };
	sqlite3_stmt *row = rows->statements[ROW_TASK];
	char comm[ROWS_COMM_LEN];

	/* What is behind the name's end must not make two keys of it. */
	memcpy(&key.words[3], task->comm, strnlen(task->comm, sizeof(task->comm)));
	if (!intern_add(&rows->tasks, &key, number))
		return 0;
	sqlite3_bind_int64(row, 1, *number);
	bind_task(row, 2, task, comm);
	return row_write(row);
}

/* What each record begins with: its number and two times. */
static sqlite3_stmt *row_begin(struct rows *rows, enum row_table table, uint64_t one_ns,
			       uint64_t other_ns)
{
	sqlite3_stmt *row = rows->statements[table];

	sqlite3_bind_int64(row, 1, ++rows->id);
	sqlite3_bind_int64(row, 2, (int64_t)one_ns);
	sqlite3_bind_int64(row, 3, (int64_t)other_ns);
	return row;
}

int rows_allocation(struct rows *rows, const struct allocation *allocation)
{
	uint32_t kind, tuple, task;
	sqlite3_stmt *row;
	int error = kind_number(rows, allocation, &kind);

	if (!error)
		error = tuple_number(rows, allocation, &tuple);
	if (!error)
		error = task_number(rows, &allocation->task, &task);
	if (error)
		return error;
	row = row_begin(rows, ROW_ALLOC, allocation->start_ns, allocation->time_ns);
	sqlite3_bind_int64(row, 4, kind);
	sqlite3_bind_int64(row, 5, tuple);
	sqlite3_bind_int64(row, 6, task);
	sqlite3_bind_int(row, 7, allocation->source.port);
	sqlite3_bind_int64(row, 8, (int64_t)allocation->latency_ns);
	sqlite_bind_maybe(row, 9, allocation->examined);
	sqlite_bind_maybe(row, 10, allocation->refused_tuple);
	sqlite_bind_maybe(row, 11, allocation->refused_timewait);
	sqlite_bind_maybe(row, 12, allocation->refused_bound);
	sqlite_bind_maybe(row, 13, allocation->reserved_skipped);
	return row_write(row);
}

int rows_range_change(struct rows *rows, const struct range_change *change)
{
	sqlite3_stmt *row = row_begin(rows, ROW_RANGE, change->mono_ns, change->time_ns);
	char comm[ROWS_COMM_LEN];

	sqlite3_bind_int64(row, 4, change->task.netns);
	sqlite3_bind_int(row, 5, change->old_low);
	sqlite3_bind_int(row, 6, change->old_high);
	sqlite3_bind_int(row, 7, change->new_low);
	sqlite3_bind_int(row, 8, change->new_high);
	bind_task(row, 9, &change->task, comm);
	return row_write(row);
}

/* The ports as a list, to be freed; NULL where they are not known (or there is no memory). */
static char *ports_text(const struct port_set *ports)
{
	/* Every second port, five digits and a comma each, is the longest there is. */
	static const size_t size = PORT_COUNT / 2 * 6 + 64;
	char *text = ports ? malloc(size) : NULL;

	if (text)
		port_set_format(text, size, ports, (struct port_range){ 0, 65535 });
	return text;
}

static void bind_ports(sqlite3_stmt *row, int column, const struct port_set *ports)
{
	sqlite3_bind_text(row, column, ports_text(ports), -1, free);
}

int rows_reserved_change(struct rows *rows, const struct reserved_change *change)
{
	sqlite3_stmt *row = row_begin(rows, ROW_RESERVED, change->mono_ns, change->time_ns);
	char comm[ROWS_COMM_LEN];

	sqlite3_bind_int64(row, 4, change->task.netns);
	bind_ports(row, 5, change->old);
	bind_ports(row, 6, change->new);
	bind_task(row, 7, &change->task, comm);
	return row_write(row);
}

int rows_loss(struct rows *rows, const struct loss *loss)
{
	sqlite3_stmt *row = row_begin(rows, ROW_LOSS, loss->since_ns, loss->time_ns);

	sqlite3_bind_int64(row, 4, (int64_t)loss->count);
	sqlite_bind_text(row, 5, loss->cause);
	return row_write(row);
}

int rows_netns(struct rows *rows, const struct store_netns *netns)
{
	sqlite3_stmt *row = rows->statements[ROW_NETNS];

	sqlite3_bind_int64(row, 1, netns->inode);
	sqlite3_bind_int64(row, 2, (int64_t)netns->time_ns);
	sqlite3_bind_int(row, 3, netns->current);
	sqlite_bind_text(row, 4, netns->who);
	sqlite_bind_maybe(row, 5, netns->low ? netns->low : -1);
	sqlite_bind_maybe(row, 6, netns->low ? netns->high : -1);
	bind_ports(row, 7, netns->reserved);
	sqlite_bind_maybe(row, 8, netns->unprivileged_start);
	return row_write(row);
}

int rows_cgroup(struct rows *rows, uint64_t id, const char *path)
{
	sqlite3_stmt *row = rows->statements[ROW_CGROUP];

	sqlite3_bind_int64(row, 1, (int64_t)id);
	sqlite_bind_text(row, 2, path);
	return row_write(row);
}
