/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tables of options say of themselves: --help, the man page, the shell completions. */
#ifndef EPHEMPORT_CLI_HELP_H
#define EPHEMPORT_CLI_HELP_H

#include <stdio.h>

#include "cli/options.h"

void help_print_command(FILE *out, const struct command *command);
/* @commands ends with NULL, as everywhere. */
void help_print_program(FILE *out, const struct command *const *commands);
/* ephemport(8) in man(7) macros. */
void help_print_man(FILE *out, const struct command *const *commands);
/* A bash completion script. */
void help_print_bash(FILE *out, const struct command *const *commands);

#endif
