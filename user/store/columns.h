/* SPDX-License-Identifier: GPL-2.0-only */
/* From rows to records: the inverse of rows.h. */
#ifndef EPHEMPORT_STORE_COLUMNS_H
#define EPHEMPORT_STORE_COLUMNS_H

#include "store/sqlite.h"
#include "store/store.h"

/* The statements of the records in their order; the first column of each is the id. */
enum column_table { COLUMNS_ALLOC, COLUMNS_RANGE, COLUMNS_RESERVED, COLUMNS_LOSS, COLUMNS_COUNT };

/* SQL: whether the column path of the table cgroups is @cgroup or below it. */
#define COLUMNS_BELOW(cgroup)                                                      \
	"(" cgroup " = '/' OR path = " cgroup " OR substr(path, 1, length(" cgroup \
	") + 1) = " cgroup " || '/')"

struct columns {
	sqlite3_stmt *records[COLUMNS_COUNT];
	sqlite3_stmt *kind, *tuple, *task; /* of one id each */
	struct known_kind *kinds;	   /* what was looked up last, by id modulo */
	struct known_tuple *tuples;
	struct known_task *tasks;
};

/*
 * @cgroup: NULL, or the cgroup outside of which tasks are marked, see columns_allocation(). It must
 * outlive @columns. 0 or a negative errno.
 */
int columns_open(struct columns *columns, sqlite3 *db, const char *cgroup);
void columns_close(struct columns *columns);

/*
 * The row at which the statement stands. 0, -EIO where what it refers to is not there, or another
 * negative errno. *@inside: whether the task was in the cgroup or below it.
 */
int columns_allocation(struct columns *columns, struct allocation *allocation, bool *inside);
void columns_range_change(struct columns *columns, struct range_change *change);
/* @old and @new are the room for the ports. */
int columns_reserved_change(struct columns *columns, struct reserved_change *change,
			    struct port_set *old, struct port_set *new);
/* -EIO where the cause is no word: sinks have room for one. */
int columns_loss(struct columns *columns, struct loss *loss);
/* A list of ports in a column, into @set: *@known is NULL where the column is. */
int columns_ports(sqlite3_stmt *row, int column, struct port_set *set,
		  const struct port_set **known);

#endif
