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

/* What is compared with the value; the last two only between two runs, A and B. */
enum gate_subject {
	GATE_VALUE,	 /* the figure (of B) */
	GATE_RATIO,	 /* B / A: "latency.p(99)>1.5x" */
	GATE_DIFFERENCE, /* B - A: "errors>+0", "second_pass_pct>+5" */
};

enum gate_operator { GATE_GT, GATE_GE, GATE_LT, GATE_LE, GATE_EQ, GATE_NE };

struct gate {
	const char *text; /* as the user gave it; not owned */
	struct figure_ref ref;
	enum gate_subject subject;
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

enum { GATES_MAX = 64 };

struct gates {
	struct gate *items;
	size_t count;
};

/* Adds a gate, of GATES_MAX at most. 0, -ENOMEM, -E2BIG, or -EINVAL with what would be right in
 * @why. @text must stay. */
int gates_add(struct gates *gates, const char *text, struct reason *why);
/* The same for two runs: ratios and differences as well. */
int gates_add_comparison(struct gates *gates, const char *text, struct reason *why);
void gates_free(struct gates *gates);

/* Nothing to tell the figure of (no allocation at all) passes. */
struct gate_result gate_evaluate(const struct gate *gate, const struct figures *figures);
/* The result's value is the ratio or the difference where the gate is about that. */
struct gate_result gate_compare(const struct gate *gate, const struct figures *a,
				const struct figures *b);

/*
 * B / A, or B - A. Not known where one of them is not; nothing where one is nothing, and of two
 * zeros there is no ratio; of zero to more than that it is infinite.
 */
struct figure figure_ratio(const struct figure *a, const struct figure *b);
struct figure figure_difference(const struct figure *a, const struct figure *b);

#endif
