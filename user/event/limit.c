// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "event/limit.h"

static int limit_count(struct sink *sink)
{
	struct limit *limit = (struct limit *)sink;

	return limit->left && !--limit->left ? -ECANCELED : 0;
}

static int limit_allocation(struct sink *sink, const struct allocation *allocation)
{
	(void)allocation;
	return limit_count(sink);
}

static int limit_range_change(struct sink *sink, const struct range_change *change)
{
	(void)change;
	return limit_count(sink);
}

static int limit_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	(void)change;
	return limit_count(sink);
}

struct limit limit_allocations(uint64_t most)
{
	return (struct limit){ { .allocation = limit_allocation }, most };
}

struct limit limit_changes(uint64_t most)
{
	return (struct limit){ { .range_change = limit_range_change,
				 .reserved_change = limit_reserved_change },
			       most };
}
