/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What flows from a source (live ring or recording) to the sinks (text, JSON, summary, store): the
 * records of the kernel side in user space's own terms. A source calls stream_*() for each record;
 * a sink implements the members that it cares for.
 */
#ifndef EPHEMPORT_EVENT_STREAM_H
#define EPHEMPORT_EVENT_STREAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "event.h" /* bpf/: the enums of paths and types */
#include "range/range.h"

/* What a backend cannot know. */
enum known { KNOWN_NO = 0, KNOWN_YES = 1, UNKNOWN = -1 };

/* Keys of an allocation whose value is only an upper bound, or only likely. */
enum approx {
	APPROX_LATENCY = 1 << 0, /* latency_ns */
	APPROX_PATH = 1 << 1,
	APPROX_EXAMINED = 1 << 2,
};

enum backend {
	BACKEND_FENTRY,
	BACKEND_TRACEPOINT,
	BACKEND_COUNT,
};

struct task {
	uint32_t pid, tid, uid, netns;
	uint64_t cgroup_id;
	char comm[EVENT_COMM_LEN]; /* ends with a zero byte or at its length */
};

/* IPv4 addresses are v4-mapped here; family tells what to print. */
struct endpoint {
	struct in6_addr address;
	uint16_t port; /* host order */
	bool known;
};

struct allocation {
	uint64_t start_ns;   /* CLOCK_MONOTONIC, before the search */
	uint64_t time_ns;    /* the same in CLOCK_REALTIME */
	uint64_t latency_ns; /* inside the search */
	enum alloc_path path;
	enum backend backend;
	uint16_t proto;		/* IPPROTO_* */
	uint8_t family;		/* 4 or 6, as on the wire: a v4-mapped socket is 4 */
	uint16_t error;		/* errno, 0: success */
	struct endpoint source; /* port 0 on failure */
	struct endpoint dest;
	uint16_t low, high;
	bool range_of_socket; /* IP_LOCAL_PORT_RANGE narrowed it */
	enum known second_pass;
	enum known tw_reused;
	int64_t examined; /* candidates looked at, the chosen one included; -1: unknown */
	/* Why candidates were refused; all -1 where that was not asked for or is not known. */
	int64_t refused_tuple;	  /* the 4-tuple is taken */
	int64_t refused_timewait; /* of these, by a TIME_WAIT that could not be reused */
	int64_t refused_bound;	  /* held by a socket that was bound */
	int64_t reserved_skipped; /* reserved, so passed over without a look */
	unsigned int approx;	  /* enum approx */
	struct task task;
};

struct range_change {
	uint64_t mono_ns, time_ns;
	uint16_t old_low, old_high, new_low, new_high;
	struct task task;
	const char *where; /* who lives in the namespace, where somebody looked; or NULL */
};

/* net.ipv4.ip_local_reserved_ports was written. */
struct reserved_change {
	uint64_t mono_ns, time_ns;
	const struct port_set *old, *new; /* good for the call; NULL: not known */
	struct task task;
	const char *where; /* as in range_change */
};

struct loss {
	uint64_t count;
	const char *cause;	    /* a word with underscores */
	uint64_t since_ns, time_ns; /* CLOCK_REALTIME: lost between the two */
};

struct sink {
	/* Each may be NULL. A negative errno ends the stream. */
	int (*allocation)(struct sink *sink, const struct allocation *allocation);
	int (*range_change)(struct sink *sink, const struct range_change *change);
	int (*reserved_change)(struct sink *sink, const struct reserved_change *change);
	int (*loss)(struct sink *sink, const struct loss *loss);
	int (*flush)(struct sink *sink); /* nothing more for now */
};

/* Sinks in the order in which they get each record; ends with NULL. */
struct stream {
	struct sink *const *sinks;
};

int stream_allocation(const struct stream *stream, const struct allocation *allocation);
int stream_range_change(const struct stream *stream, const struct range_change *change);
int stream_reserved_change(const struct stream *stream, const struct reserved_change *change);
int stream_loss(const struct stream *stream, const struct loss *loss);
int stream_flush(const struct stream *stream);

/* "connect", ... the words of the contract. */
const char *path_name(enum alloc_path path);
/* The path of a name, or -EINVAL. */
int path_find(const char *name);
/* "tcp", ...; "proto-N" in @buffer for one that has no name here. */
const char *proto_name(uint16_t proto, char buffer[16]);
/* IPPROTO_* of a name, or -EINVAL. */
int proto_find(const char *name);
/* The same of all that proto_name() gives. */
int proto_parse(const char *name);
const char *backend_name(enum backend backend);
/* The backend of a name, or -EINVAL. */
int backend_find(const char *name);
/* "EADDRNOTAVAIL", ...; the number in @buffer for one that no path gives. */
const char *errno_name(int error, char buffer[16]);
/* Whether the port lies in the range in force; false on failure. */
bool allocation_in_range(const struct allocation *allocation);

#endif
