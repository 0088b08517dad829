/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of a recording; docs/recording.md has what they promise. */
#ifndef EPHEMPORT_STORE_SCHEMA_H
#define EPHEMPORT_STORE_SCHEMA_H

enum {
	STORE_APPLICATION_ID = 0x45504850, /* "EPHP", what file(1) and sqlite3 show */
	/* PRAGMA user_version. Only a change that breaks a reader or a documented query gets a new
	 * one; new tables, and new columns at the end, do not. */
	STORE_VERSION = 1,
};

extern const char store_schema[];

#endif
