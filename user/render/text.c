// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "render/format.h"
#include "render/line.h"
#include "render/text.h"

#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN  "\033[0m"

enum { TIME_WIDTH = 15 };

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

/* "09:12:01.034217", or seconds since the start in as many columns. */
static void put_time(struct text_sink *text, struct line *line, uint64_t time_ns)
{
	char *from = line->at;
	uint64_t us, seconds;

	if (text->relative) {
		us = time_ns > text->begin_ns ? (time_ns - text->begin_ns) / 1000 : 0;
		line_put_number(line, us / 1000000);
		*line->at++ = '.';
		line->at = digits_put_fixed(line->at, us % 1000000, 6);
		line_pad_left(line, from, TIME_WIDTH);
		return;
	}
	seconds = time_ns / 1000000000u + (uint64_t)(86400 + local_offset(text, time_ns));
	line->at = digits_put_fixed(line->at, seconds / 3600 % 24, 2);
	*line->at++ = ':';
	line->at = digits_put_fixed(line->at, seconds / 60 % 60, 2);
	*line->at++ = ':';
	line->at = digits_put_fixed(line->at, seconds % 60, 2);
	*line->at++ = '.';
	line->at = digits_put_fixed(line->at, time_ns / 1000 % 1000000, 6);
}

/* The columns that all lines begin with. */
static void put_task(struct text_sink *text, struct line *line, uint64_t time_ns,
		     const struct task *task)
{
	char *from;

	put_time(text, line, time_ns);
	LINE_PUT(line, "  ");
	from = line->at;
	line_put_number(line, task->pid);
	line_pad_left(line, from, 7);
	LINE_PUT(line, "  ");
	from = line->at;
	line->at += format_comm(line->at, task->comm);
	line_pad(line, from, 15);
	LINE_PUT(line, "  ");
}

/* Ends a column of @width that began at @from. */
static void end_column(struct line *line, const char *from, int width)
{
	line_pad(line, from, width);
	LINE_PUT(line, "  ");
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

/* --explain: "refused: 40 tuple (12 TIME_WAIT), 21 bound, 10 reserved" */
static void put_refused(struct line *line, const struct allocation *allocation)
{
	int64_t tuple = allocation->refused_tuple, bound = allocation->refused_bound;

	if (tuple < 0 || (!tuple && bound <= 0 && allocation->reserved_skipped <= 0))
		return;
	line->at += sprintf(line->at, "  refused: %" PRId64 " tuple", tuple);
	if (allocation->refused_timewait > 0)
		line->at +=
			sprintf(line->at, " (%" PRId64 " TIME_WAIT)", allocation->refused_timewait);
	if (bound >= 0)
		line->at += sprintf(line->at, ", %" PRId64 " bound", bound);
	if (allocation->reserved_skipped > 0)
		line->at +=
			sprintf(line->at, ", %" PRId64 " reserved", allocation->reserved_skipped);
}

static void put_mark(struct line *line, const char *colour, const char *mark)
{
	LINE_PUT(line, "  ");
	line_put_text(line, colour);
	line_put_text(line, mark);
	line_put_text(line, *colour ? PLAIN : "");
}

/* What stands behind the columns: why the line deserves a look. */
static void put_marks(const struct text_sink *text, struct line *line,
		      const struct allocation *allocation)
{
	const char *red = text->colour ? RED : "", *yellow = text->colour ? YELLOW : "";
	char buffer[16];

	if (allocation->error)
		put_mark(line, red, errno_name(allocation->error, buffer));
	else if (allocation->second_pass == KNOWN_YES)
		put_mark(line, yellow, "second pass");
	if (!allocation->error && !allocation_in_range(allocation))
		put_mark(line, yellow, "out of range");
	if (allocation->range_of_socket)
		put_mark(line, "", "socket's range");
	if (allocation->tw_reused == KNOWN_YES)
		put_mark(line, "", "took over TIME_WAIT");
	put_refused(line, allocation);
}

/* In front of a number that is only an upper bound stands '<'. */
static void put_cost(const struct text_sink *text, struct line *line,
		     const struct allocation *allocation)
{
	char *from = line->at;

	if (allocation->approx & APPROX_LATENCY)
		*line->at++ = '<';
	line->at += format_duration(line->at, allocation->latency_ns);
	line_pad_left(line, from, 8);
	if (!text->show_examined)
		return;
	LINE_PUT(line, "  ");
	from = line->at;
	if (allocation->examined < 0) {
		*line->at++ = '-';
	} else {
		if (allocation->approx & APPROX_EXAMINED)
			*line->at++ = '<';
		line_put_number(line, (uint64_t)allocation->examined);
	}
	line_pad_left(line, from, 8);
}

static int text_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct text_sink *text = (struct text_sink *)sink;
	struct line line = LINE_START(line);
	char buffer[16], *from;

	text_header(text);
	put_task(text, &line, allocation->time_ns, &allocation->task);
	from = line.at;
	line_put_text(&line, path_name(allocation->path));
	end_column(&line, from, 8);
	from = line.at;
	line_put_text(&line, proto_name(allocation->proto, buffer));
	line_put_number(&line, allocation->family);
	end_column(&line, from, 8);
	from = line.at;
	line.at += format_endpoint(from, &allocation->source, allocation->family);
	end_column(&line, from, 21);
	from = line.at;
	line.at += format_endpoint(from, &allocation->dest, allocation->family);
	end_column(&line, from, 21);
	from = line.at;
	line_put_number(&line, allocation->low);
	*line.at++ = '-';
	line_put_number(&line, allocation->high);
	end_column(&line, from, 11);
	put_cost(text, &line, allocation);
	put_marks(text, &line, allocation);
	*line.at++ = '\n';
	return line_write(&line, text->out);
}

/* What changed where: the columns that both kinds of change share. */
static void text_change(struct text_sink *text, uint64_t time_ns, const struct task *task,
			const char *what, const char *where)
{
	struct line line = LINE_START(line);

	text_header(text);
	put_task(text, &line, time_ns, task);
	line_write(&line, text->out);
	fprintf(text->out, "%-8s  netns %u", what, task->netns);
	/* Processes choose their names, also those in here: as format_comm(). */
	fputs(where ? " (" : "", text->out);
	for (; where && *where; where++)
		fputc(*where >= 0x20 && *where < 0x7f ? *where : '?', text->out);
	fputs(where ? ")  " : "  ", text->out);
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
	struct line line = LINE_START(line);
	char count[FORMAT_NUMBER_LEN];

	text_header(text);
	put_time(text, &line, loss->time_ns);
	line_write(&line, text->out);
	format_count(count, loss->count);
	return fprintf(text->out, "  %s%s %s not shown: %s%s%s\n", text->colour ? RED : "", count,
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
