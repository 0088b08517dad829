// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that allocate. What the log says of an allocation is what getsockname() says after
 * it, except where the kernel changes the socket afterwards: a UDP connect picks the port before
 * it picks the source address (inet_dgram_connect: autobind first), so the address is the one
 * from before the call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "load.h"

#define MESSAGES 3

static const char payload[] = "x";

static socklen_t destination(struct worker *w, const struct scenario *s, union address *addr)
{
	int port = s->call == CALL_REFUSED ? w->closed_port : w->open_port;

	if (s->tweak == TWEAK_FAR)
		return address_far(addr, s->kind, port);
	return address_loopback(addr, s->kind, port);
}

int alloc_bind(struct worker *w, const struct scenario *s, int fd, int port)
{
	struct endpoint src;
	struct log_entry e = { .path = port ? "explicit" : "bind", .proto = s->proto, .src = &src };
	union address addr;
	socklen_t len;
	int err;

	if (s->tweak == TWEAK_ANY)
		len = address_any(&addr, s->kind, port);
	else
		len = address_loopback(&addr, s->kind, port);
	endpoint_from(&src, &addr);
	if (bind(fd, &addr.sa, len)) {
		/* Any other error comes from a check before the search. */
		if (errno != EADDRINUSE)
			return worker_fail(w, errno, "bind");
		e.err = errno;
	} else {
		err = endpoint_of_socket(&src, fd);
		if (err || !src.port)
			return worker_fail(w, err, "bind gave no port");
	}
	/* A named port matters where it stands in a search's way: in the range. */
	if (!port || (port >= w->ctx->range_low && port <= w->ctx->range_high))
		log_alloc(w, &e);
	return e.err;
}

static int alloc_listen(struct worker *w, const struct scenario *s, int fd)
{
	struct endpoint src;
	struct log_entry e = { .path = "listen", .proto = s->proto, .src = &src };
	int err;

	err = endpoint_of_socket(&src, fd);
	if (err || src.port)
		return worker_fail(w, err, "listen on a socket that has a port");
	if (listen(fd, 8)) {
		if (errno != EADDRINUSE)
			return worker_fail(w, errno, "listen");
		e.err = errno;
	} else {
		err = endpoint_of_socket(&src, fd);
		if (err || !src.port)
			return worker_fail(w, err, "listen gave no port");
	}
	log_alloc(w, &e);
	return e.err;
}

static int tcp_connect_errno(const struct scenario *s, int fd, const union address *dst,
			     socklen_t len)
{
	if (s->call == CALL_FASTOPEN) {
		if (sendto(fd, payload, 1, MSG_FASTOPEN, &dst->sa, len) < 0)
			return errno;
		return 0;
	}
	return connect(fd, &dst->sa, len) ? errno : 0;
}

/*
 * For a refused connect the socket does not block: then the reset only closes it, which gives the
 * port back but leaves inet_sport to be read (__inet_put_port clears inet_num alone; 5.4 to 7.3),
 * whereas a blocking connect() would disconnect it and clear both.
 */
static int alloc_tcp_connect(struct worker *w, const struct scenario *s, int fd)
{
	struct endpoint src, to;
	struct log_entry e = { .path = "connect", .proto = s->proto, .src = &src, .dst = &to };
	union address dst;
	socklen_t len = destination(w, s, &dst);
	int err;

	endpoint_from(&to, &dst);
	err = tcp_connect_errno(s, fd, &dst, len);
	if (err == EADDRNOTAVAIL) {
		/* The source came from the route, and on loopback it is the destination. */
		e.err = err;
		src = to;
	} else if (err && err != EINPROGRESS && !(err == ECONNREFUSED && s->call == CALL_REFUSED)) {
		return worker_fail(w, err, "connect");
	} else {
		err = endpoint_of_socket(&src, fd);
		if (err || !src.port)
			return worker_fail(w, err, "connect gave no port");
	}
	log_alloc(w, &e);
	return e.err;
}

static int send_errno(const struct scenario *s, int fd, union address *dst, socklen_t len)
{
	struct iovec iov = { .iov_base = (void *)payload, .iov_len = 1 };
	struct mmsghdr mm[MESSAGES];
	long n;

	memset(mm, 0, sizeof(mm));
	for (int i = 0; i < MESSAGES; i++) {
		mm[i].msg_hdr.msg_name = dst;
		mm[i].msg_hdr.msg_namelen = len;
		mm[i].msg_hdr.msg_iov = &iov;
		mm[i].msg_hdr.msg_iovlen = 1;
	}
	if (s->call == CALL_CONNECT)
		n = connect(fd, &dst->sa, len);
	else if (s->call == CALL_SENDTO)
		n = sendto(fd, payload, 1, 0, &dst->sa, len);
	else if (s->call == CALL_SENDMSG)
		n = sendmsg(fd, &mm[0].msg_hdr, 0);
	else
		n = sendmmsg(fd, mm, MESSAGES, 0);
	return n < 0 ? errno : 0;
}

/* The port is taken before the destination is looked at: the call may fail and keep the port. */
static int alloc_autobind(struct worker *w, const struct scenario *s, int fd)
{
	struct endpoint src, now, to;
	struct log_entry e = { .path = "autobind", .proto = s->proto, .src = &src, .dst = &to };
	union address dst;
	socklen_t len = destination(w, s, &dst);
	int err, call_err;

	endpoint_from(&to, &dst);
	err = endpoint_of_socket(&src, fd);
	if (err || src.port)
		return worker_fail(w, err, "autobind on a socket that has a port");
	call_err = send_errno(s, fd, &dst, len);
	err = endpoint_of_socket(&now, fd);
	if (err)
		return worker_fail(w, err, "getsockname");
	src.port = now.port;
	if (!now.port) {
		if (call_err != EAGAIN)
			return worker_fail(w, call_err, "autobind gave no port");
		e.err = call_err;
	} else if (call_err && s->tweak != TWEAK_FAR) {
		return worker_fail(w, call_err, "send");
	}
	log_alloc(w, &e);
	return e.err;
}

int alloc_call(struct worker *w, const struct scenario *s, int fd)
{
	if (s->call == CALL_BIND)
		return alloc_bind(w, s, fd, 0);
	if (s->call == CALL_LISTEN)
		return alloc_listen(w, s, fd);
	if (s->proto == IPPROTO_TCP)
		return alloc_tcp_connect(w, s, fd);
	return alloc_autobind(w, s, fd);
}
