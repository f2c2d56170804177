#include "table.h"

#include "enrold/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

enum { GAP = 2, COLUMNS_MAX = 32 };

struct cell {
	size_t start, size; /* in the table's text */
	enum table_style style;
};

struct table {
	const struct table_column *columns;
	size_t columns_count;
	struct buffer text;
	struct buffer cells; /* of struct cell; a row's are as many as there are columns */
	size_t column;       /* of the next cell */
};

struct table *table_create(const struct table_column *columns, size_t count)
{
	assert(count > 0 && count <= COLUMNS_MAX);
	struct table *table = calloc(1, sizeof *table);
	if (table)
		*table = (struct table){.columns = columns, .columns_count = count};
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	buffer_done(&table->text);
	buffer_done(&table->cells);
	free(table);
}

static void cell_add(struct table *table, enum table_style style, size_t start)
{
	struct cell cell = {start, table->text.size - start, style};
	buffer_add(&table->cells, &cell, sizeof cell);
	table->column = (table->column + 1) % table->columns_count;
}

void table_cell(struct table *table, enum table_style style, const char *text)
{
	if (!table)
		return;
	size_t start = table->text.size;
	buffer_add_text(&table->text, text ? text : "");
	cell_add(table, style, start);
}

void table_cell_print(struct table *table, enum table_style style, const char *format, ...)
{
	va_list arguments;
	char *text;
	if (!table)
		return;
	va_start(arguments, format);
	int size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0) {
		table->text.failed = true;
		return;
	}
	table_cell(table, style, text);
	free(text);
}

void table_end_row(struct table *table)
{
	while (table && table->column > 0)
		cell_add(table, TABLE_PLAIN, table->text.size);
}

/* ---- widths ---- */

/* How the table goes onto one terminal. */
struct layout {
	const struct table *table;
	struct terminal terminal;
	size_t widths[COLUMNS_MAX];
	bool is_left_out[COLUMNS_MAX]; /* not even a gap of it */
	bool has_titles;
};

static size_t text_width(struct slice text, bool is_ascii)
{
	struct glyphs glyphs = glyphs_of(text, is_ascii);
	size_t width = 0;
	for (struct glyph glyph; glyphs_next(&glyphs, &glyph);)
		width += glyph.width;
	return width;
}

static struct slice title_of(const struct table_column *column)
{
	return slice_of(column->title ? column->title : "");
}

static size_t rows_count(const struct table *table)
{
	size_t columns = table->columns_count;
	return columns > 0 ? table->cells.size / sizeof(struct cell) / columns : 0;
}

static const struct cell *row_of(const struct table *table, size_t row)
{
	return (const struct cell *)(const void *)table->cells.bytes + row * table->columns_count;
}

static struct slice cell_text(const struct table *table, const struct cell *cell)
{
	return (struct slice){cell->size > 0 ? table->text.bytes + cell->start : "", cell->size};
}

/* No column needs more than the terminal has. */
static void widen(struct layout *layout, size_t column, struct slice text)
{
	size_t width = text_width(text, layout->terminal.is_ascii),
	       *widest = &layout->widths[column];
	if (layout->terminal.width > 0 && width > layout->terminal.width)
		width = layout->terminal.width;
	if (width > *widest)
		*widest = width;
}

static size_t line_width(const struct layout *layout)
{
	size_t width = 0;
	for (size_t c = 0; c < layout->table->columns_count; c++)
		width += layout->is_left_out[c] ? 0 : layout->widths[c] + GAP;
	return width > 0 ? width - GAP : 0;
}

static bool has_text(const struct table *table, size_t column)
{
	size_t rows = rows_count(table);
	for (size_t r = 0; r < rows; r++)
		if (row_of(table, r)[column].size > 0)
			return true;
	return rows == 0;
}

/* Columns with nothing but a title go first. */
static void empty_leave_out(struct layout *layout)
{
	if (line_width(layout) <= layout->terminal.width)
		return;
	for (size_t c = 0; c < layout->table->columns_count; c++)
		if (!has_text(layout->table, c)) {
			layout->is_left_out[c] = true;
			layout->widths[c] = 0;
		}
}

/* What is cut after what, and how far. */
static const struct stage {
	bool if_gives_way, if_no_number;
	size_t floor;
} stages[] = {{true, true, 8}, {false, true, 8}, {false, true, 3}, {false, false, 1}};

/* NULL: none can be made narrower. */
static size_t *widest_find(struct layout *layout, const struct stage *stage)
{
	const struct table *table = layout->table;
	size_t *widest = NULL;
	for (size_t c = 0; c < table->columns_count; c++) {
		const struct table_column *column = &table->columns[c];
		size_t *width = &layout->widths[c];
		if (*width > stage->floor && (column->gives_way || !stage->if_gives_way) &&
		    !(column->is_number && stage->if_no_number) && (!widest || *width > *widest))
			widest = width;
	}
	return widest;
}

static void widths_cut(struct layout *layout)
{
	size_t width = line_width(layout);
	for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
		for (size_t *widest; width > layout->terminal.width; width--) {
			widest = widest_find(layout, &stages[s]);
			if (!widest)
				break;
			--*widest;
		}
}

static struct layout layout_make(const struct table *table, struct terminal terminal)
{
	struct layout layout = {.table = table, .terminal = terminal};
	for (size_t c = 0; c < table->columns_count; c++) {
		layout.has_titles |= table->columns[c].title != NULL;
		widen(&layout, c, title_of(&table->columns[c]));
	}
	for (size_t r = 0; r < rows_count(table); r++)
		for (size_t c = 0; c < table->columns_count; c++)
			widen(&layout, c, cell_text(table, &row_of(table, r)[c]));
	if (terminal.width > 0) {
		empty_leave_out(&layout);
		widths_cut(&layout);
	}
	return layout;
}

/* ---- lines ---- */

struct line {
	const struct layout *layout;
	FILE *to;
	size_t at;  /* where the terminal is */
	size_t end; /* of the columns before, and the gap */
};

static void write_bytes(const struct line *line, struct slice bytes)
{
	fwrite(bytes.bytes, 1, bytes.size, line->to);
}

/* So much of the text as has this room, with dots where it was cut; the width of that. */
static size_t write_cut(const struct line *line, struct slice text, size_t room)
{
	bool is_ascii = line->layout->terminal.is_ascii;
	bool is_cut = text_width(text, is_ascii) > room;
	struct slice dots = is_ascii ? SLICE("...") : SLICE("…");
	bool has_rtl = false;
	size_t used = 0, dots_width = !is_cut ? 0 : is_ascii ? dots.size : 1;
	if (dots_width > room) {
		dots.size = room;
		dots_width = room;
	}
	struct glyphs glyphs = glyphs_of(text, is_ascii);
	for (struct glyph glyph;
	     glyphs_next(&glyphs, &glyph) && used + glyph.width + dots_width <= room;) {
		write_bytes(line, glyph.bytes);
		used += glyph.width;
		has_rtl |= glyph.is_rtl;
	}
	if (has_rtl && line->layout->terminal.may_turn)
		write_bytes(line, SLICE(TERMINAL_TURN_BACK));
	if (is_cut)
		write_bytes(line, dots);
	return used + dots_width;
}

static void write_styled(
    struct line *line, const char *style, struct slice text, size_t start, size_t room)
{
	bool has_colour = style && line->layout->terminal.has_colours;
	fprintf(line->to, "%*s", (int)(start - line->at), "");
	if (has_colour)
		fprintf(line->to, "\033[%sm", style);
	line->at = start + write_cut(line, text, room);
	if (has_colour)
		fputs("\033[0m", line->to);
}

static void write_cell(struct line *line, size_t column, const char *style, struct slice text)
{
	const struct layout *layout = line->layout;
	if (layout->is_left_out[column])
		return;
	size_t room = layout->widths[column], edge = layout->terminal.width;
	size_t width = text_width(text, layout->terminal.is_ascii), end = line->end + room;
	if (layout->table->columns[column].is_number && width < room)
		room = width;
	size_t start = end - room;
	if (edge > 0 && end > edge)
		room = start < edge ? edge - start : 0;
	if (width > 0 && room > 0)
		write_styled(line, style, text, start, room);
	line->end = end + GAP;
}

static void write_titles(const struct layout *layout, FILE *to)
{
	struct line line = {.layout = layout, .to = to};
	for (size_t c = 0; c < layout->table->columns_count; c++)
		write_cell(&line, c, "1", title_of(&layout->table->columns[c]));
	putc('\n', to);
}

static void write_row(const struct layout *layout, FILE *to, const struct cell *cells)
{
	static const char *const styles[] = {[TABLE_PLAIN] = NULL,
	    [TABLE_GOOD] = "32",
	    [TABLE_WARN] = "33",
	    [TABLE_BAD] = "31",
	    [TABLE_DIM] = "2"};
	struct line line = {.layout = layout, .to = to};
	for (size_t c = 0; c < layout->table->columns_count; c++)
		write_cell(&line, c, styles[cells[c].style], cell_text(layout->table, &cells[c]));
	putc('\n', to);
}

bool table_print_for(const struct table *table, FILE *to, struct terminal terminal)
{
	if (!table || table->text.failed || table->cells.failed)
		return false;
	assert(table->column == 0);
	struct layout layout = layout_make(table, terminal);
	if (layout.has_titles)
		write_titles(&layout, to);
	for (size_t r = 0; r < rows_count(table); r++)
		write_row(&layout, to, row_of(table, r));
	return fflush(to) == 0 && !ferror(to);
}

bool table_print(const struct table *table, FILE *to)
{
	return table_print_for(table, to, terminal_of(to));
}
