/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands under 'range' share: the namespaces meant, and what was read in each. */
#ifndef EPHEMPORT_COMMANDS_RANGE_SCOPE_H
#define EPHEMPORT_COMMANDS_RANGE_SCOPE_H

#include "cli/options.h"
#include "range/netns.h"
#include "range/probe.h"
#include "range/sockets.h"
#include "range/sysctl.h"

extern const struct command command_range_show;
extern const struct command command_range_set;
extern const struct command command_range_unset;
extern const struct command command_range_verify;
extern const struct command command_range_check;
extern const struct command command_range_watch;
extern const struct command command_range_import;

/* --netns and --json, with the group that fills them. */
struct range_common {
	const char *netns;
	bool json;
};

extern const struct option_spec range_common_specs[2];
#define RANGE_COMMON_GROUP(base) OPTION_GROUP("Where and how", range_common_specs, base)

/* One namespace. */
struct range_place {
	const struct netns *netns;
	struct range_settings settings;
	struct socket_list sockets;
	bool has_sockets;
	struct probe_result probes[PROBE_WAYS];
};

struct range_scope {
	struct netns_list namespaces;
	struct range_place *places; /* one for each */
	struct owner_list owners;
	/* What is asked for. */
	bool want_sockets;
	unsigned int probe_times; /* 0: none */
	struct port_range probe_range;
};

/*
 * Only finds the namespaces and keeps them open, for who reads what is in them later: a process may
 * be gone by then, its namespace is not. 0, or an exit status after a message.
 */
int range_scope_select(const struct command *command, const char *netns, struct range_scope *scope);
/* Fills @scope. 0, or an exit status after a message. The caller frees it in either case. */
int range_scope_open(const struct command *command, const char *netns, struct range_scope *scope);
void range_scope_free(struct range_scope *scope);

/* "ephemport: range set: WHY", and the status that fits @error. */
int range_fail(const struct command *command, int error, const struct reason *why);

/* The words @args are one range, quoted or not. 0, or EXIT_USAGE after a message. */
int range_words(const struct command *command, int count, char **words, struct port_range *range);

/* Says on stderr what killed runs left behind, and forgets what is over. */
void range_leftovers(void);

/* Option type: a range in a struct port_range. */
int parse_range(const struct option_spec *spec, const char *value, void *dest, char *why,
		size_t why_len);

#endif
