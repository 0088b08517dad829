// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/message.h"
#include "commands/live.h"

#define FIELD(name) offsetof(struct live_options, name)

static int parse_backend(const struct option_spec *spec, const char *value, void *dest, char *why,
			 size_t why_len)
{
	(void)spec;
	if (strcmp(value, "auto") && strcmp(value, "fentry") && strcmp(value, "tracepoint")) {
		snprintf(why, why_len, "use auto, fentry or tracepoint");
		return -EINVAL;
	}
	*(const char **)dest = value;
	return 0;
}

const struct option_spec live_specs[LIVE_SPEC_COUNT] = {
	/* First: LIVE_GROUPS_NO_BUFFER leaves it out. */
	{ .name = "buffer",
	  .arg = "SIZE",
	  .help = "size of the ring buffer, 64K to 1024M; 8M by default",
	  .parse = parse_size,
	  .offset = FIELD(buffer_bytes),
	  .min = TRACER_BUFFER_MIN,
	  .max = TRACER_BUFFER_MAX },
	{ .name = "backend",
	  .arg = "NAME",
	  .help = "how to attach: fentry, tracepoint, or auto (the best that this kernel allows)",
	  .parse = parse_backend,
	  .offset = FIELD(backend) },
	{ .name = "verbose",
	  .letter = 'v',
	  .help = "also what libbpf says while it loads",
	  .parse = parse_flag,
	  .offset = FIELD(verbose) },
};

static int live_try(const struct live_options *options, struct tracer_options *tracer_options,
		    struct tracer **tracer, char message[TRACER_MESSAGE_LEN])
{
	tracer_options->buffer_bytes = options->buffer_bytes;
	tracer_options->backend = options->backend;
	tracer_options->explain = options->explain;
	tracer_options->verbose = options->verbose;
	signal(SIGPIPE, SIG_IGN);
	/* Each batch is flushed; within one, stdio's buffer of a page would be full every ten
	 * lines. */
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, LIVE_STDOUT_BYTES);
	return tracer__new(tracer_options, tracer, message);
}

static int live_start(const struct live_options *options, const char *command,
		      struct tracer_options *tracer_options, struct tracer **tracer)
{
	char message[TRACER_MESSAGE_LEN];

	if (live_try(options, tracer_options, tracer, message)) {
		message_error("%s: %s; 'ephemport doctor' tells what works here", command, message);
		return EXIT_UNSUPPORTED;
	}
	if (*message)
		message_warn("%s", message);
	return EXIT_DONE;
}

int live_open(const struct live_options *options, const char *command, struct tracer **tracer)
{
	struct tracer_options tracer_options = { 0 };
	int status = filter_apply(&options->filter, command, &tracer_options.config);

	tracer_options.config.named_all = options->named_all;
	if (options->changes_only)
		tracer_options.config.paths = 0;
	return status ?: live_start(options, command, &tracer_options, tracer);
}

int live_open_descendants(const struct live_options *options, struct tracer **tracer,
			  char message[TRACER_MESSAGE_LEN])
{
	struct tracer_options tracer_options = { 0 };

	if (filter_apply(&options->filter, "run", &tracer_options.config))
		return -EINVAL;
	tracer_options.config.filters |= FILTER_DESCENDANTS;
	return live_try(options, &tracer_options, tracer, message);
}

int live_open_aggregate(const struct live_options *options, const char *command,
			const struct config *counts, uint32_t keys, struct tracer **tracer)
{
	struct tracer_options tracer_options = { .keys = keys };
	int status = filter_apply(&options->filter, command, &tracer_options.config);

	tracer_options.config.aggregate = 1;
	tracer_options.config.by = counts->by;
	tracer_options.config.examined = counts->examined;
	return status ?: live_start(options, command, &tracer_options, tracer);
}

static int waiter_add(struct waiter *waiter, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(waiter->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int waiter_open(struct waiter *waiter, const struct tracer *tracer, uint64_t duration_ns)
{
	sigset_t mask;
	int error;

	*waiter = (struct waiter){ .epoll = -1, .signals = -1 };
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
	/* EPOLLERR comes unasked when the reader of a pipe goes away. A file cannot be waited for.
	 */
	if (!error)
		error = waiter_add(waiter, STDOUT_FILENO, 0);
	return error == -EPERM ? 0 : error;
}

/* Waits at most @timeout ms. Returns false when one of the ends that epoll tells of has come. */
static bool waiter_poll(const struct waiter *waiter, int timeout)
{
	struct epoll_event events[4];
	int count = epoll_wait(waiter->epoll, events, 4, timeout);

	for (int i = 0; i < count; i++)
		if (events[i].data.fd == waiter->signals ||
		    (events[i].data.fd == STDOUT_FILENO &&
		     events[i].events & (EPOLLERR | EPOLLHUP)))
			return false;
	return true;
}

bool waiter_wait(const struct waiter *waiter)
{
	int timeout = TRACER_POLL_MS;

	if (waiter->deadline_ns) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		uint64_t left_ms;

		if (now >= waiter->deadline_ns)
			return false;
		left_ms = (waiter->deadline_ns - now) / 1000000 + 1;
		timeout = left_ms < TRACER_POLL_MS ? (int)left_ms : TRACER_POLL_MS;
	}
	return waiter_poll(waiter, timeout);
}

bool waiter_wait_until(const struct waiter *waiter, uint64_t until_ns)
{
	uint64_t now;

	while (!until_ns || (now = clock_ns(CLOCK_MONOTONIC)) < until_ns) {
		uint64_t left_ms = until_ns ? (until_ns - now) / 1000000 + 1 : UINT64_MAX;

		if (!waiter_poll(waiter, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX))
			return false;
	}
	return true;
}

void waiter_close(struct waiter *waiter)
{
	if (waiter->epoll >= 0)
		close(waiter->epoll);
	if (waiter->signals >= 0)
		close(waiter->signals);
}

int live_loop(struct tracer *tracer, const struct waiter *waiter, const struct stream *stream)
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
