/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel side keeps for itself in global variables. Here because the skeletons name it. */
#ifndef EPHEMPORT_STATE_H
#define EPHEMPORT_STATE_H

#include <linux/types.h>

/* Which namespaces' reserved ports user space has been told, as of which write of any of them. */
struct reserved_told {
	__u64 cookie;
	__u32 epoch;
	__u32 any; /* for counts in the kernel: whether it reserves any */
};

/*
 * Who else searches from the same slot of table_perturb. A success adds to the slot; one that comes
 * between our reading and the kernel's shifts the start that we reckon with, and the readings alone
 * do not show it. Slots share a watch now and then: then a search is called contended that was not.
 */
struct watch {
	__u32 users;  /* searches under way */
	__u32 writes; /* successes so far */
};

#endif
