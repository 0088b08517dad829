// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/figures.h"

const struct figure_spec figure_specs[FIGURE_COUNT] = {
#define FIGURE_SPEC(id, name, unit) [id] = { name, unit },
	FIGURES(FIGURE_SPEC)
#undef FIGURE_SPEC
};

static int figure_find_part(const char *name, size_t length)
{
	for (int id = 0; id < FIGURE_COUNT; id++)
		if (!strncmp(figure_specs[id].name, name, length) && !figure_specs[id].name[length])
			return id;
	return -EINVAL;
}

int figure_find(const char *name)
{
	return figure_find_part(name, strlen(name));
}

void figure_set(struct figures *figures, enum figure_id id, double number)
{
	figures->at[id].state = FIGURE_KNOWN;
	figures->at[id].number = number;
}

void figure_set_text(struct figures *figures, enum figure_id id, const char *text)
{
	figures->at[id].state = FIGURE_KNOWN;
	snprintf(figures->at[id].text, sizeof(figures->at[id].text), "%s", text);
}

/* "p(99.9)": thousandths, or -EINVAL. */
static int percentile_parse(const char *text, size_t length)
{
	unsigned int whole = 0, tenth = 0;
	int end = 0;
	char buffer[16];

	if (length >= sizeof(buffer))
		return -EINVAL;
	snprintf(buffer, sizeof(buffer), "%.*s", (int)length, text);
	if (strspn(buffer, "p()0123456789.") != length)
		return -EINVAL;
	if (sscanf(buffer, "p(%3u)%n", &whole, &end) != 1 || (size_t)end != length) {
		end = 0;
		if (sscanf(buffer, "p(%3u.%1u)%n", &whole, &tenth, &end) != 2 ||
		    (size_t)end != length)
			return -EINVAL;
	}
	whole = 10 * whole + tenth;
	return whole >= 1 && whole <= 1000 ? (int)whole : -EINVAL;
}

static int aggregation_parse(const char *text, size_t length, struct figure_ref *ref)
{
	static const struct {
		const char *name;
		enum figure_aggregation aggregation;
		unsigned int per_mille;
	} words[] = { { "avg", AGGREGATE_AVG, 0 },
		      { "mean", AGGREGATE_AVG, 0 },
		      { "max", AGGREGATE_MAX, 0 },
		      { "med", AGGREGATE_PERCENTILE, 500 } };
	int per_mille;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].name) != length || strncmp(words[i].name, text, length))
			continue;
		ref->aggregation = words[i].aggregation;
		ref->per_mille = words[i].per_mille;
		return 0;
	}
	per_mille = percentile_parse(text, length);
	if (per_mille < 0)
		return per_mille;
	ref->aggregation = AGGREGATE_PERCENTILE;
	ref->per_mille = (unsigned int)per_mille;
	return 0;
}

int figure_ref_parse(const char *text, size_t length, struct figure_ref *ref)
{
	const char *dot = memchr(text, '.', length);
	size_t head = dot ? (size_t)(dot - text) : length;
	int id;

	*ref = (struct figure_ref){ .dist = DIST_NONE };
	if (!dot) {
		id = figure_find_part(text, length);
		if (id < 0)
			return id;
		ref->id = (enum figure_id)id;
		ref->unit = figure_specs[id].unit;
		return 0;
	}
	if (head == 7 && !strncmp(text, "latency", head)) {
		ref->dist = DIST_LATENCY;
		ref->unit = UNIT_NS;
	} else if (head == 8 && !strncmp(text, "examined", head)) {
		ref->dist = DIST_EXAMINED;
		ref->unit = UNIT_NUMBER;
	} else {
		return -EINVAL;
	}
	if (aggregation_parse(dot + 1, length - head - 1, ref))
		return -EINVAL;
	if (ref->dist == DIST_EXAMINED && ref->aggregation != AGGREGATE_AVG)
		ref->unit = UNIT_COUNT;
	return 0;
}

/* The figure that says the same, or FIGURE_COUNT. */
static enum figure_id figure_ref_same(const struct figure_ref *ref)
{
	static const struct {
		unsigned int per_mille;
		enum figure_id latency, examined;
	} percentiles[] = {
		{ 500, FIGURE_LATENCY_P50, FIGURE_EXAMINED_P50 },
		{ 900, FIGURE_LATENCY_P90, FIGURE_EXAMINED_P90 },
		{ 990, FIGURE_LATENCY_P99, FIGURE_EXAMINED_P99 },
		{ 999, FIGURE_LATENCY_P999, FIGURE_EXAMINED_P999 },
		{ 1000, FIGURE_LATENCY_MAX, FIGURE_EXAMINED_MAX },
	};
	bool latency = ref->dist == DIST_LATENCY;

	if (ref->dist == DIST_NONE)
		return ref->id;
	if (ref->aggregation == AGGREGATE_AVG)
		return latency ? FIGURE_LATENCY_MEAN : FIGURE_EXAMINED_MEAN;
	if (ref->aggregation == AGGREGATE_MAX)
		return latency ? FIGURE_LATENCY_MAX : FIGURE_EXAMINED_MAX;
	for (size_t i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++)
		if (percentiles[i].per_mille == ref->per_mille)
			return latency ? percentiles[i].latency : percentiles[i].examined;
	return FIGURE_COUNT;
}

struct figure figure_ref_value(const struct figure_ref *ref, const struct figures *figures)
{
	enum figure_id same = figure_ref_same(ref);
	const struct hist *hist = ref->dist == DIST_LATENCY ? figures->latency : figures->examined;
	struct figure value;

	if (same < FIGURE_COUNT)
		return figures->at[same];
	/* Known, or not, for the same reason as the maximum is. */
	value = figures->at[ref->dist == DIST_LATENCY ? FIGURE_LATENCY_MAX : FIGURE_EXAMINED_MAX];
	if (value.state != FIGURE_KNOWN)
		return value;
	if (!hist)
		value.state = FIGURE_UNKNOWN;
	else
		value.number = (double)hist_percentile(hist, ref->per_mille);
	return value;
}
