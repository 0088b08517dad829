/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of programs that the kernel skipped, since the program was running on that CPU already: it
 * counts them itself (bpf_prog_info.recursion_misses, 5.12). On a preemptible kernel a thread that
 * is preempted inside a program makes it skip that program for all others on the CPU.
 */
#ifndef EPHEMPORT_TRACE_SKIPS_H
#define EPHEMPORT_TRACE_SKIPS_H

#include <stdint.h>

struct bpf_object;

/* Of all programs of @object. */
uint64_t skips_count(const struct bpf_object *object);
/* Of those that count inside a search: what they count is too small where they were skipped. */
uint64_t skips_count_inner(const struct bpf_object *object);

#endif
