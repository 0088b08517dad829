// SPDX-License-Identifier: GPL-2.0-only
/* user/store/intern.c: a number stands for one key, and what fits is not forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/intern.h"

/* More keys than are remembered, twice: each number stands for one key for ever. */
static void forgotten_keys_get_new_numbers(void **state)
{
	enum { KEYS = 1000, ROOM = 64 };
	static uint64_t key_of[2 * KEYS + 1];
	struct intern intern;
	uint32_t number;

	(void)state;
	assert_int_equal(intern_init(&intern, ROOM), 0);
	for (uint64_t i = 0; i < 2 * KEYS; i++) {
		struct intern_key key = { { [5] = (i % KEYS) << 56 | (i % KEYS) / 256 } };

		if (intern_add(&intern, &key, &number)) {
			assert_int_equal(key_of[number], 0);
			key_of[number] = i % KEYS + 1;
		}
		assert_int_equal(key_of[number], i % KEYS + 1);
		assert_false(intern_add(&intern, &key, &number));
	}
	intern_free(&intern);
}

/* Keys that fit are each known after the first time, wherever their bits differ. */
static void few_keys_are_kept(void **state)
{
	struct intern intern;
	uint32_t number;

	(void)state;
	for (int word = 0; word < INTERN_KEY_WORDS; word++) {
		for (int shift = 0; shift < 64; shift += 8) {
			int made = 0;

			assert_int_equal(intern_init(&intern, 1 << 12), 0);
			for (uint64_t i = 0; i < 4 * 64; i++) {
				struct intern_key key = { { 0 } };

				key.words[word] = (i % 64) << shift;
				made += intern_add(&intern, &key, &number);
			}
			/* Shifted out at the top, some are the same. */
			assert_true(made <= 64);
			intern_free(&intern);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgotten_keys_get_new_numbers),
		cmocka_unit_test(few_keys_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
