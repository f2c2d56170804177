/*
 * causes: a million rows with a problem are a few causes: a code and a column, whatever its number;
 * of who is absent also the sentence, whatever its numbers, for it says why nobody is removed.
 * The memory is that of the causes. What they name most often is counted as long as it is few; then
 * what is named by more than one row in sixty-four is found all the same (Misra and Gries 1982),
 * with a count that is too low.
 */
#include "history.h"

#include "enrold/cut.h"
#include "enrold/keyhash.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { CAUSES_MAX = 256, TARGETS_MAX = 64, TARGETS_SHOWN = 5, COLUMNS_MAX = 4 };
enum { WORD_SIZE = 64, TARGET_SIZE = 160, MESSAGE_SIZE = 2048 };

struct target {
	uint64_t hash, count; /* count 0: free */
	char text[TARGET_SIZE];
};

struct cause {
	char outcome[WORD_SIZE], code[WORD_SIZE];
	char stem[WORD_SIZE]; /* of the column, without its number */
	char columns[COLUMNS_MAX][WORD_SIZE];
	size_t columns_count;
	uint64_t count, line; /* line: of the first */
	char message[MESSAGE_SIZE];
	uint64_t wording; /* of a row about who is absent: there the code does not tell why */
	bool is_inexact;
	struct target targets[TARGETS_MAX];
};

struct causes {
	struct arena *arena; /* of one row */
	struct cause *items[CAUSES_MAX];
	size_t count;
	uint64_t others; /* rows of causes beyond these */
	bool has_failed;
};

struct causes *causes_create(void)
{
	struct causes *causes = calloc(1, sizeof *causes);
	if (causes)
		causes->arena = arena_create();
	if (causes && causes->arena)
		return causes;
	free(causes);
	return NULL;
}

void causes_free(struct causes *causes)
{
	if (!causes)
		return;
	for (size_t i = 0; i < causes->count; i++)
		free(causes->items[i]);
	arena_free(causes->arena);
	free(causes);
}

size_t causes_count(const struct causes *causes)
{
	return causes->count;
}

static void text_take(char *room, size_t size, struct slice text)
{
	snprintf(room, size, "%.*s", (int)cut_length(text, size - 1), text.bytes);
}

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

static struct cause *cause_add(struct causes *causes, struct slice cells[RESULT_CELLS])
{
	struct cause *cause = causes->count < CAUSES_MAX ? calloc(1, sizeof *cause) : NULL;
	if (!cause) {
		causes->has_failed |= causes->count < CAUSES_MAX;
		return NULL;
	}
	text_take(cause->outcome, WORD_SIZE, cells[RESULT_OUTCOME]);
	text_take(cause->code, WORD_SIZE, cells[RESULT_CODE]);
	text_take(cause->stem, WORD_SIZE, stem_of(cells[RESULT_COLUMN]));
	text_take(cause->message, MESSAGE_SIZE, cells[RESULT_MESSAGE]);
	cause->wording = wording_of(cells, causes->arena);
	cause->line = strtoull(cells[RESULT_LINE].bytes, NULL, 10); /* a comma follows */
	return causes->items[causes->count++] = cause;
}

static struct cause *cause_find(struct causes *causes, struct slice cells[RESULT_CELLS])
{
	char stem[WORD_SIZE];
	text_take(stem, WORD_SIZE, stem_of(cells[RESULT_COLUMN]));
	uint64_t wording = wording_of(cells, causes->arena);
	for (size_t i = 0; i < causes->count; i++) {
		struct cause *cause = causes->items[i];
		if (slice_is(slice_of(cause->code), cells[RESULT_CODE]) &&
		    slice_is(slice_of(cause->outcome), cells[RESULT_OUTCOME]) &&
		    strcmp(cause->stem, stem) == 0 && cause->wording == wording)
			return cause;
	}
	return cause_add(causes, cells);
}

static void column_count(struct cause *cause, struct slice column)
{
	for (size_t i = 0; i < cause->columns_count; i++)
		if (slice_is(slice_of(cause->columns[i]), column))
			return;
	if (cause->columns_count < COLUMNS_MAX && column.size > 0 && column.size < WORD_SIZE)
		text_take(cause->columns[cause->columns_count++], WORD_SIZE, column);
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
		text_take(free_one->text, TARGET_SIZE, text);
		return;
	}
	cause->is_inexact = true;
	for (size_t i = 0; i < TARGETS_MAX; i++)
		cause->targets[i].count--;
}

/* What was not attempted because of another problem is that one's. */
static bool is_problem(struct slice outcome)
{
	return slice_is(outcome, SLICE("error")) || slice_is(outcome, SLICE("warning")) ||
	       slice_is(outcome, SLICE("skipped"));
}

void causes_add(struct causes *causes, struct slice row)
{
	struct slice cells[RESULT_CELLS] = {{0}};
	result_row_split(row, RESULT_OUTCOME, cells);
	if (!is_problem(cells[RESULT_OUTCOME]))
		return;
	arena_reset(causes->arena);
	result_row_split(row, RESULT_MESSAGE, cells);
	if (slice_is(cells[RESULT_CODE], SLICE("row_not_applied")))
		return;
	for (enum result_cell i = RESULT_COLUMN; i <= RESULT_MESSAGE; i++)
		cells[i] = result_cell_read(cells[i], causes->arena);
	struct cause *cause = cause_find(causes, cells);
	if (!cause) {
		causes->others++;
		return;
	}
	cause->count++;
	column_count(cause, cells[RESULT_COLUMN]);
	target_count(cause, cells[RESULT_TARGET]);
}

/* ---- as objects ---- */

static int by_count(const void *a, const void *b)
{
	const struct cause *x = *(struct cause *const *)a, *y = *(struct cause *const *)b;
	bool is_error_x = strcmp(x->outcome, "error") == 0;
	bool is_error_y = strcmp(y->outcome, "error") == 0;
	if (is_error_x != is_error_y)
		return is_error_x ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int by_target(const void *a, const void *b)
{
	const struct target *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

static json_t *targets_json(struct cause *cause)
{
	json_t *array = json_array();
	qsort(cause->targets, TARGETS_MAX, sizeof *cause->targets, by_target);
	for (size_t i = 0; i < TARGETS_SHOWN && cause->targets[i].count > 0; i++)
		json_array_append_new(array, json_pack("{s:o, s:I}", "target",
		                                 history_text(slice_of(cause->targets[i].text)),
		                                 "count", (json_int_t)cause->targets[i].count));
	return array;
}

static json_t *columns_json(const struct cause *cause)
{
	json_t *array = json_array();
	for (size_t i = 0; i < cause->columns_count; i++)
		json_array_append_new(array, history_text(slice_of(cause->columns[i])));
	return array;
}

static json_t *cause_json(struct cause *cause)
{
	return json_pack("{s:s, s:o, s:o, s:I, s:o, s:o, s:b, s:I, s:o}", "kind", "cause",
	    "outcome", history_text(slice_of(cause->outcome)), "code",
	    history_text(slice_of(cause->code)), "count", (json_int_t)cause->count, "columns",
	    columns_json(cause), "targets", targets_json(cause), "targets_exact",
	    !cause->is_inexact, "line", (json_int_t)cause->line, "message",
	    history_text(slice_of(cause->message)));
}

struct error causes_give(struct causes *causes, struct history *history)
{
	struct error error = causes->has_failed ? error_memory("grouping problems") : OK;
	if (causes->count > 1)
		qsort(causes->items, causes->count, sizeof *causes->items, by_count);
	for (size_t i = 0; i < causes->count && !is_error(&error); i++)
		error = history_give(history, cause_json(causes->items[i]));
	if (!is_error(&error) && causes->others > 0)
		error = history_give(history, json_pack("{s:s, s:I}", "kind", "other_causes",
		                                  "count", (json_int_t)causes->others));
	return error;
}
