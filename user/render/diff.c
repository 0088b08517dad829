// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "render/diff.h"
#include "render/figures.h"

enum { DIFF_CONCLUSION_LEN = 512 };

/* What people are shown, in this order; the JSON has all that are numbers. */
static const enum figure_id shown[] = {
	FIGURE_DURATION,      FIGURE_RANGE_PORTS,     FIGURE_USABLE,
	FIGURE_RANGE_CHANGES, FIGURE_ALLOCATIONS,     FIGURE_CONNECT,
	FIGURE_BIND,	      FIGURE_LISTEN,	      FIGURE_AUTOBIND,
	FIGURE_RATE,	      FIGURE_RATE_PEAK,	      FIGURE_ERRORS,
	FIGURE_ERROR_PCT,     FIGURE_EADDRNOTAVAIL,   FIGURE_EADDRINUSE,
	FIGURE_EAGAIN,	      FIGURE_OTHER_ERRORS,    FIGURE_FIRST_FAILURE,
	FIGURE_OUT_OF_RANGE,  FIGURE_PORTS_DISTINCT,  FIGURE_PORTS_REUSED,
	FIGURE_PEAK_USED,     FIGURE_PEAK_USED_PCT,   FIGURE_LATENCY_MEAN,
	FIGURE_LATENCY_P50,   FIGURE_LATENCY_P90,     FIGURE_LATENCY_P99,
	FIGURE_LATENCY_P999,  FIGURE_LATENCY_MAX,     FIGURE_LATENCY_TOTAL,
	FIGURE_EXAMINED_MEAN, FIGURE_EXAMINED_P50,    FIGURE_EXAMINED_P99,
	FIGURE_EXAMINED_MAX,  FIGURE_SECOND_PASS_PCT, FIGURE_KNEE_CROSSED_NS,
	FIGURE_LOST,
};

enum { RATIO_LEN = 32 };

/* "1.50x", "743x", "1/743": as many times as much, or that part of it. */
static void ratio_format(char out[RATIO_LEN], const struct figure *ratio)
{
	double number = ratio->number;
	const char *form = "%.2fx";

	if (ratio->state != FIGURE_KNOWN) {
		snprintf(out, RATIO_LEN, "%s", ratio->state == FIGURE_UNKNOWN ? "?" : "-");
		return;
	}
	if (number == 0 || isinf(number)) {
		snprintf(out, RATIO_LEN, "%s", number == 0 ? "none" : "new");
		return;
	}
	if (number < 0.1) {
		number = 1 / number;
		form = number < 99.5 ? "1/%.1f" : "1/%.0f";
	} else if (number >= 99.5) {
		form = "%.0fx";
	}
	snprintf(out, RATIO_LEN, form, number);
}

struct sentence {
	char *text;
	size_t used;
};

static void say(struct sentence *sentence, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct sentence *sentence, const char *format, ...)
{
	size_t room = DIFF_CONCLUSION_LEN - sentence->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(sentence->text + sentence->used, room, format, args);
	va_end(args);
	sentence->used += length < (int)room ? (size_t)length : room - 1;
}

static bool both_known(const struct diff *diff, enum figure_id id)
{
	return figure_known(diff->a, id) && figure_known(diff->b, id);
}

static double number_a(const struct diff *diff, enum figure_id id)
{
	return diff->a->at[id].number;
}

static double number_b(const struct diff *diff, enum figure_id id)
{
	return diff->b->at[id].number;
}

static void say_bottleneck(struct sentence *sentence, const struct diff *diff)
{
	bool a = number_a(diff, FIGURE_BOTTLENECK) != 0, b = number_b(diff, FIGURE_BOTTLENECK) != 0;

	if (!both_known(diff, FIGURE_BOTTLENECK))
		say(sentence, "whether source ports ran out is not known of both");
	else if (a && b)
		say(sentence, "source ports ran out in both");
	else if (a || b)
		say(sentence, "source ports ran out in %s alone", a ? "A" : "B");
	else
		say(sentence, "source ports ran out in neither");
}

/* "1/743 of the time", "0.50 of the time", "1.50 times the time", "about the same time" */
static void say_ratio(struct sentence *sentence, double ratio, const char *of)
{
	if (ratio > 0.9 && ratio < 1.1)
		say(sentence, "about the same %s", of);
	else if (ratio < 0.1)
		say(sentence, 1 / ratio < 99.5 ? "1/%.1f of the %s" : "1/%.0f of the %s", 1 / ratio,
		    of);
	else if (ratio < 1)
		say(sentence, "%.2f of the %s", ratio, of);
	else
		say(sentence, ratio < 99.5 ? "%.2f times the %s" : "%.0f times the %s", ratio, of);
}

static void say_means(struct sentence *sentence, const struct diff *diff, enum figure_id id)
{
	char a[FIGURE_FORMAT_LEN], b[FIGURE_FORMAT_LEN];

	figure_format(a, &diff->a->at[id], figure_specs[id].unit);
	figure_format(b, &diff->b->at[id], figure_specs[id].unit);
	say(sentence, " (%s against %s)", b, a);
}

static void say_cost(struct sentence *sentence, const struct diff *diff)
{
	struct figure latency =
		figure_ratio(&diff->a->at[FIGURE_LATENCY_MEAN], &diff->b->at[FIGURE_LATENCY_MEAN]);
	struct figure examined = figure_ratio(&diff->a->at[FIGURE_EXAMINED_MEAN],
					      &diff->b->at[FIGURE_EXAMINED_MEAN]);

	if (latency.state == FIGURE_KNOWN && latency.number > 0 && isfinite(latency.number)) {
		say(sentence, "; on average a search takes ");
		say_ratio(sentence, latency.number, "time");
		say_means(sentence, diff, FIGURE_LATENCY_MEAN);
		say(sentence, " in B");
	}
	if (examined.state == FIGURE_KNOWN && examined.number > 0 && isfinite(examined.number)) {
		say(sentence,
		    latency.state == FIGURE_KNOWN ? " and examines " : "; a search of B examines ");
		say_ratio(sentence, examined.number, "candidates");
		say_means(sentence, diff, FIGURE_EXAMINED_MEAN);
	}
	if (both_known(diff, FIGURE_SECOND_PASS_PCT) &&
	    (number_a(diff, FIGURE_SECOND_PASS_PCT) > 0 ||
	     number_b(diff, FIGURE_SECOND_PASS_PCT) > 0))
		say(sentence, "; second pass %.1f %% against %.1f %%",
		    number_b(diff, FIGURE_SECOND_PASS_PCT), number_a(diff, FIGURE_SECOND_PASS_PCT));
}

static bool ranges_differ(const struct diff *diff)
{
	return both_known(diff, FIGURE_RANGE_LOW) && both_known(diff, FIGURE_RANGE_HIGH) &&
	       (number_a(diff, FIGURE_RANGE_LOW) != number_b(diff, FIGURE_RANGE_LOW) ||
		number_a(diff, FIGURE_RANGE_HIGH) != number_b(diff, FIGURE_RANGE_HIGH));
}

/* What differs, in a sentence: @out takes DIFF_CONCLUSION_LEN bytes. */
static void format_conclusion(char *out, const struct diff *diff)
{
	struct sentence sentence = { .text = out };

	say_bottleneck(&sentence, diff);
	if (ranges_differ(diff))
		say(&sentence, "; the range is %.0f-%.0f against %.0f-%.0f",
		    number_b(diff, FIGURE_RANGE_LOW), number_b(diff, FIGURE_RANGE_HIGH),
		    number_a(diff, FIGURE_RANGE_LOW), number_a(diff, FIGURE_RANGE_HIGH));
	say_cost(&sentence, diff);
}

static void range_text(char out[FIGURE_FORMAT_LEN], const struct figures *figures)
{
	if (figure_known(figures, FIGURE_RANGE_LOW) && figure_known(figures, FIGURE_RANGE_HIGH))
		snprintf(out, FIGURE_FORMAT_LEN, "%.0f-%.0f", figures->at[FIGURE_RANGE_LOW].number,
			 figures->at[FIGURE_RANGE_HIGH].number);
	else
		strcpy(out, "-");
}

static void print_row(FILE *out, const struct diff *diff, enum figure_id id)
{
	char a[FIGURE_FORMAT_LEN], b[FIGURE_FORMAT_LEN], ratio[RATIO_LEN];
	struct figure times = figure_ratio(&diff->a->at[id], &diff->b->at[id]);

	if (!figure_known(diff->a, id) && !figure_known(diff->b, id))
		return;
	/* What neither has says nothing. */
	if (both_known(diff, id) && !number_a(diff, id) && !number_b(diff, id) &&
	    id != FIGURE_ERRORS && id != FIGURE_LOST)
		return;
	figure_format(a, &diff->a->at[id], figure_specs[id].unit);
	figure_format(b, &diff->b->at[id], figure_specs[id].unit);
	ratio_format(ratio, &times);
	fprintf(out, "%-20s %14s %14s %10s\n", figure_specs[id].name, a, b, ratio);
}

static void print_gates(FILE *out, const struct diff *diff)
{
	static const char *const marks[] = {
		[GATE_PASSED] = "ok",
		[GATE_FAILED] = "x",
		[GATE_UNKNOWN] = "?",
	};

	for (size_t i = 0; i < diff->gates->count; i++) {
		const struct gate *gate = &diff->gates->items[i];
		char value[FIGURE_FORMAT_LEN];

		if (gate->subject == GATE_RATIO) {
			ratio_format(value, &diff->results[i].value);
		} else if (gate->subject == GATE_DIFFERENCE &&
			   diff->results[i].value.state == FIGURE_KNOWN) {
			struct figure size = diff->results[i].value;

			*value = size.number < 0 ? '-' : '+';
			size.number = fabs(size.number);
			figure_format(value + 1, &size, gate->ref.unit);
		} else {
			figure_format(value, &diff->results[i].value, gate->ref.unit);
		}
		fprintf(out, "%-2s %s  %s\n", marks[diff->results[i].outcome], gate->text, value);
	}
}

void diff_print_text(FILE *out, const struct diff *diff)
{
	char conclusion[DIFF_CONCLUSION_LEN], a[FIGURE_FORMAT_LEN], b[FIGURE_FORMAT_LEN];

	format_conclusion(conclusion, diff);
	fprintf(out, "%s\n\nA  %s\nB  %s\n\n", conclusion, diff->a_name, diff->b_name);
	fprintf(out, "%-20s %14s %14s %10s\n", "", "A", "B", "B/A");
	range_text(a, diff->a);
	range_text(b, diff->b);
	fprintf(out, "%-20s %14s %14s\n", "range", a, b);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		print_row(out, diff, shown[i]);
	if (diff->gates->count)
		fputc('\n', out);
	print_gates(out, diff);
}

static void print_number(FILE *out, const char *key, const struct figure *figure)
{
	if (figure->state == FIGURE_KNOWN && isfinite(figure->number))
		fprintf(out, "\"%s\":%.15g", key, figure->number);
	else
		fprintf(out, "\"%s\":null", key);
}

void diff_print_json(FILE *out, const struct diff *diff)
{
	static const char *const outcomes[] = {
		[GATE_PASSED] = "passed",
		[GATE_FAILED] = "failed",
		[GATE_UNKNOWN] = "unknown",
	};
	char conclusion[DIFF_CONCLUSION_LEN];

	format_conclusion(conclusion, diff);
	fputs("{\"type\":\"diff\",\"a\":", out);
	json_print_string(out, diff->a_name);
	fputs(",\"b\":", out);
	json_print_string(out, diff->b_name);
	fputs(",\"conclusion\":", out);
	json_print_string(out, conclusion);
	fputs(",\"figures\":{", out);
	for (int id = 0, first = 1; id < FIGURE_COUNT; id++) {
		const struct figure *a = &diff->a->at[id], *b = &diff->b->at[id];
		struct figure ratio = figure_ratio(a, b), difference = figure_difference(a, b);

		if (figure_specs[id].unit == UNIT_TEXT)
			continue;
		fprintf(out, "%s\"%s\":{", first ? "" : ",", figure_specs[id].name);
		print_number(out, "a", a);
		fputc(',', out);
		print_number(out, "b", b);
		fputc(',', out);
		print_number(out, "ratio", &ratio);
		fputc(',', out);
		print_number(out, "difference", &difference);
		fputc('}', out);
		first = 0;
	}
	fputs("},\"gates\":[", out);
	for (size_t i = 0; i < diff->gates->count; i++) {
		fprintf(out, "%s{\"expression\":", i ? "," : "");
		json_print_string(out, diff->gates->items[i].text);
		fprintf(out, ",\"outcome\":\"%s\",", outcomes[diff->results[i].outcome]);
		print_number(out, "value", &diff->results[i].value);
		fputc('}', out);
	}
	fputs("]}\n", out);
}
