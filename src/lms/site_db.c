#include "site_db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A power of two; the table of statements is never more than half full. */
enum { STATEMENTS_ROOM = 512, BUSY_MS = 10000 };

struct statement {
	const char *sql; /* the key: its address */
	sqlite3_stmt *handle;
};

struct site_db {
	const struct lms_options *options;
	const char *path; /* lies in options->url */
	sqlite3 *handle;
	struct statement statements[STATEMENTS_ROOM]; /* by address, the next free place */
	size_t statements_count;
	dev_t device; /* the file that was opened */
	ino_t inode;
	struct error error;
};

/* The system's reason, when there is one that may pass: no descriptor left, for instance. */
static bool is_passing(struct site_db *db)
{
	errno = sqlite3_system_errno(db->handle);
	return errno != 0 && !error_errno("%s", db->path).is_lasting;
}

/* Retrying helps when somebody else holds the lock or the disk is full, not when the file is no
 * database, may not be written or has other tables. */
static struct error db_error(struct site_db *db)
{
	switch (sqlite3_errcode(db->handle) & 0xFF) {
	case SQLITE_NOTADB: return error_config("%s is not an SQLite database", db->path);
	case SQLITE_ERROR:
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CORRUPT:
	case SQLITE_CONSTRAINT:
	case SQLITE_AUTH: return error_config("%s: %s", db->path, sqlite3_errmsg(db->handle));
	case SQLITE_CANTOPEN:
		if (!is_passing(db))
			return error_config("%s: %s", db->path, sqlite3_errmsg(db->handle));
		return error_errno("%s: %s", db->path, sqlite3_errmsg(db->handle));
	default: return error_retry("%s: %s", db->path, sqlite3_errmsg(db->handle));
	}
}

void site_db_fail(struct site_db *db, struct error error)
{
	if (!is_error(&db->error))
		db->error = error;
}

bool site_db_has_failed(const struct site_db *db)
{
	return is_error(&db->error);
}

/* Notes the failure of one of SQLite's calls; true when there is none now and was none before. */
static bool db_check(struct site_db *db, int code)
{
	if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
		site_db_fail(db, db_error(db));
	return !is_error(&db->error);
}

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

static struct error prepare_file(const char *path, enum site_db_mode mode)
{
	struct error error = check_directory(path);
	if (is_error(&error))
		return error;
	if (mode == SITE_DB_MAKE)
		return make_file(path);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return error_config("there is no database %s: `enrolctl lms init` makes one", path);
	return OK;
}

/* SQLite makes do with reading when it cannot open for writing, whatever the reason. */
static struct error writable_check(const struct site_db *db)
{
	if (sqlite3_db_readonly(db->handle, "main") != 1)
		return OK;
	if (access(db->path, W_OK) == 0)
		return error_retry("%s could not be opened for writing", db->path);
	return error_at_start(error_errno("%s may not be written", db->path));
}

static struct error db_connect(struct site_db *db, enum site_db_mode mode)
{
	struct error error = prepare_file(db->path, mode);
	if (is_error(&error))
		return error;
	int code = sqlite3_open_v2(db->path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (!db->handle)
		return error_memory("opening the database");
	if (!db_check(db, code))
		return db->error;
	error = writable_check(db);
	struct stat status;
	if (!is_error(&error) && stat(db->path, &status) < 0)
		error = error_errno("%s", db->path);
	if (is_error(&error))
		return error;
	db->device = status.st_dev;
	db->inode = status.st_ino;
	db_check(db, sqlite3_busy_timeout(db->handle, BUSY_MS));
	/* With a rollback journal FULL lets a power cut undo what was committed: it does not flush
	 * that the journal is gone. */
	site_db_script(db, "PRAGMA synchronous = EXTRA");
	if (db->options->cache >= 1024) {
		char pragma[64];
		sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA cache_size = -%llu",
		    (unsigned long long)(db->options->cache / 1024));
		site_db_script(db, pragma);
	}
	return db->error;
}

struct error site_db_open(
    const struct lms_options *options, enum site_db_mode mode, struct site_db **result)
{
	static const char scheme[] = "sqlite:";
	*result = NULL;
	if (strncmp(options->url, scheme, strlen(scheme)) != 0 ||
	    options->url[strlen(scheme)] != '/')
		return error_config("lms.url: expected sqlite:/path, not %s", options->url);
	struct site_db *db = calloc(1, sizeof *db);
	if (!db)
		return error_memory("opening the database");
	db->options = options;
	db->path = options->url + strlen(scheme);
	db->error = OK;
	struct error error = db_connect(db, mode);
	if (is_error(&error)) {
		site_db_close(db);
		return error;
	}
	*result = db;
	return OK;
}

void site_db_close(struct site_db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < STATEMENTS_ROOM; i++)
		sqlite3_finalize(db->statements[i].handle);
	int code = sqlite3_close(db->handle);
	assert(code == SQLITE_OK); /* only an unfinished statement can keep it open */
	free(db);
}

const char *site_db_path(const struct site_db *db)
{
	return db->path;
}

void site_db_set_journal(struct site_db *db)
{
	site_db_script(db, db->options->journal_mode == JOURNAL_WAL
	                       ? "PRAGMA journal_mode = WAL"
	                       : "PRAGMA journal_mode = DELETE");
}

/* A connection to a file that is no longer in its place would write into nothing. */
static struct error replaced_check(const struct site_db *db)
{
	struct stat status;
	if (stat(db->path, &status) < 0)
		return error_errno("%s", db->path);
	if (status.st_dev != db->device || status.st_ino != db->inode)
		return error_retry("%s was replaced by another file", db->path);
	return OK;
}

void site_db_rest(struct site_db *db)
{
	sqlite3_db_release_memory(db->handle);
}

void site_db_begin(struct site_db *db)
{
	struct error error = replaced_check(db);
	if (is_error(&error))
		site_db_fail(db, error);
	site_db_script(db, "BEGIN IMMEDIATE");
}

struct error site_db_end(struct site_db *db)
{
	/* SQLite has ended the transaction by itself after some errors, a full disk for one. */
	if (!sqlite3_get_autocommit(db->handle))
		site_db_script(db, "COMMIT");
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return db->error;
}

void site_db_rollback(struct site_db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	db->error = OK;
}

struct error site_db_error(const struct site_db *db)
{
	return db->error;
}

void site_db_script(struct site_db *db, const char *sql)
{
	if (!is_error(&db->error))
		db_check(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* "{user}" becomes "mdl_user"; no statement of ours has a brace in a value. */
static void add_with_prefix(struct buffer *out, const char *sql, const char *prefix)
{
	for (; *sql; sql++) {
		if (*sql == '{')
			buffer_add_text(out, prefix);
		else if (*sql != '}')
			buffer_add_char(out, *sql);
	}
}

static sqlite3_stmt *prepare(struct site_db *db, const char *sql)
{
	struct buffer text = {0};
	add_with_prefix(&text, sql, db->options->prefix);
	sqlite3_stmt *handle = NULL;
	if (text.failed || text.size > INT32_MAX)
		site_db_fail(db, error_memory("preparing a statement"));
	else
		db_check(db, sqlite3_prepare_v3(db->handle, text.bytes, (int)text.size,
		                 SQLITE_PREPARE_PERSISTENT, &handle, NULL));
	buffer_done(&text);
	return handle;
}

static sqlite3_stmt *find_statement(struct site_db *db, const char *sql)
{
	size_t i = ((uintptr_t)sql >> 3) % STATEMENTS_ROOM;
	while (db->statements[i].sql && db->statements[i].sql != sql)
		i = (i + 1) % STATEMENTS_ROOM;
	if (db->statements[i].sql)
		return db->statements[i].handle;
	assert(db->statements_count < STATEMENTS_ROOM / 2);
	sqlite3_stmt *handle = prepare(db, sql);
	if (handle) {
		db->statements[i] = (struct statement){sql, handle};
		db->statements_count++;
	}
	return handle;
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

struct db_rows site_db_select(
    struct site_db *db, const char *sql, const struct db_value *values, size_t count)
{
	sqlite3_stmt *statement = is_error(&db->error) ? NULL : find_statement(db, sql);
	struct db_rows rows = {.db = db, .statement = statement};
	for (size_t i = 0; statement && i < count; i++)
		db_check(db, bind(statement, (int)i + 1, &values[i]));
	return rows;
}

void site_db_leave(struct db_rows *rows)
{
	if (!rows->statement)
		return;
	sqlite3_reset(rows->statement);          /* repeats the error of step, noted already */
	sqlite3_clear_bindings(rows->statement); /* cannot fail; the text is the caller's */
	rows->statement = NULL;
}

bool site_db_next(struct db_rows *rows)
{
	if (!rows->statement)
		return false;
	int code = is_error(&rows->db->error) ? SQLITE_DONE : sqlite3_step(rows->statement);
	if (db_check(rows->db, code) && code == SQLITE_ROW)
		return true;
	site_db_leave(rows);
	return false;
}

int64_t db_column_int(const struct db_rows *rows, int column)
{
	return sqlite3_column_int64(rows->statement, column);
}

struct slice db_column_text(const struct db_rows *rows, int column)
{
	const char *bytes = (const char *)sqlite3_column_text(rows->statement, column);
	if (!bytes)
		return (struct slice){NULL, 0};
	return (struct slice){bytes, (size_t)sqlite3_column_bytes(rows->statement, column)};
}

void site_db_run(struct site_db *db, const char *sql, const struct db_value *values, size_t count)
{
	struct db_rows rows = site_db_select(db, sql, values, count);
	(void)site_db_next(&rows);
	site_db_leave(&rows);
}

void site_db_run_once(
    struct site_db *db, const char *sql, const struct db_value *values, size_t count)
{
	sqlite3_stmt *statement = is_error(&db->error) ? NULL : prepare(db, sql);
	for (size_t i = 0; statement && i < count; i++)
		db_check(db, bind(statement, (int)i + 1, &values[i]));
	if (statement && !is_error(&db->error))
		db_check(db, sqlite3_step(statement));
	sqlite3_finalize(statement);
}

int64_t site_db_insert(
    struct site_db *db, const char *sql, const struct db_value *values, size_t count)
{
	site_db_run(db, sql, values, count);
	return is_error(&db->error) ? 0 : sqlite3_last_insert_rowid(db->handle);
}

int64_t site_db_find(
    struct site_db *db, const char *sql, int64_t none, const struct db_value *values, size_t count)
{
	struct db_rows rows = site_db_select(db, sql, values, count);
	int64_t first = site_db_next(&rows) ? db_column_int(&rows, 0) : none;
	site_db_leave(&rows);
	return is_error(&db->error) ? 0 : first;
}
