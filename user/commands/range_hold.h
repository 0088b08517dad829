/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting while a temporary range is in force, so that nothing but SIGKILL ends us before the old
 * one is back.
 */
#ifndef EPHEMPORT_COMMANDS_RANGE_HOLD_H
#define EPHEMPORT_COMMANDS_RANGE_HOLD_H

#include <signal.h>
#include <stdint.h>

/* Blocks the signals that end a program; *@before is the mask as it was. */
void hold_begin(sigset_t *before);
/* Lets them act again, those that came meanwhile included. */
void hold_end(const sigset_t *before);
/* Returns after @ns nanoseconds or the first such signal. */
void hold_for(uint64_t ns);
/*
 * Runs @argv with the mask @before and waits for its end; signals for us are passed on, a second
 * one kills it. Returns its exit status, 128 + N where signal N ended it, 126 or 127 (after a
 * message) where it could not be run.
 */
int hold_command(char **argv, const sigset_t *before);

#endif
