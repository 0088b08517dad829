/* SPDX-License-Identifier: GPL-2.0-only */
/* A command line as one string that a shell reads as the same words. */
#ifndef EPHEMPORT_UTIL_QUOTE_H
#define EPHEMPORT_UTIL_QUOTE_H

/* @argv ends with NULL. To be freed; NULL without memory. */
char *quote_words(char *const *argv);

#endif
