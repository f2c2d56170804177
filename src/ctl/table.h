/*
 * table: rows for eyes. Columns are as wide as their cells, by what a terminal shows of them, and
 * cut to its width; colours only on a terminal and without NO_COLOR. Foreign text is covered
 * (value_cover): no cell of a hostile file moves the cursor.
 *
 *     FEED   STATE    FILE       ROWS
 *     hr     running  big.csv     182,500 of 300,000
 *
 * Not a terminal: not cut and not coloured, the same columns.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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
/* The next cell; after the last column the next row begins. Copied. */
void table_cell(struct table *table, enum table_style style, const char *text);
void table_cell_print(struct table *table, enum table_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Leaves the rest of the row empty. */
void table_end_row(struct table *table);
/* False: no memory, or it could not be written. */
bool table_print(const struct table *table, FILE *to);

/* ---- for lines that are no table ---- */

/* Of `to`, or what COLUMNS says; 0: no terminal, no limit. */
size_t terminal_width(FILE *to);
bool terminal_has_colours(FILE *to);
/* "1,234,567"; "12 s", "3 min", "4 h", "2 days"; "1.2 GiB" */
enum { SHOWN_SIZE = 32 };
void show_number(char text[SHOWN_SIZE], uint64_t number);
void show_duration(char text[SHOWN_SIZE], int64_t seconds);
void show_bytes(char text[SHOWN_SIZE], uint64_t bytes);
/* Local time of this machine, without what goes without saying: "02:10", "26 Nov 02:10", "26 Nov 2025". */
void show_time(char text[SHOWN_SIZE], int64_t epoch_s, int64_t now_s);

#endif
