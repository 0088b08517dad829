// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "render/page_data.h"

enum {
	PORT_BINS = 256, /* of the distribution of ports, at most */
};

static struct json_object *figure_data(const struct figure *figure, const struct figure_spec *spec)
{
	static const char *const bounds[] = { "", "<", ">" };
	static const char *const units[] = { "count", "number", "ns",  "percent",
					     "rate",  "flag",	"text" };
	struct json_object *data = json_object_new_object();

	page_set(data, "unit", json_object_new_string(units[spec->unit]));
	if (figure->state == FIGURE_UNKNOWN)
		page_set(data, "unknown", json_object_new_boolean(1));
	if (figure->state != FIGURE_KNOWN)
		return data;
	page_set(data, "value",
		 spec->unit == UNIT_TEXT ? json_object_new_string(figure->text) :
					   json_object_new_double(figure->number));
	if (figure->bound != BOUND_EXACT)
		page_set(data, "bound", json_object_new_string(bounds[figure->bound]));
	return data;
}

static void add_figures(struct json_object *data, const struct figures *figures)
{
	struct json_object *all = json_object_new_object();

	for (int id = 0; id < FIGURE_COUNT; id++)
		page_set(all, figure_specs[id].name,
			 figure_data(&figures->at[id], &figure_specs[id]));
	page_set(data, "figures", all);
}

/* [lowest value, highest value, count] of each bucket that is not empty. */
static struct json_object *hist_data(const struct hist *hist)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		struct json_object *bucket;

		if (!hist->buckets[i])
			continue;
		bucket = json_object_new_array();
		page_push(bucket, page_number(hist_lower(i)));
		page_push(bucket, page_number(hist_upper(i)));
		page_push(bucket, page_number(hist->buckets[i]));
		page_push(list, bucket);
	}
	return list;
}

static void add_distributions(struct json_object *data, const struct picture *picture)
{
	struct json_object *latency = json_object_new_array();

	for (int kind = 0; kind < DOT_KINDS; kind++)
		page_push(latency, hist_data(&picture->latency[kind]));
	page_set(data, "latency", latency);
	page_set(data, "examined", hist_data(&picture->examined));
	page_set(data, "reuse", hist_data(&picture->reuse));
}

/* How often the ports of each bin were chosen: [even ones, odd ones]. */
static void add_chosen(struct json_object *data, const struct picture *picture)
{
	struct json_object *chosen = json_object_new_object(), *bins = json_object_new_array();
	unsigned int first = 0, last = PORT_COUNT - 1, width;

	while (first < last && !picture->chosen[first])
		first++;
	while (last > first && !picture->chosen[last])
		last--;
	/* An even width, so that no bin has more ports of one parity than of the other. */
	width = (last - first) / PORT_BINS + 1;
	width += width > 1 && width % 2;
	for (unsigned int at = first; at <= last && picture->chosen[first]; at += width) {
		uint64_t counts[2] = { 0 };
		struct json_object *bin = json_object_new_array();

		for (unsigned int port = at; port < at + width && port <= last; port++)
			counts[port % 2] += picture->chosen[port];
		page_push(bin, page_number(counts[0]));
		page_push(bin, page_number(counts[1]));
		page_push(bins, bin);
	}
	page_set(chosen, "first", page_number(first));
	page_set(chosen, "width", page_number(width));
	page_set(chosen, "bins", bins);
	page_set(data, "chosen", chosen);
}

/* [per cent, lowest value, highest value, count] */
static struct json_object *fill_data(const struct fill_grid *grid)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int level = 0; level <= FILL_STEPS; level++)
		for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
			struct json_object *cell;

			if (!grid->counts[level][i])
				continue;
			cell = json_object_new_array();
			page_push(cell, page_number(level));
			page_push(cell, page_number(hist_lower(i)));
			page_push(cell, page_number(hist_upper(i)));
			page_push(cell, page_number(grid->counts[level][i]));
			page_push(list, cell);
		}
	return list;
}

/* Of each span its end: the begin of the next of the same namespace, or the end of all. */
#define SPAN_END(list, at)                                                          \
	({                                                                          \
		uint64_t span_end = picture->last_ns;                               \
		for (size_t next = (at) + 1; next < (list)->count; next++)          \
			if ((list)->items[next].netns == (list)->items[at].netns) { \
				span_end = (list)->items[next].begin_ns;            \
				break;                                              \
			}                                                           \
		page_time(picture, span_end);                                       \
	})

static void add_ranges(struct json_object *data, const struct picture *picture)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < picture->ranges.count; i++) {
		const struct range_span *span = &picture->ranges.items[i];
		struct json_object *item = json_object_new_object();

		page_set(item, "netns", page_number(span->netns));
		page_set(item, "from", json_object_new_double(page_time(picture, span->begin_ns)));
		page_set(item, "to", json_object_new_double(SPAN_END(&picture->ranges, i)));
		page_set(item, "low", page_number(span->low));
		page_set(item, "high", page_number(span->high));
		if (span->written) {
			page_set(item, "old_low", page_number(span->old_low));
			page_set(item, "old_high", page_number(span->old_high));
			page_set(item, "comm", page_comm(span->comm));
			page_set(item, "pid", page_number(span->pid));
		}
		page_push(list, item);
	}
	page_set(data, "ranges", list);
}

/* [[lowest, highest], ...] */
static struct json_object *ports_data(const struct port_set *ports)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int port = 0; ports && port < PORT_COUNT; port++) {
		struct json_object *range;

		if (!port_set_has(ports, port))
			continue;
		range = json_object_new_array();
		page_push(range, page_number(port));
		while (port_set_has(ports, port + 1))
			port++;
		page_push(range, page_number(port));
		page_push(list, range);
	}
	return list;
}

static void add_reserved(struct json_object *data, const struct picture *picture)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < picture->reserved.count; i++) {
		const struct reserved_span *span = &picture->reserved.items[i];
		struct json_object *item = json_object_new_object();

		page_set(item, "netns", page_number(span->netns));
		page_set(item, "from", json_object_new_double(page_time(picture, span->begin_ns)));
		page_set(item, "to", json_object_new_double(SPAN_END(&picture->reserved, i)));
		page_set(item, "ports", ports_data(span->ports));
		page_push(list, item);
	}
	page_set(data, "reserved", list);
}

static void add_losses(struct json_object *data, const struct picture *picture)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < picture->losses.count; i++) {
		const struct loss_span *span = &picture->losses.items[i];
		uint64_t offset = (uint64_t)picture->realtime_offset;
		struct json_object *item = json_object_new_object();

		page_set(item, "from",
			 json_object_new_double(page_time(picture, span->begin_ns - offset)));
		page_set(item, "to",
			 json_object_new_double(page_time(picture, span->end_ns - offset)));
		page_set(item, "count", page_number(span->count));
		page_set(item, "cause", json_object_new_string(span->cause));
		page_push(list, item);
	}
	page_set(data, "losses", list);
}

static void add_about(struct json_object *data, const struct page *page)
{
	struct json_object *list = json_object_new_array();

	for (const char *(*about)[2] = page->about; about && (*about)[0]; about++) {
		struct json_object *item = json_object_new_array();

		page_push(item, json_object_new_string((*about)[0]));
		page_push(item, json_object_new_string((*about)[1] ?: ""));
		page_push(list, item);
	}
	page_set(data, "about", list);
}

/* The names that dots have numbers for. */
static void add_names(struct json_object *data, const struct picture *picture)
{
	struct json_object *paths = json_object_new_array(), *errors = json_object_new_object();

	for (int path = 0; path < PATH_COUNT; path++)
		page_push(paths, json_object_new_string(path_name(path)));
	for (size_t i = 0; i < picture->dots.count; i++) {
		char number[16], buffer[16];
		int error = picture->dots.items[i].error;

		snprintf(number, sizeof(number), "%d", error);
		if (error && !json_object_object_get_ex(errors, number, NULL))
			page_set(errors, number, json_object_new_string(errno_name(error, buffer)));
	}
	page_set(data, "paths", paths);
	page_set(data, "errors", errors);
}

struct json_object *page_data(const struct page *page)
{
	const struct picture *picture = page->picture;
	struct json_object *data = json_object_new_object();
	struct json_object *kinds = json_object_new_array();

	if (!data)
		return NULL;
	page_set(data, "title", json_object_new_string(page->title));
	page_set(data, "version", json_object_new_string(EPHEMPORT_VERSION));
	page_set(data, "verdict", json_object_new_string(page->verdict));
	add_about(data, page);
	add_figures(data, page->figures);
	page_set(data, "allocations", page_number(picture->allocations));
	for (int kind = 0; kind < DOT_KINDS; kind++)
		page_push(kinds, page_number(picture->by_kind[kind]));
	page_set(data, "kinds", kinds);
	page_set(data, "begin_ms",
		 json_object_new_double(
			 (double)(picture->origin_ns + (uint64_t)picture->realtime_offset) / 1e6));
	page_set(data, "first", json_object_new_double(page_time(picture, picture->first_ns)));
	page_set(data, "last", json_object_new_double(page_time(picture, picture->last_ns)));
	page_set(data, "latency_steps", page_number(LATENCY_STEPS));
	page_set(data, "merged", json_object_new_boolean(picture->merged));
	add_names(data, picture);
	page_add_columns(data, picture);
	add_ranges(data, picture);
	add_reserved(data, picture);
	add_losses(data, picture);
	add_distributions(data, picture);
	add_chosen(data, picture);
	page_set(data, "fill_examined", fill_data(picture->examined_at));
	page_set(data, "fill_latency", fill_data(picture->latency_at));
	page_add_tables(data, picture);
	return data;
}
