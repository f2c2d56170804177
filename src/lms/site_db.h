/*
 * site_db: SQLite as the making of a site needs it: short statements inside one transaction.
 *
 * Errors stick, as in buffer and arena: after the first one every call does nothing and answers 0,
 * and site_db_end rolls back and returns it. In a statement "{user}" is the table user with the
 * site's prefix. A statement is prepared once and kept until close under the address of its text,
 * so the text must be static. One thread at a time.
 */
#ifndef ENROLD_LMS_SITE_DB_H
#define ENROLD_LMS_SITE_DB_H

#include "enrold/buffer.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct site_db;

/* What a `?` stands for. Text is borrowed until the call returns. */
struct db_value {
	enum { DB_INTEGER, DB_TEXT, DB_NULL } type;
	int64_t integer;
	struct slice text;
};

static inline struct db_value db_int(int64_t integer)
{
	return (struct db_value){.type = DB_INTEGER, .integer = integer};
}

static inline struct db_value db_text(struct slice text)
{
	return (struct db_value){.type = DB_TEXT, .text = text};
}

/* NULL where there are no bytes. */
static inline struct db_value db_text_or_null(struct slice text)
{
	return (struct db_value){.type = text.bytes ? DB_TEXT : DB_NULL, .text = text};
}

static inline struct db_value db_string(const char *text)
{
	return db_text(slice_of(text));
}

/* The last two arguments of the calls below: DB_VALUES(db_int(5), db_text(name)). */
#define DB_VALUES(...)                                                                             \
	(const struct db_value[]){__VA_ARGS__},                                                    \
	    sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NONE NULL, 0

enum site_db_mode {
	SITE_DB_MAKE,     /* an absent file is made, empty and with mode 0640 */
	SITE_DB_EXISTING, /* an absent file is an error of class CONFIG */
};

/* Borrows options until close. Writes nothing into a file that exists. */
struct error site_db_open(
    const struct lms_options *options, enum site_db_mode mode, struct site_db **db) MUST_CHECK;
void site_db_close(struct site_db *db);
const char *site_db_path(const struct site_db *db);

/* Puts the database into the configured journal mode; outside a transaction. */
void site_db_set_journal(struct site_db *db);
void site_db_rest(struct site_db *db); /* gives back its page cache */
void site_db_begin(struct site_db *db);
/* Commits, or after an error rolls back and returns it. Also right when nothing was begun. */
struct error site_db_end(struct site_db *db) MUST_CHECK;
/* Undoes what is not committed and forgets the error. */
void site_db_rollback(struct site_db *db);
/* The error that sticks, if any. */
struct error site_db_error(const struct site_db *db) MUST_CHECK;
bool site_db_has_failed(const struct site_db *db);
/* Makes the database fail with an error of the caller's. */
void site_db_fail(struct site_db *db, struct error error);

/* Several statements, none with a `?`; kept by nobody, so their text need not be static. */
void site_db_script(struct site_db *db, const char *sql);
void site_db_run(struct site_db *db, const char *sql, const struct db_value *values, size_t count);
/* A statement whose text is made for the occasion: prepared, run and forgotten. */
void site_db_run_once(
    struct site_db *db, const char *sql, const struct db_value *values, size_t count);
/* The id of the new row. */
int64_t site_db_insert(
    struct site_db *db, const char *sql, const struct db_value *values, size_t count);
/* The first column of the first row, `none` when there is no row. */
int64_t site_db_find(
    struct site_db *db, const char *sql, int64_t none, const struct db_value *values, size_t count);

/*
 * Reading rows: site_db_select binds, site_db_next steps to the next row and is false after the
 * last one or an error, when the statement is free again. A reader who stops earlier calls
 * site_db_leave. Text is valid until the next step; a NULL is 0 or
 * empty, and a text without bytes.
 */
struct db_rows {
	struct site_db *db;
	void *statement; /* NULL: at the end */
};

struct db_rows site_db_select(
    struct site_db *db, const char *sql, const struct db_value *values, size_t count);
bool site_db_next(struct db_rows *rows);
void site_db_leave(struct db_rows *rows);
int64_t db_column_int(const struct db_rows *rows, int column);
struct slice db_column_text(const struct db_rows *rows, int column);

#endif
