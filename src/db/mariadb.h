/*
 * mariadb: what the files of this engine share. Nobody else includes it.
 */
#ifndef DB_MARIADB_H
#define DB_MARIADB_H

#include "engine.h"
#include "mariadb_url.h"

#include <mysql.h>

struct mariadb {
	struct db db;
	char name[MARIADB_TEXT_SIZE * 2 + 16];
	MYSQL *handle;
	struct buffer queue; /* statements without an answer yet, each with its ';' */
	size_t queued;
	struct buffer text; /* of the statement being written */
	bool is_begun;      /* to be ended by COMMIT or ROLLBACK */
	bool is_inside;     /* each answer has to say that we are in a transaction */
	bool is_galera;     /* a node of a cluster: one statement at a time, and no arrays */
	bool has_snapshots; /* innodb_snapshot_isolation; else SERIALIZABLE does it */
	bool has_bulk;
	bool knows_case; /* the site's collation is one of the few that do */
};

static inline struct mariadb *mariadb_of(struct db *db)
{
	return (struct mariadb *)db;
}

/* ---- mariadb_link.c ---- */

/* With what the connection says. */
void mariadb_fail(struct mariadb *db);
void mariadb_fail_with(struct mariadb *db, unsigned number, const char *text);
/* Its answers are the caller's to take. */
bool mariadb_send(struct mariadb *db, const struct buffer *text);
/* Of a statement whose answers nobody wants. */
void mariadb_drop_answers(struct mariadb *db);
/* The server has not ended our transaction by itself: after each answer. */
void mariadb_check_inside(struct mariadb *db);
/* All that waits is done when this returns. */
void mariadb_flush(struct mariadb *db);
/* NULL after an error. */
MYSQL_RES *mariadb_execute(
    struct mariadb *db, const char *sql, const struct db_value *values, size_t count, bool is_scan);
void mariadb_close(struct db *base);

/* ---- mariadb_connect.c ---- */

struct error mariadb_open(const struct engine *engine, const struct lms_options *options,
    enum db_mode mode, struct db **result);
void mariadb_compare_as(struct db *base, const char *table, const char *column);
void mariadb_rights(struct db *base, const char *const *tables, size_t count, uint32_t *rights);

#endif
