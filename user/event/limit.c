// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "event/limit.h"

static int limit_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct limit_sink *limit = (struct limit_sink *)sink;

	if (limit->until_ns && allocation->start_ns >= limit->until_ns)
		limit->ended_ns = limit->until_ns;
	else if (limit->left && !--limit->left)
		limit->ended_ns = allocation->start_ns + allocation->latency_ns;
	return limit->ended_ns ? -ECANCELED : 0;
}

struct limit_sink limit_sink_count(uint64_t count)
{
	return (struct limit_sink){ .sink = { .allocation = limit_allocation }, .left = count };
}

struct limit_sink limit_sink_until(uint64_t mono_ns)
{
	return (struct limit_sink){ .sink = { .allocation = limit_allocation },
				    .until_ns = mono_ns };
}
