/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What user space tells the programs before they load. It lies in .rodata.config, so that the
 * verifier knows the values and drops the code of every filter that is off.
 */
#ifndef EPHEMPORT_CONFIG_H
#define EPHEMPORT_CONFIG_H

#include <linux/types.h>

enum filter_flag {
	FILTER_PID = 1 << 0,
	FILTER_UID = 1 << 1,
	FILTER_COMM = 1 << 2,
	FILTER_CGROUP = 1 << 3,
	FILTER_NETNS = 1 << 4,
	FILTER_FAMILY = 1 << 5,
	FILTER_PROTO = 1 << 6,
	FILTER_DADDR = 1 << 7,
	FILTER_DPORT = 1 << 8,
	FILTER_FAILED = 1 << 9,
	FILTER_SLOWER = 1 << 10,
	FILTER_DESCENDANTS = 1 << 11,
};

/* How connect() finds the start of its search; see user/search/search.h for the variants. */
enum connect_start {
	CONNECT_START_UNKNOWN = 0, /* no table_perturb to be read */
	CONNECT_START_TABLE32 = 1, /* u32 port_offset, 256 slots */
	CONNECT_START_TABLE64 = 2, /* u64 port_offset, perturb_mask + 1 slots */
};

struct config {
	__u32 filters; /* enum filter_flag: which of the fields below count */
	__u32 paths;   /* bit 1 << enum alloc_path: what to trace */
	__u32 pid, uid, netns;
	__u32 family;	 /* 4 or 6: of the addresses on the wire, v4-mapped is 4 */
	__u64 protos[4]; /* bit map over IPPROTO_* 0 to 255 */
	__u64 cgroup_id;
	__u32 cgroup_level; /* of that cgroup below the root, the root being 0 */
	__be16 dport;
	__u16 pad;
	__be32 daddr[4]; /* IPv4 as ::ffff:a.b.c.d, host bits 0 */
	__be32 daddr_mask[4];
	__u64 slower_than_ns;
	char comm[16];
	__u64 wakeup_bytes;  /* wake the reader when this much waits; it polls besides */
	__u32 connect_start; /* enum connect_start */
	__u32 perturb_mask;
	__u8 aggregate; /* count in the kernel (stat.h) instead of telling each allocation */
	__u8 by;	/* enum stat_by: what else the counts are kept apart by */
	__u8 addresses; /* a filter or `by` looks at them; where none does, they are not read */
	__u8 option_scans_all; /* IP_LOCAL_PORT_RANGE: every port in one pass (207184853dbd, 6.8) */
	__u8 examined;	   /* aggregate: what connect(), bind() and listen() examined is counted */
	__u8 udp_examined; /* trace: the program on get_random_u32() runs, so that UDP's searches
			    * can be reckoned */
	__u8 named_all;	   /* PATH_EXPLICIT: also ports outside the range */
	__u8 pad2;
	__u32 key_cells;   /* cells for the keys of --by */
	__u32 rdonly_cast; /* the kernel has bpf_rdonly_cast() */
	__u64 pidns_dev;   /* FILTER_DESCENDANTS: of the process `ancestor` in this pid namespace */
	__u64 pidns_ino;
	__u32 ancestor;
	__u32 pad3;
};

_Static_assert(sizeof(struct config) == 184, "no holes");

#endif
