// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "load.h"

static socklen_t address_parse(union address *addr, enum addr_kind kind, int port,
			       const char *const text[])
{
	memset(addr, 0, sizeof(*addr));
	if (kind == ADDR_V4) {
		addr->in.sin_family = AF_INET;
		addr->in.sin_port = htons(port);
		inet_pton(AF_INET, text[kind], &addr->in.sin_addr);
		return sizeof(addr->in);
	}
	addr->in6.sin6_family = AF_INET6;
	addr->in6.sin6_port = htons(port);
	inet_pton(AF_INET6, text[kind], &addr->in6.sin6_addr);
	return sizeof(addr->in6);
}

int address_family(enum addr_kind kind)
{
	return kind == ADDR_V4 ? AF_INET : AF_INET6;
}

socklen_t address_loopback(union address *addr, enum addr_kind kind, int port)
{
	static const char *const text[] = {
		[ADDR_V4] = "127.0.0.1",
		[ADDR_V6] = "::1",
		[ADDR_MAPPED] = "::ffff:127.0.0.1",
	};

	return address_parse(addr, kind, port, text);
}

socklen_t address_any(union address *addr, enum addr_kind kind, int port)
{
	static const char *const text[] = {
		[ADDR_V4] = "0.0.0.0",
		[ADDR_V6] = "::",
		[ADDR_MAPPED] = "::ffff:0.0.0.0",
	};

	return address_parse(addr, kind, port, text);
}

/* Documentation addresses (RFC 5737, RFC 3849): nobody has them. */
socklen_t address_far(union address *addr, enum addr_kind kind, int port)
{
	static const char *const text[] = {
		[ADDR_V4] = "198.51.100.7",
		[ADDR_V6] = "2001:db8::7",
		[ADDR_MAPPED] = "::ffff:198.51.100.7",
	};

	return address_parse(addr, kind, port, text);
}

void endpoint_from(struct endpoint *ep, const union address *addr)
{
	memset(ep, 0, sizeof(*ep));
	if (addr->sa.sa_family == AF_INET) {
		ep->family = 4;
		ep->port = ntohs(addr->in.sin_port);
		inet_ntop(AF_INET, &addr->in.sin_addr, ep->text, sizeof(ep->text));
		return;
	}
	ep->port = ntohs(addr->in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&addr->in6.sin6_addr)) {
		ep->family = 4;
		inet_ntop(AF_INET, &addr->in6.sin6_addr.s6_addr[12], ep->text, sizeof(ep->text));
	} else {
		ep->family = 6;
		inet_ntop(AF_INET6, &addr->in6.sin6_addr, ep->text, sizeof(ep->text));
	}
}

int endpoint_of_socket(struct endpoint *ep, int fd)
{
	union address addr;
	socklen_t len = sizeof(addr);

	memset(&addr, 0, sizeof(addr));
	if (getsockname(fd, &addr.sa, &len))
		return -errno;
	endpoint_from(ep, &addr);
	return 0;
}
