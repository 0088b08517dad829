// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/reason.h"

int reason_set(struct reason *reason, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text, sizeof(reason->text), format, args);
	va_end(args);
	return error;
}

void reason_add(struct reason *reason, const char *format, ...)
{
	size_t used = strlen(reason->text);
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text + used, sizeof(reason->text) - used, format, args);
	va_end(args);
}
