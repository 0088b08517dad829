/* SPDX-License-Identifier: GPL-2.0-only */
/* Two runs beside each other: for people, and as one JSON object. */
#ifndef EPHEMPORT_RENDER_DIFF_H
#define EPHEMPORT_RENDER_DIFF_H

#include <stdio.h>

#include "measure/gates.h"

struct diff {
	const char *a_name, *b_name;
	const struct figures *a, *b;
	const struct gates *gates;
	const struct gate_result *results; /* one for each gate */
};

void diff_print_text(FILE *out, const struct diff *diff);
void diff_print_json(FILE *out, const struct diff *diff);

#endif
