/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks in nanoseconds. */
#ifndef EPHEMPORT_UTIL_CLOCK_H
#define EPHEMPORT_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

uint64_t clock_ns(clockid_t clock);

#endif
