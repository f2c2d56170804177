/*
 * sqlite_statement: errors, and statements that are kept prepared.
 */
#include "sqlite.h"

#include <assert.h>
#include <errno.h>

/* Whether the system has a reason that may pass: no descriptor left, for instance. */
static bool is_passing(struct sqlite *db)
{
	errno = sqlite3_system_errno(db->handle);
	return errno != 0 && !error_errno("%s", db->path).is_lasting;
}

/* The statement was refused; another file may ask for something else. */
static struct error refused(const struct sqlite *db)
{
	struct error error = error_config("%s: %s", db->path, sqlite3_errmsg(db->handle));
	error.is_narrow = true;
	return error;
}

/* Retrying helps when somebody else holds the lock or the disk is full, not when the file is no
 * database, may not be written or has other tables. */
static struct error sqlite_error(struct sqlite *db)
{
	struct error error;
	switch (sqlite3_errcode(db->handle) & 0xFF) {
	case SQLITE_NOTADB: return error_config("%s is not an SQLite database", db->path);
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT: return refused(db);
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CORRUPT:
	case SQLITE_AUTH: return error_config("%s: %s", db->path, sqlite3_errmsg(db->handle));
	case SQLITE_CANTOPEN:
		if (!is_passing(db))
			return error_config("%s: %s", db->path, sqlite3_errmsg(db->handle));
		return error_errno("%s: %s", db->path, sqlite3_errmsg(db->handle));
	default:
		error = error_retry("%s: %s", db->path, sqlite3_errmsg(db->handle));
		error.is_full = (sqlite3_errcode(db->handle) & 0xFF) == SQLITE_FULL;
		return error;
	}
}

/* Notes the failure of one of SQLite's calls; true when there is none now and was none before. */
bool sqlite_check(struct sqlite *db, int code)
{
	if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
		db_fail(&db->db, sqlite_error(db));
	return !db_has_failed(&db->db);
}

sqlite3_stmt *sqlite_prepare(struct sqlite *db, const char *sql, bool is_asking)
{
	struct buffer text = {0};
	struct db_text_job job = {.db = &db->db,
	    .out = &text,
	    .is_asking = is_asking,
	    .each = SLICE(SQLITE_VALUES_TABLE " v CROSS JOIN ")};
	if (is_asking)
		db_write_question(&job, sql, "SELECT v.rowid, ", "v.rowid");
	else
		db_write_out(&job, sql);
	sqlite3_stmt *handle = NULL;
	if (text.failed || text.size > INT32_MAX)
		db_fail(&db->db, error_memory("preparing a statement"));
	else
		sqlite_check(db, sqlite3_prepare_v3(db->handle, text.bytes, (int)text.size,
		                     SQLITE_PREPARE_PERSISTENT, &handle, NULL));
	buffer_done(&text);
	return handle;
}

/* Where the key's statement is, or will be. */
static struct statement *statement_at(struct sqlite *db, const void *key)
{
	size_t i = ((uintptr_t)key >> 3) % STATEMENTS_ROOM;
	while (db->statements[i].key && db->statements[i].key != key)
		i = (i + 1) % STATEMENTS_ROOM;
	return &db->statements[i];
}

static void statement_keep(
    struct sqlite *db, struct statement *place, const void *key, sqlite3_stmt *handle)
{
	assert(db->statements_count < STATEMENTS_ROOM / 2);
	if (!handle)
		return;
	*place = (struct statement){key, handle};
	db->statements_count++;
}

sqlite3_stmt *sqlite_statement(struct sqlite *db, const void *key, const char *sql, bool is_asking)
{
	struct statement *place = statement_at(db, key);
	if (!place->key)
		statement_keep(db, place, key, sqlite_prepare(db, sql, is_asking));
	return place->handle;
}

static int bind(sqlite3_stmt *statement, int place, const struct db_value *value)
{
	if (value->type == DB_NULL)
		return sqlite3_bind_null(statement, place);
	if (value->type == DB_INTEGER)
		return sqlite3_bind_int64(statement, place, value->integer);
	/* NULL bytes would be SQL's NULL. */
	const char *bytes = value->text.size > 0 ? value->text.bytes : "";
	return sqlite3_bind_text64(
	    statement, place, bytes, value->text.size, SQLITE_STATIC, SQLITE_UTF8);
}

void sqlite_bind(
    struct sqlite *db, sqlite3_stmt *statement, const struct db_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sqlite_check(db, bind(statement, (int)i + 1, &values[i]));
}

/* Free for its next use; reset repeats the error of step, which has been noted already. */
void sqlite_release(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement); /* cannot fail; the text is the caller's */
}
