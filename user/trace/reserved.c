// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/reserved.h"

static struct reserved_entry *entry_find(const struct reserved_ports *reserved, uint32_t netns)
{
	for (size_t i = 0; i < reserved->count; i++)
		if (reserved->entries[i].netns == netns)
			return &reserved->entries[i];
	return NULL;
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

	if (!entries)
		return NULL;
	reserved->entries = entries;
	entries += reserved->count;
	*entries = (struct reserved_entry){ netns, malloc(sizeof(*entries->ports)) };
	if (!entries->ports)
		return NULL;
	reserved->count++;
	return entries;
}

int reserved_ports_set(struct reserved_ports *reserved, uint32_t netns, const __u64 bits[1024])
{
	struct reserved_entry *entry = entry_find(reserved, netns);
	bool empty = bits_empty(bits);

	if (entry && empty) {
		free(entry->ports);
		*entry = reserved->entries[--reserved->count];
	}
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
