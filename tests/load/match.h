/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EPHEMPORT_TESTS_MATCH_H
#define EPHEMPORT_TESTS_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#define NOTHING (-1L) /* null in JSON */

struct record {
	struct record *next; /* same key, in the order of the log */
	unsigned long line;
	char path[12];
	char proto[12];
	char saddr[48]; /* empty: null */
	char daddr[48];
	char err[24];
	long family, sport, dport, pid, tid, netns;
	long range_low, range_high, in_range; /* of events only */
	bool used;
};

struct records {
	struct record **list;
	size_t n;
	size_t size;
};

struct match {
	const char *log_name;
	const char *event_name;
	bool want_explicit;
	bool all;
	bool allow_lost;
	long netns;
	struct records log;
	struct records events;
	struct lh_table *buckets;
	struct lh_table *pids;
	unsigned long lost;
	unsigned long matched, missing, unexpected, wrong;
	unsigned int shown;
};

/* match.c */
__attribute__((format(printf, 2, 3))) void complain(struct match *m, const char *fmt, ...);

/* match_read.c: the files into m->log and m->events; unreadable lines are counted as wrong. */
int match_read(struct match *m);
void records_free(struct records *rs);

#endif
