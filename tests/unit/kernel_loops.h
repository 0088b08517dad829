/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The truth that the search model is held against: the kernel's loops, one turn at a time, counting
 * every port that they look at. Slow and literal on purpose; shares nothing with user/search but
 * its enums. Checked against net/ipv4/{inet_hashtables,inet_connection_sock,udp}.c of 5.10, 6.1 and
 * 6.12, and 7da62262ec96 for the random step of 7.1.
 */
#ifndef KERNEL_LOOPS_H
#define KERNEL_LOOPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "search/search.h"

struct random {
	uint64_t state;
};

static inline uint32_t random_u32(struct random *random)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 7;
	random->state ^= random->state << 17;
	return (uint32_t)(random->state * 0x2545F4914F6CDD1Dull >> 32);
}

static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)((uint64_t)random_u32(random) * limit >> 32);
}

/* What stands in the way at each port. */
struct ports {
	bool taken[65536];
	bool reserved[65536];
	struct search_reserved bitmap; /* the same, as the model takes it */
};

static inline void ports_reserve(struct ports *ports, uint32_t low, uint32_t high)
{
	for (uint32_t port = low; port <= high; port++)
		ports->reserved[port] = true;
	search_reserved_add(&ports->bitmap, (uint16_t)low, (uint16_t)high);
}

/* A range of one of the shapes that have gone wrong before. */
static inline struct search_range range_random(struct random *random, uint32_t largest)
{
	uint32_t size = 1 + random_below(random, random_below(random, 3) ? largest : 5);
	uint32_t low = 1 + random_below(random, 65536 - size);

	if (!random_below(random, 8))
		low = 65536 - size; /* up to 65535 */
	if (!random_below(random, 8))
		low = 1;
	return (struct search_range){ .low = (uint16_t)low, .high = (uint16_t)(low + size - 1) };
}

/* Fills a range to a random degree, sometimes whole, and reserves nothing, ports or blocks. */
static inline void ports_random(struct ports *ports, struct random *random,
				struct search_range range)
{
	uint32_t size = range.high - range.low + 1u;
	uint32_t fill = random_below(random, 4) ? random_below(random, 101) : 100;
	bool first_half_only = !random_below(random, 4);

	memset(ports, 0, sizeof(*ports));
	for (uint32_t port = range.low; port <= range.high; port++)
		ports->taken[port] = random_below(random, 100) < fill &&
				     !(first_half_only && (port - range.low) % 2);
	for (uint32_t block = random_below(random, 4); block; block--) {
		uint32_t from = range.low + random_below(random, size);
		uint32_t to =
			from + random_below(random, 1 + size / (random_below(random, 2) ? 2 : 20));

		ports_reserve(ports, from, to > 65535 ? 65535 : to);
	}
}

/* connect(), stopped after each turn so that others can run in between. */
struct kernel_connect {
	/* inputs */
	const struct ports *ports;
	struct search_range range;
	enum search_start start;
	uint64_t port_offset;
	uint32_t step_width, step_draw;
	/* the loop's own */
	uint32_t low, high, remaining, offset, step, scan_step;
	int64_t port, i;
	bool other_parity;
	/* what came out */
	uint16_t chosen;
	uint32_t examined;
};

static inline uint32_t kernel_gcd(uint32_t a, uint32_t b)
{
	return b ? kernel_gcd(b, a % b) : a;
}

static inline void kernel_connect_step_width(struct kernel_connect *k, struct random *random)
{
	uint32_t turns = k->remaining / k->step;
	uint32_t limit = turns < k->step_width ? turns : k->step_width;
	uint32_t scan;

	if (!k->step_width || k->remaining <= 1)
		return;
	k->step_draw = random_below(random, limit);
	scan = k->step_draw + 1;
	while (kernel_gcd(scan, turns) != 1) {
		scan++;
		if (scan % 2 == 0 && turns % 2 == 0)
			scan++;
		if (scan > limit) {
			scan = 1;
			break;
		}
	}
	k->scan_step = scan * k->step;
}

/* Up to the first turn; slot is what the kernel reads from the table here. */
static inline void kernel_connect_begin(struct kernel_connect *k, uint32_t slot,
					struct random *random)
{
	k->low = k->range.low;
	k->high = k->range.high + 1u;
	k->step = k->scan_step = k->range.local ? 1 : 2;
	k->remaining = k->high - k->low;
	if (!k->range.local && k->remaining > 1)
		k->remaining &= ~1u;
	if (k->start == SEARCH_START_TABLE64)
		k->offset = slot + (uint32_t)(k->port_offset >> 32);
	else
		k->offset = slot + (uint32_t)k->port_offset;
	k->offset %= k->remaining;
	if (!k->range.local)
		k->offset &= ~1u;
	kernel_connect_step_width(k, random);
	k->port = k->low + k->offset;
	k->i = 0;
	k->other_parity = false;
	k->chosen = 0;
	k->examined = 0;
}

enum kernel_turn { KERNEL_NEXT, KERNEL_FOUND, KERNEL_FAILED };

static inline enum kernel_turn kernel_connect_turn(struct kernel_connect *k)
{
	if (k->i >= k->remaining) {
		if (k->range.local || k->other_parity || k->remaining <= 1)
			return KERNEL_FAILED;
		k->other_parity = true;
		k->port = k->low + k->offset + 1;
		k->i = 0;
	}
	if (k->port >= k->high)
		k->port -= k->remaining;
	assert_in_range(k->port, k->range.low, k->range.high);
	if (!k->ports->reserved[k->port]) {
		k->examined++;
		if (!k->ports->taken[k->port]) {
			k->chosen = (uint16_t)k->port;
			return KERNEL_FOUND;
		}
	}
	k->i += k->step;
	k->port += k->scan_step;
	return KERNEL_NEXT;
}

/* What a success adds to the slot. */
static inline uint32_t kernel_connect_bump(const struct kernel_connect *k, struct random *random)
{
	uint32_t i = (uint32_t)k->i, extra = 0;

	if (k->start == SEARCH_START_TABLE32 && !i && !random_below(random, 16))
		extra = 2;
	if (k->start == SEARCH_START_TABLE64)
		extra = random_below(random, 8) * k->step;
	return (i > extra ? i : extra) + k->step;
}

/* What the tracer sees of it, but for the readings of the slot. */
static inline struct search_connect kernel_connect_seen(const struct kernel_connect *k)
{
	return (struct search_connect){
		.range = k->range,
		.start = k->start,
		.end = k->chosen ? SEARCH_FOUND : SEARCH_EXHAUSTED,
		.port = k->chosen,
		.port_offset = k->port_offset,
		.perturb_known = true,
		.step_width = k->step_width,
		.reserved = &k->ports->bitmap,
	};
}

#endif
