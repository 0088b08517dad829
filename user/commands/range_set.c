// SPDX-License-Identifier: GPL-2.0-only
/* ephemport range set: changes the range in force, for good, for a while or for one command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "commands/range_check.h"
#include "commands/range_hold.h"
#include "range/change.h"
#include "range/persist.h"
#include "range/state.h"
#include "render/range_view.h"

struct set_options {
	struct range_common common;
	const char *persist; /* NULL: not; "": the drop-in */
	uint64_t for_ns;
	bool dry_run, force;
};

static const struct option_spec set_specs[] = {
	{ .name = "persist",
	  .arg = "FILE",
	  .optional_arg = true,
	  .parse = parse_string,
	  .help = "also for the next boot: in a drop-in of /etc/sysctl.d, or in FILE, where the line "
		  "that sets it is changed in place and all else stays",
	  .offset = offsetof(struct set_options, persist) },
	{ .name = "for",
	  .arg = "DURATION",
	  .parse = parse_duration,
	  .help = "for a while: waits, then brings the old range back",
	  .offset = offsetof(struct set_options, for_ns) },
	{ .name = "dry-run",
	  .parse = parse_flag,
	  .help = "say what would be done, and do nothing",
	  .offset = offsetof(struct set_options, dry_run) },
	{ .name = "force",
	  .parse = parse_flag,
	  .help = "set it in spite of what 'range check' warns of",
	  .offset = offsetof(struct set_options, force) },
};

static const struct option_group set_groups[] = {
	OPTION_GROUP("How", set_specs, 0),
	RANGE_COMMON_GROUP(offsetof(struct set_options, common)),
	{ 0 },
};

/* One run. */
struct set {
	const struct command *self;
	struct set_options options;
	struct port_range range;
	char **command; /* behind "--", NULL for none */
	struct range_scope scope;
	struct port_range *old; /* one for each namespace */
	struct persist persist;
	sigset_t signals; /* the mask before hold_begin() */
	bool noted;	  /* state_write() */
};

static bool set_is_temporary(const struct set *set)
{
	return set->command || set->options.for_ns;
}

/* The standard output of a command that we run is the command's. */
static FILE *set_out(const struct set *set)
{
	return set->command ? stderr : stdout;
}

/* What check says of @range in one place; warnings are said where @say. */
static int set_lint(const struct set *set, const struct range_place *place, struct port_range range,
		    bool say, enum check_level *worst)
{
	struct check_input input = range_check_input(&set->scope, place, range);
	struct check_report report;
	char label[NETNS_LABEL_LEN];
	int error = check_run(&input, &report);

	netns_label(label, place->netns, set->scope.namespaces.host_pids);
	for (size_t i = 0; i < report.count; i++) {
		const struct finding *finding = &report.items[i];

		if (finding->level > *worst)
			*worst = finding->level;
		if (say && finding->level == CHECK_REFUSED)
			message_error("range set: %s: %s", label, finding->text);
		else if (say && finding->level == CHECK_WARN)
			message_warn("%s: %s", label, finding->text);
	}
	check_free(&report);
	return error;
}

static int set_check(const struct set *set)
{
	enum check_level worst = CHECK_NOTE;

	for (size_t i = 0; i < set->scope.namespaces.count; i++)
		if (set_lint(set, &set->scope.places[i], set->range, true, &worst))
			return EXIT_ERROR;
	if (worst == CHECK_REFUSED)
		return EXIT_USAGE;
	if (worst == CHECK_WARN && !set->options.force) {
		message_error("range set: nothing is changed; --force sets it all the same");
		return EXIT_USAGE;
	}
	return 0;
}

static void set_show(const struct set *set, bool planned)
{
	for (size_t i = 0; i < set->scope.namespaces.count; i++) {
		struct range_change_view view = { set->scope.places[i].netns,
						  set->scope.namespaces.host_pids, set->old[i],
						  set->range, planned };

		(set->options.common.json ? range_json_change : range_text_change)(set_out(set),
										   &view);
	}
	fflush(set_out(set));
}

/* What the way back to @range there needs to be taken. */
static const char *set_forced(const struct set *set, const struct range_place *place,
			      struct port_range range)
{
	enum check_level worst = CHECK_NOTE;

	set_lint(set, place, range, false, &worst);
	return worst > CHECK_NOTE ? " --force" : "";
}

static void set_show_way_back_at_boot(const struct set *set)
{
	const char *file = set->options.persist, *equals = *file ? "=" : "";
	const struct persist *persist = &set->persist;
	char range[RANGE_TEXT_LEN];
	struct port_range was;
	struct reason why;

	if (!*persist->was) {
		message_note("and at boot: ephemport range unset --persist%s%s", equals, file);
	} else if (range_parse(persist->was, &was, &why)) {
		message_note("and at boot: put '%s' back, which %s:%u said", persist->was,
			     persist->path, persist->line);
	} else if (range_equal(was, set->range)) {
		message_note("and at boot: nothing to take back, %s:%u said so before",
			     persist->path, persist->line);
	} else {
		range_format(range, was, RANGE_PLAIN);
		message_note(
			"and at boot: ephemport range set %s --persist%s%s%s, which %s:%u said",
			range, equals, file, set_forced(set, &set->scope.places[0], was),
			persist->path, persist->line);
	}
}

static void set_show_way_back(const struct set *set)
{
	for (size_t i = 0; i < set->scope.namespaces.count; i++) {
		const struct netns *netns = set->scope.places[i].netns;
		char old[RANGE_TEXT_LEN];

		range_format(old, set->old[i], RANGE_PLAIN);
		message_note("to go back: ephemport range set %s%s%s%s", old,
			     netns->current ? "" : " --netns ", netns->current ? "" : netns->path,
			     set_forced(set, &set->scope.places[i], set->old[i]));
	}
	if (set->options.persist)
		set_show_way_back_at_boot(set);
}

/* What both readers make of the files with ours as it is or will be. */
static int set_show_boot(const struct set *set)
{
	struct boot_overlay overlay = persist_overlay(&set->persist);
	struct boot_result boot;
	struct reason why;

	fprintf(set->options.common.json ? stderr : stdout, "%s:%u sets it%s\n", set->persist.path,
		set->persist.line, set->options.dry_run ? "  (planned)" : "");
	for (int i = 0; i < BOOT_READERS; i++) {
		const char *reader = boot_reader_name((enum boot_reader)i);
		char text[RANGE_TEXT_LEN];

		if (boot_evaluate((enum boot_reader)i, "", &overlay,
				  set->scope.places[0].settings.unprivileged_start, &boot, &why))
			return range_fail(set->self, -ENOMEM, &why);
		range_format(text, boot.range, RANGE_PLAIN);
		if (range_equal(boot.range, set->range))
			continue;
		if (*boot.file)
			message_warn("%s will still give %s: %s:%u wins over %s", reader, text,
				     boot.file, boot.line, set->persist.path);
		else
			message_warn("%s will still give %s: it does not read %s%s%s", reader, text,
				     set->persist.path, *boot.refused.text ? "; " : "",
				     boot.refused.text);
	}
	return 0;
}

static int set_note(struct set *set, struct reason *why)
{
	enum state_kind kind = set_is_temporary(set) ? STATE_TEMPORARY : STATE_UNFINISHED;
	int error;

	/* One write to one namespace is whole by itself. */
	if (!set_is_temporary(set) && !set->options.persist && set->scope.namespaces.count == 1)
		return 0;
	error = state_write(kind, &set->scope.namespaces, set->range, set->old, why);
	set->noted = !error;
	if (error && !set_is_temporary(set)) {
		message_note("%s: if this run is killed, nothing will tell of it", why->text);
		return 0;
	}
	return error;
}

/* Takes the runtime and the file back to what they were, and says in @why how that went. */
static void set_undo(struct set *set, struct reason *why)
{
	struct reason undo = { "" };
	size_t left;

	if (persist_undo(&set->persist, &undo))
		reason_add(why, "; and the old file did not come back: %s", undo.text);
	if (change_undo(&set->scope.namespaces, set->scope.namespaces.count, set->range, set->old,
			&left, &undo))
		reason_add(why, "; and the old range did not come back everywhere: %s", undo.text);
	else
		reason_add(why, "; the old range is back in force");
}

/* All of it or nothing. The order: what can fail for lack of space first, what counts last. */
static int set_apply(struct set *set, struct reason *why)
{
	int error = set_note(set, why);

	if (!error && set->options.persist)
		error = persist_prepare(&set->persist, why);
	if (!error)
		error = change_apply(&set->scope.namespaces, set->range, set->old, why);
	else
		reason_add(why, "; nothing is changed");
	if (error || !set->options.persist)
		return error;
	error = persist_commit(&set->persist, why);
	if (error)
		set_undo(set, why);
	return error;
}

static int set_restore(struct set *set)
{
	struct reason why = { "" };
	char title[COMMAND_TITLE_LEN];
	size_t left;
	int error = change_undo(&set->scope.namespaces, set->scope.namespaces.count, set->range,
				set->old, &left, &why);

	command_title(title, set->self);
	if (left)
		message_warn("%zu namespaces keep a range that somebody else set meanwhile", left);
	if (error) {
		message_error(
			"%s: the old range did not come back: %s; 'ephemport range show' tells "
			"how to restore it",
			title, why.text);
		return EXIT_ERROR;
	}
	if (!left)
		message_note("the old range is back in force");
	state_remove();
	return 0;
}

static int set_hold(struct set *set)
{
	int status = EXIT_DONE, restored;

	if (set->command)
		status = hold_command(set->command, &set->signals);
	else
		hold_for(set->options.for_ns);
	restored = set_restore(set);
	return restored ? restored : status;
}

static int set_execute(struct set *set)
{
	struct reason why = { "" };
	int status = EXIT_DONE, error;

	hold_begin(&set->signals);
	error = set_apply(set, &why);
	if (error) {
		if (set->noted)
			state_remove();
		status = range_fail(set->self, error == -EINVAL ? -EIO : error, &why);
	} else {
		set_show(set, false);
		if (set->options.persist)
			status = set_show_boot(set);
		if (set_is_temporary(set))
			status = set_hold(set);
		else
			set_show_way_back(set);
		if (set->noted && !set_is_temporary(set))
			state_remove();
	}
	hold_end(&set->signals);
	return status;
}

static int set_plan(struct set *set)
{
	struct reason why;
	int error;

	set->old = calloc(set->scope.namespaces.count, sizeof(*set->old));
	if (!set->old)
		return range_fail(set->self, -ENOMEM, &(struct reason){ "out of memory" });
	for (size_t i = 0; i < set->scope.namespaces.count; i++)
		set->old[i] = set->scope.places[i].settings.range;
	if (!set->options.persist)
		return 0;
	error = persist_plan_set(*set->options.persist ? set->options.persist : NULL, set->range,
				 set->scope.places[0].settings.unprivileged_start, &set->persist,
				 &why);
	return error ? range_fail(set->self, error, &why) : 0;
}

static int set_open(struct set *set)
{
	int status = range_scope_open(set->self, set->options.common.netns, &set->scope);

	if (!status)
		status = set_check(set);
	if (!status)
		status = set_plan(set);
	if (status || !set->options.dry_run)
		return status;
	set_show(set, true);
	return set->options.persist ? set_show_boot(set) : 0;
}

/* getopt moves words about and forgets where "--" stood. */
static int command_split(int *argc, char **argv, char ***command)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		if (i + 1 == *argc) {
			message_error("range set: which command? As '-- wrk http://10.0.0.2/'");
			return EXIT_USAGE;
		}
		*command = argv + i + 1;
		*argc = i;
		argv[i] = NULL;
		return 0;
	}
	return 0;
}

static int set_conflict(const struct set *set)
{
	if (set->command && set->options.for_ns) {
		message_error("range set: --for or a command, not both: both end by themselves");
		return EXIT_USAGE;
	}
	if (set_is_temporary(set) && set->options.persist) {
		message_error("range set: --persist is for good, --for and a command for a while: "
			      "not both");
		return EXIT_USAGE;
	}
	return 0;
}

static int set_run(const struct command *self, int argc, char **argv)
{
	struct set set = { .self = self, .scope = { .want_sockets = true } };
	struct arguments args;
	int status = command_split(&argc, argv, &set.command);

	if (!status)
		status = options_parse(self, argc, argv, &set.options, &args);
	if (status || args.help)
		return status;
	status = range_words(self, args.count, args.values, &set.range);
	if (!status)
		status = set_conflict(&set);
	if (status)
		return status;
	status = set_open(&set);
	if (!status && !set.options.dry_run)
		status = set_execute(&set);
	persist_free(&set.persist);
	free(set.old);
	range_scope_free(&set.scope);
	return status;
}

const struct command command_range_set = {
	.name = "set",
	.parent = "range",
	.args = "RANGE [-- COMMAND]",
	.summary = "changes the range: now, for the next boot, for a while, or for one command",
	.description =
		"Checks what the kernel would refuse, and what 'range check' warns of (--force "
		"goes past that); then writes, reads back and compares. Several namespaces are "
		"all changed or none. On any failure what was done is undone, and the message says "
		"so.\n\n"
		"With --for or a command the old range comes back at the end, also after a signal "
		"or a crash of the command, whose status is returned; what SIGKILL leaves behind is "
		"told by 'range show'. The command runs in the current namespace.",
	.examples = "  ephemport range set 49152-65535 --persist\n"
		    "  ephemport range set 49152-65535 --persist=/etc/sysctl.conf\n"
		    "  ephemport range set 20000-29999 --for 10m --netns 4211\n"
		    "  ephemport range set 10000-29999 -- wrk -c 20000 http://10.0.0.2/\n",
	.groups = set_groups,
	.run = set_run,
	.max_args = 2,
};
