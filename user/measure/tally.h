/* SPDX-License-Identifier: GPL-2.0-only */
/* A hash table from keys to values of fixed sizes that only grows, up to a bound. */
#ifndef EPHEMPORT_MEASURE_TALLY_H
#define EPHEMPORT_MEASURE_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally {
	size_t key_size, value_size; /* bytes; of values a multiple of 8 */
	size_t max;		     /* entries; beyond them tally_add() gives NULL */
	size_t count;
	uint64_t refused; /* calls of tally_add() that found no place or no memory */
	/* Private. */
	size_t slots;
	uint32_t *index; /* entry + 1 by hash, 0: free */
	unsigned char *entries;
};

static inline struct tally tally_make(size_t key_size, size_t value_size, size_t max)
{
	return (struct tally){ .key_size = key_size, .value_size = value_size, .max = max };
}
void tally_free(struct tally *tally);
/* The value of @key, zeroed where it is new; good until the next tally_add(). NULL: see above. */
void *tally_add(struct tally *tally, const void *key);
/* The value of @key, or NULL. */
void *tally_find(const struct tally *tally, const void *key);
/* By number, 0 to count - 1, in the order in which they were added. */
const void *tally_key(const struct tally *tally, size_t entry);
void *tally_value(const struct tally *tally, size_t entry);

#endif
