// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/intern.h"

/* Slots in which a key may lie. */
enum { INTERN_WAYS = 4 };

int intern_init(struct intern *intern, uint32_t count)
{
	*intern = (struct intern){ .sets = count / INTERN_WAYS };
	intern->slots = calloc(count, sizeof(*intern->slots));
	return intern->slots ? 0 : -ENOMEM;
}

void intern_free(struct intern *intern)
{
	free(intern->slots);
	intern->slots = NULL;
}

/* A product carries bits up alone; addresses differ in the highest ones, sets in the lowest. */
static uint64_t key_hash(const struct intern_key *key)
{
	uint64_t hash = 0;

	for (int i = 0; i < INTERN_KEY_WORDS; i++) {
		hash = (hash ^ key->words[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	return (hash * 0x9e3779b97f4a7c15u) >> 32;
}

bool intern_add(struct intern *intern, const struct intern_key *key, uint32_t *number)
{
	struct intern_slot *slot =
		&intern->slots[(key_hash(key) & (intern->sets - 1)) * INTERN_WAYS];
	struct intern_slot *oldest = slot;

	intern->clock++;
	for (struct intern_slot *end = slot + INTERN_WAYS; slot < end; slot++) {
		if (slot->used && !memcmp(&slot->key, key, sizeof(*key))) {
			slot->used = intern->clock;
			*number = slot->number;
			return false;
		}
		if (!slot->used ||
		    (oldest->used && intern->clock - slot->used > intern->clock - oldest->used))
			oldest = slot;
	}
	*oldest = (struct intern_slot){ intern->clock | !intern->clock, ++intern->last, *key };
	*number = oldest->number;
	return true;
}
