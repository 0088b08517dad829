// SPDX-License-Identifier: GPL-2.0-only
/* What a run is held against, and what is said of it at its end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "commands/run.h"
#include "render/run.h"

enum { TOP_ROOM = 5 };

int run_add_gates(struct run *run)
{
	static const char *const strict[] = { "errors>0", "lost>0", "knee_crossed==1" };
	struct reason why;

	for (size_t i = 0; i < run->options.fail.count; i++) {
		if (!gates_add(&run->gates, run->options.fail.items[i], &why))
			continue;
		message_error("run: --fail: %s", why.text);
		return EXIT_USAGE;
	}
	for (size_t i = 0; run->options.strict && i < 3; i++)
		if (gates_add(&run->gates, strict[i], &why)) {
			message_error("run: --strict: %s", why.text);
			return EXIT_USAGE;
		}
	return EXIT_DONE;
}

int run_open_json(struct run *run)
{
	int fd;

	if (!run->options.json)
		return EXIT_DONE;
	fd = open(run->options.json, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	run->json = fd < 0 ? NULL : fdopen(fd, "w");
	if (run->json)
		return EXIT_DONE;
	message_error("run: --json: %s cannot be written: %s", run->options.json, strerror(errno));
	return EXIT_ERROR;
}

int run_check_gates(const struct run *run)
{
	if (tracer__backend(run->tracer) == BACKEND_FENTRY || run->options.best_effort)
		return EXIT_DONE;
	for (size_t i = 0; i < run->gates.count; i++) {
		const struct figure_ref *ref = &run->gates.items[i].ref;

		if (ref->dist != DIST_EXAMINED &&
		    (ref->dist != DIST_NONE ||
		     (ref->id != FIGURE_TW_REUSED &&
		      (ref->id < FIGURE_EXAMINED_MEAN || ref->id > FIGURE_EXAMINED_MAX))))
			continue;
		message_error("run: --fail '%s': the tracepoint backend, the only one that this "
			      "kernel allows, cannot know that; --best-effort runs COMMAND all the "
			      "same",
			      run->gates.items[i].text);
		return EXIT_UNSUPPORTED;
	}
	return EXIT_DONE;
}

static int run_write_json(struct run *run, const struct run_report *report)
{
	int error;

	if (!run->json)
		return 0;
	/* A pipe or a device has nothing to be cut. */
	if (ftruncate(fileno(run->json), 0) && errno != EINVAL)
		return -errno;
	error = run_print_json(run->json, report);
	if (fclose(run->json) && !error)
		error = -errno;
	run->json = NULL;
	return error;
}

/* Figures and gates: whether one failed. */
static bool run_judge(struct run *run)
{
	bool failed = false;

	if (run->tracer)
		run_measure_figures(&run->measure, run->options.requests, &run->figures);
	else
		for (int id = 0; id < FIGURE_COUNT; id++)
			run->figures.at[id].state = FIGURE_UNKNOWN;
	for (size_t i = 0; i < run->gates.count; i++) {
		run->results[i] = gate_evaluate(&run->gates.items[i], &run->figures);
		failed |= run->results[i].outcome == GATE_FAILED ||
			  (run->results[i].outcome == GATE_UNKNOWN && !run->options.best_effort);
	}
	return failed;
}

/* The block in one write, so that what COMMAND's descendants still say does not come between. */
static void run_print(const struct run_report *report)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return;
	run_print_text(out, report);
	if (!fclose(out))
		fwrite(text, 1, length, stderr);
	free(text);
}

static bool run_wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && !(no_colour && *no_colour);
}

int run_tell(struct run *run)
{
	struct run_top_tuple tuples[TOP_ROOM];
	struct run_top_comm comms[TOP_ROOM];
	struct run_report report = {
		.figures = &run->figures,
		.tuples = tuples,
		.tuple_count = run_measure_top_tuples(&run->measure, tuples, TOP_ROOM),
		.comms = comms,
		.comm_count = run_measure_top_comms(&run->measure, comms, TOP_ROOM),
		.gates = &run->gates,
		.results = run->results,
		.command = run->command,
		.status = run->status,
		.begin_ns = run->begin_time_ns,
		.traced = run->tracer,
		.colour = run_wants_colour(),
	};
	bool failed = run_judge(run);
	int error, recorded;

	run_print(&report);
	recorded = run_record_close(&run->record, run->measure.end_ns, run->status);
	error = run_write_json(run, &report);
	if (error)
		message_error("run: --json: %s cannot be written: %s", run->options.json,
			      strerror(-error));
	if (failed)
		return EXIT_GATE;
	return (error || recorded) && !run->status ? EXIT_ERROR : run->status;
}
