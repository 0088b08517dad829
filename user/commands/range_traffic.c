// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/range_traffic.h"

int parse_traffic_limit(const struct option_spec *spec, const char *value, void *dest, char *why,
			size_t why_len)
{
	struct traffic_limit *limit = dest;
	uint64_t number;

	(void)spec;
	*limit = (struct traffic_limit){ 0 };
	if (!uint_parse(value, UINT32_MAX, &number) && number) {
		limit->count = number;
		return 0;
	}
	if (!duration_parse(value, &number) && number) {
		limit->duration_ns = number;
		return 0;
	}
	snprintf(why, why_len,
		 "use a number of allocations, or a duration with ns, us, ms, s or m");
	return -EINVAL;
}

int range_traffic_watch(const struct live_options *options, const struct traffic_limit *limit,
			struct traffic *traffic)
{
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	__attribute__((cleanup(waiter_close))) struct waiter waiter = { .epoll = -1,
									.signals = -1 };
	struct sink *sinks[] = { &traffic->sink, NULL };
	struct stream stream = { sinks };
	int status = live_open(options, "range verify", &tracer), error;

	if (status)
		return status;
	traffic->wanted = limit->count;
	error = waiter_open(&waiter, tracer, limit->duration_ns);
	if (!error) {
		message_note("watching allocations with the %s backend; Ctrl-C ends it and judges "
			     "what was seen",
			     backend_name(tracer__backend(tracer)));
		error = live_loop(tracer, &waiter, &stream);
	}
	if (error) {
		message_error("range verify: %s", strerror(-error));
		return EXIT_ERROR;
	}
	return 0;
}
