/*
 * postgresql_copy: rows in and out by COPY. Rows that go in get their ids from the sequence
 * beforehand, since COPY tells none; it goes on from call to call, so that the server writes some
 * while we make the next.
 */
#include "postgresql.h"

#include <stdio.h>
#include <stdlib.h>

enum { COPY_PIECE = 64 << 10 };

/* ---- rows in ---- */

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
		db_fail(&db->db, postgresql_error(db, NULL));
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
		db->copied++;
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
	PGresult *result = postgresql_execute(db, sql, "", DB_VALUES(db_int((int64_t)count)));
	for (int i = 0; i < PQntuples(result) && (size_t)i < count; i++)
		ids[i] = strtoll(PQgetvalue(result, i, 0), NULL, 10);
	PQclear(result);
}

void postgresql_insert_ahead(struct db *base, const struct db_table *table, size_t count)
{
	struct postgresql *db = postgresql_of(base);
	db->ahead = NULL;
	if (count * table->width <= FEW_VALUES)
		return; /* these tell their ids */
	int64_t *grown = reallocarray(db->ahead_ids, count, sizeof *grown);
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
	postgresql_flush(db);
	snprintf(sql, sizeof sql, "COPY {%s} (%s%s) FROM STDIN", table->name,
	    copies_ids ? "id, " : "", table->columns);
	const char *text = postgresql_write(db, sql, "");
	if (db_has_failed(&db->db) || !postgresql_check(db, PQexec(db->handle, text)))
		return;
	db->copying = table;
	db->copies_ids = copies_ids;
	db->copied = 0;
}

void postgresql_copy_all(struct postgresql *db, const struct db_table *table,
    const struct db_value *values, size_t count, int64_t *ids)
{
	if (ids)
		ids_find(db, table, count, ids);
	copy_begin(db, table, ids);
	if (!db_has_failed(&db->db))
		copy_rows(db, table, values, count, ids);
}

/* ---- rows out: a result would hold all of a table ---- */

/* Before the first row come a signature, flags, and the size of an empty extension. */
enum { SCAN_HEAD = 19 };

static bool scan_begin(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	struct db_text_job job = {.db = &db->db, .out = &db->text};
	if (rows->next == rows->count)
		return false;
	rows->next = rows->count;
	postgresql_flush(db);
	buffer_clear(&db->text);
	buffer_add_text(&db->text, "COPY (");
	db_write_out(&job, rows->sql);
	buffer_add_text(&db->text, ") TO STDOUT (FORMAT binary)");
	const char *text = postgresql_text_end(db);
	if (db_has_failed(&db->db) || !postgresql_check(db, PQexec(db->handle, text)))
		return false;
	rows->result = db->handle;
	return true;
}

void postgresql_scan_end(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	char *rest;
	PQfreemem(rows->current);
	rows->current = NULL;
	while (PQgetCopyData(db->handle, &rest, 0) > 0)
		PQfreemem(rest);
	for (PGresult *result; (result = PQgetResult(db->handle));)
		postgresql_check(db, result);
}

static bool is_head(const char *piece, int size)
{
	return size >= SCAN_HEAD && memcmp(piece, "PGCOPY\n", 7) == 0;
}

/* A row is the number of its fields, each with its size in front; behind the last row it is -1. */
bool postgresql_scan_next(struct db_rows *rows)
{
	struct postgresql *db = postgresql_of(rows->db);
	int size;
	if (!rows->result && !scan_begin(rows))
		return false;
	do {
		char *piece = NULL;
		PQfreemem(rows->current);
		size = PQgetCopyData(db->handle, &piece, 0);
		rows->current = piece;
		rows->row = is_head(piece, size) ? SCAN_HEAD : 0;
	} while (size > 0 && (size_t)size == rows->row);
	return size > 0 && ((const char *)rows->current)[rows->row] == 0;
}

static int64_t number_read(struct slice bytes)
{
	uint64_t number = bytes.size > 0 && bytes.bytes[0] < 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < bytes.size; i++)
		number = number << 8 | (unsigned char)bytes.bytes[i];
	return (int64_t)number;
}

struct slice postgresql_scan_text(const struct db_rows *rows, int column)
{
	const char *at = (const char *)rows->current + rows->row + 2;
	for (;; column--) {
		int64_t size = number_read((struct slice){at, 4});
		at += 4;
		if (column == 0)
			return (struct slice){size < 0 ? NULL : at, size < 0 ? 0 : (size_t)size};
		at += size < 0 ? 0 : size;
	}
}

int64_t postgresql_scan_int(const struct db_rows *rows, int column)
{
	return number_read(postgresql_scan_text(rows, column));
}
