// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): __inet_hash_connect(), net/ipv4/inet_hashtables.c.
 *
 * The start of the search is a sum of port_offset and one slot of a table; the chosen port tells
 * how far the search got from there. What the slot held is read twice, around the search, and the
 * difference must fit what the kernel adds on success. See docs/search-model.md.
 */
#include "search/pass.h"

/* ca7af0402550 adds max(i, r * step) + step to the slot, with r from 0 to 7. */
#define BUMP_RANDOM_MAX 7
/* More than rivals add during one search; beyond, the readings are not of the same slot. */
#define GAIN_MAX (1u << 24)

static uint32_t hash_32_8(uint32_t value)
{
	return value * 0x61C88647u >> 24; /* include/linux/hash.h: hash_32(value, 8) */
}

uint32_t search_connect_slot(enum search_start start, uint64_t port_offset, uint32_t slots)
{
	switch (start) {
	case SEARCH_START_HINT:
		return 0;
	case SEARCH_START_TABLE32:
		return hash_32_8((uint32_t)port_offset);
	case SEARCH_START_TABLE64:
		break;
	}
	return (uint32_t)port_offset & (slots - 1);
}

/* False when the readings cannot tell where the search began. */
static bool start_offset(const struct search_connect *connect, uint32_t span, uint32_t *offset)
{
	uint32_t hashed = (uint32_t)connect->port_offset;

	*offset = 0;
	if (span <= 2u - connect->range.local)
		return true; /* one turn a pass: every start is the same */
	/*
	 * The first connect() since boot fills the table inside the call, after our reading
	 * (get_random_*_once). A filled slot is 0 once in 2^32. The counter of variant A does
	 * begin at 0.
	 */
	if (!connect->perturb_known ||
	    (!connect->perturb_entry && connect->start != SEARCH_START_HINT))
		return false;
	if (connect->start == SEARCH_START_TABLE64)
		hashed = (uint32_t)(connect->port_offset >> 32);
	*offset = (connect->perturb_entry + hashed) % span;
	return true;
}

/*
 * The first `turns` turns of a pass with a step drawn at random; step_width only, so a plain walk
 * is good enough. Such a pass meets the same ports as any other, in another order.
 */
static uint32_t scattered_reserved(const struct search_pass *pass,
				   const struct search_reserved *reserved, uint32_t scan_step,
				   uint32_t turns)
{
	uint32_t port = pass->first, count = 0;

	if (!reserved)
		return 0;
	for (uint32_t turn = 0; turn < turns; turn++, port += scan_step) {
		if (port >= pass->end)
			port -= pass->span;
		count += search_reserved_test(reserved, (uint16_t)port);
	}
	return count;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* x with a * x = 1 modulo m; a and m have no common factor. */
static uint32_t inverse(uint32_t a, uint32_t m)
{
	int64_t x = 1, next_x = 0, r = a % m, next_r = m;

	while (next_r) {
		int64_t quotient = r / next_r, rest;

		rest = r - quotient * next_r;
		r = next_r;
		next_r = rest;
		rest = x - quotient * next_x;
		x = next_x;
		next_x = rest;
	}
	return (uint32_t)((x % m + m) % m);
}

static uint32_t draw_ceiling(const struct search_connect *connect, uint32_t turns)
{
	return connect->step_width < turns ? connect->step_width : turns;
}

/* 7da62262ec96: from the draw upwards to the next number without a common factor, else 1. */
static uint32_t scan_turns(const struct search_connect *connect, uint32_t turns)
{
	uint32_t limit = draw_ceiling(connect, turns);

	for (uint32_t scan = connect->step_draw + 1; scan <= limit; scan++)
		if (gcd(scan, turns) == 1)
			return scan;
	return 1;
}

static uint32_t bump_random_max(const struct search_connect *connect, uint32_t i, uint32_t step)
{
	switch (connect->start) {
	case SEARCH_START_HINT:
		return 0;
	case SEARCH_START_TABLE32:
		/* c579bd1b4021: once in 16 times, if the first port was free */
		return i ? 0 : step;
	case SEARCH_START_TABLE64:
		break;
	}
	return BUMP_RANDOM_MAX * step;
}

/* What the slot gained beyond the step that every success adds; huge when it lost something. */
static uint32_t gain_get(const struct search_connect *connect, uint32_t step)
{
	return connect->perturb_exit - connect->perturb_entry - step;
}

/* The gain is one that this search alone can have made, if it ended in turn `index`. */
static bool gain_fits(const struct search_connect *connect, uint32_t index, uint32_t step)
{
	uint32_t gain = gain_get(connect, step);
	uint32_t i = index * step;

	return gain == i ||
	       (gain > i && !(gain & (step - 1)) && gain <= bump_random_max(connect, i, step));
}

/*
 * Holds the index that follows from the reading at entry against the gain. If rivals added x
 * before the kernel's own reading and y after it, the index is x too large (or, once x exceeds it,
 * a pass less that), and the gain is at least index + y (or, then, a pass more). Hence:
 *   a gain below the index: not our slot, or our addition was overwritten. No answer;
 *   x and y are known to be 0: exact, and a gain that does not fit means that we misread the slot;
 *   x is known to be 0: exact, whatever y is;
 *   nobody watched: exact if the gain fits, the best that the readings alone can do;
 *   a gain of a pass more than the index: it may have wrapped. No answer;
 *   else the index is an upper bound; and exact if it is 0, for x was not taken from anything.
 */
static enum search_confidence index_judge(const struct search_connect *connect, uint32_t index,
					  const struct search_pass *pass)
{
	uint32_t gain = gain_get(connect, pass->step);
	uint32_t i = index * pass->step;

	if (gain > GAIN_MAX || gain < i)
		return SEARCH_UNKNOWN;
	switch (connect->contention) {
	case SEARCH_CONTENTION_ALONE:
		return gain_fits(connect, index, pass->step) ? SEARCH_EXACT : SEARCH_UNKNOWN;
	case SEARCH_CONTENTION_LATER:
		return SEARCH_EXACT;
	case SEARCH_CONTENTION_UNKNOWN:
		if (gain_fits(connect, index, pass->step))
			return SEARCH_EXACT;
		break;
	case SEARCH_CONTENTION_SEEN:
		break;
	}
	if (gain - i >= pass->span)
		return SEARCH_UNKNOWN;
	return index ? SEARCH_AT_MOST : SEARCH_EXACT;
}

/*
 * Without the draw of step_width, the gain of a search that was alone is its index, once it exceeds
 * what the random part can add. Sets the step in turns, 0 where several would do.
 */
static bool scattered_index(const struct search_connect *connect, const struct search_pass *pass,
			    uint32_t away, uint32_t *index, uint32_t *scan)
{
	uint32_t gain = gain_get(connect, pass->step);

	*scan = 0;
	*index = away ? gain >> (pass->step - 1) : 0;
	if (!away)
		return true;
	if (connect->contention != SEARCH_CONTENTION_ALONE || *index >= pass->turns ||
	    gain <= BUMP_RANDOM_MAX * pass->step ||
	    gcd(*index, pass->turns) != gcd(away, pass->turns))
		return false;
	if (gcd(*index, pass->turns) == 1)
		*scan = (uint32_t)((uint64_t)away * inverse(*index, pass->turns) % pass->turns);
	return *scan <= draw_ceiling(connect, pass->turns) && (*scan || !connect->reserved);
}

/*
 * The last pass with a random step: `away` is the distance to the chosen port in steps, 0 if and
 * only if the first turn ended the search. In a race the start, and with it the distance, says
 * nothing here, since turns do not follow it; the gain bounds the turn all the same.
 */
static uint32_t scattered_examined(const struct search_connect *connect,
				   const struct search_pass *pass, uint32_t away,
				   struct search_result *result)
{
	uint32_t gain = gain_get(connect, pass->step);
	uint32_t bound = gain >> (pass->step - 1);
	uint32_t scan, index;
	bool known = true;

	if (connect->step_draw_known) {
		scan = scan_turns(connect, pass->turns);
		index = (uint32_t)((uint64_t)away * inverse(scan, pass->turns) % pass->turns);
	} else {
		known = scattered_index(connect, pass, away, &index, &scan);
	}
	if (known && connect->contention != SEARCH_CONTENTION_SEEN) {
		result->confidence = index_judge(connect, index, pass);
		result->index = index;
		if (result->confidence == SEARCH_EXACT)
			return index + 1 -
			       scattered_reserved(pass, connect->reserved, scan * pass->step,
						  index);
	}
	result->index = bound < pass->turns ? bound : pass->turns - 1;
	result->confidence = gain > GAIN_MAX ? SEARCH_UNKNOWN : SEARCH_AT_MOST;
	return result->index + 1;
}

static struct search_result connect_found(const struct search_connect *connect)
{
	struct search_result result = { .confidence = SEARCH_UNKNOWN };
	uint32_t low = connect->range.low, offset, away;
	struct search_pass pass =
		search_pass_make(low, connect->range.high + 1u, connect->range.local ? 1 : 2);
	bool known = start_offset(connect, pass.span, &offset);

	if (connect->port < low || connect->port > connect->range.high)
		return result;
	result.second_pass = !connect->range.local && pass.span > 1 && ((connect->port - low) & 1);
	if (!connect->range.local)
		offset &= ~1u;
	pass.first = low + offset + result.second_pass;
	if (!known || search_reserved_test(connect->reserved, connect->port) ||
	    !search_pass_index(&pass, connect->port, &away))
		return result;

	if (pass.turns == 1) {
		result.confidence = SEARCH_EXACT;
		result.examined = 1;
	} else if (connect->step_width) {
		result.examined = scattered_examined(connect, &pass, away, &result);
	} else {
		result.confidence = index_judge(connect, away, &pass);
		result.index = away;
		result.examined = away + 1 - search_pass_reserved(&pass, connect->reserved, away);
	}
	if (result.second_pass) {
		pass.first--;
		result.examined +=
			pass.turns - search_pass_reserved(&pass, connect->reserved, pass.turns);
	}
	if (result.confidence == SEARCH_UNKNOWN)
		result.examined = result.index = 0;
	if (result.confidence == SEARCH_EXACT)
		result.reserved_skipped =
			result.index + 1 + (result.second_pass ? pass.turns : 0) - result.examined;
	return result;
}

/* All passes of a search that began offset ports above low. */
static uint32_t passes_examined(const struct search_connect *connect, struct search_pass pass,
				uint32_t passes, uint32_t offset)
{
	uint32_t examined = 0;

	for (uint32_t i = 0; i < passes; i++) {
		pass.first = connect->range.low + offset + i;
		examined += pass.turns - search_pass_reserved(&pass, connect->reserved, pass.turns);
	}
	return examined;
}

/*
 * A failed search went through every pass and left the slot alone, so its start matters for one
 * thing only: which end of a range of odd size the first pass left out, if one of the two ends is
 * reserved.
 */
static struct search_result connect_exhausted(const struct search_connect *connect)
{
	struct search_result result = { .confidence = SEARCH_EXACT };
	struct search_pass pass = search_pass_make(connect->range.low, connect->range.high + 1u,
						   connect->range.local ? 1 : 2);
	uint32_t passes = !connect->range.local && pass.span > 1 ? 2 : 1;
	uint32_t from_low = passes_examined(connect, pass, passes, 0);
	uint32_t from_above = pass.span > 2 ? passes_examined(connect, pass, passes, 2) : from_low;
	uint32_t offset;

	result.second_pass = passes == 2;
	result.index = pass.turns - 1;
	result.examined = from_low;
	result.reserved_skipped = passes * pass.turns - from_low;
	if (from_low == from_above)
		return result;
	if (start_offset(connect, pass.span, &offset) &&
	    connect->perturb_entry == connect->perturb_exit) {
		result.examined = offset & ~1u ? from_above : from_low;
		result.reserved_skipped = passes * pass.turns - result.examined;
		return result;
	}
	result.examined = from_low > from_above ? from_low : from_above;
	result.confidence = SEARCH_AT_MOST;
	return result;
}

struct search_result search_connect_examined(const struct search_connect *connect)
{
	switch (connect->end) {
	case SEARCH_FOUND:
		return connect_found(connect);
	case SEARCH_EXHAUSTED:
		return connect_exhausted(connect);
	case SEARCH_ABORTED:
		break;
	}
	return (struct search_result){ .confidence = SEARCH_UNKNOWN };
}
