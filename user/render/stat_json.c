// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "render/format.h"
#include "render/stat.h"

static const struct {
	const char *name;
	unsigned int per_mille;
} percentiles[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p999", 999 } };

enum { PERCENTILES = sizeof(percentiles) / sizeof(percentiles[0]) };

static void print_latency(FILE *out, const struct hist *hist)
{
	fprintf(out, ",\"latency_mean_ns\":%.1f", hist_mean(hist));
	for (size_t i = 0; i < PERCENTILES; i++)
		fprintf(out, ",\"latency_%s_ns\":%" PRIu64, percentiles[i].name,
			hist_percentile(hist, percentiles[i].per_mille));
	fprintf(out, ",\"latency_max_ns\":%" PRIu64, hist->max);
}

/* @unknown: allocations of which it is not known; the figures are of the others. */
static void print_examined(FILE *out, const struct hist *hist, uint64_t unknown)
{
	fprintf(out, ",\"examined_unknown\":%" PRIu64, unknown);
	if (!hist->count) {
		fputs(",\"examined_mean\":null", out);
		for (size_t i = 0; i < PERCENTILES; i++)
			fprintf(out, ",\"examined_%s\":null", percentiles[i].name);
		fputs(",\"examined_max\":null", out);
		return;
	}
	fprintf(out, ",\"examined_mean\":%.3f", hist_mean(hist));
	for (size_t i = 0; i < PERCENTILES; i++)
		fprintf(out, ",\"examined_%s\":%" PRIu64, percentiles[i].name,
			hist_percentile(hist, percentiles[i].per_mille));
	fprintf(out, ",\"examined_max\":%" PRIu64, hist->max);
}

/* [lowest value, count] of each bucket that is not empty. */
static void print_buckets(FILE *out, const char *key, const struct hist *hist)
{
	const char *separator = "";

	fprintf(out, ",\"%s\":[", key);
	for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
		if (!hist->buckets[i])
			continue;
		fprintf(out, "%s[%" PRIu64 ",%" PRIu64 "]", separator, (uint64_t)hist_lower(i),
			hist->buckets[i]);
		separator = ",";
	}
	fputs("]", out);
}

static void print_address(FILE *out, const char *key, const struct endpoint *endpoint)
{
	char text[FORMAT_ADDRESS_LEN];

	if (!endpoint->known) {
		fprintf(out, ",\"%s\":null", key);
		return;
	}
	format_address(text, &endpoint->address, IN6_IS_ADDR_V4MAPPED(&endpoint->address) ? 4 : 6);
	fprintf(out, ",\"%s\":\"%s\"", key, text);
}

/* @known: the value, else null. */
static void print_id(FILE *out, const char *key, uint64_t id, bool known)
{
	if (known)
		fprintf(out, ",\"%s\":%" PRIu64, key, id);
	else
		fprintf(out, ",\"%s\":null", key);
}

static void print_who(FILE *out, enum stat_by by, const struct stat_who *who)
{
	char comm[FORMAT_JSON_COMM_LEN];

	if (by == BY_NONE)
		return;
	fprintf(out, ",\"by\":\"%s\",\"other\":%s", stat_by_name(by),
		who->other ? "true" : "false");
	switch (by) {
	case BY_COMM:
		format_json_comm(comm, who->comm);
		fprintf(out, ",\"comm\":%s", who->other ? "null" : comm);
		break;
	case BY_TUPLE:
		print_id(out, "netns", who->netns, !who->other);
		print_address(out, "saddr", &who->source);
		print_id(out, "dport", who->dest.port, who->dest.known);
		/* fallthrough */
	case BY_DADDR:
		print_address(out, "daddr", &who->dest);
		break;
	case BY_CGROUP:
		print_id(out, "cgroup_id", who->cgroup_id, who->cgroup_id);
		break;
	case BY_NETNS:
		print_id(out, "netns", who->netns, !who->other);
		break;
	case BY_UID:
		print_id(out, "uid", who->uid, !who->other);
		break;
	case BY_NONE:
	case BY_COUNT:
		break;
	}
}

static void print_outcome(FILE *out, const struct stat_row *row)
{
	char buffer[16];

	fprintf(out, ",\"path\":\"%s\",\"proto\":\"%s\",\"family\":%u", path_name(row->path),
		row->proto == STAT_ANY_PROTO ? "other" : proto_name(row->proto, buffer),
		row->family);
	if (!row->error)
		fputs(",\"errno\":0", out);
	else
		fprintf(out, ",\"errno\":\"%s\"",
			row->error == STAT_ANY_ERROR ? "other" : errno_name(row->error, buffer));
	fprintf(out, ",\"second_pass\":%s",
		row->second_pass == UNKNOWN ? "null" :
		row->second_pass	    ? "true" :
					      "false");
}

static void print_row(FILE *out, const struct stat_table *table, const struct stat_row *row,
		      const struct stat_span *span, bool hist)
{
	double seconds = (double)(span->end_ns - span->begin_ns) / 1e9;
	char begin[FORMAT_TIME_LEN], end[FORMAT_TIME_LEN];
	uint64_t count = row->latency.count, known = row->examined.count;

	format_rfc3339(begin, span->begin_time_ns);
	format_rfc3339(end, span->time_ns);
	fprintf(out, "{\"type\":\"%s\",\"since\":\"%s\",\"time\":\"%s\",\"seconds\":%.6f",
		span->total ? "stat_total" : "stat", begin, end, seconds);
	print_outcome(out, row);
	print_who(out, table->by, &row->who);
	fprintf(out, ",\"count\":%" PRIu64 ",\"rate\":%.3f", count,
		seconds > 0 ? (double)count / seconds : 0);
	print_latency(out, &row->latency);
	print_examined(out, &row->examined, known < count ? count - known : 0);
	if (hist) {
		print_buckets(out, "latency_buckets_ns", &row->latency);
		print_buckets(out, "examined_buckets", &row->examined);
	}
	fprintf(out, ",\"backend\":\"%s\",\"approx\":[%s]}\n", backend_name(span->backend),
		span->backend != BACKEND_TRACEPOINT ?
			"" :
			"\"latency_mean_ns\",\"latency_p50_ns\",\"latency_p90_ns\","
			"\"latency_p99_ns\",\"latency_p999_ns\",\"latency_max_ns\"");
}

int stat_json_print(FILE *out, const struct stat_table *table, const struct stat_span *span,
		    bool hist)
{
	for (size_t i = 0; i < table->count; i++)
		print_row(out, table, &table->rows[i], span, hist);
	return fflush(out) ? -errno : 0;
}

int stat_json_summary(FILE *out, const struct summary *summary)
{
	const char *separator = "";
	char buffer[16];

	fprintf(out,
		"{\"type\":\"summary\",\"allocations\":%" PRIu64 ",\"failed\":%" PRIu64
		",\"lost\":%" PRIu64 ",\"second_pass\":%" PRIu64 ",\"seconds\":%.3f",
		summary->allocations, summary->failed, summary->lost, summary->second_pass,
		(double)(summary->end_ns - summary->begin_ns) / 1e9);
	for (int path = 0; path < PATH_COUNT; path++)
		fprintf(out, ",\"%s\":%" PRIu64, path_name(path), summary->by_path[path]);
	fputs(",\"errno\":{", out);
	for (int error = 1; error < SUMMARY_ERRNO_MAX; error++) {
		if (!summary->by_errno[error])
			continue;
		fprintf(out, "%s\"%s\":%" PRIu64, separator, errno_name(error, buffer),
			summary->by_errno[error]);
		separator = ",";
	}
	fputs("}}\n", out);
	return fflush(out) ? -errno : 0;
}
