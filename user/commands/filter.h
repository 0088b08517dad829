/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters that every tracing command takes; they run in the kernel. */
#ifndef EPHEMPORT_COMMANDS_FILTER_H
#define EPHEMPORT_COMMANDS_FILTER_H

#include "cli/options.h"
#include "trace/tracer.h"

struct filter_options {
	uint64_t pid, uid; /* UINT64_MAX: not given */
	const char *comm, *cgroup, *netns, *proto, *path, *daddr;
	uint64_t dport;
	uint64_t slower_than_ns;
	unsigned int families; /* 4 | 6: bit 0 is IPv4, bit 1 IPv6 */
	bool failed, show_explicit;
};

#define FILTER_OPTIONS_INIT                          \
	{                                            \
		.pid = UINT64_MAX, .uid = UINT64_MAX \
	}

extern const struct option_spec filter_specs[];
extern const size_t filter_spec_count;

#define FILTER_GROUP(filter_base)                                                      \
	{                                                                              \
		.title = "Filters", .specs = filter_specs, .count = FILTER_SPEC_COUNT, \
		.base = (filter_base)                                                  \
	}
enum { FILTER_SPEC_COUNT = 14 };

/*
 * The filters as the kernel side takes them. EXIT_DONE, or EXIT_USAGE after one line on stderr that
 * names @command.
 */
int filter_apply(const struct filter_options *options, const char *command, struct config *config);

#endif
