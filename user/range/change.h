/* SPDX-License-Identifier: GPL-2.0-only */
/* Setting the range in force, in several namespaces or none. */
#ifndef EPHEMPORT_RANGE_CHANGE_H
#define EPHEMPORT_RANGE_CHANGE_H

#include "range/netns.h"
#include "range/range.h"

/*
 * Writes @range in each of @namespaces, reads it back and compares. On a failure all that was done
 * is undone, and the reason says whether that worked. @old (one for each) must hold what is in
 * force.
 */
int change_apply(const struct netns_list *namespaces, struct port_range range,
		 const struct port_range *old, struct reason *why);

/*
 * Brings @old back in the first @count of @namespaces, but not where somebody has set another range
 * than @set since: that one stays, and *@left counts it. The first error is returned, after the
 * others were tried.
 */
int change_undo(const struct netns_list *namespaces, size_t count, struct port_range set,
		const struct port_range *old, size_t *left, struct reason *why);

int change_read(const struct netns *netns, struct port_range *range, struct reason *why);

#endif
