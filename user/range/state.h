/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notes under /run of a change that is under way or to be taken back, so that what a killed process
 * left behind can be told and restored. One file a process; gone when the process ends well.
 */
#ifndef EPHEMPORT_RANGE_STATE_H
#define EPHEMPORT_RANGE_STATE_H

#include "range/netns.h"
#include "range/range.h"

#define STATE_DIR "/run/ephemport"

enum state_kind {
	STATE_TEMPORARY,  /* set --for, set -- COMMAND: the old range is to come back */
	STATE_UNFINISHED, /* set in several places: runtime, file, more than one namespace */
};

struct state_entry {
	pid_t pid; /* that wrote it */
	bool running;
	enum state_kind kind;
	uint64_t netns; /* inode */
	struct port_range old, set;
	char path[512]; /* of the note itself */
};

/* Writes the note of this process, whole or not at all. */
int state_write(enum state_kind kind, const struct netns_list *namespaces, struct port_range set,
		const struct port_range *old, struct reason *why);
void state_remove(void);

/*
 * Calls @visit for each namespace in each note; stops where it returns other than 0 and returns
 * that. No directory is no error.
 */
int state_each(int (*visit)(const struct state_entry *entry, void *arg), void *arg);

#endif
