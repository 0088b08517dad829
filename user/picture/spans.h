/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of a picture that is no allocation: ranges and reserved ports over time, losses. */
#ifndef EPHEMPORT_PICTURE_SPANS_H
#define EPHEMPORT_PICTURE_SPANS_H

#include "picture/picture.h"

/* A slot at the end of a list, zeroed; NULL without memory. @list is a PICTURE_LIST. */
#define LIST_ADD(list) \
	list_add((void **)&(list)->items, sizeof(*(list)->items), &(list)->count, &(list)->room)
void *list_add(void **items, size_t size, size_t *count, size_t *room);

/* Each returns 0 or -ENOMEM. */
int spans_allocation(struct picture *picture, const struct allocation *allocation);
int spans_range_change(struct picture *picture, const struct range_change *change);
int spans_reserved_change(struct picture *picture, const struct reserved_change *change);
int spans_loss(struct picture *picture, const struct loss *loss);
void spans_free(struct picture *picture);

#endif
