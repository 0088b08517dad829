/* SPDX-License-Identifier: GPL-2.0-only */
/* What the writer and the reader share of SQLite. */
#ifndef EPHEMPORT_STORE_SQLITE_H
#define EPHEMPORT_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdint.h>

/* The negative errno of the last failure of @db: what the system said, or what is nearest. */
int sqlite_errno(sqlite3 *db);
/* The last failure in words: the system's where it was the system, else SQLite's. */
const char *sqlite_words(sqlite3 *db);
/* Runs statements without results: 0 or a negative errno. */
int sqlite_run(sqlite3 *db, const char *sql);
int sqlite_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement);

/* NULL where @number is negative; -1 of a column that is NULL. */
void sqlite_bind_maybe(sqlite3_stmt *statement, int column, int64_t number);
int64_t sqlite_maybe(sqlite3_stmt *statement, int column);
/* @text may be NULL; it is good for as long as the statement is not stepped. */
void sqlite_bind_text(sqlite3_stmt *statement, int column, const char *text);
/* Never NULL. */
const char *sqlite_text(sqlite3_stmt *statement, int column);

/* For cleanup attributes. */
void sqlite_finalize(sqlite3_stmt **statement);

#endif
