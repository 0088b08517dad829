/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One table of options a command. The table is the only place where an option is declared: the
 * parser, --help, the man page and the shell completions all read it.
 */
#ifndef EPHEMPORT_CLI_OPTIONS_H
#define EPHEMPORT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses of every command; docs: "Exit status" in the man page. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,	      /* nothing was started or changed */
	EXIT_UNSUPPORTED = 3, /* this kernel or these privileges cannot do it */
	EXIT_NO = 4,	      /* the answer is no: verify, check, diff --fail */
	EXIT_GATE = 99,	      /* run: a --fail expression held */
};

struct option_spec;

/*
 * Stores @value (NULL for an option without argument) in the field at @dest. Returns 0, or -EINVAL
 * after writing to @why (@why_len bytes) what would be right, as "use ...".
 */
typedef int (*option_parse_fn)(const struct option_spec *spec, const char *value, void *dest,
			       char *why, size_t why_len);

struct option_spec {
	const char *name; /* long name, without the dashes */
	char letter;	  /* short name, 0 for none */
	const char *arg;  /* what --help calls the argument; NULL: takes none */
	const char *help;
	option_parse_fn parse;
	size_t offset;	    /* of the field, in the struct that the group fills */
	uint64_t min, max;  /* for parse_uint(); max 0: no limit but the field's */
	bool optional_arg;  /* --name and --name=VALUE are both right */
	unsigned int value; /* for parse_flag_bits(): the bits that the option sets */
};

/* Options that belong together: one heading in --help. Ends the array with specs == NULL. */
struct option_group {
	const char *title;
	const struct option_spec *specs;
	size_t count;
	size_t base; /* of the struct that @specs fill, in the command's own */
};

#define OPTION_GROUP(group_title, table, group_base)                              \
	{                                                                         \
		.title = (group_title), .specs = (table),                         \
		.count = sizeof(table) / sizeof((table)[0]), .base = (group_base) \
	}

struct command {
	const char *name;
	const char *parent; /* of a subcommand: the command's name, else NULL */
	const char *args;   /* the positional arguments as --help shows them, "" for none */
	const char *summary;
	const char *description; /* paragraphs for --help and the man page, without roff */
	const char *examples;	 /* lines, for the same places */
	const struct option_group *groups;
	const struct command *const *subcommands; /* ends with NULL */
	int (*run)(const struct command *command, int argc, char **argv);
	int max_args;	    /* positional arguments taken; -1: any number */
	bool stops_at_args; /* the first word that is no option ends the options (a command line) */
};

/* "range set", as the user types it; @out takes COMMAND_TITLE_LEN bytes and is returned. */
enum { COMMAND_TITLE_LEN = 64 };
const char *command_title(char *out, const struct command *command);

/* What options_parse() found besides the options. */
struct arguments {
	int count;
	char **values; /* points into argv */
	bool help;     /* --help was given and printed: the caller returns EXIT_DONE */
};

/*
 * Fills @dest from @argv by the table of @command. argv[0] is the command's own name. Returns 0,
 * or EXIT_USAGE after one line on stderr.
 */
int options_parse(const struct command *command, int argc, char **argv, void *dest,
		  struct arguments *args);

int parse_flag(const struct option_spec *, const char *, void *dest_bool, char *, size_t);
int parse_flag_bits(const struct option_spec *, const char *, void *dest_uint, char *, size_t);
int parse_string(const struct option_spec *, const char *, void *dest_charp, char *, size_t);
/* Field: uint64_t, between spec->min and spec->max. */
int parse_uint(const struct option_spec *, const char *, void *dest_u64, char *, size_t);
/* "10", "64K", "8M": field uint64_t, bytes; between spec->min and spec->max. */
int parse_size(const struct option_spec *, const char *, void *dest_u64, char *, size_t);
/* "250ms", "3s", "1.5m": field uint64_t, nanoseconds, greater than 0. */
int parse_duration(const struct option_spec *, const char *, void *dest_u64, char *, size_t);

/* The number alone: 0, or -EINVAL where @text is no duration with a unit of ns us ms s m. */
int duration_parse(const char *text, uint64_t *ns);
/* Decimal without sign, of at most @max: 0, or -EINVAL. */
int uint_parse(const char *text, uint64_t max, uint64_t *value);

#endif
