// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "cli/message.h"

static void message_print(const char *kind, const char *format, va_list args)
{
	char line[1024];

	/* One write, so that lines of several processes on one terminal stay whole. */
	vsnprintf(line, sizeof(line), format, args);
	fflush(stdout);
	fprintf(stderr, "ephemport: %s%s\n", kind, line);
}

#define MESSAGE(kind)                              \
	do {                                       \
		va_list args;                      \
		va_start(args, format);            \
		message_print(kind, format, args); \
		va_end(args);                      \
	} while (0)

void message_error(const char *format, ...)
{
	MESSAGE("");
}

void message_warn(const char *format, ...)
{
	MESSAGE("warning: ");
}

void message_note(const char *format, ...)
{
	MESSAGE("note: ");
}
