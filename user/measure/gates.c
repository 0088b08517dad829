// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h" /* duration_parse() */
#include "measure/gates.h"

static const struct {
	const char *text;
	enum gate_operator op;
} operators[] = {
	/* The longer ones first. */
	{ ">=", GATE_GE }, { "<=", GATE_LE }, { "==", GATE_EQ },
	{ "!=", GATE_NE }, { ">", GATE_GT },  { "<", GATE_LT },
};

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* A plain decimal number at the front of @text: no sign, no exponent. */
static int number_parse(const char *text, double *value, const char **rest)
{
	size_t length = strspn(text, "0123456789.");
	char *end;

	if (!length || *text == '.' || text[length - 1] == '.')
		return -EINVAL;
	*value = strtod(text, &end);
	if (end != text + length)
		return -EINVAL;
	*rest = end;
	return 0;
}

/* @named: the figure's name tells the unit, as latency_p99_ns does. */
static int value_parse(const char *text, enum figure_unit unit, bool named, double *value)
{
	const char *rest = "";
	uint64_t ns;

	if (unit == UNIT_NS && !duration_parse(text, &ns)) {
		*value = (double)ns;
		return 0;
	}
	if (unit == UNIT_FLAG && (!strcmp(text, "true") || !strcmp(text, "false"))) {
		*value = *text == 't';
		return 0;
	}
	if (number_parse(text, value, &rest))
		return -EINVAL;
	if (unit == UNIT_NS)
		return !*rest && (named || *value == 0) ? 0 : -EINVAL;
	if (unit == UNIT_FLAG)
		return !*rest && (*value == 0 || *value == 1) ? 0 : -EINVAL;
	if (unit == UNIT_PERCENT)
		return !*rest || !strcmp(skip_blanks(rest), "%") ? 0 : -EINVAL;
	if (unit == UNIT_RATE && !strcmp(rest, "/s"))
		return 0;
	return *rest ? -EINVAL : 0;
}

static const char *value_hint(enum figure_unit unit)
{
	switch (unit) {
	case UNIT_NS:
		return "a duration with a unit, as 50us";
	case UNIT_PERCENT:
		return "a percentage, as 50 or 50%";
	case UNIT_FLAG:
		return "0 or 1";
	default:
		return "a number";
	}
}

static int operator_parse(const char **text, enum gate_operator *op)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		size_t length = strlen(operators[i].text);

		if (strncmp(*text, operators[i].text, length))
			continue;
		*op = operators[i].op;
		*text += length;
		return 0;
	}
	return -EINVAL;
}

/* "1.5x" or "+5", "-50us": takes the mark off @value and the sign into @sign. */
static enum gate_subject subject_parse(char value[], double *sign)
{
	size_t length = strlen(value);

	*sign = 1;
	if (length > 1 && value[length - 1] == 'x') {
		value[length - 1] = '\0';
		return GATE_RATIO;
	}
	if (*value != '+' && *value != '-')
		return GATE_VALUE;
	*sign = *value == '-' ? -1 : 1;
	memmove(value, value + 1, length);
	return GATE_DIFFERENCE;
}

static int gate_parse_value(char *value, struct gate *gate, bool comparison)
{
	enum figure_unit unit = gate->ref.unit;
	double sign = 1;
	int error;

	gate->subject = comparison ? subject_parse(value, &sign) : GATE_VALUE;
	if (gate->subject == GATE_RATIO)
		unit = UNIT_NUMBER;
	error = value_parse(value, unit, gate->ref.dist == DIST_NONE, &gate->value);
	gate->value *= sign;
	return error;
}

static int gate_parse(const char *text, bool comparison, struct gate *gate, struct reason *why)
{
	const char *name = skip_blanks(text);
	size_t length = strcspn(name, "<>=!");
	const char *rest = name + length;
	char value[64];
	size_t end;

	gate->text = text;
	if (operator_parse(&rest, &gate->op))
		return reason_set(why, -EINVAL,
				  "'%s' is no comparison: use one such as errors>0, with > >= < <= "
				  "== or !=",
				  text);
	while (length && strchr(" \t", name[length - 1]))
		length--;
	if (figure_ref_parse(name, length, &gate->ref))
		return reason_set(why, -EINVAL,
				  "'%.*s' is no figure: use one such as errors, eaddrnotavail, "
				  "rate, peak_used_pct, knee_crossed, latency.p(99), examined.max",
				  (int)length, name);
	if (gate->ref.unit == UNIT_TEXT)
		return reason_set(why, -EINVAL, "'%.*s' is text, and gates compare numbers",
				  (int)length, name);
	rest = skip_blanks(rest);
	end = strlen(rest);
	while (end && strchr(" \t", rest[end - 1]))
		end--;
	if (end >= sizeof(value))
		end = 0;
	memcpy(value, rest, end);
	value[end] = '\0';
	if (gate_parse_value(value, gate, comparison))
		return reason_set(why, -EINVAL, "'%s' is not right for %.*s: use %s%s", rest,
				  (int)length, name, value_hint(gate->ref.unit),
				  comparison ? ", +N for the difference, or 1.5x for the ratio" :
					       "");
	return 0;
}

static int gates_add_parsed(struct gates *gates, const char *text, bool comparison,
			    struct reason *why)
{
	struct gate *items;
	int error;

	if (gates->count == GATES_MAX)
		return reason_set(why, -E2BIG, "there are more than %d gates", GATES_MAX);
	items = realloc(gates->items, (gates->count + 1) * sizeof(*items));
	if (!items)
		return reason_set(why, -ENOMEM, "no memory");
	gates->items = items;
	error = gate_parse(text, comparison, &items[gates->count], why);
	if (!error)
		gates->count++;
	return error;
}

int gates_add(struct gates *gates, const char *text, struct reason *why)
{
	return gates_add_parsed(gates, text, false, why);
}

int gates_add_comparison(struct gates *gates, const char *text, struct reason *why)
{
	return gates_add_parsed(gates, text, true, why);
}

void gates_free(struct gates *gates)
{
	free(gates->items);
	*gates = (struct gates){ 0 };
}

static bool gate_holds(enum gate_operator op, double a, double b)
{
	switch (op) {
	case GATE_GT:
		return a > b;
	case GATE_GE:
		return a >= b;
	case GATE_LT:
		return a < b;
	case GATE_LE:
		return a <= b;
	case GATE_EQ:
		return a == b;
	case GATE_NE:
		return a != b;
	}
	return false;
}

static struct gate_result gate_judge(const struct gate *gate, struct figure value)
{
	struct gate_result result = { .value = value };

	if (value.state == FIGURE_UNKNOWN)
		result.outcome = GATE_UNKNOWN;
	else if (value.state == FIGURE_KNOWN && gate_holds(gate->op, value.number, gate->value))
		result.outcome = GATE_FAILED;
	else
		result.outcome = GATE_PASSED;
	return result;
}

struct gate_result gate_evaluate(const struct gate *gate, const struct figures *figures)
{
	return gate_judge(gate, figure_ref_value(&gate->ref, figures));
}

struct gate_result gate_compare(const struct gate *gate, const struct figures *a,
				const struct figures *b)
{
	struct figure before = figure_ref_value(&gate->ref, a);
	struct figure after = figure_ref_value(&gate->ref, b);

	switch (gate->subject) {
	case GATE_RATIO:
		return gate_judge(gate, figure_ratio(&before, &after));
	case GATE_DIFFERENCE:
		return gate_judge(gate, figure_difference(&before, &after));
	default:
		return gate_judge(gate, after);
	}
}

/* What two figures make: known where both are. */
static struct figure figure_of_two(const struct figure *a, const struct figure *b, double number)
{
	if (a->state == FIGURE_UNKNOWN || b->state == FIGURE_UNKNOWN)
		return (struct figure){ .state = FIGURE_UNKNOWN };
	if (a->state == FIGURE_NONE || b->state == FIGURE_NONE)
		return (struct figure){ .state = FIGURE_NONE };
	return (struct figure){ .state = FIGURE_KNOWN, .number = number };
}

struct figure figure_ratio(const struct figure *a, const struct figure *b)
{
	if (a->state == FIGURE_KNOWN && b->state == FIGURE_KNOWN && a->number == 0)
		return b->number == 0 ? (struct figure){ .state = FIGURE_NONE } :
					figure_of_two(a, b, INFINITY);
	return figure_of_two(a, b, b->number / a->number);
}

struct figure figure_difference(const struct figure *a, const struct figure *b)
{
	return figure_of_two(a, b, b->number - a->number);
}
