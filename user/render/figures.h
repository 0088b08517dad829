/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of a run as text and as JSON. */
#ifndef EPHEMPORT_RENDER_FIGURES_H
#define EPHEMPORT_RENDER_FIGURES_H

#include <stdio.h>

#include "measure/figures.h"

enum { FIGURE_FORMAT_LEN = FIGURE_TEXT_LEN + 8 };

/*
 * One value as people read it: "1.4us", "41.0 %", "4,118", "yes"; "-" where there is none, "?"
 * where it cannot be known; "<" or ">=" in front of what is only a bound. @out takes
 * FIGURE_FORMAT_LEN.
 */
void figure_format(char *out, const struct figure *figure, enum figure_unit unit);

/*
 * All of them as members of a JSON object, "name":value,..., and the two arrays that name the
 * bounds among them: "approx" (at most so much) and "at_least". No brace around, no comma behind.
 */
void figures_print_json(FILE *out, const struct figures *figures);

/* Any bytes as a JSON string, quotes included; those that are no ASCII as format_json_comm() does.
 */
void json_print_string(FILE *out, const char *text);

#endif
