/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values under /proc/sys/net/ipv4 that decide which ports a search may take. /proc/sys/net
 * shows the network namespace of the thread that opens it, so these act on the caller's:
 * netns_run() chooses another.
 */
#ifndef EPHEMPORT_RANGE_SYSCTL_H
#define EPHEMPORT_RANGE_SYSCTL_H

#include <stddef.h>

#include "range/range.h"

#define SYSCTL_RANGE_PATH "/proc/sys/net/ipv4/ip_local_port_range"
/* The key as files of sysctl.d(5) are compared: with slashes. */
#define SYSCTL_RANGE_KEY "net/ipv4/ip_local_port_range"
/* ... and as people write it. */
#define SYSCTL_RANGE_NAME "net.ipv4.ip_local_port_range"

/* What one namespace has in force. A value that this kernel does not have is -1. */
struct range_settings {
	struct port_range range;
	struct port_set reserved; /* never chosen by a search; a caller may still name one */
	int unprivileged_start;	  /* ip_unprivileged_port_start; low may not be below it (4.11) */
	long step_width;	  /* ip_local_port_step_width, 7.1 */
	int tw_reuse;		  /* tcp_tw_reuse: 0 off, 1 on, 2 loopback alone (default) */
	int tw_reuse_delay_ms;	  /* tcp_tw_reuse_delay, 6.14 */
};

int settings_read(struct range_settings *settings, struct reason *why);
int sysctl_range_read(struct port_range *range, struct reason *why);
/* Writes, and nothing else: whoever wants proof reads. */
int sysctl_range_write(struct port_range range, struct reason *why);

/*
 * What the kernel would make of @value written while @now is in force: 0 and the new range in
 * *@then, or -EINVAL with the reason. More than meets the eye is taken: one number sets the low end
 * alone, 0x and 0 begin hexadecimal and octal, and what follows the second number behind a space is
 * ignored (proc_get_long(), __do_proc_dointvec(), kernel/sysctl.c; tried on 6.18).
 */
int sysctl_range_would(const char *value, struct port_range now, int unprivileged_start,
		       struct port_range *then, struct reason *why);

#endif
