/*
 * undo: R's result, as far as it can be taken back: in pieces, because it is read from its last row
 * to its first and may be as large as a disk. Nobody else includes it.
 */
#ifndef RUN_UNDO_H
#define RUN_UNDO_H

#include "apply_loop.h"

#include "enrold/undo.h"

/* Rows that did something. */
enum { UNDO_TOGETHER = 1000 };

struct undo_mark {
	uint64_t from;   /* where the piece begins in the file */
	uint64_t before; /* rows of earlier pieces */
};

struct undo_source {
	int file;
	uint64_t bytes, rows;
	struct undo_mark *pieces;
	size_t pieces_count, room;
};

/* The last row first; in the caller's arena. */
struct undo_piece {
	struct undo_row *all, **rows;
	size_t count;
};

/* REJECT: it is not there, or not what the ledger knows. To be closed either way. */
struct error undo_source_open(struct run *run, struct undo_source *source) MUST_CHECK;
/* The same, and no more. */
struct error undo_source_check(struct run *run) MUST_CHECK;
void undo_source_close(struct undo_source *source);
struct error undo_source_read(const struct undo_source *source, size_t piece, struct arena *arena,
    struct undo_piece *rows) MUST_CHECK;

#endif
