/*
 * postgresql: the engine behind libpq. Questions go as arrays into one statement, many rows in
 * and out by COPY, and what needs no answer is queued (libpq's pipeline) and goes with the next
 * question.
 *
 * A transaction is REPEATABLE READ: it fails rather than write over what somebody else has changed.
 * Nothing lives longer than a transaction on the server (no prepared names, no session settings),
 * so that a pooler may stand between.
 */
#include "postgresql.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUESTIONS_TOGETHER = 5000, QUEUE_MAX = 500 };

/* ---- statements ---- */

/* In a set of questions a value is one of their columns. */
static void write_value(struct db_text_job *job, size_t index)
{
	buffer_print(job->out, job->is_asking ? "v.p%zu" : "$%zu", index + 1);
}

/* The statement is prepared, without a name, as long as the same one comes again. */
static bool queue_prepare(struct postgresql *db, const char *sql, const struct parameters *values)
{
	size_t size = (size_t)values->count * sizeof *values->types;
	if (db->queued_sql == sql && memcmp(db->queued_types, values->types, size) == 0)
		return true;
	const char *text = postgresql_write(db, sql, "");
	if (!text || !PQsendPrepare(db->handle, "", text, values->count, values->types))
		return false;
	db->queued_sql = sql;
	memcpy(db->queued_types, values->types, size);
	return true;
}

static void queue(struct postgresql *db, const char *sql, const struct db_value *values,
    size_t count, bool is_kept)
{
	struct parameters parameters;
	postgresql_copy_end(db);
	if (PQpipelineStatus(db->handle) == PQ_PIPELINE_OFF)
		PQenterPipelineMode(db->handle);
	if (!is_kept)
		db->queued_sql = NULL; /* its address may have been another one's */
	postgresql_parameters(db, &parameters, values, count);
	if (!db_has_failed(&db->db) && (!queue_prepare(db, sql, &parameters) ||
	                                   !PQsendQueryPrepared(db->handle, "", parameters.count,
	                                       parameters.texts, NULL, NULL, 0)))
		db_fail(&db->db, postgresql_error(db, NULL));
	if (!is_kept)
		db->queued_sql = NULL;
	buffer_done(&parameters.copies);
	if (++db->queued == QUEUE_MAX)
		postgresql_flush(db);
}

static void run(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	queue(postgresql_of(base), sql, values, count, true);
}

static void run_once(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	queue(postgresql_of(base), sql, values, count, false);
}

static void script(struct db *base, const char *sql)
{
	struct postgresql *db = postgresql_of(base);
	postgresql_flush(db);
	if (!db_has_failed(base))
		postgresql_check(db, PQexec(db->handle, sql));
}

static int64_t number_of(const char *text)
{
	return *text == 't' ? 1 : strtoll(text, NULL, 10);
}

static int64_t insert(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	PGresult *result =
	    postgresql_execute(postgresql_of(base), sql, " RETURNING id", values, count);
	int64_t id = PQntuples(result) > 0 ? number_of(PQgetvalue(result, 0, 0)) : 0;
	PQclear(result);
	return id;
}

/* ---- questions ---- */

/* One of an array's values; a text is quoted whatever it is. No value of the server equals a text
 * that it does not take, and nothing equals NULL. */
static void element_add(struct buffer *out, const struct db_value *value)
{
	if (value->type == DB_TEXT && value->text.size > 0 && !postgresql_is_text(value->text)) {
		buffer_add_text(out, "NULL");
		return;
	}
	if (value->type == DB_INTEGER) {
		buffer_add_int(out, value->integer);
		return;
	}
	buffer_add_char(out, '"');
	for (size_t i = 0; i < value->text.size; i++) {
		char c = value->text.bytes[i];
		if (c == '"' || c == '\\')
			buffer_add_char(out, '\\');
		buffer_add_char(out, c);
	}
	buffer_add_char(out, '"');
}

/* The columns of `count` questions as arrays. */
static void arrays_make(struct postgresql *db, struct db_value *arrays, struct buffer *texts,
    const struct db_value *values, size_t width, size_t count)
{
	for (size_t column = 0; column < width; column++) {
		texts[column] = (struct buffer){0};
		buffer_add_char(&texts[column], '{');
		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				buffer_add_char(&texts[column], ',');
			element_add(&texts[column], &values[i * width + column]);
		}
		buffer_add_char(&texts[column], '}');
		if (texts[column].failed)
			db_fail(&db->db, error_memory("asking the LMS database"));
		arrays[column] = db_text(buffer_slice(&texts[column]));
	}
}

static void each_write(struct buffer *out, const struct db_value *values, size_t width)
{
	buffer_add_text(out, "unnest(");
	for (size_t i = 0; i < width; i++)
		buffer_print(out, "%s$%zu::%s[]", i > 0 ? ", " : "", i + 1,
		    values[i].type == DB_INTEGER ? "bigint" : "text");
	buffer_add_text(out, ") WITH ORDINALITY AS v(");
	for (size_t i = 0; i < width; i++)
		buffer_print(out, "p%zu, ", i + 1);
	buffer_add_text(out, "n)");
}

/*
 * The statement for one question, once for each of an array: OFFSET 0 keeps the planner from
 * turning it into a join, for which tables that were never analysed mislead it.
 */
static PGresult *ask(struct postgresql *db, const char *sql, const struct db_value *values,
    size_t width, size_t count)
{
	struct db_value arrays[DB_COLUMNS_MAX];
	struct buffer texts[DB_COLUMNS_MAX];
	struct parameters parameters;
	PGresult *result = NULL;
	struct db_text_job job = {.db = &db->db, .out = &db->text, .is_asking = true};
	buffer_clear(&db->text);
	buffer_add_text(&db->text, "SELECT v.n, q.* FROM ");
	each_write(&db->text, values, width);
	buffer_add_text(&db->text, ", LATERAL (");
	db_write_out(&job, sql);
	buffer_add_text(&db->text, " OFFSET 0) AS q");
	const char *text = postgresql_text_end(db);
	arrays_make(db, arrays, texts, values, width, count);
	postgresql_parameters(db, &parameters, arrays, width);
	if (!db_has_failed(&db->db))
		result = postgresql_query(db, text, parameters.count, NULL, parameters.texts);
	buffer_done(&parameters.copies);
	for (size_t i = 0; i < width; i++)
		buffer_done(&texts[i]);
	return postgresql_good(db, result);
}

/* The next questions, as many as go together. */
static bool questions_begin(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	size_t left = rows->count - rows->next;
	size_t together = left < QUESTIONS_TOGETHER ? left : QUESTIONS_TOGETHER;
	const struct db_value *values = rows->values + rows->next * rows->width;
	if (left == 0)
		return false;
	rows->result = rows->tags ? ask(db, rows->sql, values, rows->width, together)
	                          : postgresql_execute(db, rows->sql, "", values, rows->width);
	rows->row = 0;
	rows->next += together;
	rows->tag_base = rows->next - together;
	return rows->result;
}

/* `row` is one on while a row is being looked at. */
static bool row_take(struct db_rows *rows)
{
	if (rows->row == (size_t)PQntuples(rows->result))
		return false;
	if (rows->tags)
		rows->tag =
		    rows->tags[rows->tag_base - 1 +
		               (size_t)number_of(PQgetvalue(rows->result, (int)rows->row, 0))];
	rows->row++;
	return true;
}

static void leave(struct db_rows *rows)
{
	if (rows->is_scan)
		postgresql_scan_end(rows);
	else
		PQclear(rows->result);
}

static bool next(struct db_rows *rows)
{
	if (rows->is_scan)
		return postgresql_scan_next(rows);
	while (rows->result || questions_begin(rows)) {
		if (row_take(rows))
			return true;
		PQclear(rows->result);
		rows->result = NULL;
	}
	return false;
}

static int columns(const struct db_rows *rows)
{
	return PQnfields(rows->result) - (rows->tags ? 1 : 0);
}

static int64_t column_int(const struct db_rows *rows, int column)
{
	if (rows->is_scan)
		return postgresql_scan_int(rows, column);
	return number_of(
	    PQgetvalue(rows->result, (int)rows->row - 1, column + (rows->tags ? 1 : 0)));
}

static struct slice column_text(const struct db_rows *rows, int column)
{
	if (rows->is_scan)
		return postgresql_scan_text(rows, column);
	int row = (int)rows->row - 1, place = column + (rows->tags ? 1 : 0);
	if (PQgetisnull(rows->result, row, place))
		return (struct slice){NULL, 0};
	return (struct slice){
	    PQgetvalue(rows->result, row, place), (size_t)PQgetlength(rows->result, row, place)};
}

static void find_spellings(struct db *base, const struct db_column *column,
    const struct db_questions *questions, struct db_questions *spellings)
{
	struct postgresql *db = postgresql_of(base);
	struct slice sql = arena_print(spellings->arena,
	    "SELECT v.n, t.%s FROM unnest(?1::text[]) WITH ORDINALITY AS v(p1, n) JOIN {%s} t ON "
	    "%.*slower(rtrim(t.%s)) = lower(v.p1)",
	    column->column, column->table, SLICE_ARG(db_condition(column, "t.", spellings->arena)),
	    column->column);
	struct db_value array;
	struct buffer text;
	arrays_make(db, &array, &text, questions->values, 1, questions->count);
	PGresult *result = db_has_failed(base) || arena_has_failed(spellings->arena)
	                       ? NULL
	                       : postgresql_execute(db, sql.bytes, "", &array, 1);
	buffer_done(&text);
	for (int i = 0; i < PQntuples(result); i++) {
		size_t asked = (size_t)number_of(PQgetvalue(result, i, 0)) - 1;
		struct slice spelling = slice_of(PQgetvalue(result, i, 1));
		if (db_is_spelling(spelling, questions->values[asked].text))
			db_question(spellings, questions->tag[asked],
			    DB_VALUES(db_text(arena_copy(spellings->arena, spelling))));
	}
	PQclear(result);
}

/* ---- transactions ---- */

/* The lock comes before the snapshot, which the first look takes. */
static void begin(struct db *base, unsigned patience_s)
{
	struct postgresql *db = postgresql_of(base);
	static const char settings[] = "BEGIN ISOLATION LEVEL REPEATABLE READ;"
	                               "SET LOCAL lock_timeout = '30s';"
	                               "SET LOCAL statement_timeout = '100s';"
	                               "SET LOCAL idle_in_transaction_session_timeout = '20s';"
	                               "SET LOCAL max_parallel_workers_per_gather = 0;";
	char sql[512];
	int size = snprintf(sql, sizeof sql, "%s", settings);
	if (patience_s > 0)
		snprintf(sql + size, sizeof sql - (size_t)size,
		    "SET LOCAL lock_timeout = '%us';"
		    "LOCK TABLE enrold.enrold_lock IN EXCLUSIVE MODE;"
		    "SET LOCAL lock_timeout = '30s';",
		    patience_s);
	db->is_begun = true;
	script(base, sql);
}

static void commit(struct db *base)
{
	struct postgresql *db = postgresql_of(base);
	postgresql_flush(db);
	if (db_has_failed(base) || !db->is_begun)
		return;
	bool was_inside = PQtransactionStatus(db->handle) != PQTRANS_IDLE;
	PGresult *result = PQexec(db->handle, "COMMIT");
	bool was_undone = PQresultStatus(result) == PGRES_COMMAND_OK &&
	                  strcmp(PQcmdStatus(result), "COMMIT") != 0;
	if (postgresql_check(db, result) && (was_undone || !was_inside))
		db_fail(base, error_retry("%s: the transaction was rolled back", base->name));
	db->is_begun = false;
}

static void rollback(struct db *base)
{
	struct postgresql *db = postgresql_of(base);
	postgresql_flush(db);
	if (PQstatus(db->handle) == CONNECTION_OK &&
	    PQtransactionStatus(db->handle) != PQTRANS_IDLE)
		PQclear(PQexec(db->handle, "ROLLBACK"));
	db->is_begun = false;
}

/* The server may have said something other than goodbye, about a setting for instance. */
static bool is_alive(struct db *base)
{
	PGconn *handle = postgresql_of(base)->handle;
	/* Twice: the server's last words hide that it has gone. */
	for (int i = 0; i < 2; i++)
		if (PQconsumeInput(handle) != 1)
			return false;
	return PQstatus(handle) == CONNECTION_OK;
}

const struct engine postgresql_engine = {
    .scheme = "postgresql://",
    .is_server = true,
    .has_catalogue = true,
    .open = postgresql_open,
    .close = postgresql_close,
    .is_alive = is_alive,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .run = run,
    .run_once = run_once,
    .insert = insert,
    .insert_all = postgresql_insert_all,
    .insert_ahead = postgresql_insert_ahead,
    .next = next,
    .leave = leave,
    .columns = columns,
    .column_int = column_int,
    .column_text = column_text,
    .find_spellings = find_spellings,
    .session = "SELECT pg_backend_pid()",
    .waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND CAST(?1 AS integer) = ANY "
               "(pg_blocking_pids(pid))",
    .describe = "SELECT 'PostgreSQL ' || current_setting('server_version') || ', ' || "
                "current_setting('server_encoding') || ', letter case by ' || datctype FROM "
                "pg_database WHERE datname = current_database()",
    .clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    .has_table = "SELECT 1 WHERE to_regclass(?1) IS NOT NULL",
    .table_columns =
        "SELECT attname, CASE WHEN attnotnull AND NOT atthasdef AND attidentity = '' "
        "THEN 1 ELSE 0 END FROM {each}pg_attribute WHERE attrelid = to_regclass(?1) AND "
        "attnum > 0 AND NOT attisdropped ORDER BY attnum",
    .may_number = "SELECT coalesce(has_sequence_privilege(pg_get_serial_sequence(?1, 'id'), "
                  "'USAGE'), true)",
    .rights = postgresql_rights,
    .quote = '"',
    .ledger = "\"enrold\".",
    .lock = "FOR UPDATE",
    .is_exact = true,
    .value = write_value,
    .schema = "CREATE SCHEMA IF NOT EXISTS \"enrold\";",
    .text_type = "text",
    .table_end = "",
};
