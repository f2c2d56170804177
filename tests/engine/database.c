#include "database.h"

#include "overlay.h"

#include "enrold/buffer.h"
#include "enrold/db.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void good(struct error error)
{
	cr_assert_not(is_error(&error), "%s", error.text);
}

void database_make(struct database *database)
{
	*database = (struct database){.directory = "/tmp/enrold-engine-XXXXXX"};
	cr_assert_not_null(mkdtemp(database->directory));
	snprintf(database->url, sizeof database->url, "sqlite:%s/lms.db", database->directory);
	database->is_exact = true;
	database->options = (struct lms_options){.url = database->url,
	    .prefix = "mdl_",
	    .actor = "admin",
	    .events = true,
	    .cache = 4 << 20,
	    .journal_mode = JOURNAL_WAL};
}

static sqlite3 *sqlite_of(struct database *database)
{
	if (!database->sqlite) {
		cr_assert_eq(
		    sqlite3_open(database->url + strlen("sqlite:"), &database->sqlite), SQLITE_OK);
		sqlite3_busy_timeout(database->sqlite, 5000);
	}
	return database->sqlite;
}

/* The Moodle that is to be tested, if it is another one. */
static void moodle_make(struct database *database)
{
	struct buffer sql = {0};
	if (!overlay_wanted())
		return;
	overlay_write_tables(overlay_wanted(), OVERLAY_SQLITE, &sql);
	overlay_write_config(overlay_wanted(), &sql);
	buffer_add_char(&sql, '\0');
	database_execute(database, sql.bytes);
	buffer_done(&sql);
}

void database_move(struct database *database)
{
	moodle_make(database);
	if (!mirror_is_wanted())
		return;
	mirror_open(&database->mirror, &database->options);
	mirror_push(&database->mirror);
	database->options.url = database->mirror.url;
	database->is_exact = strncmp(database->mirror.url, "mariadb", 7) != 0 ||
	                     strcmp(mirror_collation(), "utf8mb4_bin") == 0;
	good(db_open(&database->options, DB_EXISTING, &database->server));
}

void database_remove(struct database *database)
{
	static const char *const names[] = {"lms.db", "lms.db-wal", "lms.db-shm"};
	char path[128];
	if (database->server)
		mirror_close(&database->mirror);
	db_close(database->server);
	sqlite3_close(database->sqlite);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", database->directory, names[i]);
		unlink(path);
	}
	cr_expect_eq(rmdir(database->directory), 0);
}

void database_execute(struct database *database, const char *sql)
{
	char *message = NULL;
	if (database->server) {
		/* At another node of a cluster a read waits for what was committed; a change alone
		 * does not. */
		db_find(database->server, "SELECT 1", 0, DB_NONE);
		db_script(database->server, sql);
		struct error error = db_error(database->server);
		cr_assert_not(is_error(&error), "%s: %s", error.text, sql);
		return;
	}
	int status = sqlite3_exec(sqlite_of(database), sql, NULL, NULL, &message);
	cr_assert_eq(status, SQLITE_OK, "%s: %s", message, sql);
}

/* Cells that are commonly compared: as many as the statement has. */
static const char *server_rows(struct db *server, const char *sql)
{
	static char text[64 << 10];
	size_t used = 0;
	struct db_rows rows = db_select(server, sql, DB_NONE);
	text[0] = '\0';
	while (db_next(&rows))
		for (int i = 0, count = db_columns(&rows); i < count; i++) {
			struct slice cell = db_column_text(&rows, i);
			used += (size_t)snprintf(text + used, sizeof text - used, "%.*s%s",
			    cell.bytes ? (int)cell.size : 4, cell.bytes ? cell.bytes : "NULL",
			    i + 1 < count ? "|" : "\n");
			cr_assert_lt(used, sizeof text);
		}
	struct error error = db_error(server);
	cr_assert_not(is_error(&error), "%s: %s", error.text, sql);
	return text;
}

const char *database_rows(struct database *database, const char *sql)
{
	static char text[64 << 10];
	sqlite3_stmt *statement;
	size_t used = 0;
	if (database->server)
		return server_rows(database->server, sql);
	int status = sqlite3_prepare_v2(sqlite_of(database), sql, -1, &statement, NULL);
	cr_assert_eq(status, SQLITE_OK, "%s: %s", sqlite3_errmsg(database->sqlite), sql);
	text[0] = '\0';
	while (sqlite3_step(statement) == SQLITE_ROW)
		for (int i = 0, count = sqlite3_column_count(statement); i < count; i++) {
			const char *cell = (const char *)sqlite3_column_text(statement, i);
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
			    cell ? cell : "NULL", i + 1 < count ? "|" : "\n");
			cr_assert_lt(used, sizeof text);
		}
	sqlite3_finalize(statement);
	return text;
}

int64_t database_number(struct database *database, const char *sql)
{
	return strtoll(database_rows(database, sql), NULL, 10);
}
