// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range unset: takes the line for the next boot out again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/range_hold.h"
#include "commands/range_scope.h"
#include "range/persist.h"

struct unset_options {
	const char *persist;
	bool dry_run;
};

static const struct option_spec unset_specs[] = {
	{ .name = "persist",
	  .arg = "FILE",
	  .optional_arg = true,
	  .parse = parse_string,
	  .help = "take the line out of our drop-in in /etc/sysctl.d, or out of FILE",
	  .offset = offsetof(struct unset_options, persist) },
	{ .name = "dry-run",
	  .parse = parse_flag,
	  .help = "say what would be done, and do nothing",
	  .offset = offsetof(struct unset_options, dry_run) },
};

static const struct option_group unset_groups[] = {
	OPTION_GROUP("Options", unset_specs, 0),
	{ 0 },
};

static int unset_show_boot(const struct command *self, const struct boot_overlay *overlay)
{
	struct boot_result boot;
	struct reason why;

	for (int i = 0; i < BOOT_READERS; i++) {
		char text[RANGE_TEXT_LEN];

		if (boot_evaluate((enum boot_reader)i, "", overlay, -1, &boot, &why))
			return range_fail(self, -ENOMEM, &why);
		range_format(text, boot.range, RANGE_PLAIN);
		if (*boot.file)
			printf("at boot: %s: %s, by %s:%u\n", boot_reader_name((enum boot_reader)i),
			       text, boot.file, boot.line);
		else
			printf("at boot: %s: %s, the kernel's default\n",
			       boot_reader_name((enum boot_reader)i), text);
	}
	return EXIT_DONE;
}

static int unset_apply(struct persist *persist, struct reason *why)
{
	struct reason undo;
	sigset_t signals;
	int error;

	hold_begin(&signals);
	error = persist_prepare(persist, why);
	if (!error)
		error = persist_commit(persist, why);
	if (error && persist_undo(persist, &undo))
		reason_add(why, "; and the old file did not come back: %s", undo.text);
	hold_end(&signals);
	return error;
}

static int unset_run(const struct command *self, int argc, char **argv)
{
	struct unset_options options = { 0 };
	struct persist persist = { 0 };
	struct boot_overlay overlay;
	struct arguments args;
	struct reason why;
	int status = options_parse(self, argc, argv, &options, &args), error;

	if (status || args.help)
		return status;
	if (!options.persist) {
		message_error("range unset: takes back what is persistent alone: use --persist or "
			      "--persist=FILE; the range in force is changed by 'range set'");
		return EXIT_USAGE;
	}
	error = persist_plan_unset(*options.persist ? options.persist : NULL, &persist, &why);
	if (!error && !options.dry_run)
		error = unset_apply(&persist, &why);
	if (error == -ENOENT) {
		/* What was asked for is so already. */
		message_note("%s: nothing to take out", why.text);
		status = unset_show_boot(self, NULL);
	} else if (error) {
		status = range_fail(self, error, &why);
	} else {
		printf("%s: line %u, '%s', taken out%s%s\n", persist.path, persist.line,
		       persist.was, persist.content ? "" : ", and the file with it",
		       options.dry_run ? "  (planned)" : "");
		overlay = persist_overlay(&persist);
		status = unset_show_boot(self, &overlay);
	}
	persist_free(&persist);
	return status;
}

const struct command command_range_unset = {
	.name = "unset",
	.parent = "range",
	.args = "",
	.summary = "takes the line that 'range set --persist' wrote out again",
	.description =
		"Takes the line out of the file and says what the next boot gives without it. The "
		"range in force stays.\n\n"
		"That goes for a line as well that 'range set --persist=FILE' found there and changed: "
		"what it said before is not kept. 'range set' tells it when it changes it, with the "
		"command that brings it back.",
	.examples = "  ephemport range unset --persist\n"
		    "  ephemport range unset --persist=/etc/sysctl.conf\n",
	.groups = unset_groups,
	.run = unset_run,
};
