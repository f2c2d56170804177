/*
 * mariadb: the engine behind libmariadb. Values are written into the statements, escaped by the
 * library for the connection's character set. Questions go as a table of values that is joined
 * first, new rows as many at a time as a packet takes (by arrays, where nobody wants their ids),
 * and what needs no answer is queued until an answer is needed.
 *
 * A transaction is a snapshot: it fails rather than write over what somebody else has changed.
 *
 * A node of a Galera cluster undoes an open transaction when another node was faster. It tells the
 * next statement, but not the rest of a query of several, nor of an array of rows: these begin a
 * new transaction and succeed. So they go one by one there; each answer has to say that the
 * transaction is still open; and only our own COMMIT stores anything, because autocommit is off
 * meanwhile (db.c has the rest).
 */
#include "mariadb.h"

#include "mariadb_bulk.h"

#include <assert.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUESTIONS_TOGETHER = 5000, QUEUE_MAX = 500, TEXT_MAX = 512 << 10 };
/* Fewer rows are not worth a statement prepared for them. */
enum { BULK_MIN = 100 };

/* ---- writing statements ---- */

static void text_write(struct mariadb *db, struct buffer *out, struct slice text)
{
	char piece[2 * 256 + 1];
	buffer_add_char(out, '\'');
	while (text.size > 0) {
		size_t size = text.size < 256 ? text.size : 256;
		/* Not through the middle of a character. */
		while (size < text.size && size > 1 && (text.bytes[size] & 0xC0) == 0x80)
			size--;
		unsigned long length =
		    mysql_real_escape_string(db->handle, piece, text.bytes, size);
		buffer_add(out, piece, length);
		text.bytes += size;
		text.size -= size;
	}
	buffer_add_char(out, '\'');
}

static void value_write(struct mariadb *db, struct buffer *out, const struct db_value *value)
{
	if (value->type == DB_INTEGER)
		buffer_add_int(out, value->integer);
	else if (value->type == DB_TEXT)
		text_write(db, out, value->text);
	else
		buffer_add_text(out, "NULL");
}

/* In a set of questions a value is one of their columns. */
static void write_value(struct db_text_job *job, size_t index)
{
	assert(job->is_asking || index < job->count);
	if (job->is_asking)
		buffer_print(job->out, "v.p%zu", index + 1);
	else
		value_write(mariadb_of(job->db), job->out, &job->values[index]);
}

static void values_write(struct mariadb *db, const struct db_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_add_char(&db->text, ',');
		value_write(db, &db->text, &values[i]);
	}
}

/* ---- statements without an answer ---- */

static void run(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	struct mariadb *db = mariadb_of(base);
	struct db_text_job job = {.db = base, .out = &db->queue, .values = values, .count = count};
	db_write_out(&job, sql);
	buffer_add_char(&db->queue, ';');
	if (++db->queued == QUEUE_MAX || db->queue.size >= TEXT_MAX || db->is_galera)
		mariadb_flush(db);
}

static void script(struct db *base, const char *sql)
{
	struct mariadb *db = mariadb_of(base);
	mariadb_flush(db);
	if (db_has_failed(base))
		return;
	buffer_clear(&db->text);
	buffer_add_text(&db->text, sql);
	if (mariadb_send(db, &db->text))
		mariadb_drop_answers(db);
}

static int64_t insert(struct db *base, const char *sql, const struct db_value *values, size_t count)
{
	mysql_free_result(mariadb_execute(mariadb_of(base), sql, values, count, false));
	return db_has_failed(base) ? 0 : (int64_t)mysql_insert_id(mariadb_of(base)->handle);
}

/* ---- questions ---- */

static MYSQL_RES *ask(
    struct mariadb *db, const char *sql, const struct db_value *values, size_t width, size_t count)
{
	struct buffer *text = &db->text;
	mariadb_flush(db);
	buffer_clear(text);
	buffer_add_text(text, "WITH v(n");
	for (size_t i = 0; i < width; i++)
		buffer_print(text, ",p%zu", i + 1);
	buffer_add_text(text, ") AS (VALUES ");
	for (size_t i = 0; i < count; i++) {
		buffer_print(text, "%s(%zu,", i > 0 ? "," : "", i + 1);
		values_write(db, values + i * width, width);
		buffer_add_char(text, ')');
	}
	struct db_text_job job = {
	    .db = &db->db, .out = text, .is_asking = true, .each = SLICE("v, ")};
	db_write_question(&job, sql, ") SELECT STRAIGHT_JOIN v.n, ", "v.n");
	if (db_has_failed(&db->db) || !mariadb_send(db, text))
		return NULL;
	MYSQL_RES *result = mysql_store_result(db->handle);
	if (!result)
		mariadb_fail(db);
	mariadb_check_inside(db);
	return result;
}

/* The next questions, as many as go together. */
static bool questions_begin(struct db_rows *rows)
{
	struct mariadb *db = mariadb_of(rows->db);
	size_t left = rows->count - rows->next;
	size_t together = left < QUESTIONS_TOGETHER ? left : QUESTIONS_TOGETHER;
	const struct db_value *values = rows->values + rows->next * rows->width;
	if (left == 0)
		return false;
	rows->result = rows->tags
	                   ? ask(db, rows->sql, values, rows->width, together)
	                   : mariadb_execute(db, rows->sql, values, rows->width, rows->is_scan);
	rows->tag_base = rows->next;
	rows->next += together;
	return rows->result;
}

static void leave(struct db_rows *rows)
{
	mysql_free_result(rows->result);
}

static bool next(struct db_rows *rows)
{
	while (rows->result || questions_begin(rows)) {
		MYSQL_ROW row = mysql_fetch_row(rows->result);
		if (row) {
			rows->current = row;
			if (rows->tags)
				rows->tag =
				    rows->tags[rows->tag_base - 1 + strtoul(row[0], NULL, 10)];
			return true;
		}
		if (rows->is_scan && mysql_errno(mariadb_of(rows->db)->handle) != 0)
			mariadb_fail(mariadb_of(rows->db)); /* in the middle of it */
		mariadb_check_inside(mariadb_of(rows->db));
		mysql_free_result(rows->result);
		rows->result = NULL;
	}
	return false;
}

static int columns(const struct db_rows *rows)
{
	return (int)mysql_num_fields(rows->result) - (rows->tags ? 1 : 0);
}

static int64_t column_int(const struct db_rows *rows, int column)
{
	const char *text = ((MYSQL_ROW)rows->current)[column + (rows->tags ? 1 : 0)];
	return text ? strtoll(text, NULL, 10) : 0;
}

static struct slice column_text(const struct db_rows *rows, int column)
{
	int place = column + (rows->tags ? 1 : 0);
	const char *text = ((MYSQL_ROW)rows->current)[place];
	if (!text)
		return (struct slice){NULL, 0};
	return (struct slice){text, mysql_fetch_lengths(rows->result)[place]};
}

/*
 * The collation finds them, and texts with other accents besides. Where it does not, no index
 * helps: all of the table is read, once, and looked up among the questions, which are in lower
 * case.
 */
static void find_spellings(struct db *base, const struct db_column *column,
    const struct db_questions *questions, struct db_questions *spellings)
{
	struct slice sql = arena_print(spellings->arena,
	    mariadb_of(base)->knows_case
	        ? "SELECT t.%s FROM {%s} t JOIN {each}(SELECT 1) AS one WHERE %.*s?1 = "
	          "lower(rtrim(t.%s))"
	        : "SELECT t.%s FROM {each}{%s} t WHERE %.*st.%s = ?1",
	    column->column, column->table, SLICE_ARG(db_condition(column, "t.", spellings->arena)),
	    column->column);
	/* Several questions may be about one thing, but a spelling belongs to one of them. */
	struct db_questions numbered = *questions;
	numbered.tag = arena_alloc(spellings->arena, questions->count * sizeof *numbered.tag);
	if (arena_has_failed(spellings->arena))
		return;
	for (size_t i = 0; i < questions->count; i++)
		numbered.tag[i] = i;
	struct db_rows rows = db_ask(base, sql.bytes, &numbered);
	while (db_next(&rows)) {
		struct slice spelling = db_column_text(&rows, 0);
		if (db_is_spelling(spelling, questions->values[rows.tag].text))
			db_question(spellings, questions->tag[rows.tag],
			    DB_VALUES(db_text(arena_copy(spellings->arena, spelling))));
	}
}

/* ---- many rows ---- */

static void insert_begin(struct mariadb *db, const struct db_table *table)
{
	struct db_text_job job = {.db = &db->db, .out = &db->text};
	char token[96];
	snprintf(token, sizeof token, "INSERT INTO {%s} (", table->name);
	buffer_clear(&db->text);
	db_write_out(&job, token);
	buffer_print(&db->text, "%s) VALUES ", table->columns);
}

/* Fails unless as many rows were written as given. */
static void count_check(struct mariadb *db, uint64_t written, size_t given)
{
	mariadb_check_inside(db);
	if (written != given)
		db_fail_count(&db->db, written, given);
}

static void ids_take(struct mariadb *db, int64_t *ids, size_t count)
{
	MYSQL_RES *result = mysql_store_result(db->handle);
	if (!result)
		mariadb_fail(db);
	else
		count_check(db, mysql_num_rows(result), count);
	for (size_t i = 0; i < count && !db_has_failed(&db->db); i++)
		ids[i] = strtoll(mysql_fetch_row(result)[0], NULL, 10);
	mysql_free_result(result);
}

static size_t insert_some(struct mariadb *db, const struct db_table *table,
    const struct db_value *values, size_t count, int64_t *ids)
{
	size_t used = 0;
	insert_begin(db, table);
	while (used < count && (used == 0 || db->text.size < TEXT_MAX)) {
		buffer_add_text(&db->text, used > 0 ? ",(" : "(");
		values_write(db, values + used++ * table->width, table->width);
		buffer_add_char(&db->text, ')');
	}
	if (ids)
		buffer_add_text(&db->text, " RETURNING id");
	if (!mariadb_send(db, &db->text))
		return used;
	if (ids)
		ids_take(db, ids, used);
	else
		count_check(db, mysql_affected_rows(db->handle), used);
	return used;
}

/* As many rows as have some hundred KiB of text. */
static size_t bulk_size(const struct db_value *values, size_t width, size_t count)
{
	size_t size = 0, rows = 0;
	while (rows < count && size < TEXT_MAX) {
		for (size_t i = 0; i < width; i++)
			size += values[rows * width + i].type == DB_TEXT
			            ? values[rows * width + i].text.size
			            : 8;
		rows++;
	}
	return rows;
}

static size_t insert_bulk(
    struct mariadb *db, const struct db_table *table, const struct db_value *values, size_t count)
{
	size_t used = bulk_size(values, table->width, count);
	MYSQL_STMT *statement = mysql_stmt_init(db->handle);
	insert_begin(db, table);
	for (size_t i = 0; i < table->width; i++)
		buffer_add_text(&db->text, i > 0 ? ",?" : "(?");
	buffer_add_char(&db->text, ')');
	bool is_done =
	    statement && !db->text.failed &&
	    mariadb_bulk_run(statement, buffer_slice(&db->text), values, table->width, used);
	if (!is_done && statement && mysql_stmt_errno(statement) != 0)
		mariadb_fail_with(db, mysql_stmt_errno(statement), mysql_stmt_error(statement));
	else if (!is_done)
		db_fail(&db->db, error_memory("writing rows"));
	else
		count_check(db, mysql_stmt_affected_rows(statement), used);
	if (statement)
		mysql_stmt_close(statement);
	return used;
}

static void insert_all(struct db *base, const struct db_table *table, const struct db_value *values,
    size_t count, int64_t *ids)
{
	struct mariadb *db = mariadb_of(base);
	bool is_bulk = db->has_bulk && !ids && count >= BULK_MIN;
	mariadb_flush(db);
	for (size_t done = 0; done < count && !db_has_failed(base);) {
		const struct db_value *rest = values + done * table->width;
		done += is_bulk
		            ? insert_bulk(db, table, rest, count - done)
		            : insert_some(db, table, rest, count - done, ids ? ids + done : NULL);
	}
}

/* ---- transactions ---- */

/* The lock comes before the snapshot, which the first look that locks nothing takes. Nothing is
 * written yet that could be lost in a query of several. */
static void begin(struct db *base, unsigned patience_s)
{
	struct mariadb *db = mariadb_of(base);
	char sql[160] = "SET autocommit = 0; START TRANSACTION";
	size_t size = strlen(sql);
	if (patience_s > 0)
		snprintf(sql + size, sizeof sql - size,
		    "; SELECT id FROM enrold_lock WHERE id = 1 FOR UPDATE WAIT %u", patience_s);
	db->is_begun = true;
	script(base, sql);
	db->is_inside = true;
	mariadb_check_inside(db);
}

static void commit(struct db *base)
{
	struct mariadb *db = mariadb_of(base);
	mariadb_flush(db);
	if (!db->is_begun || db_has_failed(base))
		return;
	db->is_inside = false;
	script(base, db->is_galera ? "COMMIT" : "COMMIT; SET autocommit = 1");
	if (db->is_galera)
		script(base, "SET autocommit = 1");
	if (!db_has_failed(base))
		db->is_begun = false;
}

/* When it fails this connection sends nothing more: the next statement might commit what is
 * left. */
static void rollback(struct db *base)
{
	struct mariadb *db = mariadb_of(base);
	buffer_clear(&db->queue);
	db->queued = 0;
	bool is_done = !db->is_begun || (mysql_query(db->handle, "ROLLBACK") == 0 &&
	                                    mysql_query(db->handle, "SET autocommit = 1") == 0);
	if (!is_done)
		mariadb_cancel(db->handle);
	db->is_begun = db->is_inside = false;
}

/* A server speaks unasked only to say goodbye. */
static bool is_alive(struct db *base)
{
	struct pollfd polled = {mysql_get_socket(mariadb_of(base)->handle), POLLIN, 0};
	return polled.fd >= 0 && poll(&polled, 1, 0) == 0;
}

const struct engine mariadb_engine = {
    .scheme = "mariadb://",
    .is_server = true,
    .open = mariadb_open,
    .close = mariadb_close,
    .is_alive = is_alive,
    .compare_as = mariadb_compare_as,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
    .run = run,
    .run_once = run,
    .insert = insert,
    .insert_all = insert_all,
    .next = next,
    .leave = leave,
    .columns = columns,
    .column_int = column_int,
    .column_text = column_text,
    .find_spellings = find_spellings,
    .session = "SELECT connection_id()",
    .waiting = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = "
               "'INNODB_ROW_LOCK_CURRENT_WAITS' AND ?1 > 0",
    .describe = "SELECT 'MariaDB ' || @@version || ', texts by ' || @@collation_connection || ', "
                "isolation by ' || coalesce((SELECT 'snapshots' FROM "
                "information_schema.session_variables WHERE variable_name = "
                "'INNODB_SNAPSHOT_ISOLATION'), 'locks')",
    .clock = "SELECT CAST(unix_timestamp(sysdate(6)) * 1000000 AS SIGNED)",
    .has_table = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND "
                 "table_name = trim('`' FROM ?1)",
    .table_columns = "SELECT column_name, is_nullable = 'NO' AND column_default IS NULL AND "
                     "extra = '' FROM information_schema.columns WHERE table_schema = "
                     "DATABASE() AND table_name = trim('`' FROM ?1) ORDER BY ordinal_position",
    .rights = mariadb_rights,
    .quote = '`',
    .ledger = "",
    .conflict = "ON DUPLICATE KEY UPDATE",
    .lock = "FOR UPDATE",
    .is_exact = false,
    .takes_any_index = true,
    .value = write_value,
    .schema = "",
    .text_type = "longtext",
    .table_end = " ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
};
