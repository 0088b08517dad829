// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/stream.h"

#define STREAM_CALL(member, record)                                                       \
	do {                                                                              \
		for (struct sink *const *sink = stream->sinks; *sink; sink++) {           \
			int error = (*sink)->member ? (*sink)->member(*sink, record) : 0; \
			if (error)                                                        \
				return error;                                             \
		}                                                                         \
		return 0;                                                                 \
	} while (0)

int stream_allocation(const struct stream *stream, const struct allocation *allocation)
{
	STREAM_CALL(allocation, allocation);
}

int stream_range_change(const struct stream *stream, const struct range_change *change)
{
	STREAM_CALL(range_change, change);
}

int stream_reserved_change(const struct stream *stream, const struct reserved_change *change)
{
	STREAM_CALL(reserved_change, change);
}

int stream_loss(const struct stream *stream, const struct loss *loss)
{
	STREAM_CALL(loss, loss);
}

int stream_flush(const struct stream *stream)
{
	for (struct sink *const *sink = stream->sinks; *sink; sink++) {
		int error = (*sink)->flush ? (*sink)->flush(*sink) : 0;

		if (error)
			return error;
	}
	return 0;
}

static const char *const path_names[PATH_COUNT] = {
	[PATH_CONNECT] = "connect",   [PATH_BIND] = "bind",	    [PATH_LISTEN] = "listen",
	[PATH_AUTOBIND] = "autobind", [PATH_EXPLICIT] = "explicit",
};

const char *path_name(enum alloc_path path)
{
	return path < PATH_COUNT ? path_names[path] : "?";
}

int path_find(const char *name)
{
	for (int i = 0; i < PATH_COUNT; i++)
		if (!strcmp(path_names[i], name))
			return i;
	return -EINVAL;
}

static const struct {
	int proto;
	const char *name;
} protos[] = {
	{ IPPROTO_TCP, "tcp" },	  { IPPROTO_UDP, "udp" },   { IPPROTO_UDPLITE, "udplite" },
	{ IPPROTO_DCCP, "dccp" }, { IPPROTO_SCTP, "sctp" }, { 262, "mptcp" },
};

const char *proto_name(uint16_t proto, char buffer[16])
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	snprintf(buffer, 16, "proto-%u", proto);
	return buffer;
}

int proto_find(const char *name)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (!strcmp(protos[i].name, name))
			return protos[i].proto;
	return -EINVAL;
}

int proto_parse(const char *name)
{
	int proto = proto_find(name);

	return proto >= 0 || sscanf(name, "proto-%d", &proto) == 1 ? proto : -EINVAL;
}

static const char *const backend_names[BACKEND_COUNT] = { "fentry", "tracepoint" };

const char *backend_name(enum backend backend)
{
	return backend < BACKEND_COUNT ? backend_names[backend] : "?";
}

int backend_find(const char *name)
{
	for (int i = 0; i < BACKEND_COUNT; i++)
		if (!strcmp(backend_names[i], name))
			return i;
	return -EINVAL;
}

const char *errno_name(int error, char buffer[16])
{
	const char *name = strerrorname_np(error);

	if (name)
		return name;
	snprintf(buffer, 16, "%d", error);
	return buffer;
}

bool allocation_in_range(const struct allocation *allocation)
{
	return !allocation->error && allocation->low <= allocation->source.port &&
	       allocation->source.port <= allocation->high;
}
