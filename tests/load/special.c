// SPDX-License-Identifier: GPL-2.0-only
/* Scenarios that need more than one socket, or that must make no allocation. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

/* Failing calls to log once the range is used up. */
#define FULL_FAILURES 4
/* Connections of scenario_knee() past the first half of the range. */
#define KNEE_PAST      256
#define KNEE_MAX_PORTS 8192
/* More ports than this take too many descriptors and too long. */
#define FULL_MAX_PORTS 2048

struct fd_list {
	int *fd;
	int n;
	int max;
};

static void fd_list_close(struct fd_list *list)
{
	/* Clients come before their peers here: resets first, no TIME_WAIT. */
	for (int i = 0; i < list->n; i++)
		close(list->fd[i]);
	free(list->fd);
}

/* One more socket through the call of @s, kept open. */
static int full_step(struct worker *w, const struct scenario *s, struct fd_list *list)
{
	int fd, err;

	if (list->n + 2 > list->max)
		return worker_fail(w, EPROTO, "the range never ran out");
	fd = scenario_open(w, s);
	if (fd < 0)
		return fd;
	list->fd[list->n++] = fd;
	err = scenario_prepare(w, s, fd);
	if (err)
		return err == LOAD_SKIP ? -LOAD_SKIP : err;
	err = alloc_call(w, s, fd);
	if (err || s->proto != IPPROTO_TCP || s->call != CALL_CONNECT)
		return err;
	fd = scenario_accept(w, s);
	if (fd < 0)
		return fd;
	list->fd[list->n++] = fd;
	return 0;
}

static int full_run(struct worker *w, const struct scenario *s, struct fd_list *list)
{
	struct load_ctx *ctx = w->ctx;
	int ports = ctx->range_high - ctx->range_low + 1;
	struct scenario fill = *s;
	int failures = 0, filled = 0, err;

	/* connect() counts per destination, the others per port: fill with what blocks them. */
	if (s->proto != IPPROTO_TCP || s->call != CALL_CONNECT)
		fill.call = CALL_BIND;
	do {
		if (filled == ports / 2 && settings_apply(ctx, SETTING_HALFWAY))
			return worker_fail(w, EINVAL, "a setting");
		err = full_step(w, &fill, list);
		/* With ip_autobind_reuse such sockets share ports, and never run out of them. */
		if (!err && ++filled >= 2 * ports && s->tweak == TWEAK_REUSEADDR)
			return 0;
	} while (!err);
	/* Other threads may give a port back meanwhile: then one more is kept. */
	while (err >= 0 && failures < FULL_FAILURES) {
		err = full_step(w, s, list);
		failures += err > 0;
	}
	return err < 0 ? err : 0;
}

/* Uses the range up and goes on asking. */
int scenario_full(struct worker *w, const struct scenario *s)
{
	struct load_ctx *ctx = w->ctx;
	int ports = ctx->range_high - ctx->range_low + 1, err;
	struct fd_list list = { 0 };

	if (ports > FULL_MAX_PORTS)
		return worker_skip(w, 0, "needs a range of at most 2048 ports");
	list.max = 4 * ports + 256;
	list.fd = calloc(list.max, sizeof(*list.fd));
	if (!list.fd)
		return worker_fail(w, ENOMEM, "calloc");
	/* Two threads doing this at once would each see the other's half. */
	pthread_mutex_lock(&ctx->full_lock);
	err = full_run(w, s, &list);
	fd_list_close(&list);
	pthread_mutex_unlock(&ctx->full_lock);
	return err == -LOAD_SKIP ? LOAD_SKIP : err;
}

/* A second connect() keeps the port; one after connect(AF_UNSPEC) has to find another. */
int scenario_reconnect(struct worker *w, const struct scenario *s)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	union address dst;
	socklen_t len = address_loopback(&dst, s->kind, w->closed_port);
	int fd = scenario_open(w, s), err;

	if (fd < 0)
		return fd == -LOAD_SKIP ? LOAD_SKIP : fd;
	err = alloc_call(w, s, fd);
	if (!err && (connect(fd, &dst.sa, len) || connect(fd, &nowhere, sizeof(nowhere))))
		err = worker_fail(w, errno, "reconnect");
	if (!err)
		err = alloc_call(w, s, fd);
	close(fd);
	return err < 0 ? err : 0;
}

/*
 * Calls that fail before any search, with an errno that an allocation could give too. They must
 * leave no line here and no event there.
 */
int scenario_no_alloc(struct worker *w, const struct scenario *s)
{
	struct endpoint ep;
	union address far;
	socklen_t len;
	int fd, err;

	if (!w->ctx->own_netns)
		return worker_skip(w, 0, "needs --netns: the address may be reachable here");
	fd = scenario_open(w, s);
	if (fd < 0)
		return fd == -LOAD_SKIP ? LOAD_SKIP : fd;
	len = address_far(&far, s->kind, s->call == CALL_BIND ? 0 : w->open_port);
	if (s->call == CALL_BIND)
		err = bind(fd, &far.sa, len) ? -errno : 0;
	else
		err = connect(fd, &far.sa, len) ? -errno : 0;
	if (!err)
		err = worker_fail(w, EPROTO, "reached an address that nobody has");
	else
		err = endpoint_of_socket(&ep, fd);
	if (!err && ep.port)
		err = worker_fail(w, EPROTO, "a call that fails early took a port");
	close(fd);
	return err;
}

/* A listener that drops every SYN: the connection attempt stays open with its port. */
int scenario_unanswered(struct worker *w, const struct scenario *s)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &drop };
	struct scenario listener = *s;
	int lfd, fd = -1, err;

	/* CALL_REFUSED goes to the closed port without waiting, which is what is wanted here. */
	lfd = scenario_open(w, s);
	if (lfd < 0)
		return lfd == -LOAD_SKIP ? LOAD_SKIP : lfd;
	listener.call = CALL_LISTEN;
	err = alloc_bind(w, &listener, lfd, w->closed_port);
	if (!err &&
	    (setsockopt(lfd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) || listen(lfd, 8)))
		err = worker_fail(w, errno, "listener");
	for (int i = 0; !err && i < 2; i++) {
		fd = scenario_open(w, s);
		err = fd < 0 ? fd : alloc_call(w, s, fd);
		if (fd >= 0)
			close(fd);
	}
	close(lfd);
	return err < 0 ? err : 0;
}

/* Uses up the first half of the range for one destination and goes on for a while. */
int scenario_knee(struct worker *w, const struct scenario *s)
{
	int ports = w->ctx->range_high - w->ctx->range_low + 1;
	int count = (ports + 1) / 2 + KNEE_PAST, err = 0;
	struct fd_list list = { .max = 2 * count };

	if (w->ctx->threads > 1)
		return worker_skip(w, 0, "needs the range for itself: one thread");
	if (count >= ports || ports > KNEE_MAX_PORTS)
		return worker_skip(w, 0, "needs a range of 513 to 8192 ports");
	list.fd = calloc(list.max, sizeof(*list.fd));
	if (!list.fd)
		return worker_fail(w, ENOMEM, "calloc");
	for (int i = 0; !err && i < count; i++)
		err = full_step(w, s, &list);
	fd_list_close(&list);
	if (err == -LOAD_SKIP)
		return LOAD_SKIP;
	return err > 0 ? worker_fail(w, err, "the range ran out") : err;
}

/* Connects and keeps the last connections open, so that many ports are in the way of all. */
int scenario_storm(struct worker *w, const struct scenario *s)
{
	int *held = &w->held[2 * (w->storms++ % STORM_HELD)];
	int fd, err;

	if (!w->ctx->one_destination)
		return worker_skip(w, 0, "needs --one-destination");
	fd = scenario_open(w, s);
	if (fd < 0)
		return fd == -LOAD_SKIP ? LOAD_SKIP : fd;
	err = alloc_call(w, s, fd);
	if (err) {
		close(fd);
		return err < 0 ? err : 0;
	}
	for (int i = 0; i < 2; i++)
		if (held[i])
			close(held[i]);
	held[0] = fd;
	held[1] = 0;
	/* With one destination for all the peer may be another thread's; there are as many. */
	fd = scenario_accept(w, s);
	if (fd < 0)
		return fd;
	held[1] = fd;
	return 0;
}
