// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

/* The port space next to the range, so that what a worker listens on never takes a port of it. */
static int worker_base_port(const struct load_ctx *ctx)
{
	int need = MAX_THREADS * WORKER_PORTS;

	if (ctx->range_low - need >= 1024)
		return ctx->range_low - need;
	if (ctx->range_high + need <= 65535)
		return ctx->range_high + 1;
	return 1024 - need; /* a range this wide: the privileged ports are left */
}

static int worker_listen(struct worker *w, enum addr_kind kind)
{
	struct scenario s = { .proto = IPPROTO_TCP, .kind = kind, .call = CALL_LISTEN };
	int one = 1, err;
	int fd = socket(address_family(kind), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	err = alloc_bind(w, &s, fd, w->open_port);
	if (!err && listen(fd, 128))
		err = worker_fail(w, errno, "listen");
	if (err) {
		close(fd);
		return err < 0 ? err : worker_fail(w, err, "bind of a listener");
	}
	return fd;
}

int worker_setup(struct worker *w)
{
	w->open_port = worker_base_port(w->ctx) + w->index * WORKER_PORTS;
	w->closed_port = w->open_port + 1;
	w->listen_fd[0] = worker_listen(w, ADDR_V4);
	if (w->listen_fd[0] < 0)
		return w->listen_fd[0];
	/* Without IPv6 the scenarios that need it are skipped one by one, with the reason. */
	w->listen_fd[1] = worker_listen(w, ADDR_V6);
	if (w->listen_fd[1] == -EAFNOSUPPORT || w->listen_fd[1] == -EADDRNOTAVAIL)
		return 0;
	return w->listen_fd[1] < 0 ? w->listen_fd[1] : 0;
}

static int worker_round(struct worker *w, bool first, bool *repeatable)
{
	struct load_ctx *ctx = w->ctx;
	unsigned long before;
	int err;

	for (int i = 0; i < ctx->n_chosen; i++) {
		const struct scenario *s = ctx->chosen[i];

		if (s->once && !first)
			continue;
		before = w->lines;
		err = s->run(w, s);
		if (err == LOAD_SKIP) {
			if (first && w->index == 0)
				fprintf(stderr, "load: skip %s: %s\n", s->name, w->why);
		} else if (err) {
			fprintf(stderr, "load: %s: %s\n", s->name, w->why);
			return -1;
		}
		if (w->lines > before && !s->once)
			*repeatable = true;
	}
	return 0;
}

void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct load_ctx *ctx = w->ctx;
	unsigned long share = (ctx->count + ctx->threads - 1) / ctx->threads;
	bool repeatable = false;

	w->tid = gettid();
	if (!w->listening && worker_setup(w)) {
		fprintf(stderr, "load: thread %d: %s\n", w->index, w->why);
		ctx->failed = true;
	}
	if (!w->index && worker_hold_ports(w)) {
		fprintf(stderr, "load: %s\n", w->why);
		ctx->failed = true;
	}
	for (bool first = true; !ctx->failed; first = false) {
		if (worker_round(w, first, &repeatable))
			ctx->failed = true;
		if (w->lines >= share)
			break;
		if (!repeatable) {
			fprintf(stderr, "load: these scenarios cannot reach the count\n");
			ctx->failed = true;
		}
	}
	return NULL;
}
