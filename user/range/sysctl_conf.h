/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of a file of sysctl.d(5): finding and editing the lines that set the range. */
#ifndef EPHEMPORT_RANGE_SYSCTL_CONF_H
#define EPHEMPORT_RANGE_SYSCTL_CONF_H

#include <stdbool.h>
#include <stddef.h>

enum { CONF_KEY_LEN = 256 };

/* Where readers of these files differ; measured with systemd 252 and procps 4.0.2. */
enum conf_dialect {
	CONF_SYSTEMD, /* a carriage return ends a line, too */
	CONF_PROCPS,  /* "- key" and a trailing separator make another key */
};

struct conf_line {
	const char *start;	/* of the line */
	size_t length;		/* with the newline */
	unsigned int number;	/* from 1 */
	char key[CONF_KEY_LEN]; /* with slashes, "" on a line that sets nothing */
	const char *value;	/* trimmed; NULL on "-key", which keeps patterns off this key */
	size_t value_length;
};

/*
 * The next line of the text that ends at @end, from *@at on, which it moves; false at the end.
 * Start with line->number 0.
 */
bool conf_line_next(const char **at, const char *end, enum conf_dialect dialect,
		    struct conf_line *line);

/* The last line that sets @key (with slashes): .value is NULL where there is none. */
struct conf_line conf_last(const char *text, size_t length, const char *key);
/*
 * Gives the last line that sets @key (with slashes) the value @value, or appends such a line; every
 * other byte stays as it is. *@out is the new text (the caller frees it), *@number the line. 0 or
 * -ENOMEM.
 */
int conf_set(const char *text, size_t length, const char *key, const char *value, char **out,
	     size_t *out_length, unsigned int *number);
/* Takes the last line that sets @key out. -ENOENT where there is none. */
int conf_unset(const char *text, size_t length, const char *key, char **out, size_t *out_length,
	       unsigned int *number);

#endif
