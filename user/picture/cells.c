// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "picture/cells.h"

void cells_free(struct cells *cells)
{
	free(cells->cells);
	*cells = (struct cells){ 0 };
}

static int cell_compare(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->y != y->y)
		return x->y < y->y ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

/* Makes one of neighbours that are equal. */
static void cells_merge(struct cells *cells)
{
	size_t kept = 0;

	qsort(cells->cells, cells->count, sizeof(*cells->cells), cell_compare);
	for (size_t i = 0; i < cells->count; i++) {
		struct cell *cell = &cells->cells[i];
		struct cell *last = kept ? &cells->cells[kept - 1] : NULL;

		if (last && !cell_compare(last, cell))
			last->weight += cell->weight;
		else
			cells->cells[kept++] = *cell;
	}
	cells->count = kept;
}

static uint64_t cells_span(const struct cells *cells)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (size_t i = 0; i < cells->count; i++) {
		uint64_t time = cells->cells[i].time;

		first = time < first ? time : first;
		last = time > last ? time : last;
	}
	return cells->count ? last - first : 0;
}

void cells_settle(struct cells *cells, int merge)
{
	unsigned int shift = 0;

	if (!merge) {
		if (cells->count)
			qsort(cells->cells, cells->count, sizeof(*cells->cells), cell_compare);
		return;
	}
	for (uint64_t span = cells_span(cells); span >> shift >= CELLS_TIMES;)
		shift++;
	for (size_t i = 0; i < cells->count; i++)
		cells->cells[i].time >>= shift;
	cells->time_shift += shift;
	cells_merge(cells);
	while (cells->count > CELLS_TARGET) {
		for (size_t i = 0; i < cells->count; i++)
			cells->cells[i].y >>= 1;
		cells->y_shift++;
		cells_merge(cells);
	}
}

int cells_add(struct cells *cells, uint64_t time_ns, uint16_t y, uint8_t kind)
{
	if (cells->count == CELLS_LIMIT)
		cells_settle(cells, 1);
	if (cells->count == cells->room) {
		size_t room = cells->room ? 2 * cells->room : 4096;
		struct cell *grown = realloc(cells->cells, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		cells->cells = grown;
		cells->room = room;
	}
	cells->cells[cells->count++] = (struct cell){
		.time = time_ns >> cells->time_shift,
		.y = (uint16_t)(y >> cells->y_shift),
		.kind = kind,
		.weight = 1,
	};
	return 0;
}
