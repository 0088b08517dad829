// SPDX-License-Identifier: GPL-2.0-only
#include "measure/summary.h"

static int summary_allocation(struct sink *sink, const struct allocation *allocation)
{
	struct summary *summary = (struct summary *)sink;

	summary->allocations++;
	summary->by_path[allocation->path]++;
	if (allocation->second_pass == KNOWN_YES)
		summary->second_pass++;
	if (!allocation->error) {
		summary->out_of_range += !allocation_in_range(allocation);
		return 0;
	}
	summary->failed++;
	if (allocation->error < SUMMARY_ERRNO_MAX)
		summary->by_errno[allocation->error]++;
	return 0;
}

static int summary_range_change(struct sink *sink, const struct range_change *change)
{
	(void)change;
	((struct summary *)sink)->range_changes++;
	return 0;
}

static int summary_reserved_change(struct sink *sink, const struct reserved_change *change)
{
	(void)change;
	((struct summary *)sink)->reserved_changes++;
	return 0;
}

static int summary_loss(struct sink *sink, const struct loss *loss)
{
	((struct summary *)sink)->lost += loss->count;
	return 0;
}

struct summary summary_make(void)
{
	return (struct summary){
		.sink = { .allocation = summary_allocation,
			  .range_change = summary_range_change,
			  .reserved_change = summary_reserved_change,
			  .loss = summary_loss },
	};
}
