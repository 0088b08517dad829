// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* A socket that leaves no TIME_WAIT behind, or a skip where the kernel lacks the protocol. */
int scenario_open(struct worker *w, const struct scenario *s)
{
	struct linger no_wait = { .l_onoff = 1 };
	int type = s->proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int fd;

	if (s->call == CALL_REFUSED)
		type |= SOCK_NONBLOCK;
	fd = socket(address_family(s->kind), type | SOCK_CLOEXEC, s->proto);
	if (fd < 0) {
		if (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT || errno == ESOCKTNOSUPPORT)
			return -worker_skip(w, errno, "socket");
		return worker_fail(w, errno, "socket");
	}
	if (s->kind == ADDR_V6 && w->listen_fd[1] < 0) {
		close(fd);
		return -worker_skip(w, EADDRNOTAVAIL, "::1");
	}
	if (s->proto == IPPROTO_TCP)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_wait, sizeof(no_wait));
	return fd;
}

int scenario_accept(struct worker *w, const struct scenario *s)
{
	int fd = accept4(w->listen_fd[s->kind == ADDR_V6], NULL, NULL, SOCK_CLOEXEC);

	return fd < 0 ? worker_fail(w, errno, "accept") : fd;
}

static int set_socket_range(struct worker *w, const struct scenario *s, int fd)
{
	int low = w->ctx->range_low, high = w->ctx->range_high;
	int ports = high - low + 1, err;

	if (ports < 4 || low < 1024)
		return worker_skip(w, 0, "the namespace's range leaves no room");
	if (s->tweak == TWEAK_RANGE_IN) {
		high = low + ports / 2 - 1;
		low += ports / 4;
	} else if (s->tweak == TWEAK_RANGE_PART) {
		high = low + ports / 4;
		low -= 100;
	} else if (s->tweak == TWEAK_RANGE_OUT) {
		high = low - 11;
		low -= 20;
	}
	err = set_int(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, (int)((unsigned int)high << 16 | low));
	if (err == -ENOPROTOOPT)
		return worker_skip(w, err, "IP_LOCAL_PORT_RANGE");
	return err ? worker_fail(w, err, "IP_LOCAL_PORT_RANGE") : 0;
}

/* bind() to an address without a port: the port is picked later, by connect or send. */
static int bind_no_port(struct worker *w, const struct scenario *s, int fd)
{
	union address addr;
	struct endpoint ep;
	socklen_t len = address_loopback(&addr, s->kind, 0);
	int err = set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);

	if (err)
		return worker_fail(w, err, "IP_BIND_ADDRESS_NO_PORT");
	if (bind(fd, &addr.sa, len))
		return worker_fail(w, errno, "bind without a port");
	err = endpoint_of_socket(&ep, fd);
	if (err || ep.port)
		return worker_fail(w, err, "IP_BIND_ADDRESS_NO_PORT did not hold the port back");
	return 0;
}

int scenario_prepare(struct worker *w, const struct scenario *s, int fd)
{
	int err = 0;

	switch (s->tweak) {
	case TWEAK_REUSEADDR:
		err = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		break;
	case TWEAK_REUSEPORT:
		err = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		break;
	case TWEAK_RANGE_IN:
	case TWEAK_RANGE_PART:
	case TWEAK_RANGE_OUT:
	case TWEAK_RANGE_SAME:
		return set_socket_range(w, s, fd);
	case TWEAK_NO_PORT:
		return bind_no_port(w, s, fd);
	case TWEAK_BOUND:
		return alloc_bind(w, s, fd, 0);
	default:
		break;
	}
	return err ? worker_fail(w, err, "setsockopt") : 0;
}

/* The call on a socket that has its port already: no allocation, so nothing for the log. */
static int call_bound(struct worker *w, const struct scenario *s, int fd)
{
	struct endpoint before, after;
	union address dst;
	socklen_t len = address_loopback(&dst, s->kind, w->open_port);
	int err;

	err = endpoint_of_socket(&before, fd);
	if (!err && s->call == CALL_LISTEN)
		err = listen(fd, 8) ? -errno : 0;
	else if (!err)
		err = connect(fd, &dst.sa, len) ? -errno : 0;
	if (!err)
		err = endpoint_of_socket(&after, fd);
	if (err)
		return worker_fail(w, err, "call on a bound socket");
	return before.port == after.port ? 0 : worker_fail(w, EPROTO, "the port changed");
}

static bool leaves_connection(const struct scenario *s)
{
	return s->proto == IPPROTO_TCP && (s->call == CALL_CONNECT || s->call == CALL_FASTOPEN);
}

/* One socket, one allocation. A range that is used up is an answer like any other. */
int scenario_plain(struct worker *w, const struct scenario *s)
{
	int fd = scenario_open(w, s), peer, err;

	if (fd < 0)
		return fd == -LOAD_SKIP ? LOAD_SKIP : fd;
	err = scenario_prepare(w, s, fd);
	if (!err && s->tweak == TWEAK_BOUND)
		err = call_bound(w, s, fd);
	else if (!err)
		err = alloc_call(w, s, fd);
	if (err == -EOPNOTSUPP && s->call == CALL_FASTOPEN)
		err = LOAD_SKIP;
	if (!err && leaves_connection(s)) {
		peer = scenario_accept(w, s);
		err = peer < 0 ? peer : 0;
		/* The client resets first, so that neither end waits. */
		close(fd);
		if (peer >= 0)
			close(peer);
		return err;
	}
	close(fd);
	return err < 0 || err == LOAD_SKIP ? err : 0;
}

/* A port that the caller names, then the same again: taken. */
int scenario_explicit(struct worker *w, const struct scenario *s)
{
	struct load_ctx *ctx = w->ctx;
	int ports = ctx->range_high - ctx->range_low + 1;
	int first = -1, second = -1, err;

	if (!ctx->log_explicit)
		return worker_skip(w, 0, "needs --explicit");
	first = scenario_open(w, s);
	if (first < 0)
		return first == -LOAD_SKIP ? LOAD_SKIP : first;
	err = alloc_bind(w, s, first, ctx->range_low + (w->lines + w->index * 7) % ports);
	if (!err) {
		struct endpoint ep;

		second = scenario_open(w, s);
		err = second < 0 ? second : endpoint_of_socket(&ep, first);
		if (!err)
			err = alloc_bind(w, s, second, ep.port);
	}
	if (second >= 0)
		close(second);
	close(first);
	return err < 0 ? err : 0;
}
