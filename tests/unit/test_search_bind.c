// SPDX-License-Identifier: GPL-2.0-only
/* The models of bind() to port 0 and of UDP against the kernel's loops. */
#include "kernel_loops.h"

#define CASES 60000

struct fixture {
	struct random random;
	struct ports ports;
	bool in_use[65536];
};

static struct fixture fixture;

static int setup(void **state)
{
	fixture.random.state = 0xD1B54A32D192ED03ull;
	*state = &fixture;
	return 0;
}

/* inet_csk_find_open_port() */
struct kernel_bind {
	const struct ports *ports;
	const bool *relaxed; /* in the second round these are free */
	struct search_range range;
	bool can_reuse, autobind_reuse;
	uint8_t draws;
	uint32_t draw[SEARCH_BIND_DRAWS], ceiling[SEARCH_BIND_DRAWS];
	uint16_t chosen;
	uint32_t examined;
	bool other_parity;
};

static bool kernel_bind_pass(struct kernel_bind *k, uint32_t low, uint32_t high, uint32_t offset,
			     bool relax)
{
	uint32_t remaining = high - low;
	int64_t port = (int64_t)low + offset;

	if (remaining > 1)
		remaining &= ~1u;
	for (uint32_t i = 0; i < remaining; i += 2, port += 2) {
		if (port >= high)
			port -= remaining;
		assert_in_range(port, k->range.low, k->range.high);
		if (k->ports->reserved[port])
			continue;
		k->examined++;
		if (!k->ports->taken[port] || (relax && k->relaxed[port])) {
			k->chosen = (uint16_t)port;
			return true;
		}
	}
	return false;
}

static void kernel_bind_run(struct kernel_bind *k, struct random *random)
{
	bool relax = false;
	int half;

again:
	half = k->can_reuse;
other_half:;
	uint32_t low = k->range.low, high = k->range.high + 1u, middle, remaining, offset;

	if (high - low < 4)
		half = 0;
	middle = low + (((high - low) >> 2) << 1);
	if (half == 1)
		high = middle;
	else if (half)
		low = middle;
	remaining = high - low;
	if (remaining > 1)
		remaining &= ~1u;
	offset = random_below(random, remaining);
	k->ceiling[k->draws] = remaining;
	k->draw[k->draws++] = offset;
	offset |= 1;
	k->other_parity = false;
	if (kernel_bind_pass(k, low, high, offset, relax))
		return;
	k->other_parity = true;
	if (kernel_bind_pass(k, low, high, offset - 1, relax))
		return;
	if (half == 1) {
		half = 2;
		goto other_half;
	}
	if (k->autobind_reuse && !relax) {
		relax = true;
		goto again;
	}
}

static struct search_bind bind_seen(const struct kernel_bind *k)
{
	struct search_bind seen = {
		.range = k->range,
		.end = k->chosen ? SEARCH_FOUND : SEARCH_EXHAUSTED,
		.port = k->chosen,
		.can_reuse = k->can_reuse,
		.draws = k->draws,
		.reserved = &k->ports->bitmap,
	};

	memcpy(seen.draw, k->draw, sizeof(seen.draw));
	return seen;
}

static struct kernel_bind bind_random(struct fixture *f, uint32_t largest)
{
	struct kernel_bind k = {
		.ports = &f->ports,
		.relaxed = f->in_use,
		.range = range_random(&f->random, largest),
		.can_reuse = random_below(&f->random, 2),
		.autobind_reuse = random_below(&f->random, 2),
	};

	ports_random(&f->ports, &f->random, k.range);
	for (uint32_t port = k.range.low; port <= k.range.high; port++)
		f->in_use[port] = !random_below(&f->random, 40);
	return k;
}

static void test_bind_draws_are_exact(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < CASES; i++) {
		struct kernel_bind k = bind_random(f, i < CASES - 200 ? 120 : 65535);
		struct search_result result;
		struct search_bind seen;

		kernel_bind_run(&k, &f->random);
		seen = bind_seen(&k);
		for (uint32_t stage = 0; stage < k.draws; stage++)
			assert_int_equal(search_bind_ceiling(k.range, k.can_reuse, stage),
					 k.ceiling[stage]);
		result = search_bind_examined(&seen);
		if (k.range.low != k.range.high || !k.chosen)
			assert_int_equal(result.second_pass, k.other_parity);
		/* A reserved port is not counted as a turn that looked at a port. */
		assert_int_equal(result.confidence, SEARCH_EXACT);
		assert_int_equal(result.examined, k.examined);

		result = search_bind_from_conflicts(&seen, k.examined - !!k.chosen);
		assert_int_equal(result.confidence, SEARCH_EXACT);
		assert_int_equal(result.examined, k.examined);
		if (k.range.low != k.range.high || !k.chosen)
			assert_int_equal(result.second_pass, k.other_parity);
	}
}

static void test_bind_missed_draw_is_not_exact(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < CASES / 10; i++) {
		struct kernel_bind k = bind_random(f, 120);
		struct search_bind seen;

		kernel_bind_run(&k, &f->random);
		seen = bind_seen(&k);
		seen.draws = 0;
		assert_int_equal(search_bind_examined(&seen).confidence, SEARCH_UNKNOWN);
		if (!k.chosen && k.can_reuse && k.range.high - k.range.low >= 3) {
			seen.draws = k.draws - 1;
			assert_int_equal(search_bind_examined(&seen).confidence, SEARCH_UNKNOWN);
		}
		seen.draws = k.draws;
		seen.draw[k.draws - 1] = 65536;
		assert_int_equal(search_bind_examined(&seen).confidence, SEARCH_UNKNOWN);
		seen.end = SEARCH_ABORTED;
		assert_int_equal(search_bind_examined(&seen).confidence, SEARCH_UNKNOWN);
	}
}

/* udp_lib_get_port(); `taken` stands for the bits that a slot's sockets set. */
struct kernel_udp {
	const struct ports *ports;
	struct search_range range;
	uint32_t slots, draw;
	uint16_t chosen;
	uint32_t examined, slots_visited;
};

static void kernel_udp_run(struct kernel_udp *k, struct random *random)
{
	uint32_t remaining = k->range.high - k->range.low + 1u;
	uint16_t first, last, snum;
	uint32_t rand;

	k->draw = random_u32(random);
	first = (uint16_t)(((uint64_t)k->draw * remaining >> 32) + k->range.low);
	rand = (k->draw | 1) * k->slots;
	last = (uint16_t)(first + k->slots);
	do {
		k->slots_visited++;
		snum = first;
		do {
			if (k->range.low <= snum && snum <= k->range.high &&
			    !k->ports->reserved[snum]) {
				k->examined++;
				if (!k->ports->taken[snum]) {
					k->chosen = snum;
					return;
				}
			}
			snum = (uint16_t)(snum + rand);
		} while (snum != first);
	} while (++first != last);
}

static struct search_udp udp_seen(const struct kernel_udp *k)
{
	return (struct search_udp){
		.range = k->range,
		.end = k->chosen ? SEARCH_FOUND : SEARCH_EXHAUSTED,
		.port = k->chosen,
		.slots = k->slots,
		.draw_known = true,
		.draw = k->draw,
		.reserved = &k->ports->bitmap,
	};
}

static void test_udp_draw_is_exact(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < CASES / 2; i++) {
		struct kernel_udp k = {
			.ports = &f->ports,
			.range = range_random(&f->random, i % 50 ? 2000 : 65535),
			.slots = 128u << random_below(&f->random, i % 50 ? 4 : 10),
		};
		struct search_result result;
		struct search_udp seen;

		if (i % 10 == 0)
			ports_random(&f->ports, &f->random, k.range);
		kernel_udp_run(&k, &f->random);
		seen = udp_seen(&k);
		result = search_udp_examined(&seen);
		assert_int_equal(result.confidence, SEARCH_EXACT);
		assert_int_equal(result.examined, k.examined);
		assert_int_equal(result.index, k.slots_visited - 1);

		seen.draw_known = false;
		seen.slots_visited = k.slots_visited;
		result = search_udp_examined(&seen);
		assert_true(result.examined >= k.examined);
		assert_int_equal(result.index, k.slots_visited - 1);
		assert_int_equal(result.confidence, k.chosen ? SEARCH_AT_MOST : SEARCH_EXACT);
	}
}

static void test_udp_contradictions_are_unknown(void **state)
{
	struct fixture *f = *state;
	struct kernel_udp k = { .ports = &f->ports,
				.range = { .low = 32768, .high = 60999 },
				.slots = 1024 };
	struct search_udp seen;

	memset(&f->ports, 0, sizeof(f->ports));
	kernel_udp_run(&k, &f->random);
	seen = udp_seen(&k);
	seen.slots_visited = 2; /* an empty range needs one */
	assert_int_equal(search_udp_examined(&seen).confidence, SEARCH_UNKNOWN);
	seen.slots_visited = 0;
	seen.draw_known = false;
	assert_int_equal(search_udp_examined(&seen).confidence, SEARCH_UNKNOWN);
	seen.slots = 1000;
	assert_int_equal(search_udp_examined(&seen).confidence, SEARCH_UNKNOWN);
	seen.slots = 1024;
	seen.end = SEARCH_EXHAUSTED;
	seen.reuseport = true;
	assert_int_equal(search_udp_examined(&seen).confidence, SEARCH_AT_MOST);
	seen.slots_visited = 1024;
	assert_int_equal(search_udp_examined(&seen).confidence, SEARCH_EXACT);
	assert_int_equal(search_udp_examined(&seen).examined, 28232);
}

static void test_reserved_counts_runs(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 2000; i++) {
		struct search_range range = range_random(&f->random, i % 20 ? 300 : 65535);
		uint32_t step = 1 + i % 2, low, high, count = 0;

		ports_random(&f->ports, &f->random, range);
		low = range.low + random_below(&f->random, range.high - range.low + 1u);
		high = low + random_below(&f->random, 65536 - low);
		for (uint32_t port = low; port <= high; port += step)
			count += f->ports.reserved[port];
		assert_int_equal(search_reserved_count(&f->ports.bitmap, low, high, step), count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_bind_draws_are_exact, setup),
		cmocka_unit_test_setup(test_bind_missed_draw_is_not_exact, setup),
		cmocka_unit_test_setup(test_udp_draw_is_exact, setup),
		cmocka_unit_test_setup(test_udp_contradictions_are_unknown, setup),
		cmocka_unit_test_setup(test_reserved_counts_runs, setup),
	};

	return cmocka_run_group_tests_name("search-bind-udp", tests, NULL, NULL);
}
