/*
 * table: a small CSV file as rows of text, read by a reader of its own: a test that read enrold's
 * answers with enrold's reader would not see what both get wrong. Comma, RFC 4180, LF or CRLF; a
 * UTF-8 BOM at the start is skipped. What breaks the format is fatal.
 */
#ifndef SUPPORT_TABLE_H
#define SUPPORT_TABLE_H

#include "enrold/buffer.h"

#include <stddef.h>

struct table_row {
	size_t first; /* index of its first cell */
	size_t count;
};

/* rows[0] is the header. */
struct table {
	char *text; /* the cells, each ended by a NUL */
	char **cells;
	size_t cells_count, cells_room;
	struct table_row *rows;
	size_t rows_count, rows_room;
};

struct table table_parse(const char *bytes, size_t size);
void table_done(struct table *table);

/* "" where the row is too short. */
const char *table_at(const struct table *table, size_t row, size_t column);
/* Fatal when the header has no such column. */
size_t table_column(const struct table *table, const char *name);

/* One cell as CSV, quoted when it has to be; and a row of them. */
void table_put_cell(struct buffer *out, const char *cell);
void table_put_row(struct buffer *out, const char *const *cells, size_t count);

/* Takes off each ' that guards an echoed cell against spreadsheets. Ended by a NUL; given to the
 * caller. */
struct buffer table_unguard(const char *cell);

#endif
