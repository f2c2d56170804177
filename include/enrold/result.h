/*
 * result: reads the result.csv that answer.c writes (enrold.csv(5)): where its rows end, and what
 * their cells say. A quick splitter for our own files, never for what HR drops.
 */
#ifndef ENROLD_RESULT_H
#define ENROLD_RESULT_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of a longer name its first so many letters stand there. A user name has no more. */
enum { RESULT_NAME_MAX = 100 };

enum result_cell {
	RESULT_LINE,
	RESULT_USERNAME,
	RESULT_COLUMN,
	RESULT_TARGET,
	RESULT_OUTCOME,
	RESULT_CODE,
	RESULT_MESSAGE,
	RESULT_BEFORE,
	RESULT_AFTER,
	RESULT_CELLS,
};

/* The bytes of the row with which the text begins, its line end included; 0: it does not end there.
 */
size_t result_row_size(struct slice text);
/* The row's cells as they are written, up to and with the last one wanted; those it has not are
 * empty. */
void result_row_split(struct slice row, enum result_cell last, struct slice cells[RESULT_CELLS]);
/* What such a cell says: without quotes and guards; itself, or in the arena. */
struct slice result_cell_read(struct slice cell, struct arena *arena);

/* A row, with its line end, that begins at this offset of the file; borrowed until it returns.
 * False: no more is wanted. */
typedef bool result_on_row(void *context, uint64_t offset, struct slice row);

struct result_span {
	int file;
	uint64_t from, until;            /* from the beginning of a row to the end of one */
	struct hash *hash;               /* of all bytes, when it comes to the end; NULL: none */
	const atomic_bool *is_cancelled; /* NULL: never */
};

/* Row by row, front to back, in memory for one piece of the file. REJECT altered: the file is
 * shorter, or has not rows such as enrold writes. RETRY; also is_cancelled. */
struct error result_read(
    const struct result_span *span, result_on_row *on_row, void *context) MUST_CHECK;

#endif
