/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What other systems print about their range, in any language: words are ignored, numbers and the
 * shape of the lines decide. What fits no shape is refused with the reason; nothing is guessed.
 */
#ifndef EPHEMPORT_RANGE_IMPORT_H
#define EPHEMPORT_RANGE_IMPORT_H

#include "range/range.h"

enum import_source {
	IMPORT_NETSH,	 /* netsh int ipv4|ipv6 show dynamicport tcp|udp */
	IMPORT_EXCLUDED, /* netsh int ipv4|ipv6 show excludedportrange: ports that are not given */
	IMPORT_POWERSHELL, /* Get-NetTCPSetting, Get-NetUDPSetting, as list or ConvertTo-Json */
	IMPORT_BSD,	   /* sysctl net.inet.ip.portrange of macOS and FreeBSD */
	IMPORT_LINUX,	   /* sysctl -a */
};

struct imported_range {
	struct port_range range;
	char label[48]; /* "tcp", a SettingName, "high", or "" */
	bool other;	/* not what a plain connect() there uses: hifirst and lowfirst of BSD */
};

struct import {
	enum import_source source;
	struct imported_range *items;
	size_t count;
	struct port_set excluded; /* IMPORT_EXCLUDED */
	unsigned int excluded_blocks;
};

const char *import_source_name(enum import_source source);

/*
 * Understands @data: UTF-8, UTF-16 with a byte order mark, Shift_JIS, GBK, Big5 and the OEM code
 * pages, all of whose second bytes lie outside of digits and colons. 0; -EINVAL with the reason, or
 * -ENOMEM. The caller frees @import, also after an error.
 */
int import_parse(const char *data, size_t length, struct import *import, struct reason *why);
void import_free(struct import *import);

/* The command lines that set @range on that system, one after another, in @out. */
void import_set_commands(enum import_source source, struct port_range range, char *out,
			 size_t size);

#endif
