/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EPHEMPORT_COMMANDS_RANGE_IMPORT_H
#define EPHEMPORT_COMMANDS_RANGE_IMPORT_H

#include "cli/options.h"
#include "range/import.h"

/*
 * Reads and understands @path (NULL or "-": standard input). 0, or an exit status after a message;
 * the caller frees @import in either case.
 */
int range_import_file(const struct command *command, const char *path, struct import *import);

#endif
