// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "range/probe.h"
#include "util/cleanup.h"

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

enum { PROBE_DPORT = 9 }; /* discard; nothing is sent to it */

static const struct way {
	const char *proto;
	int family, type;
	enum probe_path path;
} ways[PROBE_WAYS] = {
	{ "tcp4", AF_INET, SOCK_STREAM, PROBE_CONNECT },
	{ "tcp4", AF_INET, SOCK_STREAM, PROBE_BIND },
	{ "tcp4", AF_INET, SOCK_STREAM, PROBE_LISTEN },
	{ "tcp6", AF_INET6, SOCK_STREAM, PROBE_CONNECT },
	{ "tcp6", AF_INET6, SOCK_STREAM, PROBE_BIND },
	{ "tcp6", AF_INET6, SOCK_STREAM, PROBE_LISTEN },
	{ "udp4", AF_INET, SOCK_DGRAM, PROBE_BIND },
	{ "udp4", AF_INET, SOCK_DGRAM, PROBE_AUTOBIND },
	{ "udp6", AF_INET6, SOCK_DGRAM, PROBE_BIND },
	{ "udp6", AF_INET6, SOCK_DGRAM, PROBE_AUTOBIND },
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

const char *probe_path_name(enum probe_path path)
{
	static const char *const names[] = { "connect", "bind", "listen", "autobind" };

	return names[path];
}

static socklen_t address_loopback(union address *address, int family, in_port_t port)
{
	*address = (union address){ 0 };
	if (family == AF_INET) {
		address->v4 = (struct sockaddr_in){ .sin_family = AF_INET,
						    .sin_port = htons(port),
						    .sin_addr = { htonl(INADDR_LOOPBACK) } };
		return sizeof(address->v4);
	}
	address->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					     .sin6_port = htons(port),
					     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	return sizeof(address->v6);
}

static int socket_set(int fd, int level, int name)
{
	int one = 1;

	return setsockopt(fd, level, name, &one, sizeof(one)) ? -errno : 0;
}

static int probe_bind(int fd, const struct way *way)
{
	union address address;
	socklen_t length = address_loopback(&address, way->family, 0);
	int error = way->family == AF_INET ? socket_set(fd, SOL_IP, IP_FREEBIND) :
					     socket_set(fd, SOL_IPV6, IPV6_FREEBIND);

	if (!error && way->path == PROBE_LISTEN)
		error = socket_set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT);
	return error ? error : bind(fd, &address.any, length) ? -errno : 0;
}

/* Is there an address of loopback to connect from? Else EADDRNOTAVAIL would pass for exhaustion. */
static int loopback_usable(const struct way *way)
{
	CLEANUP_CLOSE int fd = socket(way->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union address address;
	socklen_t length = address_loopback(&address, way->family, 0);

	return fd < 0 || socket_set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT) ||
			       bind(fd, &address.any, length) ?
		       -ENETUNREACH :
		       0;
}

static int probe_connect(int fd, const struct way *way)
{
	union address address;
	socklen_t length = address_loopback(&address, way->family, PROBE_DPORT);
	int error = way->type == SOCK_STREAM ? socket_set(fd, SOL_TCP, TCP_REPAIR) : 0;

	if (!error && way->type == SOCK_STREAM)
		error = loopback_usable(way);
	if (error)
		return error;
	return connect(fd, &address.any, length) ? -errno : 0;
}

static int probe_act(int fd, const struct way *way)
{
	int error;

	switch (way->path) {
	case PROBE_CONNECT:
		return probe_connect(fd, way);
	case PROBE_AUTOBIND:
		error = probe_connect(fd, way);
		/* No route: the port was chosen all the same. */
		return error == -ENETUNREACH || error == -EADDRNOTAVAIL ? 0 : error;
	case PROBE_BIND:
		return probe_bind(fd, way);
	case PROBE_LISTEN:
		error = probe_bind(fd, way);
		return error ? error : listen(fd, 0) ? -errno : 0;
	}
	return -EINVAL;
}

/* The port, or a negative errno. */
static int probe_once(const struct way *way)
{
	CLEANUP_CLOSE int fd = socket(way->family, way->type | SOCK_CLOEXEC, 0);
	union address address;
	socklen_t length = sizeof(address);
	int error = fd < 0 ? -errno : probe_act(fd, way);

	if (error)
		return error;
	if (getsockname(fd, &address.any, &length))
		return -errno;
	return ntohs(way->family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static bool probe_is_exhausted(int error)
{
	return error == -EADDRNOTAVAIL || error == -EADDRINUSE || error == -EAGAIN;
}

static void probe_way(const struct way *way, struct port_range range, unsigned int times,
		      struct probe_result *result)
{
	*result = (struct probe_result){ .proto = way->proto, .path = way->path };
	for (unsigned int i = 0; i < times; i++) {
		int port = probe_once(way);

		if (port <= 0) {
			if (probe_is_exhausted(port))
				result->failed = -port;
			else
				result->skipped = port ? -port : EPROTO;
			return;
		}
		result->made++;
		if (!result->first)
			result->first = (uint16_t)port;
		if (range_contains(range, (unsigned int)port))
			result->inside++;
		else
			result->outside = (uint16_t)port;
	}
}

void probe_run(struct port_range range, unsigned int times, struct probe_result results[PROBE_WAYS])
{
	for (size_t i = 0; i < PROBE_WAYS; i++)
		probe_way(&ways[i], range, times, &results[i]);
}
