// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range show: what is in force in each namespace, and what the next boot gives. */
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/range_scope.h"
#include "render/range_view.h"

struct show_options {
	struct range_common common;
	int style; /* enum range_style, -1: all there is to tell */
};

static int parse_style(const struct option_spec *spec, const char *value, void *dest, char *why,
		       size_t why_len)
{
	static const char *const names[] = { "plain", "sysctl", "netsh" };

	(void)spec;
	for (int i = 0; i < 3; i++) {
		if (!strcmp(value, names[i])) {
			*(int *)dest = i;
			return 0;
		}
	}
	snprintf(why, why_len, "use sysctl, netsh or plain");
	return -1;
}

static const struct option_spec show_specs[] = {
	{ .name = "style",
	  .arg = "sysctl|netsh|plain",
	  .parse = parse_style,
	  .help = "the range alone, as each system writes it: '49152 65535', 'start=49152 num=16384', "
		  "49152-65535",
	  .offset = offsetof(struct show_options, style) },
};

static const struct option_group show_groups[] = {
	RANGE_COMMON_GROUP(offsetof(struct show_options, common)),
	OPTION_GROUP("Output", show_specs, 0),
	{ 0 },
};

static void show_place(const struct show_options *options, const struct range_scope *scope,
		       const struct range_place *place, const struct boot_result *boot)
{
	const struct netns *netns = place->netns;
	/* The files that we see are those of the caller's machine or container. */
	struct range_view view = { netns, scope->namespaces.host_pids, &place->settings,
				   netns->current || netns->init ? boot : NULL };
	char text[RANGE_TEXT_LEN];

	if (options->common.json) {
		range_json_show(stdout, &view);
	} else if (options->style < 0) {
		range_text_show(stdout, &view);
	} else {
		range_format(text, place->settings.range, (enum range_style)options->style);
		puts(text);
	}
}

static int show_run(const struct command *self, int argc, char **argv)
{
	struct show_options options = { .style = -1 };
	struct boot_result boot[BOOT_READERS];
	struct range_scope scope = { 0 };
	struct arguments args;
	struct reason why;
	int status = options_parse(self, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = range_scope_open(self, options.common.netns, &scope);
	for (int i = 0; i < BOOT_READERS && !status; i++) {
		int start = scope.places[0].settings.unprivileged_start;

		if (boot_evaluate((enum boot_reader)i, "", NULL, start, &boot[i], &why))
			status = range_fail(self, -1, &why);
	}
	for (size_t i = 0; i < scope.namespaces.count && !status; i++)
		show_place(&options, &scope, &scope.places[i], boot);
	if (!status)
		range_leftovers();
	range_scope_free(&scope);
	return status;
}

const struct command command_range_show = {
	.name = "show",
	.parent = "range",
	.args = "",
	.summary = "shows the range in force in each namespace, and what the next boot gives",
	.description =
		"Shows the range of local ports that searches take from: its ends, how many "
		"ports, the knee (half of them: past it connect() searches the other parity), "
		"reserved ports, and who lives in the namespace. One range serves TCP and UDP, "
		"IPv4 and IPv6; each network namespace has its own.\n\n"
		"Then what files give at the next boot: by the rules of systemd-sysctl and those "
		"of 'sysctl --system', which reads /etc/sysctl.conf last.",
	.examples = "  ephemport range show\n"
		    "  ephemport range show --netns all --json\n"
		    "  ephemport range show --netns 4211 --style netsh\n",
	.groups = show_groups,
	.run = show_run,
};
