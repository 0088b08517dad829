// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/message.h"
#include "cli/options.h"

enum {
	OPTIONS_MAX = 64,
	LONG_ONLY = 1000, /* getopt's value of option i without a letter is LONG_ONLY + i */
	HELP_VALUE = 'h',
};

/* The getopt form of a command's table. */
struct option_table {
	struct option longs[OPTIONS_MAX + 2];
	char shorts[3 * OPTIONS_MAX + 4];
	struct {
		const struct option_spec *spec;
		size_t base;
	} at[OPTIONS_MAX];
	int count;
};

const char *command_title(char *out, const struct command *command)
{
	snprintf(out, COMMAND_TITLE_LEN, "%s%s%s", command->parent ? command->parent : "",
		 command->parent ? " " : "", command->name);
	return out;
}

static int option_value(const struct option_spec *spec, int index)
{
	return spec->letter ? spec->letter : LONG_ONLY + index;
}

static void table_add(struct option_table *table, const struct option_spec *spec, size_t base)
{
	int i = table->count++;
	size_t end = strlen(table->shorts);

	table->at[i].spec = spec;
	table->at[i].base = base;
	table->longs[i] = (struct option){
		.name = spec->name,
		.has_arg = !spec->arg	      ? no_argument :
			   spec->optional_arg ? optional_argument :
						required_argument,
		.val = option_value(spec, i),
	};
	if (spec->letter)
		snprintf(table->shorts + end, sizeof(table->shorts) - end, "%c%s", spec->letter,
			 spec->arg ? ":" : "");
}

static void table_fill(struct option_table *table, const struct command *command)
{
	/* '+' stops at the first word that is no option; ':' leaves the messages to us. */
	strcpy(table->shorts, command->stops_at_args ? "+:" : ":");
	for (const struct option_group *group = command->groups; group && group->specs; group++)
		for (size_t i = 0; i < group->count && table->count < OPTIONS_MAX; i++)
			table_add(table, &group->specs[i], group->base);
	strcat(table->shorts, "h");
	table->longs[table->count] = (struct option){ .name = "help", .val = HELP_VALUE };
}

static int option_store(const struct command *command, const struct option_table *table, int value,
			void *dest)
{
	char why[160] = "", title[COMMAND_TITLE_LEN];

	for (int i = 0; i < table->count; i++) {
		const struct option_spec *spec = table->at[i].spec;

		if (option_value(spec, i) != value)
			continue;
		if (!spec->parse(spec, optarg, (char *)dest + table->at[i].base + spec->offset, why,
				 sizeof(why)))
			return 0;
		message_error("%s: --%s: '%s' is not right: %s", command_title(title, command),
			      spec->name, optarg ? optarg : "", why);
		return EXIT_USAGE;
	}
	return EXIT_USAGE;
}

static int option_unknown(const struct command *command, char **argv)
{
	char title[COMMAND_TITLE_LEN];

	command_title(title, command);
	if (optopt && optopt < LONG_ONLY &&
	    !(argv[optind - 1][0] == '-' && argv[optind - 1][1] == '-'))
		message_error("%s: unknown option -%c: see 'ephemport %s --help'", title, optopt,
			      title);
	else
		message_error("%s: unknown option %s: see 'ephemport %s --help'", title,
			      argv[optind - 1], title);
	return EXIT_USAGE;
}

int options_parse(const struct command *command, int argc, char **argv, void *dest,
		  struct arguments *args)
{
	struct option_table table = { 0 };
	char title[COMMAND_TITLE_LEN];
	int value, error;

	*args = (struct arguments){ 0 };
	table_fill(&table, command);
	opterr = 0;
	optind = 0; /* glibc: start anew, also after another command's parse */
	while ((value = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1) {
		if (value == HELP_VALUE) {
			help_print_command(stdout, command);
			args->help = true;
			return 0;
		}
		if (value == ':') {
			message_error("%s: %s needs a value: see 'ephemport %s --help'",
				      command_title(title, command), argv[optind - 1], title);
			return EXIT_USAGE;
		}
		if (value == '?')
			return option_unknown(command, argv);
		error = option_store(command, &table, value, dest);
		if (error)
			return error;
	}
	args->count = argc - optind;
	args->values = argv + optind;
	if (command->max_args >= 0 && args->count > command->max_args) {
		message_error("%s: '%s' is one word too many: see 'ephemport %s --help'",
			      command_title(title, command), args->values[command->max_args],
			      title);
		return EXIT_USAGE;
	}
	return 0;
}

int parse_flag(const struct option_spec *spec, const char *value, void *dest, char *why,
	       size_t why_len)
{
	(void)spec, (void)value, (void)why, (void)why_len;
	*(bool *)dest = true;
	return 0;
}

int parse_flag_bits(const struct option_spec *spec, const char *value, void *dest, char *why,
		    size_t why_len)
{
	(void)value, (void)why, (void)why_len;
	*(unsigned int *)dest |= spec->value;
	return 0;
}

int parse_string(const struct option_spec *spec, const char *value, void *dest, char *why,
		 size_t why_len)
{
	if (!spec->optional_arg && (!value || !*value)) {
		snprintf(why, why_len, "it must not be empty");
		return -EINVAL;
	}
	*(const char **)dest = value ? value : "";
	return 0;
}

int uint_parse(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	/* strtoull() takes a sign and leading space; a port or a pid has neither. */
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno || *end || *value > max ? -EINVAL : 0;
}

static uint64_t spec_max(const struct option_spec *spec)
{
	return spec->max ? spec->max : UINT64_MAX;
}

int parse_uint(const struct option_spec *spec, const char *value, void *dest, char *why,
	       size_t why_len)
{
	uint64_t number;

	if (uint_parse(value, spec_max(spec), &number) || number < spec->min) {
		if (spec->max)
			snprintf(why, why_len, "use a number from %" PRIu64 " to %" PRIu64,
				 spec->min, spec->max);
		else
			snprintf(why, why_len, "use a number of at least %" PRIu64, spec->min);
		return -EINVAL;
	}
	*(uint64_t *)dest = number;
	return 0;
}

int parse_size(const struct option_spec *spec, const char *value, void *dest, char *why,
	       size_t why_len)
{
	static const char units[] = "KMG";
	char digits[24];
	size_t length = strspn(value, "0123456789");
	const char *unit =
		value[length] ? strchr(units, toupper((unsigned char)value[length])) : NULL;
	uint64_t number = 0;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;

	snprintf(digits, sizeof(digits), "%.*s", (int)length, value);
	if (length >= sizeof(digits) || value[length + !!unit] ||
	    uint_parse(digits, spec_max(spec) >> shift, &number) || number << shift < spec->min) {
		snprintf(why, why_len, "use bytes, or K, M, G, from %" PRIu64 "K to %" PRIu64 "M",
			 spec->min >> 10, spec_max(spec) >> 20);
		return -EINVAL;
	}
	*(uint64_t *)dest = number << shift;
	return 0;
}

int duration_parse(const char *text, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 } };
	char *end;
	double number;

	/* strtod() would also take a sign, "inf" and hexadecimal. */
	if (!isdigit((unsigned char)*text) || text[1] == 'x' || text[1] == 'X')
		return -EINVAL;
	number = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		if (number * units[i].ns >= 1e19)
			return -EINVAL;
		*ns = (uint64_t)(number * units[i].ns);
		return 0;
	}
	return -EINVAL;
}

int parse_duration(const struct option_spec *spec, const char *value, void *dest, char *why,
		   size_t why_len)
{
	uint64_t ns;

	(void)spec;
	if (duration_parse(value, &ns) || !ns) {
		snprintf(why, why_len, "use a number with ns, us, ms, s or m, as 500ms");
		return -EINVAL;
	}
	*(uint64_t *)dest = ns;
	return 0;
}
