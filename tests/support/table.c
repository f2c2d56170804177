#include "table.h"

#include "fatal.h"

#include <stdlib.h>

static void *grown(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 256;
	items = realloc(items, *room * size);
	if (!items)
		fatal("out of memory");
	return items;
}

static void row_start(struct table *table)
{
	table->rows = grown(table->rows, table->rows_count, &table->rows_room, sizeof *table->rows);
	table->rows[table->rows_count++] = (struct table_row){table->cells_count, 0};
}

static char *cell_start(struct table *table, char *text)
{
	table->cells =
	    grown(table->cells, table->cells_count, &table->cells_room, sizeof *table->cells);
	table->cells[table->cells_count++] = text;
	table->rows[table->rows_count - 1].count++;
	return text;
}

/* Copies one cell to *out; returns what stands behind it. */
static const char *cell_read(const char *in, const char *end, char **out)
{
	bool is_quoted = in < end && *in == '"';
	if (is_quoted)
		in++;
	while (in < end) {
		if (is_quoted && *in == '"' && in + 1 < end && in[1] == '"')
			in++;
		else if (is_quoted ? *in == '"' : *in == ',' || *in == '\n' || *in == '\r')
			break;
		else if (!is_quoted && *in == '"')
			fatal("a quote inside an unquoted cell: %.40s", in);
		*(*out)++ = *in++;
	}
	if (is_quoted && in++ == end)
		fatal("a quote is still open at the end of the text");
	*(*out)++ = '\0';
	return in;
}

struct table table_parse(const char *bytes, size_t size)
{
	struct table table = {0};
	const char *in = bytes, *end = bytes + size;
	char *out = table.text = malloc(2 * size + 2);
	if (!out)
		fatal("out of memory");
	if (size >= 3 && memcmp(in, "\xEF\xBB\xBF", 3) == 0)
		in += 3;
	while (in < end) {
		row_start(&table);
		do {
			cell_start(&table, out);
			in = cell_read(in, end, &out);
		} while (in < end && *in == ',' && in++);
		if (in < end && *in == '\r')
			in++;
		if (in == end || *in++ != '\n')
			fatal("row %zu of a CSV text does not end with a line feed",
			    table.rows_count);
	}
	return table;
}

void table_done(struct table *table)
{
	free(table->text);
	free(table->cells);
	free(table->rows);
	*table = (struct table){0};
}

const char *table_at(const struct table *table, size_t row, size_t column)
{
	if (row >= table->rows_count || column >= table->rows[row].count)
		return "";
	return table->cells[table->rows[row].first + column];
}

size_t table_column(const struct table *table, const char *name)
{
	for (size_t i = 0; table->rows_count > 0 && i < table->rows[0].count; i++)
		if (strcmp(table_at(table, 0, i), name) == 0)
			return i;
	fatal("the table has no column '%s'", name);
}

void table_put_cell(struct buffer *out, const char *cell)
{
	bool is_plain = cell[strcspn(cell, ",\"\r\n")] == '\0';
	if (is_plain) {
		buffer_add_text(out, cell);
		return;
	}
	buffer_add_char(out, '"');
	for (; *cell; cell++) {
		if (*cell == '"')
			buffer_add_char(out, '"');
		buffer_add_char(out, *cell);
	}
	buffer_add_char(out, '"');
}

void table_put_row(struct buffer *out, const char *const *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_add_char(out, ',');
		table_put_cell(out, cells[i]);
	}
	buffer_add_char(out, '\n');
}

static bool is_formula_behind(const char *text, const char *before)
{
	static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "\uFF1D", "\uFF0B",
	    "\uFF0D", "\uFF20", "\uFE66", "\uFE62", "\uFE63", "\uFE6B"};
	text += strspn(text, before);
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (strncmp(text, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

struct buffer table_unguard(const char *cell)
{
	struct buffer text = {0};
	const char *before = "'";
	while (*cell != '\0') {
		size_t piece = strcspn(cell, ",;:|\t\n\r");
		size_t guard = *cell == '\'' && is_formula_behind(cell, before);
		piece += cell[piece] != '\0';
		buffer_add(&text, cell + guard, piece - guard);
		cell += piece;
		before = "'\"";
	}
	buffer_add_char(&text, '\0');
	return text;
}
