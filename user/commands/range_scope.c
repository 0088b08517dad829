// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "commands/range_scope.h"
#include "range/change.h"
#include "range/state.h"

const struct option_spec range_common_specs[2] = {
	{ .name = "netns",
	  .arg = "PID|PATH|all",
	  .parse = parse_string,
	  .help = "the network namespace of a process, of a file as /run/netns/NAME, or all that "
		  "processes and bind mounts keep alive; without it the current one",
	  .offset = offsetof(struct range_common, netns) },
	{ .name = "json",
	  .help = "one JSON object a line",
	  .parse = parse_flag,
	  .offset = offsetof(struct range_common, json) },
};

int parse_range(const struct option_spec *spec, const char *value, void *dest, char *why,
		size_t why_len)
{
	struct reason reason;
	int error = range_parse(value, dest, &reason);

	(void)spec;
	if (error)
		snprintf(why, why_len, "%s", reason.text);
	return error;
}

int range_fail(const struct command *command, int error, const struct reason *why)
{
	char title[COMMAND_TITLE_LEN];

	message_error("%s: %s", command_title(title, command), why->text);
	switch (error) {
	case -EPERM:
	case -EACCES:
	case -EROFS:
		return EXIT_UNSUPPORTED;
	case -EINVAL:
		return EXIT_USAGE;
	}
	return EXIT_ERROR;
}

int range_words(const struct command *command, int count, char **words, struct port_range *range)
{
	char title[COMMAND_TITLE_LEN], text[256] = "";
	struct reason why;

	command_title(title, command);
	if (!count) {
		message_error("%s: which range? As 'ephemport %s 49152-65535'", title, title);
		return EXIT_USAGE;
	}
	for (int i = 0; i < count; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", words[i]);
	}
	if (range_parse(text, range, &why)) {
		message_error("%s: '%s' is no range: %s", title, text, why.text);
		return EXIT_USAGE;
	}
	return 0;
}

struct place_job {
	struct range_scope *scope;
	struct range_place *place;
	struct reason *why;
};

static int place_read(void *arg)
{
	struct place_job *job = arg;
	struct range_place *place = job->place;
	struct reason no_sockets;
	int error = settings_read(&place->settings, job->why);

	if (error)
		return error;
	/* The probes first: their sockets are gone when the others are listed. */
	if (job->scope->probe_times)
		probe_run(job->scope->probe_range, job->scope->probe_times, place->probes);
	if (job->scope->want_sockets)
		place->has_sockets = !sockets_read(&place->sockets, &no_sockets);
	return 0;
}

int range_scope_select(const struct command *command, const char *netns, struct range_scope *scope)
{
	struct reason why = { "" };
	int error = netns_select(netns, &scope->namespaces, &why);

	return error ? range_fail(command, error, &why) : 0;
}

int range_scope_open(const struct command *command, const char *netns, struct range_scope *scope)
{
	struct reason why = { "" };
	int error = scope->namespaces.count ? 0 : netns_select(netns, &scope->namespaces, &why);

	if (!error && scope->want_sockets && owners_read(&scope->owners))
		error = reason_set(&why, -ENOMEM, "out of memory");
	if (!error) {
		scope->places = calloc(scope->namespaces.count, sizeof(*scope->places));
		if (!scope->places)
			error = reason_set(&why, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; scope->places && i < scope->namespaces.count && !error; i++) {
		struct place_job job = { scope, &scope->places[i], &why };

		job.place->netns = &scope->namespaces.items[i];
		error = netns_run(job.place->netns, place_read, &job, &why);
	}
	if (error)
		return range_fail(command, error, &why);
	if (netns && !strcmp(netns, "all") && scope->namespaces.hidden)
		message_warn(
			"%zu processes may not be looked into: namespaces of theirs may be missing; "
			"it takes root",
			scope->namespaces.hidden);
	return 0;
}

void range_scope_free(struct range_scope *scope)
{
	for (size_t i = 0; scope->places && i < scope->namespaces.count; i++)
		sockets_free(&scope->places[i].sockets);
	free(scope->places);
	owners_free(&scope->owners);
	netns_list_free(&scope->namespaces);
}

/* The notes of killed runs: those without any namespace that still has what they set are over. */
struct leftovers {
	struct netns_list all;
	bool looked;
	char path[512]; /* of the note whose entries are being visited */
	bool in_force;
};

static void leftover_forget(struct leftovers *leftovers)
{
	if (*leftovers->path && !leftovers->in_force)
		unlink(leftovers->path);
	leftovers->path[0] = '\0';
	leftovers->in_force = false;
}

static void leftover_say(const struct state_entry *entry, const struct netns *netns, bool host_pids)
{
	char label[NETNS_LABEL_LEN], old[RANGE_TEXT_LEN], set[RANGE_TEXT_LEN];

	netns_label(label, netns, host_pids);
	range_format(old, entry->old, RANGE_PLAIN);
	range_format(set, entry->set, RANGE_PLAIN);
	if (entry->running) {
		message_note("%s: %s is temporary: process %d brings %s back", label, set,
			     entry->pid, old);
		return;
	}
	message_note(
		"%s: %s was left by %s 'range set' (process %d, killed); to restore %s: ephemport "
		"range set %s --force%s%s",
		label, set, entry->kind == STATE_TEMPORARY ? "a temporary" : "an unfinished",
		entry->pid, old, old, netns->current ? "" : " --netns ",
		netns->current ? "" : netns->path);
}

static int leftover_visit(const struct state_entry *entry, void *arg)
{
	struct leftovers *leftovers = arg;
	struct reason why;
	struct port_range now;
	bool found = false;

	if (strcmp(entry->path, leftovers->path))
		leftover_forget(leftovers);
	snprintf(leftovers->path, sizeof(leftovers->path), "%s", entry->path);
	if (!leftovers->looked && netns_select("all", &leftovers->all, &why))
		leftovers->in_force = true; /* unknown: leave the note */
	leftovers->looked = true;
	if (entry->running)
		leftovers->in_force = true;
	for (size_t i = 0; i < leftovers->all.count; i++) {
		const struct netns *netns = &leftovers->all.items[i];

		if (netns->inode != entry->netns)
			continue;
		found = true;
		if (change_read(netns, &now, &why) || !range_equal(now, entry->set))
			continue;
		leftovers->in_force = true;
		leftover_say(entry, netns, leftovers->all.host_pids);
	}
	/* It may be that of a process that we may not look into. */
	if (!found && leftovers->all.hidden)
		leftovers->in_force = true;
	return 0;
}

void range_leftovers(void)
{
	struct leftovers leftovers = { 0 };

	state_each(leftover_visit, &leftovers);
	leftover_forget(&leftovers);
	netns_list_free(&leftovers.all);
}
