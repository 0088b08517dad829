// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/reserved.h"

/* Where @netns is, or belongs. */
static size_t entry_place(const struct reserved_ports *reserved, uint32_t netns)
{
	size_t low = 0, high = reserved->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (reserved->entries[middle].netns < netns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct reserved_entry *entry_find(const struct reserved_ports *reserved, uint32_t netns)
{
	size_t place = entry_place(reserved, netns);

	return place < reserved->count && reserved->entries[place].netns == netns ?
		       &reserved->entries[place] :
		       NULL;
}

static bool bits_empty(const __u64 bits[1024])
{
	for (int i = 0; i < 1024; i++)
		if (bits[i])
			return false;
	return true;
}

static struct reserved_entry *entry_add(struct reserved_ports *reserved, uint32_t netns)
{
	struct reserved_entry *entries =
		reallocarray(reserved->entries, reserved->count + 1, sizeof(*reserved->entries));
	struct search_reserved *ports;
	size_t place;

	if (!entries)
		return NULL;
	reserved->entries = entries;
	ports = malloc(sizeof(*ports));
	if (!ports)
		return NULL;
	place = entry_place(reserved, netns);
	entries += place;
	memmove(entries + 1, entries, (reserved->count++ - place) * sizeof(*entries));
	*entries = (struct reserved_entry){ netns, ports };
	return entries;
}

static void entry_remove(struct reserved_ports *reserved, struct reserved_entry *entry)
{
	struct reserved_entry *end = reserved->entries + reserved->count--;

	free(entry->ports);
	memmove(entry, entry + 1, (size_t)(end - (entry + 1)) * sizeof(*entry));
}

int reserved_ports_set(struct reserved_ports *reserved, uint32_t netns, const __u64 bits[1024])
{
	struct reserved_entry *entry = entry_find(reserved, netns);
	bool empty = bits_empty(bits);

	if (entry && empty)
		entry_remove(reserved, entry);
	if (empty)
		return 0;
	if (!entry)
		entry = entry_add(reserved, netns);
	if (!entry)
		return -ENOMEM;
	search_reserved_load(entry->ports, (const uint64_t *)bits);
	return 0;
}

const struct search_reserved *reserved_ports_find(const struct reserved_ports *reserved,
						  uint32_t netns)
{
	const struct reserved_entry *entry = entry_find(reserved, netns);

	return entry ? entry->ports : NULL;
}

void reserved_ports_free(struct reserved_ports *reserved)
{
	for (size_t i = 0; i < reserved->count; i++)
		free(reserved->entries[i].ports);
	free(reserved->entries);
	*reserved = (struct reserved_ports){ 0 };
}
