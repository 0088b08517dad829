// SPDX-License-Identifier: GPL-2.0-only
/* Distributions as bars, one line for each power of two. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/format.h"
#include "render/stat.h"

enum {
	BAR_WIDTH = 32,
	COUNT_WIDTH = 11,
	LINES = HIST_VALUE_BITS + 1, /* line 0: the value 0; line n: 2^(n-1) .. 2^n-1 */
};

/* What is drawn beside each other. */
struct column {
	const char *title;
	uint64_t lines[LINES];
};

struct picture {
	struct column columns[STAT_PASS_COUNT];
	int used;
};

static int line_of(uint32_t bucket)
{
	uint64_t lower = hist_lower(bucket);

	return lower ? 64 - __builtin_clzll(lower) : 0;
}

static void column_add(struct column *column, const struct hist *hist)
{
	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		column->lines[line_of(i)] += hist->buckets[i];
}

static bool column_empty(const struct column *column)
{
	for (int line = 0; line < LINES; line++)
		if (column->lines[line])
			return false;
	return true;
}

/* @blanks: what earlier columns of the line left empty; printed only where something follows. */
static void print_bar(FILE *out, uint64_t count, uint64_t most, int *blanks)
{
	char number[FORMAT_NUMBER_LEN];
	int length = (int)((count * BAR_WIDTH + most - 1) / most);

	if (!count) {
		*blanks += 2 + BAR_WIDTH + COUNT_WIDTH;
		return;
	}
	fprintf(out, "%*s", 2 + *blanks, "");
	for (int i = 0; i < length; i++)
		fputc('#', out);
	format_count(number, count);
	fprintf(out, "%*s", BAR_WIDTH - length + COUNT_WIDTH, number);
	*blanks = 0;
}

static void line_label(char label[FORMAT_NUMBER_LEN], int line, bool latency)
{
	uint64_t lower = line ? 1ULL << (line - 1) : 0;

	if (latency)
		format_duration(label, lower);
	else
		snprintf(label, FORMAT_NUMBER_LEN, "%" PRIu64, lower);
}

/* One scale for all columns, so that their heights compare; no line where nothing is. */
static void picture_print(FILE *out, const struct picture *picture, const char *title, bool latency)
{
	int first = LINES, last = -1;
	uint64_t most = 0;

	for (int i = 0; i < picture->used; i++)
		for (int line = 0; line < LINES; line++) {
			uint64_t count = picture->columns[i].lines[line];

			most = count > most ? count : most;
			first = count && line < first ? line : first;
			last = count && line > last ? line : last;
		}
	if (last < 0)
		return;
	fprintf(out, "(%s, %s)\n", title, latency ? "latency" : "examined");
	if (picture->used > 1 || *picture->columns[0].title) {
		fprintf(out, "%8s", "");
		for (int i = 0; i < picture->used; i++)
			fprintf(out, "  %-*s", i + 1 < picture->used ? BAR_WIDTH + COUNT_WIDTH : 0,
				picture->columns[i].title);
		fputc('\n', out);
	}
	for (int line = first; line <= last; line++) {
		char label[FORMAT_NUMBER_LEN];
		int blanks = 0;

		line_label(label, line, latency);
		fprintf(out, "%8s", label);
		for (int i = 0; i < picture->used; i++)
			print_bar(out, picture->columns[i].lines[line], most, &blanks);
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* Draws the rows of one path and key: @rows[0 .. @count - 1]. */
static void path_print(FILE *out, const struct stat_table *table, const struct stat_row *rows,
		       size_t count, bool latency)
{
	static const char *const titles[STAT_PASS_COUNT] = { "first pass", "second pass", "" };
	struct column columns[STAT_PASS_COUNT] = { 0 };
	struct picture picture = { 0 };
	char who[STAT_WHO_LEN], title[STAT_WHO_LEN + 16];
	bool passes = false;

	for (size_t i = 0; i < count; i++) {
		const struct stat_row *row = &rows[i];
		int pass = row->second_pass == UNKNOWN ? STAT_PASS_UNKNOWN : (int)row->second_pass;

		column_add(&columns[pass], latency ? &row->latency : &row->examined);
		passes |= pass != STAT_PASS_UNKNOWN;
	}
	for (int pass = 0; pass < STAT_PASS_COUNT; pass++) {
		/* Where there are two passes both have their place, also when one is empty. */
		if (pass == STAT_PASS_UNKNOWN ? column_empty(&columns[pass]) : !passes)
			continue;
		picture.columns[picture.used] = columns[pass];
		picture.columns[picture.used++].title = titles[pass];
	}
	stat_who_format(who, table->by, &rows->who);
	snprintf(title, sizeof(title), "%s%s%s", who, *who ? ": " : "", path_name(rows->path));
	if (picture.used)
		picture_print(out, &picture, title, latency);
}

int hist_text_print(FILE *out, const struct stat_table *table)
{
	for (size_t first = 0, next; first < table->count; first = next) {
		const struct stat_row *rows = &table->rows[first];

		for (next = first; next < table->count && table->rows[next].path == rows->path &&
				   stat_who_same(&table->rows[next].who, &rows->who);
		     next++)
			;
		path_print(out, table, rows, next - first, true);
		path_print(out, table, rows, next - first, false);
	}
	return fflush(out) ? -errno : 0;
}
