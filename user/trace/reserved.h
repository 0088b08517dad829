/* SPDX-License-Identifier: GPL-2.0-only */
/* The reserved ports of each namespace, as the kernel side last told them. */
#ifndef EPHEMPORT_TRACE_RESERVED_H
#define EPHEMPORT_TRACE_RESERVED_H

#include <stddef.h>

#include "event.h"
#include "search/search.h"

struct reserved_ports {
	struct reserved_entry {
		uint32_t netns;
		struct search_reserved *ports;
	} * entries; /* by number, and only of namespaces that reserve any */
	size_t count;
};

/* 0 or -ENOMEM. */
int reserved_ports_set(struct reserved_ports *reserved, uint32_t netns, const __u64 bits[1024]);
/* NULL: nothing is reserved there. */
const struct search_reserved *reserved_ports_find(const struct reserved_ports *reserved,
						  uint32_t netns);
void reserved_ports_free(struct reserved_ports *reserved);

#endif
