/* SPDX-License-Identifier: GPL-2.0-only */
/* The proof that a range is in force: one item a check. */
#ifndef EPHEMPORT_RANGE_VERIFY_H
#define EPHEMPORT_RANGE_VERIFY_H

#include "range/boot.h"
#include "range/check.h"
#include "range/netns.h"
#include "range/probe.h"

enum verify_outcome { VERIFY_OK, VERIFY_FAIL, VERIFY_SKIP, VERIFY_NOTE };

struct verify_item {
	enum verify_outcome outcome;
	/* "live", "probe", "boot", "holders", "restart"; of traffic: "traffic", "socket_range",
	 * "changed", "named", "failed", "elsewhere", "lost" */
	const char *check;
	uint64_t netns; /* inode, 0: none in particular */
	char where[NETNS_LABEL_LEN];
	char text[800];
	struct port_range found;   /* low 0: none */
	unsigned int made, inside; /* probe, traffic */
	int64_t count; /* traffic: allocations that the item is about; -1: does not apply */
	unsigned int ports, processes; /* holders */
	char file[512];		       /* boot */
	unsigned int line;
};

struct verify_report {
	struct verify_item *items;
	size_t count;
};

struct verify_netns {
	const struct netns *netns;
	bool host_pids;
	struct port_range live;
	const struct probe_result *probes; /* PROBE_WAYS of them; NULL: not asked */
	const struct socket_list *sockets; /* NULL: could not be listed */
	const struct owner_list *owners;
};

/* Appends an item that is in no namespace yet; NULL: out of memory. Good until the next one. */
struct verify_item *verify_item_add(struct verify_report *report, enum verify_outcome outcome,
				    const char *check, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* All return 0 or -ENOMEM and append to @report, which the caller frees. */
int verify_live(struct verify_report *report, const struct verify_netns *subject,
		struct port_range expected);
int verify_probes(struct verify_report *report, const struct verify_netns *subject);
/* What still has a port outside: said, never failed. */
int verify_holders(struct verify_report *report, const struct verify_netns *subject,
		   struct port_range expected);
int verify_boot(struct verify_report *report, enum boot_reader reader,
		const struct boot_result *boot, struct port_range expected);

bool verify_failed(const struct verify_report *report);
void verify_free(struct verify_report *report);

#endif
