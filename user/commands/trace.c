// SPDX-License-Identifier: GPL-2.0-only
/* ephemport trace: one line for each allocation as it happens. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/filter.h"
#include "render/json.h"
#include "render/text.h"
#include "trace/tracer.h"

struct trace_options {
	struct filter_options filter;
	uint64_t buffer_bytes, duration_ns, count;
	const char *backend;
	bool json, relative, strict, verbose;
};

#define FIELD(name) offsetof(struct trace_options, name)

static const struct option_spec trace_specs[] = {
	{ .name = "json", .help = "one JSON object a line, by docs/event.schema.json",
	  .parse = parse_flag, .offset = FIELD(json) },
	{ .name = "relative", .letter = 'r', .help = "seconds since the start, not the time of day",
	  .parse = parse_flag, .offset = FIELD(relative) },
	{ .name = "duration", .letter = 'd', .arg = "DURATION", .help = "end after this long",
	  .parse = parse_duration, .offset = FIELD(duration_ns) },
	{ .name = "count", .letter = 'n', .arg = "N", .help = "end after N allocations",
	  .parse = parse_uint, .offset = FIELD(count), .min = 1 },
	{ .name = "buffer", .arg = "SIZE",
	  .help = "size of the ring buffer, 64K to 1024M; 8M by default",
	  .parse = parse_size, .offset = FIELD(buffer_bytes), .min = TRACER_BUFFER_MIN,
	  .max = TRACER_BUFFER_MAX },
	{ .name = "backend", .arg = "NAME",
	  .help = "how to attach: fentry, tracepoint, or auto (the best that this kernel allows)",
	  .parse = parse_string, .offset = FIELD(backend) },
	{ .name = "strict", .help = "status 1 if any allocation was lost", .parse = parse_flag,
	  .offset = FIELD(strict) },
	{ .name = "verbose", .letter = 'v', .help = "also what libbpf says while it loads",
	  .parse = parse_flag, .offset = FIELD(verbose) },
};

static const struct option_group trace_groups[] = {
	OPTION_GROUP("Options", trace_specs, 0),
	FILTER_GROUP(FIELD(filter)),
	{ 0 },
};

/* Ends the stream after a number of allocations: the last sink, so that all have seen the last. */
struct limit_sink {
	struct sink sink;
	uint64_t left; /* 0: no limit */
};

static int limit_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct limit_sink *limit = (struct limit_sink *)sink;

	(void)allocation;
	return limit->left && !--limit->left ? -ECANCELED : 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Waits for records, signals and the deadline. */
struct waiter {
	int epoll;
	int signals;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
};

static int waiter_add(struct waiter *waiter, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(waiter->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int waiter_open(struct waiter *waiter, const struct tracer *tracer, uint64_t duration_ns)
{
	sigset_t mask;
	int error;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	waiter->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	waiter->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (waiter->signals < 0 || waiter->epoll < 0)
		return -errno;
	waiter->deadline_ns = duration_ns ? clock_ns(CLOCK_MONOTONIC) + duration_ns : 0;
	error = waiter_add(waiter, waiter->signals, EPOLLIN);
	if (!error)
		error = waiter_add(waiter, tracer__fd(tracer), EPOLLIN);
	/* EPOLLERR comes unasked when the reader of a pipe goes away. A file cannot be waited for. */
	if (!error)
		error = waiter_add(waiter, STDOUT_FILENO, 0);
	return error == -EPERM ? 0 : error;
}

/* Returns false when the trace is to end. */
static bool waiter_wait(const struct waiter *waiter)
{
	struct epoll_event events[4];
	int timeout = TRACER_POLL_MS, count;

	if (waiter->deadline_ns) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		uint64_t left_ms;

		if (now >= waiter->deadline_ns)
			return false;
		left_ms = (waiter->deadline_ns - now) / 1000000 + 1;
		timeout = left_ms < TRACER_POLL_MS ? (int)left_ms : TRACER_POLL_MS;
	}
	count = epoll_wait(waiter->epoll, events, 4, timeout);
	for (int i = 0; i < count; i++)
		if (events[i].data.fd == waiter->signals ||
		    (events[i].data.fd == STDOUT_FILENO && events[i].events & (EPOLLERR | EPOLLHUP)))
			return false;
	return true;
}

/* Runs until the end is asked for. Returns 0 or a negative errno that is no end of its own. */
static int trace_loop(struct tracer *tracer, const struct waiter *waiter,
		      const struct stream *stream)
{
	int result = 0;

	while (result >= 0 && waiter_wait(waiter)) {
		result = tracer__consume(tracer, stream);
		if (result >= 0)
			result = stream_flush(stream) ?: result;
	}
	tracer__detach(tracer);
	if (result >= 0)
		result = tracer__consume(tracer, stream);
	if (result >= 0 || result == -ECANCELED)
		result = stream_flush(stream);
	/* Enough was seen, or nobody reads any more. */
	return result == -EPIPE ? 0 : result;
}

static int trace_stream(const struct trace_options *options, struct tracer *tracer)
{
	struct json_sink json = json_sink_make(stdout);
	struct text_sink text =
		text_sink_make(stdout, options->relative, false, clock_ns(CLOCK_REALTIME));
	struct summary summary = summary_make();
	struct limit_sink limit = { { .allocation = limit_allocation }, options->count };
	struct sink *sinks[] = { options->json ? &json.sink : &text.sink, &summary.sink,
				 &limit.sink, NULL };
	struct stream stream = { sinks };
	struct waiter waiter = { 0 };
	int error = waiter_open(&waiter, tracer, options->duration_ns);

	if (error) {
		message_error("trace: %s", strerror(-error));
		return EXIT_ERROR;
	}
	message_note("tracing with the %s backend%s", backend_name(tracer__backend(tracer)),
		     options->duration_ns || options->count ? "" : "; Ctrl-C ends it");
	summary.begin_ns = clock_ns(CLOCK_MONOTONIC);
	error = trace_loop(tracer, &waiter, &stream);
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
	struct trace_options options = { .filter = FILTER_OPTIONS_INIT, .backend = "auto" };
	struct tracer_options tracer_options = { 0 };
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	char message[TRACER_MESSAGE_LEN];
	struct arguments args;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = filter_apply(&options.filter, command->name, &tracer_options.config);
	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);
	tracer_options.buffer_bytes = options.buffer_bytes;
	tracer_options.backend = options.backend;
	tracer_options.verbose = options.verbose;
	status = tracer__new(&tracer_options, &tracer, message);
	if (status) {
		message_error("trace: %s", message);
		return status == -EINVAL && !tracer ? EXIT_USAGE : EXIT_UNSUPPORTED;
	}
	if (*message)
		message_warn("%s", message);
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
	.examples = "  ephemport trace --failed                  who runs out of ports, and where to\n"
		    "  ephemport trace --comm wrk --duration 10s\n"
		    "  ephemport trace --json --daddr 10.0.0.0/8 --slower-than 100us\n",
	.groups = trace_groups,
	.run = trace_run,
};
