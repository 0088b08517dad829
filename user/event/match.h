/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters of struct config on a record in user space: what bpf/filter.h does in the kernel. */
#ifndef EPHEMPORT_EVENT_MATCH_H
#define EPHEMPORT_EVENT_MATCH_H

#include "config.h" /* bpf/ */
#include "event/stream.h"

/*
 * Whether @config lets the allocation pass: paths and all filters but FILTER_CGROUP, as a record
 * does not know what is above its cgroup.
 */
bool match_allocation(const struct config *config, const struct allocation *allocation);
/* The same of a change in @netns: of the filters only that on the namespace holds for those. */
bool match_change(const struct config *config, uint32_t netns);

#endif
