// SPDX-License-Identifier: GPL-2.0-only
/* ephemport help: the tables of options as text, man page or completions. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/message.h"
#include "commands/commands.h"

struct help_options {
	bool man, bash;
};

static const struct option_spec help_specs[] = {
	{ .name = "man",
	  .help = "print the man page, ephemport(8)",
	  .parse = parse_flag,
	  .offset = offsetof(struct help_options, man) },
	{ .name = "bash",
	  .help = "print a completion script for bash",
	  .parse = parse_flag,
	  .offset = offsetof(struct help_options, bash) },
};

static const struct option_group help_groups[] = {
	OPTION_GROUP("Options", help_specs, 0),
	{ 0 },
};

/* "range", or "range set". */
static const struct command *help_find(const struct arguments *args)
{
	const struct command *about = command_find(commands, args->values[0]);

	return about && args->count > 1 ? command_find(about->subcommands, args->values[1]) : about;
}

static int help_run(const struct command *self, int argc, char **argv)
{
	struct help_options options = { 0 };
	struct arguments args;
	const struct command *about = NULL;
	int status = options_parse(self, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	if (options.man)
		help_print_man(stdout, commands);
	else if (options.bash)
		help_print_bash(stdout, commands);
	else if (!args.count)
		help_print_program(stdout, commands);
	else if ((about = help_find(&args)))
		help_print_command(stdout, about);
	else
		message_error("help: there is no command '%s%s%s': see 'ephemport help'",
			      args.values[0], args.count > 1 ? " " : "",
			      args.count > 1 ? args.values[1] : "");
	return args.count && !about && !options.man && !options.bash ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_help = {
	.name = "help",
	.args = "[COMMAND [SUBCOMMAND]]",
	.summary = "tells what the commands and their options are",
	.groups = help_groups,
	.run = help_run,
	.max_args = 2,
};
