/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line of output under way. Records come by the million: what they need is written here, as
 * printf() is several times slower, and goes out whole.
 */
#ifndef EPHEMPORT_RENDER_LINE_H
#define EPHEMPORT_RENDER_LINE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Room for the longest record of JSON, in which a byte of a task's name takes six. */
struct line {
	char text[2048];
	char *at;
};

#define LINE_START(line)          \
	{                         \
		.at = (line).text \
	}

static inline void line_put(struct line *line, const char *text, size_t length)
{
	memcpy(line->at, text, length);
	line->at += length;
}

/* A literal, its length known to the compiler. */
#define LINE_PUT(line, literal) line_put(line, literal, sizeof(literal) - 1)

static inline void line_put_text(struct line *line, const char *text)
{
	line_put(line, text, strlen(text));
}

/* In decimal; returns what is behind it. */
static inline char *digits_put(char *out, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);
	size_t length;

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	length = (size_t)(digits + sizeof(digits) - at);
	memcpy(out, at, length);
	return out + length;
}

/* The last @width digits, zeros in front; returns what is behind them. */
static inline char *digits_put_fixed(char *out, uint64_t number, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		out[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return out + width;
}

static inline void line_put_number(struct line *line, uint64_t number)
{
	line->at = digits_put(line->at, number);
}

/* Spaces until what was written since @from is @width wide. */
static inline void line_pad(struct line *line, const char *from, int width)
{
	while (line->at - from < width)
		*line->at++ = ' ';
}

/* What was written since @from goes to the right end of @width columns. */
static inline void line_pad_left(struct line *line, char *from, int width)
{
	long length = line->at - from, missing = width - length;

	if (missing <= 0)
		return;
	memmove(from + missing, from, (size_t)length);
	memset(from, ' ', (size_t)missing);
	line->at += missing;
}

/* 0, or a negative errno. */
static inline int line_write(const struct line *line, FILE *out)
{
	size_t length = (size_t)(line->at - line->text);

	return fwrite(line->text, 1, length, out) == length ? 0 : -errno;
}

#endif
