// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands/run_progress.h"
#include "render/format.h"

#define SECOND_NS     1000000000u
#define FIRST_LINE_NS (2u * SECOND_NS)

struct run_progress run_progress_make(uint64_t begin_ns)
{
	const char *terminal = getenv("TERM");

	return (struct run_progress){
		.wanted = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb"),
		.begin_ns = begin_ns,
		.last_ns = begin_ns,
	};
}

/* "worst tuple 87 %", of what the latest looks saw. */
static int worst_format(char *out, size_t size, const struct run_measure *measure)
{
	double worst = -1;

	for (size_t i = 0; i < measure->tuples.count; i++) {
		const struct run_tally *tally = table_value(&measure->tuples, i);
		double ports = tally->high - tally->low + 1;

		if (tally->look == measure->look && measure->look && tally->used / ports > worst)
			worst = tally->used / ports;
	}
	return worst < 0 ? 0 :
			   snprintf(out, size, ", %.0f %% of the range to one destination",
				    100 * worst);
}

static void line_format(char *out, size_t size, struct run_progress *progress,
			const struct run_measure *measure, uint64_t now_ns)
{
	char rate[FORMAT_NUMBER_LEN], failed[FORMAT_NUMBER_LEN], worst[64] = "";
	double seconds = (double)(now_ns - progress->last_ns) / 1e9;

	format_count(rate,
		     (uint64_t)((double)(measure->allocations - progress->allocations) / seconds));
	format_count(failed, measure->failed);
	worst_format(worst, sizeof(worst), measure);
	snprintf(out, size, "%.0f s: %s allocations/s, %s failed%s",
		 (double)(now_ns - progress->begin_ns) / 1e9, rate, failed, worst);
}

void run_progress_show(struct run_progress *progress, const struct run_measure *measure,
		       uint64_t now_ns)
{
	struct winsize window = { 0 };
	char line[160];

	if (!progress->wanted || now_ns - progress->begin_ns < FIRST_LINE_NS ||
	    now_ns - progress->last_ns < SECOND_NS)
		return;
	line_format(line, sizeof(line), progress, measure, now_ns);
	progress->last_ns = now_ns;
	progress->allocations = measure->allocations;
	/* Who else has the terminal, as a shell that COMMAND is, is not written over. */
	if (tcgetpgrp(STDERR_FILENO) != getpgrp())
		return;
	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col &&
	    window.ws_col < sizeof(line))
		line[window.ws_col - 1] = '\0';
	/* The cursor goes back, so that what COMMAND prints takes the place of the line. */
	fprintf(stderr, "\r%s\033[K\r", line);
	progress->shown = true;
}

void run_progress_clear(struct run_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
