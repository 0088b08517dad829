/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers for keys that come again and again: a cache of fixed size that forgets what was not asked
 * for in a while. A key that was forgotten gets another number next time.
 */
#ifndef EPHEMPORT_STORE_INTERN_H
#define EPHEMPORT_STORE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INTERN_KEY_WORDS = 6 };

/* What the words mean is the caller's business; those not in use are 0. */
struct intern_key {
	uint64_t words[INTERN_KEY_WORDS];
};

struct intern_slot {
	uint32_t used; /* when, by the counter below; 0: empty */
	uint32_t number;
	struct intern_key key;
};

struct intern {
	struct intern_slot *slots;
	uint32_t sets; /* a power of two */
	uint32_t clock;
	uint32_t last; /* the highest number given, from 1 on */
};

/* Room for @count keys, a power of two of at least 4: 0 or -ENOMEM. */
int intern_init(struct intern *intern, uint32_t count);
void intern_free(struct intern *intern);
/* The number of @key in *@number: true where it is new. */
bool intern_add(struct intern *intern, const struct intern_key *key, uint32_t *number);

#endif
