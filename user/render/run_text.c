// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "render/figures.h"
#include "render/format.h"
#include "render/run.h"

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* A moment or a length of a run: "3.41 s", "850us". */
static void format_moment(char out[FORMAT_NUMBER_LEN], double ns)
{
	if (ns >= 1e9)
		snprintf(out, FORMAT_NUMBER_LEN, "%.2f s", ns / 1e9);
	else
		format_duration(out, (uint64_t)ns);
}

static double number_of(const struct figures *figures, enum figure_id id)
{
	return figures->at[id].number;
}

/* Up to a few figures as text at once; good until as many more were asked for. */
struct words {
	char text[8][FIGURE_FORMAT_LEN];
	size_t next;
};

static const char *word(struct words *words, const struct figures *figures, enum figure_id id)
{
	char *out = words->text[words->next++ % 8];

	figure_format(out, &figures->at[id], figure_specs[id].unit);
	return out;
}

static void verdict_first(char *out, const struct figures *figures)
{
	const char *saddr = figures->at[FIGURE_FIRST_SADDR].text;
	const char *daddr = figures->at[FIGURE_FIRST_DADDR].text;
	char moment[FORMAT_NUMBER_LEN], where[2 * FIGURE_TEXT_LEN + 16];

	format_moment(moment, number_of(figures, FIGURE_FIRST_FAILURE));
	if (figure_known(figures, FIGURE_FIRST_DADDR))
		snprintf(where, sizeof(where),
			 strchr(daddr, ':') ? "%s to [%s]:%.0f" : "%s to %s:%.0f", saddr, daddr,
			 number_of(figures, FIGURE_FIRST_DPORT));
	else
		snprintf(where, sizeof(where), "%s on %s", figures->at[FIGURE_FIRST_PATH].text,
			 saddr);
	snprintf(out, RUN_VERDICT_LEN, "source ports were the bottleneck: %s first after %s, %s",
		 figures->at[FIGURE_FIRST_ERRNO].text, moment, where);
}

void run_format_verdict(char *out, const struct figures *figures)
{
	char moment[FORMAT_NUMBER_LEN], lost[FORMAT_NUMBER_LEN];

	if (!figure_known(figures, FIGURE_LOST)) {
		strcpy(out,
		       "whether source ports were the bottleneck is not known: nothing was traced");
	} else if (!figure_known(figures, FIGURE_BOTTLENECK)) {
		format_count(lost, (uint64_t)number_of(figures, FIGURE_LOST));
		snprintf(out, RUN_VERDICT_LEN,
			 "whether source ports were the bottleneck is not known: none was wanting "
			 "where it was seen, but %s allocations were lost",
			 lost);
	} else if (number_of(figures, FIGURE_BOTTLENECK)) {
		verdict_first(out, figures);
	} else if (!number_of(figures, FIGURE_ALLOCATIONS)) {
		strcpy(out, "source ports were not the bottleneck: none was asked for");
	} else if (figure_known(figures, FIGURE_KNEE_CROSSED_NS)) {
		format_moment(moment, number_of(figures, FIGURE_KNEE_CROSSED_NS));
		snprintf(out, RUN_VERDICT_LEN,
			 "source ports were not the bottleneck, but half of them were used up for "
			 "one destination after %s",
			 moment);
	} else {
		strcpy(out, "source ports were not the bottleneck");
	}
}

static void print_range(FILE *out, const struct figures *figures)
{
	struct words words = { 0 };
	char moment[FORMAT_NUMBER_LEN];

	if (!figure_known(figures, FIGURE_RANGE_LOW))
		return;
	fprintf(out, "  range      %.0f-%.0f, %s ports, %s usable, knee at %s",
		number_of(figures, FIGURE_RANGE_LOW), number_of(figures, FIGURE_RANGE_HIGH),
		word(&words, figures, FIGURE_RANGE_PORTS), word(&words, figures, FIGURE_USABLE),
		word(&words, figures, FIGURE_KNEE));
	format_moment(moment, number_of(figures, FIGURE_KNEE_CROSSED_NS));
	if (figure_known(figures, FIGURE_KNEE_CROSSED_NS))
		fprintf(out, " crossed after %s", moment);
	else if (figure_known(figures, FIGURE_KNEE_CROSSED))
		fputs(" not crossed", out);
	if (number_of(figures, FIGURE_RANGES) > 1)
		fprintf(out, "; %s ranges in all", word(&words, figures, FIGURE_RANGES));
	if (number_of(figures, FIGURE_RANGE_CHANGES) == 1)
		fputs("; changed once", out);
	else if (number_of(figures, FIGURE_RANGE_CHANGES))
		fprintf(out, "; changed %s times", word(&words, figures, FIGURE_RANGE_CHANGES));
	fputc('\n', out);
}

static void print_allocated(FILE *out, const struct figures *figures)
{
	static const enum figure_id paths[] = { FIGURE_CONNECT, FIGURE_BIND, FIGURE_LISTEN,
						FIGURE_AUTOBIND };
	struct words words = { 0 };
	const char *separator = " (";

	fprintf(out, "  allocated  %s", word(&words, figures, FIGURE_ALLOCATIONS));
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (!number_of(figures, paths[i]))
			continue;
		fprintf(out, "%s%s %s", separator, figure_specs[paths[i]].name,
			word(&words, figures, paths[i]));
		separator = ", ";
	}
	fprintf(out, "%s, %s, busiest second %s; %s distinct ports, reused %s times\n",
		*separator == ',' ? ")" : "", word(&words, figures, FIGURE_RATE),
		word(&words, figures, FIGURE_RATE_PEAK),
		word(&words, figures, FIGURE_PORTS_DISTINCT),
		word(&words, figures, FIGURE_PORTS_REUSED));
	if (number_of(figures, FIGURE_OUT_OF_RANGE))
		fprintf(out, "             %s outside of the range in force\n",
			word(&words, figures, FIGURE_OUT_OF_RANGE));
}

static void print_peak(FILE *out, const struct figures *figures)
{
	struct words words = { 0 };

	if (!figure_known(figures, FIGURE_PEAK_USED_PCT))
		return;
	if (figure_known(figures, FIGURE_PEAK_USED))
		fprintf(out,
			"  peak       %s ports in use at once to one destination, %s of the "
			"usable ones\n",
			word(&words, figures, FIGURE_PEAK_USED),
			word(&words, figures, FIGURE_PEAK_USED_PCT));
	else
		fputs("  peak       all usable ports in use at once to one destination\n", out);
}

static void print_failed(FILE *out, const struct figures *figures)
{
	static const struct {
		enum figure_id id;
		const char *name;
	} errors[] = { { FIGURE_EADDRNOTAVAIL, "EADDRNOTAVAIL" },
		       { FIGURE_EADDRINUSE, "EADDRINUSE" },
		       { FIGURE_EAGAIN, "EAGAIN" },
		       { FIGURE_OTHER_ERRORS, "other" } };
	struct words words = { 0 };
	const char *separator = " (";
	char length[FORMAT_NUMBER_LEN];
	double windows = number_of(figures, FIGURE_WINDOWS);

	if (!number_of(figures, FIGURE_ERRORS))
		return;
	fprintf(out, "  failed     %s", word(&words, figures, FIGURE_ERRORS));
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (!number_of(figures, errors[i].id))
			continue;
		fprintf(out, "%s%s", separator, errors[i].name);
		if (number_of(figures, errors[i].id) != number_of(figures, FIGURE_ERRORS))
			fprintf(out, " %s", word(&words, figures, errors[i].id));
		separator = ", ";
	}
	fprintf(out, "), %s of all", word(&words, figures, FIGURE_ERROR_PCT));
	format_moment(length, number_of(figures, FIGURE_WINDOWS_NS));
	if (windows == 1)
		fprintf(out, ", in one window of %s", length);
	else if (windows > 1)
		fprintf(out, ", in %s windows, %s together", word(&words, figures, FIGURE_WINDOWS),
			length);
	fputc('\n', out);
}

static void print_search(FILE *out, const struct figures *figures)
{
	struct words words = { 0 };

	if (!figure_known(figures, FIGURE_LATENCY_MAX))
		return;
	fprintf(out, "  latency    mean %s  p50 %s  p90 %s  p99 %s  p99.9 %s  max %s, ",
		word(&words, figures, FIGURE_LATENCY_MEAN),
		word(&words, figures, FIGURE_LATENCY_P50),
		word(&words, figures, FIGURE_LATENCY_P90),
		word(&words, figures, FIGURE_LATENCY_P99),
		word(&words, figures, FIGURE_LATENCY_P999),
		word(&words, figures, FIGURE_LATENCY_MAX));
	fprintf(out, "%s of wall time\n", word(&words, figures, FIGURE_LATENCY_SHARE));
	if (figure_known(figures, FIGURE_EXAMINED_MAX))
		fprintf(out, "  examined   mean %s  p99 %s  max %s",
			word(&words, figures, FIGURE_EXAMINED_MEAN),
			word(&words, figures, FIGURE_EXAMINED_P99),
			word(&words, figures, FIGURE_EXAMINED_MAX));
	else
		fputs("  examined   ?", out);
	if (figures->at[FIGURE_SECOND_PASS_PCT].state != FIGURE_NONE)
		fprintf(out, "  second pass %s", word(&words, figures, FIGURE_SECOND_PASS_PCT));
	fputc('\n', out);
}

static void print_after(FILE *out, const struct figures *figures)
{
	struct words words = { 0 };
	char clean[FORMAT_NUMBER_LEN];

	if (figure_known(figures, FIGURE_TIME_WAIT)) {
		format_moment(clean, number_of(figures, FIGURE_TIME_WAIT_NS));
		fprintf(out, "  after      %s in TIME_WAIT",
			word(&words, figures, FIGURE_TIME_WAIT));
		if (number_of(figures, FIGURE_TIME_WAIT))
			fprintf(out, ", clean in %s", clean);
		fputc('\n', out);
	}
	if (figure_known(figures, FIGURE_REQUESTS)) {
		double used =
			number_of(figures, FIGURE_ALLOCATIONS) - number_of(figures, FIGURE_ERRORS);
		char count[FORMAT_NUMBER_LEN];

		format_count(count, (uint64_t)used);
		fprintf(out,
			"  keepalive  source ports used %s for %s requests; perfect keep-alive "
			"would need %s\n",
			count, word(&words, figures, FIGURE_REQUESTS),
			word(&words, figures, FIGURE_PEAK_OPEN));
	}
	if (number_of(figures, FIGURE_LOST))
		fprintf(out,
			"  lost       %s allocations were not seen (a larger --buffer may help)\n",
			word(&words, figures, FIGURE_LOST));
}

static void print_tally(FILE *out, const char *what, const char *name, int width,
			const struct run_tally *tally)
{
	char count[FORMAT_NUMBER_LEN];

	format_count(count, tally->allocations);
	fprintf(out, "  %-10s %-*s %10s", what, width, name, count);
	if (tally->failed) {
		format_count(count, tally->failed);
		fprintf(out, ", %s failed", count);
	}
	fputc('\n', out);
}

static void tuple_format(char *out, size_t size, const struct run_tuple *tuple)
{
	struct endpoint dest = { tuple->daddr, tuple->dport, tuple->dest_known };
	char source[FORMAT_ADDRESS_LEN], to[FORMAT_ENDPOINT_LEN], proto[16];

	format_address(source, &tuple->saddr, tuple->family);
	format_endpoint(to, &dest, tuple->family);
	snprintf(out, size, "%s%u %s to %s", proto_name(tuple->proto, proto), tuple->family, source,
		 to);
}

static void print_top(FILE *out, const struct run_report *report)
{
	char name[160], comm[EVENT_COMM_LEN + 1];
	int width = 15;

	for (size_t i = 0; i < report->tuple_count; i++) {
		tuple_format(name, sizeof(name), report->tuples[i].tuple);
		if ((int)strlen(name) > width)
			width = (int)strlen(name);
	}
	for (size_t i = 0; i < report->tuple_count; i++) {
		tuple_format(name, sizeof(name), report->tuples[i].tuple);
		print_tally(out, i ? "" : "tuples", name, width, report->tuples[i].tally);
	}
	for (size_t i = 0; i < report->comm_count; i++) {
		format_comm(comm, report->comms[i].comm);
		print_tally(out, i ? "" : "commands", comm, width, report->comms[i].tally);
	}
}

static void print_gates(FILE *out, const struct run_report *report)
{
	static const struct {
		const char *mark, *colour;
	} marks[] = {
		[GATE_PASSED] = { "ok", GREEN },
		[GATE_FAILED] = { "x", RED },
		[GATE_UNKNOWN] = { "?", RED },
	};
	char value[FIGURE_FORMAT_LEN];
	int width = 0;

	for (size_t i = 0; i < report->gates->count; i++) {
		int length = (int)strlen(report->gates->items[i].text);

		width = length > width ? length : width;
	}
	for (size_t i = 0; i < report->gates->count; i++) {
		const struct gate *gate = &report->gates->items[i];
		enum gate_outcome outcome = report->results[i].outcome;
		bool colour = report->colour;

		figure_format(value, &report->results[i].value, gate->ref.unit);
		fprintf(out, "%s%-2s%s %-*s  %s\n", colour ? marks[outcome].colour : "",
			marks[outcome].mark, colour ? PLAIN : "", width, gate->text, value);
	}
}

void run_print_text(FILE *out, const struct run_report *report)
{
	const struct figures *figures = report->figures;
	bool colour = report->colour;
	char verdict[RUN_VERDICT_LEN];

	run_format_verdict(verdict, figures);
	fprintf(out, "%s%s%s\n",
		colour ? number_of(figures, FIGURE_BOTTLENECK) ? BOLD RED : BOLD : "", verdict,
		colour ? PLAIN : "");
	if (report->traced && number_of(figures, FIGURE_ALLOCATIONS)) {
		print_range(out, figures);
		print_allocated(out, figures);
		print_peak(out, figures);
		print_failed(out, figures);
		print_search(out, figures);
	}
	if (report->traced) {
		print_after(out, figures);
		print_top(out, report);
	}
	print_gates(out, report);
}
