/* SPDX-License-Identifier: GPL-2.0-only */
/* What each backend consists of: its object, its programs, and what each program is good for. */
#ifndef EPHEMPORT_TRACE_BACKEND_H
#define EPHEMPORT_TRACE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "event/stream.h"
#include "trace/kernel.h"

struct bpf_object;
struct bpf_program;

/* Programs that are of use only together; one that fails takes its group with it. */
enum program_group {
	GROUP_CONNECT,
	GROUP_TCP_PORT, /* bind and listen of TCP */
	GROUP_UDP_PORT,
	GROUP_AUTOBIND, /* tells UDP's connect and send from bind */
	GROUP_CALL,	/* the ends of system calls, where nothing nearer ends a search */
	GROUP_RANGE,
	/* From here on groups that only add to what is known of an allocation. */
	GROUP_CONFLICT,	   /* candidates refused to bind and listen */
	GROUP_DRAW,	   /* where a UDP search starts */
	GROUP_TIMEWAIT,	   /* ports taken over from TIME_WAIT */
	GROUP_RESERVED,	   /* writes of the reserved ports */
	GROUP_EXPLAIN,	   /* --explain: why connect() refused candidates */
	GROUP_DESCENDANTS, /* who descends from us */
	GROUP_COUNT,
};

/* What counts in the kernel take. GROUP_DRAW besides, where what UDP examined is asked for. */
#define GROUPS_OF_COUNTS                                                                      \
	(1u << GROUP_CONNECT | 1u << GROUP_TCP_PORT | 1u << GROUP_UDP_PORT |                  \
	 1u << GROUP_AUTOBIND | 1u << GROUP_CALL | 1u << GROUP_CONFLICT | 1u << GROUP_RANGE | \
	 1u << GROUP_RESERVED)

enum proto_class { CLASS_TCP = 1 << 0, CLASS_UDP = 1 << 1 };

struct backend_program {
	const char *name;
	enum program_group group;
	unsigned int paths;   /* 1 << enum alloc_path, 0: not for a path */
	unsigned int classes; /* enum proto_class */
	int args;	      /* arguments of __inet_hash_connect() that it is made for, 0: any */
};

struct backend_info {
	const char *name;
	const void *(*elf)(size_t *size);
	const struct backend_program *programs; /* ends with name == NULL */
	bool needs_cgroup;
};

extern const struct backend_info backends[BACKEND_COUNT];

/* Whether the group traces allocations, rather than only adding to what is known of them. */
static inline bool group_is_main(enum program_group group)
{
	return group < GROUP_CONFLICT;
}

/* Whether @found is of use for what @config asks for, and fits the functions of this kernel. */
bool backend_wants(const struct backend_program *program, const struct bpf_program *found,
		   struct kernel_facts *facts, const struct config *config);

/* Whether all that tells of changes of the range and of the reserved ports is loaded, and in
 * @groups. */
bool backend_sees_changes(const struct backend_info *backend, const struct bpf_object *object,
			  unsigned int groups);

/* "connect", "TCP bind and listen", ...: for messages. */
const char *group_name(enum program_group group);

#endif
