/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One pass of the loop that connect() and bind() share: from a first port upwards, two by two (or
 * one by one), and back by `span` when the end is passed.
 *
 * `span` is even even where the range is not (the loops clear bit 0 of "remaining"), while the end
 * stays the range's own. So in a range of odd size a pass over the parity of low reaches one port
 * less than there are: not low, or, if it starts at low, not the top. Taking the port back to low
 * instead of back by span would count wrongly there.
 */
#ifndef SEARCH_PASS_H
#define SEARCH_PASS_H

#include "search/search.h"

struct search_pass {
	uint32_t first; /* may lie one past the end: bind() in a range of one port */
	uint32_t end;	/* first port after the range */
	uint32_t span;
	uint32_t step;
	uint32_t turns;
};

struct search_pass search_pass_make(uint32_t low, uint32_t end, uint32_t step);
/* The same pass, started offset ports above low. */
struct search_pass search_pass_from(struct search_pass pass, uint32_t low, uint32_t offset);
/* The turn that looks at port; false when this pass never gets there. */
bool search_pass_index(const struct search_pass *pass, uint32_t port, uint32_t *index);
/* How many of the first `turns` turns meet a reserved port. */
uint32_t search_pass_reserved(const struct search_pass *pass,
			      const struct search_reserved *reserved, uint32_t turns);

#endif
