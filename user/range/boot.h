/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files give at the next boot, by the rules of each of the two programs that read them.
 * Checked against systemd-sysctl of systemd 252 and 'sysctl --system' of procps-ng 4.0.2 by
 * tests/live/range_boot.bats.
 */
#ifndef EPHEMPORT_RANGE_BOOT_H
#define EPHEMPORT_RANGE_BOOT_H

#include "range/range.h"

enum boot_reader {
	/* systemd-sysctl: the boot itself. Reads no /etc/sysctl.conf but through a symbolic link
	 * such as 99-sysctl.conf; a key has one value, the last, and keeps every pattern off
	 * itself, the value refused by the kernel included. */
	BOOT_SYSTEMD,
	/* sysctl --system: people, scripts, tuned, boots without systemd. Reads /etc/sysctl.conf
	 * last; writes each assignment in turn, so that a refused one leaves the one before. */
	BOOT_PROCPS,
	BOOT_READERS,
};

/* A file as it would be. */
struct boot_overlay {
	const char *path;    /* its real path */
	const char *content; /* NULL: it is not there */
	size_t length;
};

struct boot_result {
	struct port_range range;
	char file[512]; /* that decides, "" where none does: the kernel's default stays */
	unsigned int line;
	struct reason refused; /* the last assignment without effect, and why; "" for none */
};

const char *boot_reader_name(enum boot_reader reader);

/*
 * Evaluates the files below @root ("" for the machine's own) with @overlay (may be NULL) in place.
 * Reaches the namespace of process 1 alone; every other starts at the kernel's default. 0, or a
 * negative errno with a reason.
 */
int boot_evaluate(enum boot_reader reader, const char *root, const struct boot_overlay *overlay,
		  int unprivileged_start, struct boot_result *result, struct reason *why);

#endif
