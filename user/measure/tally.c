// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "measure/tally.h"

enum { SLOTS_MIN = 64 };

/* Entries lie one behind the other: the key, padded to eight bytes, then the value. */
static size_t tally_padded(const struct tally *tally)
{
	return (tally->key_size + 7) & ~(size_t)7;
}

static size_t tally_stride(const struct tally *tally)
{
	return tally_padded(tally) + tally->value_size;
}

static uint64_t tally_hash(const struct tally *tally, const void *key)
{
	const unsigned char *at = key;
	uint64_t hash = 0;

	for (size_t left = tally->key_size; left;) {
		size_t length = left < 8 ? left : 8;
		uint64_t word = 0;

		memcpy(&word, at, length);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
		at += length;
		left -= length;
	}
	return hash;
}

const void *tally_key(const struct tally *tally, size_t entry)
{
	return tally->entries + entry * tally_stride(tally);
}

void *tally_value(const struct tally *tally, size_t entry)
{
	return tally->entries + entry * tally_stride(tally) + tally_padded(tally);
}

/* The slot of @key, or the free one where it belongs. */
static size_t tally_slot(const struct tally *tally, const void *key)
{
	size_t slot = tally_hash(tally, key) & (tally->slots - 1);

	while (tally->index[slot] &&
	       memcmp(tally_key(tally, tally->index[slot] - 1), key, tally->key_size))
		slot = (slot + 1) & (tally->slots - 1);
	return slot;
}

void *tally_find(const struct tally *tally, const void *key)
{
	size_t slot;

	if (!tally->slots)
		return NULL;
	slot = tally_slot(tally, key);
	return tally->index[slot] ? tally_value(tally, tally->index[slot] - 1) : NULL;
}

/* Room for one more, with at least half of the slots free. */
static int tally_grow(struct tally *tally)
{
	size_t slots = tally->slots ? 2 * tally->slots : SLOTS_MIN;
	unsigned char *entries;
	uint32_t *index;

	if (2 * (tally->count + 1) <= tally->slots)
		return 0;
	index = calloc(slots, sizeof(*index));
	entries = index ? realloc(tally->entries, slots / 2 * tally_stride(tally)) : NULL;
	if (!entries) {
		free(index);
		return -1;
	}
	free(tally->index);
	tally->index = index;
	tally->entries = entries;
	tally->slots = slots;
	for (size_t entry = 0; entry < tally->count; entry++)
		index[tally_slot(tally, tally_key(tally, entry))] = (uint32_t)entry + 1;
	return 0;
}

void *tally_add(struct tally *tally, const void *key)
{
	void *value = tally_find(tally, key);
	unsigned char *entry;

	if (value)
		return value;
	if (tally->count == tally->max || tally_grow(tally)) {
		tally->refused++;
		return NULL;
	}
	entry = tally->entries + tally->count * tally_stride(tally);
	memset(entry, 0, tally_stride(tally));
	memcpy(entry, key, tally->key_size);
	tally->index[tally_slot(tally, key)] = (uint32_t)++tally->count;
	return entry + tally_padded(tally);
}

void tally_free(struct tally *tally)
{
	free(tally->index);
	free(tally->entries);
	*tally = tally_make(tally->key_size, tally->value_size, tally->max);
}
