/* SPDX-License-Identifier: GPL-2.0-only */
/* From records to rows: the statements that write them, and what was written of what repeats. */
#ifndef EPHEMPORT_STORE_ROWS_H
#define EPHEMPORT_STORE_ROWS_H

#include "store/intern.h"
#include "store/sqlite.h"
#include "store/store.h"

enum row_table {
	ROW_ALLOC,
	ROW_KIND,
	ROW_TUPLE,
	ROW_TASK,
	ROW_RANGE,
	ROW_RESERVED,
	ROW_LOSS,
	ROW_NETNS,
	ROW_CGROUP,
	ROW_COUNT,
};

struct rows {
	sqlite3_stmt *statements[ROW_COUNT];
	struct intern kinds, tuples, tasks;
	int64_t id; /* of the last record */
};

/* All return 0 or a negative errno. */
int rows_open(struct rows *rows, sqlite3 *db);
void rows_close(struct rows *rows);
int rows_allocation(struct rows *rows, const struct allocation *allocation);
int rows_range_change(struct rows *rows, const struct range_change *change);
int rows_reserved_change(struct rows *rows, const struct reserved_change *change);
int rows_loss(struct rows *rows, const struct loss *loss);
int rows_netns(struct rows *rows, const struct store_netns *netns);
int rows_cgroup(struct rows *rows, uint64_t id, const char *path);

/* A task's name as text: bytes that are no ASCII as the code points of Latin-1, as in the JSON. */
enum { ROWS_COMM_LEN = 2 * EVENT_COMM_LEN + 1 };
void rows_comm_encode(char out[ROWS_COMM_LEN], const char comm[EVENT_COMM_LEN]);
void rows_comm_decode(char comm[EVENT_COMM_LEN], const char *text);

#endif
