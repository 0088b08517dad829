/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A picture as one HTML page that needs nothing else: style, scripts and the chart library are in
 * the program (user/render/page/), the data goes into the page as JSON and compressed columns.
 */
#ifndef EPHEMPORT_RENDER_PAGE_H
#define EPHEMPORT_RENDER_PAGE_H

#include <stdio.h>

#include "measure/figures.h"
#include "picture/picture.h"

struct page {
	const char *title;
	const char *verdict;
	const struct figures *figures;
	const struct picture *picture; /* settled */
	/* Name and value of what else is to be known of the recording; ends with a NULL name. */
	const char *(*about)[2];
};

/* 0, -ENOMEM, or what writing gave. */
int page_write(FILE *out, const struct page *page);

#endif
