// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range import: what other systems print about their range. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "commands/range_import.h"
#include "commands/range_scope.h"
#include "render/range_view.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { IMPORT_MAX = 16 << 20 };

struct import_options {
	bool json;
	struct port_range expect; /* low 0: not given */
};

static const struct option_spec import_specs[] = {
	{ .name = "expect",
	  .arg = "RANGE",
	  .parse = parse_range,
	  .help = "status 4 unless it is this range; prints the commands that would set it there",
	  .offset = offsetof(struct import_options, expect) },
	{ .name = "json",
	  .help = "one JSON object a line",
	  .parse = parse_flag,
	  .offset = offsetof(struct import_options, json) },
};

static const struct option_group import_groups[] = {
	OPTION_GROUP("Options", import_specs, 0),
	{ 0 },
};

int range_import_file(const struct command *command, const char *path, struct import *import)
{
	CLEANUP_FREE char *data = NULL;
	bool standard = !path || !strcmp(path, "-");
	const char *name = standard ? "standard input" : path;
	char title[COMMAND_TITLE_LEN];
	struct reason why;
	size_t length;
	int error = standard ? file_read_fd(STDIN_FILENO, IMPORT_MAX, &data, &length) :
			       file_read(path, IMPORT_MAX, &data, &length);

	*import = (struct import){ 0 };
	command_title(title, command);
	if (error) {
		message_error("%s: %s cannot be read: %s", title, name, strerror(-error));
		return EXIT_ERROR;
	}
	if (import_parse(data, length, import, &why)) {
		message_error("%s: %s: %s", title, name, why.text);
		return EXIT_ERROR;
	}
	return 0;
}

static int expect_excluded(const struct import *import, struct port_range expect)
{
	unsigned int excluded = port_set_count(&import->excluded, expect);

	if (!excluded)
		return EXIT_DONE;
	message_note("%u of the %u ports expected are excluded there and never given", excluded,
		     range_count(expect));
	return EXIT_NO;
}

static int expect_range(const struct import *import, struct port_range expect, FILE *out)
{
	char wanted[RANGE_TEXT_LEN], commands[512];
	bool right = true;

	if (import->source == IMPORT_EXCLUDED)
		return expect_excluded(import, expect);
	for (size_t i = 0; i < import->count; i++)
		right &= import->items[i].other || range_equal(import->items[i].range, expect);
	if (right)
		return EXIT_DONE;
	range_format(wanted, expect, RANGE_PLAIN);
	import_set_commands(import->source, expect, commands, sizeof(commands));
	fprintf(out, "it is not %s; to set it there:\n%s", wanted, commands);
	if (import->source != IMPORT_NETSH && import->source != IMPORT_POWERSHELL)
		return EXIT_NO;
	fputs("read all four tables afterwards: a change of IPv4 TCP was seen to change IPv6 TCP, too\n",
	      out);
	if (expect.low < 1025 || range_count(expect) < 255)
		fputs("Windows is documented to want a first port of 1025 or more and a count of 255 or "
		      "more\n",
		      out);
	return EXIT_NO;
}

static int import_run(const struct command *self, int argc, char **argv)
{
	struct import_options options = { 0 };
	struct arguments args;
	struct import import;
	int status = options_parse(self, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = range_import_file(self, args.count ? args.values[0] : NULL, &import);
	if (!status) {
		(options.json ? range_json_import : range_text_import)(stdout, &import);
		/* JSON stays JSON: what is for people goes to the other stream. */
		if (options.expect.low)
			status = expect_range(&import, options.expect,
					      options.json ? stderr : stdout);
	}
	import_free(&import);
	return status;
}

const struct command command_range_import = {
	.name = "import",
	.parent = "range",
	.args = "[FILE]",
	.summary = "reads what Windows, macOS, FreeBSD or Linux printed about its range",
	.description =
		"Takes the captured output of 'netsh int ipv4|ipv6 show dynamicport tcp|udp' and "
		"'show excludedportrange' in any language and code page, Get-NetTCPSetting as list "
		"or JSON, 'sysctl net.inet.ip.portrange' of macOS and FreeBSD, and 'sysctl -a' of "
		"Linux, and says first port, last port and count. Words are ignored, numbers "
		"decide; what is not clear is refused, never guessed. Reads standard input "
		"without FILE.",
	.examples = "  netsh int ipv4 show dynamicport tcp > capture.txt   (on Windows)\n"
		    "  ephemport range import capture.txt --expect 49152-65535\n",
	.groups = import_groups,
	.run = import_run,
	.max_args = 1,
};
