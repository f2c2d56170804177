/*
 * problems: a million rows with a problem are a few causes: a code and a column, whatever its
 * number; of who is absent also the sentence, whatever its numbers, for it says why nobody is
 * removed. The memory is that of the causes and of the rows that are kept. What causes name most
 * often is counted as long as it is few; then what is named by more than one row in sixty-four is
 * found all the same (Misra and Gries 1982), with a count that is too low.
 */
#include "enrold/problems.h"

#include "enrold/arena.h"
#include "enrold/cut.h"
#include "enrold/keyhash.h"
#include "enrold/result.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { TARGETS_MAX = 64, ROWS_FIRST = 16 };

struct target {
	uint64_t hash, count; /* count 0: free */
	char text[PROBLEM_TARGET_SIZE];
};

struct cause {
	struct problem_cause told; /* but for its targets */
	uint64_t wording; /* of a row about who is absent: there the code does not tell why */
	struct target targets[TARGETS_MAX];
};

struct problems {
	struct arena *arena; /* of one row */
	struct cause *items[PROBLEM_CAUSES_MAX];
	size_t count;
	struct problem_cause *told; /* of the last question */
	uint64_t others;            /* rows of causes beyond these */
	struct problem_row *rows;
	size_t rows_count, rows_room;
	uint64_t rows_all;
	bool has_failed;
};

struct problems *problems_create(void)
{
	struct problems *problems = calloc(1, sizeof *problems);
	if (problems)
		problems->arena = arena_create();
	if (problems && problems->arena)
		return problems;
	free(problems);
	return NULL;
}

void problems_free(struct problems *problems)
{
	if (!problems)
		return;
	for (size_t i = 0; i < problems->count; i++)
		free(problems->items[i]);
	arena_free(problems->arena);
	free(problems->told);
	free(problems->rows);
	free(problems);
}

struct error problems_check(const struct problems *problems)
{
	return problems->has_failed ? error_memory("grouping problems") : OK;
}

static void text_take(char *room, size_t size, struct slice text)
{
	snprintf(room, size, "%.*s", (int)cut_length(text, size - 1), text.bytes);
}

static uint64_t line_of(const struct slice cells[RESULT_CELLS])
{
	return strtoull(cells[RESULT_LINE].bytes, NULL, 10); /* a comma follows */
}

/* ---- causes ---- */

/* "course" of course12. */
static struct slice stem_of(struct slice column)
{
	while (column.size > 0 && isdigit((unsigned char)column.bytes[column.size - 1]))
		column.size--;
	return column;
}

/* Of a sentence, without its numbers and what it quotes. */
static uint64_t wording_of(struct slice cells[RESULT_CELLS], struct arena *arena)
{
	struct slice message = cells[RESULT_MESSAGE];
	bool is_quoted = false;
	size_t size = 0;
	char *words = slice_is(cells[RESULT_COLUMN], SLICE("absent"))
	                  ? arena_alloc(arena, message.size + 1)
	                  : NULL;
	for (size_t i = 0; words && i < message.size; i++) {
		char at = message.bytes[i];
		is_quoted ^= at == '\'';
		if (!is_quoted && !isdigit((unsigned char)at))
			words[size++] = at;
	}
	return size > 0 ? keyhash(words, size) : 0;
}

static struct cause *cause_add(struct problems *problems, struct slice cells[RESULT_CELLS])
{
	bool has_room = problems->count < PROBLEM_CAUSES_MAX;
	struct cause *cause = has_room ? calloc(1, sizeof *cause) : NULL;
	if (!cause) {
		problems->has_failed |= has_room;
		return NULL;
	}
	struct problem_cause *told = &cause->told;
	text_take(told->outcome, PROBLEM_WORD_SIZE, cells[RESULT_OUTCOME]);
	text_take(told->code, PROBLEM_WORD_SIZE, cells[RESULT_CODE]);
	text_take(told->message, PROBLEM_MESSAGE_SIZE, cells[RESULT_MESSAGE]);
	text_take(told->stem, PROBLEM_WORD_SIZE, stem_of(cells[RESULT_COLUMN]));
	cause->wording = wording_of(cells, problems->arena);
	told->line = line_of(cells);
	told->id = (uint32_t)problems->count;
	return problems->items[problems->count++] = cause;
}

static struct cause *cause_find(struct problems *problems, struct slice cells[RESULT_CELLS])
{
	char stem[PROBLEM_WORD_SIZE];
	text_take(stem, PROBLEM_WORD_SIZE, stem_of(cells[RESULT_COLUMN]));
	uint64_t wording = wording_of(cells, problems->arena);
	for (size_t i = 0; i < problems->count; i++) {
		struct cause *cause = problems->items[i];
		if (slice_is(slice_of(cause->told.code), cells[RESULT_CODE]) &&
		    slice_is(slice_of(cause->told.outcome), cells[RESULT_OUTCOME]) &&
		    strcmp(cause->told.stem, stem) == 0 && cause->wording == wording)
			return cause;
	}
	return cause_add(problems, cells);
}

static void column_count(struct problem_cause *cause, struct slice column)
{
	for (size_t i = 0; i < cause->columns_count; i++)
		if (slice_is(slice_of(cause->columns[i]), column))
			return;
	if (cause->columns_count < PROBLEM_COLUMNS_MAX && column.size > 0 &&
	    column.size < PROBLEM_WORD_SIZE)
		text_take(cause->columns[cause->columns_count++], PROBLEM_WORD_SIZE, column);
}

static void target_count(struct cause *cause, struct slice text)
{
	struct target *free_one = NULL;
	uint64_t hash = keyhash(text.bytes, text.size);
	if (text.size == 0)
		return;
	for (size_t i = 0; i < TARGETS_MAX; i++) {
		struct target *target = &cause->targets[i];
		if (target->count > 0 && target->hash == hash) {
			target->count++;
			return;
		}
		if (target->count == 0)
			free_one = target;
	}
	if (free_one) {
		free_one->hash = hash;
		free_one->count = 1;
		text_take(free_one->text, PROBLEM_TARGET_SIZE, text);
		return;
	}
	cause->told.targets_inexact = true;
	for (size_t i = 0; i < TARGETS_MAX; i++)
		cause->targets[i].count--;
}

/* ---- rows ---- */

static struct problem_row *row_room(struct problems *problems)
{
	if (problems->rows_count == problems->rows_room) {
		size_t room = problems->rows_room > 0 ? problems->rows_room * 2 : ROWS_FIRST;
		room = room < PROBLEM_ROWS_MAX ? room : PROBLEM_ROWS_MAX;
		struct problem_row *grown = realloc(problems->rows, room * sizeof *grown);
		if (!grown)
			return NULL;
		problems->rows = grown;
		problems->rows_room = room;
	}
	return &problems->rows[problems->rows_count++];
}

static void row_keep(
    struct problems *problems, struct slice cells[RESULT_CELLS], const struct cause *cause)
{
	problems->rows_all++;
	if (problems->rows_count == PROBLEM_ROWS_MAX)
		return;
	struct problem_row *row = row_room(problems);
	if (!row) {
		problems->has_failed = true;
		return;
	}
	row->line = line_of(cells);
	row->cause = cause ? cause->told.id : PROBLEM_CAUSES_MAX;
	text_take(row->username, sizeof row->username, cells[RESULT_USERNAME]);
	text_take(row->column, sizeof row->column, cells[RESULT_COLUMN]);
	text_take(row->target, sizeof row->target, cells[RESULT_TARGET]);
	text_take(row->outcome, sizeof row->outcome, cells[RESULT_OUTCOME]);
	text_take(row->code, sizeof row->code, cells[RESULT_CODE]);
	text_take(row->message, sizeof row->message, cells[RESULT_MESSAGE]);
}

/* What was not attempted because of another problem is that one's. */
static bool is_problem(struct slice outcome)
{
	return slice_is(outcome, SLICE("error")) || slice_is(outcome, SLICE("warning")) ||
	       slice_is(outcome, SLICE("skipped"));
}

void problems_add(struct problems *problems, struct slice row)
{
	struct slice cells[RESULT_CELLS] = {{0}};
	result_row_split(row, RESULT_OUTCOME, cells);
	if (!is_problem(cells[RESULT_OUTCOME]))
		return;
	arena_reset(problems->arena);
	result_row_split(row, RESULT_MESSAGE, cells);
	if (slice_is(cells[RESULT_CODE], SLICE("row_not_applied")))
		return;
	for (enum result_cell i = RESULT_USERNAME; i <= RESULT_MESSAGE; i++)
		cells[i] = result_cell_read(cells[i], problems->arena);
	struct cause *cause = cause_find(problems, cells);
	row_keep(problems, cells, cause);
	if (!cause) {
		problems->others++;
		return;
	}
	cause->told.rows++;
	column_count(&cause->told, cells[RESULT_COLUMN]);
	target_count(cause, cells[RESULT_TARGET]);
}

/* ---- what they come to ---- */

static int by_rows(const void *a, const void *b)
{
	const struct problem_cause *x = a, *y = b;
	bool is_error_x = strcmp(x->outcome, "error") == 0;
	bool is_error_y = strcmp(y->outcome, "error") == 0;
	if (is_error_x != is_error_y)
		return is_error_x ? -1 : 1;
	if (x->rows != y->rows)
		return x->rows > y->rows ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int by_target(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void cause_tell(struct cause *cause, struct problem_cause *told)
{
	qsort(cause->targets, TARGETS_MAX, sizeof *cause->targets, by_target);
	*told = cause->told;
	for (size_t i = 0; i < PROBLEM_TARGETS_SHOWN && cause->targets[i].count > 0; i++) {
		struct problem_target *target = &told->targets[told->targets_count++];
		target->count = cause->targets[i].count;
		memcpy(target->text, cause->targets[i].text, PROBLEM_TARGET_SIZE);
	}
}

const struct problem_cause *problems_causes(struct problems *problems, size_t *count)
{
	*count = 0;
	free(problems->told);
	problems->told = calloc(problems->count + 1, sizeof *problems->told);
	if (!problems->told) {
		problems->has_failed = true;
		return NULL;
	}
	for (size_t i = 0; i < problems->count; i++)
		cause_tell(problems->items[i], &problems->told[i]);
	qsort(problems->told, problems->count, sizeof *problems->told, by_rows);
	*count = problems->count;
	return problems->told;
}

uint64_t problems_others(const struct problems *problems)
{
	return problems->others;
}

const struct problem_row *problems_rows(
    const struct problems *problems, size_t *count, uint64_t *all)
{
	*count = problems->rows_count;
	*all = problems->rows_all;
	return problems->rows;
}
