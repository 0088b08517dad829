// SPDX-License-Identifier: GPL-2.0-only
/* What surrounds the scenarios: sysctls of the namespace, and sockets that stand in the way. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static int setting_write(const char *name, const char *value)
{
	char path[256];
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	file = fopen(path, "we");
	if (!file)
		return -errno;
	if (fprintf(file, "%s\n", value) < 0)
		err = -EIO;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

/* "name=value", or for a setting that alternates "name=value|value". */
int setting_parse(struct load_ctx *ctx, enum setting_when when, char *text)
{
	struct setting *setting = &ctx->settings[ctx->n_settings];
	char *value = strchr(text, '=');

	if (!value || value == text || strchr(text, '/') || ctx->n_settings == MAX_SETTINGS)
		return -EINVAL;
	*value++ = 0;
	setting->name = text;
	setting->when = when;
	setting->values[0] = value;
	setting->values[1] = strchr(value, '|');
	if ((when == SETTING_ALTERNATES) != (setting->values[1] != NULL))
		return -EINVAL;
	if (setting->values[1])
		*setting->values[1]++ = 0;
	ctx->n_settings++;
	return 0;
}

int settings_apply(struct load_ctx *ctx, enum setting_when when)
{
	int err = 0;

	for (int i = 0; !err && i < ctx->n_settings; i++)
		if (ctx->settings[i].when == when)
			err = setting_write(ctx->settings[i].name, ctx->settings[i].values[0]);
	return err;
}

/* Never sleeps: each change should find a search under way. */
/*
 * Writes again once a search more was logged: writing without a pause keeps the searches from a
 * processor, and on 6.1 from ending at all.
 */
static void *alternate(void *arg)
{
	struct load_ctx *ctx = arg;
	unsigned long lines = 0;

	for (unsigned int turn = 0; !ctx->finished && !ctx->failed; turn++) {
		for (int i = 0; i < ctx->n_settings; i++)
			if (ctx->settings[i].when == SETTING_ALTERNATES &&
			    setting_write(ctx->settings[i].name, ctx->settings[i].values[turn & 1]))
				ctx->failed = true;
		while (ctx->lines == lines && !ctx->finished && !ctx->failed)
			sched_yield();
		lines = ctx->lines;
	}
	return NULL;
}

int settings_alternate_start(struct load_ctx *ctx)
{
	for (int i = 0; i < ctx->n_settings; i++)
		if (ctx->settings[i].when == SETTING_ALTERNATES)
			return ctx->alternating = true,
			       -pthread_create(&ctx->alternator, NULL, alternate, ctx);
	return 0;
}

void settings_alternate_stop(struct load_ctx *ctx)
{
	ctx->finished = true;
	if (ctx->alternating)
		pthread_join(ctx->alternator, NULL);
}

/* Sockets that hold a port each as long as the load runs, by a bind() to port 0. */
int worker_hold_ports(struct worker *w)
{
	const struct scenario holder = {
		.name = "bound",
		.proto = IPPROTO_TCP,
		.kind = ADDR_V4,
		.call = CALL_BIND,
		.tweak = w->ctx->bound_any ? TWEAK_ANY : TWEAK_NONE,
	};
	const int reuse = w->ctx->bound_any;

	for (unsigned long i = 0; i < w->ctx->bound; i++) {
		int fd = scenario_open(w, &holder), err;

		if (fd < 0)
			return fd;
		if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)))
			return worker_fail(w, errno, "SO_REUSEADDR");
		err = alloc_bind(w, &holder, fd, 0);
		if (err) /* the descriptor ends with the process, like those of the others */
			return err < 0 ? err : worker_fail(w, err, "a port to hold");
	}
	return 0;
}
