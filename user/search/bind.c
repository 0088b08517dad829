// SPDX-License-Identifier: GPL-2.0-only
/*
 * bind() to port 0 and listen(): inet_csk_find_open_port(), net/ipv4/inet_connection_sock.c, the
 * same algorithm from 5.10 to 7.3 (5.4 has no second round). Always two by two, also with
 * IP_LOCAL_PORT_RANGE; the parity that connect() does not begin with comes first.
 */
#include "search/pass.h"

/* What one stage walks: a half of the range, or all of it. */
struct stage {
	uint32_t low;
	uint32_t end;
};

static uint32_t stages_in_round(struct search_range range, bool can_reuse)
{
	return can_reuse && range.high + 1u - range.low >= 4 ? 2 : 1;
}

static struct stage stage_get(struct search_range range, bool can_reuse, uint32_t stage)
{
	struct stage whole = { range.low, range.high + 1u };
	uint32_t half = whole.low + ((whole.end - whole.low) >> 2 << 1);

	if (stages_in_round(range, can_reuse) == 1)
		return whole;
	return stage % 2 ? (struct stage){ half, whole.end } : (struct stage){ whole.low, half };
}

uint32_t search_bind_ceiling(struct search_range range, bool can_reuse, uint32_t stage)
{
	struct stage walk = stage_get(range, can_reuse, stage);

	if (stage >= 2 * stages_in_round(range, can_reuse))
		return 0;
	return search_pass_make(walk.low, walk.end, 2).span;
}

/* The two passes of a stage, in their order. */
static void stage_passes(struct stage walk, uint32_t draw, struct search_pass pass[2])
{
	struct search_pass any = search_pass_make(walk.low, walk.end, 2);

	pass[0] = search_pass_from(any, walk.low, draw | 1);
	pass[1] = search_pass_from(any, walk.low, (draw | 1) - 1);
}

static uint32_t pass_examined(const struct search_pass *pass, const struct search_bind *bind,
			      uint32_t turns)
{
	return turns - search_pass_reserved(pass, bind->reserved, turns);
}

static struct search_result stage_found(const struct search_bind *bind, uint32_t stage,
					uint32_t examined)
{
	struct search_result result = { .confidence = SEARCH_UNKNOWN };
	struct stage walk = stage_get(bind->range, bind->can_reuse, stage);
	struct search_pass pass[2];
	uint32_t last;

	stage_passes(walk, bind->draw[stage], pass);
	/* In a range of one port both passes look at it; that the first did is all but sure. */
	last = pass[0].span > 1 && !((bind->port - walk.low) & 1);
	result.second_pass = last;
	if (bind->port < walk.low || bind->port >= walk.end ||
	    search_reserved_test(bind->reserved, bind->port) ||
	    !search_pass_index(&pass[last], bind->port, &result.index))
		return result;
	if (last)
		examined += pass_examined(&pass[0], bind, pass[0].turns);
	result.examined = examined + pass_examined(&pass[last], bind, result.index) + 1;
	result.confidence = SEARCH_EXACT;
	return result;
}

struct search_result search_bind_examined(const struct search_bind *bind)
{
	struct search_result result = { .confidence = SEARCH_UNKNOWN };
	uint32_t stages = stages_in_round(bind->range, bind->can_reuse);
	uint32_t used_up = bind->draws;
	uint32_t examined = 0;
	struct search_pass pass[2];

	if (bind->end == SEARCH_FOUND)
		used_up--;
	else
		result.second_pass = bind->end == SEARCH_EXHAUSTED;
	/* A search gives up at the end of a round only: fewer draws mean that one was missed. */
	if (!bind->draws || bind->draws > 2 * stages || bind->end == SEARCH_ABORTED ||
	    (bind->end == SEARCH_EXHAUSTED && bind->draws % stages))
		return result;
	for (uint32_t stage = 0; stage < bind->draws; stage++)
		if (bind->draw[stage] >= search_bind_ceiling(bind->range, bind->can_reuse, stage))
			return result;

	for (uint32_t stage = 0; stage < used_up; stage++) {
		stage_passes(stage_get(bind->range, bind->can_reuse, stage), bind->draw[stage],
			     pass);
		examined += pass_examined(&pass[0], bind, pass[0].turns) +
			    pass_examined(&pass[1], bind, pass[1].turns);
	}
	if (bind->end == SEARCH_FOUND)
		return stage_found(bind, used_up, examined);
	result.examined = examined;
	result.confidence = SEARCH_EXACT;
	return result;
}

struct search_result search_bind_from_conflicts(const struct search_bind *bind, uint32_t conflicts)
{
	struct search_result result = { .confidence = SEARCH_EXACT };

	result.examined = conflicts + (bind->end == SEARCH_FOUND);
	result.second_pass = bind->end == SEARCH_EXHAUSTED;
	/* Both halves of the range begin with the parity of low, so low decides for them too. */
	if (bind->end == SEARCH_FOUND)
		result.second_pass = bind->range.low != bind->range.high &&
				     !((bind->port - bind->range.low) & 1);
	if (bind->end == SEARCH_ABORTED)
		return (struct search_result){ .confidence = SEARCH_UNKNOWN };
	return result;
}
