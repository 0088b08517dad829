// SPDX-License-Identifier: GPL-2.0-only
/* ephemport run: traces a command for its life, then says whether source ports were the bottleneck.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/message.h"
#include "commands/commands.h"
#include "commands/recording.h"
#include "commands/run.h"
#include "util/cleanup.h"

#define FIELD(name) offsetof(struct run_options, name)

static int parse_expression(const struct option_spec *spec, const char *value, void *dest,
			    char *why, size_t why_len)
{
	struct expressions *list = dest;
	const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	(void)spec;
	if (!items) {
		snprintf(why, why_len, "use fewer: there is no memory");
		return -EINVAL;
	}
	list->items = items;
	items[list->count++] = value;
	return 0;
}

static const struct option_spec run_specs[] = {
	{ .name = "fail",
	  .arg = "EXPR",
	  .help = "status 99 if this holds at the end, as errors>0, latency.p(99)>50us, "
		  "examined.max>1000, peak_used_pct>50, knee_crossed==1, rate<1000; may be given "
		  "several times",
	  .parse = parse_expression,
	  .offset = FIELD(fail) },
	{ .name = "strict",
	  .help = "the same as --fail 'errors>0' --fail 'lost>0' --fail 'knee_crossed==1'",
	  .parse = parse_flag,
	  .offset = FIELD(strict) },
	{ .name = "json",
	  .arg = "FILE",
	  .help = "also write verdict, gates and figures to FILE, one JSON object by "
		  "docs/run.schema.json",
	  .parse = parse_string,
	  .offset = FIELD(json) },
	{ .name = "record",
	  .arg = "FILE",
	  .help = "also keep every allocation in FILE, as record does; must not be there yet",
	  .parse = parse_string,
	  .offset = FIELD(record) },
	{ .name = "force",
	  .letter = 'f',
	  .help = "let --record replace a recording that is there",
	  .parse = parse_flag,
	  .offset = FIELD(force) },
	{ .name = "requests",
	  .arg = "N",
	  .help = "how many requests COMMAND makes: what perfect keep-alive would need is told",
	  .parse = parse_uint,
	  .offset = FIELD(requests),
	  .min = 1 },
	{ .name = "wait-all",
	  .help = "trace until the last descendant of COMMAND has ended, not COMMAND alone",
	  .parse = parse_flag,
	  .offset = FIELD(wait_all) },
	{ .name = "best-effort",
	  .help = "run COMMAND also where tracing is impossible, and what a gate asks for unknown",
	  .parse = parse_flag,
	  .offset = FIELD(best_effort) },
};

static const struct option_group run_groups[] = {
	OPTION_GROUP("Options", run_specs, 0),
	LIVE_TRACING_GROUP("Tracing", FIELD(live)),
	{ 0 },
};

static void run_free(struct run *run)
{
	tracer__free(run->tracer);
	store_writer__free(run->record.writer);
	run_measure_free(&run->measure);
	gates_free(&run->gates);
	free(run->options.fail.items);
	cleanup_file(&run->json);
	cleanup_close(&run->epoll);
	cleanup_close(&run->signals);
}

static int run_open_tracer(struct run *run)
{
	char message[TRACER_MESSAGE_LEN] = "";

	if (!live_open_descendants(&run->options.live, &run->tracer, message)) {
		if (*message)
			message_warn("%s", message);
		return run_check_gates(run);
	}
	if (!run->options.best_effort) {
		message_error("run: %s; %s was not started (--best-effort starts it all the same; "
			      "'ephemport doctor' tells what works here)",
			      message, run->command[0]);
		return EXIT_UNSUPPORTED;
	}
	message_warn("%s; %s runs untraced", message, run->command[0]);
	return EXIT_DONE;
}

static int run_watch(const struct run *run, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(run->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* From here on a signal is something that we read, and nothing that ends us before COMMAND. */
static int run_take_signals(struct run *run)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD };
	sigset_t mask;
	int error;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	/* Who starts us may have it ignored: then there would be no status to wait for. */
	signal(SIGCHLD, SIG_DFL);
	run->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	run->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (run->signals < 0 || run->epoll < 0)
		return -errno;
	error = run_watch(run, run->signals);
	return error || !run->tracer ? error : run_watch(run, tracer__fd(run->tracer));
}

static void run_read_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		run->stop = run->ended;
		if (!run->ended && child_needs_signal(info.ssi_code))
			kill(run->child.pid, (int)info.ssi_signo);
	}
}

/* What has come since the last time. */
static int run_consume(struct run *run)
{
	struct sink *sinks[] = { &run->measure.sink, &run->looker.sink,
				 run_record_sink(&run->record), NULL };
	struct stream stream = { sinks };
	int error;

	if (!run->tracer)
		return 0;
	error = tracer__consume(run->tracer, &stream);
	if (error >= 0)
		error = stream_flush(&stream);
	/* What the disk does not take is no reason to lose the rest: the last sink failed. */
	while (error < 0 && run_record_failed(&run->record, error)) {
		sinks[2] = NULL;
		error = tracer__consume(run->tracer, &stream);
	}
	return error < 0 ? error : 0;
}

static bool run_goes_on(struct run *run)
{
	int status;

	if (!run->ended && child_ended(&run->child, &status)) {
		run->ended = true;
		run->status = child_exit_status(status);
	}
	if (!run->ended)
		return true;
	return run->options.wait_all && run->tracer && !run->stop &&
	       tracer__descendants(run->tracer);
}

/* Short at first, so that also a run of a moment in a namespace of its own is looked at. */
static int run_poll_ms(const struct run *run)
{
	bool young = clock_ns(CLOCK_MONOTONIC) - run->measure.begin_ns < 1000000000;

	return run->tracer && young ? TRACER_POLL_MS / 10 : TRACER_POLL_MS;
}

static int run_loop(struct run *run)
{
	struct epoll_event events[2];
	int error = 0;

	while (!error && run_goes_on(run)) {
		epoll_wait(run->epoll, events, 2, run_poll_ms(run));
		run_read_signals(run);
		error = run_consume(run);
		if (run->tracer)
			looker_poll(&run->looker, clock_ns(CLOCK_MONOTONIC));
		run_progress_show(&run->progress, &run->measure, clock_ns(CLOCK_MONOTONIC));
	}
	run_progress_clear(&run->progress);
	run->measure.end_ns = clock_ns(CLOCK_MONOTONIC);
	if (!error && run->tracer) {
		tracer__detach(run->tracer);
		error = run_consume(run);
		looker_finish(&run->looker);
	}
	return error;
}

/* COMMAND, started with tracing live; EXIT_DONE, or another status with COMMAND not run. */
static int run_start(struct run *run)
{
	int error = child_start(&run->child, run->command, &run->inherited);

	if (error) {
		message_error("run: no process can be started: %s", strerror(-error));
		return EXIT_ERROR;
	}
	if (run->tracer && tracer__descendants(run->tracer) != 1) {
		child_drop(&run->child);
		message_error("run: this kernel does not tell of the processes that are forked; %s "
			      "was not started",
			      run->command[0]);
		return EXIT_UNSUPPORTED;
	}
	run->begin_time_ns = clock_ns(CLOCK_REALTIME);
	run->measure.begin_ns = clock_ns(CLOCK_MONOTONIC);
	run->progress = run_progress_make(run->measure.begin_ns);
	error = child_run(&run->child);
	if (!error)
		return EXIT_DONE;
	message_error("run: %s cannot be run: %s", run->command[0], strerror(-error));
	return child_exec_status(error);
}

static int run_all(struct run *run, char **argv)
{
	struct recording_options recording = { .path = run->options.record,
					       .force = run->options.force,
					       .argv = argv,
					       .command = run->command };
	int status = run_add_gates(run), error;

	if (!status)
		status = run_open_json(run);
	if (!status)
		status = run_open_tracer(run);
	if (!status && run->tracer && run->options.record)
		status = recording_open(&recording, "run: --record", run->tracer,
					clock_ns(CLOCK_MONOTONIC), &run->record.writer);
	if (status)
		return status;
	error = run_take_signals(run);
	if (error) {
		message_error("run: %s", strerror(-error));
		return EXIT_ERROR;
	}
	status = run_start(run);
	if (status)
		return status;
	error = run_loop(run);
	if (error)
		message_error("run: what was traced cannot be read: %s", strerror(-error));
	return run_tell(run);
}

static int run_run(const struct command *command, int argc, char **argv)
{
	__attribute__((cleanup(run_free))) struct run run = {
		.options = { .live = LIVE_OPTIONS_INIT },
		.epoll = -1,
		.signals = -1,
	};
	struct arguments args;
	int status;

	inherited_save(&run.inherited);
	run.measure = run_measure_make();
	run.looker = looker_make(&run.measure);
	status = options_parse(command, argc, argv, &run.options, &args);
	if (status || args.help)
		return status;
	if (!args.count) {
		message_error("run: there is no COMMAND: use ephemport run [OPTION]... -- COMMAND");
		return EXIT_USAGE;
	}
	run.command = args.values;
	return run_all(&run, argv);
}

const struct command command_run = {
	.name = "run",
	.args = "COMMAND [ARGUMENT]...",
	.summary = "traces a command and says whether source ports were its bottleneck",
	.description =
		"Traces COMMAND and all that descends from it (children, threads, daemons, also in "
		"other sessions and network namespaces) and nothing else, from its first instruction "
		"to its end. Its stdin, stdout, stderr, signals and terminal are its own. Then a "
		"block on stderr says whether source ports were the bottleneck, and what was "
		"allocated, failed, and took how long.\n\n"
		"A gate is a figure, an operator (> >= < <= == !=) and a value; what it says must not "
		"be. Figures are the numbers of --json, and latency and examined with .avg, .med, "
		".max and .p(N). Each gate is printed with its value: 'x' where it failed, '?' where "
		"its figure cannot be known, which fails as well unless --best-effort is given.\n\n"
		"The status is 99 where a gate failed, else that of COMMAND: 128+N where signal N "
		"ended it, 127 where it is not found, 126 where it cannot be run. 2: wrong usage, and "
		"3: tracing is impossible here; COMMAND was not started then.\n\n"
		"Ports in use are counted by looks at the sockets, at most 20 a second; what comes "
		"and goes between two looks is not seen, so '>=' stands in front of the peak, unless "
		"a search failed: then all ports were in use.",
	.examples = "  ephemport run --fail 'eaddrnotavail>0' -- wrk -c200 http://10.0.0.2/\n"
		    "  ephemport run --fail 'latency.p(99)>50us' --json run.json -- ./load.sh\n"
		    "  ephemport run --strict --wait-all -- make integration-test\n",
	.groups = run_groups,
	.run = run_run,
	.max_args = -1,
	.stops_at_args = true,
};
