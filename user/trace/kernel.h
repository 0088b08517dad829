/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel is, as its BTF tells: never by version number, since distributions
 * backport.
 */
#ifndef EPHEMPORT_TRACE_KERNEL_H
#define EPHEMPORT_TRACE_KERNEL_H

#include <stdbool.h>

struct kernel_facts {
	int connect_args;      /* of __inet_hash_connect(): 4 to 6.14, 5 from 6.15; 0: not in BTF */
	bool option_scans_all; /* inet_sk_get_local_port_range() returns bool: 6.8 (207184853dbd) */
};

/* Negative errno: no BTF of the kernel to be read. */
int kernel_facts_read(struct kernel_facts *facts);

/*
 * 0 where this kernel lets us load and attach an fentry program, tried with one that does nothing;
 * else the negative errno that it gave.
 */
int kernel_try_fentry(void);

#endif
