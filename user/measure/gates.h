/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gates in k6's grammar: FIGURE OPERATOR VALUE, as in "errors>0", "latency.p(99)>50us",
 * "second_pass_pct >= 40%", "knee_crossed==1". A gate tells what must not be: it fails where the
 * expression holds.
 */
#ifndef EPHEMPORT_MEASURE_GATES_H
#define EPHEMPORT_MEASURE_GATES_H

#include "measure/figures.h"
#include "util/reason.h"

enum gate_operator { GATE_GT, GATE_GE, GATE_LT, GATE_LE, GATE_EQ, GATE_NE };

struct gate {
	const char *text; /* as the user gave it; not owned */
	struct figure_ref ref;
	enum gate_operator op;
	double value; /* durations in ns */
};

enum gate_outcome {
	GATE_PASSED,
	GATE_FAILED,  /* the expression holds */
	GATE_UNKNOWN, /* its figure cannot be known; what that means, the caller decides */
};

struct gate_result {
	enum gate_outcome outcome;
	struct figure value;
};

struct gates {
	struct gate *items;
	size_t count;
};

/* Adds a gate. 0, -ENOMEM, or -EINVAL with what would be right in @why. @text must stay. */
int gates_add(struct gates *gates, const char *text, struct reason *why);
void gates_free(struct gates *gates);

/* Nothing to tell the figure of (no allocation at all) passes. */
struct gate_result gate_evaluate(const struct gate *gate, const struct figures *figures);

#endif
