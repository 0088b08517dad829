/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a BPF ring buffer as libbpf's ring_buffer does, with half of the memory: there the kernel's
 * data is mapped twice in a row whole, so that a record that wraps is in one piece, and each page
 * counts twice as resident. Here the second time is as long as our longest record.
 */
#ifndef EPHEMPORT_TRACE_RING_H
#define EPHEMPORT_TRACE_RING_H

#include <stddef.h>

struct ring {
	int fd;			 /* of the map, which its owner closes: to be polled */
	unsigned long *consumed; /* positions, which only grow; mapped, NULL: not open */
	unsigned long *produced;
	char *data;
	size_t page, size, mapped; /* bytes; size: of the data, a power of two */
};

/* A negative errno ends ring_consume(). */
typedef int (*ring_fn)(void *context, void *data, size_t size);

/* 0, or a negative errno. */
int ring_open(struct ring *ring, int fd, size_t size);
void ring_close(struct ring *ring);
/* Hands out all records that are there: 0, or what @function returned. */
int ring_consume(struct ring *ring, ring_fn function, void *context);

#endif
