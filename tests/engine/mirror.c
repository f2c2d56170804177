#include "mirror.h"

#include "mirror_more.h"
#include "movement.h"
#include "overlay.h"

#include "enrold/db.h"
#include "enrold/schema.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 32, ROWS_TOGETHER = 500 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "mirror: %s\n", what);
	exit(70);
}

static void good(struct error error)
{
	if (is_error(&error))
		die(error.text);
}

bool mirror_is_wanted(void)
{
	return getenv("ENROLD_TEST_URL");
}

const char *mirror_collation(void)
{
	const char *other = getenv("ENROLD_TEST_COLLATION");
	return other ? other : "utf8mb4_unicode_ci";
}

static bool is_postgresql(void)
{
	return strncmp(getenv("ENROLD_TEST_URL"), "postgresql", 10) == 0;
}

static void url_fill(char url[MIRROR_URL_SIZE], const char *pattern, const char *database)
{
	const char *place = strstr(pattern, "%s");
	if (!place)
		die("the URL has no %s");
	snprintf(
	    url, MIRROR_URL_SIZE, "%.*s%s%s", (int)(place - pattern), pattern, database, place + 2);
}

/* The URL of one of the server's databases. */
static void url_make(char url[MIRROR_URL_SIZE], const char *database)
{
	url_fill(url, getenv("ENROLD_TEST_URL"), database);
}

void mirror_url(const struct mirror *mirror, const char *pattern, char url[MIRROR_URL_SIZE])
{
	url_fill(url, pattern, mirror->database);
}

/* ---- the schema in the server's words (lms/README 5.9) ---- */

static const char *integer_type(long digits)
{
	if (is_postgresql())
		return digits <= 4 ? "smallint" : digits <= 9 ? "integer" : "bigint";
	if (digits <= 2)
		return "tinyint";
	return digits <= 4   ? "smallint"
	       : digits <= 6 ? "mediumint"
	       : digits <= 9 ? "int"
	                     : "bigint";
}

/* "status INTEGER(10) NOT NULL DEFAULT 0,..." */
static void columns_write(struct buffer *out, const char *columns)
{
	static const char word[] = "INTEGER(";
	while (*columns) {
		if (strncmp(columns, word, strlen(word)) == 0) {
			char *end;
			buffer_add_text(out, integer_type(strtol(columns + 8, &end, 10)));
			columns = end + 1;
		} else if (strncmp(columns, "TEXT", 4) == 0) {
			buffer_add_text(out, is_postgresql() ? "text" : "longtext");
			columns += 4;
		} else {
			buffer_add_char(out, *columns++);
		}
	}
}

static void tables_write(struct buffer *out)
{
	const char *quote = is_postgresql() ? "\"" : "`";
	for (size_t i = 0; i < schema_tables_count; i++) {
		const struct schema_table *table = &schema_tables[i];
		buffer_print(out, "CREATE TABLE {%s} (id %s PRIMARY KEY, ", table->name,
		    is_postgresql() ? "BIGSERIAL" : "BIGINT AUTO_INCREMENT");
		columns_write(out, table->columns);
		buffer_print(out, ")%s;", is_postgresql() ? "" : " ENGINE=InnoDB");
		for (size_t k = 0; k < SCHEMA_INDEXES_MAX && table->indexes[k].name; k++)
			buffer_print(out, "CREATE %sINDEX %smdl_%s%s ON {%s} (%s);",
			    schema_index_is_unique(&table->indexes[k]) ? "UNIQUE " : "", quote,
			    table->indexes[k].name, quote, table->name, table->indexes[k].columns);
	}
	if (overlay_wanted())
		overlay_write_tables(
		    overlay_wanted(), is_postgresql() ? OVERLAY_POSTGRESQL : OVERLAY_MARIADB, out);
	buffer_add_text(out, "{schema}");
	for (size_t i = 0; i < schema_ledger_count; i++)
		buffer_print(out, "CREATE TABLE {%s} (%s){end};", schema_ledger[i].name,
		    schema_ledger[i].columns);
	buffer_add_char(out, '\0');
}

/* That has just been made: perhaps at another node of a cluster, and not yet here. */
static struct db *new_open(const struct lms_options *options)
{
	struct movement movement;
	struct db *db;
	struct error error = db_open(options, DB_EXISTING, &db);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (is_error(&error) && movement_pause(&movement))
		error = db_open(options, DB_EXISTING, &db);
	good(error);
	return db;
}

static void database_create(const char *name)
{
	char url[MIRROR_URL_SIZE], sql[128];
	struct db *db;
	url_make(url, is_postgresql() ? "postgres" : "mysql");
	const struct lms_options options = {.url = url, .prefix = "mdl_"};
	good(db_open(&options, DB_EXISTING, &db));
	bool is_there =
	    db_find(db,
	        is_postgresql()
	            ? "SELECT 1 FROM pg_database WHERE datname = ?1"
	            : "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?1",
	        0, DB_VALUES(db_string(name))) == 1;
	snprintf(sql, sizeof sql,
	    is_postgresql() ? "CREATE DATABASE %s"
	                    : "CREATE DATABASE %s CHARACTER SET utf8mb4 COLLATE %s",
	    name, mirror_collation());
	if (!is_there)
		db_script(db, sql);
	good(db_error(db));
	db_close(db);
	if (is_there)
		return;
	struct buffer text = {0};
	url_make(url, name);
	db = new_open(&options);
	tables_write(&text);
	db_script(db, text.bytes);
	good(db_error(db));
	db_close(db);
	buffer_done(&text);
}

/* ---- one database for one test ---- */

void mirror_open(struct mirror *mirror, const struct lms_options *sqlite)
{
	char path[256];
	const char *directory = getenv("ENROLD_TEST_DIRECTORY");
	*mirror = (struct mirror){.sqlite = *sqlite, .server = *sqlite, .lock = -1};
	for (int slot = 0; slot < SLOTS && mirror->lock < 0; slot++) {
		snprintf(path, sizeof path, "%s/slot-%d", directory, slot);
		snprintf(mirror->database, sizeof mirror->database, "enrold_test_%d", slot);
		mirror->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (mirror->lock < 0)
			die("cannot open a slot");
		if (flock(mirror->lock, LOCK_EX | LOCK_NB) < 0) {
			close(mirror->lock);
			mirror->lock = -1;
		}
	}
	if (mirror->lock < 0)
		die("all slots are taken");
	url_make(mirror->url, mirror->database);
	mirror->server.url = mirror->url;
	database_create(mirror->database);
}

void mirror_close(struct mirror *mirror)
{
	close(mirror->lock);
}

/* ---- copying ---- */

/* What SQLite keeps under its address lies in `kept`, until the connections are closed. */
static void rows_copy(struct db *from, struct db *to, const char *name, const char *names,
    size_t width, struct arena *kept)
{
	struct arena *arena = arena_create();
	struct db_table *table = arena_alloc(kept, sizeof *table);
	if (!table)
		die("out of memory");
	*table = (struct db_table){name, arena_copy(kept, slice_of(names)).bytes, width};
	struct db_value *values = malloc(ROWS_TOGETHER * width * sizeof *values);
	size_t count = 0;
	struct slice sql = arena_print(kept, "SELECT %s FROM {%s}", names, name);
	if (!arena || !values || arena_has_failed(kept))
		die("out of memory");
	struct db_rows rows = db_select(from, sql.bytes, DB_NONE);
	while (db_next(&rows)) {
		for (size_t i = 0; i < width; i++) {
			struct slice text = db_column_text(&rows, (int)i);
			values[count * width + i] =
			    db_text_or_null(text.bytes ? arena_copy(arena, text) : text);
		}
		if (++count == ROWS_TOGETHER) {
			db_insert_all(to, table, values, count, NULL);
			arena_reset(arena);
			count = 0;
		}
	}
	db_insert_all(to, table, values, count, NULL);
	good(db_error(from));
	good(db_error(to));
	free(values);
	arena_free(arena);
}

/* Never back: an id that was given is not given again, as in any database that nobody fills anew.
 */
static void sequence_set(struct db *to, const char *name, struct arena *kept)
{
	struct slice sql = arena_print(kept,
	    "SELECT setval(s.name, greatest(coalesce(t.id, 1), coalesce(s.last, 1)), t.id IS NOT "
	    "NULL OR s.last IS NOT NULL) FROM (SELECT max(id) AS id FROM {%s}) t, (SELECT n.name, "
	    "pg_sequence_last_value(n.name::regclass) AS last FROM (SELECT "
	    "pg_get_serial_sequence('{%s}', 'id') AS name) n) s",
	    name, name);
	(void)db_find(to, sql.bytes, 0, DB_NONE);
}

/* The names of its columns are asked for: a test may have altered the table. */
static void table_copy(
    struct db *from, struct db *to, const char *name, bool has_id, struct arena *kept)
{
	struct buffer names = {0}, required = {0};
	db_find_columns(from, name, &names, &required);
	good(db_error(from));
	size_t width = 0;
	for (size_t i = 0; i < names.size; i++)
		width += names.bytes[i] == ',';
	names.bytes[names.size - 1] = '\0';
	rows_copy(from, to, name, names.bytes, width, kept);
	if (has_id && db_is_server(to) && is_postgresql())
		sequence_set(to, name, kept);
	buffer_done(&names);
	buffer_done(&required);
}

static void table_empty(struct db *to, struct buffer *sql, const char *name)
{
	bool is_many = db_is_server(to) && is_postgresql();
	/* MariaDB's TRUNCATE would give ids again, of which the log has told before. */
	bool has_told_ids =
	    strcmp(name, "user_enrolments") == 0 || strcmp(name, "role_assignments") == 0;
	bool is_truncated = db_is_server(to) && !has_told_ids;
	if (is_many)
		buffer_print(sql, "%s {%s}", sql->size > 0 ? "," : "TRUNCATE", name);
	else
		buffer_print(sql, "%s {%s};", is_truncated ? "TRUNCATE" : "DELETE FROM", name);
}

static void server_follow(struct db *server, const struct more_copied *more)
{
	struct buffer sql = {0};
	mirror_more_write(server, is_postgresql(), more, &sql);
	bool has_any = sql.size > 0;
	buffer_add_char(&sql, '\0');
	if (has_any)
		db_script(server, sql.bytes);
	good(db_error(server));
	buffer_done(&sql);
}

static void copy(const struct lms_options *from_options, const struct lms_options *to_options)
{
	struct db *from, *to;
	struct buffer sql = {0};
	struct arena *kept = arena_create();
	if (!kept)
		die("out of memory");
	good(db_open(from_options, DB_EXISTING, &from));
	good(db_open(to_options, DB_EXISTING, &to));
	const struct more_copied more = mirror_more_find(db_is_server(from) ? to : from, kept);
	if (db_is_server(to))
		server_follow(to, &more);
	for (size_t i = 0; i < more.count; i++)
		table_empty(to, &sql, arena_print(kept, "%.*s", SLICE_ARG(more.names[i])).bytes);
	for (size_t i = 0; i < schema_tables_count; i++)
		table_empty(to, &sql, schema_tables[i].name);
	for (size_t i = 0; i < schema_ledger_count; i++)
		table_empty(to, &sql, schema_ledger[i].name);
	buffer_add_char(&sql, '\0');
	if (db_is_server(to) && !is_postgresql())
		db_script(to, sql.bytes); /* ends a transaction */
	db_begin(to);
	if (!db_is_server(to) || is_postgresql())
		db_script(to, sql.bytes);
	for (size_t i = 0; i < schema_tables_count; i++)
		table_copy(from, to, schema_tables[i].name, true, kept);
	for (size_t i = 0; i < more.count; i++)
		table_copy(from, to, arena_print(kept, "%.*s", SLICE_ARG(more.names[i])).bytes,
		    true, kept);
	for (size_t i = 0; i < schema_ledger_count; i++)
		table_copy(from, to, schema_ledger[i].name, false, kept);
	good(db_end(to));
	db_close(from);
	db_close(to);
	arena_free(kept);
	buffer_done(&sql);
}

void mirror_fill(const struct lms_options *sqlite, const char *database)
{
	struct mirror mirror = {.sqlite = *sqlite, .server = *sqlite};
	database_create(database);
	url_make(mirror.url, database);
	mirror.server.url = mirror.url;
	mirror_push(&mirror);
}

void mirror_push(const struct mirror *mirror)
{
	copy(&mirror->sqlite, &mirror->server);
}

void mirror_pull(const struct mirror *mirror)
{
	copy(&mirror->server, &mirror->sqlite);
}
