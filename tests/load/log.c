// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static const char *proto_name(int proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_UDPLITE:
		return "udplite";
	}
	return "?";
}

void log_alloc(struct worker *w, const struct log_entry *e)
{
	struct load_ctx *ctx = w->ctx;
	char dst[INET6_ADDRSTRLEN + 32] = "\"daddr\":null,\"dport\":null";
	char err[40] = "0", line[512];
	int len;

	if (!strcmp(e->path, "explicit") && !ctx->log_explicit)
		return;
	if (e->dst)
		snprintf(dst, sizeof(dst), "\"daddr\":\"%s\",\"dport\":%d", e->dst->text,
			 e->dst->port);
	if (e->err)
		snprintf(err, sizeof(err), "\"%s\"", strerrorname_np(e->err));

	len = snprintf(line, sizeof(line),
		       "{\"path\":\"%s\",\"proto\":\"%s\",\"family\":%d,\"saddr\":\"%s\","
		       "\"sport\":%d,%s,\"errno\":%s,\"pid\":%d,\"tid\":%d,\"netns\":%lu}\n",
		       e->path, proto_name(e->proto), e->src->family, e->src->text,
		       e->err ? 0 : e->src->port, dst, err, getpid(), w->tid, ctx->netns);
	/* One fwrite per line: stdio's lock keeps lines of different threads apart. */
	if (fwrite(line, 1, len, ctx->log) != (size_t)len)
		ctx->failed = true;
	w->lines++;
	ctx->lines++;
}

int worker_fail(struct worker *w, int err, const char *what)
{
	err = err < 0 ? -err : err;
	snprintf(w->why, sizeof(w->why), "%s%s%s", what, err ? ": " : "", err ? strerror(err) : "");
	return err ? -err : -EPROTO;
}

int worker_skip(struct worker *w, int err, const char *what)
{
	worker_fail(w, err, what);
	return LOAD_SKIP;
}
