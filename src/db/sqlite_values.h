/*
 * sqlite_values: an array of values as a table of SQLite's, so that one statement asks thousands of
 * questions or writes thousands of rows. A statement for each costs more than half as much again,
 * most of it for binding values and for opening the indexes anew.
 *
 *     SELECT v.rowid, u.id FROM enrold_values v CROSS JOIN user u WHERE u.username = v.c0
 *
 * The table exists on connections that were told of it; columns are c0, c1, ..., and have no type;
 * the row id counts from 1. A statement takes the values that are set when it takes its first step.
 */
#ifndef DB_SQLITE_VALUES_H
#define DB_SQLITE_VALUES_H

#include "enrold/db.h"

#include <sqlite3.h>

#define SQLITE_VALUES_TABLE "enrold_values"

/* Borrowed until the statement that took them is reset. */
struct sqlite_values {
	const struct db_value *values;
	size_t width, count;
};

/* Gives the connection its table, which shows what *values says at the time. An SQLite code. */
int sqlite_values_register(sqlite3 *handle, struct sqlite_values *values);

#endif
