// SPDX-License-Identifier: GPL-2.0-only
/* ephemport: shows how Linux picks ephemeral (source) ports. The table of commands. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/message.h"
#include "commands/commands.h"

const struct command *const commands[] = {
	&command_trace,	 &command_stat,	  &command_run,	 &command_wait_clean,
	&command_record, &command_report, &command_diff, &command_range,
	&command_doctor, &command_help,	  NULL,
};

const struct command *command_find(const struct command *const *table, const char *name)
{
	for (; table && *table; table++)
		if (!strcmp((*table)->name, name))
			return *table;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	if (argc < 2) {
		help_print_program(stderr, commands);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		argv[1] = "help";
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("ephemport " EPHEMPORT_VERSION);
		return EXIT_DONE;
	}
	command = command_find(commands, argv[1]);
	if (!command) {
		message_error("there is no command '%s': see 'ephemport help'", argv[1]);
		return EXIT_USAGE;
	}
	status = command->run(command, argc - 1, argv + 1);
	/* A reader that went away is no failure of ours, a full disk is one. */
	if (fflush(stdout) && status == EXIT_DONE)
		status = EXIT_ERROR;
	return status;
}
