// SPDX-License-Identifier: GPL-2.0-only
/* ephemport report: one HTML page of a recording. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/from.h"
#include "render/format.h"
#include "render/page.h"
#include "render/run.h"
#include "util/cleanup.h"
#include "util/output.h"

struct report_options {
	struct live_options live; /* the filters alone */
	const char *output, *title;
};

#define FIELD(name) offsetof(struct report_options, name)

static const struct option_spec report_specs[] = {
	{ .name = "output",
	  .letter = 'o',
	  .arg = "PAGE",
	  .help = "where to; a page that is there is replaced, nothing else; '-' for stdout; FILE.html "
		  "by default",
	  .parse = parse_string,
	  .offset = FIELD(output) },
	{ .name = "title",
	  .arg = "TEXT",
	  .help = "the page's heading",
	  .parse = parse_string,
	  .offset = FIELD(title) },
};

static const struct option_group report_groups[] = {
	OPTION_GROUP("Options", report_specs, 0),
	FILTER_GROUP(FIELD(live.filter)),
	{ 0 },
};

/* The first bytes of each page: what we may replace. */
static const char page_begin[] = "<!DOCTYPE html>";

/* What the page's heading says of the recording. */
struct about {
	const char *pairs[8][2];
	char time[FORMAT_TIME_LEN], length[FORMAT_NUMBER_LEN];
};

static void about_add(struct about *about, const char *name, const char *value)
{
	size_t at = 0;

	while (about->pairs[at][0])
		at++;
	if (value) {
		about->pairs[at][0] = name;
		about->pairs[at][1] = value;
	}
}

static void about_fill(struct about *about, const struct store_meta *meta)
{
	*about = (struct about){ 0 };
	format_rfc3339(about->time, meta->begin_ns);
	snprintf(about->time + 19, sizeof(about->time) - 19, "Z");
	format_duration(about->length, meta->end_mono_ns - meta->begin_mono_ns);
	about_add(about, "Command", meta->command);
	about_add(about, "Host", meta->host);
	about_add(about, "Linux", meta->kernel);
	about_add(about, "Backend", backend_name(meta->backend));
	about_add(about, "Begun", about->time);
	about_add(about, meta->complete ? "Length" : "Not complete, so far", about->length);
}

struct report {
	const struct report_options *options;
	struct from from;
	struct picture picture;
	struct run_measure measure;
};

static void report_free(struct report *report)
{
	from_close(&report->from);
	picture_free(&report->picture);
	run_measure_free(&report->measure);
}

static int add_reserved(void *context, const struct store_netns *netns)
{
	struct report *report = context;

	return netns->reserved ? picture_reserved(&report->picture, netns->inode, netns->reserved) :
				 0;
}

static int report_read(struct report *report)
{
	const struct store_meta *meta = store_reader__meta(report->from.reader);
	struct sink *sinks[] = { &report->picture.sink, &report->measure.sink, NULL };
	struct stream stream = { sinks };
	int status;

	report->picture.origin_ns = meta->begin_mono_ns;
	report->measure.begin_ns = meta->begin_mono_ns;
	report->measure.end_ns = meta->end_mono_ns;
	status = from_read(&report->from, "report", &stream);
	if (status)
		return status;
	if (store_reader__each_netns(report->from.reader, add_reserved, report)) {
		message_error("report: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	picture_settle(&report->picture);
	return EXIT_DONE;
}

static int report_write(struct report *report, FILE *out)
{
	const char *title = report->options->title ?: "Source ports: how Linux picked them";
	struct about about;
	struct figures figures;
	char verdict[RUN_VERDICT_LEN];
	struct page page = { .title = title,
			     .verdict = verdict,
			     .figures = &figures,
			     .picture = &report->picture,
			     .about = about.pairs };

	about_fill(&about, store_reader__meta(report->from.reader));
	run_measure_figures(&report->measure, 0, &figures);
	run_format_verdict(verdict, &figures);
	return page_write(out, &page);
}

static int report_output(struct report *report, const char *path)
{
	__attribute__((cleanup(output_close))) struct output output = { 0 };
	struct reason why;
	int error = output_open(&output, path, page_begin, &why);

	if (error) {
		message_error("report: %s", why.text);
		return error == -EEXIST ? EXIT_USAGE : EXIT_ERROR;
	}
	error = report_write(report, output.file);
	if (error == -ENOMEM) {
		message_error("report: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	if (output_commit(&output, &why)) {
		message_error("report: %s", why.text);
		return EXIT_ERROR;
	}
	if (strcmp(path, "-"))
		message_note("wrote %s", path);
	return EXIT_DONE;
}

static int report_run(const struct command *command, int argc, char **argv)
{
	struct report_options options = { .live = LIVE_OPTIONS_INIT };
	__attribute__((cleanup(report_free))) struct report report = { .options = &options };
	CLEANUP_FREE char *beside = NULL;
	struct arguments args;
	int status = options_parse(command, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	if (args.count != 1) {
		message_error("report: say of which recording: report FILE");
		return EXIT_USAGE;
	}
	report.measure = run_measure_make();
	if (picture_open(&report.picture) || asprintf(&beside, "%s.html", args.values[0]) < 0) {
		message_error("report: %s", strerror(ENOMEM));
		return EXIT_ERROR;
	}
	status = from_open(args.values[0], &options.live, command->name, &report.from);
	if (status)
		return status;
	from_note(&report.from);
	status = report_read(&report);
	return status ?: report_output(&report, options.output ?: beside);
}

const struct command command_report = {
	.name = "report",
	.args = "FILE",
	.summary = "one HTML page of a recording: ports over time, latency, who and where to",
	.description =
		"Makes a page of a recording (see record, run --record) that needs nothing else: it "
		"opens from disk, without network, in light and dark, and prints. On it: the verdict "
		"of run and its figures; each allocation as a mark at the port chosen, over time, with "
		"the range in force as a band, its changes, reserved ports and failures; the latency "
		"of the search over time and as a distribution, first and second pass apart; what a "
		"search examined by how full the destination's range was; how often each port was "
		"chosen and after what time again; destinations, commands and namespaces as tables "
		"that sort. Above 524,288 allocations marks that lie close together are "
		"drawn as one, the darker the more there are.\n\n"
		"The filters choose what is on the page.",
	.examples =
		"  ephemport report storm.db                   writes storm.db.html\n"
		"  ephemport report storm.db -o storm.html --daddr 10.0.0.2 --title 'Storm of Monday'\n"
		"  ephemport run --record storm.db -- wrk http://10.0.0.2/; ephemport report storm.db\n",
	.groups = report_groups,
	.run = report_run,
	.max_args = 1,
};
