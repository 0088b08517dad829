/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands, one file each. */
#ifndef EPHEMPORT_COMMANDS_H
#define EPHEMPORT_COMMANDS_H

#include "cli/options.h"

extern const struct command *const commands[]; /* main.c; ends with NULL */

/* The one of @name in a table, or NULL. */
const struct command *command_find(const struct command *const *table, const char *name);

extern const struct command command_trace;
extern const struct command command_stat;
extern const struct command command_run;
extern const struct command command_wait_clean;
extern const struct command command_record;
extern const struct command command_report;
extern const struct command command_diff;
extern const struct command command_range;
extern const struct command command_doctor;
extern const struct command command_help;

#endif
