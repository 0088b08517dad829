/* SPDX-License-Identifier: GPL-2.0-only */
/* A hash table from keys to values of fixed sizes that only grows, up to a bound. */
#ifndef EPHEMPORT_UTIL_TABLE_H
#define EPHEMPORT_UTIL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table {
	size_t key_size, value_size; /* bytes; of values a multiple of 8 */
	size_t max;		     /* entries; beyond them table_add() gives NULL */
	size_t count;
	uint64_t refused; /* calls of table_add() that found no place or no memory */
	/* Private. */
	size_t slots;
	uint32_t *index; /* entry + 1 by hash, 0: free */
	unsigned char *entries;
};

static inline struct table table_make(size_t key_size, size_t value_size, size_t max)
{
	return (struct table){ .key_size = key_size, .value_size = value_size, .max = max };
}
void table_free(struct table *table);
/* The value of @key, zeroed where it is new; good until the next table_add(). NULL: see above. */
void *table_add(struct table *table, const void *key);
/* The value of @key, or NULL. */
void *table_find(const struct table *table, const void *key);
/* By number, 0 to count - 1, in the order in which they were added. */
const void *table_key(const struct table *table, size_t entry);
void *table_value(const struct table *table, size_t entry);

#endif
