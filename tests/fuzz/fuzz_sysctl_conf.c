// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: editing a file of sysctl.d. Whatever it holds: after conf_set() the last line that
 * sets the key sets our value, a second time changes nothing, and conf_unset() leaves no line too
 * many.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "range/sysctl.h"
#include "range/sysctl_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void value_is(const char *text, size_t length, const char *value, unsigned int number)
{
	struct conf_line line = { 0 }, last = { 0 };
	const char *at = text;
	size_t seen = 0;

	while (conf_line_next(&at, text + length, CONF_PROCPS, &line)) {
		seen += line.length;
		if (line.value && !strcmp(line.key, SYSCTL_RANGE_KEY))
			last = line;
	}
	if (seen != length)
		abort();
	if (last.value_length != strlen(value) || memcmp(last.value, value, last.value_length) ||
	    last.number != number)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *once = NULL, *twice = NULL, *without = NULL;
	size_t once_length, twice_length, without_length;
	struct conf_line line = { 0 };
	const char *at = text;
	unsigned int number;

	while (conf_line_next(&at, text + size, CONF_SYSTEMD, &line))
		;
	if (conf_set(text, size, SYSCTL_RANGE_KEY, "49152 65535", &once, &once_length, &number))
		return 0;
	value_is(once, once_length, "49152 65535", number);
	if (conf_set(once, once_length, SYSCTL_RANGE_KEY, "49152 65535", &twice, &twice_length,
		     &number) ||
	    twice_length != once_length || memcmp(once, twice, once_length))
		abort();
	if (conf_unset(once, once_length, SYSCTL_RANGE_KEY, &without, &without_length, &number) ||
	    without_length >= once_length)
		abort();
	free(once);
	free(twice);
	free(without);
	return 0;
}
