/*
 * db: one connection to the LMS database, whatever engine it is. Three engines behind one set of
 * calls that work on arrays: a server is a round trip away, SQLite is not.
 *
 * Errors stick, as in buffer and arena: after the first one every call does nothing and answers 0;
 * db_end rolls back and returns it. One thread at a time.
 *
 * Statements are SQL that all engines understand, with
 *
 *     {user}         the table user with the site's prefix; {enrold_run} a table of our own
 *     ?  ?1          a value; of one statement either all are numbered or none is
 *     {each}         in front of the first table of a db_ask: where its questions come in
 *     {conflict a,b} of an INSERT: there is such a row already, then set ...
 *     {lock}         at the end of a SELECT: nobody else changes the row before we end
 *     {same a = ?1}  equal to the letter, also where the engine's collation knows no letter case
 *     {text} {end}   of a CREATE TABLE: a text of any length, what stands behind its columns
 *     {schema}       a statement before the first of our own tables
 *     {index_tail a} the column, which stands behind others in the index that is meant: MariaDB
 *                    would as soon take the column's own
 *     {no_index a}   the column, but not to be searched or sorted by its index: planners who know
 *                    nothing of a table choose badly
 *
 * Their text must be static: SQLite keeps them prepared under its address.
 */
#ifndef ENROLD_DB_H
#define ENROLD_DB_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

/* What a `?` stands for. Text is borrowed until the call returns; of questions, until the last
 * answer. */
struct db_value {
	enum { DB_INTEGER, DB_TEXT, DB_NULL } type;
	union {
		int64_t integer;
		struct slice text;
	};
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

/* ---- connection and transaction ---- */

enum db_mode {
	DB_MAKE,     /* SQLite: an absent file is made, empty and with mode 0640 */
	DB_EXISTING, /* an absent database is an error of class CONFIG */
};

/* Borrows options until close. Writes nothing. CONFIG: no such engine in this build. */
struct error db_open(
    const struct lms_options *options, enum db_mode mode, struct db **db) MUST_CHECK;
void db_close(struct db *db); /* NULL: nothing */
/* For messages: the path, or the server and database; never a password. */
const char *db_name(const struct db *db);
/* In front of the names of the site's tables. */
const char *db_prefix(const struct db *db);
/* A server's: others write to it at the same time. */
bool db_is_server(const struct db *db);
/* Engine and version, and how it tells texts apart; lies in the arena. */
const char *db_describe(struct db *db, struct arena *arena);
void db_rest(struct db *db); /* gives back its cache */
/* False: a server, or a proxy on the way, has closed the connection while nothing was asked, so
 * that no transaction is lost. Asks nobody. */
bool db_is_alive(struct db *db);

/* Texts of ours are compared as those of this column are, or no index would be used: MariaDB has to
 * be told. A column that is not there says nothing. */
void db_compare_as(struct db *db, const char *table, const char *column);

/* SQLite: puts the file into the configured journal mode. Outside a transaction. */
void db_set_journal(struct db *db);
/* A write transaction that sees nothing of others' from here on and fails, with RETRY, rather than
 * write over what they changed. */
void db_begin(struct db *db);
/* The same, and no other enrold is in one: what Moodle does not keep unique is safe. RETRY when the
 * others have not ended theirs within so many seconds, or, at another node of a cluster, were
 * faster in the end. A server that has lost any of it on the way does not get to commit the rest.
 */
enum { DB_PATIENCE_S = 30 };
void db_begin_alone(struct db *db, unsigned patience_s);
/* Commits, or after an error rolls back and returns it. Also right when nothing was begun. */
struct error db_end(struct db *db) MUST_CHECK;
/* Undoes what is not committed and forgets the error. */
void db_rollback(struct db *db);
/* The error that sticks, if any. What db_run was given may not have been tried yet. */
struct error db_error(const struct db *db) MUST_CHECK;
bool db_has_failed(const struct db *db);
/* Makes the database fail: it has taken fewer or more rows than it was given, and nobody may be
 * told that all went well. */
void db_fail_count(struct db *db, uint64_t taken, uint64_t given);
/* Makes the database fail with an error of the caller's. */
void db_fail(struct db *db, struct error error);

/* Whether somebody else may be waiting for our transaction to end; on a server another connection,
 * the observer, asks. Errors of the observer stick to it. */
bool db_is_awaited(struct db *db, struct db *observer, int64_t session);
/* Our session on a server, for that; of this transaction only, as a pooler may give another to the
 * next. */
int64_t db_session(struct db *db);
/* A number that changes when others have committed something, and not when we have; 0: there is no
 * such number. Inside a transaction. */
int64_t db_version(struct db *db);

/* ---- statements ---- */

/* Several statements, none with a value. */
void db_script(struct db *db, const char *sql);
/* At the latest before the next question or the end; in the order given. */
void db_run(struct db *db, const char *sql, const struct db_value *values, size_t count);
/* A statement whose text is made for the occasion. */
void db_run_once(struct db *db, const char *sql, const struct db_value *values, size_t count);
/* One row; its id. */
int64_t db_insert(struct db *db, const char *sql, const struct db_value *values, size_t count);
/* The first column of the first row, `none` when there is no row. */
int64_t db_find(
    struct db *db, const char *sql, int64_t none, const struct db_value *values, size_t count);
/* Whether there is a table of this name; the prefix is put in front. */
bool db_has_table(struct db *db, const char *name);
/* "a,b,": the columns of a table, and those of them that a new row must be given a value for: not
 * NULL, no default, not counted on by the engine. Nothing: there is no such table. */
void db_find_columns(struct db *db, const char *table, struct buffer *all, struct buffer *required);
/* The same of several tables, at once where the engine can: of tables[i] in all[i], required[i]. */
void db_find_columns_all(struct db *db, const char *const *tables, size_t count, struct buffer *all,
    struct buffer *required);
/* Of our own tables, which are there. */
int64_t db_ledger_version(struct db *db);
/* Whether we may give ids to new rows; the table must be there. */
bool db_may_number(struct db *db, const char *table);

/* What we may do to a table: nothing, where the server hides it. SQLite: all. */
enum {
	DB_MAY_READ = 1,
	DB_MAY_INSERT = 2,
	DB_MAY_UPDATE = 4,
	DB_MAY_DELETE = 8,
	DB_MAY_NUMBER = 16, /* use the sequence of its ids */
	DB_MAY_ALL = 31,
	DB_IS_ABSENT = 32,
};
uint32_t db_rights(struct db *db, const char *table);
/* The same of several at once. */
enum { DB_RIGHTS_MAX = 64 };
void db_rights_all(struct db *db, const char *const *tables, size_t count, uint32_t *rights);
/* Microseconds since 1970 by the server's clock; 0: there is no server. */
int64_t db_clock_us(struct db *db);
/* Who we are to the database: a role. */
void db_person(struct db *db, char *name, size_t size);

/* ---- many rows ---- */

enum { DB_COLUMNS_MAX = 64 };

/* Where rows go: static, because a prepared statement is kept under its address. */
struct db_table {
	const char *name;
	const char *columns; /* "enrolid, userid", in the order of the values */
	size_t width;
};

/* `count` rows of table->width values. ids[i]: of the new row i; NULL: nobody wants them. They are
 * there at the latest before the next question or the end, as with db_run. */
void db_insert_all(struct db *db, const struct db_table *table, const struct db_value *values,
    size_t count, int64_t *ids);

/* Announces so many rows whose ids are wanted, in several calls. */
void db_insert_ahead(struct db *db, const struct db_table *table, size_t count);

/* Rows with these ids go. `sql` is of one: "DELETE FROM {table} WHERE id = ?". As db_run. */
void db_delete_all(struct db *db, const char *sql, const struct db_value *ids, size_t count);

/* Questions to one statement: rows of values, each with a tag of the caller's. */
struct db_questions {
	struct arena *arena; /* the rows lie there */
	struct db_value *values;
	size_t *tag;
	size_t width, count, room;
};

static inline struct db_questions db_questions_begin(struct arena *arena)
{
	return (struct db_questions){.arena = arena};
}

/* All rows have the same width, and in a column all are integers or all are texts. */
void db_question(
    struct db_questions *questions, size_t tag, const struct db_value *values, size_t count);

/*
 * Reading rows: db_next steps to the next row and is false after the last one or an error. A reader
 * who stops earlier calls db_rows_close. Text is valid until the next step; a NULL is 0 or empty,
 * and a text without bytes. Rows come question by question, in the order of the questions.
 */
struct db_rows {
	struct db *db;
	size_t tag; /* the row's question, as its asker called it; of db_select 0 */
	/* The engine's own: */
	const char *sql;
	const struct db_value *values;
	const size_t *tags;
	size_t width, count, next;
	void *result;
	size_t row, tag_base;
	void *current;
	bool is_scan;
};

/* One question. */
struct db_rows db_select(
    struct db *db, const char *sql, const struct db_value *values, size_t count);
/* Without a value, and perhaps all rows of a table: they come one by one, and until the last one or
 * db_rows_close nothing else may be asked or written. */
struct db_rows db_scan(struct db *db, const char *sql);
/* One statement for all questions: SELECT ... FROM {each} ..., without LIMIT and GROUP BY. */
struct db_rows db_ask(struct db *db, const char *sql, const struct db_questions *questions);
bool db_next(struct db_rows *rows);
void db_rows_close(struct db_rows *rows);
int db_columns(const struct db_rows *rows); /* how many there are */
int64_t db_column_int(const struct db_rows *rows, int column);
struct slice db_column_text(const struct db_rows *rows, int column);

/* A column of texts with an index. */
struct db_column {
	const char *table, *column;
	const char *first; /* the column in front of it in the index; NULL: none */
	int64_t first_is;
};

/* How the texts of the questions (one value each, in lower case) are spelt in the column, letter
 * case and blanks at the end aside: adds a question of one value to `spellings` for each spelling.
 */
void db_find_spellings(struct db *db, const struct db_column *column,
    const struct db_questions *questions, struct db_questions *spellings);

#endif
