/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A COMMAND that a user gives us to run: it inherits what we inherited, whatever we have changed
 * for ourselves since, and stays in our process group, so that the terminal is its own as well.
 */
#ifndef EPHEMPORT_COMMANDS_CHILD_H
#define EPHEMPORT_COMMANDS_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

struct inherited {
	sigset_t mask;
	struct sigaction pipe, chld;
	struct rlimit memlock; /* libbpf raises it on kernels before 5.11 */
};

/* As it is now: to be called before any of these is changed. */
void inherited_save(struct inherited *inherited);

struct child {
	pid_t pid;
	int go;	   /* a byte lets it run */
	int error; /* it writes why it could not */
};

/* Forks; the child waits for child_run(). 0, or a negative errno. */
int child_start(struct child *child, char **argv, const struct inherited *inherited);
/* Lets it run: 0, or the negative errno of execvp(), with the child gone. */
int child_run(struct child *child);
/* Ends one that was not let run. */
void child_drop(struct child *child);
/* Whether it has ended; then *@status is that of wait(2). Does not wait. */
bool child_ended(const struct child *child, int *status);
/* As a shell tells it: the exit status, or 128 + N where signal N ended it. */
int child_exit_status(int status);
/* 127 where execvp() did not find it, else 126. */
int child_exec_status(int error);
/*
 * Whether a signal that came to us is for COMMAND and has not reached it: what a terminal sends, it
 * sends to the whole group.
 */
bool child_needs_signal(int si_code);

#endif
