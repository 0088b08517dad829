// SPDX-License-Identifier: GPL-2.0-only
/* ephemport diff: two recordings, or two files of run --json, beside each other. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "measure/figures_read.h"
#include "measure/run.h"
#include "render/diff.h"
#include "store/reader.h"
#include "util/cleanup.h"
#include "util/file.h"

struct diff_options {
	struct gates gates;
	bool json;
};

#define FIELD(name) offsetof(struct diff_options, name)

static int parse_gate(const struct option_spec *spec, const char *value, void *dest, char *why,
		      size_t why_len)
{
	struct reason reason;

	(void)spec;
	if (!gates_add_comparison(dest, value, &reason))
		return 0;
	snprintf(why, why_len, "%s", reason.text);
	return -EINVAL;
}

static const struct option_spec diff_specs[] = {
	{ .name = "fail",
	  .arg = "EXPR",
	  .help = "status 4 if this holds: of the ratio B/A, as latency.p(99)>1.5x; of the "
		  "difference B-A, as errors>+0; or of B, as errors>0; may be given several times",
	  .parse = parse_gate,
	  .offset = FIELD(gates) },
	{ .name = "json",
	  .help = "one JSON object, by docs/diff.schema.json",
	  .parse = parse_flag,
	  .offset = FIELD(json) },
};

static const struct option_group diff_groups[] = {
	OPTION_GROUP("Options", diff_specs, 0),
	{ 0 },
};

/* One of the two; the figures point into the measure. */
struct side {
	struct run_measure measure;
	struct figures figures;
};

static void side_free(struct side *side)
{
	run_measure_free(&side->measure);
}

static int side_read_recording(struct side *side, const char *path, struct reason *why)
{
	__attribute__((cleanup(store_reader__freep))) struct store_reader *reader = NULL;
	struct sink *sinks[] = { &side->measure.sink, NULL };
	struct stream stream = { sinks };
	const struct store_meta *meta;
	int error = store_reader__open(path, &reader, why);

	if (error)
		return error;
	meta = store_reader__meta(reader);
	side->measure.begin_ns = meta->begin_mono_ns;
	side->measure.end_ns = meta->end_mono_ns;
	error = store_read(reader, NULL, &stream);
	if (error)
		return reason_set(why, error, "%s: %s", path,
				  *store_reader__why(reader) ? store_reader__why(reader) :
							       strerror(-error));
	run_measure_figures(&side->measure, 0, &side->figures);
	return 0;
}

static int side_read_json(struct side *side, const char *path, struct reason *why)
{
	CLEANUP_FREE char *text = NULL;
	struct reason what;
	size_t length;
	int error = file_read(path, 16u << 20, &text, &length);

	if (error)
		return reason_set(why, error, "%s: %s", path, strerror(-error));
	error = figures_read_json(text, &side->figures, &what);
	return error ? reason_set(why, error, "%s: %s", path, what.text) : 0;
}

/* Which of the two kinds it is, its first bytes tell. */
static int side_read(struct side *side, const char *path, struct reason *why)
{
	static const char magic[] = "SQLite format 3";
	char begin[sizeof(magic)] = "";
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	side->measure = run_measure_make();
	if (fd < 0)
		return reason_set(why, -errno, "%s: %s", path, strerror(errno));
	if (pread(fd, begin, sizeof(begin), 0) == sizeof(begin) &&
	    !memcmp(begin, magic, sizeof(begin)))
		return side_read_recording(side, path, why);
	return side_read_json(side, path, why);
}

/* Prints, and tells whether a gate failed: one whose figure is not known fails as well. */
static int diff_print(const struct diff_options *options, struct diff *diff)
{
	CLEANUP_FREE struct gate_result *results =
		calloc(options->gates.count ?: 1, sizeof(*results));
	int status = EXIT_DONE;

	if (!results) {
		message_error("diff: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	for (size_t i = 0; i < options->gates.count; i++) {
		results[i] = gate_compare(&options->gates.items[i], diff->a, diff->b);
		if (results[i].outcome != GATE_PASSED)
			status = EXIT_NO;
	}
	diff->results = results;
	if (options->json)
		diff_print_json(stdout, diff);
	else
		diff_print_text(stdout, diff);
	return status;
}

static int diff_files(const struct diff_options *options, char **files)
{
	CLEANUP_FREE struct side *sides = calloc(2, sizeof(*sides));
	struct diff diff = { .a_name = files[0], .b_name = files[1], .gates = &options->gates };
	struct reason why;
	int error = 0, status = EXIT_ERROR;

	if (!sides) {
		message_error("diff: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	for (int i = 0; i < 2 && !error; i++)
		error = side_read(&sides[i], files[i], &why);
	if (error) {
		message_error("diff: %s", why.text);
	} else {
		diff.a = &sides[0].figures;
		diff.b = &sides[1].figures;
		status = diff_print(options, &diff);
	}
	side_free(&sides[0]);
	side_free(&sides[1]);
	return status;
}

static void options_free(struct diff_options *options)
{
	gates_free(&options->gates);
}

static int diff_run(const struct command *command, int argc, char **argv)
{
	__attribute__((cleanup(options_free))) struct diff_options options = { 0 };
	struct arguments args;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	if (args.count != 2) {
		message_error("diff: say of which two files: diff A B");
		return EXIT_USAGE;
	}
	return diff_files(&options, args.values);
}

const struct command command_diff = {
	.name = "diff",
	.args = "A B",
	.summary = "two recordings or runs beside each other: what differs, and by how much",
	.description =
		"Reads two files, each a recording (see record) or what run --json wrote, and prints "
		"what differs in a sentence and then the figures beside each other: range, counts, "
		"failures, latency and examined candidates, share of the second pass, with the ratio "
		"B/A. '1/743' is the 743rd part, 'new' is something where A has none, 'none' the "
		"other way round.\n\n"
		"A gate of --fail is FIGURE OPERATOR VALUE as in run --fail. With a value such as 1.5x "
		"it is about the ratio B/A, with a sign, such as +5 or -50us, about the difference "
		"B-A, else about B. One whose figure cannot be known fails. There is no ratio of two "
		"zeros, and then it passes; from zero to more is above any ratio.",
	.examples = "  ephemport diff before.db after.db\n"
		    "  ephemport diff monday.json tuesday.json --fail 'latency.p(99)>1.5x'\n"
		    "  ephemport diff a.db b.db --fail 'errors>+0' --fail 'second_pass_pct>+5'\n",
	.groups = diff_groups,
	.run = diff_run,
	.max_args = 2,
};
