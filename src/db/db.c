#include "engine.h"

#include "enrold/secret.h"

#include <stdio.h>
#include <sys/random.h>

/* ---- connection ---- */

void db_close(struct db *db)
{
	if (db)
		db->engine->close(db);
}

const char *db_name(const struct db *db)
{
	return db->name;
}

const char *db_prefix(const struct db *db)
{
	return db->options->prefix;
}

const char *db_describe(struct db *db, struct arena *arena)
{
	struct slice text = SLICE("");
	struct db_rows rows = db_select(db, db->engine->describe, DB_NONE);
	if (db_next(&rows))
		text = arena_copy(arena, db_column_text(&rows, 0));
	db_rows_close(&rows);
	return text.size > 0 ? text.bytes : "";
}

bool db_is_server(const struct db *db)
{
	return db->engine->is_server;
}

void db_rest(struct db *db)
{
	if (db->engine->rest)
		db->engine->rest(db);
}

bool db_is_alive(struct db *db)
{
	return !db->engine->is_alive || db->engine->is_alive(db);
}

void db_compare_as(struct db *db, const char *table, const char *column)
{
	if (!is_error(&db->error) && db->engine->compare_as)
		db->engine->compare_as(db, table, column);
}

void db_set_journal(struct db *db)
{
	if (!db_is_server(db))
		db_script(db, db->options->journal_mode == JOURNAL_WAL
		                  ? "PRAGMA journal_mode = WAL"
		                  : "PRAGMA journal_mode = DELETE");
}

/* ---- errors and transactions ---- */

void db_fail(struct db *db, struct error error)
{
	if (is_error(&db->error))
		return;
	db->error = error;
	secret_hide(db->error.text, sizeof db->error.text, db->options->url);
}

/* It does not pass by itself: perhaps there is a trigger. */
void db_fail_count(struct db *db, uint64_t taken, uint64_t given)
{
	struct error error = error_config("%s has taken %llu of %llu rows: is there a trigger?",
	    db->name, (unsigned long long)taken, (unsigned long long)given);
	error.is_narrow = true;
	db_fail(db, error);
}

bool db_has_failed(const struct db *db)
{
	return is_error(&db->error);
}

struct error db_error(const struct db *db)
{
	return db->error;
}

void db_begin(struct db *db)
{
	if (!is_error(&db->error))
		db->engine->begin(db, 0);
}

/*
 * A transaction writes this row first and reads it last. The lock is one server's: in a cluster
 * whose every node takes writes (Galera) others see only what is written, and of two that have
 * written this row only one may commit. A transaction that the server has undone by itself, so that
 * the rest went into another one, does not find the row: Galera does that, and does not always say
 * so.
 */
static void token_write(struct db *db)
{
	uint64_t token = 0;
	if (getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token)
		db_fail(db, error_errno("cannot make a token"));
	db->token = (int64_t)(token >> 1 | 1);
	db_run(
	    db, "UPDATE {enrold_lock} SET token = ?1 WHERE id = 1", DB_VALUES(db_int(db->token)));
}

static void token_check(struct db *db)
{
	if (db->token == 0)
		return;
	int64_t found = db_find(db, "SELECT token FROM {enrold_lock} WHERE id = 1", 0, DB_NONE);
	if (found != db->token)
		db_fail(db, error_collision("%s: the server has undone some of the transaction, or "
		                            "enrold_lock has lost its row",
		                db->name));
}

/* SQLite has one writer, and never loses a part. */
void db_begin_alone(struct db *db, unsigned patience_s)
{
	if (!is_error(&db->error))
		db->engine->begin(db, patience_s);
	if (!is_error(&db->error) && db_is_server(db))
		token_write(db);
}

struct error db_end(struct db *db)
{
	if (!is_error(&db->error))
		token_check(db);
	if (!is_error(&db->error))
		db->engine->commit(db);
	struct error error = db->error;
	if (is_error(&error))
		db->engine->rollback(db);
	db->error = error;
	db->token = 0;
	return error;
}

void db_rollback(struct db *db)
{
	db->engine->rollback(db);
	db->error = OK;
	db->token = 0;
}

int64_t db_session(struct db *db)
{
	return db_is_server(db) ? db_find(db, db->engine->session, 0, DB_NONE) : 0;
}

bool db_is_awaited(struct db *db, struct db *observer, int64_t session)
{
	if (!db_is_server(db))
		return db->engine->is_shared(db);
	return db_find(observer, db->engine->waiting, 0, DB_VALUES(db_int(session))) > 0;
}

int64_t db_version(struct db *db)
{
	return db_is_server(db) ? 0 : db_find(db, "PRAGMA data_version", 0, DB_NONE);
}

/* ---- statements ---- */

void db_script(struct db *db, const char *sql)
{
	struct buffer text = {0};
	struct db_text_job job = {.db = db, .out = &text};
	if (is_error(&db->error))
		return;
	db_write_out(&job, sql);
	buffer_add_char(&text, '\0');
	if (text.failed)
		db_fail(db, error_memory("writing a statement"));
	else
		db->engine->script(db, text.bytes);
	buffer_done(&text);
}

void db_run(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	if (!is_error(&db->error))
		db->engine->run(db, sql, values, count);
}

void db_run_once(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	if (!is_error(&db->error))
		db->engine->run_once(db, sql, values, count);
}

int64_t db_insert(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	int64_t id = is_error(&db->error) ? 0 : db->engine->insert(db, sql, values, count);
	return is_error(&db->error) ? 0 : id;
}

int64_t db_find(
    struct db *db, const char *sql, int64_t none, const struct db_value *values, size_t count)
{
	struct db_rows rows = db_select(db, sql, values, count);
	int64_t first = db_next(&rows) ? db_column_int(&rows, 0) : none;
	db_rows_close(&rows);
	return is_error(&db->error) ? 0 : first;
}

/* ---- many rows ---- */

void db_insert_all(struct db *db, const struct db_table *table, const struct db_value *values,
    size_t count, int64_t *ids)
{
	if (count > 0 && !is_error(&db->error))
		db->engine->insert_all(db, table, values, count, ids);
}

void db_insert_ahead(struct db *db, const struct db_table *table, size_t count)
{
	if (count > 0 && !is_error(&db->error) && db->engine->insert_ahead)
		db->engine->insert_ahead(db, table, count);
}

void db_delete_all(struct db *db, const char *sql, const struct db_value *ids, size_t count)
{
	if (count > 0 && !is_error(&db->error) && db->engine->delete_all) {
		db->engine->delete_all(db, sql, ids, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		db_run(db, sql, &ids[i], 1);
}

void db_question(
    struct db_questions *questions, size_t tag, const struct db_value *values, size_t count)
{
	struct db_questions *all = questions;
	if (all->count == all->room) {
		size_t room = all->room * 2 + 16;
		all->width = count;
		all->values = arena_grow(
		    all->arena, all->values, all->count * count, room * count, sizeof *all->values);
		all->tag = arena_grow(all->arena, all->tag, all->count, room, sizeof *all->tag);
		all->room = room;
	}
	if (arena_has_failed(all->arena))
		return;
	memcpy(all->values + all->count * count, values, count * sizeof *values);
	all->tag[all->count++] = tag;
}

struct db_rows db_select(
    struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	return (struct db_rows){.db = db, .sql = sql, .values = values, .width = count, .count = 1};
}

struct db_rows db_scan(struct db *db, const char *sql)
{
	return (struct db_rows){.db = db, .sql = sql, .count = 1, .is_scan = true};
}

struct db_rows db_ask(struct db *db, const char *sql, const struct db_questions *questions)
{
	if (arena_has_failed(questions->arena))
		db_fail(db, error_memory("asking the LMS database"));
	return (struct db_rows){.db = db,
	    .sql = sql,
	    .values = questions->values,
	    .tags = questions->tag,
	    .width = questions->width,
	    .count = questions->count};
}

bool db_next(struct db_rows *rows)
{
	if (!is_error(&rows->db->error) && rows->db->engine->next(rows))
		return true;
	db_rows_close(rows);
	return false;
}

void db_rows_close(struct db_rows *rows)
{
	if (rows->result)
		rows->db->engine->leave(rows);
	rows->result = NULL;
	rows->count = rows->next = 0;
}

int db_columns(const struct db_rows *rows)
{
	return rows->db->engine->columns(rows);
}

int64_t db_column_int(const struct db_rows *rows, int column)
{
	return rows->db->engine->column_int(rows, column);
}

struct slice db_column_text(const struct db_rows *rows, int column)
{
	return rows->db->engine->column_text(rows, column);
}

void db_find_spellings(struct db *db, const struct db_column *column,
    const struct db_questions *questions, struct db_questions *spellings)
{
	if (!is_error(&db->error) && questions->count > 0)
		db->engine->find_spellings(db, column, questions, spellings);
}

int64_t db_clock_us(struct db *db)
{
	return db->engine->clock ? db_find(db, db->engine->clock, 0, DB_NONE) : 0;
}

void db_person(struct db *db, char *name, size_t size)
{
	*name = '\0';
	if (!db_is_server(db))
		return;
	struct db_rows rows = db_select(db, "SELECT current_user", DB_NONE);
	if (db_next(&rows))
		snprintf(name, size, "%.*s", SLICE_ARG(db_column_text(&rows, 0)));
	db_rows_close(&rows);
}

int64_t db_ledger_version(struct db *db)
{
	return db_find(db, "SELECT max(version) FROM {enrold_version}", 0, DB_NONE);
}
