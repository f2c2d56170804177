/*
 * postgresql: what the files of this engine share. Nobody else includes it.
 */
#ifndef DB_POSTGRESQL_H
#define DB_POSTGRESQL_H

#include "engine.h"

#include <libpq-fe.h>

struct postgresql {
	struct db db;
	char name[256];
	PGconn *handle;
	bool is_begun;          /* to be ended by COMMIT or ROLLBACK */
	size_t queued;          /* statements without an answer yet */
	const char *queued_sql; /* of the statement prepared last, while the queue lasts */
	Oid queued_types[DB_COLUMNS_MAX];
	struct buffer text; /* of the statement being written */
	/* Rows go on into a COPY until something else is to be done. */
	const struct db_table *copying;
	bool copies_ids;
	uint64_t copied; /* rows so far */
	/* Ids that rows yet to come will have. */
	const struct db_table *ahead;
	int64_t *ahead_ids;
	size_t ahead_count, ahead_used;
};

static inline struct postgresql *postgresql_of(struct db *db)
{
	return (struct postgresql *)db;
}

/* ---- postgresql_link.c ---- */

/* What the result, or without one the connection, says. */
struct error postgresql_error(const struct postgresql *db, const PGresult *result);
/* Takes the result; true when it is good. */
bool postgresql_check(struct postgresql *db, PGresult *result);
/* The same of one with rows, which is given back: NULL after an error. */
PGresult *postgresql_good(struct postgresql *db, PGresult *result);
/* The COPY that rows went into, if any, is over when this returns. */
void postgresql_copy_end(struct postgresql *db);
/* All that waits is done when this returns. */
void postgresql_flush(struct postgresql *db);
/* Together with all that waits, in one round trip, and last. NULL: nothing came, or an error of
 * what went before. */
PGresult *postgresql_query(struct postgresql *db, const char *text, int count, const Oid *types,
    const char *const *values);
/* db->text as a statement; NULL: no memory, which has been noted. */
const char *postgresql_text_end(struct postgresql *db);
/* The statement in PostgreSQL's words and `end`, in db->text. */
const char *postgresql_write(struct postgresql *db, const char *sql, const char *end);
enum { OID_INT8 = 20, OID_INFERRED = 0 }; /* a text may be a number to its column */

/* Values as libpq wants them: texts that end with NUL. */
struct parameters {
	int count;
	const char *texts[DB_COLUMNS_MAX];
	Oid types[DB_COLUMNS_MAX];
	char numbers[DB_COLUMNS_MAX][24];
	struct buffer copies;
};

/* Whether the server takes it as a text: it is UTF-8 and without NUL. */
bool postgresql_is_text(struct slice text);
/* To be followed by buffer_done of the copies. */
void postgresql_parameters(
    struct postgresql *db, struct parameters *out, const struct db_value *values, size_t count);
/* NULL after an error. */
PGresult *postgresql_execute(struct postgresql *db, const char *sql, const char *end,
    const struct db_value *values, size_t count);

/* ---- postgresql_connect.c ---- */

struct error postgresql_open(const struct engine *engine, const struct lms_options *options,
    enum db_mode mode, struct db **result);
void postgresql_close(struct db *base);
void postgresql_rights(struct db *base, const char *const *tables, size_t count, uint32_t *rights);

/* ---- postgresql_copy.c ---- */

void postgresql_copy_all(struct postgresql *db, const struct db_table *table,
    const struct db_value *values, size_t count, int64_t *ids);
void postgresql_insert_ahead(struct db *base, const struct db_table *table, size_t count);

/* Rows of db_scan, and what stands in them. */
bool postgresql_scan_next(struct db_rows *rows);
void postgresql_scan_end(struct db_rows *rows);
int64_t postgresql_scan_int(const struct db_rows *rows, int column);
struct slice postgresql_scan_text(const struct db_rows *rows, int column);

/* ---- postgresql_insert.c ---- */

/* Rows with no more values go in by one statement; more cost its parser what a COPY costs. */
enum { FEW_VALUES = 200 };
void postgresql_insert_all(struct db *base, const struct db_table *table,
    const struct db_value *values, size_t count, int64_t *ids);

#endif
