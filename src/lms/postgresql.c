/*
 * postgresql: the engine behind libpq. Questions go as arrays into one statement, new rows by COPY
 * with ids taken from their sequence beforehand (the server writes them while we make the next), and what needs no answer is queued (libpq's
 * pipeline) until an answer is needed.
 *
 * A transaction is REPEATABLE READ: it fails rather than write over what somebody else has changed.
 * Nothing lives longer than a transaction on the server (no prepared names, no session settings),
 * so that a pooler may stand between.
 */
#include "engine.h"
#include "server.h"

#include "enrold/value.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { OID_INT8 = 20, OID_INFERRED = 0 }; /* a text may be a number to its column */
enum { QUESTIONS_TOGETHER = 5000, QUEUE_MAX = 500, COPY_PIECE = 64 << 10 };

struct postgresql {
	struct db db;
	char name[256];
	PGconn *handle;
	size_t queued;          /* statements without an answer yet */
	const char *queued_sql; /* of the statement prepared last, while the queue lasts */
	Oid queued_types[DB_COLUMNS_MAX];
	struct buffer text; /* of the statement being written */
	/* Rows go on into a COPY until something else is to be done. */
	const struct db_table *copying;
	bool copies_ids;
	/* Ids that rows yet to come will have. */
	const struct db_table *ahead;
	int64_t *ahead_ids;
	size_t ahead_count, ahead_used;
};

static struct postgresql *postgresql_of(struct db *db)
{
	return (struct postgresql *)db;
}

/* ---- errors ---- */

/* What waiting cannot mend: no right, no such table or column, a value that does not fit. */
static bool is_lasting(const char *state)
{
	static const char *const classes[] = {"0A", "22", "23", "28", "3D", "3F", "42"};
	if (strcmp(state, "23505") == 0)
		return false; /* somebody else was faster: look again */
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strncmp(state, classes[i], 2) == 0)
			return true;
	return false;
}

/* One line of libpq's several. */
static struct error error_of(const struct postgresql *db, const PGresult *result)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	if (!text)
		text = PQerrorMessage(db->handle);
	int length = (int)strcspn(text, "\n");
	if (state && is_lasting(state))
		return error_config("%s: %.*s", db->db.name, length, text);
	return error_retry("%s: %.*s", db->db.name, length, text);
}

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN ||
	       status == PGRES_COPY_OUT ||	       status == PGRES_PIPELINE_SYNC;
}

/* Takes the result; true when it is good. */
static bool check(struct postgresql *db, PGresult *result)
{
	bool good = is_good(result);
	if (!good)
		db_fail(&db->db, error_of(db, result));
	PQclear(result);
	return good;
}

/* ---- the queue ---- */

static void copy_end(struct postgresql *db)
{
	if (!db->copying)
		return;
	db->copying = NULL;
	if (PQputCopyEnd(db->handle, db_has_failed(&db->db) ? "stopped" : NULL) != 1)
		db_fail(&db->db, error_of(db, NULL));
	for (PGresult *result; (result = PQgetResult(db->handle));)
		check(db, result);
}

/* All that waits is done when this returns. */
static void queue_flush(struct postgresql *db)
{
	copy_end(db);
	if (PQpipelineStatus(db->handle) == PQ_PIPELINE_OFF)
		return;
	bool is_synced = !PQpipelineSync(db->handle);
	if (is_synced)
		db_fail(&db->db, error_of(db, NULL));
	while (!is_synced && PQstatus(db->handle) == CONNECTION_OK) {
		PGresult *result = PQgetResult(db->handle);
		if (!result)
			continue; /* between two statements */
		is_synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
			PQclear(result); /* because of an earlier one, whose error is known */
		else
			check(db, result);
	}
	if (PQstatus(db->handle) != CONNECTION_OK)
		db_fail(&db->db, error_of(db, NULL));
	PQexitPipelineMode(db->handle);
	db->queued = 0;
	db->queued_sql = NULL;
}

/* ---- statements ---- */

/* In a set of questions a value is a column of theirs. */
static void write_value(struct db_text_job *job, size_t index)
{
	buffer_print(job->out, job->is_asking ? "v.p%zu" : "$%zu", index + 1);
}

/* NULL: no memory, which has been noted. */
static const char *text_end(struct postgresql *db)
{
	buffer_add_char(&db->text, '\0');
	if (!db->text.failed)
		return db->text.bytes;
	db_fail(&db->db, error_memory("writing a statement"));
	return NULL;
}

static const char *write_out(struct postgresql *db, const char *sql, const char *end)
{
	struct db_text_job job = {.db = &db->db, .out = &db->text};
	buffer_clear(&db->text);
	db_write_out(&job, sql);
	buffer_add_text(&db->text, end);
	return text_end(db);
}

/* Values as libpq wants them: texts that end with NUL. */
struct parameters {
	int count;
	const char *texts[DB_COLUMNS_MAX];
	Oid types[DB_COLUMNS_MAX];
	char numbers[DB_COLUMNS_MAX][24];
	struct buffer copies;
};

static void parameters_make(
    struct postgresql *db, struct parameters *out, const struct db_value *values, size_t count)
{
	size_t places[DB_COLUMNS_MAX];
	out->count = (int)count;
	out->copies = (struct buffer){0};
	for (size_t i = 0; i < count; i++) {
		out->types[i] = values[i].type == DB_INTEGER ? OID_INT8 : OID_INFERRED;
		out->texts[i] = NULL;
		places[i] = out->copies.size;
		if (values[i].type == DB_INTEGER) {
			snprintf(out->numbers[i], sizeof out->numbers[i], "%lld",
			    (long long)values[i].integer);
			out->texts[i] = out->numbers[i];
		} else if (values[i].type == DB_TEXT) {
			buffer_add(&out->copies, values[i].text.bytes, values[i].text.size);
			buffer_add_char(&out->copies, '\0');
		}
	}
	for (size_t i = 0; i < count && !out->copies.failed; i++)
		if (values[i].type == DB_TEXT)
			out->texts[i] = out->copies.bytes + places[i];
	if (out->copies.failed)
		db_fail(&db->db, error_memory("writing a statement"));
}

/* NULL after an error. */
static PGresult *execute(struct postgresql *db, const char *sql, const char *end,
    const struct db_value *values, size_t count)
{
	struct parameters parameters;
	PGresult *result = NULL;
	queue_flush(db);
	parameters_make(db, &parameters, values, count);
	const char *text = write_out(db, sql, end);
	if (!db_has_failed(&db->db))
		result = PQexecParams(db->handle, text, parameters.count, parameters.types,
		    parameters.texts, NULL, NULL, 0);
	buffer_done(&parameters.copies);
	if (db_has_failed(&db->db) || is_good(result))
		return result;
	check(db, result);
	return NULL;
}

/* The statement is prepared, without a name, as long as the same one comes again. */
static bool queue_prepare(struct postgresql *db, const char *sql, const struct parameters *values)
{
	size_t size = (size_t)values->count * sizeof *values->types;
	if (db->queued_sql == sql && memcmp(db->queued_types, values->types, size) == 0)
		return true;
	const char *text = write_out(db, sql, "");
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
	copy_end(db);
	if (PQpipelineStatus(db->handle) == PQ_PIPELINE_OFF)
		PQenterPipelineMode(db->handle);
	if (!is_kept)
		db->queued_sql = NULL; /* its address may be that of another one before */
	parameters_make(db, &parameters, values, count);
	if (!db_has_failed(&db->db) && (!queue_prepare(db, sql, &parameters) ||
	                                   !PQsendQueryPrepared(db->handle, "", parameters.count,
	                                       parameters.texts, NULL, NULL, 0)))
		db_fail(&db->db, error_of(db, NULL));
	if (!is_kept)
		db->queued_sql = NULL;
	buffer_done(&parameters.copies);
	if (++db->queued == QUEUE_MAX)
		queue_flush(db);
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
	queue_flush(db);
	if (!db_has_failed(base))
		check(db, PQexec(db->handle, sql));
}

static int64_t number_of(const char *text)
{
	return *text == 't' ? 1 : strtoll(text, NULL, 10);
}

static int64_t insert(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	PGresult *result = execute(postgresql_of(base), sql, " RETURNING id", values, count);
	int64_t id = PQntuples(result) > 0 ? number_of(PQgetvalue(result, 0, 0)) : 0;
	PQclear(result);
	return id;
}

/* ---- questions ---- */

/* Nothing that the server has equals a text that it does not take, and nothing equals NULL. */
static bool is_text(struct slice text)
{
	return value_check(text) != VALUE_NOT_UTF8 && !memchr(text.bytes, '\0', text.size);
}

/* One of an array's values; a text is quoted whatever it is. */
static void element_add(struct buffer *out, const struct db_value *value)
{
	if (value->type == DB_TEXT && value->text.size > 0 && !is_text(value->text)) {
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
 * turning it into a join, for which tables that were never analysed mislead it (pitfalls 4).
 */
static PGresult *ask(struct postgresql *db, const char *sql, const struct db_value *values,
    size_t width, size_t count)
{
	struct db_value arrays[DB_COLUMNS_MAX];
	struct buffer texts[DB_COLUMNS_MAX];
	struct parameters parameters;
	PGresult *result = NULL;
	queue_flush(db);
	struct db_text_job job = {.db = &db->db, .out = &db->text, .is_asking = true};
	buffer_clear(&db->text);
	buffer_add_text(&db->text, "SELECT v.n, q.* FROM ");
	each_write(&db->text, values, width);
	buffer_add_text(&db->text, ", LATERAL (");
	db_write_out(&job, sql);
	buffer_add_text(&db->text, " OFFSET 0) AS q");
	const char *text = text_end(db);
	arrays_make(db, arrays, texts, values, width, count);
	parameters_make(db, &parameters, arrays, width);
	if (!db_has_failed(&db->db))
		result = PQexecParams(
		    db->handle, text, parameters.count, NULL, parameters.texts, NULL, NULL, 0);
	buffer_done(&parameters.copies);
	for (size_t i = 0; i < width; i++)
		buffer_done(&texts[i]);
	if (db_has_failed(&db->db) || is_good(result))
		return result;
	check(db, result);
	return NULL;
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
	rows->result = rows->abouts ? ask(db, rows->sql, values, rows->width, together)
	                            : execute(db, rows->sql, "", values, rows->width);
	rows->row = 0;
	rows->next += together;
	rows->about_base = rows->next - together;
	return rows->result;
}

/* ---- whole tables, by COPY: a result would hold them all ---- */

/* What stands in front of the first row: a signature, flags, and the size of nothing. */
enum { SCAN_HEAD = 19 };

static bool scan_begin(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	struct db_text_job job = {.db = &db->db, .out = &db->text};
	if (rows->next == rows->count)
		return false;
	rows->next = rows->count;
	queue_flush(db);
	buffer_clear(&db->text);
	buffer_add_text(&db->text, "COPY (");
	db_write_out(&job, rows->sql);
	buffer_add_text(&db->text, ") TO STDOUT (FORMAT binary)");
	const char *text = text_end(db);
	if (db_has_failed(&db->db) || !check(db, PQexec(db->handle, text)))
		return false;
	rows->result = db->handle;
	return true;
}

static void scan_end(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	char *rest;
	PQfreemem(rows->current);
	rows->current = NULL;
	while (PQgetCopyData(db->handle, &rest, 0) > 0)
		PQfreemem(rest);
	for (PGresult *result; (result = PQgetResult(db->handle));)
		check(db, result);
}

static bool is_head(const char *piece, int size)
{
	return size >= SCAN_HEAD && memcmp(piece, "PGCOPY\n", 7) == 0;
}

/* A row is the number of its fields, each with its size in front; behind the last row it is -1. */
static bool scan_next(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	int size;
	do {
		char *piece = NULL;
		PQfreemem(rows->current);
		size = PQgetCopyData(db->handle, &piece, 0);
		rows->current = piece;
		rows->row = piece && is_head(piece, size) ? SCAN_HEAD : 0;
	} while (size > 0 && (size_t)size == rows->row);
	return size > 0 && ((const char *)rows->current)[rows->row] == 0;
}

static int64_t number_parse(struct slice bytes)
{
	uint64_t number = bytes.size > 0 && bytes.bytes[0] < 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < bytes.size; i++)
		number = number << 8 | (unsigned char)bytes.bytes[i];
	return (int64_t)number;
}

static struct slice scan_field(const struct db_rows *rows, int column)
{
	const char *at = (const char *)rows->current + rows->row + 2;
	for (;; column--) {
		int64_t size = number_parse((struct slice){at, 4});
		at += 4;
		if (column == 0)
			return (struct slice){size < 0 ? NULL : at, size < 0 ? 0 : (size_t)size};
		at += size < 0 ? 0 : size;
	}
}

/* `row` is one on while a row is being looked at. */
static bool row_take(struct db_rows *rows)
{
	if (rows->row == (size_t)PQntuples(rows->result))
		return false;
	if (rows->abouts)
		rows->about = rows->abouts[rows->about_base - 1 +
		                           (size_t)number_of(
		                               PQgetvalue(rows->result, (int)rows->row, 0))];
	rows->row++;
	return true;
}

static void leave(struct db_rows *rows)
{
	if (rows->is_scan)
		scan_end(rows);
	else
		PQclear(rows->result);
}

static bool next(struct db_rows *rows)
{
	if (rows->is_scan)
		return (rows->result || scan_begin(rows)) && scan_next(rows);
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
	return PQnfields(rows->result) - (rows->abouts ? 1 : 0);
}

static int64_t column_int(const struct db_rows *rows, int column)
{
	if (rows->is_scan)
		return number_parse(scan_field(rows, column));
	return number_of(
	    PQgetvalue(rows->result, (int)rows->row - 1, column + (rows->abouts ? 1 : 0)));
}

static struct slice column_text(const struct db_rows *rows, int column)
{
	if (rows->is_scan)
		return scan_field(rows, column);
	int row = (int)rows->row - 1, place = column + (rows->abouts ? 1 : 0);
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
	    "lower(t.%s) = lower(v.p1)",
	    column->column, column->table, column->column);
	struct db_value array;
	struct buffer text;
	arrays_make(db, &array, &text, questions->values, 1, questions->count);
	PGresult *result = db_has_failed(base) || arena_has_failed(spellings->arena)
	                       ? NULL
	                       : execute(db, sql.bytes, "", &array, 1);
	buffer_done(&text);
	for (int i = 0; i < PQntuples(result); i++) {
		size_t asked = (size_t)number_of(PQgetvalue(result, i, 0)) - 1;
		struct slice spelling = slice_of(PQgetvalue(result, i, 1));
		if (db_is_spelling(spelling, questions->values[asked].text))
			db_question(spellings, questions->about[asked],
			    DB_VALUES(db_text(arena_copy(spellings->arena, spelling))));
	}
	PQclear(result);
}

/* ---- many rows ---- */

static void copy_add(struct buffer *out, const struct db_value *value)
{
	static const char special[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";
	if (value->type == DB_NULL)
		buffer_add_text(out, "\\N");
	if (value->type == DB_INTEGER)
		buffer_add_int(out, value->integer);
	if (value->type != DB_TEXT)
		return;
	for (size_t i = 0; i < value->text.size; i++) {
		char c = value->text.bytes[i];
		const char *found = c == '\0' ? NULL : strchr(special, c);
		if (found)
			buffer_add_char(out, '\\');
		buffer_add_char(out, found ? letters[found - special] : c);
	}
}

static void copy_put(struct postgresql *db, struct buffer *piece)
{
	if (piece->failed)
		db_fail(&db->db, error_memory("writing rows"));
	else if (PQputCopyData(db->handle, piece->bytes, (int)piece->size) != 1)
		db_fail(&db->db, error_of(db, NULL));
	buffer_clear(piece);
}

static void copy_rows(struct postgresql *db, const struct db_table *table,
    const struct db_value *values, size_t count, const int64_t *ids)
{
	struct buffer piece = {0};
	for (size_t i = 0; i < count && !db_has_failed(&db->db); i++) {
		if (ids) {
			buffer_add_int(&piece, ids[i]);
			buffer_add_char(&piece, '\t');
		}
		for (size_t column = 0; column < table->width; column++) {
			if (column > 0)
				buffer_add_char(&piece, '\t');
			copy_add(&piece, &values[i * table->width + column]);
		}
		buffer_add_char(&piece, '\n');
		if (piece.size >= COPY_PIECE || i + 1 == count)
			copy_put(db, &piece);
	}
	buffer_done(&piece);
}

/* From the sequence, before the rows are written: COPY tells no ids. */
static void ids_take(
    struct postgresql *db, const struct db_table *table, size_t count, int64_t *ids)
{
	char sql[256];
	snprintf(sql, sizeof sql,
	    "SELECT nextval(s.name) FROM (SELECT pg_get_serial_sequence('{%s}', "
	    "'id')::regclass AS name OFFSET 0) AS s, generate_series(1, ?1)",
	    table->name);
	PGresult *result = execute(db, sql, "", DB_VALUES(db_int((int64_t)count)));
	for (int i = 0; i < PQntuples(result) && (size_t)i < count; i++)
		ids[i] = number_of(PQgetvalue(result, i, 0));
	PQclear(result);
}

static void insert_ahead(struct db *base, const struct db_table *table, size_t count)
{
	struct postgresql *db = postgresql_of(base);
	int64_t *grown = reallocarray(db->ahead_ids, count, sizeof *grown);
	db->ahead = NULL;
	if (!grown)
		return; /* they are asked for in smaller numbers */
	db->ahead_ids = grown;
	ids_take(db, table, count, db->ahead_ids);
	db->ahead = table;
	db->ahead_count = count;
	db->ahead_used = 0;
}

static void ids_find(
    struct postgresql *db, const struct db_table *table, size_t count, int64_t *ids)
{
	if (db->ahead != table || db->ahead_count - db->ahead_used < count) {
		ids_take(db, table, count, ids);
		return;
	}
	memcpy(ids, db->ahead_ids + db->ahead_used, count * sizeof *ids);
	db->ahead_used += count;
}

static void copy_begin(struct postgresql *db, const struct db_table *table, bool copies_ids)
{
	char sql[1536];
	if (db->copying == table && db->copies_ids == copies_ids)
		return;
	queue_flush(db);
	snprintf(sql, sizeof sql, "COPY {%s} (%s%s) FROM STDIN", table->name,
	    copies_ids ? "id, " : "", table->columns);
	const char *text = write_out(db, sql, "");
	if (db_has_failed(&db->db) || !check(db, PQexec(db->handle, text)))
		return;
	db->copying = table;
	db->copies_ids = copies_ids;
}

static void insert_all(struct db *base, const struct db_table *table, const struct db_value *values,
    size_t count, int64_t *ids)
{
	struct postgresql *db = postgresql_of(base);
	if (ids)
		ids_find(db, table, count, ids);
	copy_begin(db, table, ids);
	if (!db_has_failed(base))
		copy_rows(db, table, values, count, ids);
}

/* ---- transactions ---- */

/* The lock comes before the snapshot, which the first look takes. */
static void begin(struct db *base, bool is_alone)
{
	static const char settings[] = "BEGIN ISOLATION LEVEL REPEATABLE READ;"
	                               "SET LOCAL lock_timeout = '30s';"
	                               "SET LOCAL statement_timeout = '100s';"
	                               "SET LOCAL idle_in_transaction_session_timeout = '1min';"
	                               "SET LOCAL max_parallel_workers_per_gather = 0;";
	char sql[512];
	snprintf(sql, sizeof sql, "%s%s", settings,
	    is_alone ? "LOCK TABLE enrold.enrold_lock IN EXCLUSIVE MODE;" : "");
	script(base, sql);
}

static void commit(struct db *base)
{
	struct postgresql *db = postgresql_of(base);
	queue_flush(db);
	if (db_has_failed(base) || PQtransactionStatus(db->handle) == PQTRANS_IDLE)
		return;
	PGresult *result = PQexec(db->handle, "COMMIT");
	bool was_undone = is_good(result) && strcmp(PQcmdStatus(result), "COMMIT") != 0;
	if (check(db, result) && was_undone)
		db_fail(base, error_retry("%s: the transaction was rolled back", base->name));
}

static void rollback(struct db *base)
{
	struct postgresql *db = postgresql_of(base);
	queue_flush(db);
	if (PQstatus(db->handle) == CONNECTION_OK &&
	    PQtransactionStatus(db->handle) != PQTRANS_IDLE)
		PQclear(PQexec(db->handle, "ROLLBACK"));
}

/* ---- connection ---- */

static void postgresql_close(struct db *base)
{
	struct postgresql *db = postgresql_of(base);
	PQfinish(db->handle);
	buffer_done(&db->text);
	free(db->ahead_ids);
	free(db);
}

static const char *option_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options && options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/* Whether nobody can listen, so that a certificate is not asked for: a list of hosts counts as far,
 * and whoever names a CA means it. */
static bool is_local(const PQconninfoOption *options)
{
	if (option_of(options, "sslrootcert"))
		return false;
	const char *host = option_of(options, "host");
	const char *address = option_of(options, "hostaddr");
	return server_is_local(host) && server_is_local(address) && !(host && strchr(host, ','));
}

/* Libpq's lines: one for each host that it has tried, and further address of one. What it indents
 * only explains. */
static struct error connect_error(const struct postgresql *db)
{
	char lines[sizeof(struct error)] = "";
	size_t used = 0;
	for (const char *line = PQerrorMessage(db->handle); *line;) {
		size_t size = strcspn(line, "\n");
		if (*line != '\t' && used < sizeof lines)
			used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%.*s",
			    used > 0 ? "; " : "", (int)size, line);
		line += size + (line[size] == '\n');
	}
	return error_retry("%s: %s", db->db.name, lines);
}

/* Libpq would print it between the lines of the log. What matters shows in a result. */
static void on_notice(void *context, const char *text)
{
	(void)context, (void)text;
}

static void connect_with(struct postgresql *db, const PQconninfoOption *options)
{
	char password[PASSWORD_SIZE];
	struct error error = password_credential(password);
	if (is_error(&error)) {
		db_fail(&db->db, error);
		return;
	}
	/* What stands before dbname gives way to what the URL says, what stands behind does not.
	 * The URL's own password and passfile come before the credential. */
	const char *const keywords[] = {"connect_timeout", "keepalives_idle", "keepalives_interval",
	    "keepalives_count", "tcp_user_timeout", "target_session_attrs",
	    "fallback_application_name", "sslmode", "dbname", "client_encoding",
	    *password ? "password" : NULL, NULL};
	bool asks_credential = !option_of(options, "password") && !option_of(options, "passfile");
	const char *const values[] = {"10", "30", "10", "3", "30000", "read-write", "enrold",
	    is_local(options) ? "prefer" : "verify-full", db->db.options->url, "UTF8",
	    asks_credential ? password : NULL, NULL};
	db->handle = PQconnectdbParams(keywords, values, 1);
	memset(password, 0, sizeof password);
	PQsetNoticeProcessor(db->handle, on_notice, NULL); /* NULL: nothing */
	if (!db->handle)
		db_fail(&db->db, error_memory("opening the LMS database"));
	else if (PQstatus(db->handle) != CONNECTION_OK && PQconnectionNeedsPassword(db->handle))
		db_fail(&db->db, error_config("%s wants a password: see lms.url", db->db.name));
	else if (PQstatus(db->handle) != CONNECTION_OK)
		db_fail(&db->db, connect_error(db));
}

/* Whom and what, and nothing that is secret. */
static void name_make(struct postgresql *db, const PQconninfoOption *options)
{
	const char *host = option_of(options, "host"), *base = option_of(options, "dbname");
	snprintf(
	    db->name, sizeof db->name, "postgresql://%s/%s", host ? host : "", base ? base : "");
	db->db.name = db->name;
}

static struct error postgresql_open(
    const struct lms_options *options, enum db_mode mode, struct db **result)
{
	(void)mode;
	struct postgresql *db = calloc(1, sizeof *db);
	PQconninfoOption *parsed = PQconninfoParse(options->url, NULL);
	struct error error = OK;
	if (!db)
		error = error_memory("opening the LMS database");
	else if (!parsed)
		error = error_config("lms.url is not a URL that libpq understands");
	if (is_error(&error)) {
		PQconninfoFree(parsed);
		free(db);
		return error;
	}
	db->db = (struct db){.engine = &postgresql_engine, .options = options, .error = OK};
	name_make(db, parsed);
	connect_with(db, parsed);
	PQconninfoFree(parsed);
	error = db->db.error;
	if (is_error(&error))
		postgresql_close(&db->db);
	else
		*result = &db->db;
	return error;
}

const struct engine postgresql_engine = {
    .scheme = "postgresql://",
    .open = postgresql_open,
    .close = postgresql_close,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .run = run,
    .run_once = run_once,
    .insert = insert,
    .insert_all = insert_all,
    .insert_ahead = insert_ahead,
    .next = next,
    .leave = leave,
    .columns = columns,
    .column_int = column_int,
    .column_text = column_text,
    .find_spellings = find_spellings,
    .describe = "SELECT 'PostgreSQL ' || current_setting('server_version') || ', ' || "
                "current_setting('server_encoding') || ', letter case by ' || datctype FROM "
                "pg_database WHERE datname = current_database()",
    .has_table = "SELECT 1 WHERE to_regclass(?1) IS NOT NULL",
    .quote = '"',
    .ledger = "\"enrold\".",
    .lock = "FOR UPDATE",
    .is_exact = true,
    .value = write_value,
    .schema = "CREATE SCHEMA IF NOT EXISTS \"enrold\";",
    .text_type = "text",
    .table_end = "",
};
