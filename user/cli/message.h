/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said to the user outside of data: one line on stderr, with the command's name before it.
 */
#ifndef EPHEMPORT_CLI_MESSAGE_H
#define EPHEMPORT_CLI_MESSAGE_H

#define MESSAGE_FORMAT __attribute__((format(printf, 1, 2)))

/* "ephemport: ..." */
void message_error(const char *format, ...) MESSAGE_FORMAT;
/* "ephemport: warning: ..." */
void message_warn(const char *format, ...) MESSAGE_FORMAT;
/* "ephemport: note: ..." */
void message_note(const char *format, ...) MESSAGE_FORMAT;

#endif
