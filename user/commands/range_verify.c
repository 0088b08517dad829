// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range verify: the proof that a range is in force, now and after the next boot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "commands/range_scope.h"
#include "commands/range_traffic.h"
#include "measure/traffic_verdict.h"
#include "render/range_view.h"

struct verify_options {
	struct range_common common;
	struct live_options live;
	struct traffic_limit watch;
	uint64_t times; /* 0: --probe was not given */
	bool no_probe, boot;
};

enum { PROBE_TIMES = 4, PROBE_TIMES_MAX = 64 };

static int parse_times(const struct option_spec *spec, const char *value, void *dest, char *why,
		       size_t why_len)
{
	*(uint64_t *)dest = PROBE_TIMES;
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
	{ .name = "watch",
	  .arg = "DURATION|N",
	  .parse = parse_traffic_limit,
	  .help = "allocate none, but judge those that programs here make, for so long or so many; "
		  "it traces, so it takes root",
	  .offset = offsetof(struct verify_options, watch) },
	{ .name = "boot",
	  .parse = parse_flag,
	  .help = "also what files give at the next boot, by systemd-sysctl and sysctl --system",
	  .offset = offsetof(struct verify_options, boot) },
};

static const struct option_group verify_groups[] = {
	OPTION_GROUP("What is checked", verify_specs, 0),
	RANGE_COMMON_GROUP(offsetof(struct verify_options, common)),
	LIVE_TRACING_GROUP("Tracing, with --watch", offsetof(struct verify_options, live)),
	{ 0 },
};

static int verify_place(const struct range_scope *scope, const struct range_place *place,
			const struct traffic *traffic, struct verify_report *report)
{
	struct port_range expected = scope->probe_range;
	struct verify_netns subject = {
		.netns = place->netns,
		.host_pids = scope->namespaces.host_pids,
		.live = place->settings.range,
		.probes = scope->probe_times ? place->probes : NULL,
		.sockets = place->has_sockets ? &place->sockets : NULL,
		.owners = &scope->owners,
	};
	char where[NETNS_LABEL_LEN];
	int error = verify_live(report, &subject, expected);

	if (!error && subject.probes)
		error = verify_probes(report, &subject);
	if (!error && traffic) {
		netns_label(where, place->netns, scope->namespaces.host_pids);
		error = traffic_verdict(report, traffic, place->netns->inode, where);
	}
	return error ? error : verify_holders(report, &subject, expected);
}

static bool scope_has(const struct range_scope *scope, uint64_t inode)
{
	for (size_t i = 0; i < scope->namespaces.count; i++)
		if (scope->namespaces.items[i].inode == inode)
			return true;
	return false;
}

/* With --netns all: namespaces that came or went while we watched are judged, too. */
static int verify_gone(const struct range_scope *scope, const struct traffic *traffic,
		       struct verify_report *report)
{
	char where[NETNS_LABEL_LEN];
	int error = 0;

	for (size_t i = 0; i < traffic->count && !error; i++) {
		uint64_t inode = traffic->netns[i].inode;

		if (scope_has(scope, inode))
			continue;
		snprintf(where, sizeof(where), "netns %llu (gone)", (unsigned long long)inode);
		error = traffic_verdict(report, traffic, inode, where);
	}
	return error ? error : traffic_verdict_rest(report, traffic);
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
		      const struct range_scope *scope, const struct traffic *traffic)
{
	struct verify_report report = { 0 };
	struct reason why = { "out of memory" };
	int status, error = 0;

	for (size_t i = 0; i < scope->namespaces.count && !error; i++)
		error = verify_place(scope, &scope->places[i], traffic, &report);
	if (!error && traffic)
		error = verify_gone(scope, traffic, &report);
	if (!error && options->boot)
		error = verify_files(scope, scope->probe_range, &report, &why);
	if (error) {
		status = range_fail(self, error, &why);
	} else {
		(options->common.json ? range_json_verify : range_text_verify)(stdout, &report);
		status = verify_failed(&report) ? EXIT_NO : EXIT_DONE;
	}
	verify_free(&report);
	return status;
}

/*
 * Values and sockets are read behind the traffic, for the proof is of what is in force now. So are
 * the namespaces themselves where all are meant: they come and go.
 */
static int verify_watch(const struct command *self, const struct verify_options *options,
			struct range_scope *scope, struct traffic *traffic)
{
	const char *netns = options->common.netns;
	uint32_t *selected;
	int status;

	if (netns && !strcmp(netns, "all"))
		return range_traffic_watch(&options->live, &options->watch, traffic);
	status = range_scope_select(self, netns, scope);
	if (status)
		return status;
	selected = calloc(scope->namespaces.count, sizeof(*selected));
	if (!selected)
		return range_fail(self, -ENOMEM, &(struct reason){ "out of memory" });
	for (size_t i = 0; i < scope->namespaces.count; i++)
		selected[i] = (uint32_t)scope->namespaces.items[i].inode;
	traffic->selected = selected;
	traffic->selected_count = scope->namespaces.count;
	status = range_traffic_watch(&options->live, &options->watch, traffic);
	traffic->selected = NULL;
	free(selected);
	return status;
}

static int verify_run(const struct command *self, int argc, char **argv)
{
	struct verify_options options = { .live = LIVE_OPTIONS_INIT };
	struct range_scope scope = { .want_sockets = true };
	struct traffic traffic;
	struct arguments args;
	int status = options_parse(self, argc, argv, &options, &args);
	bool watch = options.watch.count || options.watch.duration_ns;

	if (status || args.help)
		return status;
	status = range_words(self, args.count, args.values, &scope.probe_range);
	if (!status && watch && options.times) {
		message_error("range verify: --watch and --probe are two ways to the same proof: "
			      "choose one");
		status = EXIT_USAGE;
	}
	if (status)
		return status;
	traffic = traffic_make(scope.probe_range);
	if (!watch && !options.no_probe)
		scope.probe_times = options.times ? (unsigned int)options.times : PROBE_TIMES;
	options.live.filter.show_explicit = options.live.named_all = true;
	if (watch)
		status = verify_watch(self, &options, &scope, &traffic);
	if (!status)
		status = range_scope_open(self, options.common.netns, &scope);
	if (!status)
		status = verify_all(self, &options, &scope, watch ? &traffic : NULL);
	range_scope_free(&scope);
	traffic_free(&traffic);
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
		"failure: they were opened before the change, or bound to it by name.\n\n"
		"With --watch the allocations are those that programs make anyhow: how many were "
		"inside, how many outside and why. Outside without a reason is a failure; a reason "
		"is the socket's own IP_LOCAL_PORT_RANGE, or a range that somebody changed while "
		"we watched. Where no allocation was seen that is said, and the value in force "
		"decides alone.",
	.examples = "  ephemport range verify 49152-65535\n"
		    "  ephemport range verify 49152-65535 --netns all --boot\n"
		    "  ephemport range verify 49152-65535 --watch 30s\n"
		    "  ephemport range verify start=49152 num=16384 --netns 4211 --json\n",
	.groups = verify_groups,
	.run = verify_run,
	.max_args = 2,
};
