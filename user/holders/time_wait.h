/* SPDX-License-Identifier: GPL-2.0-only */
/* The ports of a namespace that wait in TIME_WAIT for a destination, and until when. */
#ifndef EPHEMPORT_HOLDERS_TIME_WAIT_H
#define EPHEMPORT_HOLDERS_TIME_WAIT_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "util/reason.h"

struct time_wait_query {
	const struct in6_addr *addresses; /* of the destination; IPv4 is v4-mapped */
	size_t address_count;
	uint16_t port;
	double below_pct; /* clean is less than this share of the usable ports, or none at all */
};

struct time_wait_state {
	uint32_t usable; /* ports of the range less reserved and bound ones */
	/* Of the pair of addresses that has most: ports run out for each alone. */
	uint32_t count;
	struct in6_addr saddr, daddr;
	uint32_t last_ms;  /* until its last is gone */
	uint32_t clean_ms; /* until all pairs are clean, should no more come; 0: they are */
};

/* Of the caller's namespace. 0, or a negative errno with a reason. */
int time_wait_read(const struct time_wait_query *query, struct time_wait_state *state,
		   struct reason *why);

#endif
