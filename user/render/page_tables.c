// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "render/format.h"
#include "render/page_data.h"
#include "util/cleanup.h"

enum { TABLE_ROWS = 1000 }; /* with the most allocations; the page says that there are more */

struct json_object *page_comm(const char comm[EVENT_COMM_LEN])
{
	char text[2 * EVENT_COMM_LEN + 1], *at = text;

	/* Each byte above ASCII as the character of that number, as in all our JSON. */
	for (int i = 0; i < EVENT_COMM_LEN && comm[i]; i++) {
		unsigned char byte = (unsigned char)comm[i];

		if (byte < 0x80) {
			*at++ = (char)byte;
		} else {
			*at++ = (char)(0xc0 | byte >> 6);
			*at++ = (char)(0x80 | (byte & 0x3f));
		}
	}
	*at = '\0';
	return json_object_new_string(text);
}

/* What all tables show of a row. */
static struct json_object *row_data(const struct row *row)
{
	struct json_object *data = json_object_new_object();
	char buffer[16];

	page_set(data, "row", page_number(row->number));
	page_set(data, "count", page_number(row->count));
	page_set(data, "failed", page_number(row->failed));
	if (row->error)
		page_set(data, "errno", json_object_new_string(errno_name(row->error, buffer)));
	page_set(data, "second", page_number(row->second_pass));
	if (row->ports)
		page_set(data, "distinct",
			 page_number(port_set_count(row->ports, (struct port_range){ 1, 65535 })));
	page_set(data, "mean",
		 json_object_new_double((double)row->latency_sum / (double)row->count));
	page_set(data, "max", page_number(row->latency_max));
	if (row->examined_max)
		page_set(data, "examined", page_number(row->examined_max));
	return data;
}

static void tuple_data(struct json_object *data, const void *key)
{
	const struct run_tuple *tuple = key;
	char text[FORMAT_ADDRESS_LEN], buffer[16];

	page_set(data, "netns", page_number(tuple->netns));
	page_set(data, "proto", json_object_new_string(proto_name(tuple->proto, buffer)));
	page_set(data, "family", page_number(tuple->family));
	format_address(text, &tuple->saddr, tuple->family);
	page_set(data, "saddr", json_object_new_string(text));
	if (!tuple->dest_known)
		return;
	format_address(text, &tuple->daddr, tuple->family);
	page_set(data, "daddr", json_object_new_string(text));
	page_set(data, "dport", page_number(tuple->dport));
}

static void command_data(struct json_object *data, const void *key)
{
	page_set(data, "comm", page_comm(key));
}

static void namespace_data(struct json_object *data, const void *key)
{
	uint32_t netns;

	memcpy(&netns, key, sizeof(netns));
	page_set(data, "netns", page_number(netns));
}

struct row_ref {
	const struct row *row;
};

static int row_compare(const void *a, const void *b)
{
	const struct row *x = ((const struct row_ref *)a)->row;
	const struct row *y = ((const struct row_ref *)b)->row;

	if ((x->failed != 0) != (y->failed != 0))
		return x->failed ? -1 : 1;
	return x->count > y->count ? -1 : x->count < y->count;
}

static void table_data(struct json_object *data, const char *name, const struct table *rows,
		       void (*key_data)(struct json_object *data, const void *key))
{
	CLEANUP_FREE struct row_ref *order = calloc(rows->count ?: 1, sizeof(*order));
	struct json_object *table = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; order && i < rows->count; i++)
		order[i].row = table_value(rows, i);
	if (order)
		qsort(order, rows->count, sizeof(*order), row_compare);
	for (size_t i = 0; order && i < rows->count && i < TABLE_ROWS; i++) {
		struct json_object *row = row_data(order[i].row);

		key_data(row, table_key(rows, order[i].row->number));
		page_push(list, row);
	}
	page_set(table, "total", page_number(rows->count));
	page_set(table, "left_out", page_number(rows->refused));
	page_set(table, "rows", list);
	page_set(data, name, table);
}

void page_add_tables(struct json_object *data, const struct picture *picture)
{
	table_data(data, "tuples", &picture->tuples, tuple_data);
	table_data(data, "commands", &picture->commands, command_data);
	table_data(data, "namespaces", &picture->namespaces, namespace_data);
}
