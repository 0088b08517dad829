/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream of allocations held against a range: what was inside, and what is known of the rest. The
 * judgement is not made here: a change of the range can come after what it explains.
 */
#ifndef EPHEMPORT_MEASURE_TRAFFIC_H
#define EPHEMPORT_MEASURE_TRAFFIC_H

#include <stddef.h>

#include "event/stream.h"

enum { TRAFFIC_GROUPS = 8, TRAFFIC_CHANGES = 16 };

/* One allocation as an example of many. */
struct traffic_sample {
	enum alloc_path path;
	uint16_t proto, port;
	uint8_t family;
	uint32_t pid;
	char comm[EVENT_COMM_LEN + 1];
};

/* Ports outside that were chosen under one range in force. */
struct traffic_group {
	struct port_range range;
	bool of_socket; /* IP_LOCAL_PORT_RANGE narrowed it */
	bool mixed; /* others were added for which there was no place: known of all is nothing */
	uint64_t count;
	uint64_t last_ns; /* CLOCK_MONOTONIC, when the last of these searches began */
	struct traffic_sample first;
};

/* The last time that a range was replaced by another one. */
struct traffic_change {
	struct port_range old, new;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint32_t pid;
	char comm[EVENT_COMM_LEN + 1];
};

struct traffic_netns {
	uint32_t inode;
	uint64_t made, inside; /* ports chosen by a search */
	uint64_t by_path[PATH_COUNT];
	struct traffic_sample first; /* inside */
	struct traffic_group groups[TRAFFIC_GROUPS];
	size_t group_count;
	uint64_t named; /* binds to a port outside that the caller named */
	struct traffic_sample named_first;
	uint64_t failed; /* searches that found no port */
	uint16_t failed_error;
	/* One for each range that was replaced; what has no place excuses nothing. */
	struct traffic_change changes[TRAFFIC_CHANGES];
	size_t change_count;
};

struct traffic {
	struct sink sink;
	struct port_range expected;
	const uint32_t *selected; /* inodes of the namespaces that are judged; NULL: all */
	size_t selected_count;
	uint64_t wanted; /* allocations that are enough; 0: no limit */
	/* What was seen. */
	struct traffic_netns *netns;
	size_t count;
	uint64_t made;	    /* in all of them */
	uint64_t elsewhere; /* in namespaces that are not judged */
	uint64_t lost;
};

/* The caller frees it. */
struct traffic traffic_make(struct port_range expected);
void traffic_free(struct traffic *traffic);
/* NULL: nothing was seen there. */
const struct traffic_netns *traffic_find(const struct traffic *traffic, uint64_t inode);
/*
 * The change that ended what was in force for all of @group, or NULL. One before the last of them
 * is none: the range came back, or the namespace is another one that got a used number.
 */
const struct traffic_change *traffic_ended(const struct traffic_netns *netns,
					   const struct traffic_group *group);

#endif
