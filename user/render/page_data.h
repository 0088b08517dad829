/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a page's data. */
#ifndef EPHEMPORT_RENDER_PAGE_DATA_H
#define EPHEMPORT_RENDER_PAGE_DATA_H

#include <json-c/json.h>

#include "render/page.h"

/* The whole of it but for the columns; NULL without memory. The caller puts it. */
struct json_object *page_data(const struct page *page);

/* page_tables.c */
void page_add_tables(struct json_object *data, const struct picture *picture);

/*
 * page_columns.c: the dots (or cells) as columns, each value's lowest bytes first, then the next
 * ones, all deflated and in base64. Adds their shape to @data, and writes them as elements of the
 * page. 0, -ENOMEM, or what writing gave.
 */
void page_add_columns(struct json_object *data, const struct picture *picture);
int page_write_columns(FILE *out, const struct picture *picture);

/* As the page counts time: ns since its time 0. */
static inline double page_time(const struct picture *picture, uint64_t mono_ns)
{
	return mono_ns > picture->origin_ns ? (double)(mono_ns - picture->origin_ns) : 0;
}

/* @comm as a string that is valid JSON and UTF-8 whatever bytes it has. */
struct json_object *page_comm(const char comm[EVENT_COMM_LEN]);

/* Both take @value, also without memory. */
static inline void page_set(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static inline void page_push(struct json_object *array, struct json_object *value)
{
	json_object_array_add(array, value);
}

static inline struct json_object *page_number(uint64_t number)
{
	return json_object_new_int64((int64_t)number);
}

#endif
