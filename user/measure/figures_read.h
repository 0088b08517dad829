/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures back from the file that 'run --json' wrote. */
#ifndef EPHEMPORT_MEASURE_FIGURES_READ_H
#define EPHEMPORT_MEASURE_FIGURES_READ_H

#include "measure/figures.h"
#include "util/reason.h"

/*
 * @json: the whole file, a NUL behind it. A figure that the file does not have or has as null is
 * not known. 0, or -EINVAL with what is wrong in @why.
 */
int figures_read_json(const char *json, struct figures *figures, struct reason *why);

#endif
