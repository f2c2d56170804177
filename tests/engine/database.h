/* database: a site of its own for one test, and plain SQL on it. */
#ifndef ENGINE_DATABASE_H
#define ENGINE_DATABASE_H

#include "enrold/config.h"

#include "mirror.h"

#include <sqlite3.h>

struct db;

struct database {
	char directory[64];
	char url[96];
	struct lms_options options;
	sqlite3 *sqlite; /* opened when first needed */
	struct mirror mirror;
	struct db *server; /* where the site has moved to */
	bool is_exact;     /* texts are the same when their bytes are */
};

/* Ends the test with its text, unless all is well. */
void good(struct error error);

void database_make(struct database *database);
/* To the server that is to be tested, if any: from here on the site is there, and so is all that
 * the calls below see. */
void database_move(struct database *database);
void database_remove(struct database *database);

/* Statements. */
void database_execute(struct database *database, const char *sql);
int64_t database_number(struct database *database, const char *sql);
/* The rows, cells joined by '|', rows ended by a newline; owned until the next call. */
const char *database_rows(struct database *database, const char *sql);

#endif
