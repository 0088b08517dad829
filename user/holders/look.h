/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feeds a run's measure with looks at the sockets of the namespaces in which it allocates. A sink
 * of the same stream: from it the namespaces and somebody who lives in each become known. No
 * namespace is kept alive between two looks.
 */
#ifndef EPHEMPORT_HOLDERS_LOOK_H
#define EPHEMPORT_HOLDERS_LOOK_H

#include "measure/run.h"

struct look_netns {
	uint32_t inode, pid;
};

struct looker {
	struct sink sink;
	struct run_measure *measure;
	struct look_netns netns[RUN_LISTS_MAX];
	size_t count;
	bool overflow;	  /* more namespaces than that */
	uint64_t next_ns; /* CLOCK_MONOTONIC: when the next look is due */
	uint64_t seen;	  /* allocations at the latest look: without more there is no more in use */
};

struct looker looker_make(struct run_measure *measure);

/*
 * Looks if it is time to: 20 times a second at most, and so rarely that looking takes no more than
 * a fiftieth of the time, however many sockets there are.
 */
void looker_poll(struct looker *looker, uint64_t now_ns);
/* The last look, at any cost: finds also namespaces whose processes have all ended. */
void looker_finish(struct looker *looker);

#endif
