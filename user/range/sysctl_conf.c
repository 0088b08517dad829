// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range/sysctl_conf.h"

static bool is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* Dots become slashes and slashes dots, unless the first of them is a slash: sysctl.d(5). */
static void key_slashes(char *key)
{
	char *at = strpbrk(key, "/.");

	if (!at || *at == '/')
		return;
	for (; at; at = strpbrk(at + 1, "/."))
		*at = *at == '.' ? '/' : '.';
}

/* Without a leading slash and doubled ones; a trailing one where @dialect does not see it. */
static void key_simplify(char *key, enum conf_dialect dialect)
{
	char *out = key;

	for (const char *in = key; *in; in++)
		if (*in != '/' || (out != key && out[-1] != '/'))
			*out++ = *in;
	if (dialect == CONF_SYSTEMD && out != key && out[-1] == '/')
		out--;
	*out = '\0';
}

static void key_take(struct conf_line *line, const char *from, const char *to,
		     enum conf_dialect dialect)
{
	while (dialect == CONF_SYSTEMD && from < to && is_space(*from))
		from++;
	while (from < to && is_space(to[-1]))
		to--;
	if (to - from >= CONF_KEY_LEN)
		return;
	snprintf(line->key, sizeof(line->key), "%.*s", (int)(to - from), from);
	key_slashes(line->key);
	key_simplify(line->key, dialect);
}

static void line_parse(struct conf_line *line, const char *from, const char *to,
		       enum conf_dialect dialect)
{
	const char *equals;
	bool dash;

	while (from < to && is_space(*from))
		from++;
	while (from < to && is_space(to[-1]))
		to--;
	if (from == to || *from == '#' || *from == ';')
		return;
	equals = memchr(from, '=', (size_t)(to - from));
	dash = *from == '-';
	if (!equals && !dash)
		return;
	from += dash;
	key_take(line, from, equals ? equals : to, dialect);
	if (!equals)
		return;
	for (equals++; equals < to && is_space(*equals);)
		equals++;
	line->value = equals;
	line->value_length = (size_t)(to - equals);
}

static bool is_line_end(char character, enum conf_dialect dialect)
{
	return character == '\n' || (dialect == CONF_SYSTEMD && (character == '\r' || !character));
}

bool conf_line_next(const char **at, const char *end, enum conf_dialect dialect,
		    struct conf_line *line)
{
	const char *stop = *at, *text_end;

	if (*at >= end)
		return false;
	while (stop < end && !is_line_end(*stop, dialect))
		stop++;
	line->start = *at;
	line->number++;
	line->key[0] = '\0';
	line->value = NULL;
	line->value_length = 0;
	/* procps takes the line for a string. */
	text_end = memchr(*at, '\0', (size_t)(stop - *at));
	line_parse(line, *at, text_end ? text_end : stop, dialect);
	if (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n')
		stop++;
	*at = stop < end ? stop + 1 : end;
	line->length = (size_t)(*at - line->start);
	return true;
}

struct conf_line conf_last(const char *text, size_t length, const char *key)
{
	struct conf_line line = { 0 }, last = { 0 };
	const char *at = text;

	while (conf_line_next(&at, text + length, CONF_PROCPS, &line))
		if (line.value && !strcmp(line.key, key))
			last = line;
	return last;
}

/* @text with the @cut bytes at @at replaced by @with. */
static int conf_splice(const char *text, size_t length, size_t at, size_t cut, const char *with,
		       char **out, size_t *out_length)
{
	size_t added = strlen(with);

	*out = malloc(length - cut + added + 1);
	if (!*out)
		return -ENOMEM;
	memcpy(*out, text, at);
	memcpy(*out + at, with, added);
	memcpy(*out + at + added, text + at + cut, length - at - cut);
	*out_length = length - cut + added;
	(*out)[*out_length] = '\0';
	return 0;
}

static unsigned int line_count(const char *text, size_t length)
{
	struct conf_line line = { 0 };
	const char *at = text;

	while (conf_line_next(&at, text + length, CONF_PROCPS, &line))
		;
	return line.number;
}

int conf_set(const char *text, size_t length, const char *key, const char *value, char **out,
	     size_t *out_length, unsigned int *number)
{
	struct conf_line last = conf_last(text, length, key);
	char added[CONF_KEY_LEN + 64], dotted[CONF_KEY_LEN];
	bool whole = !length || text[length - 1] == '\n';

	if (last.value) {
		*number = last.number;
		return conf_splice(text, length, (size_t)(last.value - text), last.value_length,
				   value, out, out_length);
	}
	snprintf(dotted, sizeof(dotted), "%s", key);
	for (char *at = dotted; *at; at++)
		*at = *at == '/' ? '.' : *at == '.' ? '/' : *at;
	snprintf(added, sizeof(added), "%s%s = %s\n", whole ? "" : "\n", dotted, value);
	*number = line_count(text, length) + 1;
	return conf_splice(text, length, length, 0, added, out, out_length);
}

int conf_unset(const char *text, size_t length, const char *key, char **out, size_t *out_length,
	       unsigned int *number)
{
	struct conf_line last = conf_last(text, length, key);

	if (!last.value)
		return -ENOENT;
	*number = last.number;
	return conf_splice(text, length, (size_t)(last.start - text), last.length, "", out,
			   out_length);
}
