// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "range/range.h"

static const char range_forms[] = "use 49152-65535, '49152 65535' or 'start=49152 num=16384'";

/* Decimal digits alone, so that "0x10", "+5" and "-1" are no numbers. 999999 stands for all above.
 */
static bool number_take(const char **text, unsigned long *number)
{
	const char *at = *text;

	if (!isdigit((unsigned char)*at))
		return false;
	for (*number = 0; isdigit((unsigned char)*at); at++)
		if (*number < 999999)
			*number = *number * 10 + (unsigned long)(*at - '0');
	if (*number > 999999)
		*number = 999999;
	*text = at;
	return true;
}

static void space_skip(const char **text)
{
	*text += strspn(*text, " \t\r\n");
}

static bool word_take(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncasecmp(*text, word, length))
		return false;
	*text += length;
	return true;
}

static int range_check(unsigned long low, unsigned long high, struct port_range *range,
		       struct reason *why)
{
	if (!low || !high)
		return reason_set(why, -EINVAL, "port 0 is none: the lowest that can be is 1");
	if (low > 65535 || high > 65535)
		return reason_set(why, -EINVAL, "it ends above 65535, the highest port there is");
	if (high < low)
		return reason_set(why, -EINVAL, "the high end %lu is below the low end %lu", high,
				  low);
	*range = (struct port_range){ (uint16_t)low, (uint16_t)high };
	return 0;
}

/* "start=49152 num=16384", the words in either order and either case. */
static int range_parse_netsh(const char *text, struct port_range *range, struct reason *why)
{
	unsigned long start = 0, num = 0;
	bool have_start = false, have_num = false;

	while (*text) {
		bool *have;
		unsigned long *number;

		if (word_take(&text, "start=")) {
			have = &have_start;
			number = &start;
		} else if (word_take(&text, "num=")) {
			have = &have_num;
			number = &num;
		} else {
			return reason_set(why, -EINVAL, "%s", range_forms);
		}
		if (*have || !number_take(&text, number) ||
		    (*text && !isspace((unsigned char)*text)))
			return reason_set(why, -EINVAL, "%s", range_forms);
		*have = true;
		space_skip(&text);
	}
	if (!have_start || !have_num)
		return reason_set(why, -EINVAL, "start= and num= go together: %s", range_forms);
	if (!num)
		return reason_set(why, -EINVAL, "num=0 is no port at all");
	if (start + num - 1 > 65535)
		return reason_set(why, -EINVAL,
				  "start=%lu num=%lu ends at %lu (start + num - 1), above 65535",
				  start, num, start + num - 1);
	return range_check(start, start + num - 1, range, why);
}

int range_parse(const char *text, struct port_range *range, struct reason *why)
{
	unsigned long low, high;

	space_skip(&text);
	if (isalpha((unsigned char)*text))
		return range_parse_netsh(text, range, why);
	if (strchr(text, '"') || strchr(text, '\''))
		return reason_set(why, -EINVAL, "quotes do not belong to it: %s", range_forms);
	if (!number_take(&text, &low))
		return reason_set(why, -EINVAL, "%s", range_forms);
	if (*text == '-')
		text++;
	else if (isspace((unsigned char)*text))
		space_skip(&text);
	else
		return reason_set(why, -EINVAL, *text ? "%s" : "one number is no range: %s",
				  range_forms);
	if (!number_take(&text, &high))
		return reason_set(why, -EINVAL, "%s", range_forms);
	space_skip(&text);
	if (*text)
		return reason_set(why, -EINVAL, "something follows the two numbers: %s",
				  range_forms);
	return range_check(low, high, range, why);
}

void range_format(char *out, struct port_range range, enum range_style style)
{
	switch (style) {
	case RANGE_PLAIN:
		snprintf(out, RANGE_TEXT_LEN, "%u-%u", range.low, range.high);
		return;
	case RANGE_SYSCTL:
		snprintf(out, RANGE_TEXT_LEN, "%u %u", range.low, range.high);
		return;
	case RANGE_NETSH:
		snprintf(out, RANGE_TEXT_LEN, "start=%u num=%u", range.low, range_count(range));
		return;
	}
}

unsigned int range_count(struct port_range range)
{
	return range.high - range.low + 1u;
}

unsigned int range_knee(struct port_range range)
{
	return (range_count(range) + 1) / 2;
}

bool range_same_parity(struct port_range range)
{
	return !((range.low ^ range.high) & 1);
}

bool range_contains(struct port_range range, unsigned int port)
{
	return port >= range.low && port <= range.high;
}

bool range_equal(struct port_range a, struct port_range b)
{
	return a.low == b.low && a.high == b.high;
}

bool range_overlap(struct port_range a, struct port_range b, struct port_range *both)
{
	both->low = a.low > b.low ? a.low : b.low;
	both->high = a.high < b.high ? a.high : b.high;
	return both->low <= both->high;
}

void port_set_add(struct port_set *set, struct port_range range)
{
	for (unsigned int port = range.low; port <= range.high; port++)
		set->bits[port / 64] |= 1ull << port % 64;
}

bool port_set_has(const struct port_set *set, unsigned int port)
{
	return port < PORT_COUNT && set->bits[port / 64] >> port % 64 & 1;
}

unsigned int port_set_count(const struct port_set *set, struct port_range within)
{
	unsigned int count = 0;

	for (unsigned int port = within.low; port <= within.high; port++)
		count += port_set_has(set, port);
	return count;
}

int port_set_parse(const char *text, struct port_set *set)
{
	*set = (struct port_set){ 0 };
	space_skip(&text);
	while (*text) {
		unsigned long low, high;

		if (!number_take(&text, &low))
			return -EINVAL;
		high = low;
		if (*text == '-' && (text++, !number_take(&text, &high)))
			return -EINVAL;
		if (low > high || high > 65535)
			return -EINVAL;
		port_set_add(set, (struct port_range){ (uint16_t)low, (uint16_t)high });
		if (*text == ',' && isdigit((unsigned char)text[1])) {
			text++;
			continue;
		}
		space_skip(&text);
		if (*text)
			return -EINVAL;
	}
	return 0;
}

void port_set_format(char *out, size_t size, const struct port_set *set, struct port_range within)
{
	size_t used = 0;

	*out = '\0';
	for (unsigned int port = within.low; port <= within.high; port++) {
		unsigned int first = port;
		char piece[16];
		int length;

		if (!port_set_has(set, port))
			continue;
		while (port < within.high && port_set_has(set, port + 1))
			port++;
		length = first == port ? snprintf(piece, sizeof(piece), "%u", first) :
					 snprintf(piece, sizeof(piece), "%u-%u", first, port);
		/* Keep room for the mark that says it was cut: ",...". */
		if (used + (size_t)length + 6 > size) {
			snprintf(out + used, size - used, "%s...", used ? "," : "");
			return;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "," : "", piece);
	}
}
