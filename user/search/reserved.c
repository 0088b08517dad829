// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "search/search.h"

#define EVEN_PORTS 0x5555555555555555ull

static uint64_t parity_mask(uint32_t parity)
{
	return EVEN_PORTS << parity;
}

static void sums_build(struct search_reserved *reserved)
{
	for (uint32_t parity = 0; parity < 2; parity++) {
		uint32_t sum = 0;

		for (uint32_t word = 0; word <= SEARCH_RESERVED_WORDS; word++) {
			reserved->below[parity][word] = (uint16_t)sum;
			sum += (uint32_t)__builtin_popcountll(reserved->bits[word] &
							      parity_mask(parity));
		}
	}
}

void search_reserved_clear(struct search_reserved *reserved)
{
	memset(reserved, 0, sizeof(*reserved));
}

void search_reserved_load(struct search_reserved *reserved, const uint64_t *bits)
{
	memcpy(reserved->bits, bits, SEARCH_RESERVED_WORDS * sizeof(*bits));
	reserved->bits[SEARCH_RESERVED_WORDS] = 0;
	sums_build(reserved);
}

void search_reserved_add(struct search_reserved *reserved, uint16_t low, uint16_t high)
{
	for (uint32_t port = low; port <= high; port++)
		reserved->bits[port / 64] |= 1ull << (port % 64);
	sums_build(reserved);
}

bool search_reserved_test(const struct search_reserved *reserved, uint16_t port)
{
	return reserved && reserved->bits[port / 64] >> (port % 64) & 1;
}

/* The last word of bits is empty and there so that limit may be 65536. */
static uint32_t count_below(const struct search_reserved *reserved, uint32_t parity, uint32_t limit)
{
	uint64_t inside = reserved->bits[limit / 64] & ((1ull << (limit % 64)) - 1);

	return reserved->below[parity][limit / 64] +
	       (uint32_t)__builtin_popcountll(inside & parity_mask(parity));
}

uint32_t search_reserved_count(const struct search_reserved *reserved, uint32_t low, uint32_t high,
			       uint32_t step)
{
	uint32_t parity = low & 1;
	uint32_t count;

	if (!reserved || high < low)
		return 0;
	count = count_below(reserved, parity, high + 1) - count_below(reserved, parity, low);
	if (step == 1)
		count += count_below(reserved, !parity, high + 1) -
			 count_below(reserved, !parity, low);
	return count;
}
