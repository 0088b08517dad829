// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP: udp_lib_get_port(), net/ipv4/udp.c, the same from 5.4 to 7.3 but for the source of the
 * random number (prandom_u32() up to 5.18) and the owner of the table (one for each namespace may
 * exist from 6.2 on).
 */
#include "search/search.h"

#define PORTS 65536u

/* How many numbers t in [0, limit) have t modulo slots below n. */
static uint32_t periodic_below(uint32_t limit, uint32_t slots, uint32_t n)
{
	uint32_t rest = limit & (slots - 1);

	return limit / slots * n + (rest < n ? rest : n);
}

/*
 * The usable ports of the n slots from that of `first` on: those of the range whose distance to
 * first, modulo slots, is below n. Slots wrap with the ports, since 65536 is a multiple of slots.
 */
static uint32_t slots_usable(const struct search_udp *udp, uint16_t first, uint32_t n)
{
	uint32_t low = udp->range.low, high = udp->range.high;
	uint32_t usable = periodic_below(high + 1 - first + PORTS, udp->slots, n) -
			  periodic_below(low - first + PORTS, udp->slots, n);
	uint32_t base = first & (udp->slots - 1);

	if (!udp->reserved || !n)
		return usable;
	/* A slot's ports lie `slots` apart, so n neighbouring slots are a run of n in each block.
	 */
	for (int64_t block = (int64_t)base - udp->slots; block <= high; block += udp->slots) {
		int64_t from = block < low ? low : block;
		int64_t to = block + n - 1 > high ? high : block + n - 1;

		if (from <= to)
			usable -= search_reserved_count(udp->reserved, (uint32_t)from, (uint32_t)to,
							1);
	}
	return usable;
}

static bool port_usable(const struct search_udp *udp, uint16_t port)
{
	return port >= udp->range.low && port <= udp->range.high &&
	       !search_reserved_test(udp->reserved, port);
}

/* The last slot: from its first number to the chosen one, by the step that was drawn. */
static uint32_t slot_walk(const struct search_udp *udp, uint16_t from)
{
	/* 16 bits are enough: the kernel adds the step to a port in an unsigned short. */
	uint16_t step = (uint16_t)((udp->draw | 1) * udp->slots);
	uint32_t examined = 1;

	for (uint16_t port = from; port != udp->port; port += step)
		examined += port_usable(udp, port);
	return examined;
}

static struct search_result udp_found(const struct search_udp *udp)
{
	struct search_result result = { .confidence = SEARCH_UNKNOWN };
	uint32_t mask = udp->slots - 1;
	uint32_t size = udp->range.high + 1u - udp->range.low;
	uint16_t first;

	if (!port_usable(udp, udp->port))
		return result;
	if (udp->draw_known) {
		first = (uint16_t)(((uint64_t)udp->draw * size >> 32) + udp->range.low);
		result.index = (udp->port - first) & mask;
		if (udp->slots_visited && udp->slots_visited != result.index + 1)
			return result;
		result.examined = slots_usable(udp, first, result.index) +
				  slot_walk(udp, (uint16_t)(first + result.index));
		result.confidence = SEARCH_EXACT;
	} else if (udp->slots_visited && udp->slots_visited <= udp->slots) {
		/* Where in the last slot the port was found is lost; the whole slot bounds it. */
		result.index = udp->slots_visited - 1;
		first = (uint16_t)(udp->port - result.index);
		result.examined = slots_usable(udp, first, udp->slots_visited);
		result.confidence = SEARCH_AT_MOST;
	}
	return result;
}

struct search_result search_udp_examined(const struct search_udp *udp)
{
	struct search_result result = { .confidence = SEARCH_UNKNOWN };

	if (!udp->slots || udp->slots > PORTS || udp->slots & (udp->slots - 1) ||
	    udp->end == SEARCH_ABORTED)
		return result;
	if (udp->end == SEARCH_FOUND)
		return udp_found(udp);
	result.index = udp->slots - 1;
	result.examined = slots_usable(udp, 0, udp->slots);
	/*
	 * A socket with SO_REUSEPORT also fails, with the same value, when its group cannot be
	 * made after the port was found; only a full count of slots tells that from exhaustion.
	 */
	result.confidence =
		udp->reuseport && udp->slots_visited != udp->slots ? SEARCH_AT_MOST : SEARCH_EXACT;
	return result;
}
