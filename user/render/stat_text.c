// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "render/format.h"
#include "render/stat.h"

static const char *const by_names[BY_COUNT] = {
	[BY_NONE] = "",		[BY_COMM] = "comm",   [BY_DADDR] = "daddr", [BY_TUPLE] = "tuple",
	[BY_CGROUP] = "cgroup", [BY_NETNS] = "netns", [BY_UID] = "uid",
};

const char *stat_by_name(enum stat_by by)
{
	return by < BY_COUNT ? by_names[by] : "?";
}

static uint8_t endpoint_family(const struct endpoint *endpoint)
{
	return IN6_IS_ADDR_V4MAPPED(&endpoint->address) ? 4 : 6;
}

void stat_who_format(char out[STAT_WHO_LEN], enum stat_by by, const struct stat_who *who)
{
	char comm[EVENT_COMM_LEN + 1], source[FORMAT_ADDRESS_LEN], dest[FORMAT_ENDPOINT_LEN];

	if (who->other) {
		strcpy(out, "other");
		return;
	}
	switch (by) {
	case BY_COMM:
		format_comm(comm, who->comm);
		strcpy(out, comm);
		break;
	case BY_DADDR:
		strcpy(out, "-");
		if (who->dest.known)
			format_address(out, &who->dest.address, endpoint_family(&who->dest));
		break;
	case BY_TUPLE:
		format_address(source, &who->source.address, endpoint_family(&who->source));
		format_endpoint(dest, &who->dest, endpoint_family(&who->dest));
		snprintf(out, STAT_WHO_LEN, "%" PRIu32 " %s to %s", who->netns, source, dest);
		break;
	case BY_CGROUP:
		snprintf(out, STAT_WHO_LEN, "%" PRIu64, who->cgroup_id);
		break;
	case BY_NETNS:
		snprintf(out, STAT_WHO_LEN, "%" PRIu32, who->netns);
		break;
	case BY_UID:
		snprintf(out, STAT_WHO_LEN, "%" PRIu32, who->uid);
		break;
	case BY_NONE:
	case BY_COUNT:
		*out = '\0';
	}
}

/* Wide enough for every key of the table. */
static int who_width(const struct stat_table *table)
{
	char who[STAT_WHO_LEN];
	size_t width = strlen(stat_by_name(table->by));

	for (size_t i = 0; i < table->count; i++) {
		stat_who_format(who, table->by, &table->rows[i].who);
		if (strlen(who) > width)
			width = strlen(who);
	}
	return (int)width;
}

static bool any_examined(const struct stat_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].examined.count)
			return true;
	return false;
}

static void print_title(FILE *out, const struct stat_table *table, const struct stat_span *span)
{
	double seconds = (double)(span->end_ns - span->begin_ns) / 1e9;
	time_t now = (time_t)(span->time_ns / 1000000000u);
	struct summary summary = { 0 };
	char title[16] = "total", count[FORMAT_NUMBER_LEN], failed[FORMAT_NUMBER_LEN];
	struct tm local;

	stat_table_sum(table, &summary);
	if (!span->total && localtime_r(&now, &local))
		strftime(title, sizeof(title), "%H:%M:%S", &local);
	format_count(count, summary.allocations);
	format_count(failed, summary.failed);
	fprintf(out, "%s  %s allocation%s in %.1f s, %.1f/s; %s failed\n", title, count,
		summary.allocations == 1 ? "" : "s", seconds,
		seconds > 0 ? (double)summary.allocations / seconds : 0, failed);
}

static void print_header(FILE *out, const struct stat_table *table, int width, bool examined)
{
	char by[STAT_WHO_LEN];
	size_t i;

	for (i = 0; stat_by_name(table->by)[i]; i++)
		by[i] = (char)(stat_by_name(table->by)[i] - 'a' + 'A');
	by[i] = '\0';
	if (width)
		fprintf(out, "%-*s  ", width, by);
	fprintf(out, "%-8s  %-8s  %-13s  %-6s  %10s  %9s  %8s  %8s  %8s  %8s  %8s  %8s", "PATH",
		"PROTO", "RESULT", "PASS", "COUNT", "RATE/S", "LATENCY", "P50", "P90", "P99",
		"P99.9", "MAX");
	fputs(examined ? "  EXAMINED    P50    P90    P99  P99.9    MAX\n" : "\n", out);
}

static void print_latency(FILE *out, const struct stat_row *row, bool upper_bound)
{
	const struct hist *hist = &row->latency;
	uint64_t values[] = { (uint64_t)(hist_mean(hist) + 0.5), hist_percentile(hist, 500),
			      hist_percentile(hist, 900),	 hist_percentile(hist, 990),
			      hist_percentile(hist, 999),	 hist->max };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[FORMAT_NUMBER_LEN + 1] = "<";

		format_duration(text + upper_bound, values[i]);
		fprintf(out, "  %8s", text);
	}
}

static void print_examined(FILE *out, const struct hist *hist)
{
	static const unsigned int per_mille[] = { 500, 900, 990, 999, 1000 };

	if (!hist->count) {
		fprintf(out, "  %8s  %5s  %5s  %5s  %5s  %5s", "-", "-", "-", "-", "-", "-");
		return;
	}
	fprintf(out, "  %8.1f", hist_mean(hist));
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(per_mille[0]); i++)
		fprintf(out, "  %5" PRIu64, hist_percentile(hist, per_mille[i]));
}

static void print_row(FILE *out, const struct stat_row *row, const struct stat_span *span)
{
	double seconds = (double)(span->end_ns - span->begin_ns) / 1e9;
	char proto[24], buffer[16], count[FORMAT_NUMBER_LEN];
	const char *result = !row->error		  ? "ok" :
			     row->error == STAT_ANY_ERROR ? "other" :
							    errno_name(row->error, buffer);
	const char *pass = row->second_pass == UNKNOWN ? "-" :
			   row->second_pass	       ? "second" :
							 "first";

	snprintf(proto, sizeof(proto), "%s%u",
		 row->proto == STAT_ANY_PROTO ? "other" : proto_name(row->proto, buffer),
		 row->family);
	format_count(count, row->latency.count);
	fprintf(out, "%-8s  %-8s  %-13s  %-6s  %10s  %9.1f", path_name(row->path), proto, result,
		pass, count, seconds > 0 ? (double)row->latency.count / seconds : 0);
}

int stat_text_print(FILE *out, const struct stat_table *table, const struct stat_span *span)
{
	int width = table->by ? who_width(table) : 0;
	bool examined = any_examined(table);
	char who[STAT_WHO_LEN];

	print_title(out, table, span);
	if (table->count)
		print_header(out, table, width, examined);
	for (size_t i = 0; i < table->count; i++) {
		const struct stat_row *row = &table->rows[i];

		stat_who_format(who, table->by, &row->who);
		if (width)
			fprintf(out, "%-*s  ", width, who);
		print_row(out, row, span);
		/* The tracepoint backend sees the search from outside. */
		print_latency(out, row, span->backend == BACKEND_TRACEPOINT);
		if (examined)
			print_examined(out, &row->examined);
		fputc('\n', out);
	}
	if (table->count)
		fputc('\n', out);
	return fflush(out) ? -errno : 0;
}
