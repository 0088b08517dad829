// SPDX-License-Identifier: GPL-2.0-only
#include "cli/message.h"
#include "cli/options.h"
#include "commands/run_record.h"
#include "util/clock.h"

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
