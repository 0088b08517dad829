// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "render/format.h"
#include "render/line.h"

/* Civil date of a day counted from 1970-01-01, for years after 1970: no locale, no time zone. */
static void civil_date(uint64_t day, unsigned int *year, unsigned int *month, unsigned int *mday)
{
	/* Years begin in March here, so that the leap day is their last. */
	uint64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted % 146097;
	uint64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t shifted_month = (5 * of_year + 2) / 153;

	*mday = (unsigned int)(of_year - (153 * shifted_month + 2) / 5 + 1);
	*month = (unsigned int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	*year = (unsigned int)(year_of_era + era * 400 + (*month <= 2));
}

size_t format_rfc3339(char *out, uint64_t realtime_ns)
{
	uint64_t seconds = realtime_ns / 1000000000u, in_day = seconds % 86400;
	unsigned int year, month, mday;
	char *at = out;

	civil_date(seconds / 86400, &year, &month, &mday);
	at = digits_put_fixed(at, year, 4);
	*at++ = '-';
	at = digits_put_fixed(at, month, 2);
	*at++ = '-';
	at = digits_put_fixed(at, mday, 2);
	*at++ = 'T';
	at = digits_put_fixed(at, in_day / 3600, 2);
	*at++ = ':';
	at = digits_put_fixed(at, in_day / 60 % 60, 2);
	*at++ = ':';
	at = digits_put_fixed(at, in_day % 60, 2);
	*at++ = '.';
	at = digits_put_fixed(at, realtime_ns % 1000000000u, 9);
	*at++ = 'Z';
	*at = '\0';
	return (size_t)(at - out);
}

size_t format_address(char *out, const struct in6_addr *address, uint8_t family)
{
	const uint8_t *bytes = &address->s6_addr[12];
	char *at = out;

	if (family != 4) {
		inet_ntop(AF_INET6, address, out, FORMAT_ADDRESS_LEN);
		return strlen(out);
	}
	for (int i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = digits_put(at, bytes[i]);
	}
	*at = '\0';
	return (size_t)(at - out);
}

size_t format_endpoint(char *out, const struct endpoint *endpoint, uint8_t family)
{
	char *at = out;

	if (!endpoint->known) {
		strcpy(out, "-");
		return 1;
	}
	if (family != 4)
		*at++ = '[';
	at += format_address(at, &endpoint->address, family);
	if (family != 4)
		*at++ = ']';
	*at++ = ':';
	if (endpoint->port)
		at = digits_put(at, endpoint->port);
	else
		*at++ = '-';
	*at = '\0';
	return (size_t)(at - out);
}

size_t format_duration(char *out, uint64_t ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
	uint64_t whole, tenths;
	size_t unit = 0;
	char *at;

	if (ns < 1000) {
		at = stpcpy(digits_put(out, ns), "ns");
		return (size_t)(at - out);
	}
	while (unit < 2 && ns >= units[unit + 1].ns)
		unit++;
	whole = ns / units[unit].ns;
	if (whole < 100) {
		tenths = (ns % units[unit].ns * 10 + units[unit].ns / 2) / units[unit].ns;
		at = digits_put(out, whole + tenths / 10);
		*at++ = '.';
		at = digits_put(at, tenths % 10);
	} else {
		at = digits_put(out, whole + (ns % units[unit].ns * 2 >= units[unit].ns));
	}
	at = stpcpy(at, units[unit].name);
	return (size_t)(at - out);
}

void format_count(char *out, uint64_t number)
{
	char digits[FORMAT_NUMBER_LEN];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
}

size_t format_comm(char out[EVENT_COMM_LEN + 1], const char comm[EVENT_COMM_LEN])
{
	int i;

	for (i = 0; i < EVENT_COMM_LEN && comm[i]; i++)
		out[i] = comm[i] >= 0x20 && comm[i] < 0x7f ? comm[i] : '?';
	out[i] = '\0';
	return (size_t)i;
}

/*
 * A task's name is bytes. Those that are no ASCII are written as the code points of Latin-1: valid
 * JSON for any name, and the same bytes to who decodes it so.
 */
size_t format_json_comm(char *out, const char comm[EVENT_COMM_LEN])
{
	static const char hex[] = "0123456789abcdef";
	char *at = out;

	*at++ = '"';
	for (int i = 0; i < EVENT_COMM_LEN && comm[i]; i++) {
		unsigned char byte = (unsigned char)comm[i];

		if (byte == '"' || byte == '\\') {
			*at++ = '\\';
			*at++ = (char)byte;
		} else if (byte >= 0x20 && byte < 0x7f) {
			*at++ = (char)byte;
		} else {
			memcpy(at, "\\u00", 4);
			at += 4;
			*at++ = hex[byte >> 4];
			*at++ = hex[byte & 15];
		}
	}
	*at++ = '"';
	*at = '\0';
	return (size_t)(at - out);
}
