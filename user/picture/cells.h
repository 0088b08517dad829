/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks of a scatter plot in bounded memory: each has a time, a height, a kind and a weight. Above
 * a limit, marks that lie close to each other are merged into one that weighs as much.
 */
#ifndef EPHEMPORT_PICTURE_CELLS_H
#define EPHEMPORT_PICTURE_CELLS_H

#include <stddef.h>
#include <stdint.h>

struct cell {
	uint64_t time;	 /* in units of 2^time_shift ns */
	uint32_t weight; /* how many marks this one stands for */
	uint16_t y;	 /* in units of 2^y_shift */
	uint8_t kind;
};

struct cells {
	struct cell *cells; /* in order of time after cells_settle() */
	size_t count, room;
	unsigned int time_shift, y_shift;
};

enum {
	CELLS_LIMIT = 1 << 20,	/* merged when there are so many, ... */
	CELLS_TARGET = 3 << 17, /* ... to at most so many, ... */
	CELLS_TIMES = 2048,	/* ... of at most so many different times */
};

void cells_free(struct cells *cells);
/* 0 or -ENOMEM. */
int cells_add(struct cells *cells, uint64_t time_ns, uint16_t y, uint8_t kind);
/* Sorts, and merges down to CELLS_TARGET where @merge says so. */
void cells_settle(struct cells *cells, int merge);

#endif
