/*
 * undo_source: the result of the run that is undone. It is read once from its beginning to its end,
 * for its hash and for where its pieces begin; then piece by piece.
 */
#include "undo.h"

#include "enrold/naming.h"
#include "enrold/packed.h"
#include "enrold/result.h"

#include <stdlib.h>
#include <unistd.h>

static struct slice read_cell(struct slice cell, struct arena *arena)
{
	return result_cell_read(cell, arena);
}

static enum outcome_kind outcome_of(struct slice name)
{
	enum outcome_kind kind = 0;
	while (kind < OUTCOME_KINDS && !slice_is(slice_of(outcome_kind_name(kind)), name))
		kind++;
	return kind;
}

static uint64_t number_of(struct slice text)
{
	uint64_t number = 0;
	for (size_t i = 0; i < text.size && text.bytes[i] >= '0' && text.bytes[i] <= '9'; i++)
		number = number * 10 + (uint64_t)(text.bytes[i] - '0');
	return number;
}

/* What the row says, borrowed from its bytes or in the arena. */
static struct undo_row row_read(struct slice bytes, struct arena *arena)
{
	struct slice cells[RESULT_CELLS];
	result_row_split(bytes, RESULT_AFTER, cells);
	struct undo_row row = {.line = number_of(cells[RESULT_LINE]),
	    .username = read_cell(cells[RESULT_USERNAME], arena),
	    .column = read_cell(cells[RESULT_COLUMN], arena),
	    .target = read_cell(cells[RESULT_TARGET], arena),
	    .before = read_cell(cells[RESULT_BEFORE], arena),
	    .after = read_cell(cells[RESULT_AFTER], arena),
	    .code = outcome_code_parse(cells[RESULT_CODE])};
	if (row.code < CODES)
		row.kind = undo_kind_of(outcome_of(cells[RESULT_OUTCOME]), &row);
	return row;
}

/* ---- the whole ---- */

struct scanning {
	struct undo_source *source;
	struct run *run;
	struct arena *arena; /* of a row */
	bool wants_rows;     /* else the hash is all that is wanted */
	bool is_begun;       /* the header is behind us */
	bool has_failed;
};

static bool piece_begin(struct undo_source *source, uint64_t offset)
{
	if (source->pieces_count == source->room) {
		size_t room = source->room > 0 ? source->room * 2 : 64;
		struct undo_mark *grown = reallocarray(source->pieces, room, sizeof *grown);
		if (!grown)
			return false;
		source->pieces = grown;
		source->room = room;
	}
	source->pieces[source->pieces_count++] = (struct undo_mark){offset, source->rows};
	return true;
}

static bool on_scanned(void *context, uint64_t offset, struct slice bytes)
{
	struct scanning *scanning = context;
	struct undo_source *source = scanning->source;
	bool is_header = !scanning->is_begun;
	scanning->is_begun = true;
	if (is_header || !scanning->wants_rows ||
	    row_read(bytes, scanning->arena).kind == UNDO_NOTHING)
		return true;
	if (source->rows % UNDO_TOGETHER == 0)
		scanning->has_failed |= !piece_begin(source, offset);
	source->rows++;
	scanning->has_failed |= arena_has_failed(scanning->arena);
	arena_reset(scanning->arena);
	if (source->rows % UNDO_TOGETHER == 0)
		atomic_fetch_add(scanning->run->runner->shared->progress, 1);
	return !scanning->has_failed;
}

static struct error altered(const struct run *run, const char *code, const char *how)
{
	const struct ledger_run *of = &run->ordered.source;
	return error_reject(code, 0,
	    "the answer of run %.*s to %.*s %s: what it did cannot be taken back by it",
	    SLICE_ARG(of->run), SLICE_ARG(of->name), how);
}

static struct error scan(struct run *run, struct undo_source *source, bool wants_rows)
{
	char sha256[HASH_TEXT_SIZE + 1];
	struct scanning scanning = {
	    .source = source, .run = run, .arena = arena_create(), .wants_rows = wants_rows};
	struct hash *hash = hash_create();
	const struct result_span span = {
	    .file = source->file, .until = source->bytes, .hash = hash};
	struct error error = hash && scanning.arena ? result_read(&span, on_scanned, &scanning)
	                                            : error_memory("reading an answer");
	if (scanning.has_failed)
		error = error_memory("reading an answer");
	if (hash)
		hash_finish(hash, sha256);
	hash_free(hash);
	arena_free(scanning.arena);
	bool is_it = !is_error(&error) &&
	             slice_is(run->ordered.source.hashes[ARTEFACT_RESULT], slice_of(sha256));
	bool is_told = is_error(&error) && error.class != ERROR_REJECT;
	return is_it || is_told ? error : altered(run, "result_altered", "is not what it was");
}

static struct error result_open(const struct run *run, int outbox, int *file)
{
	char name[FILE_NAME_SIZE];
	const struct ledger_run *of = &run->ordered.source;
	naming_find(outbox, ".",
	    &(struct naming){
	        of->name.bytes, of->run.bytes, artefact_kinds[ARTEFACT_RESULT].suffix, false},
	    name);
	struct error error = packed_open(outbox, name, of->sizes.of[ARTEFACT_RESULT], file);
	if (error.class == ERROR_REJECT)
		return altered(run, "result_altered", "is not what it was");
	if (is_error(&error))
		return error_wrap(error, "the answer of run %.*s", SLICE_ARG(of->run));
	if (*file >= 0)
		return OK;
	return of->answer_pruned.size > 0
	           ? altered(run, "result_missing", "was kept long enough, and has been pruned")
	           : altered(run, "result_missing", "is not in the outbox any more");
}

/* What was found is read from its beginning to its end. */
static struct error source_open(struct run *run, struct undo_source *source, bool wants_rows)
{
	int outbox;
	*source = (struct undo_source){
	    .file = -1, .bytes = run->ordered.source.sizes.of[ARTEFACT_RESULT]};
	struct error error = spool_open_outbox(run->runner->shared->spool, run->lane.feed, &outbox);
	if (is_error(&error))
		return error;
	error = result_open(run, outbox, &source->file);
	close(outbox);
	return is_error(&error) ? error : scan(run, source, wants_rows);
}

struct error undo_source_open(struct run *run, struct undo_source *source)
{
	return source_open(run, source, true);
}

struct error undo_source_check(struct run *run)
{
	struct undo_source source;
	struct error error = source_open(run, &source, false);
	undo_source_close(&source);
	return error;
}

void undo_source_close(struct undo_source *source)
{
	if (source->file >= 0)
		close(source->file);
	free(source->pieces);
	*source = (struct undo_source){.file = -1};
}

/* ---- a piece ---- */

struct piece_reading {
	struct undo_piece *piece;
	struct arena *arena;
	size_t wanted;
};

static bool on_row(void *context, uint64_t offset, struct slice bytes)
{
	struct piece_reading *reading = context;
	struct undo_piece *piece = reading->piece;
	(void)offset;
	if (row_read(bytes, reading->arena).kind == UNDO_NOTHING)
		return true;
	/* The bytes are the reader's. */
	piece->all[piece->count++] = row_read(arena_copy(reading->arena, bytes), reading->arena);
	return piece->count < reading->wanted;
}

static void turn_round(struct undo_piece *piece)
{
	for (size_t i = 0; i < piece->count; i++)
		piece->rows[i] = &piece->all[piece->count - 1 - i];
}

struct error undo_source_read(
    const struct undo_source *source, size_t piece, struct arena *arena, struct undo_piece *rows)
{
	bool is_last = piece + 1 == source->pieces_count;
	uint64_t until = is_last ? source->rows : source->pieces[piece + 1].before;
	struct piece_reading reading = {
	    rows, arena, (size_t)(until - source->pieces[piece].before)};
	*rows =
	    (struct undo_piece){.all = arena_alloc(arena, (reading.wanted + 1) * sizeof *rows->all),
	        .rows = arena_alloc(arena, (reading.wanted + 1) * sizeof(struct undo_row *))};
	if (!rows->all || !rows->rows)
		return error_memory("reading an answer");
	const struct result_span span = {
	    .file = source->file, .from = source->pieces[piece].from, .until = source->bytes};
	struct error error = result_read(&span, on_row, &reading);
	turn_round(rows);
	return arena_has_failed(arena) ? error_memory("reading an answer") : error;
}
