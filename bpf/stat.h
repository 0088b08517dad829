/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `stat` keeps in the kernel: one cell for each kind of outcome and, with --by, for each key.
 * Included by both sides.
 *
 * The first STAT_SLOTS cells belong to the outcomes, found by arithmetic alone. Without --by they
 * are all there is; with --by they are the row "other", which takes what finds no cell of its own.
 * Cells of keys follow, in the order in which they were first seen.
 *
 * The counts only ever go up, so that a reader needs no lock: it reads, and subtracts what it read
 * before. How many allocations a cell has is the sum of its latency buckets, and how many of them
 * have an unknown `examined` is that less the sum of the examined buckets; no counter of either.
 */
#ifndef EPHEMPORT_STAT_H
#define EPHEMPORT_STAT_H

#include <linux/types.h>

#include "event.h"
#include "hist.h"

enum stat_by {
	BY_NONE = 0,
	BY_COMM,
	BY_DADDR,
	BY_TUPLE,
	BY_CGROUP,
	BY_NETNS,
	BY_UID,
	BY_COUNT,
};

enum stat_pass {
	STAT_PASS_FIRST = 0,
	STAT_PASS_SECOND = 1,
	STAT_PASS_UNKNOWN = 2,
	STAT_PASS_COUNT,
};

/* The classes that an outcome is sorted into. What none of them names is counted as other. */
enum stat_proto {
	STAT_TCP,
	STAT_UDP,
	STAT_UDPLITE,
	STAT_DCCP,
	STAT_MPTCP,
	STAT_PROTO_OTHER,
	STAT_PROTO_COUNT
};
enum stat_error {
	STAT_OK,
	STAT_EADDRNOTAVAIL,
	STAT_EADDRINUSE,
	STAT_EAGAIN,
	STAT_ENOMEM,
	STAT_ERROR_OTHER,
	STAT_ERROR_COUNT
};

/* connect has a kind for each enum stat_pass, every other path one. */
enum { STAT_KIND_COUNT = STAT_PASS_COUNT + PATH_COUNT - 1 };

/* The cell of an outcome. */
#define STAT_SLOT(kind, proto, v6, error) \
	((((kind)*STAT_PROTO_COUNT + (proto)) * 2 + (v6)) * STAT_ERROR_COUNT + (error))

enum {
	STAT_SLOTS = STAT_KIND_COUNT * STAT_PROTO_COUNT * 2 * STAT_ERROR_COUNT,
	STAT_EXAMINED_BUCKETS = HIST_BUCKETS_OF(17), /* a range has at most 65535 ports */
	STAT_BY_WORDS = 10,
};

/*
 * What --by groups by, in the first words of `by`: comm (4 words), daddr (4, IPv4 as v4-mapped, all
 * 0 where unknown), tuple (daddr 4, saddr 4, netns, dport in network order), cgroup (2: the id),
 * netns (1), uid (1). The rest is 0 and no part of the maps' keys.
 */
struct stat_key {
	__u32 slot;
	__u32 by[STAT_BY_WORDS];
};

struct stat_cell {
	struct stat_key key; /* of cells from STAT_SLOTS on */
	__u32 pad;
	__u64 latency_sum;
	__u64 latency_max; /* since user space last took it (set to 0) */
	__u64 examined_sum;
	__u64 examined_max;
	__u64 latency[HIST_BUCKETS];
	__u64 examined[STAT_EXAMINED_BUCKETS];
};

/* In the programs' .data.stat. */
struct stat_state {
	__u32 next;	 /* cells given to keys so far, some of them perhaps in vain */
	__u32 keys_full; /* every further key goes to "other" */
};

_Static_assert(sizeof(struct stat_key) == 44, "no holes");
_Static_assert(sizeof(struct stat_cell) == 6608, "no holes");

#endif
