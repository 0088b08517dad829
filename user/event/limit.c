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

static int limit_change(struct limit_sink *limit, uint64_t time_ns)
{
	if (limit->left && !--limit->left)
		limit->ended_ns = time_ns;
	return limit->ended_ns ? -ECANCELED : 0;
}

static int limit_range_change(struct sink *sink, const struct range_change *change)
{
	return limit_change((struct limit_sink *)sink, change->mono_ns);
}

static int limit_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	return limit_change((struct limit_sink *)sink, change->mono_ns);
}

struct limit_sink limit_sink_changes(uint64_t count)
{
	return (struct limit_sink){ .sink = { .range_change = limit_range_change,
					      .reserved_change = limit_reserved_change },
				    .left = count };
}

struct limit_sink limit_sink_until(uint64_t mono_ns)
{
	return (struct limit_sink){ .sink = { .allocation = limit_allocation },
				    .until_ns = mono_ns };
}
