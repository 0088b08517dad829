/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets of a namespace by sock_diag(7), and the processes that hold them. */
#ifndef EPHEMPORT_RANGE_SOCKETS_H
#define EPHEMPORT_RANGE_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "range/range.h"
#include "util/reason.h"

struct held_socket {
	uint8_t proto;	/* IPPROTO_TCP, IPPROTO_UDP */
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t state;	/* TCP_*, see <netinet/tcp.h>; UDP: TCP_ESTABLISHED where connected */
	uint16_t sport, dport;	      /* host order; dport 0: none */
	struct in6_addr saddr, daddr; /* IPv4 in the first four bytes */
	uint32_t inode;		      /* 0: no process has it (TIME_WAIT, closing) */
	uint32_t expires_ms;	      /* of a TIME_WAIT: until it is gone */
};

struct socket_list {
	struct held_socket *items;
	size_t count;
};

/* An address of a socket as IPv6, v4-mapped where it is IPv4. */
struct in6_addr held_address(const struct held_socket *held, const struct in6_addr *address);

/*
 * The TCP and UDP sockets of the caller's namespace, TIME_WAIT included and, from 6.8 on, TCP
 * sockets that are bound and not connected (TCP_BOUND_INACTIVE). 0, or a negative errno with a
 * reason; the caller frees the list.
 */
int sockets_read(struct socket_list *list, struct reason *why);
void sockets_free(struct socket_list *list);
/* Adds the ports that a TCP listener or a bound socket holds: connect() passes them over. */
void sockets_add_bound(struct port_set *ports, const struct socket_list *list);

struct socket_owner {
	uint32_t inode;
	pid_t pid;
	char comm[16];
};

struct owner_list {
	struct socket_owner *items; /* by inode */
	size_t count;
};

/* Goes through /proc/PID/fd of all processes once. 0 or -ENOMEM. */
int owners_read(struct owner_list *list);
void owners_free(struct owner_list *list);
/* NULL where no process that we may look into has it. */
const struct socket_owner *owner_find(const struct owner_list *list, uint32_t inode);

#endif
