/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands under 'range' show, as text for people or as JSON, one object a line. */
#ifndef EPHEMPORT_RENDER_RANGE_VIEW_H
#define EPHEMPORT_RENDER_RANGE_VIEW_H

#include <stdio.h>

#include "range/boot.h"
#include "range/check.h"
#include "range/import.h"
#include "range/netns.h"
#include "range/sysctl.h"
#include "range/verify.h"

/* One namespace as 'range show' tells it. */
struct range_view {
	const struct netns *netns;
	bool host_pids;
	const struct range_settings *settings;
	const struct boot_result *boot; /* BOOT_READERS of them; NULL: files do not reach it */
};

/* One namespace of 'range set'. */
struct range_change_view {
	const struct netns *netns;
	bool host_pids;
	struct port_range old, now;
	bool planned; /* --dry-run */
};

void range_text_show(FILE *out, const struct range_view *view);
void range_text_change(FILE *out, const struct range_change_view *view);
void range_text_check(FILE *out, const struct check_input *input,
		      const struct check_report *report);
void range_text_verify(FILE *out, const struct verify_report *report);
void range_text_import(FILE *out, const struct import *import);

void range_json_show(FILE *out, const struct range_view *view);
void range_json_change(FILE *out, const struct range_change_view *view);
void range_json_check(FILE *out, uint64_t netns, const struct check_input *input,
		      const struct check_report *report);
void range_json_verify(FILE *out, const struct verify_report *report);
void range_json_import(FILE *out, const struct import *import);

#endif
