/* SPDX-License-Identifier: GPL-2.0-only */
/* A recording as a source: what was recorded, in the order in which it came, to the same sinks. */
#ifndef EPHEMPORT_STORE_READER_H
#define EPHEMPORT_STORE_READER_H

#include "config.h"
#include "store/store.h"
#include "util/reason.h"

struct store_reader;

/* Which of the records; zeroed (or NULL in its place) it is all of them. */
struct store_filter {
	const struct config *config; /* filters and paths, as match_allocation() takes them */
	const char *cgroup; /* with FILTER_CGROUP: where it was below the root, as "/user.slice" */
};

/*
 * 0 with *@out to be freed, or a negative errno with one line in @why that names @path: -ENOENT,
 * -EINVAL (no recording, or made by a newer ephemport), ... The file is never changed.
 */
int store_reader__open(const char *path, struct store_reader **out, struct reason *why);
/* Good until the reader is freed. */
const struct store_meta *store_reader__meta(const struct store_reader *reader);
/*
 * Hands the records to @stream as the live source did: in the order in which they came, which is
 * that of the ends of the searches but for a few that ended on several processors at once; and a
 * flush at the end. Each call begins anew. 0, or the negative errno of a sink; -EIO where the file
 * is damaged, see store_reader__why().
 */
int store_read(struct store_reader *reader, const struct store_filter *filter,
	       const struct stream *stream);
/* Calls @each for each namespace in the order of first sight until it returns other than 0. */
int store_reader__each_netns(struct store_reader *reader,
			     int (*each)(void *context, const struct store_netns *netns),
			     void *context);
/* Whether an allocation in the cgroup or below it can be told from others. */
bool store_reader__has_cgroup(struct store_reader *reader, const char *cgroup);
/* One line for the last -EIO. */
const char *store_reader__why(const struct store_reader *reader);
void store_reader__free(struct store_reader *reader);
static inline void store_reader__freep(struct store_reader **reader)
{
	store_reader__free(*reader);
}

#endif
