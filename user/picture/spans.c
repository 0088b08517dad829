// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture/spans.h"

void *list_add(void **items, size_t size, size_t *count, size_t *room)
{
	void *item;

	if (*count == *room) {
		size_t grown_room = *room ? 2 * *room : 64;
		void *grown = realloc(*items, grown_room * size);

		if (!grown)
			return NULL;
		*items = grown;
		*room = grown_room;
	}
	item = (char *)*items + (*count)++ * size;
	memset(item, 0, size);
	return item;
}

/* The latest span of the namespace, or NULL. */
static struct range_span *range_of(struct picture *picture, uint32_t netns)
{
	for (size_t i = picture->ranges.count; i; i--)
		if (picture->ranges.items[i - 1].netns == netns)
			return &picture->ranges.items[i - 1];
	return NULL;
}

static int range_begin(struct picture *picture, uint64_t begin_ns, uint32_t netns, uint16_t low,
		       uint16_t high)
{
	struct range_span *span;

	if (picture->ranges.count == SPANS_LIMIT)
		return 0;
	span = LIST_ADD(&picture->ranges);
	if (!span)
		return -ENOMEM;
	*span = (struct range_span){
		.begin_ns = begin_ns, .netns = netns, .low = low, .high = high
	};
	return 0;
}

/*
 * The range as an allocation saw it. One that began before the latest change may come after it, and
 * tells nothing; a socket's own range is not the namespace's.
 */
int spans_allocation(struct picture *picture, const struct allocation *allocation)
{
	const struct range_span *span;

	if (allocation->range_of_socket || allocation->path == PATH_EXPLICIT)
		return 0;
	span = range_of(picture, allocation->task.netns);
	if (span && (allocation->start_ns <= span->begin_ns ||
		     (span->low == allocation->low && span->high == allocation->high)))
		return 0;
	return range_begin(picture, allocation->start_ns, allocation->task.netns, allocation->low,
			   allocation->high);
}

int spans_range_change(struct picture *picture, const struct range_change *change)
{
	int error = 0;

	if (!range_of(picture, change->task.netns))
		error = range_begin(picture, picture->first_ns, change->task.netns, change->old_low,
				    change->old_high);
	if (!error)
		error = range_begin(picture, change->mono_ns, change->task.netns, change->new_low,
				    change->new_high);
	if (!error && picture->ranges.count < SPANS_LIMIT) {
		struct range_span *span = range_of(picture, change->task.netns);

		span->written = true;
		span->old_low = change->old_low;
		span->old_high = change->old_high;
		span->pid = change->task.pid;
		memcpy(span->comm, change->task.comm, sizeof(span->comm));
	}
	return error;
}

static int reserved_begin(struct picture *picture, uint64_t begin_ns, uint32_t netns,
			  const struct port_set *ports)
{
	struct reserved_span *span;

	if (picture->reserved.count == SPANS_LIMIT)
		return 0;
	span = LIST_ADD(&picture->reserved);
	if (!span)
		return -ENOMEM;
	*span = (struct reserved_span){ .begin_ns = begin_ns, .netns = netns };
	if (!ports)
		return 0;
	span->ports = malloc(sizeof(*span->ports));
	if (!span->ports)
		return -ENOMEM;
	*span->ports = *ports;
	return 0;
}

int spans_reserved_change(struct picture *picture, const struct reserved_change *change)
{
	bool known = false;
	int error = 0;

	for (size_t i = 0; i < picture->reserved.count && !known; i++)
		known = picture->reserved.items[i].netns == change->task.netns;
	if (!known && change->old)
		error = reserved_begin(picture, picture->first_ns, change->task.netns, change->old);
	return error ?: reserved_begin(picture, change->mono_ns, change->task.netns, change->new);
}

int spans_loss(struct picture *picture, const struct loss *loss)
{
	struct loss_span *span;

	if (picture->losses.count == SPANS_LIMIT)
		return 0;
	span = LIST_ADD(&picture->losses);
	if (!span)
		return -ENOMEM;
	*span = (struct loss_span){ loss->since_ns, loss->time_ns, loss->count, "" };
	snprintf(span->cause, sizeof(span->cause), "%s", loss->cause);
	return 0;
}

int picture_reserved(struct picture *picture, uint32_t netns, const struct port_set *ports)
{
	for (size_t i = 0; i < picture->reserved.count; i++)
		if (picture->reserved.items[i].netns == netns)
			return 0;
	return reserved_begin(picture, picture->first_ns, netns, ports);
}

void spans_free(struct picture *picture)
{
	for (size_t i = 0; i < picture->reserved.count; i++)
		free(picture->reserved.items[i].ports);
	free(picture->reserved.items);
	free(picture->ranges.items);
	free(picture->losses.items);
}
