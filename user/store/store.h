/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a recording says of itself, beside its records. A recording is an SQLite database; its
 * tables are in schema.c, docs/recording.md explains them to who asks them with SQL.
 */
#ifndef EPHEMPORT_STORE_STORE_H
#define EPHEMPORT_STORE_STORE_H

#include "event/stream.h"

/* How, where and when it was made. Strings are NULL where not known; whoever fills it owns them. */
struct store_meta {
	const char *version;		  /* of the ephemport that wrote it */
	const char *host, *kernel, *arch; /* nodename, release and machine of uname(2) */
	const char *options;		  /* the command line of ephemport, one string */
	const char *command;		  /* that of the command that was traced (run), or NULL */
	int status; /* of that command as a shell tells it; -1: none, or not known */
	enum backend backend;
	bool explain;			  /* the refused_* counts were asked for */
	uint64_t begin_mono_ns, begin_ns; /* CLOCK_MONOTONIC and CLOCK_REALTIME, of the start */
	/* The same of the end. Of a recording that was cut off (or goes on) the last record's. */
	uint64_t end_mono_ns, end_ns;
	bool complete; /* it came to its end */
};

/* A network namespace as it was when it was first seen. */
struct store_netns {
	uint64_t time_ns; /* CLOCK_REALTIME, of this look */
	uint32_t inode;
	bool current;			 /* that in which ephemport ran */
	uint16_t low, high;		 /* 0: not known */
	const struct port_set *reserved; /* NULL: not known */
	int unprivileged_start;		 /* -1: not known */
	const char *who;		 /* "nginx, pid 991", or NULL */
};

#endif
