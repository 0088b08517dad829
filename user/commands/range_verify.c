// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range verify: the proof that a range is in force, now and after the next boot. */
#include <errno.h>
#include <stdio.h>

#include "cli/message.h"
#include "commands/range_scope.h"
#include "render/range_view.h"

struct verify_options {
	struct range_common common;
	uint64_t times;
	bool no_probe, boot;
};

enum { PROBE_TIMES = 4, PROBE_TIMES_MAX = 64 };

static int parse_times(const struct option_spec *spec, const char *value, void *dest, char *why,
		       size_t why_len)
{
	return value ? parse_uint(spec, value, dest, why, why_len) : 0;
}

static const struct option_spec verify_specs[] = {
	{ .name = "probe",
	  .arg = "N",
	  .optional_arg = true,
	  .parse = parse_times,
	  .min = 1,
	  .max = PROBE_TIMES_MAX,
	  .help = "allocate N ports on each way (4; this is done without the option, too)",
	  .offset = offsetof(struct verify_options, times) },
	{ .name = "no-probe",
	  .parse = parse_flag,
	  .help = "allocate no port, compare values alone",
	  .offset = offsetof(struct verify_options, no_probe) },
	{ .name = "boot",
	  .parse = parse_flag,
	  .help = "also what files give at the next boot, by systemd-sysctl and sysctl --system",
	  .offset = offsetof(struct verify_options, boot) },
};

static const struct option_group verify_groups[] = {
	OPTION_GROUP("What is checked", verify_specs, 0),
	RANGE_COMMON_GROUP(offsetof(struct verify_options, common)),
	{ 0 },
};

static int verify_place(const struct range_scope *scope, const struct range_place *place,
			struct port_range expected, struct verify_report *report)
{
	struct verify_netns subject = {
		.netns = place->netns,
		.host_pids = scope->namespaces.host_pids,
		.live = place->settings.range,
		.probes = scope->probe_times ? place->probes : NULL,
		.sockets = place->has_sockets ? &place->sockets : NULL,
		.owners = &scope->owners,
	};
	int error = verify_live(report, &subject, expected);

	if (!error && subject.probes)
		error = verify_probes(report, &subject);
	return error ? error : verify_holders(report, &subject, expected);
}

static int verify_files(const struct range_scope *scope, struct port_range expected,
			struct verify_report *report, struct reason *why)
{
	struct boot_result boot;
	int error = 0;

	for (int i = 0; i < BOOT_READERS && !error; i++) {
		error = boot_evaluate((enum boot_reader)i, "", NULL,
				      scope->places[0].settings.unprivileged_start, &boot, why);
		if (!error)
			error = verify_boot(report, (enum boot_reader)i, &boot, expected);
	}
	return error;
}

static int verify_all(const struct command *self, const struct verify_options *options,
		      const struct range_scope *scope, struct port_range expected)
{
	struct verify_report report = { 0 };
	struct reason why = { "out of memory" };
	int status, error = 0;

	for (size_t i = 0; i < scope->namespaces.count && !error; i++)
		error = verify_place(scope, &scope->places[i], expected, &report);
	if (!error && options->boot)
		error = verify_files(scope, expected, &report, &why);
	if (error) {
		status = range_fail(self, error, &why);
	} else {
		(options->common.json ? range_json_verify : range_text_verify)(stdout, &report);
		status = verify_failed(&report) ? EXIT_NO : EXIT_DONE;
	}
	verify_free(&report);
	return status;
}

static int verify_run(const struct command *self, int argc, char **argv)
{
	struct verify_options options = { .times = PROBE_TIMES };
	struct range_scope scope = { .want_sockets = true };
	struct arguments args;
	int status = options_parse(self, argc, argv, &options, &args);

	if (status || args.help)
		return status;
	status = range_words(self, args.count, args.values, &scope.probe_range);
	if (status)
		return status;
	scope.probe_times = options.no_probe ? 0 : (unsigned int)options.times;
	status = range_scope_open(self, options.common.netns, &scope);
	if (!status)
		status = verify_all(self, &options, &scope, scope.probe_range);
	range_scope_free(&scope);
	return status;
}

const struct command command_range_verify = {
	.name = "verify",
	.parent = "range",
	.args = "RANGE",
	.summary = "proves that the range is in force where the workload runs: status 4 if not",
	.description =
		"One line a check. The value in force in each namespace; real allocations under "
		"it, on each way to a port: connect, bind and listen of TCP, bind and autobind of "
		"UDP, IPv4 and IPv6, closed at once and without a packet; with --boot what files "
		"give at the next boot. Sockets that still have a port outside are told and no "
		"failure: they were opened before the change, or bound to it by name.",
	.examples = "  ephemport range verify 49152-65535\n"
		    "  ephemport range verify 49152-65535 --netns all --boot\n"
		    "  ephemport range verify start=49152 num=16384 --netns 4211 --json\n",
	.groups = verify_groups,
	.run = verify_run,
	.max_args = 2,
};
