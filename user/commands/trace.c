// SPDX-License-Identifier: GPL-2.0-only
/* ephemport trace: one line for each allocation as it happens. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/live.h"
#include "event/limit.h"
#include "render/json.h"
#include "render/text.h"

struct trace_options {
	struct live_options live;
	uint64_t duration_ns, count;
	bool json, relative, strict;
};

#define FIELD(name) offsetof(struct trace_options, name)

static const struct option_spec trace_specs[] = {
	{ .name = "json",
	  .help = "one JSON object a line, by docs/event.schema.json",
	  .parse = parse_flag,
	  .offset = FIELD(json) },
	{ .name = "relative",
	  .letter = 'r',
	  .help = "seconds since the start, not the time of day",
	  .parse = parse_flag,
	  .offset = FIELD(relative) },
	{ .name = "duration",
	  .letter = 'd',
	  .arg = "DURATION",
	  .help = "end after this long",
	  .parse = parse_duration,
	  .offset = FIELD(duration_ns) },
	{ .name = "count",
	  .letter = 'n',
	  .arg = "N",
	  .help = "end after N allocations",
	  .parse = parse_uint,
	  .offset = FIELD(count),
	  .min = 1 },
	{ .name = "explain",
	  .help = "also why connect() refused candidates, and what UDP searches examined; costs a hook "
		  "for each candidate, and one for each random number that the kernel draws",
	  .parse = parse_flag,
	  .offset = FIELD(live.explain) },
	{ .name = "strict",
	  .help = "status 1 if any allocation was lost",
	  .parse = parse_flag,
	  .offset = FIELD(strict) },
};

static const struct option_group trace_groups[] = {
	OPTION_GROUP("Options", trace_specs, 0),
	LIVE_GROUPS(FIELD(live)),
	{ 0 },
};

static int trace_stream(const struct trace_options *options, struct tracer *tracer)
{
	struct json_sink json = json_sink_make(stdout);
	struct text_sink text =
		text_sink_make(stdout, options->relative, tracer__backend(tracer) == BACKEND_FENTRY,
			       clock_ns(CLOCK_REALTIME));
	struct summary summary = summary_make();
	struct limit limit = limit_allocations(options->count);
	struct sink *sinks[] = { options->json ? &json.sink : &text.sink, &summary.sink,
				 &limit.sink, NULL };
	struct stream stream = { sinks };
	__attribute__((cleanup(waiter_close))) struct waiter waiter;
	int error = waiter_open(&waiter, tracer, options->duration_ns);

	if (error) {
		message_error("trace: %s", strerror(-error));
		return EXIT_ERROR;
	}
	message_note("tracing with the %s backend%s", backend_name(tracer__backend(tracer)),
		     options->duration_ns || options->count ? "" : "; Ctrl-C ends it");
	summary.begin_ns = clock_ns(CLOCK_MONOTONIC);
	error = live_loop(tracer, &waiter, &stream);
	summary.end_ns = clock_ns(CLOCK_MONOTONIC);
	if (error) {
		message_error("trace: cannot write: %s", strerror(-error));
		return EXIT_ERROR;
	}
	if (options->json)
		json_print_summary(stdout, &summary);
	else
		text_print_summary(stderr, &summary);
	return options->strict && summary.lost ? EXIT_ERROR : EXIT_DONE;
}

static int trace_run(const struct command *command, int argc, char **argv)
{
	struct trace_options options = { .live = LIVE_OPTIONS_INIT };
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	struct arguments args;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = live_open(&options.live, command->name, &tracer);
	if (status)
		return status;
	return trace_stream(&options, tracer);
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
		"  ephemport trace --json --daddr 10.0.0.0/8 --slower-than 100us\n",
	.groups = trace_groups,
	.run = trace_run,
};
