/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of a new recording, with care for what lies there. */
#ifndef EPHEMPORT_STORE_REPLACE_H
#define EPHEMPORT_STORE_REPLACE_H

#include <stdbool.h>

#include "util/reason.h"

/*
 * Creates @path, empty. With @force, a recording or an empty file that is there gives way to it; a
 * file of any other kind never does. 0, or a negative errno with one line in @why.
 */
int replace_create(const char *path, bool force, struct reason *why);
/* Removes a recording that could not be begun, with what SQLite keeps beside it. */
void replace_remove(const char *path);

#endif
