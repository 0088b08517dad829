// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "store/sqlite.h"

int sqlite_errno(sqlite3 *db)
{
	int system = sqlite3_system_errno(db);

	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EINVAL;
	default:
		return system > 0 ? -system : -EIO;
	}
}

const char *sqlite_words(sqlite3 *db)
{
	int error = -sqlite_errno(db);

	switch (error) {
	case EBUSY:
		return "another process has locked it";
	case EIO:
	case EINVAL:
		return sqlite3_errmsg(db);
	default:
		return strerror(error);
	}
}

int sqlite_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) ? sqlite_errno(db) : 0;
}

int sqlite_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) ?
		       sqlite_errno(db) :
		       0;
}

void sqlite_bind_maybe(sqlite3_stmt *statement, int column, int64_t number)
{
	if (number < 0)
		sqlite3_bind_null(statement, column);
	else
		sqlite3_bind_int64(statement, column, number);
}

int64_t sqlite_maybe(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL ?
		       -1 :
		       sqlite3_column_int64(statement, column);
}

void sqlite_bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

const char *sqlite_text(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

void sqlite_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
	*statement = NULL;
}
