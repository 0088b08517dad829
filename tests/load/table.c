// SPDX-License-Identifier: GPL-2.0-only
/* Every scenario. A tracer that sees all of these sees every path and family. */
#include "load.h"

#define T	      IPPROTO_TCP
#define U	      IPPROTO_UDP
#define L	      IPPROTO_UDPLITE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define PLAIN(name, about, proto, kind, call, tweak) \
	{ name, about, scenario_plain, proto, ADDR_##kind, CALL_##call, TWEAK_##tweak, false }
#define OTHER(run, name, about, proto, kind, call) \
	{ name, about, scenario_##run, proto, ADDR_##kind, CALL_##call, TWEAK_NONE, false }
#define FULL(name, about, proto, kind, call) \
	{ name, about, scenario_full, proto, ADDR_##kind, CALL_##call, TWEAK_NONE, true }
#define FULL_WITH(name, about, proto, kind, call, tweak) \
	{ name, about, scenario_full, proto, ADDR_##kind, CALL_##call, TWEAK_##tweak, true }

const struct scenario load_scenarios[] = {
	PLAIN("tcp4_connect", "TCP connect", T, V4, CONNECT, NONE),
	PLAIN("tcp6_connect", "TCP connect", T, V6, CONNECT, NONE),
	PLAIN("tcp_mapped_connect", "TCP connect of an IPv6 socket to IPv4", T, MAPPED, CONNECT, NONE),
	PLAIN("tcp4_refused", "TCP connect that is reset", T, V4, REFUSED, NONE),
	PLAIN("tcp6_refused", "TCP connect that is reset", T, V6, REFUSED, NONE),
	OTHER(unanswered, "tcp4_unanswered", "TCP connect without an answer", T, V4, REFUSED),
	OTHER(unanswered, "tcp6_unanswered", "TCP connect without an answer", T, V6, REFUSED),
	PLAIN("tcp4_fastopen", "sendto(MSG_FASTOPEN)", T, V4, FASTOPEN, NONE),
	PLAIN("tcp6_fastopen", "sendto(MSG_FASTOPEN)", T, V6, FASTOPEN, NONE),
	PLAIN("tcp4_bind_connect", "bind(0) allocates, connect does not", T, V4, CONNECT, BOUND),
	PLAIN("tcp6_bind_connect", "bind(0) allocates, connect does not", T, V6, CONNECT, BOUND),
	PLAIN("tcp4_bind_listen", "bind(0) allocates, listen does not", T, V4, LISTEN, BOUND),
	PLAIN("tcp4_noport_connect", "IP_BIND_ADDRESS_NO_PORT, bind, connect", T, V4, CONNECT, NO_PORT),
	PLAIN("tcp6_noport_connect", "IP_BIND_ADDRESS_NO_PORT, bind, connect", T, V6, CONNECT, NO_PORT),
	PLAIN("tcp4_bind", "bind(0) to an address", T, V4, BIND, NONE),
	PLAIN("tcp6_bind", "bind(0) to an address", T, V6, BIND, NONE),
	PLAIN("tcp4_bind_any", "bind(0) to the wildcard", T, V4, BIND, ANY),
	PLAIN("tcp6_bind_any", "bind(0) to the wildcard", T, V6, BIND, ANY),
	PLAIN("tcp_mapped_bind", "bind(0) of an IPv6 socket to IPv4", T, MAPPED, BIND, NONE),
	PLAIN("tcp4_bind_reuseaddr", "bind(0) with SO_REUSEADDR", T, V4, BIND, REUSEADDR),
	PLAIN("tcp6_bind_reuseaddr", "bind(0) with SO_REUSEADDR", T, V6, BIND, REUSEADDR),
	PLAIN("tcp4_bind_reuseport", "bind(0) with SO_REUSEPORT", T, V4, BIND, REUSEPORT),
	PLAIN("tcp4_listen", "listen on an unbound socket", T, V4, LISTEN, NONE),
	PLAIN("tcp6_listen", "listen on an unbound socket", T, V6, LISTEN, NONE),
	PLAIN("tcp4_noport_listen", "IP_BIND_ADDRESS_NO_PORT, bind, listen", T, V4, LISTEN, NO_PORT),

	PLAIN("udp4_bind", "bind(0) to an address", U, V4, BIND, NONE),
	PLAIN("udp6_bind", "bind(0) to an address", U, V6, BIND, NONE),
	PLAIN("udp4_bind_any", "bind(0) to the wildcard", U, V4, BIND, ANY),
	PLAIN("udp6_bind_any", "bind(0) to the wildcard", U, V6, BIND, ANY),
	PLAIN("udp4_bind_reuseaddr", "bind(0) with SO_REUSEADDR", U, V4, BIND, REUSEADDR),
	PLAIN("udp4_bind_reuseport", "bind(0) with SO_REUSEPORT", U, V4, BIND, REUSEPORT),
	PLAIN("udp4_bind_connect", "bind(0) allocates, connect does not", U, V4, CONNECT, BOUND),
	PLAIN("udp4_connect", "connect on an unbound socket", U, V4, CONNECT, NONE),
	PLAIN("udp6_connect", "connect on an unbound socket", U, V6, CONNECT, NONE),
	PLAIN("udp4_noport_connect", "IP_BIND_ADDRESS_NO_PORT, bind, connect", U, V4, CONNECT, NO_PORT),
	PLAIN("udp4_connect_far", "connect to where no route leads", U, V4, CONNECT, FAR),
	PLAIN("udp6_connect_far", "connect to where no route leads", U, V6, CONNECT, FAR),
	OTHER(reconnect, "udp4_reconnect", "connect, connect, AF_UNSPEC, connect: two", U, V4, CONNECT),
	PLAIN("udp4_sendto", "sendto on an unbound socket", U, V4, SENDTO, NONE),
	PLAIN("udp6_sendto", "sendto on an unbound socket", U, V6, SENDTO, NONE),
	PLAIN("udp4_sendmsg", "sendmsg on an unbound socket", U, V4, SENDMSG, NONE),
	PLAIN("udp6_sendmsg", "sendmsg on an unbound socket", U, V6, SENDMSG, NONE),
	PLAIN("udp4_sendmmsg", "sendmmsg of three: one allocation", U, V4, SENDMMSG, NONE),
	PLAIN("udp6_sendmmsg", "sendmmsg of three: one allocation", U, V6, SENDMMSG, NONE),

	PLAIN("udplite4_bind", "bind(0)", L, V4, BIND, NONE),
	PLAIN("udplite6_bind", "bind(0)", L, V6, BIND, NONE),
	PLAIN("udplite4_connect", "connect on an unbound socket", L, V4, CONNECT, NONE),
	PLAIN("udplite4_sendto", "sendto on an unbound socket", L, V4, SENDTO, NONE),
	PLAIN("udplite6_sendto", "sendto on an unbound socket", L, V6, SENDTO, NONE),

	PLAIN("tcp4_connect_range_in", "IP_LOCAL_PORT_RANGE inside", T, V4, CONNECT, RANGE_IN),
	PLAIN("tcp6_connect_range_in", "IP_LOCAL_PORT_RANGE inside", T, V6, CONNECT, RANGE_IN),
	PLAIN("tcp4_connect_range_part", "IP_LOCAL_PORT_RANGE partly outside", T, V4, CONNECT, RANGE_PART),
	PLAIN("tcp4_connect_range_out", "IP_LOCAL_PORT_RANGE disjoint", T, V4, CONNECT, RANGE_OUT),
	PLAIN("tcp4_bind_range_in", "IP_LOCAL_PORT_RANGE inside", T, V4, BIND, RANGE_IN),
	PLAIN("tcp4_bind_range_part", "IP_LOCAL_PORT_RANGE partly outside", T, V4, BIND, RANGE_PART),
	PLAIN("tcp4_bind_range_out", "IP_LOCAL_PORT_RANGE disjoint", T, V4, BIND, RANGE_OUT),
	PLAIN("udp4_bind_range_in", "IP_LOCAL_PORT_RANGE inside", U, V4, BIND, RANGE_IN),
	PLAIN("udp4_sendto_range_in", "IP_LOCAL_PORT_RANGE inside", U, V4, SENDTO, RANGE_IN),
	PLAIN("udp4_connect_range_part", "IP_LOCAL_PORT_RANGE partly outside", U, V4, CONNECT, RANGE_PART),
	PLAIN("udp4_connect_range_out", "IP_LOCAL_PORT_RANGE disjoint", U, V4, CONNECT, RANGE_OUT),

	OTHER(no_alloc, "tcp4_bind_foreign", "bind to a foreign address: none", T, V4, BIND),
	OTHER(no_alloc, "udp4_bind_foreign", "bind to a foreign address: none", U, V4, BIND),
	OTHER(no_alloc, "tcp4_connect_far", "connect without a route: none", T, V4, CONNECT),
	OTHER(no_alloc, "tcp6_connect_far", "connect without a route: none", T, V6, CONNECT),

	FULL("full_tcp4_connect", "range used up: EADDRNOTAVAIL", T, V4, CONNECT),
	FULL("full_tcp6_connect", "range used up: EADDRNOTAVAIL", T, V6, CONNECT),
	FULL("full_tcp4_bind", "range used up: EADDRINUSE", T, V4, BIND),
	FULL("full_tcp6_bind", "range used up: EADDRINUSE", T, V6, BIND),
	FULL("full_tcp4_listen", "range used up: EADDRINUSE", T, V4, LISTEN),
	FULL("full_tcp6_listen", "range used up: EADDRINUSE", T, V6, LISTEN),
	FULL("full_udp4_bind", "range used up: EADDRINUSE", U, V4, BIND),
	FULL("full_udp6_bind", "range used up: EADDRINUSE", U, V6, BIND),
	FULL("full_udp4_connect", "range used up: EAGAIN", U, V4, CONNECT),
	FULL("full_udp6_connect", "range used up: EAGAIN", U, V6, CONNECT),
	FULL("full_udp4_sendto", "range used up: EAGAIN", U, V4, SENDTO),
	FULL("full_udp6_sendto", "range used up: EAGAIN", U, V6, SENDTO),
	FULL("full_udp4_sendmsg", "range used up: EAGAIN", U, V4, SENDMSG),
	FULL("full_udp4_sendmmsg", "range used up: EAGAIN", U, V4, SENDMMSG),
	FULL("full_udplite4_sendto", "range used up: EAGAIN", L, V4, SENDTO),

	FULL_WITH("full_tcp4_connect_range_in", "IP_LOCAL_PORT_RANGE inside", T, V4, CONNECT, RANGE_IN),
	FULL_WITH("full_tcp6_connect_range_in", "IP_LOCAL_PORT_RANGE inside", T, V6, CONNECT, RANGE_IN),
	FULL_WITH("full_tcp4_connect_range_part", "IP_LOCAL_PORT_RANGE partly outside", T, V4, CONNECT, RANGE_PART),
	FULL_WITH("full_tcp4_connect_range_out", "IP_LOCAL_PORT_RANGE disjoint", T, V4, CONNECT, RANGE_OUT),
	FULL_WITH("full_tcp4_bind_range_in", "IP_LOCAL_PORT_RANGE inside", T, V4, BIND, RANGE_IN),
	FULL_WITH("full_udp4_bind_range_in", "IP_LOCAL_PORT_RANGE inside", U, V4, BIND, RANGE_IN),
	FULL_WITH("full_tcp4_bind_reuseaddr", "SO_REUSEADDR, used up", T, V4, BIND, REUSEADDR),
	FULL_WITH("full_tcp6_bind_reuseaddr", "SO_REUSEADDR, used up", T, V6, BIND, REUSEADDR),
	OTHER(knee, "tcp4_knee", "past the first half of the range", T, V4, CONNECT),
	{ "tcp4_knee_range", "the same with IP_LOCAL_PORT_RANGE", scenario_knee, T, ADDR_V4,
	  CALL_CONNECT, TWEAK_RANGE_SAME, false },
	OTHER(storm, "tcp4_storm", "TCP connects that are kept for a while", T, V4, CONNECT),
	OTHER(storm, "tcp6_storm", "TCP connects that are kept for a while", T, V6, CONNECT),

	OTHER(explicit, "explicit_tcp4", "bind to a named port, twice", T, V4, BIND),
	OTHER(explicit, "explicit_tcp6", "bind to a named port, twice", T, V6, BIND),
	OTHER(explicit, "explicit_udp4", "bind to a named port, twice", U, V4, BIND),
	OTHER(explicit, "explicit_udp6", "bind to a named port, twice", U, V6, BIND),
};
/* clang-format on */

const int load_n_scenarios = ARRAY_SIZE(load_scenarios);
