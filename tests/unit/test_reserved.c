// SPDX-License-Identifier: GPL-2.0-only
/* The reserved ports of many namespaces, against a plain table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trace/reserved.h"

enum { NAMESPACES = 200, CHANGES = 5000, BASE = 4026531840u };

static void test_each_namespace_has_what_was_last_told(void **state)
{
	struct reserved_ports reserved = { 0 };
	uint16_t told[NAMESPACES] = { 0 }; /* the one port that it reserves, 0: none */
	__u64 bits[1024];

	(void)state;
	for (int i = 0; i < CHANGES; i++) {
		unsigned int which = (unsigned int)lrand48() % NAMESPACES;

		told[which] = lrand48() % 3 ? (uint16_t)(lrand48() % 65535 + 1) : 0;
		memset(bits, 0, sizeof(bits));
		if (told[which])
			bits[told[which] / 64] = 1ull << told[which] % 64;
		assert_int_equal(reserved_ports_set(&reserved, BASE + which, bits), 0);
		for (unsigned int j = 0; j < NAMESPACES; j++) {
			const struct search_reserved *ports =
				reserved_ports_find(&reserved, BASE + j);

			assert_int_equal(!ports, !told[j]);
			if (ports)
				assert_true(search_reserved_test(ports, told[j]));
		}
	}
	assert_null(reserved_ports_find(&reserved, BASE + NAMESPACES));
	assert_null(reserved_ports_find(&reserved, 0));
	reserved_ports_free(&reserved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_namespace_has_what_was_last_told),
	};

	return cmocka_run_group_tests_name("reserved", tests, NULL, NULL);
}
