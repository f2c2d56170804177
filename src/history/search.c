#include "history.h"

#include "enrold/answer_index.h"
#include "enrold/value.h"

#include <unistd.h>

/* So many bytes of rows about one person in one answer; in more there is something wrong. */
enum { ROWS_MAX = 16 << 20, SCRATCH_MAX = 64 << 10 };

struct searching {
	struct history *history;
	const struct past_run *run;
	const struct names *names;
	struct arena *arena, *scratch;
	struct found_rows *found;
	size_t bytes;
};

static bool row_keep(struct searching *searching, struct slice row)
{
	struct found_rows *found = searching->found;
	if (found->count == found->room) {
		size_t room = found->room > 0 ? found->room * 2 : 16;
		struct found_row *grown =
		    arena_grow(searching->arena, found->rows, found->count, room, sizeof *grown);
		if (!grown)
			return false;
		found->rows = grown;
		found->room = room;
	}
	searching->bytes += row.size;
	if (searching->bytes > ROWS_MAX) {
		found->gap = "too_many";
		return false;
	}
	struct found_row *kept = &found->rows[found->count++];
	result_row_split(arena_copy(searching->arena, row), RESULT_AFTER, kept->cells);
	for (enum result_cell i = 0; i < RESULT_CELLS; i++)
		kept->cells[i] = result_cell_read(kept->cells[i], searching->arena);
	return true;
}

/* Most rows are about others: of those only the name is read. */
static bool may_be_meant(const struct searching *searching, struct slice row)
{
	struct slice cells[RESULT_CELLS];
	const struct names *names = searching->names;
	if (searching->run->has_renames)
		return true;
	result_row_split(row, RESULT_USERNAME, cells);
	struct slice cell = result_cell_read(cells[RESULT_USERNAME], searching->scratch);
	for (size_t i = 0; i < names->count; i++)
		if (value_is_alike(names->items[i].text, cell, searching->scratch))
			return true;
	return false;
}

static bool on_row(void *context, uint64_t offset, struct slice row)
{
	struct searching *searching = context;
	struct slice cells[RESULT_CELLS];
	if (arena_used(searching->scratch) > SCRATCH_MAX)
		arena_reset(searching->scratch);
	if (offset == 0 || !may_be_meant(searching, row)) /* 0: the header */
		return true;
	result_row_split(row, RESULT_AFTER, cells);
	for (enum result_cell i = 0; i < RESULT_CELLS; i++)
		cells[i] = result_cell_read(cells[i], searching->scratch);
	return !names_of_row(searching->names, searching->run, cells, searching->scratch) ||
	       row_keep(searching, row);
}

static bool has_ended(const struct past_run *run)
{
	return run->row.state != RUN_RUNNING;
}

/* Of one that has ended the hash, too, as all of it is read; until then nothing is believed. */
static struct error read_all(struct searching *searching, int file)
{
	char sha256[HASH_TEXT_SIZE + 1];
	struct result_span span = {.file = file,
	    .until = searching->run->row.sizes.of[ARTEFACT_RESULT],
	    .is_cancelled = searching->history->is_cancelled};
	span.hash = has_ended(searching->run) ? hash_create() : NULL;
	if (has_ended(searching->run) && !span.hash)
		return error_memory("reading an answer");
	struct error error = result_read(&span, on_row, searching);
	if (span.hash) {
		hash_finish(span.hash, sha256);
		hash_free(span.hash);
	}
	bool is_whole = !is_error(&error) && !searching->found->gap;
	if (is_whole && span.hash &&
	    !slice_is(slice_of(sha256), searching->run->row.hashes[ARTEFACT_RESULT]))
		error = error_reject("altered", 0, "its hash is not the ledger's");
	return error;
}

static struct error read_blocks(
    struct searching *searching, int file, const struct answer_block *blocks, size_t count)
{
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error) && !searching->found->gap; i++) {
		struct result_span span = {.file = file,
		    .from = blocks[i].from,
		    .until = blocks[i].until,
		    .is_cancelled = searching->history->is_cancelled};
		error = result_read(&span, on_row, searching);
	}
	return error;
}

static struct indexed indexed_of(const struct past_run *run)
{
	const struct ledger_run *row = &run->row;
	return (struct indexed){row->run.bytes, row->sizes.of[ARTEFACT_RESULT],
	    row->hashes[ARTEFACT_RESULT], run->has_renames};
}

/* False: there is none that fits. */
static bool blocks_find(struct searching *searching, const struct indexed *of,
    const struct stat *stat, struct answer_block **blocks, size_t *count)
{
	struct slice names[NAMES_MAX];
	if (searching->history->index < 0)
		return false;
	struct answer_index *index = answer_index_open(searching->history->index, of, stat);
	for (size_t i = 0; i < searching->names->count; i++)
		names[i] = searching->names->items[i].text;
	bool is_found = index && answer_index_find(index, names, searching->names->count,
	                             searching->arena, blocks, count);
	answer_index_close(index);
	return is_found;
}

static struct error read_large(struct searching *searching, int file, const struct stat *stat)
{
	struct history *history = searching->history;
	const struct indexed of = indexed_of(searching->run);
	struct answer_block *blocks = NULL;
	size_t count = 0;
	bool is_found = blocks_find(searching, &of, stat, &blocks, &count);
	bool may_make = history->may_write && history->index >= 0 && !searching->run->is_preview;
	if (!is_found && may_make) {
		struct error error =
		    answer_index_make(file, &of, history->index, history->is_cancelled);
		if (error.class == ERROR_REJECT)
			return error;
		is_found = !is_error(&error) && blocks_find(searching, &of, stat, &blocks, &count);
	}
	return is_found ? read_blocks(searching, file, blocks, count) : read_all(searching, file);
}

static struct error read_answer(struct searching *searching, int file)
{
	struct stat stat;
	uint64_t bytes = searching->run->row.sizes.of[ARTEFACT_RESULT];
	if (fstat(file, &stat) < 0)
		return error_errno("cannot look at an answer");
	bool fits = has_ended(searching->run) ? (uint64_t)stat.st_size == bytes
	                                      : (uint64_t)stat.st_size >= bytes;
	if (!fits)
		return error_reject("altered", 0, "its size is not the ledger's");
	return has_ended(searching->run) && bytes >= ANSWER_INDEX_MIN
	           ? read_large(searching, file, &stat)
	           : read_all(searching, file);
}

/* By the index of a packed one, which is not unpacked in vain. */
static bool names_nobody(struct searching *searching, const struct place *place)
{
	struct answer_block *blocks;
	size_t count;
	const struct ledger_run *row = &searching->run->row;
	const struct indexed of = indexed_of(searching->run);
	return place->is_packed && has_ended(searching->run) &&
	       row->sizes.of[ARTEFACT_RESULT] >= ANSWER_INDEX_MIN &&
	       blocks_find(searching, &of, &place->stat, &blocks, &count) && count == 0;
}

static struct error read_place(struct searching *searching, const struct place *place)
{
	int file;
	struct error error = place_open(
	    searching->history, place, searching->run->row.sizes.of[ARTEFACT_RESULT], &file);
	if (error.class == ERROR_REJECT)
		return error;
	if (is_error(&error) || file < 0) {
		bool is_pruned = place_pruned_by(searching->run, PLACE_RESULT).size > 0;
		searching->found->gap = is_error(&error) ? "unreadable"
		                        : is_pruned      ? "pruned"
		                                         : "missing";
		return OK;
	}
	error = read_answer(searching, file);
	close(file);
	return error;
}

struct error search(struct history *history, const struct past_run *run, const struct names *names,
    struct arena *arena, struct found_rows *found)
{
	struct place place;
	struct searching searching = {
	    .history = history, .run = run, .names = names, .arena = arena, .found = found};
	*found = (struct found_rows){.rows = NULL};
	if (run->row.sizes.of[ARTEFACT_RESULT] == 0)
		return OK;
	place_find(history, run, PLACE_RESULT, &place);
	if (names_nobody(&searching, &place))
		return OK;
	searching.scratch = arena_create();
	struct error error =
	    searching.scratch ? read_place(&searching, &place) : error_memory("reading an answer");
	if (searching.scratch && (arena_has_failed(searching.scratch) || arena_has_failed(arena)))
		error = error_memory("reading an answer");
	arena_free(searching.scratch);
	if (error.class == ERROR_REJECT) {
		*found = (struct found_rows){.gap = "altered"};
		error = OK;
	}
	return error;
}
