// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "picture/picture.h"
#include "picture/spans.h"

uint16_t latency_code(uint64_t ns)
{
	double code = ns ? 1.5 + log2((double)ns) * LATENCY_STEPS : 0;

	return code < UINT16_MAX ? (uint16_t)code : UINT16_MAX;
}

static void seen_at(struct picture *picture, uint64_t mono_ns, uint64_t time_ns)
{
	if (!picture->last_ns) {
		picture->first_ns = mono_ns;
		picture->realtime_offset = (int64_t)(time_ns - mono_ns);
	}
	if (mono_ns < picture->first_ns)
		picture->first_ns = mono_ns;
	if (mono_ns > picture->last_ns)
		picture->last_ns = mono_ns;
}

static enum dot_kind kind_of(const struct allocation *allocation)
{
	if (allocation->error)
		return DOT_FAILED;
	switch (allocation->second_pass) {
	case KNOWN_NO:
		return DOT_FIRST;
	case KNOWN_YES:
		return DOT_SECOND;
	default:
		return DOT_OTHER;
	}
}

/* Counts what this allocation cost at the fill level that the tuple had before, in per cent. */
static void count_fill(struct picture *picture, const struct row *row,
		       const struct allocation *allocation)
{
	int used = allocation->path == PATH_CONNECT ? row_used(row, allocation) : -1;
	unsigned int level;

	if (used < 0 || allocation->low > allocation->high)
		return;
	level = (unsigned int)used * FILL_STEPS /
		range_count((struct port_range){ allocation->low, allocation->high });
	picture->latency_at->counts[level][hist_index(allocation->latency_ns)]++;
	picture->latency_at->count++;
	if (allocation->examined <= 0)
		return;
	picture->examined_at->counts[level][hist_index((uint64_t)allocation->examined)]++;
	picture->examined_at->count++;
}

/* The row's number for a dot: DOT_NO_ROW where there is none, or none that has place there. */
static uint16_t row_number(const struct row *row)
{
	return row && row->number < DOT_NO_ROW ? (uint16_t)row->number : DOT_NO_ROW;
}

static int count_tables(struct picture *picture, const struct allocation *allocation,
			struct dot *dot)
{
	struct run_tuple tuple = run_tuple_make(allocation);
	char comm[EVENT_COMM_LEN] = { 0 };
	struct row *row;
	int error = rows_find(&picture->tuples, &tuple, FILL_TUPLES, &row);

	if (error)
		return error;
	if (row && allocation->dest.known)
		count_fill(picture, row, allocation);
	if (row)
		row_count(row, allocation);
	dot->tuple = row_number(row);
	memcpy(comm, allocation->task.comm, strnlen(allocation->task.comm, sizeof(comm)));
	error = rows_find(&picture->commands, comm, FILL_TUPLES, &row);
	if (error)
		return error;
	if (row)
		row_count(row, allocation);
	dot->command = row_number(row);
	error = rows_find(&picture->namespaces, &allocation->task.netns, FILL_TUPLES, &row);
	if (!error && row)
		row_count(row, allocation);
	return error;
}

static int count_port(struct picture *picture, const struct allocation *allocation)
{
	struct use_key key = { allocation->task.netns, allocation->proto };
	uint64_t **last, *time;

	if (allocation->error)
		return 0;
	picture->chosen[allocation->source.port]++;
	last = table_add(&picture->last_uses, &key);
	if (!last)
		return 0;
	if (!*last)
		*last = calloc(PORT_COUNT, sizeof(**last));
	if (!*last)
		return -ENOMEM;
	time = *last + allocation->source.port;
	if (*time && allocation->start_ns > *time)
		hist_add(&picture->reuse, allocation->start_ns - *time);
	*time = allocation->start_ns;
	return 0;
}

static int merged_add(struct picture *picture, const struct dot *dot)
{
	int error = cells_add(&picture->ports, dot->time_ns, dot->port, dot->kind);

	return error ?: cells_add(&picture->latencies, dot->time_ns, dot->latency, dot->kind);
}

/* From here on nobody can tell one dot from another. */
static int dots_merge(struct picture *picture)
{
	int error = 0;

	for (size_t i = 0; i < picture->dots.count && !error; i++)
		error = merged_add(picture, &picture->dots.items[i]);
	free(picture->dots.items);
	picture->dots.items = NULL;
	picture->dots.count = 0;
	picture->dots.room = 0;
	picture->merged = true;
	return error;
}

static int dot_add(struct picture *picture, const struct dot *dot)
{
	struct dot *slot;
	int error = 0;

	if (!picture->merged && picture->dots.count == DOTS_LIMIT)
		error = dots_merge(picture);
	if (error)
		return error;
	if (picture->merged)
		return merged_add(picture, dot);
	slot = LIST_ADD(&picture->dots);
	if (!slot)
		return -ENOMEM;
	*slot = *dot;
	return 0;
}

static int picture_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct picture *picture = (struct picture *)sink;
	struct dot dot = {
		.time_ns = allocation->start_ns,
		.port = allocation->error ? 0 : allocation->source.port,
		.latency = latency_code(allocation->latency_ns),
		.kind = (uint8_t)kind_of(allocation),
		.path = (uint8_t)allocation->path,
		.error = (uint8_t)allocation->error,
	};
	int error;

	if (allocation->examined > 0)
		dot.examined = allocation->examined < UINT16_MAX ? (uint16_t)allocation->examined :
								   UINT16_MAX;
	seen_at(picture, allocation->start_ns, allocation->time_ns);
	picture->allocations++;
	picture->by_kind[dot.kind]++;
	hist_add(&picture->latency[dot.kind], allocation->latency_ns);
	if (allocation->examined > 0)
		hist_add(&picture->examined, (uint64_t)allocation->examined);
	error = count_tables(picture, allocation, &dot);
	if (!error)
		error = count_port(picture, allocation);
	if (!error)
		error = spans_allocation(picture, allocation);
	return error ?: dot_add(picture, &dot);
}

static int picture_range_change(struct sink *sink, const struct range_change *change)
{
	seen_at((struct picture *)sink, change->mono_ns, change->time_ns);
	return spans_range_change((struct picture *)sink, change);
}

static int picture_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	seen_at((struct picture *)sink, change->mono_ns, change->time_ns);
	return spans_reserved_change((struct picture *)sink, change);
}

static int picture_loss(struct sink *sink, const struct loss *loss)
{
	return spans_loss((struct picture *)sink, loss);
}

int picture_open(struct picture *picture)
{
	*picture = (struct picture){
		.sink = { .allocation = picture_allocation,
			  .range_change = picture_range_change,
			  .reserved_change = picture_reserved_change,
			  .loss = picture_loss },
		.tuples = rows_make(sizeof(struct run_tuple), ROWS_MAX),
		.commands = rows_make(EVENT_COMM_LEN, ROWS_MAX),
		.namespaces = rows_make(sizeof(uint32_t), ROWS_MAX),
		.last_uses = table_make(sizeof(struct use_key), sizeof(uint64_t *), FILL_TUPLES),
	};
	picture->examined_at = calloc(1, sizeof(*picture->examined_at));
	picture->latency_at = calloc(1, sizeof(*picture->latency_at));
	picture->chosen = calloc(PORT_COUNT, sizeof(*picture->chosen));
	return picture->examined_at && picture->latency_at && picture->chosen ? 0 : -ENOMEM;
}

void picture_free(struct picture *picture)
{
	spans_free(picture);
	rows_free(&picture->tuples);
	rows_free(&picture->commands);
	rows_free(&picture->namespaces);
	for (size_t i = 0; i < picture->last_uses.count; i++)
		free(*(uint64_t **)table_value(&picture->last_uses, i));
	table_free(&picture->last_uses);
	free(picture->dots.items);
	cells_free(&picture->ports);
	cells_free(&picture->latencies);
	free(picture->examined_at);
	free(picture->latency_at);
	free(picture->chosen);
}

static int dot_compare(const void *a, const void *b)
{
	const struct dot *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

void picture_settle(struct picture *picture)
{
	if (!picture->origin_ns || picture->origin_ns > picture->first_ns)
		picture->origin_ns = picture->first_ns;
	if (picture->dots.count)
		qsort(picture->dots.items, picture->dots.count, sizeof(*picture->dots.items),
		      dot_compare);
	cells_settle(&picture->ports, picture->merged);
	cells_settle(&picture->latencies, picture->merged);
}
