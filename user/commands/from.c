// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "commands/from.h"
#include "render/format.h"
#include "trace/cgroup.h"

const struct option_spec from_specs[FROM_SPEC_COUNT] = {
	{ .name = "from",
	  .arg = "FILE",
	  .help = "what was recorded (see record) instead of what happens; takes the same filters",
	  .parse = parse_string,
	  .offset = 0 },
};

/* What only makes sense where something is traced. */
static const char *live_only(const struct live_options *live)
{
	if (strcmp(live->backend, "auto"))
		return "--backend";
	if (live->buffer_bytes)
		return "--buffer";
	if (live->explain)
		return "--explain";
	return live->verbose ? "--verbose" : NULL;
}

/* --cgroup: as the recording has it, whether there is such a cgroup here or not. */
static int from_cgroup(struct from *from, const char *path, const char *command)
{
	from->cgroup = cgroup_below_root(path);
	if (!from->cgroup) {
		message_error("%s: --cgroup: %s", command, strerror(ENOMEM));
		return EXIT_ERROR;
	}
	if (!store_reader__has_cgroup(from->reader, from->cgroup)) {
		message_error("%s: --cgroup: the recording knows no cgroup '%s' and none below it",
			      command, from->cgroup);
		return EXIT_USAGE;
	}
	from->config.filters |= FILTER_CGROUP;
	from->filter.cgroup = from->cgroup;
	return EXIT_DONE;
}

int from_open(const char *file, const struct live_options *live, const char *command,
	      struct from *from)
{
	const char *wrong = live_only(live);
	struct filter_options filter = live->filter;
	struct reason why;
	int status;

	*from = (struct from){ .file = file };
	if (wrong) {
		message_error("%s: %s means nothing with --from: nothing is traced", command,
			      wrong);
		return EXIT_USAGE;
	}
	filter.cgroup = NULL;
	status = filter_apply(&filter, command, &from->config);
	if (status)
		return status;
	from->config.named_all = live->named_all;
	from->filter.config = &from->config;
	if (store_reader__open(file, &from->reader, &why)) {
		message_error("%s: %s", command, why.text);
		return EXIT_ERROR;
	}
	signal(SIGPIPE, SIG_IGN);
	return live->filter.cgroup ? from_cgroup(from, live->filter.cgroup, command) : EXIT_DONE;
}

void from_note(const struct from *from)
{
	const struct store_meta *meta = store_reader__meta(from->reader);
	char time[FORMAT_TIME_LEN];

	format_rfc3339(time, meta->begin_ns);
	message_note("reading %s: recorded on %s, Linux %s, with the %s backend, at %s for %.1f s",
		     from->file, meta->host ? meta->host : "?", meta->kernel ? meta->kernel : "?",
		     backend_name(meta->backend), time,
		     (double)(meta->end_mono_ns - meta->begin_mono_ns) / 1e9);
	if (!meta->complete)
		message_warn("the recording goes on, or was cut off: it has no end yet");
}

int from_read(const struct from *from, const char *command, const struct stream *stream)
{
	int error = store_read(from->reader, &from->filter, stream);

	/* Enough was seen, or nobody reads any more. */
	if (error == -ECANCELED)
		error = stream_flush(stream);
	if (!error || error == -EPIPE)
		return EXIT_DONE;
	if (error == -EIO && *store_reader__why(from->reader))
		message_error("%s: %s", command, store_reader__why(from->reader));
	else
		message_error("%s: cannot write: %s", command, strerror(-error));
	return EXIT_ERROR;
}

void from_close(struct from *from)
{
	store_reader__free(from->reader);
	free(from->cgroup);
}
