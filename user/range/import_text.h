/* SPDX-License-Identifier: GPL-2.0-only */
/* The formats behind import_parse(). Each takes decoded text, which it may cut into pieces. */
#ifndef EPHEMPORT_RANGE_IMPORT_TEXT_H
#define EPHEMPORT_RANGE_IMPORT_TEXT_H

#include "range/import.h"

int import_netsh(char *text, struct import *import, struct reason *why);
int import_powershell(char *text, struct import *import, struct reason *why);
int import_json(const char *text, struct import *import, struct reason *why);
int import_bsd(char *text, struct import *import, struct reason *why);
int import_linux(char *text, struct import *import, struct reason *why);

/* Takes over a result. */
int import_add(struct import *import, struct port_range range, const char *label, bool other,
	       struct reason *why);
/* The same from a first port and a count: it ends at start + num - 1. */
int import_add_start(struct import *import, unsigned long start, unsigned long num,
		     const char *label, struct reason *why);
/* The next line without space around it, cut out of the text. */
bool line_next(char **at, char **line);
/* Decimal digits and nothing else; more than nine are 999999999. 0 or -EINVAL. */
int number_parse(const char *text, unsigned long *number);

#endif
