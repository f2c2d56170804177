/*
 * problems: what went wrong in a run, by its causes, and its first rows that have a problem.
 *
 * A million rows with a problem are a few causes: a code and a column, whatever its number. The
 * memory is bounded by the causes (PROBLEM_CAUSES_MAX) and the rows kept (PROBLEM_ROWS_MAX), not by
 * the file. What is "skipped" because of another problem of its row is that one's.
 *
 * It is fed with rows as result.csv has them, while they are written, or read again. No thread of
 * its own; borrows nothing after problems_add has returned.
 */
#ifndef ENROLD_PROBLEMS_H
#define ENROLD_PROBLEMS_H

#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROBLEM_CAUSES_MAX = 256,
	PROBLEM_ROWS_MAX = 1000,
	PROBLEM_COLUMNS_MAX = 4,
	PROBLEM_TARGETS_SHOWN = 5,
	PROBLEM_WORD_SIZE = 64,
	PROBLEM_TARGET_SIZE = 160,
	PROBLEM_MESSAGE_SIZE = 2048,
	PROBLEM_CELL_SIZE = 256 /* of a row that is kept */
};

struct problem_target {
	uint64_t count;
	char text[PROBLEM_TARGET_SIZE];
};

struct problem_cause {
	uint32_t id; /* by which its rows name it */
	char outcome[PROBLEM_WORD_SIZE], code[PROBLEM_WORD_SIZE];
	char stem[PROBLEM_WORD_SIZE]; /* of its columns, without their numbers: "course" */
	char columns[PROBLEM_COLUMNS_MAX][PROBLEM_WORD_SIZE]; /* "course1"; the first that had it */
	size_t columns_count;
	uint64_t rows;                      /* that say so */
	uint64_t line;                      /* of the first */
	char message[PROBLEM_MESSAGE_SIZE]; /* of the first; may show a cell of the file */
	struct problem_target targets[PROBLEM_TARGETS_SHOWN]; /* most often first */
	size_t targets_count;
	bool targets_inexact; /* there were many: their counts may be too low */
};

/* Cut to their sizes, between characters. */
struct problem_row {
	uint64_t line;
	uint32_t cause; /* its id; PROBLEM_CAUSES_MAX: there was no room for one more */
	char username[PROBLEM_CELL_SIZE], column[PROBLEM_WORD_SIZE], target[PROBLEM_CELL_SIZE];
	char outcome[PROBLEM_WORD_SIZE], code[PROBLEM_WORD_SIZE];
	char message[PROBLEM_CELL_SIZE * 2];
};

struct problems;

/* NULL: out of memory. */
struct problems *problems_create(void);
void problems_free(struct problems *problems);
/* A row of result.csv, without its line end; what has no problem counts for nothing. */
void problems_add(struct problems *problems, struct slice row);
/* RETRY: there was no memory for all. */
struct error problems_check(const struct problems *problems) MUST_CHECK;

/* Errors first, then by rows, then by line. It belongs to `problems`, until the next add. */
const struct problem_cause *problems_causes(struct problems *problems, size_t *count);
/* Rows of causes beyond PROBLEM_CAUSES_MAX. */
uint64_t problems_others(const struct problems *problems);
/* In the file's order; all: how many there are altogether. */
const struct problem_row *problems_rows(
    const struct problems *problems, size_t *count, uint64_t *all);

#endif
