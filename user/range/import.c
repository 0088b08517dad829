// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range/import.h"
#include "range/import_text.h"
#include "util/cleanup.h"

const char *import_source_name(enum import_source source)
{
	static const char *const names[] = { "netsh-dynamicport", "netsh-excludedportrange",
					     "powershell", "bsd-sysctl", "linux-sysctl" };

	return names[source];
}

void import_free(struct import *import)
{
	free(import->items);
	import->items = NULL;
	import->count = 0;
}

int import_add(struct import *import, struct port_range range, const char *label, bool other,
	       struct reason *why)
{
	struct imported_range *items =
		reallocarray(import->items, import->count + 1, sizeof(*items));

	if (!items)
		return reason_set(why, -ENOMEM, "out of memory");
	import->items = items;
	items[import->count] = (struct imported_range){ .range = range, .other = other };
	snprintf(items[import->count++].label, sizeof(items->label), "%s", label);
	return 0;
}

int import_add_start(struct import *import, unsigned long start, unsigned long num,
		     const char *label, struct reason *why)
{
	if (!start || !num)
		return reason_set(why, -EINVAL, "start %lu and count %lu: neither can be zero",
				  start, num);
	if (start > 65535 || num > 65535 || start + num - 1 > 65535)
		return reason_set(
			why, -EINVAL,
			"start %lu and count %lu end at %lu (start + count - 1), above 65535",
			start, num, start + num - 1);
	return import_add(import,
			  (struct port_range){ (uint16_t)start, (uint16_t)(start + num - 1) },
			  label, false, why);
}

/* UTF-16 to one byte a unit: what is not ASCII becomes '?', since words do not matter. */
static int decode_utf16(const char *data, size_t length, bool big, char **text, struct reason *why)
{
	char *out;

	if (length % 2)
		return reason_set(why, -EINVAL, "it is UTF-16 of an odd number of bytes: cut off");
	out = malloc(length / 2 + 1);
	if (!out)
		return reason_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < length; i += 2) {
		unsigned int high = (unsigned char)data[i + !big],
			     low = (unsigned char)data[i + big];

		out[i / 2] = (char)(!high && low && low < 0x80 ? low : '?');
	}
	out[length / 2] = '\0';
	*text = out;
	return 0;
}

static int decode(const char *data, size_t length, char **text, struct reason *why)
{
	if (length >= 2 && (!memcmp(data, "\xff\xfe", 2) || !memcmp(data, "\xfe\xff", 2)))
		return decode_utf16(data + 2, length - 2, data[0] == '\xfe', text, why);
	if (length >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
		data += 3;
		length -= 3;
	}
	if (memchr(data, '\0', length))
		return reason_set(why, -EINVAL,
				  "it has zero bytes: binary, or UTF-16 without its byte "
				  "order mark: save it as UTF-8");
	*text = malloc(length + 1);
	if (!*text)
		return reason_set(why, -ENOMEM, "out of memory");
	memcpy(*text, data, length);
	(*text)[length] = '\0';
	return 0;
}

bool line_next(char **at, char **line)
{
	size_t length;

	if (!**at)
		return false;
	length = strcspn(*at, "\r\n");
	*line = *at;
	*at += length;
	if (**at)
		*(*at)++ = '\0';
	while (isspace((unsigned char)**line))
		(*line)++;
	for (length = strlen(*line); length && isspace((unsigned char)(*line)[length - 1]);)
		(*line)[--length] = '\0';
	return true;
}

int number_parse(const char *text, unsigned long *number)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || text[digits])
		return -EINVAL;
	/* Longer than any port is too large whatever it is. */
	*number = digits > 9 ? 999999999 : strtoul(text, NULL, 10);
	return 0;
}

int import_parse(const char *data, size_t length, struct import *import, struct reason *why)
{
	CLEANUP_FREE char *text = NULL;
	int error;

	*import = (struct import){ 0 };
	error = decode(data, length, &text, why);
	if (error || !text)
		return error;
	if (text[strspn(text, " \t\r\n")] == '[' || text[strspn(text, " \t\r\n")] == '{')
		return import_json(text, import, why);
	if (strstr(text, "DynamicPortRange"))
		return import_powershell(text, import, why);
	if (strstr(text, "net.inet.ip.portrange."))
		return import_bsd(text, import, why);
	if (strstr(text, "ip_local_port_range"))
		return import_linux(text, import, why);
	return import_netsh(text, import, why);
}

static void commands_netsh(struct port_range range, char *out, size_t size)
{
	static const char *const families[] = { "ipv4", "ipv6" }, *const protos[] = { "tcp",
										      "udp" };
	size_t used = 0;

	for (size_t i = 0; i < 4 && used < size; i++)
		used += (size_t)snprintf(out + used, size - used,
					 "netsh int %s set dynamicport %s start=%u num=%u\n",
					 families[i / 2], protos[i % 2], range.low,
					 range_count(range));
}

void import_set_commands(enum import_source source, struct port_range range, char *out, size_t size)
{
	switch (source) {
	case IMPORT_NETSH:
	case IMPORT_POWERSHELL:
	case IMPORT_EXCLUDED:
		commands_netsh(range, out, size);
		return;
	case IMPORT_BSD:
		snprintf(
			out, size,
			"sysctl net.inet.ip.portrange.first=%u net.inet.ip.portrange.last=%u\n"
			"sysctl net.inet.ip.portrange.hifirst=%u net.inet.ip.portrange.hilast=%u\n",
			range.low, range.high, range.low, range.high);
		return;
	case IMPORT_LINUX:
		snprintf(out, size, "ephemport range set %u-%u --persist\n", range.low, range.high);
		return;
	}
}
