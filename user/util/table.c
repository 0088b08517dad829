// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "util/table.h"

enum { SLOTS_MIN = 64 };

/* Entries lie one behind the other: the key, padded to eight bytes, then the value. */
static size_t table_padded(const struct table *table)
{
	return (table->key_size + 7) & ~(size_t)7;
}

static size_t table_stride(const struct table *table)
{
	return table_padded(table) + table->value_size;
}

static uint64_t table_hash(const struct table *table, const void *key)
{
	const unsigned char *at = key;
	uint64_t hash = 0;

	for (size_t left = table->key_size; left;) {
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

const void *table_key(const struct table *table, size_t entry)
{
	return table->entries + entry * table_stride(table);
}

void *table_value(const struct table *table, size_t entry)
{
	return table->entries + entry * table_stride(table) + table_padded(table);
}

/* The slot of @key, or the free one where it belongs. */
static size_t table_slot(const struct table *table, const void *key)
{
	size_t slot = table_hash(table, key) & (table->slots - 1);

	while (table->index[slot] &&
	       memcmp(table_key(table, table->index[slot] - 1), key, table->key_size))
		slot = (slot + 1) & (table->slots - 1);
	return slot;
}

void *table_find(const struct table *table, const void *key)
{
	size_t slot;

	if (!table->slots)
		return NULL;
	slot = table_slot(table, key);
	return table->index[slot] ? table_value(table, table->index[slot] - 1) : NULL;
}

/* Room for one more, with at least half of the slots free. */
static int table_grow(struct table *table)
{
	size_t slots = table->slots ? 2 * table->slots : SLOTS_MIN;
	unsigned char *entries;
	uint32_t *index;

	if (2 * (table->count + 1) <= table->slots)
		return 0;
	index = calloc(slots, sizeof(*index));
	entries = index ? realloc(table->entries, slots / 2 * table_stride(table)) : NULL;
	if (!entries) {
		free(index);
		return -1;
	}
	free(table->index);
	table->index = index;
	table->entries = entries;
	table->slots = slots;
	for (size_t entry = 0; entry < table->count; entry++)
		index[table_slot(table, table_key(table, entry))] = (uint32_t)entry + 1;
	return 0;
}

void *table_add(struct table *table, const void *key)
{
	void *value = table_find(table, key);
	unsigned char *entry;

	if (value)
		return value;
	if (table->count == table->max || table_grow(table)) {
		table->refused++;
		return NULL;
	}
	entry = table->entries + table->count * table_stride(table);
	memset(entry, 0, table_stride(table));
	memcpy(entry, key, table->key_size);
	table->index[table_slot(table, key)] = (uint32_t)++table->count;
	return entry + table_padded(table);
}

void table_free(struct table *table)
{
	free(table->index);
	free(table->entries);
	*table = table_make(table->key_size, table->value_size, table->max);
}
