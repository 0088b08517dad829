/* SPDX-License-Identifier: GPL-2.0-only */
/* What stat of the running kernel and stat of a recording share. */
#ifndef EPHEMPORT_COMMANDS_STAT_FROM_H
#define EPHEMPORT_COMMANDS_STAT_FROM_H

#include "commands/from.h"
#include "render/stat.h"

struct stat_options {
	struct live_options live;
	const char *from;
	uint64_t interval_ns, count; /* 0: none */
	uint64_t keys;
	enum stat_by by;
	bool hist, json;
};

/* One table as the options want it, sorted: 0 or a negative errno. */
int stat_print(const struct stat_options *options, struct stat_table *table,
	       const struct stat_span *span);
/* The table of all and the counts in @summary, to which it adds that table. */
int stat_totals(const struct stat_options *options, struct stat_table *total,
		const struct stat_span *span, struct summary *summary);
/* A sink that says on stderr what could not be counted. */
struct sink stat_loss_note(void);

/* stat --from: the exit status. */
int stat_from(const struct stat_options *options);

#endif
