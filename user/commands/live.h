/* SPDX-License-Identifier: GPL-2.0-only */
/* What every command that traces the running kernel shares: options, opening, waiting. */
#ifndef EPHEMPORT_COMMANDS_LIVE_H
#define EPHEMPORT_COMMANDS_LIVE_H

#include "commands/filter.h"
#include "trace/tracer.h"
#include "util/clock.h"

struct live_options {
	struct filter_options filter;
	uint64_t buffer_bytes;
	const char *backend;
	bool explain; /* set by the commands that have the option */
	bool verbose;
	bool named_all;	   /* of binds to named ports also those outside the range */
	bool changes_only; /* no allocation: what changes the range and the reserved ports */
};

#define LIVE_OPTIONS_INIT                                        \
	{                                                        \
		.filter = FILTER_OPTIONS_INIT, .backend = "auto" \
	}

enum { LIVE_STDOUT_BYTES = 1 << 16 };

enum { LIVE_SPEC_COUNT = 3 };
extern const struct option_spec live_specs[LIVE_SPEC_COUNT];

/* The groups of options that fill a struct live_options at @base. */
#define LIVE_GROUPS(live_base)                                                     \
	FILTER_GROUP((live_base) + offsetof(struct live_options, filter)),         \
	{                                                                          \
		.title = "Tracing", .specs = live_specs, .count = LIVE_SPEC_COUNT, \
		.base = (live_base)                                                \
	}

/* The last of these alone, for who has filters of his own or none. */
#define LIVE_TRACING_GROUP(live_title, live_base)                                     \
	{                                                                             \
		.title = (live_title), .specs = live_specs, .count = LIVE_SPEC_COUNT, \
		.base = (live_base)                                                   \
	}

/* The same without --buffer, for who has no use for the ring. */
#define LIVE_GROUPS_NO_BUFFER(live_base)                                                   \
	FILTER_GROUP((live_base) + offsetof(struct live_options, filter)),                 \
	{                                                                                  \
		.title = "Tracing", .specs = live_specs + 1, .count = LIVE_SPEC_COUNT - 1, \
		.base = (live_base)                                                        \
	}

/* Options of several commands, for their tables; @field is the offset of what they fill. */
#define DURATION_SPEC(field)                                                              \
	{                                                                                 \
		.name = "duration", .letter = 'd', .arg = "DURATION",                     \
		.help = "end after this long", .parse = parse_duration, .offset = (field) \
	}
#define COUNT_SPEC(what, field)                                                          \
	{                                                                                \
		.name = "count", .letter = 'n', .arg = "N", .help = "end after N " what, \
		.parse = parse_uint, .offset = (field), .min = 1                         \
	}
#define EVENTS_JSON_SPEC(field)                                                              \
	{                                                                                    \
		.name = "json", .help = "one JSON object a line, by docs/event.schema.json", \
		.parse = parse_flag, .offset = (field)                                       \
	}
#define RELATIVE_SPEC(field)                                                                 \
	{                                                                                    \
		.name = "relative", .letter = 'r',                                           \
		.help = "seconds since the start, not the time of day", .parse = parse_flag, \
		.offset = (field)                                                            \
	}
#define LOSS_STRICT_SPEC(field)                                                  \
	{                                                                        \
		.name = "strict", .help = "status 1 if any allocation was lost", \
		.parse = parse_flag, .offset = (field)                           \
	}

/*
 * Starts tracing: EXIT_DONE with *@tracer to be freed, or another exit status after one line on
 * stderr. A reader of stdout that goes away is an error to write from here on, no signal.
 */
int live_open(const struct live_options *options, const char *command, struct tracer **tracer);
/*
 * The same for the processes that this one forks from now on, without other filters. Says nothing
 * where it fails: @message tells why.
 */
int live_open_descendants(const struct live_options *options, struct tracer **tracer,
			  char message[TRACER_MESSAGE_LEN]);
/* The same for counts in the kernel: of @counts, by and examined; and at most @keys keys. */
int live_open_aggregate(const struct live_options *options, const char *command,
			const struct config *counts, uint32_t keys, struct tracer **tracer);

/* Waits for records, for the end by SIGINT, SIGTERM, SIGHUP or a closed stdout, and for a deadline.
 */
struct waiter {
	int epoll;
	int signals;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
};

int waiter_open(struct waiter *waiter, const struct tracer *tracer, uint64_t duration_ns);
void waiter_close(struct waiter *waiter);
/* Waits at most TRACER_POLL_MS. Returns false when it is time to end. */
bool waiter_wait(const struct waiter *waiter);
/* Waits until @until_ns (CLOCK_MONOTONIC; 0: for ever). Returns false when it is time to end. */
bool waiter_wait_until(const struct waiter *waiter, uint64_t until_ns);

/*
 * Hands records to @stream until the end is asked for; a sink that has enough returns -ECANCELED.
 * Returns 0, or the negative errno of what could not be written.
 */
int live_loop(struct tracer *tracer, const struct waiter *waiter, const struct stream *stream);

#endif
