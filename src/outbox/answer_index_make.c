/*
 * answer_index_make: an index is made by reading its answer once, on whichever thread wants it. Two
 * who make the same one at once write the same bytes.
 */
#include "answer_index.h"

#include "enrold/described.h"
#include "enrold/room.h"

#include <unistd.h>

enum { CELL_MAX = 128, SCRATCH_MAX = 64 << 10 };

struct making {
	const struct indexed *of;
	struct index_maker *maker;
	struct arena *arena;
	char cell[CELL_MAX]; /* of the row before: its name, as it is written */
	size_t cell_size;
};

/* A row is about the one who had the name until then, too: "username=anna". */
static void old_name_add(struct making *making, struct slice row)
{
	struct slice cells[RESULT_CELLS], name;
	result_row_split(row, RESULT_BEFORE, cells);
	if (described_may_rename(cells[RESULT_CODE]) &&
	    described_find(result_cell_read(cells[RESULT_BEFORE], making->arena), "username",
	        making->arena, &name))
		index_maker_add(making->maker, name);
}

/* The rows of one record follow each other. */
static bool is_same_cell(struct making *making, struct slice cell)
{
	bool is_same = slice_is(cell, (struct slice){making->cell, making->cell_size});
	making->cell_size = cell.size <= CELL_MAX ? cell.size : 0;
	memcpy(making->cell, cell.bytes, making->cell_size);
	return is_same && cell.size > 0;
}

static bool on_row(void *context, uint64_t offset, struct slice row)
{
	struct making *making = context;
	struct slice cells[RESULT_CELLS];
	if (offset == 0) /* the header */
		return true;
	bool is_new = index_maker_row(making->maker, offset);
	result_row_split(row, RESULT_USERNAME, cells);
	bool is_same = is_same_cell(making, cells[RESULT_USERNAME]);
	if (!is_same || is_new)
		index_maker_add(
		    making->maker, result_cell_read(cells[RESULT_USERNAME], making->arena));
	if (making->of->has_renames)
		old_name_add(making, row);
	if (arena_used(making->arena) > SCRATCH_MAX)
		arena_reset(making->arena);
	return true;
}

static struct error answer_read(struct making *making, int result, const atomic_bool *is_cancelled)
{
	char sha256[HASH_TEXT_SIZE + 1];
	struct result_span span = {result, 0, making->of->bytes, hash_create(), is_cancelled};
	if (!span.hash)
		return error_memory("making an index");
	struct error error = result_read(&span, on_row, making);
	hash_finish(span.hash, sha256);
	hash_free(span.hash);
	if (!is_error(&error) && !slice_is(making->of->sha256, slice_of(sha256)))
		error = error_reject("altered", 0, "it is not as enrold wrote it");
	return is_error(&error)
	           ? error
	           : index_maker_end(making->maker, making->of->bytes, making->of->sha256);
}

struct error answer_index_make(
    int result, const struct indexed *of, int directory, const atomic_bool *is_cancelled)
{
	enum { FRACTION = 16 }; /* of the answer: about what it takes */
	char name[FILE_NAME_SIZE];
	index_name(name, of->run);
	/* What answers need must be left. */
	struct error error = room_ask(directory, name, 0, of->bytes / FRACTION);
	if (is_error(&error))
		return error;
	struct making making = {.of = of,
	    .maker = index_maker_create(of->run, directory, name),
	    .arena = arena_create()};
	error = making.maker && making.arena ? answer_read(&making, result, is_cancelled)
	                                     : error_memory("making an index");
	if (is_error(&error))
		unlinkat(directory, name, 0);
	index_maker_free(making.maker);
	arena_free(making.arena);
	return error;
}
