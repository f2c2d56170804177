/*
 * table: rows for eyes. Columns are as wide as their cells, by what a terminal shows of them, and
 * cut to its width; colours only on a terminal and without NO_COLOR. Foreign text is covered
 * (terminal.h): no cell of a hostile file moves the cursor.
 *
 *     FEED   STATE    FILE       ROWS
 *     hr     running  big.csv     182,500 of 300,000
 *
 * Not a terminal: not cut and not coloured, the same columns. Where not all has room, columns
 * with nothing but a title are left out, those that give way are cut, then others but numbers, the
 * widest first; a line that is too long even
 * then ends at the edge. A row that holds nothing behind some cell ends there, without blanks.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "enrold/error.h"

#include "figure.h"
#include "terminal.h"

enum table_style { TABLE_PLAIN, TABLE_GOOD, TABLE_WARN, TABLE_BAD, TABLE_DIM };

struct table_column {
	const char *title; /* NULL in all columns: no line of titles */
	bool is_number;    /* to the right */
	bool gives_way;    /* is cut first when the terminal is narrow */
};

struct table;

/* columns: borrowed. NULL: no memory; every call takes that. */
struct table *table_create(const struct table_column *columns, size_t count);
void table_free(struct table *table);
/* The next cell; after the last column the next row begins. Copied; NULL: empty. */
void table_cell(struct table *table, enum table_style style, const char *text);
void table_cell_print(struct table *table, enum table_style style, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Leaves the rest of the row empty; in front of a row's first cell nothing happens. */
void table_end_row(struct table *table);
/* False: no memory, or it could not be written. */
bool table_print(const struct table *table, FILE *to);
/* The same for a terminal that one knows. */
bool table_print_for(const struct table *table, FILE *to, struct terminal terminal);

#endif
