// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range watch: who changes the range and the reserved ports, as it happens. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/live.h"
#include "commands/range_scope.h"
#include "event/limit.h"
#include "measure/summary.h"
#include "render/json.h"
#include "render/text.h"

struct watch_options {
	struct live_options live;
	uint64_t duration_ns, count;
	bool json, relative;
};

#define FIELD(name) offsetof(struct watch_options, name)

static const struct option_spec watch_specs[] = {
	{ .name = "netns",
	  .arg = "PID|PATH|all",
	  .parse = parse_string,
	  .help = "only changes of the network namespace of this process or file; all of them by "
		  "default, also those that are made meanwhile",
	  .offset = FIELD(live.filter.netns) },
	EVENTS_JSON_SPEC(FIELD(json)),
	RELATIVE_SPEC(FIELD(relative)),
	DURATION_SPEC(FIELD(duration_ns)),
	COUNT_SPEC("changes", FIELD(count)),
};

static const struct option_group watch_groups[] = {
	OPTION_GROUP("Options", watch_specs, 0),
	LIVE_TRACING_GROUP("Tracing", FIELD(live)),
	{ 0 },
};

/* Adds to each change who lives in its namespace. */
struct watch_sink {
	struct sink sink;
	struct sink *out;
	struct netns_list namespaces; /* as of looked_ns */
	uint64_t looked_ns;
	char who[NETNS_WHO_LEN];
};

/* All of /proc is read for it: often enough for people, not for each write of a storm. */
enum { LOOK_KNOWN_NS = 1000000000, LOOK_UNKNOWN_NS = 100000000 };

static const struct netns *watch_find(const struct watch_sink *watch, uint64_t inode)
{
	for (size_t i = 0; i < watch->namespaces.count; i++)
		if (watch->namespaces.items[i].inode == inode)
			return &watch->namespaces.items[i];
	return NULL;
}

static const char *watch_who(struct watch_sink *watch, uint64_t inode)
{
	const struct netns *netns = watch_find(watch, inode);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - watch->looked_ns > (netns ? LOOK_KNOWN_NS : LOOK_UNKNOWN_NS)) {
		netns_list_free(&watch->namespaces);
		/* What was found before an error is better than nothing. */
		netns_survey(&watch->namespaces);
		watch->looked_ns = now;
		netns = watch_find(watch, inode);
	}
	if (netns)
		netns_who(watch->who, netns, watch->namespaces.host_pids);
	else
		snprintf(watch->who, sizeof(watch->who), "gone");
	return watch->who;
}

static int watch_range_change(struct sink *sink, const struct range_change *change)
{
	struct watch_sink *watch = (struct watch_sink *)sink;
	struct range_change placed = *change;

	placed.where = watch_who(watch, change->task.netns);
	return watch->out->range_change(watch->out, &placed);
}

static int watch_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	struct watch_sink *watch = (struct watch_sink *)sink;
	struct reserved_change placed = *change;

	placed.where = watch_who(watch, change->task.netns);
	return watch->out->reserved_change(watch->out, &placed);
}

static int watch_loss(struct sink *sink, const struct loss *loss)
{
	struct watch_sink *watch = (struct watch_sink *)sink;

	return watch->out->loss(watch->out, loss);
}

static int watch_flush(struct sink *sink)
{
	struct watch_sink *watch = (struct watch_sink *)sink;

	return watch->out->flush(watch->out);
}

static int watch_stream(const struct watch_options *options, struct tracer *tracer)
{
	struct json_sink json = json_sink_make(stdout);
	struct text_sink text =
		text_sink_make(stdout, options->relative, false, clock_ns(CLOCK_REALTIME));
	struct watch_sink watch = { .sink = { .range_change = watch_range_change,
					      .reserved_change = watch_reserved_change,
					      .loss = watch_loss,
					      .flush = watch_flush },
				    .out = options->json ? &json.sink : &text.sink };
	struct summary summary = summary_make();
	struct limit_sink limit = limit_sink_changes(options->count);
	struct sink *sinks[] = { &watch.sink, &summary.sink, &limit.sink, NULL };
	struct stream stream = { sinks };
	__attribute__((cleanup(waiter_close))) struct waiter waiter;
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), changes;
	int error = waiter_open(&waiter, tracer, options->duration_ns);

	if (error) {
		message_error("range watch: %s", strerror(-error));
		return EXIT_ERROR;
	}
	text.changes_only = true;
	message_note("watching with the %s backend%s", backend_name(tracer__backend(tracer)),
		     options->duration_ns || options->count ? "" : "; Ctrl-C ends it");
	error = live_loop(tracer, &waiter, &stream);
	netns_list_free(&watch.namespaces);
	if (error) {
		message_error("range watch: cannot write: %s", strerror(-error));
		return EXIT_ERROR;
	}
	changes = summary.range_changes + summary.reserved_changes;
	fprintf(stderr, "%llu change%s in %.1f s; %llu lost\n", (unsigned long long)changes,
		changes == 1 ? "" : "s", (double)(clock_ns(CLOCK_MONOTONIC) - begin) / 1e9,
		(unsigned long long)summary.lost);
	return EXIT_DONE;
}

/* What --netns means must be a network namespace: a filter on anything else would show nothing. */
static int watch_check_netns(const struct command *self, const char *netns)
{
	struct netns_list found;
	struct reason why;
	int error = netns && strcmp(netns, "all") ? netns_select(netns, &found, &why) : 0;

	if (!netns || !strcmp(netns, "all"))
		return 0;
	netns_list_free(&found);
	return error ? range_fail(self, error, &why) : 0;
}

static int watch_run(const struct command *self, int argc, char **argv)
{
	struct watch_options options = { .live = LIVE_OPTIONS_INIT };
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	struct arguments args;
	int status = options_parse(self, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = watch_check_netns(self, options.live.filter.netns);
	if (status)
		return status;
	options.live.changes_only = true;
	status = live_open(&options.live, "range watch", &tracer);
	if (status)
		return status;
	if (!tracer__sees_changes(tracer)) {
		message_error(
			"range watch: this kernel does not let the %s backend see all changes; "
			"'ephemport doctor' tells what works here",
			backend_name(tracer__backend(tracer)));
		return EXIT_UNSUPPORTED;
	}
	return watch_stream(&options, tracer);
}

const struct command command_range_watch = {
	.name = "watch",
	.parent = "range",
	.args = "",
	.summary = "who changes the range and the reserved ports, as it happens",
	.description =
		"Shows each write of net.ipv4.ip_local_port_range and of "
		"net.ipv4.ip_local_reserved_ports that the kernel takes: who wrote it, in which "
		"network namespace and who lives there, what was in force and what is now. A write "
		"of the same value is shown, too; one that the kernel refuses is none. Unlike the "
		"other commands under 'range' it looks at all namespaces unless --netns names one."
		"\n\n"
		"A signal or a closed pipe ends it with status 0.",
	.examples =
		"  ephemport range watch\n"
		"  ephemport range watch --netns 4211 --json\n"
		"  ephemport range watch --count 1 --duration 10m   until somebody changes it\n",
	.groups = watch_groups,
	.run = watch_run,
};
