// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cli/message.h"
#include "commands/child.h"
#include "commands/range_hold.h"
#include "util/clock.h"

static void ending_signals(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

void hold_begin(sigset_t *before)
{
	sigset_t set;

	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	/* A reader of our output that goes away must not take the restoring with it. */
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, before);
}

void hold_end(const sigset_t *before)
{
	static const struct timespec now = { 0, 0 };
	sigset_t pipe_signal;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	while (sigtimedwait(&pipe_signal, NULL, &now) > 0)
		;
	sigprocmask(SIG_SETMASK, before, NULL);
}

void hold_for(uint64_t ns)
{
	/* Counts while the machine sleeps, too: "for 10 minutes" is meant so. */
	uint64_t start = clock_ns(CLOCK_BOOTTIME), gone;
	sigset_t set;

	ending_signals(&set);
	while ((gone = clock_ns(CLOCK_BOOTTIME) - start) < ns) {
		/* Short enough to notice a sleep of the machine. */
		uint64_t left = ns - gone < 1000000000u ? ns - gone : 1000000000u;
		struct timespec wait = { (time_t)(left / 1000000000u), (long)(left % 1000000000u) };

		if (sigtimedwait(&set, NULL, &wait) > 0)
			return;
	}
}

int hold_command(char **argv, const sigset_t *before)
{
	struct inherited inherited;
	struct child child;
	int error, status, passed = 0;
	sigset_t set;

	inherited_save(&inherited);
	inherited.mask = *before;
	error = child_start(&child, argv, &inherited);
	if (error) {
		message_error("range set: no process can be started: %s", strerror(-error));
		return 126;
	}
	error = child_run(&child);
	if (error) {
		message_error("range set: %s cannot be run: %s", argv[0], strerror(-error));
		return child_exec_status(error);
	}
	ending_signals(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		siginfo_t info;
		int signal = sigwaitinfo(&set, &info);

		if (signal > 0 && signal != SIGCHLD && child_needs_signal(info.si_code))
			kill(child.pid, passed++ ? SIGKILL : signal);
		if (child_ended(&child, &status))
			return child_exit_status(status);
	}
}
