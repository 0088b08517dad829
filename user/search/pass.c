// SPDX-License-Identifier: GPL-2.0-only
#include "search/pass.h"

/* The step is 1 or 2: dividing by it is a shift by step - 1. The decoder runs this for each event.
 */

struct search_pass search_pass_make(uint32_t low, uint32_t end, uint32_t step)
{
	uint32_t span = end - low;

	if (step == 2 && span > 1)
		span &= ~1u;
	return (struct search_pass){
		.first = low,
		.end = end,
		.span = span,
		.step = step,
		.turns = (span + step - 1) >> (step - 1),
	};
}

struct search_pass search_pass_from(struct search_pass pass, uint32_t low, uint32_t offset)
{
	pass.first = low + offset;
	return pass;
}

bool search_pass_index(const struct search_pass *pass, uint32_t port, uint32_t *index)
{
	uint32_t away = port >= pass->first ? port - pass->first : port + pass->span - pass->first;
	uint32_t turn = away >> (pass->step - 1);
	uint32_t there;

	if ((away & (pass->step - 1)) || turn >= pass->turns)
		return false;
	there = pass->first + turn * pass->step;
	if (there >= pass->end)
		there -= pass->span;
	*index = turn;
	return there == port;
}

uint32_t search_pass_reserved(const struct search_pass *pass,
			      const struct search_reserved *reserved, uint32_t turns)
{
	uint32_t straight = 0, count = 0, first;

	if (!reserved || !turns)
		return 0;
	if (pass->first < pass->end)
		straight = ((pass->end - 1 - pass->first) >> (pass->step - 1)) + 1;
	if (straight > turns)
		straight = turns;
	if (straight)
		count = search_reserved_count(reserved, pass->first,
					      pass->first + pass->step * (straight - 1),
					      pass->step);
	if (turns > straight) {
		first = pass->first + pass->step * straight - pass->span;
		count += search_reserved_count(
			reserved, first, first + pass->step * (turns - straight - 1), pass->step);
	}
	return count;
}
