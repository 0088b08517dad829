// SPDX-License-Identifier: GPL-2.0-only
/* ephemport trace: one line for each allocation as it happens. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/from.h"
#include "event/limit.h"
#include "render/json.h"
#include "render/text.h"

struct trace_options {
	struct live_options live;
	const char *from;
	uint64_t duration_ns, count;
	bool json, relative, strict;
};

#define FIELD(name) offsetof(struct trace_options, name)

static const struct option_spec trace_specs[] = {
	EVENTS_JSON_SPEC(FIELD(json)),
	RELATIVE_SPEC(FIELD(relative)),
	DURATION_SPEC(FIELD(duration_ns)),
	COUNT_SPEC("allocations", FIELD(count)),
	{ .name = "explain",
	  .help = "also why connect() refused candidates, and what UDP searches examined; costs a hook "
		  "for each candidate, and one for each random number that the kernel draws",
	  .parse = parse_flag,
	  .offset = FIELD(live.explain) },
	LOSS_STRICT_SPEC(FIELD(strict)),
};

static const struct option_group trace_groups[] = {
	OPTION_GROUP("Options", trace_specs, 0),
	FROM_GROUP(FIELD(from)),
	LIVE_GROUPS(FIELD(live)),
	{ 0 },
};

/* What becomes of the records, wherever they come from. */
struct trace_job {
	const struct trace_options *options;
	struct json_sink json;
	struct text_sink text;
	struct summary summary;
	struct limit_sink end, limit;
	struct sink *sinks[5];
	struct stream stream;
};

/* @begin_ns: CLOCK_REALTIME; @until_ns: CLOCK_MONOTONIC of the records, 0: no end. */
static void trace_job_init(struct trace_job *job, const struct trace_options *options,
			   enum backend backend, uint64_t begin_ns, uint64_t until_ns)
{
	*job = (struct trace_job){
		.options = options,
		.json = json_sink_make(stdout),
		.text = text_sink_make(stdout, options->relative, backend == BACKEND_FENTRY,
				       begin_ns),
		.summary = summary_make(),
		.end = limit_sink_until(until_ns),
		.limit = limit_sink_count(options->count),
		.sinks = { &job->end.sink, options->json ? &job->json.sink : &job->text.sink,
			   &job->summary.sink, &job->limit.sink, NULL },
		.stream = { job->sinks },
	};
}

static int trace_totals(const struct trace_job *job)
{
	if (job->options->json)
		json_print_summary(stdout, &job->summary);
	else
		text_print_summary(stderr, &job->summary);
	return job->options->strict && job->summary.lost ? EXIT_ERROR : EXIT_DONE;
}

static int trace_live(const struct trace_options *options, struct tracer *tracer)
{
	struct trace_job job;
	__attribute__((cleanup(waiter_close))) struct waiter waiter;
	int error = waiter_open(&waiter, tracer, options->duration_ns);

	if (error) {
		message_error("trace: %s", strerror(-error));
		return EXIT_ERROR;
	}
	trace_job_init(&job, options, tracer__backend(tracer), clock_ns(CLOCK_REALTIME), 0);
	message_note("tracing with the %s backend%s", backend_name(tracer__backend(tracer)),
		     options->duration_ns || options->count ? "" : "; Ctrl-C ends it");
	job.summary.begin_ns = clock_ns(CLOCK_MONOTONIC);
	error = live_loop(tracer, &waiter, &job.stream);
	job.summary.end_ns = clock_ns(CLOCK_MONOTONIC);
	if (error) {
		message_error("trace: cannot write: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return trace_totals(&job);
}

/* Time is that of the recording, as if one had looked on. */
static int trace_from(const struct trace_options *options, const struct from *from)
{
	const struct store_meta *meta = store_reader__meta(from->reader);
	uint64_t until_ns = options->duration_ns ? meta->begin_mono_ns + options->duration_ns : 0;
	struct trace_job job;
	int status;

	trace_job_init(&job, options, meta->backend, meta->begin_ns, until_ns);
	from_note(from);
	status = from_read(from, "trace", &job.stream);
	job.summary.begin_ns = meta->begin_mono_ns;
	job.summary.end_ns = job.limit.ended_ns ?: job.end.ended_ns ?: meta->end_mono_ns;
	return status ?: trace_totals(&job);
}

static int trace_run(const struct command *command, int argc, char **argv)
{
	struct trace_options options = { .live = LIVE_OPTIONS_INIT };
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	__attribute__((cleanup(from_close))) struct from from = { 0 };
	struct arguments args;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	if (options.from) {
		status = from_open(options.from, &options.live, command->name, &from);
		return status ?: trace_from(&options, &from);
	}
	status = live_open(&options.live, command->name, &tracer);
	return status ?: trace_live(&options, tracer);
}

const struct command command_trace = {
	.name = "trace",
	.args = "",
	.summary = "one line for each allocation as it happens, failures included",
	.description =
		"Shows each search of the kernel for a free local port: who asked, on which path "
		"(connect, bind to port 0, listen, UDP autobind), the port chosen or the errno, the "
		"range in force and the time inside the search. Changes of the range by anybody are "
		"lines of their own. A signal or a closed pipe ends it with totals and status 0.\n\n"
		"In front of a latency, '<' says that it is only an upper bound: the tracepoint "
		"backend sees the search from outside.",
	.examples =
		"  ephemport trace --failed                  who runs out of ports, and where to\n"
		"  ephemport trace --comm wrk --duration 10s\n"
		"  ephemport trace --json --daddr 10.0.0.0/8 --slower-than 100us\n"
		"  ephemport trace --from storm.db --failed  what was recorded, through a filter\n",
	.groups = trace_groups,
	.run = trace_run,
};
