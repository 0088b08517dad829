// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "render/figures.h"
#include "render/format.h"

static void number_format(char *out, double number, enum figure_unit unit)
{
	size_t room = FIGURE_FORMAT_LEN - 4;

	switch (unit) {
	case UNIT_COUNT:
		format_count(out, (uint64_t)number);
		break;
	case UNIT_NS:
		format_duration(out, (uint64_t)number);
		break;
	case UNIT_PERCENT:
		snprintf(out, room, "%.1f %%", number);
		break;
	case UNIT_RATE:
		snprintf(out, room, number < 10 ? "%.2f/s" : "%.0f/s", number);
		break;
	case UNIT_FLAG:
		snprintf(out, room, "%s", number ? "yes" : "no");
		break;
	default:
		snprintf(out, room, "%.1f", number);
	}
}

void figure_format(char *out, const struct figure *figure, enum figure_unit unit)
{
	static const char *const bounds[] = {
		[BOUND_EXACT] = "",
		[BOUND_AT_MOST] = "<",
		[BOUND_AT_LEAST] = ">=",
	};

	if (figure->state != FIGURE_KNOWN) {
		strcpy(out, figure->state == FIGURE_UNKNOWN ? "?" : "-");
		return;
	}
	if (unit == UNIT_TEXT) {
		snprintf(out, FIGURE_FORMAT_LEN, "%s", figure->text);
		return;
	}
	strcpy(out, bounds[figure->bound]);
	number_format(out + strlen(out), figure->number, unit);
}

void json_print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte >= 0x20 && byte < 0x7f)
			fputc(byte, out);
		else
			fprintf(out, "\\u00%02x", byte);
	}
	fputc('"', out);
}

static void figure_print_json(FILE *out, const struct figure *figure, enum figure_unit unit)
{
	if (figure->state != FIGURE_KNOWN)
		fputs("null", out);
	else if (unit == UNIT_TEXT)
		json_print_string(out, figure->text);
	else if (unit == UNIT_FLAG)
		fputs(figure->number ? "true" : "false", out);
	else if (unit == UNIT_COUNT || unit == UNIT_NS)
		fprintf(out, "%.0f", figure->number);
	else
		fprintf(out, "%.3f", figure->number);
}

static void bounds_print_json(FILE *out, const struct figures *figures, const char *key,
			      enum figure_bound bound)
{
	const char *separator = "";

	fprintf(out, ",\"%s\":[", key);
	for (int id = 0; id < FIGURE_COUNT; id++) {
		if (figures->at[id].state != FIGURE_KNOWN || figures->at[id].bound != bound)
			continue;
		fprintf(out, "%s\"%s\"", separator, figure_specs[id].name);
		separator = ",";
	}
	fputc(']', out);
}

void figures_print_json(FILE *out, const struct figures *figures)
{
	for (int id = 0; id < FIGURE_COUNT; id++) {
		fprintf(out, "%s\"%s\":", id ? "," : "", figure_specs[id].name);
		figure_print_json(out, &figures->at[id], figure_specs[id].unit);
	}
	bounds_print_json(out, figures, "approx", BOUND_AT_MOST);
	bounds_print_json(out, figures, "at_least", BOUND_AT_LEAST);
}
