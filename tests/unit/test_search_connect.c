// SPDX-License-Identifier: GPL-2.0-only
/* The model of connect() against the kernel's loop, where nobody races. */
#include "kernel_loops.h"

#define CASES 120000

struct fixture {
	struct random random;
	struct ports ports;
};

static struct fixture fixture;

static int setup(void **state)
{
	fixture.random.state = 0x9E3779B97F4A7C15ull;
	*state = &fixture;
	return 0;
}

static struct kernel_connect connect_random(struct fixture *f, enum search_start start, bool local,
					    uint32_t largest)
{
	struct kernel_connect k = {
		.ports = &f->ports,
		.range = range_random(&f->random, largest),
		.start = start,
		.port_offset = (uint64_t)random_u32(&f->random) << 32 | random_u32(&f->random),
	};

	k.range.local = local;
	if (start != SEARCH_START_TABLE64)
		k.port_offset &= UINT32_MAX;
	ports_random(&f->ports, &f->random, k.range);
	return k;
}

/* Runs one search to its end and returns what a tracer would have seen. */
static struct search_connect run(struct fixture *f, struct kernel_connect *k)
{
	uint32_t slot = random_u32(&f->random) | 1;
	struct search_connect seen;

	kernel_connect_begin(k, slot, &f->random);
	while (kernel_connect_turn(k) == KERNEL_NEXT)
		;
	seen = kernel_connect_seen(k);
	seen.contention =
		random_below(&f->random, 2) ? SEARCH_CONTENTION_ALONE : SEARCH_CONTENTION_UNKNOWN;
	seen.perturb_entry = slot;
	seen.perturb_exit = slot + (k->chosen ? kernel_connect_bump(k, &f->random) : 0);
	return seen;
}

static void check_exact(const struct kernel_connect *k, const struct search_connect *seen)
{
	struct search_result result = search_connect_examined(seen);

	if (result.confidence != SEARCH_EXACT || result.examined != k->examined)
		print_error("range %u-%u local %d start %d port %u: said %u (%d), truth %u\n",
			    k->range.low, k->range.high, k->range.local, k->start, k->chosen,
			    result.examined, result.confidence, k->examined);
	assert_int_equal(result.confidence, SEARCH_EXACT);
	assert_int_equal(result.examined, k->examined);
	assert_int_equal(result.second_pass, k->other_parity);
	if (k->chosen)
		assert_int_equal(result.index, k->i / k->step);
}

static void test_every_start_is_exact(void **state)
{
	static const struct {
		enum search_start start;
		bool local;
	} kernels[] = {
		{ SEARCH_START_HINT, false },
		{ SEARCH_START_TABLE32, false },
		{ SEARCH_START_TABLE64, false },
		{ SEARCH_START_TABLE64, true },
	};
	struct fixture *f = *state;

	for (size_t kernel = 0; kernel < sizeof(kernels) / sizeof(kernels[0]); kernel++) {
		for (uint32_t i = 0; i < CASES / 4; i++) {
			struct kernel_connect k = connect_random(f, kernels[kernel].start,
								 kernels[kernel].local, 120);
			struct search_connect seen = run(f, &k);

			check_exact(&k, &seen);
		}
	}
}

static void test_large_ranges_are_exact(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 300; i++) {
		struct kernel_connect k = connect_random(f, SEARCH_START_TABLE64, i % 2, 65535);
		struct search_connect seen = run(f, &k);

		check_exact(&k, &seen);
	}
}

static void test_random_step_with_its_draw_is_exact(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < CASES / 4; i++) {
		struct kernel_connect k = connect_random(f, SEARCH_START_TABLE64, i % 2, 120);
		struct search_connect seen;

		k.step_width = 1 + random_below(&f->random, 150);
		seen = run(f, &k);
		seen.step_draw_known = true;
		seen.step_draw = k.step_draw;
		check_exact(&k, &seen);
	}
}

/* Without the draw: never wrong, an upper bound at worst, and exact past the random part. */
static void test_random_step_without_its_draw_is_never_wrong(void **state)
{
	struct fixture *f = *state;
	uint32_t exact = 0, far = 0;

	for (uint32_t i = 0; i < CASES / 4; i++) {
		struct kernel_connect k = connect_random(f, SEARCH_START_TABLE64, i % 2, 120);
		struct search_result result;
		struct search_connect seen;

		k.step_width = 1 + random_below(&f->random, 150);
		if (random_below(&f->random, 2)) {
			memset(f->ports.reserved, 0, sizeof(f->ports.reserved));
			search_reserved_clear(&f->ports.bitmap);
		}
		seen = run(f, &k);
		seen.contention = SEARCH_CONTENTION_ALONE;
		result = search_connect_examined(&seen);
		assert_int_not_equal(result.confidence, SEARCH_UNKNOWN);
		assert_int_equal(result.second_pass, k.other_parity);
		if (result.confidence == SEARCH_EXACT)
			assert_int_equal(result.examined, k.examined);
		else
			assert_true(result.examined >= k.examined);
		if (k.chosen && k.i > 7 * k.step) {
			far++;
			exact += result.confidence == SEARCH_EXACT;
		}
	}
	assert_true(exact * 10 > far * 4);
}

static void test_first_connect_since_boot_is_unknown(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 1000; i++) {
		struct kernel_connect k = connect_random(f, SEARCH_START_TABLE64, false, 120);
		struct search_connect seen = run(f, &k);
		struct search_result result;

		seen.perturb_entry = 0; /* the table was filled after our reading */
		if (k.chosen && i % 2)
			seen.perturb_exit = (uint32_t)k.i + k.step + 2 * (i % 200);
		result = search_connect_examined(&seen);
		assert_int_equal(result.second_pass, k.other_parity);
		if (result.confidence == SEARCH_EXACT)
			assert_int_equal(result.examined, k.examined);
		else if (result.confidence == SEARCH_AT_MOST)
			assert_true(!k.chosen && result.examined >= k.examined);
		if (k.chosen && k.remaining > 2)
			assert_int_equal(result.confidence, SEARCH_UNKNOWN);
	}
}

/* A wrong slot, range or bitmap must not pass for an answer more often than chance allows. */
static void test_foreign_readings_are_unknown(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 1000; i++) {
		struct kernel_connect k = connect_random(f, SEARCH_START_TABLE64, false, 120);
		struct search_connect seen = run(f, &k);

		if (!k.chosen || k.remaining <= 2)
			continue;
		seen.perturb_exit = seen.perturb_entry;
		assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_UNKNOWN);
		seen.perturb_exit = seen.perturb_entry + 100000000;
		assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_UNKNOWN);
		seen.port = seen.range.high + 1;
		assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_UNKNOWN);
		seen = run(f, &k);
		seen.end = SEARCH_ABORTED;
		assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_UNKNOWN);
	}
}

/*
 * 40000-40100 holds 101 ports and a search that fails has looked at 100 of them: the pass over the
 * even ones leaves out 40100 if it starts at 40000, else 40000. Connections one after the other
 * start in different places and get all 101.
 */
static void test_odd_range_fills_whole_but_one_search_misses_a_port(void **state)
{
	struct fixture *f = *state;
	struct kernel_connect k = {
		.ports = &f->ports,
		.range = { .low = 40000, .high = 40100 },
		.start = SEARCH_START_TABLE64,
	};
	uint32_t found = 0;

	memset(&f->ports, 0, sizeof(f->ports));
	for (uint32_t i = 0; i < 5000; i++) {
		struct search_connect seen;

		k.port_offset = (uint64_t)random_u32(&f->random) << 32;
		seen = run(f, &k);
		check_exact(&k, &seen);
		if (k.chosen) {
			f->ports.taken[k.chosen] = true;
			found++;
		} else {
			assert_int_equal(k.examined, 100);
		}
	}
	assert_int_equal(found, 101);
}

/* In 40000-40100, only a search that begins at 40000 gets to it: no other may claim it. */
static void test_port_out_of_reach_is_unknown(void **state)
{
	struct search_connect seen = {
		.range = { .low = 40000, .high = 40100 },
		.start = SEARCH_START_TABLE64,
		.port = 40000,
		.contention = SEARCH_CONTENTION_ALONE,
		.perturb_known = true,
		.perturb_entry = 500,
		.perturb_exit = 502,
	};

	(void)state;
	assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_EXACT);
	seen.port = 40100;
	assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_UNKNOWN);
	seen.perturb_entry = 550;
	seen.perturb_exit = 602;
	assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_EXACT);
	assert_int_equal(search_connect_examined(&seen).examined, 26);
	seen.port = 40000;
	assert_int_equal(search_connect_examined(&seen).confidence, SEARCH_UNKNOWN);
}

/* In a range of three the span is two, every search starts at low, and the top is out of reach. */
static void test_top_of_three_is_never_reached(void **state)
{
	struct fixture *f = *state;
	struct kernel_connect k = {
		.ports = &f->ports,
		.range = { .low = 40000, .high = 40002 },
		.start = SEARCH_START_TABLE64,
	};
	struct search_connect seen;

	memset(&f->ports, 0, sizeof(f->ports));
	f->ports.taken[40000] = f->ports.taken[40001] = true;
	seen = run(f, &k);
	assert_int_equal(k.chosen, 0);
	check_exact(&k, &seen);
}

static void test_slot_follows_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(search_connect_slot(SEARCH_START_HINT, 12345, 65536), 0);
	/* hash_32(1, 8) is the top byte of GOLDEN_RATIO_32 */
	assert_int_equal(search_connect_slot(SEARCH_START_TABLE32, 1, 256), 0x61);
	assert_int_equal(search_connect_slot(SEARCH_START_TABLE64, 0x123456789ull, 65536), 0x6789);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_start_is_exact, setup),
		cmocka_unit_test_setup(test_large_ranges_are_exact, setup),
		cmocka_unit_test_setup(test_random_step_with_its_draw_is_exact, setup),
		cmocka_unit_test_setup(test_random_step_without_its_draw_is_never_wrong, setup),
		cmocka_unit_test_setup(test_first_connect_since_boot_is_unknown, setup),
		cmocka_unit_test_setup(test_foreign_readings_are_unknown, setup),
		cmocka_unit_test_setup(test_odd_range_fills_whole_but_one_search_misses_a_port,
				       setup),
		cmocka_unit_test_setup(test_port_out_of_reach_is_unknown, setup),
		cmocka_unit_test_setup(test_top_of_three_is_never_reached, setup),
		cmocka_unit_test_setup(test_slot_follows_the_kernel, setup),
	};

	return cmocka_run_group_tests_name("search-connect", tests, NULL, NULL);
}
