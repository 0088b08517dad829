/* SPDX-License-Identifier: GPL-2.0-only */
/* What the counting programs in the kernel and their loader share. */
#ifndef EPHEMPORT_TESTS_TRUTH_H
#define EPHEMPORT_TESTS_TRUTH_H

enum truth_path {
	TRUTH_CONNECT,
	TRUTH_BIND, /* bind() to port 0 and listen() of TCP */
	TRUTH_UDP,
	TRUTH_PATHS,
};

/* One search for a port. */
struct truth_event {
	__u64 start_ns;
	__u64 end_ns;
	__u32 pid;
	__u32 tid;
	__u32 looked;	/* times that the loop came past the probe: once for each candidate */
	__u32 reserved; /* UDP only: of these, candidates that turned out to be reserved */
	__u16 port;	/* 0: none was found */
	__u8 path;	/* enum truth_path */
	__u8 pad[5];
};

/* Set before the load: struct pt_regs' offsets of the operands of UDP's test for reserved ports. */
struct truth_config {
	__u32 bitmap_register;
	__u32 port_register;
};

#endif
