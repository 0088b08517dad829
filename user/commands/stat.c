// SPDX-License-Identifier: GPL-2.0-only
/* ephemport stat: rates, failures and distributions, counted in the kernel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/live.h"
#include "render/format.h"
#include "render/json.h"
#include "render/stat.h"
#include "render/text.h"
#include "trace/aggregate.h"

enum { INTERVAL_MIN_NS = 10000000 };

struct stat_options {
	struct live_options live;
	uint64_t interval_ns, count; /* 0: none */
	uint64_t keys;
	enum stat_by by;
	bool hist, json;
};

#define FIELD(name) offsetof(struct stat_options, name)

static int parse_by(const struct option_spec *spec, const char *value, void *dest, char *why,
		    size_t why_len)
{
	(void)spec;
	for (int by = BY_NONE + 1; by < BY_COUNT; by++) {
		if (strcmp(value, stat_by_name(by)))
			continue;
		*(enum stat_by *)dest = by;
		return 0;
	}
	snprintf(why, why_len, "use comm, daddr, tuple, cgroup, netns or uid");
	return -EINVAL;
}

static const struct option_spec stat_specs[] = {
	{ .name = "by",
	  .arg = "KEY",
	  .help = "rows of their own for each comm, daddr, tuple, cgroup, netns or uid",
	  .parse = parse_by,
	  .offset = FIELD(by) },
	{ .name = "max-keys",
	  .arg = "N",
	  .help = "with --by: the first N keys get rows of their own, all others together the row "
		  "'other'; 256 by default, about 50 KB of memory each",
	  .parse = parse_uint,
	  .offset = FIELD(keys),
	  .min = 1,
	  .max = AGGREGATE_KEYS_MAX },
	{ .name = "hist",
	  .help = "also draw the distributions, first and second pass side by side; with --json: "
		  "the buckets",
	  .parse = parse_flag,
	  .offset = FIELD(hist) },
	{ .name = "json",
	  .help = "one JSON object a line, by docs/stat.schema.json",
	  .parse = parse_flag,
	  .offset = FIELD(json) },
};

static const struct option_group stat_groups[] = {
	OPTION_GROUP("Options", stat_specs, 0),
	LIVE_GROUPS_NO_BUFFER(FIELD(live)),
	{ 0 },
};

struct stat_job {
	const struct stat_options *options;
	struct tracer *tracer;
	struct waiter waiter;
	struct stat_table before, now, part, total;
	struct stat_span span; /* of the interval under way */
	struct json_sink json;
	struct sink note;
	struct summary summary; /* of the losses, and at the end of all */
};

static void stat_job_free(struct stat_job *job)
{
	waiter_close(&job->waiter);
	stat_table_free(&job->before);
	stat_table_free(&job->now);
	stat_table_free(&job->part);
	stat_table_free(&job->total);
}

/* In text, what could not be counted is said beside the data, when it happens. */
static int note_loss(struct sink *sink, const struct loss *loss)
{
	char count[FORMAT_NUMBER_LEN];

	(void)sink;
	format_count(count, loss->count);
	message_warn("%s allocations not counted: %s", count, loss->cause);
	return 0;
}

static int stat_print(const struct stat_job *job, struct stat_table *table,
		      const struct stat_span *span)
{
	int error;

	stat_table_sort(table);
	if (job->options->json)
		return stat_json_print(stdout, table, span, job->options->hist);
	error = stat_text_print(stdout, table, span);
	return error || !job->options->hist ? error : hist_text_print(stdout, table);
}

/* Reads what was counted since the last time, and tells it where there are intervals. */
static int stat_interval(struct stat_job *job, bool last)
{
	struct sink *sinks[] = { job->options->json ? &job->json.sink : &job->note,
				 &job->summary.sink, NULL };
	struct stream stream = { sinks };
	int error = tracer__read(job->tracer, &job->now);

	job->span.end_ns = clock_ns(CLOCK_MONOTONIC);
	job->span.time_ns = clock_ns(CLOCK_REALTIME);
	if (!error)
		error = interval_take(&job->part, &job->now, &job->before);
	if (!error)
		error = stat_table_merge(&job->total, &job->part);
	if (!error && job->options->interval_ns)
		error = stat_print(job, &job->part, &job->span);
	/* After the reading: to detach takes its time, which is no part of the interval. */
	if (last)
		tracer__detach(job->tracer);
	/* Nothing is in the ring: for the losses alone. */
	if (!error)
		error = tracer__consume(job->tracer, &stream);
	if (error < 0)
		return error;
	job->span.begin_ns = job->span.end_ns;
	job->span.begin_time_ns = job->span.time_ns;
	return 0;
}

/* Until COUNT, or the end is asked for; the last interval may be shorter then. */
static int stat_loop(struct stat_job *job)
{
	const struct stat_options *options = job->options;
	uint64_t next_ns = job->span.begin_ns;
	uint64_t left = options->count;
	bool live = true;
	int error = 0;

	while (!error && live && (left || !options->count)) {
		if (options->interval_ns)
			next_ns += options->interval_ns;
		live = waiter_wait_until(&job->waiter, options->interval_ns ? next_ns : 0);
		error = stat_interval(job, !live || left == 1);
		left -= !!options->count;
	}
	return error;
}

/* What all intervals have together; without INTERVAL, the only thing that is told. */
static int stat_totals(struct stat_job *job)
{
	struct summary *summary = &job->summary;
	struct stat_span span = job->span;
	int error;

	span.total = job->options->interval_ns;
	span.begin_ns = summary->begin_ns;
	span.end_ns = summary->end_ns = job->span.begin_ns;
	span.begin_time_ns = span.time_ns - (span.end_ns - span.begin_ns);
	error = stat_print(job, &job->total, &span);
	stat_table_sum(&job->total, summary);
	if (error)
		return error;
	if (job->options->json)
		return stat_json_summary(stdout, summary);
	text_print_summary(stderr, summary);
	return 0;
}

static int stat_stream(const struct stat_options *options, struct tracer *tracer)
{
	__attribute__((cleanup(stat_job_free))) struct stat_job job = {
		.options = options,
		.tracer = tracer,
		.json = json_sink_make(stdout),
		.note = { .loss = note_loss },
		.summary = summary_make(),
	};
	int error = waiter_open(&job.waiter, tracer, 0);

	if (error) {
		message_error("stat: %s", strerror(-error));
		return EXIT_ERROR;
	}
	job.span = (struct stat_span){
		.begin_ns = clock_ns(CLOCK_MONOTONIC),
		.begin_time_ns = clock_ns(CLOCK_REALTIME),
		.backend = tracer__backend(tracer),
	};
	job.summary.begin_ns = job.span.begin_ns;
	message_note("tracing with the %s backend, counted in the kernel%s",
		     backend_name(job.span.backend), options->count ? "" : "; Ctrl-C ends it");
	error = stat_loop(&job);
	if (!error)
		error = stat_totals(&job);
	/* Nobody reads any more. */
	if (!error || error == -EPIPE)
		return EXIT_DONE;
	message_error("stat: %s", strerror(-error));
	return EXIT_ERROR;
}

/* INTERVAL as vmstat takes it, a number of seconds, or with a unit. */
static int parse_interval(const char *text, uint64_t *ns)
{
	char seconds[32];

	if (!duration_parse(text, ns))
		return *ns < INTERVAL_MIN_NS ? -EINVAL : 0;
	if ((size_t)snprintf(seconds, sizeof(seconds), "%ss", text) >= sizeof(seconds))
		return -EINVAL;
	return duration_parse(seconds, ns) || *ns < INTERVAL_MIN_NS ? -EINVAL : 0;
}

static int stat_arguments(const struct arguments *args, struct stat_options *options)
{
	if (args->count > 0 && parse_interval(args->values[0], &options->interval_ns)) {
		message_error(
			"stat: INTERVAL: '%s' is not right: use seconds, or a number with ms, "
			"s or m, of at least 10ms",
			args->values[0]);
		return EXIT_USAGE;
	}
	if (args->count > 1 &&
	    (uint_parse(args->values[1], UINT64_MAX, &options->count) || !options->count)) {
		message_error("stat: COUNT: '%s' is not right: use a number of at least 1",
			      args->values[1]);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static int stat_run(const struct command *command, int argc, char **argv)
{
	struct stat_options options = { .live = LIVE_OPTIONS_INIT };
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	struct config counts;
	struct arguments args;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = stat_arguments(&args, &options);
	if (status)
		return status;
	if (options.keys && !options.by) {
		message_error("stat: --max-keys: there are no keys without --by");
		return EXIT_USAGE;
	}
	counts = (struct config){ .by = (uint8_t)options.by, .examined = true };
	status = live_open_aggregate(&options.live, command->name, &counts,
				     options.keys ? (uint32_t)options.keys : AGGREGATE_KEYS_DEFAULT,
				     &tracer);
	if (status)
		return status;
	return stat_stream(&options, tracer);
}

const struct command command_stat = {
	.name = "stat",
	.args = "[INTERVAL [COUNT]]",
	.summary = "rates, failures, latency and candidates examined, counted in the kernel",
	.description =
		"Counts allocations in the kernel, apart by path, protocol, family, outcome and pass, "
		"and shows for each how many there were, how fast, and how latency and the number of "
		"candidates examined are distributed. No allocation is told one by one, so a storm "
		"costs little and overruns nothing.\n\n"
		"With INTERVAL (seconds, or a number with ms, s or m) it shows what each interval "
		"brought, COUNT times or until a signal, and then the totals; without, the totals "
		"alone. The first pass of a connect() search tries the half of the ports with the "
		"parity of the range's low end, the second pass the other half.\n\n"
		"Percentiles are never below the true value and at most 6.25 % above it; counts, means "
		"and maxima are exact. In front of a latency, '<' says that it is only an upper bound: "
		"the tracepoint backend sees the search from outside.",
	.examples = "  ephemport stat 1                         what each second brings\n"
		    "  ephemport stat --hist --path connect     two humps: the ports run short\n"
		    "  ephemport stat 10s 6 --by comm --failed  who fails, for a minute\n"
		    "  ephemport stat 500ms --by tuple --json\n",
	.groups = stat_groups,
	.run = stat_run,
	.max_args = 2,
};
