/* SPDX-License-Identifier: GPL-2.0-only */
/* Small pieces of text that more than one renderer prints. */
#ifndef EPHEMPORT_RENDER_FORMAT_H
#define EPHEMPORT_RENDER_FORMAT_H

#include <stddef.h>

#include "event/stream.h"

enum {
	FORMAT_TIME_LEN = 48,
	FORMAT_ADDRESS_LEN = 48,
	FORMAT_ENDPOINT_LEN = 64,
	FORMAT_NUMBER_LEN = 32,
	FORMAT_JSON_COMM_LEN = 6 * EVENT_COMM_LEN + 3,
};

/* RFC 3339 with nanoseconds, UTC: "2026-01-31T09:12:01.034217000Z". Returns the length. */
size_t format_rfc3339(char *out, uint64_t realtime_ns);
/* The address alone, in the form of @family (4 or 6). Returns the length. */
size_t format_address(char *out, const struct in6_addr *address, uint8_t family);
/* "10.0.0.1:40042", "[::1]:-" (port 0), "-" where it is unknown. Returns the length. */
size_t format_endpoint(char *out, const struct endpoint *endpoint, uint8_t family);
/* "850ns", "1.4us", "71.2us", "184ms". Returns the length. */
size_t format_duration(char *out, uint64_t ns);
/* "4,118" */
void format_count(char *out, uint64_t number);

/* A task's name, with a question mark for what could steer the terminal. Returns the length. */
size_t format_comm(char out[EVENT_COMM_LEN + 1], const char comm[EVENT_COMM_LEN]);
/* A task's name as a JSON string, quotes included. Returns the length. */
size_t format_json_comm(char *out, const char comm[EVENT_COMM_LEN]);

#endif
