#include "engine.h"

#include "enrold/secret.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <utf8proc.h>

static const struct engine *const engines[] = {
    &sqlite_engine,
#ifdef ENROLD_POSTGRESQL
    &postgresql_engine,
#endif
#ifdef ENROLD_MARIADB
    &mariadb_engine,
#endif
};

/* ---- connection ---- */

static bool has_scheme(const char *url, const char *scheme)
{
	return strncmp(url, scheme, strlen(scheme)) == 0;
}

struct error db_open(const struct lms_options *options, enum db_mode mode, struct db **db)
{
	*db = NULL;
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		if (!has_scheme(options->url, engines[i]->scheme))
			continue;
		if (engines[i] != &sqlite_engine && !secret_is_clear_url(options->url))
			return error_config("lms.url: what a user or password has of @ : / ? # %% "
			                    "is written %%40 %%3A %%2F %%3F %%23 %%25");
		return engines[i]->open(options, mode, db);
	}
	/* It is not shown: it may hold a password. */
	return error_config("lms.url: no engine of this build");
}

void db_close(struct db *db)
{
	if (db)
		db->engine->close(db);
}

const char *db_name(const struct db *db)
{
	return db->name;
}

const char *db_describe(struct db *db, struct arena *arena)
{
	struct slice text = SLICE("");
	struct db_rows rows = db_select(db, db->engine->describe, DB_NONE);
	if (db_next(&rows))
		text = arena_copy(arena, db_column_text(&rows, 0));
	db_leave(&rows);
	return text.size > 0 ? text.bytes : "";
}

bool db_is_server(const struct db *db)
{
	return db->engine != &sqlite_engine;
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

/* Nothing that passes: somebody's trigger, perhaps. */
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
 * What a transaction writes first and reads last. The lock is one server's; of a cluster whose
 * every node takes writes (Galera) others see only what is written, and of two that have written
 * this row only one may commit. And a transaction that the server has undone on its own, so that
 * what came behind went into another one, does not find it: Galera does that, and does not always
 * say so.
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

bool db_is_awaited(struct db *db, struct db *lookout, int64_t session)
{
	if (!db_is_server(db))
		return db->engine->is_shared(db);
	return db_find(lookout, db->engine->waiting, 0, DB_VALUES(db_int(session))) > 0;
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
	db_leave(&rows);
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

void db_question(
    struct db_questions *questions, size_t about, const struct db_value *values, size_t count)
{
	struct db_questions *all = questions;
	if (all->count == all->room) {
		size_t room = all->room * 2 + 16;
		all->width = count;
		all->values = arena_grow(
		    all->arena, all->values, all->count * count, room * count, sizeof *all->values);
		all->about =
		    arena_grow(all->arena, all->about, all->count, room, sizeof *all->about);
		all->room = room;
	}
	if (arena_has_failed(all->arena))
		return;
	memcpy(all->values + all->count * count, values, count * sizeof *values);
	all->about[all->count++] = about;
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
	    .abouts = questions->about,
	    .width = questions->width,
	    .count = questions->count};
}

bool db_next(struct db_rows *rows)
{
	if (!is_error(&rows->db->error) && rows->db->engine->next(rows))
		return true;
	db_leave(rows);
	return false;
}

void db_leave(struct db_rows *rows)
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

struct slice db_condition(const struct db_column *column, const char *alias, struct arena *arena)
{
	if (!column->first)
		return SLICE("");
	return arena_print(
	    arena, "%s%s = %lld AND ", alias, column->first, (long long)column->first_is);
}

bool db_is_spelling(struct slice a, struct slice b)
{
	while (a.size > 0 && a.bytes[a.size - 1] == ' ')
		a.size--;
	while (a.size > 0 && b.size > 0) {
		utf8proc_int32_t x, y;
		utf8proc_ssize_t step = utf8proc_iterate(
		    (const utf8proc_uint8_t *)a.bytes, (utf8proc_ssize_t)a.size, &x);
		utf8proc_ssize_t other = utf8proc_iterate(
		    (const utf8proc_uint8_t *)b.bytes, (utf8proc_ssize_t)b.size, &y);
		if (step <= 0 || other <= 0 ||
		    (x != y && utf8proc_tolower(x) != utf8proc_tolower(y)))
			return false;
		a = (struct slice){a.bytes + step, a.size - (size_t)step};
		b = (struct slice){b.bytes + other, b.size - (size_t)other};
	}
	return a.size == 0 && b.size == 0;
}

/* ---- the engine's own words ---- */

static void write_table(struct db_text_job *job, struct slice name)
{
	const struct engine *engine = job->db->engine;
	bool is_ours = name.size > 7 && memcmp(name.bytes, "enrold_", 7) == 0;
	if (is_ours)
		buffer_add_text(job->out, engine->ledger);
	buffer_add_char(job->out, engine->quote);
	if (!is_ours)
		buffer_add_text(job->out, job->db->options->prefix);
	buffer_add(job->out, name.bytes, name.size);
	buffer_add_char(job->out, engine->quote);
}

static void write_value(struct db_text_job *job, const char **sql, size_t *unnumbered)
{
	char *end;
	size_t number = strtoul(*sql, &end, 10);
	size_t index = end > *sql ? number - 1 : (*unnumbered)++;
	*sql = end;
	job->db->engine->value(job, index);
}

static bool cut_word(struct slice *token, const char *word)
{
	size_t size = strlen(word);
	if (token->size < size || memcmp(token->bytes, word, size) != 0)
		return false;
	token->bytes += size;
	token->size -= size;
	return true;
}

static void write_part(struct db_text_job *job, struct slice text, size_t *unnumbered);

/* "a = ?1", and where that is true of other texts too, that their bytes are the same. */
static void write_same(struct db_text_job *job, struct slice text, size_t *unnumbered)
{
	if (job->db->engine->is_exact) {
		write_part(job, text, unnumbered);
		return;
	}
	const char *equals = memchr(text.bytes, '=', text.size);
	size_t size = (size_t)(equals - text.bytes);
	const struct slice left = {text.bytes, size}, right = {equals + 1, text.size - size - 1};
	write_part(job, text, unnumbered);
	buffer_add_text(job->out, " AND BINARY ");
	write_part(job, left, unnumbered);
	buffer_add_text(job->out, "= BINARY");
	write_part(job, right, unnumbered);
}

/* An expression is in no index. */
static void write_loose(struct db_text_job *job, struct slice column)
{
	if (!db_is_server(job->db)) {
		buffer_print(job->out, "+%.*s", SLICE_ARG(column));
		return;
	}
	buffer_print(job->out, "coalesce(%.*s, %.*s)", SLICE_ARG(column), SLICE_ARG(column));
}

static void write_token(struct db_text_job *job, struct slice token, size_t *unnumbered)
{
	const struct engine *engine = job->db->engine;
	if (slice_is(token, SLICE("each"))) {
		buffer_add(job->out, job->each.bytes, job->each.size);
	} else if (cut_word(&token, "then ")) {
		if (!engine->takes_any_index)
			buffer_add(job->out, token.bytes, token.size);
		else
			write_loose(job, token);
	} else if (cut_word(&token, "loose ")) {
		write_loose(job, token);
	} else if (slice_is(token, SLICE("text"))) {
		buffer_add_text(job->out, engine->text_type);
	} else if (slice_is(token, SLICE("schema"))) {
		buffer_add_text(job->out, engine->schema);
	} else if (slice_is(token, SLICE("end"))) {
		buffer_add_text(job->out, engine->table_end);
	} else if (slice_is(token, SLICE("lock"))) {
		buffer_add_text(job->out, engine->lock);
	} else if (cut_word(&token, "same ")) {
		write_same(job, token, unnumbered);
	} else if (cut_word(&token, "conflict ")) {
		if (engine->conflict)
			buffer_add_text(job->out, engine->conflict);
		else
			buffer_print(
			    job->out, "ON CONFLICT (%.*s) DO UPDATE SET", SLICE_ARG(token));
	} else {
		write_table(job, token);
	}
}

static void write_part(struct db_text_job *job, struct slice text, size_t *unnumbered)
{
	const char *end = text.bytes + text.size;
	for (const char *c = text.bytes; c < end;) {
		if (*c == '{') {
			const char *close = memchr(c, '}', (size_t)(end - c));
			write_token(
			    job, (struct slice){c + 1, (size_t)(close - c - 1)}, unnumbered);
			c = close + 1;
		} else if (*c == '?') {
			c++;
			write_value(job, &c, unnumbered);
		} else {
			buffer_add_char(job->out, *c++);
		}
	}
}

void db_write_part(struct db_text_job *job, struct slice sql)
{
	size_t unnumbered = 0;
	write_part(job, sql, &unnumbered);
}

void db_write_out(struct db_text_job *job, const char *sql)
{
	db_write_part(job, slice_of(sql));
}

void db_write_question(
    struct db_text_job *job, const char *sql, const char *select, const char *number)
{
	static const char first[] = "SELECT ", order[] = " ORDER BY ";
	const char *body = sql + strlen(first), *end = strstr(body, order);
	buffer_add_text(job->out, select);
	db_write_part(job, (struct slice){body, end ? (size_t)(end - body) : strlen(body)});
	buffer_print(job->out, "%s%s", order, number);
	if (end) {
		buffer_add_text(job->out, ", ");
		db_write_part(job, slice_of(end + strlen(order)));
	}
}

/* The table's name in quotes, as the engines' questions about tables take it. */
static struct buffer table_quote(struct db *db, const char *name)
{
	struct buffer quoted = {0};
	struct db_text_job job = {.db = db, .out = &quoted};
	write_table(&job, slice_of(name));
	if (quoted.failed)
		db_fail(db, error_memory("looking for a table"));
	return quoted;
}

/* The first number that a question about a table is answered with. */
static int64_t table_ask(struct db *db, const char *sql, const char *name)
{
	struct buffer quoted = table_quote(db, name);
	int64_t answer = db_find(db, sql, 0, DB_VALUES(db_text(buffer_slice(&quoted))));
	buffer_done(&quoted);
	return answer;
}

bool db_has_table(struct db *db, const char *name)
{
	return table_ask(db, db->engine->has_table, name) != 0;
}

bool db_may_number(struct db *db, const char *table)
{
	return !db->engine->may_number || table_ask(db, db->engine->may_number, table) != 0;
}

void db_find_columns(struct db *db, const char *table, struct buffer *all, struct buffer *required)
{
	struct buffer quoted = table_quote(db, table);
	const struct db_value value = db_text(buffer_slice(&quoted));
	struct db_rows rows = db_select(db, db->engine->table_columns, &value, 1);
	while (db_next(&rows)) {
		struct slice name = db_column_text(&rows, 0);
		buffer_print(all, "%.*s,", SLICE_ARG(name));
		if (db_column_int(&rows, 1) != 0)
			buffer_print(required, "%.*s,", SLICE_ARG(name));
	}
	buffer_done(&quoted);
}

void db_rights_all(struct db *db, const char *const *tables, size_t count, uint32_t *rights)
{
	struct buffer quoted[DB_RIGHTS_MAX];
	const char *names[DB_RIGHTS_MAX];
	assert(count <= DB_RIGHTS_MAX);
	for (size_t i = 0; i < count; i++)
		rights[i] = 0;
	for (size_t i = 0; i < count; i++) {
		quoted[i] = table_quote(db, tables[i]);
		buffer_add_char(&quoted[i], '\0');
		if (quoted[i].failed)
			db_fail(db, error_memory("looking for a table"));
		names[i] = quoted[i].bytes;
	}
	if (!db->engine->rights) {
		for (size_t i = 0; i < count; i++)
			rights[i] = db_has_table(db, tables[i]) ? DB_MAY_ALL : DB_IS_ABSENT;
	} else if (!is_error(&db->error)) {
		db->engine->rights(db, names, count, rights);
	}
	for (size_t i = 0; i < count; i++)
		buffer_done(&quoted[i]);
}

uint32_t db_rights(struct db *db, const char *table)
{
	uint32_t rights;
	db_rights_all(db, &table, 1, &rights);
	return rights;
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
	db_leave(&rows);
}

int64_t db_ledger_version(struct db *db)
{
	return db_find(db, "SELECT max(version) FROM {enrold_version}", 0, DB_NONE);
}
