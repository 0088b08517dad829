// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range: the commands about the range, one file each. */
#include <string.h>

#include "cli/help.h"
#include "cli/message.h"
#include "commands/commands.h"
#include "commands/range_scope.h"

static const struct command *const range_commands[] = {
	&command_range_show,  &command_range_set,   &command_range_unset,  &command_range_verify,
	&command_range_check, &command_range_watch, &command_range_import, NULL,
};

static int range_run(const struct command *self, int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help_print_command(stderr, self);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		help_print_command(stdout, self);
		return EXIT_DONE;
	}
	command = command_find(range_commands, argv[1]);
	if (!command) {
		message_error("range: there is no command '%s': see 'ephemport range --help'",
			      argv[1]);
		return EXIT_USAGE;
	}
	return command->run(command, argc - 1, argv + 1);
}

const struct command command_range = {
	.name = "range",
	.args = "COMMAND",
	.summary =
		"shows, sets, proves, lints and watches the range; imports that of other systems",
	.description = "Reads, changes, proves, lints and watches the range of local ports "
		       "(net.ipv4.ip_local_port_range). A range is written 49152-65535, "
		       "'49152 65535' or 'start=49152 num=16384' and holds high - low + 1 ports.",
	.subcommands = range_commands,
	.run = range_run,
};
