// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "picture/rows.h"

struct table rows_make(size_t key_size, size_t max)
{
	return table_make(key_size, sizeof(struct row), max);
}

void rows_free(struct table *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(((struct row *)table_value(rows, i))->ports);
	table_free(rows);
}

int rows_find(struct table *rows, const void *key, size_t ports_max, struct row **out)
{
	struct row *row = table_add(rows, key);

	*out = row;
	if (!row || row->count)
		return 0;
	row->number = rows->count - 1;
	if (rows->count > ports_max)
		return 0;
	row->ports = calloc(1, sizeof(*row->ports));
	return row->ports ? 0 : -ENOMEM;
}

int row_used(const struct row *row, const struct allocation *allocation)
{
	struct port_range range = { allocation->low, allocation->high };

	if (!row->ports)
		return -1;
	if (row->low == range.low && row->high == range.high)
		return (int)row->distinct;
	return (int)port_set_count(row->ports, range);
}

static void row_port(struct row *row, const struct allocation *allocation)
{
	struct port_range range = { allocation->low, allocation->high };
	uint16_t port = allocation->source.port;

	row->distinct = (uint32_t)row_used(row, allocation);
	if (allocation->error || port_set_has(row->ports, port))
		return;
	port_set_add(row->ports, (struct port_range){ port, port });
	row->distinct += range_contains(range, port);
}

void row_count(struct row *row, const struct allocation *allocation)
{
	if (row->ports)
		row_port(row, allocation);
	row->low = allocation->low;
	row->high = allocation->high;
	row->count++;
	row->failed += allocation->error != 0;
	row->second_pass += allocation->second_pass == KNOWN_YES;
	row->latency_sum += allocation->latency_ns;
	if (allocation->latency_ns > row->latency_max)
		row->latency_max = allocation->latency_ns;
	if (allocation->examined > 0 && (uint64_t)allocation->examined > row->examined_max)
		row->examined_max = (uint64_t)allocation->examined;
	if (!row->error)
		row->error = allocation->error;
}
