/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many candidates a search examined, for the counts that are kept in the kernel (`stat`): the
 * plain case of the search model, nothing reserved, no random step, no rivals, and no UDP (the walk
 * through its hash slots has up to 256 turns: too much for the verifier). The whole model is
 * user/search/; tests/unit/test_examined.c holds the two against each other. No helper is called
 * here, so that the test can include it.
 */
#ifndef EPHEMPORT_EXAMINED_H
#define EPHEMPORT_EXAMINED_H

#include <asm/errno.h>
#include <linux/types.h>
#include <stdbool.h>

#include "config.h"
#include "event.h"

enum { EXAMINED_UNKNOWN = -1 };

/* One that is known to examine every port of the range. */
static inline __s32 connect_examined_all(__u32 low, __u32 high, bool scans_all)
{
	__u32 span = high + 1 - low;

	return (__s32)(scans_all || span == 1 ? span : span & ~1U);
}

static inline __s32 connect_examined(const struct event_search *search, enum connect_start start,
				     __u32 low, __u32 high, bool scans_all, __u32 port)
{
	__u32 step = scans_all ? 1 : 2, span = high + 1 - low, offset, first, away;
	__u32 gain = search->perturb_exit - search->perturb_entry - step;
	bool second = !scans_all && span > 1 && ((port - low) & 1);

	if (!(search->flags & SEARCH_PERTURB) || (search->flags & SEARCH_RIVALS) ||
	    !search->perturb_entry || search->step_width)
		return EXAMINED_UNKNOWN;
	if (!scans_all && span > 1)
		span &= ~1U;
	if (!span)
		return EXAMINED_UNKNOWN;
	offset = start == CONNECT_START_TABLE64 ? search->port_offset >> 32 :
						  (__u32)search->port_offset;
	offset = (search->perturb_entry + offset) % span;
	if (!scans_all)
		offset &= ~1U;
	first = low + offset + second;
	away = port >= first ? port - first : port + span - first;
	if (gain > 1U << 24 || gain < away)
		return EXAMINED_UNKNOWN;
	return (__s32)(away / step + 1 + (second ? span / 2 : 0));
}

/* Of a search of TCP or the like on @path that chose @port, or ended with @error. */
static inline __s32 search_examined(const struct event_search *search, enum alloc_path path,
				    enum connect_start start, __u32 low, __u32 high, bool scans_all,
				    __u32 port, __u16 error)
{
	if ((search->flags & SEARCH_SETTINGS_CHANGED) || error == ENOMEM || path == PATH_EXPLICIT)
		return EXAMINED_UNKNOWN;
	if (path != PATH_CONNECT)
		return (__s32)(search->refused + !error);
	return error ? connect_examined_all(low, high, scans_all) :
		       connect_examined(search, start, low, high, scans_all, port);
}

#endif
