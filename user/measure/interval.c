// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "measure/interval.h"

void stat_table_free(struct stat_table *table)
{
	free(table->rows);
	table->rows = NULL;
	table->count = table->room = 0;
}

struct stat_row *stat_table_add(struct stat_table *table)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 16;
		struct stat_row *rows = reallocarray(table->rows, room, sizeof(*rows));

		if (!rows)
			return NULL;
		table->rows = rows;
		table->room = room;
	}
	memset(&table->rows[table->count], 0, sizeof(*table->rows));
	return &table->rows[table->count++];
}

static int row_by_id(const void *a, const void *b)
{
	const struct stat_row *one = a, *two = b;

	return (one->id > two->id) - (one->id < two->id);
}

static struct stat_row *table_find(const struct stat_table *table, size_t sorted, uint32_t id)
{
	struct stat_row key;

	key.id = id;
	return sorted ? bsearch(&key, table->rows, sorted, sizeof(*table->rows), row_by_id) : NULL;
}

int stat_table_merge(struct stat_table *table, const struct stat_table *from)
{
	size_t sorted = table->count;

	table->by = from->by;
	for (size_t i = 0; i < from->count; i++) {
		struct stat_row *row = table_find(table, sorted, from->rows[i].id);

		if (row) {
			hist_merge(&row->latency, &from->rows[i].latency);
			hist_merge(&row->examined, &from->rows[i].examined);
			continue;
		}
		row = stat_table_add(table);
		if (!row)
			return -ENOMEM;
		*row = from->rows[i];
	}
	if (table->count)
		qsort(table->rows, table->count, sizeof(*table->rows), row_by_id);
	return 0;
}

int interval_take(struct stat_table *out, struct stat_table *now, struct stat_table *before)
{
	static const struct hist nothing;

	out->count = 0;
	out->by = now->by;
	for (size_t i = 0; i < now->count; i++) {
		const struct stat_row *new = &now->rows[i];
		const struct stat_row *old = table_find(before, before->count, new->id);
		struct stat_row *row = stat_table_add(out);

		if (!row)
			return -ENOMEM;
		*row = *new;
		hist_difference(&row->latency, &new->latency, old ? &old->latency : &nothing);
		hist_difference(&row->examined, &new->examined, old ? &old->examined : &nothing);
		if (!row->latency.count)
			out->count--;
	}
	stat_table_free(before);
	*before = *now;
	*now = (struct stat_table){ 0 };
	return 0;
}

static int number_compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int endpoint_compare(const struct endpoint *a, const struct endpoint *b)
{
	int order = a->known - b->known;

	if (!order)
		order = memcmp(&a->address, &b->address, sizeof(a->address));
	return order ? order : a->port - b->port;
}

static int who_compare(const struct stat_who *a, const struct stat_who *b)
{
	int order = a->other - b->other;

	if (!order)
		order = memcmp(a->comm, b->comm, sizeof(a->comm));
	if (!order)
		order = endpoint_compare(&a->source, &b->source);
	if (!order)
		order = endpoint_compare(&a->dest, &b->dest);
	if (!order)
		order = number_compare(a->cgroup_id, b->cgroup_id);
	if (!order)
		order = number_compare(a->netns, b->netns);
	return order ? order : number_compare(a->uid, b->uid);
}

bool stat_who_same(const struct stat_who *a, const struct stat_who *b)
{
	return !who_compare(a, b);
}

static int row_by_who(const void *a, const void *b)
{
	const struct stat_row *one = a, *two = b;

	return who_compare(&one->who, &two->who);
}

static uint64_t outcome_order(const struct stat_row *row)
{
	return (uint64_t)row->path << 48 | (uint64_t)row->proto << 32 |
	       (uint64_t)row->family << 24 | (uint64_t)row->error << 8 |
	       (uint64_t)(row->second_pass - UNKNOWN);
}

static int row_for_reading(const void *a, const void *b)
{
	const struct stat_row *one = a, *two = b;
	int who;

	if (one->who.other != two->who.other)
		return one->who.other - two->who.other;
	if (one->who_count != two->who_count)
		return one->who_count < two->who_count ? 1 : -1;
	who = who_compare(&one->who, &two->who);
	if (who)
		return who;
	return number_compare(outcome_order(one), outcome_order(two));
}

void stat_table_sort(struct stat_table *table)
{
	if (!table->count)
		return;
	qsort(table->rows, table->count, sizeof(*table->rows), row_by_who);
	for (size_t first = 0, next; first < table->count; first = next) {
		uint64_t count = 0;

		for (next = first; next < table->count &&
				   stat_who_same(&table->rows[first].who, &table->rows[next].who);
		     next++)
			count += table->rows[next].latency.count;
		for (size_t i = first; i < next; i++)
			table->rows[i].who_count = count;
	}
	qsort(table->rows, table->count, sizeof(*table->rows), row_for_reading);
}

void stat_table_sum(const struct stat_table *table, struct summary *summary)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct stat_row *row = &table->rows[i];
		uint64_t count = row->latency.count;

		summary->allocations += count;
		summary->by_path[row->path] += count;
		if (row->second_pass == KNOWN_YES)
			summary->second_pass += count;
		if (!row->error)
			continue;
		summary->failed += count;
		if (row->error < SUMMARY_ERRNO_MAX)
			summary->by_errno[row->error] += count;
	}
}
