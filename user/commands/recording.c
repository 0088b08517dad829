// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "cli/message.h"
#include "cli/options.h"
#include "commands/recording.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/quote.h"

int recording_open(const struct recording_options *options, const char *who,
		   const struct tracer *tracer, uint64_t begin_mono_ns,
		   struct store_writer **writer)
{
	CLEANUP_FREE char *line = quote_words(options->argv);
	CLEANUP_FREE char *command = options->command ? quote_words(options->command) : NULL;
	struct store_writer_options store = {
		.meta = { .options = line,
			  .command = command,
			  .status = -1,
			  .backend = tracer__backend(tracer),
			  .explain = options->explain,
			  .begin_mono_ns = begin_mono_ns,
			  .begin_ns = clock_ns(CLOCK_REALTIME) },
		.force = options->force,
		.live = true,
	};
	struct reason why;
	int error = store_writer__new(options->path, &store, writer, &why);

	if (!error)
		return EXIT_DONE;
	message_error("%s: %s", who, why.text);
	return error == -EEXIST ? EXIT_USAGE : EXIT_ERROR;
}
