/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that ends the stream once enough has come. Put it last, so that all others have seen it.
 */
#ifndef EPHEMPORT_EVENT_LIMIT_H
#define EPHEMPORT_EVENT_LIMIT_H

#include "event/stream.h"

struct limit {
	struct sink sink;
	uint64_t left; /* 0: no limit */
};

/* Ends the stream with -ECANCELED at the allocation number @most; 0: never. */
struct limit limit_allocations(uint64_t most);
/* The same with changes: of the range, and of the reserved ports. */
struct limit limit_changes(uint64_t most);

#endif
