/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A range of local ports as numbers and text: pure arithmetic, nothing here looks at the machine.
 * Both ends belong to it everywhere: it holds high - low + 1 ports.
 */
#ifndef EPHEMPORT_RANGE_RANGE_H
#define EPHEMPORT_RANGE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/reason.h"

enum {
	PORT_COUNT = 65536,
	RANGE_TEXT_LEN = 32, /* "start=49152 num=16384" */
	/* What each new namespace starts with, whatever its parent has: inet_init_net(),
	 * net/ipv4/af_inet.c, since 07f4c90062f8 (4.2). */
	RANGE_DEFAULT_LOW = 32768,
	RANGE_DEFAULT_HIGH = 60999,
};

struct port_range {
	uint16_t low, high; /* 1 to 65535, low <= high */
};

enum range_style {
	RANGE_PLAIN,  /* 49152-65535 */
	RANGE_SYSCTL, /* 49152 65535 */
	RANGE_NETSH,  /* start=49152 num=16384 */
};

/*
 * Takes all three styles. 0, or -EINVAL with what is wrong and what would be right in @why. Refused
 * is what the kernel refuses whatever its settings: a zero, an end above 65535, high below low
 * (net/ipv4/sysctl_net_ipv4.c, ipv4_local_port_range()).
 */
int range_parse(const char *text, struct port_range *range, struct reason *why);
/* @out takes RANGE_TEXT_LEN bytes. */
void range_format(char *out, struct port_range range, enum range_style style);

unsigned int range_count(struct port_range range);
/* connect() tries the parity of low first: so many ports, and then each search looks at all of
 * those again (__inet_hash_connect(), net/ipv4/inet_hashtables.c). */
unsigned int range_knee(struct port_range range);
/* Ends of one parity: the kernel warns, and the two halves differ by one port. */
bool range_same_parity(struct port_range range);
bool range_contains(struct port_range range, unsigned int port);
bool range_equal(struct port_range a, struct port_range b);
/* The ports that both have: false where there are none. */
bool range_overlap(struct port_range a, struct port_range b, struct port_range *both);

/* A set of ports, one bit each. */
struct port_set {
	uint64_t bits[PORT_COUNT / 64];
};

void port_set_add(struct port_set *set, struct port_range range);
bool port_set_has(const struct port_set *set, unsigned int port);
unsigned int port_set_count(const struct port_set *set, struct port_range within);
/* "1,2-4,10-10", spaces and newlines at the ends: as ip_local_reserved_ports prints it. */
int port_set_parse(const char *text, struct port_set *set);
/*
 * The ports of @set inside @within as such a list, cut with "..." where @size bytes do not hold it.
 * "" where there are none.
 */
void port_set_format(char *out, size_t size, const struct port_set *set, struct port_range within);

#endif
