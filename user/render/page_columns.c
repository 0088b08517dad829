// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "render/page_data.h"

/* A value of a dot or a cell; times are the difference to the one before. */
struct column {
	const char *name;
	unsigned int bytes;
	uint64_t (*value)(const struct picture *picture, size_t i);
};

/* A table of columns: an element of the page. */
struct columns {
	const char *id;
	const struct column *columns;
	size_t column_count, count;
	double tick_ns, y_unit;
};

enum { TICKS = 30000000 };

/* Times of dots are told in ticks of so many ns: a page needs no more, and they compress better. */
static uint64_t dots_tick(const struct picture *picture)
{
	uint64_t span = picture->last_ns - picture->origin_ns, tick = 1;

	while (span / tick > TICKS)
		tick *= 10;
	return tick;
}

static uint64_t dot_tick(const struct picture *picture, size_t i)
{
	return (picture->dots.items[i].time_ns - picture->origin_ns) / dots_tick(picture);
}

static uint64_t dot_time(const struct picture *picture, size_t i)
{
	return dot_tick(picture, i) - (i ? dot_tick(picture, i - 1) : 0);
}

#define DOT_COLUMN(field)                                                    \
	static uint64_t dot_##field(const struct picture *picture, size_t i) \
	{                                                                    \
		return picture->dots.items[i].field;                         \
	}

DOT_COLUMN(port)
DOT_COLUMN(latency)
DOT_COLUMN(examined)
DOT_COLUMN(tuple)
DOT_COLUMN(command)
DOT_COLUMN(kind)
DOT_COLUMN(path)
DOT_COLUMN(error)

static const struct column dot_columns[] = {
	{ "time", 4, dot_time },	 { "port", 2, dot_port },   { "latency", 2, dot_latency },
	{ "examined", 2, dot_examined }, { "tuple", 2, dot_tuple }, { "command", 2, dot_command },
	{ "kind", 1, dot_kind },	 { "path", 1, dot_path },   { "error", 1, dot_error },
};

#define CELL_COLUMNS(list, height)                                                              \
	static uint64_t list##_time(const struct picture *picture, size_t i)                    \
	{                                                                                       \
		const struct cells *cells = &picture->list;                                     \
		uint64_t before =                                                               \
			i ? cells->cells[i - 1].time : picture->origin_ns >> cells->time_shift; \
                                                                                                \
		return cells->cells[i].time - before;                                           \
	}                                                                                       \
	static uint64_t list##_y(const struct picture *picture, size_t i)                       \
	{                                                                                       \
		return picture->list.cells[i].y;                                                \
	}                                                                                       \
	static uint64_t list##_kind(const struct picture *picture, size_t i)                    \
	{                                                                                       \
		return picture->list.cells[i].kind;                                             \
	}                                                                                       \
	static uint64_t list##_weight(const struct picture *picture, size_t i)                  \
	{                                                                                       \
		return picture->list.cells[i].weight;                                           \
	}                                                                                       \
	static const struct column list##_columns[] = {                                         \
		{ "time", 4, list##_time },                                                     \
		{ height, 2, list##_y },                                                        \
		{ "kind", 1, list##_kind },                                                     \
		{ "weight", 4, list##_weight },                                                 \
	}

CELL_COLUMNS(ports, "port");
CELL_COLUMNS(latencies, "latency");

#define COLUMN_COUNT(columns) (sizeof(columns) / sizeof((columns)[0]))

static struct columns cells_columns(const char *id, const struct column *columns,
				    const struct cells *cells)
{
	return (struct columns){ id,
				 columns,
				 COLUMN_COUNT(ports_columns),
				 cells->count,
				 (double)(1ull << cells->time_shift),
				 (double)(1u << cells->y_shift) };
}

/* Fills @tables, returns how many. */
static size_t picture_columns(const struct picture *picture, struct columns tables[2])
{
	if (!picture->merged) {
		tables[0] = (struct columns){ "dots",
					      dot_columns,
					      COLUMN_COUNT(dot_columns),
					      picture->dots.count,
					      (double)dots_tick(picture),
					      1 };
		return 1;
	}
	tables[0] = cells_columns("ports", ports_columns, &picture->ports);
	tables[1] = cells_columns("latencies", latencies_columns, &picture->latencies);
	return 2;
}

void page_add_columns(struct json_object *data, const struct picture *picture)
{
	struct columns tables[2];
	size_t count = picture_columns(picture, tables);
	struct json_object *shapes = json_object_new_object();

	for (size_t i = 0; i < count; i++) {
		struct json_object *shape = json_object_new_object();
		struct json_object *columns = json_object_new_array();

		page_set(shape, "count", page_number(tables[i].count));
		page_set(shape, "tick", json_object_new_double(tables[i].tick_ns));
		page_set(shape, "unit", json_object_new_double(tables[i].y_unit));
		for (size_t j = 0; j < tables[i].column_count; j++) {
			struct json_object *column = json_object_new_array();

			page_push(column, json_object_new_string(tables[i].columns[j].name));
			page_push(column, page_number(tables[i].columns[j].bytes));
			page_push(columns, column);
		}
		page_set(shape, "columns", columns);
		page_set(shapes, tables[i].id, shape);
	}
	page_set(data, "columns", shapes);
}

/* By planes: the lowest byte of all values, then the next, as these are alike. */
static unsigned char *columns_planes(const struct picture *picture, const struct columns *table,
				     size_t *size)
{
	unsigned char *planes, *at;
	size_t width = 0;

	for (size_t j = 0; j < table->column_count; j++)
		width += table->columns[j].bytes;
	*size = width * table->count;
	planes = malloc(*size ?: 1);
	at = planes;
	for (size_t j = 0; planes && j < table->column_count; j++) {
		const struct column *column = &table->columns[j];

		for (size_t i = 0; i < table->count; i++) {
			uint64_t value = column->value(picture, i);

			for (unsigned int byte = 0; byte < column->bytes; byte++)
				at[byte * table->count + i] = (unsigned char)(value >> 8 * byte);
		}
		at += column->bytes * table->count;
	}
	return planes;
}

static void base64_write(FILE *out, const unsigned char *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = (uint32_t)data[i] << 16;
		char four[4];

		if (i + 1 < size)
			three |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < size)
			three |= data[i + 2];
		four[0] = digits[three >> 18];
		four[1] = digits[three >> 12 & 63];
		four[2] = i + 1 < size ? digits[three >> 6 & 63] : '=';
		four[3] = i + 2 < size ? digits[three & 63] : '=';
		fwrite(four, 1, sizeof(four), out);
	}
}

static int planes_write(FILE *out, const char *id, const unsigned char *planes, size_t size)
{
	uLongf packed_size = compressBound(size);
	unsigned char *packed = malloc(packed_size);
	int error = -ENOMEM;

	if (packed && compress2(packed, &packed_size, planes, size, 6) == Z_OK) {
		fprintf(out, "<script type=\"text/plain\" id=\"%s\">", id);
		base64_write(out, packed, packed_size);
		fputs("</script>\n", out);
		error = ferror(out) ? -EIO : 0;
	}
	free(packed);
	return error;
}

static int columns_write(FILE *out, const struct picture *picture, const struct columns *table)
{
	size_t size;
	unsigned char *planes = columns_planes(picture, table, &size);
	int error = planes ? planes_write(out, table->id, planes, size) : -ENOMEM;

	free(planes);
	return error;
}

int page_write_columns(FILE *out, const struct picture *picture)
{
	struct columns tables[2];
	size_t count = picture_columns(picture, tables);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = columns_write(out, picture, &tables[i]);
	return error;
}
