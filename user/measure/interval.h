/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of aggregated allocations: one row for each path, protocol, family, errno and pass, and
 * key of --by. A table is a reading of counters that only go up; the difference of two is an
 * interval.
 */
#ifndef EPHEMPORT_MEASURE_INTERVAL_H
#define EPHEMPORT_MEASURE_INTERVAL_H

#include <stddef.h>

#include "event/stream.h"
#include "measure/hist.h"
#include "measure/summary.h"
#include "stat.h" /* bpf/: enum stat_by */

enum {
	STAT_ANY_PROTO = 0xffff, /* one that has no class of its own */
	STAT_ANY_ERROR = 0xffff,
};

/* The key of --by; what it does not name is zero. */
struct stat_who {
	bool other; /* beyond the bound on keys: the fields below say nothing */
	char comm[EVENT_COMM_LEN];
	struct endpoint source, dest; /* the source has no port */
	uint64_t cgroup_id;
	uint32_t netns, uid;
};

struct stat_row {
	uint32_t id; /* the same in every reading */
	enum alloc_path path;
	uint16_t proto;
	uint16_t error; /* errno, 0: success */
	uint8_t family;
	enum known second_pass;
	struct stat_who who;
	uint64_t who_count; /* of all rows of this key; set by stat_table_sort() */
	struct hist latency;
	struct hist examined; /* of those where it is known */
};

struct stat_table {
	enum stat_by by;
	size_t count, room;
	struct stat_row *rows; /* by id, until sorted */
};

void stat_table_free(struct stat_table *table);
/* A zeroed row at the end, or NULL without memory. Pointers to other rows do not outlive it. */
struct stat_row *stat_table_add(struct stat_table *table);
/* Adds the rows of @from, by id: 0 or -ENOMEM. */
int stat_table_merge(struct stat_table *table, const struct stat_table *from);
/*
 * Sets @out to @now less @before, rows without allocations left out, and moves @now to @before
 * (@now is empty then). 0 or -ENOMEM.
 */
int interval_take(struct stat_table *out, struct stat_table *now, struct stat_table *before);
/* For reading: keys by their counts, "other" last; in a key by path, protocol, family, outcome. */
void stat_table_sort(struct stat_table *table);
/* Adds the allocations of @table to @summary. */
void stat_table_sum(const struct stat_table *table, struct summary *summary);
/* Whether the rows belong to the same key. */
bool stat_who_same(const struct stat_who *a, const struct stat_who *b);

#endif
