/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording under way: the sink that keeps a stream in an SQLite database. What it got is safe
 * from the end of this process (kill -9, too) after STORE_COMMIT_MS at most, as long as the source
 * calls flush at least that often. Others may read the file meanwhile.
 */
#ifndef EPHEMPORT_STORE_WRITER_H
#define EPHEMPORT_STORE_WRITER_H

#include "store/store.h"
#include "util/reason.h"

enum { STORE_COMMIT_MS = 500 };

struct store_writer;

struct store_writer_options {
	/* Of it: options, command, backend, explain, and the times of the start. The rest is found
	 * here. Copied. */
	struct store_meta meta;
	bool force; /* replace a recording (or an empty file) that is there; nothing else ever */
	/*
	 * The stream is live: write how each namespace is set and who lives there when it is first
	 * seen, and where each cgroup is; and the caller's own namespace at once.
	 */
	bool live;
};

/*
 * Creates @path. 0 with *@out to be freed, or a negative errno with one line in @why that names
 * @path: -EEXIST (it is there, and nothing of it was touched), -ENOSPC, -EACCES, ...
 */
int store_writer__new(const char *path, const struct store_writer_options *options,
		      struct store_writer **out, struct reason *why);
/*
 * The sink for a stream. Its members return a negative errno where the disk takes no more (-ENOSPC)
 * or breaks; what was committed before stays good, and store_writer__why() says it in a line.
 */
struct sink *store_writer__sink(struct store_writer *writer);
/* Keeps what is said of a namespace: for sources that are not live. As a member of the sink. */
int store_writer__netns(struct store_writer *writer, const struct store_netns *netns);
/*
 * The end: commits, notes the time of the end and @status (see struct store_meta) and makes one
 * file of it. To be called also after an error of the sink. 0 or a negative errno, see
 * store_writer__why().
 */
int store_writer__finish(struct store_writer *writer, uint64_t end_mono_ns, uint64_t end_ns,
			 int status);
/* "out.db: No space left on device", of the first error. */
const char *store_writer__why(const struct store_writer *writer);
/* Allocations that are safe on disk. */
uint64_t store_writer__committed(const struct store_writer *writer);
/* Closes it; without store_writer__finish() as if it were cut off. NULL is fine. */
void store_writer__free(struct store_writer *writer);
static inline void store_writer__freep(struct store_writer **writer)
{
	store_writer__free(*writer);
}

#endif
