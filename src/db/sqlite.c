/*
 * sqlite: the embedded engine. Every statement runs at once; questions and new rows go as a table
 * of values into one statement.
 */
#include "sqlite.h"

#include "sqlite_access.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 10000 };
/* The bytes that a KiB of pages takes, with what SQLite and malloc add. */
enum { CACHE_KIB = 1110 };

static struct error check_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	int length = slash == path ? 1 : (int)(slash - path);
	char *directory = strndup(path, (size_t)length);
	if (!directory)
		return error_memory("opening the database");
	struct stat status;
	bool is_there = stat(directory, &status) == 0;
	free(directory);
	if (is_there && S_ISDIR(status.st_mode))
		return OK;
	return error_config("lms.url: there is no directory %.*s", length, path);
}

/* SQLite would make the file with 0644, and its -wal and -shm take the mode of the file. */
static struct error make_file(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (file < 0 && errno == EEXIST)
		return OK;
	if (file < 0 && (errno == EACCES || errno == EPERM || errno == EROFS))
		return error_config("lms.url: %s may not be made here", path);
	if (file < 0)
		return error_errno("cannot make %s", path);
	struct error error = OK;
	if (fchmod(file, 0640) != 0)
		error = error_errno("cannot set the mode of %s", path);
	close(file);
	return error;
}

static struct error prepare_file(const char *path, enum db_mode mode)
{
	struct error error = sqlite_access_check(path);
	if (!is_error(&error))
		error = check_directory(path);
	if (is_error(&error))
		return error;
	if (mode == DB_MAKE)
		return make_file(path);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return error_config("there is no database %s: `enrolctl lms init` makes one", path);
	return OK;
}

/* SQLite opens for reading when it cannot open for writing, whatever the reason. */
static struct error writable_check(const struct sqlite *db)
{
	if (sqlite3_db_readonly(db->handle, "main") != 1)
		return OK;
	if (access(db->path, W_OK) == 0)
		return error_retry("%s could not be opened for writing", db->path);
	return error_at_start(error_errno("%s may not be written", db->path));
}

static void script(struct db *db, const char *sql)
{
	sqlite_check(sqlite_of(db), sqlite3_exec(sqlite_of(db)->handle, sql, NULL, NULL, NULL));
}

static struct error sqlite_connect(struct sqlite *db, enum db_mode mode)
{
	struct error error = prepare_file(db->path, mode);
	if (is_error(&error))
		return error;
	int code = sqlite3_open_v2(db->path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (!db->handle)
		return error_memory("opening the database");
	if (!sqlite_check(db, code))
		return db->db.error;
	error = writable_check(db);
	struct stat status;
	if (!is_error(&error) && stat(db->path, &status) < 0)
		error = error_errno("%s", db->path);
	if (is_error(&error))
		return error;
	db->device = status.st_dev;
	db->inode = status.st_ino;
	sqlite_check(db, sqlite3_busy_timeout(db->handle, BUSY_MS));
	sqlite_check(db, sqlite_values_register(db->handle, &db->values));
	/* FULL does not flush the removal of a rollback journal: a power cut could undo what was
	 * committed. */
	script(&db->db, "PRAGMA synchronous = EXTRA");
	script(&db->db, "PRAGMA temp_store = MEMORY");
	script(&db->db, "PRAGMA journal_size_limit = 67108864");
	/* A page that several batches change is copied back once. */
	script(&db->db, "PRAGMA wal_autocheckpoint = 16384");
	if (db->db.options->cache >= 1024) {
		char pragma[64];
		sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA cache_size = -%llu",
		    (unsigned long long)(db->db.options->cache / CACHE_KIB));
		script(&db->db, pragma);
	}
	return db->db.error;
}

static void sqlite_close(struct db *base)
{
	struct sqlite *db = sqlite_of(base);
	for (size_t i = 0; i < STATEMENTS_ROOM; i++)
		sqlite3_finalize(db->statements[i].handle);
	int code = sqlite3_close(db->handle);
	assert(code == SQLITE_OK); /* only an unfinished statement can keep it open */
	free(db);
}

static struct error sqlite_open(const struct engine *engine, const struct lms_options *options,
    enum db_mode mode, struct db **result)
{
	const char *path = options->url + strlen("sqlite:");
	if (*path != '/')
		return error_config("lms.url: expected sqlite:/path");
	struct sqlite *db = calloc(1, sizeof *db);
	if (!db)
		return error_memory("opening the database");
	db->db = (struct db){.engine = engine, .options = options, .name = path, .error = OK};
	db->path = path;
	struct error error = sqlite_connect(db, mode);
	if (is_error(&error)) {
		sqlite_close(&db->db);
		return error;
	}
	*result = &db->db;
	return OK;
}

static void sqlite_rest(struct db *db)
{
	sqlite3_db_release_memory(sqlite_of(db)->handle);
}

/* ---- transactions ---- */

/* A connection to a file that is no longer in its place would write into nothing. */
static struct error replaced_check(const struct sqlite *db)
{
	struct stat status;
	if (stat(db->path, &status) < 0)
		return error_errno("%s", db->path);
	if (status.st_dev != db->device || status.st_ino != db->inode)
		return error_retry("%s was replaced by another file", db->path);
	return OK;
}

/* Whoever writes is alone. */
static void begin(struct db *base, unsigned patience_s)
{
	(void)patience_s;
	struct error error = replaced_check(sqlite_of(base));
	if (is_error(&error))
		db_fail(base, error);
	else
		script(base, "BEGIN IMMEDIATE");
	sqlite_of(base)->is_begun = !db_has_failed(base);
}

/* SQLite has ended the transaction by itself after some errors, a full disk for one. */
static void commit(struct db *base)
{
	struct sqlite *db = sqlite_of(base);
	if (db->is_begun && sqlite3_get_autocommit(db->handle))
		db_fail(base, error_retry("%s: the transaction was rolled back", db->path));
	else if (db->is_begun)
		script(base, "COMMIT");
	if (!db_has_failed(base))
		db->is_begun = false;
}

static void rollback(struct db *base)
{
	sqlite_of(base)->is_begun = false;
	if (!sqlite3_get_autocommit(sqlite_of(base)->handle))
		sqlite3_exec(sqlite_of(base)->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- statements ---- */

/* A value is a parameter; in a set of questions, a column of theirs. */
static void write_value(struct db_text_job *job, size_t index)
{
	buffer_print(
	    job->out, job->is_asking ? "v.c%zu" : "?%zu", job->is_asking ? index : index + 1);
}

static void statement_run(
    struct sqlite *db, sqlite3_stmt *statement, const struct db_value *values, size_t count)
{
	if (!statement)
		return;
	sqlite_bind(db, statement, values, count);
	if (!db_has_failed(&db->db))
		sqlite_check(db, sqlite3_step(statement));
}

static void run(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	sqlite3_stmt *statement = sqlite_statement(sqlite_of(base), sql, sql, false);
	statement_run(sqlite_of(base), statement, values, count);
	if (statement)
		sqlite_release(statement);
}

static void run_once(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	sqlite3_stmt *statement = sqlite_prepare(sqlite_of(base), sql, false);
	statement_run(sqlite_of(base), statement, values, count);
	sqlite3_finalize(statement);
}

static int64_t insert(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	run(base, sql, values, count);
	return sqlite3_last_insert_rowid(sqlite_of(base)->handle);
}

/* NULL after an error. */
static sqlite3_stmt *find_insert(struct sqlite *db, const struct db_table *table)
{
	struct buffer sql = {0};
	assert(table->width <= DB_COLUMNS_MAX);
	/* After an error nothing is committed. Without OR FAIL SQLite would keep a copy of every
	 * page that the statement changes, to undo it alone. */
	buffer_print(&sql, "INSERT OR FAIL INTO {%s} (%s) SELECT c0", table->name, table->columns);
	for (size_t i = 1; i < table->width; i++)
		buffer_print(&sql, ", c%zu", i);
	buffer_add_text(&sql, " FROM " SQLITE_VALUES_TABLE);
	buffer_add_char(&sql, '\0');
	sqlite3_stmt *statement = sql.failed ? NULL : sqlite_statement(db, table, sql.bytes, false);
	if (sql.failed)
		db_fail(&db->db, error_memory("preparing a statement"));
	buffer_done(&sql);
	return statement;
}

/* One statement, and nobody else writes: the ids of its rows follow each other. */
static void insert_all(struct db *base, const struct db_table *table, const struct db_value *values,
    size_t count, int64_t *ids)
{
	struct sqlite *db = sqlite_of(base);
	sqlite3_stmt *statement = find_insert(db, table);
	if (!statement)
		return;
	db->values = (struct sqlite_values){values, table->width, count};
	if (sqlite_check(db, sqlite3_step(statement)) &&
	    (size_t)sqlite3_changes(db->handle) != count)
		db_fail_count(base, (uint64_t)sqlite3_changes(db->handle), count);
	sqlite3_reset(statement);
	int64_t last = sqlite3_last_insert_rowid(db->handle);
	for (size_t i = 0; ids && i < count; i++)
		ids[i] = last - (int64_t)(count - 1 - i);
}

/* NULL after an error. */
static sqlite3_stmt *find_delete(struct sqlite *db, const char *sql)
{
	static const struct slice is_one = {SLICE_INIT("= ?")};
	struct buffer all = {0};
	size_t size = strlen(sql) - is_one.size;
	assert(strcmp(sql + size, is_one.bytes) == 0);
	buffer_add(&all, sql, size);
	buffer_add_text(&all, "IN (SELECT c0 FROM " SQLITE_VALUES_TABLE ")");
	buffer_add_char(&all, '\0');
	/* At the text's own address is the statement of db_run. */
	sqlite3_stmt *statement =
	    all.failed ? NULL : sqlite_statement(db, sql + 1, all.bytes, false);
	if (all.failed)
		db_fail(&db->db, error_memory("preparing a statement"));
	buffer_done(&all);
	return statement;
}

/* A statement for each would open the table and its indexes again and again. */
static void delete_all(struct db *base, const char *sql, const struct db_value *ids, size_t count)
{
	struct sqlite *db = sqlite_of(base);
	sqlite3_stmt *statement = find_delete(db, sql);
	if (!statement)
		return;
	db->values = (struct sqlite_values){ids, 1, count};
	sqlite_check(db, sqlite3_step(statement));
	sqlite3_reset(statement);
}

/* ---- questions ---- */

static void leave(struct db_rows *rows)
{
	sqlite_release(rows->result);
}

/* The question, or all of them. */
static bool questions_begin(struct db_rows *rows)
{
	struct sqlite *db = sqlite_of(rows->db);
	if (rows->next == rows->count)
		return false;
	rows->next = rows->count;
	rows->result = sqlite_statement(db, rows->sql, rows->sql, rows->tags);
	if (rows->tags)
		db->values = (struct sqlite_values){rows->values, rows->width, rows->count};
	else if (rows->result)
		sqlite_bind(db, rows->result, rows->values, rows->width);
	return rows->result && !db_has_failed(rows->db);
}

static bool next(struct db_rows *rows)
{
	if (!rows->result && !questions_begin(rows))
		return false;
	int code = sqlite3_step(rows->result);
	if (!sqlite_check(sqlite_of(rows->db), code) || code != SQLITE_ROW)
		return false;
	if (rows->tags)
		rows->tag = rows->tags[sqlite3_column_int64(rows->result, 0) - 1];
	return true;
}

/* In a set of questions the first column says whose the row is. */
static int column_place(const struct db_rows *rows, int column)
{
	return column + (rows->tags ? 1 : 0);
}

static int columns(const struct db_rows *rows)
{
	return sqlite3_column_count(rows->result) - column_place(rows, 0);
}

static int64_t column_int(const struct db_rows *rows, int column)
{
	return sqlite3_column_int64(rows->result, column_place(rows, column));
}

static struct slice column_text(const struct db_rows *rows, int column)
{
	int place = column_place(rows, column);
	const char *bytes = (const char *)sqlite3_column_text(rows->result, place);
	if (!bytes)
		return (struct slice){NULL, 0};
	return (struct slice){bytes, (size_t)sqlite3_column_bytes(rows->result, place)};
}

const struct engine sqlite_engine = {
    .scheme = "sqlite:",
    .open = sqlite_open,
    .close = sqlite_close,
    .rest = sqlite_rest,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .run = run,
    .run_once = run_once,
    .insert = insert,
    .insert_all = insert_all,
    .delete_all = delete_all,
    .next = next,
    .leave = leave,
    .columns = columns,
    .column_int = column_int,
    .column_text = column_text,
    .find_spellings = sqlite_find_spellings,
    .is_shared = sqlite_is_shared,
    .describe = "SELECT 'SQLite ' || sqlite_version()",
    .has_table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = trim(?1, '\"')",
    .table_columns = "SELECT name, \"notnull\" AND dflt_value IS NULL AND pk = 0 FROM "
                     "pragma_table_info(trim(?1, '\"')) ORDER BY cid",
    .quote = '"',
    .ledger = "",
    .lock = "",
    .is_exact = true,
    .schema = "",
    .text_type = "text",
    .table_end = " WITHOUT ROWID",
    .value = write_value,
};
