// SPDX-License-Identifier: GPL-2.0-only
/* ephemport record: keeps allocations in an SQLite database. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/live.h"
#include "commands/recording.h"
#include "event/limit.h"
#include "render/format.h"
#include "render/text.h"

struct record_options {
	struct live_options live;
	const char *output;
	uint64_t duration_ns, count;
	bool force, strict;
};

#define FIELD(name) offsetof(struct record_options, name)

static const struct option_spec record_specs[] = {
	{ .name = "output",
	  .letter = 'o',
	  .arg = "FILE",
	  .help = "the recording, by docs/recording.md; must not be there yet",
	  .parse = parse_string,
	  .offset = FIELD(output) },
	{ .name = "force",
	  .letter = 'f',
	  .help = "replace a recording that is there; a file of another kind stays",
	  .parse = parse_flag,
	  .offset = FIELD(force) },
	DURATION_SPEC(FIELD(duration_ns)),
	COUNT_SPEC("allocations", FIELD(count)),
	{ .name = "explain",
	  .help = "also why connect() refused candidates, and what UDP searches examined, as trace "
		  "--explain",
	  .parse = parse_flag,
	  .offset = FIELD(live.explain) },
	LOSS_STRICT_SPEC(FIELD(strict)),
};

static const struct option_group record_groups[] = {
	OPTION_GROUP("Options", record_specs, 0),
	LIVE_GROUPS(FIELD(live)),
	{ 0 },
};

static int record_failed(const struct store_writer *writer)
{
	char count[FORMAT_NUMBER_LEN];

	format_count(count, store_writer__committed(writer));
	message_error("record: %s; the %s allocations before that are in it",
		      store_writer__why(writer), count);
	return EXIT_ERROR;
}

static int record_stream(const struct record_options *options, struct tracer *tracer,
			 struct store_writer *writer, uint64_t begin_mono_ns)
{
	struct summary summary = summary_make();
	struct limit_sink limit = limit_sink_count(options->count);
	struct sink *sinks[] = { store_writer__sink(writer), &summary.sink, &limit.sink, NULL };
	struct stream stream = { sinks };
	__attribute__((cleanup(waiter_close))) struct waiter waiter;
	int error = waiter_open(&waiter, tracer, options->duration_ns);

	if (error) {
		message_error("record: %s", strerror(-error));
		return EXIT_ERROR;
	}
	message_note("recording to %s, tracing with the %s backend%s", options->output,
		     backend_name(tracer__backend(tracer)),
		     options->duration_ns || options->count ? "" : "; Ctrl-C ends it");
	summary.begin_ns = begin_mono_ns;
	/* What fails here is the writer, and it says so itself. */
	live_loop(tracer, &waiter, &stream);
	summary.end_ns = clock_ns(CLOCK_MONOTONIC);
	error = store_writer__finish(writer, summary.end_ns, clock_ns(CLOCK_REALTIME), -1);
	if (error)
		return record_failed(writer);
	text_print_summary(stderr, &summary);
	return options->strict && summary.lost ? EXIT_ERROR : EXIT_DONE;
}

static int record_run(const struct command *command, int argc, char **argv)
{
	struct record_options options = { .live = LIVE_OPTIONS_INIT };
	__attribute__((cleanup(store_writer__freep))) struct store_writer *writer = NULL;
	__attribute__((cleanup(tracer__freep))) struct tracer *tracer = NULL;
	struct recording_options recording = { .argv = argv };
	struct arguments args;
	uint64_t begin_mono_ns;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	if (!options.output) {
		message_error("record: say where to: -o FILE");
		return EXIT_USAGE;
	}
	status = live_open(&options.live, command->name, &tracer);
	if (status)
		return status;
	recording.path = options.output;
	recording.force = options.force;
	recording.explain = options.live.explain;
	begin_mono_ns = clock_ns(CLOCK_MONOTONIC);
	status = recording_open(&recording, "record", tracer, begin_mono_ns, &writer);
	return status ?: record_stream(&options, tracer, writer, begin_mono_ns);
}

const struct command command_record = {
	.name = "record",
	.args = "",
	.summary = "keeps allocations in an SQLite database, to be looked at later",
	.description =
		"Writes what trace would show to an SQLite database: one row for each allocation and "
		"change of the range, and beside them the host, the kernel, the range of each network "
		"namespace, this command line and what was lost. trace --from and stat --from read it "
		"with the same filters; sqlite3, pandas and DuckDB do, too: docs/recording.md has the "
		"tables and examples.\n\n"
		"A signal ends it with totals and status 0. If it is killed, all but the last second is "
		"there. While it runs, and after it was killed, FILE-wal beside FILE belongs to it: copy "
		"both. Others may read FILE meanwhile.",
	.examples = "  ephemport record -o storm.db --duration 1m\n"
		    "  ephemport trace --from storm.db --failed\n"
		    "  ephemport stat --from storm.db 1 --path connect\n"
		    "  sqlite3 storm.db 'SELECT comm, count(*) FROM allocations GROUP BY comm'\n",
	.groups = record_groups,
	.run = record_run,
};
