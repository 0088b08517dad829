/* SPDX-License-Identifier: GPL-2.0-only */
/* The user's side of bpf/descendants.h. */
#ifndef EPHEMPORT_TRACE_DESCENDANTS_H
#define EPHEMPORT_TRACE_DESCENDANTS_H

#include <stdint.h>

#include "config.h"

struct bpf_object;

/* Processes alive at once; a machine has 32,768 process numbers as a rule. */
enum { DESCENDANTS_MAX = 65536 };

/* Before load: makes this process the ancestor where @config filters by descent. 0 or -errno. */
int descendants_configure(struct bpf_object *object, struct config *config);
/* How many are alive. */
uint32_t descendants_count(const struct bpf_object *object);

#endif
