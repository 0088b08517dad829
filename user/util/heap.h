/* SPDX-License-Identifier: GPL-2.0-only */
/* For a while of large buffers that come and go. */
#ifndef EPHEMPORT_UTIL_HEAP_H
#define EPHEMPORT_UTIL_HEAP_H

#include <stddef.h>

/*
 * Makes malloc() serve up to @bytes from one place that is kept, in large pages where the system
 * gives them on request: each buffer would else be mapped anew and its pages faulted in one by one.
 */
void heap_reserve(size_t bytes);
/* Ends that, and gives back to the system what is free. */
void heap_release(void);

#endif
