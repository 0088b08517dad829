// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "render/format.h"
#include "render/text.h"

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

/* localtime() for each line would cost more than the line; the offset changes at full quarters. */
static int local_offset(struct text_sink *text, uint64_t time_ns)
{
	uint64_t quarter = time_ns / 1000000000u / 900 + 1;

	if (quarter != text->offset_quarter) {
		time_t seconds = (time_t)(time_ns / 1000000000u);
		struct tm local;

		text->offset_quarter = quarter;
		text->utc_offset = localtime_r(&seconds, &local) ? (int)local.tm_gmtoff : 0;
	}
	return text->utc_offset;
}

static void format_time(struct text_sink *text, char *out, uint64_t time_ns)
{
	uint64_t us, seconds;

	if (text->relative) {
		us = time_ns > text->begin_ns ? (time_ns - text->begin_ns) / 1000 : 0;
		snprintf(out, FORMAT_TIME_LEN, "%8" PRIu64 ".%06" PRIu64, us / 1000000,
			 us % 1000000);
		return;
	}
	seconds = time_ns / 1000000000u + (uint64_t)(86400 + local_offset(text, time_ns));
	snprintf(out, FORMAT_TIME_LEN, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%06" PRIu64,
		 seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, time_ns / 1000 % 1000000);
}

static void text_header(struct text_sink *text)
{
	bool due = !text->lines || (text->page && text->lines % (uint64_t)text->page == 0);

	text->lines++;
	if (!due)
		return;
	if (text->changes_only) {
		fprintf(text->out, "%-15s  %7s  %-15s  %-8s  CHANGE\n", "TIME", "PID", "COMM",
			"WHAT");
		return;
	}
	fprintf(text->out, "%-15s  %7s  %-15s  %-8s  %-8s  %-21s  %-21s  %-11s  %8s", "TIME", "PID",
		"COMM", "PATH", "PROTO", "SOURCE", "DESTINATION", "RANGE", "LATENCY");
	fputs(text->show_examined ? "  EXAMINED\n" : "\n", text->out);
}

/* --explain: "refused 61: 40 tuple (12 TIME_WAIT), 21 bound; 10 reserved" */
static void text_refused(struct text_sink *text, const struct allocation *allocation)
{
	int64_t tuple = allocation->refused_tuple, bound = allocation->refused_bound;

	if (tuple < 0 || (!tuple && bound <= 0 && allocation->reserved_skipped <= 0))
		return;
	fprintf(text->out, "  refused: %" PRId64 " tuple", tuple);
	if (allocation->refused_timewait > 0)
		fprintf(text->out, " (%" PRId64 " TIME_WAIT)", allocation->refused_timewait);
	if (bound >= 0)
		fprintf(text->out, ", %" PRId64 " bound", bound);
	if (allocation->reserved_skipped > 0)
		fprintf(text->out, ", %" PRId64 " reserved", allocation->reserved_skipped);
}

/* What stands behind the columns: why the line deserves a look. */
static void text_marks(struct text_sink *text, const struct allocation *allocation)
{
	const char *red = text->colour ? RED : "", *yellow = text->colour ? YELLOW : "";
	const char *plain = text->colour ? PLAIN : "";
	char buffer[16];

	if (allocation->error)
		fprintf(text->out, "  %s%s%s", red, errno_name(allocation->error, buffer), plain);
	else if (allocation->second_pass == KNOWN_YES)
		fprintf(text->out, "  %ssecond pass%s", yellow, plain);
	if (!allocation->error && !allocation_in_range(allocation))
		fprintf(text->out, "  %sout of range%s", yellow, plain);
	if (allocation->range_of_socket)
		fputs("  socket's range", text->out);
	if (allocation->tw_reused == KNOWN_YES)
		fputs("  took over TIME_WAIT", text->out);
	text_refused(text, allocation);
}

static int text_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct text_sink *text = (struct text_sink *)sink;
	char time[FORMAT_TIME_LEN], comm[EVENT_COMM_LEN + 1], proto[32], buffer[16], range[16];
	char source[FORMAT_ENDPOINT_LEN], dest[FORMAT_ENDPOINT_LEN], latency[FORMAT_NUMBER_LEN];

	text_header(text);
	format_time(text, time, allocation->time_ns);
	format_comm(comm, allocation->task.comm);
	snprintf(proto, sizeof(proto), "%s%u", proto_name(allocation->proto, buffer),
		 allocation->family);
	format_endpoint(source, &allocation->source, allocation->family);
	format_endpoint(dest, &allocation->dest, allocation->family);
	snprintf(range, sizeof(range), "%u-%u", allocation->low, allocation->high);
	/* In front of a number that is only an upper bound. */
	latency[0] = '<';
	format_duration(latency + !!(allocation->approx & APPROX_LATENCY), allocation->latency_ns);
	fprintf(text->out, "%-15s  %7u  %-15s  %-8s  %-8s  %-21s  %-21s  %-11s  %8s", time,
		allocation->task.pid, comm, path_name(allocation->path), proto, source, dest, range,
		latency);
	if (text->show_examined && allocation->examined >= 0)
		fprintf(text->out, "  %s%*" PRId64, allocation->approx & APPROX_EXAMINED ? "<" : "",
			allocation->approx & APPROX_EXAMINED ? 7 : 8, allocation->examined);
	else if (text->show_examined)
		fprintf(text->out, "  %8s", "-");
	text_marks(text, allocation);
	return fputc('\n', text->out) == EOF ? -errno : 0;
}

/* What changed where: the columns that both kinds of change share. */
static void text_change(struct text_sink *text, uint64_t time_ns, const struct task *task,
			const char *what, const char *where)
{
	char time[FORMAT_TIME_LEN], comm[EVENT_COMM_LEN + 1];
	const char *end = where ? ")  " : "  ";

	text_header(text);
	format_time(text, time, time_ns);
	format_comm(comm, task->comm);
	fprintf(text->out, "%-15s  %7u  %-15s  %-8s  netns %u", time, task->pid, comm, what,
		task->netns);
	/* Processes choose their names, also those in here: as format_comm(). */
	fputs(where ? " (" : "", text->out);
	for (; where && *where; where++)
		fputc(*where >= 0x20 && *where < 0x7f ? *where : '?', text->out);
	fputs(end, text->out);
}

static int text_range_change(struct sink *sink, const struct range_change *change)
{
	struct text_sink *text = (struct text_sink *)sink;

	text_change(text, change->time_ns, &change->task, "range", change->where);
	return fprintf(text->out, "%u-%u -> %u-%u\n", change->old_low, change->old_high,
		       change->new_low, change->new_high) < 0 ?
		       -errno :
		       0;
}

/* A list as long as a line takes; --json has all of it. */
static void text_ports(FILE *out, const struct port_set *ports)
{
	char list[100] = "?";

	if (ports)
		port_set_format(list, sizeof(list), ports, (struct port_range){ 0, 65535 });
	fputs(*list ? list : "none", out);
}

static int text_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	struct text_sink *text = (struct text_sink *)sink;

	text_change(text, change->time_ns, &change->task, "reserved", change->where);
	text_ports(text->out, change->old);
	fputs(" -> ", text->out);
	text_ports(text->out, change->new);
	return fputc('\n', text->out) == EOF ? -errno : 0;
}

static int text_loss(struct sink *sink, const struct loss *loss)
{
	struct text_sink *text = (struct text_sink *)sink;
	char time[FORMAT_TIME_LEN], count[FORMAT_NUMBER_LEN];

	text_header(text);
	format_time(text, time, loss->time_ns);
	format_count(count, loss->count);
	return fprintf(text->out, "%-15s  %s%s %s not shown: %s%s%s\n", time,
		       text->colour ? RED : "", count,
		       text->changes_only ? "changes" : "allocations", loss->cause,
		       text->colour ? PLAIN : "",
		       !strcmp(loss->cause, "ring_full") ?
			       " (a larger --buffer, or a filter, helps)" :
			       "") < 0 ?
		       -errno :
		       0;
}

static int text_flush(struct sink *sink)
{
	struct text_sink *text = (struct text_sink *)sink;

	/* The header at once: that nothing is shown below it is news too. */
	if (!text->lines)
		text_header(text);
	return fflush(((struct text_sink *)sink)->out) ? -errno : 0;
}

struct text_sink text_sink_make(FILE *out, bool relative, bool show_examined, uint64_t begin_ns)
{
	bool terminal = isatty(fileno(out));
	const char *no_colour = getenv("NO_COLOR");
	struct winsize window = { 0 };

	if (terminal && ioctl(fileno(out), TIOCGWINSZ, &window))
		window.ws_row = 0;
	return (struct text_sink){
		.sink = { .allocation = text_allocation,
			  .range_change = text_range_change,
			  .reserved_change = text_reserved_change,
			  .loss = text_loss,
			  .flush = text_flush },
		.out = out,
		.colour = terminal && !(no_colour && *no_colour),
		.relative = relative,
		.show_examined = show_examined,
		.page = window.ws_row > 2 ? window.ws_row - 2 : 0,
		.begin_ns = begin_ns,
	};
}

void text_print_summary(FILE *out, const struct summary *summary)
{
	char count[FORMAT_NUMBER_LEN], buffer[16];
	const char *separator = ": ";

	format_count(count, summary->allocations);
	fprintf(out, "%s allocation%s in %.1f s", count, summary->allocations == 1 ? "" : "s",
		(double)(summary->end_ns - summary->begin_ns) / 1e9);
	for (int path = 0; path < PATH_COUNT; path++) {
		if (!summary->by_path[path])
			continue;
		format_count(count, summary->by_path[path]);
		fprintf(out, "%s%s %s", separator, count, path_name(path));
		separator = ", ";
	}
	format_count(count, summary->failed);
	fprintf(out, "; %s failed", count);
	separator = " (";
	for (int error = 1; error < SUMMARY_ERRNO_MAX; error++) {
		if (!summary->by_errno[error])
			continue;
		format_count(count, summary->by_errno[error]);
		fprintf(out, "%s%s %s", separator, errno_name(error, buffer), count);
		separator = ", ";
	}
	format_count(count, summary->lost);
	fprintf(out, "%s; %s lost\n", summary->failed ? ")" : "", count);
}
