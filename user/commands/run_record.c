// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "cli/message.h"
#include "cli/options.h"
#include "commands/live.h"
#include "commands/run_record.h"
#include "util/cleanup.h"
#include "util/quote.h"

int run_record_open(struct run_record *record, const char *path, bool force, char *const *argv,
		    char *const *command, const struct tracer *tracer)
{
	CLEANUP_FREE char *options = quote_words(argv);
	CLEANUP_FREE char *words = quote_words(command);
	struct store_writer_options store = {
		.meta = { .options = options,
			  .command = words,
			  .status = -1,
			  .backend = tracer__backend(tracer),
			  .begin_mono_ns = clock_ns(CLOCK_MONOTONIC),
			  .begin_ns = clock_ns(CLOCK_REALTIME) },
		.force = force,
		.live = true,
	};
	struct reason why;
	int error = store_writer__new(path, &store, &record->writer, &why);

	if (!error)
		return EXIT_DONE;
	message_error("run: --record: %s", why.text);
	return error == -EEXIST ? EXIT_USAGE : EXIT_ERROR;
}

struct sink *run_record_sink(const struct run_record *record)
{
	return record->writer && !record->broken ? store_writer__sink(record->writer) : NULL;
}

bool run_record_failed(struct run_record *record, int error)
{
	if (!error || !run_record_sink(record))
		return false;
	record->broken = true;
	message_warn("run: --record: %s; the run goes on without it",
		     store_writer__why(record->writer));
	return true;
}

int run_record_close(struct run_record *record, uint64_t end_mono_ns, int status)
{
	bool broken = record->broken;
	int error;

	if (!record->writer)
		return EXIT_DONE;
	error = store_writer__finish(record->writer, end_mono_ns, clock_ns(CLOCK_REALTIME), status);
	if (error && !broken)
		message_error("run: --record: %s", store_writer__why(record->writer));
	return error || broken ? EXIT_ERROR : EXIT_DONE;
}
