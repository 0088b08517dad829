/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of a picture's tables: what is counted for a tuple, a command, a namespace. */
#ifndef EPHEMPORT_PICTURE_ROWS_H
#define EPHEMPORT_PICTURE_ROWS_H

#include "event/stream.h"
#include "util/table.h"
#include "range/range.h"

struct row {
	uint64_t number; /* of the entry in its table */
	uint64_t count, failed, second_pass;
	uint64_t latency_sum, latency_max; /* ns */
	uint64_t examined_max;		   /* of those where it is known */
	uint16_t error;			   /* of the first failure, 0: none */
	uint16_t low, high;		   /* the range in force at the last one */
	uint32_t distinct;		   /* ports of it that were chosen so far; needs ports */
	struct port_set *ports;		   /* all that were chosen so far; NULL: not kept */
};

/* Tables of struct row. */
struct table rows_make(size_t key_size, size_t max);
void rows_free(struct table *rows);
/*
 * The row of @key; a new one keeps its ports where there are fewer than @ports_max rows. NULL where
 * the table is full. 0 or -ENOMEM.
 */
int rows_find(struct table *rows, const void *key, size_t ports_max, struct row **out);
/* Counts the allocation. */
void row_count(struct row *row, const struct allocation *allocation);
/*
 * The ports of the range in force that were chosen before this allocation, which is not counted
 * yet; -1: not known.
 */
int row_used(const struct row *row, const struct allocation *allocation);

#endif
