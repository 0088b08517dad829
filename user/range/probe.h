/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real allocations of our own, one on each way to a port, without a packet:
 *
 * connect   TCP, with TCP_REPAIR: the kernel searches a port in __inet_hash_connect() as ever, then
 *           tcp_connect() takes the socket for established without a SYN, and close() ends it
 *           without FIN, RST or TIME_WAIT (net/ipv4/tcp_output.c, tcp.c; 3.5). It takes
 *           CAP_NET_ADMIN. The destination is a loopback address and needs a route there: with lo
 *           down no program could connect either, and the probe is counted as not possible.
 * bind      bind() to port 0 of a loopback address; IP_FREEBIND, so that lo may be down.
 * listen    listen() on a socket bound to a loopback address without a port
 *           (IP_BIND_ADDRESS_NO_PORT, 4.2): nobody outside can reach it.
 * autobind  connect() of an unbound UDP socket: it sends nothing, and the port is chosen before the
 *           route is looked up (inet_dgram_connect(), net/ipv4/af_inet.c).
 *
 * The port is what getsockname() says; the socket is closed at once.
 */
#ifndef EPHEMPORT_RANGE_PROBE_H
#define EPHEMPORT_RANGE_PROBE_H

#include <stdbool.h>

#include "range/range.h"

enum probe_path { PROBE_CONNECT, PROBE_BIND, PROBE_LISTEN, PROBE_AUTOBIND };

/* The ten ways: tcp4 tcp6 connect bind listen, udp4 udp6 bind autobind. */
enum { PROBE_WAYS = 10 };

struct probe_result {
	const char *proto; /* "tcp4" ... */
	enum probe_path path;
	unsigned int made, inside;
	uint16_t first, outside; /* a port of each kind, 0: none */
	int skipped;		 /* errno why it is not possible here; 0: it is */
	int failed;		 /* errno of a search that found no port; 0: none */
};

const char *probe_path_name(enum probe_path path);
/* @times allocations on each way in the caller's namespace. */
void probe_run(struct port_range range, unsigned int times,
	       struct probe_result results[PROBE_WAYS]);

#endif
