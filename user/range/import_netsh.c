// SPDX-License-Identifier: GPL-2.0-only
/*
 * netsh speaks the language of the system and has no switch for another. What does not change: the
 * dynamic range is two lines that end in ": NUMBER", first port and count; the excluded ranges are
 * lines of two numbers, and perhaps a star, below a line of two groups of dashes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "range/import_text.h"

/* One table of netsh: what its title told, and its numbers. */
struct table {
	const char *family, *proto; /* NULL: not told */
	unsigned long numbers[2];
	unsigned int count;
};

/* What follows the last colon and a space, or NULL. */
static const char *colon_value(const char *line)
{
	const char *colon = strrchr(line, ':');

	if (!colon || !isspace((unsigned char)colon[1]))
		return NULL;
	return colon + 1 + strspn(colon + 1, " \t");
}

/* The one of two ASCII words that each language leaves as it is; NULL: neither. */
static const char *word_of(const char *line, const char *one, const char *other)
{
	return strcasestr(line, one) ? one : strcasestr(line, other) ? other : NULL;
}

static void title_take(struct table *table, const char *line)
{
	const char *family = word_of(line, "ipv4", "ipv6"), *proto = word_of(line, "tcp", "udp");

	if (family)
		table->family = family;
	if (proto)
		table->proto = proto;
}

static int table_end(struct table *table, struct import *import, struct reason *why)
{
	char label[16];
	int error;

	if (!table->count)
		return 0;
	if (table->count == 1)
		return reason_set(why, -EINVAL,
				  "a table has one number where a first port and a count "
				  "belong: the output is cut off");
	snprintf(label, sizeof(label), "%s%s%s", table->family ? table->family : "",
		 table->family && table->proto ? " " : "", table->proto ? table->proto : "");
	error = import_add_start(import, table->numbers[0], table->numbers[1], label, why);
	*table = (struct table){ 0 };
	return error;
}

static int table_number(struct table *table, const char *value, struct reason *why)
{
	if (table->count == 2)
		return reason_set(why, -EINVAL,
				  "a table has three numbers or more where a first port "
				  "and a count belong: this is no dynamic port range");
	if (number_parse(value, &table->numbers[table->count]))
		return reason_set(why, -EINVAL, "'%.40s' is no number of digits alone", value);
	table->count++;
	return 0;
}

static int import_dynamic(char *text, struct import *import, struct reason *why)
{
	struct table table = { 0 };
	char *line;
	int error = 0;

	import->source = IMPORT_NETSH;
	while (!error && line_next(&text, &line)) {
		const char *value = colon_value(line);

		if (!*line || line[strspn(line, "-")] == '\0')
			continue;
		if (value && strpbrk(value, "0123456789") && !strpbrk(value, " \t>")) {
			error = table_number(&table, value, why);
			continue;
		}
		error = table_end(&table, import, why);
		title_take(&table, line);
	}
	if (!error)
		error = table_end(&table, import, why);
	if (!error && !import->count)
		error = reason_set(
			why, -EINVAL,
			"nothing in it has the shape of a port range: give the output of "
			"'netsh int ipv4 show dynamicport tcp', Get-NetTCPSetting, "
			"'sysctl net.inet.ip.portrange' or 'sysctl -a'");
	return error;
}

/* "----------    --------" */
static bool is_header(const char *line)
{
	size_t first = strspn(line, "-"), gap = strspn(line + first, " \t");
	size_t second = strspn(line + first + gap, "-");

	return first > 2 && gap && second > 2 && !line[first + gap + second];
}

static int excluded_row(char *line, struct import *import, struct reason *why)
{
	unsigned long ends[2];
	unsigned int count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		/* "*": reserved by an administrator, open to explicit bind(); excluded all the
		 * same. */
		if (!strcmp(word, "*") && count == 2 && !*(rest ? rest : ""))
			break;
		if (count == 2 || number_parse(word, &ends[count]))
			return reason_set(why, -EINVAL,
					  "a row has '%.40s' where a first and a last "
					  "port belong",
					  word);
		count++;
	}
	if (count != 2)
		return reason_set(why, -EINVAL,
				  "a row has one number where a first and a last port "
				  "belong");
	if (!ends[0] || ends[1] < ends[0] || ends[1] > 65535)
		return reason_set(why, -EINVAL, "a row says %lu to %lu, which is no range of ports",
				  ends[0], ends[1]);
	port_set_add(&import->excluded,
		     (struct port_range){ (uint16_t)ends[0], (uint16_t)ends[1] });
	import->excluded_blocks++;
	return 0;
}

static int import_excluded(char *text, struct import *import, struct reason *why)
{
	bool rows = false;
	char *line;
	int error = 0;

	import->source = IMPORT_EXCLUDED;
	while (!error && line_next(&text, &line)) {
		const char *value = colon_value(line);

		if (value && isdigit((unsigned char)*value))
			error = reason_set(why, -EINVAL,
					   "it holds a dynamic range and excluded ranges: "
					   "give them one at a time");
		else if (is_header(line))
			rows = true;
		else if (rows && *line && line[strspn(line, "0123456789 \t*")] == '\0')
			error = excluded_row(line, import, why);
	}
	return error;
}

/* Does any line of @text separate titles from rows? */
static bool has_header(const char *text)
{
	while (*text) {
		char line[256];
		size_t length;

		text += strspn(text, " \t");
		length = strcspn(text, "\r\n");
		snprintf(line, sizeof(line), "%.*s", length < 255 ? (int)length : 255, text);
		for (size_t end = strlen(line); end && isspace((unsigned char)line[end - 1]);)
			line[--end] = '\0';
		if (is_header(line))
			return true;
		text += length + strspn(text + length, "\r\n");
	}
	return false;
}

int import_netsh(char *text, struct import *import, struct reason *why)
{
	return has_header(text) ? import_excluded(text, import, why) :
				  import_dynamic(text, import, why);
}
