/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something failed, in the words that the user will read: filled where the detail is known
 * (which file, which namespace), printed once by the command.
 */
#ifndef EPHEMPORT_UTIL_REASON_H
#define EPHEMPORT_UTIL_REASON_H

struct reason {
	char text[768]; /* one line, no newline at its end */
};

/* Replaces the text, and returns @error so that "return reason_set(...)" reads well. */
int reason_set(struct reason *reason, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds to the text. */
void reason_add(struct reason *reason, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
