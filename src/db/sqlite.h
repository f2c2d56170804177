/*
 * sqlite: what the files of this engine share. Nobody else includes it.
 */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include "engine.h"
#include "sqlite_values.h"

#include <sys/types.h>

/* A power of two; the table of statements is never more than half full. */
enum { STATEMENTS_ROOM = 512 };

struct statement {
	const void *key; /* the address of its text, or of the table it fills */
	sqlite3_stmt *handle;
};

struct sqlite {
	struct db db;
	const char *path; /* lies in options->url */
	sqlite3 *handle;
	struct statement statements[STATEMENTS_ROOM]; /* by address, the next free place */
	size_t statements_count;
	struct sqlite_values values; /* of the statement that is about to take its first step */
	dev_t device;                /* the file that was opened */
	ino_t inode;
	bool is_begun;
};

static inline struct sqlite *sqlite_of(struct db *db)
{
	return (struct sqlite *)db;
}

/* ---- sqlite_statement.c ---- */

/* Notes the failure of one of SQLite's calls; true when there is none now and was none before. */
bool sqlite_check(struct sqlite *db, int code);
/* A statement of the caller's, who finalizes it; NULL after an error. */
sqlite3_stmt *sqlite_prepare(struct sqlite *db, const char *sql, bool is_asking);
/* What is kept under the key's address, prepared from the text at the first time. NULL after an
 * error. */
sqlite3_stmt *sqlite_statement(struct sqlite *db, const void *key, const char *sql, bool is_asking);
void sqlite_bind(
    struct sqlite *db, sqlite3_stmt *statement, const struct db_value *values, size_t count);
/* Free for its next use. */
void sqlite_release(sqlite3_stmt *statement);

/* ---- sqlite_shared.c ---- */

bool sqlite_is_shared(struct db *db);

/* ---- sqlite_spelling.c ---- */

void sqlite_find_spellings(struct db *db, const struct db_column *column,
    const struct db_questions *questions, struct db_questions *spellings);

#endif
