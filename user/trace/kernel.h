/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel is, as its BTF and its configuration tell: never by version number, since
 * distributions backport.
 */
#ifndef EPHEMPORT_TRACE_KERNEL_H
#define EPHEMPORT_TRACE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

struct btf;

struct kernel_facts {
	struct btf *btf;       /* of the kernel, megabytes; NULL where it is not needed now */
	bool option_scans_all; /* inet_sk_get_local_port_range() returns bool: 6.8 (207184853dbd) */
	enum connect_start connect_start; /* by the type of port_offset, and only with a table */
};

/* Negative errno: no BTF of the kernel to be read. */
int kernel_facts_read(struct kernel_facts *facts);
/* Gives the memory back; the facts stay, and what asks for more reads it again. */
void kernel_facts_free(struct kernel_facts *facts);
/* By CONFIG_INET_TABLE_PERTURB_ORDER; 16 where no file tells. */
uint32_t kernel_perturb_mask(void);

/* The number of arguments of a function of the kernel, or -ENOENT: BTF does not have it. */
int kernel_function_args(struct kernel_facts *facts, const char *name);

/*
 * 0 where this kernel lets us load and attach an fentry program, tried with one that does nothing;
 * else the negative errno that it gave.
 */
int kernel_try_fentry(struct kernel_facts *facts);

#endif
