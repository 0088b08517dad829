// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range check: what one would regret of a range. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/message.h"
#include "commands/range_check.h"
#include "commands/range_import.h"
#include "render/range_view.h"

struct destination {
	bool given;
	uint8_t family;
	struct in6_addr address; /* IPv4 in the first four bytes */
	uint16_t port;
};

struct check_options {
	struct range_common common;
	uint64_t rate;
	uint64_t hold_ns;
	struct destination to;
	struct port_range nodeport;
	const char *import;
};

static int parse_destination(const struct option_spec *spec, const char *value, void *dest,
			     char *why, size_t why_len)
{
	struct destination *to = dest;
	const char *colon = strrchr(value, ':');
	char host[INET6_ADDRSTRLEN + 2];
	uint64_t port;

	(void)spec;
	snprintf(why, why_len, "use ADDRESS:PORT, as 10.0.0.2:80 or [2001:db8::2]:80");
	if (!colon || colon - value >= (ptrdiff_t)sizeof(host) ||
	    uint_parse(colon + 1, 65535, &port) || !port)
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - value), value);
	*to = (struct destination){ .given = true, .family = AF_INET, .port = (uint16_t)port };
	if (*host != '[')
		return inet_pton(AF_INET, host, &to->address) == 1 ? 0 : -EINVAL;
	to->family = AF_INET6;
	if (host[strlen(host) - 1] != ']')
		return -EINVAL;
	host[strlen(host) - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, &to->address) == 1 ? 0 : -EINVAL;
}

static const struct option_spec check_specs[] = {
	{ .name = "rate",
	  .arg = "N",
	  .parse = parse_uint,
	  .min = 1,
	  .max = 100000000,
	  .help = "new connections a second to one destination that it has to carry",
	  .offset = offsetof(struct check_options, rate) },
	{ .name = "hold",
	  .arg = "DURATION",
	  .parse = parse_duration,
	  .help = "how long each connection lives (0)",
	  .offset = offsetof(struct check_options, hold_ns) },
	{ .name = "to",
	  .arg = "ADDRESS:PORT",
	  .parse = parse_destination,
	  .help = "the destination: what goes there now counts, and loopback reuses TIME_WAIT sooner",
	  .offset = offsetof(struct check_options, to) },
	{ .name = "nodeport",
	  .arg = "LO-HI",
	  .parse = parse_range,
	  .help = "the NodePort range of the Kubernetes cluster (30000-32767)",
	  .offset = offsetof(struct check_options, nodeport) },
	{ .name = "import",
	  .arg = "FILE",
	  .parse = parse_string,
	  .help = "check the range in captured output of another system, as 'range import' reads it",
	  .offset = offsetof(struct check_options, import) },
};

static const struct option_group check_groups[] = {
	OPTION_GROUP("What it has to stand", check_specs, 0),
	RANGE_COMMON_GROUP(offsetof(struct check_options, common)),
	{ 0 },
};

struct check_input range_check_input(const struct range_scope *scope,
				     const struct range_place *place, struct port_range range)
{
	struct check_input input = {
		.range = range,
		.settings = &place->settings,
		.sockets = place->has_sockets ? &place->sockets : NULL,
		.owners = &scope->owners,
		.nodeport = { NODEPORT_LOW, NODEPORT_HIGH },
	};
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur != RLIM_INFINITY)
		input.files = files.rlim_cur;
	return input;
}

static bool destination_is_loopback(const struct destination *to)
{
	return to->family == AF_INET ? to->address.s6_addr[0] == 127 :
				       IN6_IS_ADDR_LOOPBACK(&to->address);
}

static int check_place(const struct check_options *options, const struct range_scope *scope,
		       const struct range_place *place, struct port_range range)
{
	struct check_input input = range_check_input(scope, place, range);
	struct check_report report;
	char label[NETNS_LABEL_LEN];
	int status;

	input.rate = (double)options->rate;
	input.hold = (double)options->hold_ns / 1e9;
	input.has_destination = options->to.given;
	input.destination_loopback = options->to.given && destination_is_loopback(&options->to);
	input.family = options->to.family;
	input.destination = options->to.address;
	input.destination_port = options->to.port;
	input.nodeport = options->nodeport;
	status = check_run(&input, &report)	? EXIT_ERROR :
		 check_has(&report, CHECK_WARN) ? EXIT_NO :
						  EXIT_DONE;
	if (status == EXIT_ERROR) {
		message_error("range check: out of memory");
	} else if (options->common.json) {
		range_json_check(stdout, place->netns->inode, &input, &report);
	} else {
		netns_label(label, place->netns, scope->namespaces.host_pids);
		printf("%s: ", label);
		range_text_check(stdout, &input, &report);
	}
	check_free(&report);
	return status;
}

/* The range of the words, or the one of a plain connect() in a capture. */
static int check_range(const struct command *self, const struct check_options *options,
		       const struct arguments *args, struct port_range *range)
{
	struct import import;
	int status;

	if (!options->import)
		return range_words(self, args->count, args->values, range);
	if (args->count) {
		message_error("range check: give a range or --import FILE, not both");
		return EXIT_USAGE;
	}
	status = range_import_file(self, options->import, &import);
	if (!status && !import.count) {
		message_error("range check: %s holds excluded ranges and no range to check",
			      options->import);
		status = EXIT_ERROR;
	}
	if (!status)
		*range = import.items[0].range;
	import_free(&import);
	return status;
}

static int check_command(const struct command *self, int argc, char **argv)
{
	struct check_options options = { .nodeport = { NODEPORT_LOW, NODEPORT_HIGH } };
	struct range_scope scope = { .want_sockets = true };
	struct port_range range;
	struct arguments args;
	int status = options_parse(self, argc, argv, &options, &args), answer = EXIT_DONE;

	if (status || args.help)
		return status;
	status = check_range(self, &options, &args, &range);
	if (status)
		return status;
	status = range_scope_open(self, options.common.netns, &scope);
	for (size_t i = 0; i < scope.namespaces.count && !status; i++) {
		status = check_place(&options, &scope, &scope.places[i], range);
		if (status == EXIT_NO) {
			answer = EXIT_NO;
			status = 0;
		}
	}
	range_scope_free(&scope);
	return status ? status : answer;
}

const struct command command_range_check = {
	.name = "check",
	.parent = "range",
	.args = "RANGE",
	.summary = "lints a range before it is set: status 4 if there is something to regret",
	.description =
		"Looks for ends of one parity, ports of Kubernetes' NodePort range, services that "
		"listen inside, privileged ports, fewer ports than are in use and reserved ports "
		"that leave little; says what rate it carries to one destination under the "
		"tcp_tw_reuse in force, and whether open files run out before ports do. Changes "
		"nothing.",
	.examples = "  ephemport range check 1024-65535\n"
		    "  ephemport range check 49152-65535 --rate 500 --hold 2s --to 10.0.0.2:80\n"
		    "  ephemport range check --import capture.txt\n",
	.groups = check_groups,
	.run = check_command,
	.max_args = 2,
};
