/*
 * mariadb_link: errors, and statements on their way to the server: some are asked at once, those
 * whose answer nobody needs wait in a queue.
 */
#include "mariadb.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdlib.h>

/* What waiting cannot mend: no right, no such table or column, a value that does not fit. */
static bool is_lasting(unsigned number)
{
	switch (number) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
	case ER_BAD_DB_ERROR:
	case ER_NO_SUCH_TABLE:
	case ER_UNKNOWN_TABLE:
	case ER_UNKNOWN_SYSTEM_VARIABLE:
	case ER_BAD_FIELD_ERROR:
	case ER_PARSE_ERROR:
	case ER_CANT_AGGREGATE_2COLLATIONS:
	case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
	case ER_DATA_TOO_LONG:
	case ER_WARN_DATA_OUT_OF_RANGE:
	case ER_BAD_NULL_ERROR:
	case ER_NO_DEFAULT_FOR_FIELD: return true;
	default: return false;
	}
}

/* Those of these that lie in the statement, not in who we are or which database it is: another file
 * may fare better. */
static bool is_narrow(unsigned number)
{
	return number != ER_ACCESS_DENIED_ERROR && number != ER_DBACCESS_DENIED_ERROR &&
	       number != ER_BAD_DB_ERROR;
}

/* A deadlock, a lock not got in time, a row that somebody else has changed or was faster with; and
 * a write set too large for the cluster: less at a time meets fewer. */
static bool is_collision(unsigned number)
{
	return number == ER_LOCK_DEADLOCK || number == ER_LOCK_WAIT_TIMEOUT ||
	       number == ER_CHECKREAD || number == ER_DUP_ENTRY || number == ER_ERROR_DURING_COMMIT;
}

void mariadb_fail_with(struct mariadb *db, unsigned number, const char *text)
{
	/* "... near 'a piece of the statement'": any of its values may stand there. */
	const char *quoted = number == ER_PARSE_ERROR ? strstr(text, " near '") : NULL;
	int length = quoted ? (int)(quoted - text) : (int)strcspn(text, "\n");
	struct error error = is_lasting(number)
	                         ? error_config("%s: %.*s", db->db.name, length, text)
	                         : error_retry("%s: %.*s", db->db.name, length, text);
	error.is_narrow = is_lasting(number) && is_narrow(number);
	error.is_collision = is_collision(number);
	db_fail(&db->db, error);
}

void mariadb_fail(struct mariadb *db)
{
	mariadb_fail_with(db, mysql_errno(db->handle), mysql_error(db->handle));
}

/* After each answer. */
void mariadb_check_inside(struct mariadb *db)
{
	unsigned status = 0;
	if (!db->is_inside || db_has_failed(&db->db))
		return;
	mariadb_get_infov(db->handle, MARIADB_CONNECTION_SERVER_STATUS, &status);
	if (!(status & SERVER_STATUS_IN_TRANS))
		db_fail(
		    &db->db, error_collision("%s: the server has ended the transaction by itself",
		                 db->db.name));
}

/* Its answers are the caller's to take. */
bool mariadb_send(struct mariadb *db, const struct buffer *text)
{
	if (text->failed)
		db_fail(&db->db, error_memory("writing a statement"));
	else if (mysql_real_query(db->handle, text->bytes, text->size) != 0)
		mariadb_fail(db);
	return !db_has_failed(&db->db);
}

/* Of a statement whose answers nobody wants. */
void mariadb_drop_answers(struct mariadb *db)
{
	int more = 0;
	while (!db_has_failed(&db->db) && more == 0) {
		MYSQL_RES *result = mysql_store_result(db->handle);
		mysql_free_result(result);
		if (!result && mysql_field_count(db->handle) > 0)
			mariadb_fail(db);
		mariadb_check_inside(db);
		more = mysql_next_result(db->handle);
		if (more > 0)
			mariadb_fail(db);
	}
}

/* All that waits is done when this returns. */
void mariadb_flush(struct mariadb *db)
{
	if (db->queued > 0 && !db_has_failed(&db->db) && mariadb_send(db, &db->queue))
		mariadb_drop_answers(db);
	buffer_clear(&db->queue);
	db->queued = 0;
}

/* NULL after an error. */
MYSQL_RES *mariadb_execute(
    struct mariadb *db, const char *sql, const struct db_value *values, size_t count, bool is_scan)
{
	mariadb_flush(db);
	struct db_text_job job = {
	    .db = &db->db, .out = &db->text, .values = values, .count = count};
	buffer_clear(&db->text);
	db_write_out(&job, sql);
	if (db_has_failed(&db->db) || !mariadb_send(db, &db->text))
		return NULL;
	MYSQL_RES *result = is_scan ? mysql_use_result(db->handle) : mysql_store_result(db->handle);
	if (!result && mysql_field_count(db->handle) > 0)
		mariadb_fail(db);
	if (!is_scan)
		mariadb_check_inside(db);
	return result;
}

void mariadb_close(struct db *base)
{
	struct mariadb *db = mariadb_of(base);
	if (db->handle)
		mysql_close(db->handle);
	buffer_done(&db->queue);
	buffer_done(&db->text);
	free(db);
}
