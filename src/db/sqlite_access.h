/*
 * sqlite_access: why a database file cannot be opened, in words that name who cannot do what: the
 * user, the file or folder that is in the way, its owner and its mode. SQLite itself says "unable
 * to open database file".
 */
#ifndef DB_SQLITE_ACCESS_H
#define DB_SQLITE_ACCESS_H

#include "enrold/error.h"

/* CONFIG; or none: this user may do all that SQLite does with it. */
struct error sqlite_access_check(const char *path) MUST_CHECK;

#endif
