// SPDX-License-Identifier: GPL-2.0-only
/*
 * load: makes source port allocations on every path and family and logs, one JSON object a line,
 * what getsockname() and errno said of each. The log is what a tracer is held against.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <signal.h>

#include "load.h"

enum {
	EXIT_USAGE = 2,
	FILES_WANTED = 20000,
};

enum {
	OPT_LIST = 256,
	OPT_ONE_DESTINATION,
	OPT_BOUND,
	OPT_BOUND_ANY,
	OPT_SYSCTL,
	OPT_HALFWAY,
	OPT_ALTERNATE,
};

static const char usage[] =
	"usage: load [options]\n"
	"  --list            names of the scenarios\n"
	"  --scenario A,B    these only (default: all)\n"
	"  --threads N       1 to 64 threads (default 1)\n"
	"  --count N         repeat until at least N allocations were logged\n"
	"  --netns           run in a new network namespace\n"
	"  --range LO-HI     set that namespace's ip_local_port_range first; needs --netns\n"
	"  --one-destination all threads connect to one listener\n"
	"  --bound N         hold N ports by a bind() to port 0 as long as it runs\n"
	"  --bound-any       by one to the wildcard address, with SO_REUSEADDR\n"
	"  --sysctl NAME=V   write V to /proc/sys/net/ipv4/NAME first; needs --netns, like these:\n"
	"  --halfway NAME=V  write it when a scenario full_* has used up half of the range\n"
	"  --alternate NAME=V|V  write one and the other by turns as long as it runs\n"
	"  --explicit        log binds to a named port of the range too\n"
	"  --log FILE        instead of standard output\n"
	"  --timeout SEC     give up after SEC seconds (default 120)\n";

static const struct option options[] = {
	{ "list", no_argument, NULL, OPT_LIST },
	{ "scenario", required_argument, NULL, 's' },
	{ "threads", required_argument, NULL, 't' },
	{ "count", required_argument, NULL, 'n' },
	{ "netns", no_argument, NULL, 'N' },
	{ "range", required_argument, NULL, 'r' },
	{ "one-destination", no_argument, NULL, OPT_ONE_DESTINATION },
	{ "bound", required_argument, NULL, OPT_BOUND },
	{ "bound-any", no_argument, NULL, OPT_BOUND_ANY },
	{ "sysctl", required_argument, NULL, OPT_SYSCTL },
	{ "halfway", required_argument, NULL, OPT_HALFWAY },
	{ "alternate", required_argument, NULL, OPT_ALTERNATE },
	{ "explicit", no_argument, NULL, 'e' },
	{ "log", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "load: %s: %s\n%s", what, value, usage);
	return EXIT_USAGE;
}

static const struct scenario *scenario_find(const char *name)
{
	for (int i = 0; i < load_n_scenarios; i++)
		if (!strcmp(load_scenarios[i].name, name))
			return &load_scenarios[i];
	return NULL;
}

static int choose(struct load_ctx *ctx, char *names)
{
	char *save = NULL;

	ctx->n_chosen = 0;
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		const struct scenario *s = scenario_find(name);

		if (!s || ctx->n_chosen == load_n_scenarios)
			return usage_error("unknown scenario", name);
		ctx->chosen[ctx->n_chosen++] = s;
	}
	return ctx->n_chosen ? 0 : usage_error("no scenario", "--scenario");
}

static int parse_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || *value > max || !*value)
		return usage_error("not a number in range", text);
	return 0;
}

static int parse_range(struct load_ctx *ctx, const char *text)
{
	char rest;

	if (sscanf(text, "%d-%d%c", &ctx->range_low, &ctx->range_high, &rest) != 2 ||
	    ctx->range_low < 1 || ctx->range_high > 65535 || ctx->range_low > ctx->range_high)
		return usage_error("not a range", text);
	return 0;
}

static int list_scenarios(void)
{
	for (int i = 0; i < load_n_scenarios; i++)
		printf("%-32s%s\n", load_scenarios[i].name, load_scenarios[i].about);
	return 0;
}

static int open_log(struct load_ctx *ctx, const char *path)
{
	ctx->log = fopen(path, "we");
	if (ctx->log)
		return 0;
	fprintf(stderr, "load: %s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

/* What surrounds the scenarios. */
static int parse_setting(struct load_ctx *ctx, int opt, char *text)
{
	enum setting_when when = SETTING_FIRST;

	switch (opt) {
	case OPT_ONE_DESTINATION:
		ctx->one_destination = true;
		return 0;
	case OPT_BOUND:
		return parse_number(text, 65535, &ctx->bound);
	case OPT_BOUND_ANY:
		ctx->bound_any = true;
		return 0;
	case OPT_SYSCTL:
		break;
	case OPT_HALFWAY:
		when = SETTING_HALFWAY;
		break;
	case OPT_ALTERNATE:
		when = SETTING_ALTERNATES;
		break;
	default:
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return setting_parse(ctx, when, text) ? usage_error("not a setting", text) : 0;
}

/* Returns -1 to go on, else an exit status. */
static int parse_options(struct load_ctx *ctx, int argc, char **argv)
{
	unsigned long value;
	int opt, status = 0;

	while (!status && (opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case OPT_LIST:
			return list_scenarios();
		case 's':
			status = choose(ctx, optarg);
			break;
		case 't':
			status = parse_number(optarg, MAX_THREADS, &value);
			ctx->threads = value;
			break;
		case 'n':
			status = parse_number(optarg, 100000000, &ctx->count);
			break;
		case 'N':
			ctx->own_netns = true;
			break;
		case 'r':
			status = parse_range(ctx, optarg);
			break;
		case 'e':
			ctx->log_explicit = true;
			break;
		case 'l':
			status = open_log(ctx, optarg);
			break;
		case 'T':
			status = parse_number(optarg, 86400, &value);
			ctx->timeout = value;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			status = parse_setting(ctx, opt, optarg);
		}
	}
	if (!status && optind < argc)
		return usage_error("unexpected argument", argv[optind]);
	/* The range belongs to everything in a namespace: only one made here may be changed. */
	if (!status && (ctx->range_low || ctx->n_settings) && !ctx->own_netns)
		return usage_error("--range and sysctls", "need --netns");
	return status ? status : -1;
}

static int setup(struct load_ctx *ctx)
{
	struct rlimit files;
	const char *what = NULL;
	int err = 0;

	if (ctx->own_netns && (err = netns_enter_new()))
		what = "new network namespace";
	else if (ctx->range_low && (err = range_write(ctx->range_low, ctx->range_high)))
		what = "writing the range";
	else if ((err = settings_apply(ctx, SETTING_FIRST)))
		what = "writing a sysctl";
	else if ((err = range_read(&ctx->range_low, &ctx->range_high)))
		what = "reading the range";
	else if ((err = netns_inode(&ctx->netns)))
		what = "/proc/self/ns/net";
	if (err) {
		fprintf(stderr, "load: %s: %s\n", what, strerror(-err));
		return err;
	}
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		/* Root may have more than it was given. */
		if (files.rlim_max < FILES_WANTED)
			files.rlim_max = FILES_WANTED;
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files)) {
			getrlimit(RLIMIT_NOFILE, &files);
			files.rlim_cur = files.rlim_max;
			setrlimit(RLIMIT_NOFILE, &files);
		}
	}
	return 0;
}

/* The one listener of --one-destination is there before the first thread asks for it. */
static void share_listeners(struct load_ctx *ctx, struct worker *workers)
{
	if (worker_setup(&workers[0])) {
		fprintf(stderr, "load: %s\n", workers[0].why);
		ctx->failed = true;
	}
	for (int i = 0; i < ctx->threads; i++) {
		workers[i].listening = true;
		workers[i].open_port = workers[0].open_port;
		workers[i].closed_port = workers[0].closed_port;
		memcpy(workers[i].listen_fd, workers[0].listen_fd, sizeof(workers[i].listen_fd));
	}
}

static void run_workers(struct load_ctx *ctx)
{
	struct worker *workers = calloc(ctx->threads, sizeof(*workers));
	int started = 0;

	if (!workers) {
		ctx->failed = true;
		return;
	}
	for (int i = 0; i < ctx->threads; i++) {
		workers[i].ctx = ctx;
		workers[i].index = i;
		workers[i].listen_fd[0] = workers[i].listen_fd[1] = -1;
	}
	if (ctx->one_destination)
		share_listeners(ctx, workers);
	if (settings_alternate_start(ctx))
		ctx->failed = true;
	/* One thread means the main one, whose tid is the pid: a case of its own for a tracer. */
	if (ctx->threads == 1)
		worker_main(&workers[0]);
	for (; ctx->threads > 1 && started < ctx->threads; started++) {
		struct worker *w = &workers[started];

		if (pthread_create(&w->thread, NULL, worker_main, w)) {
			ctx->failed = true;
			break;
		}
	}
	while (started > 0)
		pthread_join(workers[--started].thread, NULL);
	settings_alternate_stop(ctx);
	/* The listeners, and what the scenarios still hold, end with the process. */
	free(workers);
}

static void on_alarm(int sig)
{
	static const char text[] = "load: timed out\n";

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	struct load_ctx ctx = {
		.log = stdout,
		.threads = 1,
		.timeout = 120,
		.full_lock = PTHREAD_MUTEX_INITIALIZER,
	};
	int status;

	ctx.chosen = calloc(load_n_scenarios, sizeof(const struct scenario *));
	if (!ctx.chosen)
		return EXIT_FAILURE;
	for (ctx.n_chosen = 0; ctx.n_chosen < load_n_scenarios; ctx.n_chosen++)
		ctx.chosen[ctx.n_chosen] = &load_scenarios[ctx.n_chosen];
	status = parse_options(&ctx, argc, argv);
	if (status < 0) {
		signal(SIGALRM, on_alarm);
		alarm(ctx.timeout);
		status = EXIT_FAILURE;
		if (!setup(&ctx)) {
			run_workers(&ctx);
			if (fflush(ctx.log))
				ctx.failed = true;
			fprintf(stderr, "load: %lu allocations logged\n", ctx.lines);
			status = ctx.failed ? EXIT_FAILURE : 0;
		}
	}
	if (ctx.log != stdout)
		fclose(ctx.log);
	free(ctx.chosen);
	return status;
}
