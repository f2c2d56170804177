#include "enrold/approval.h"

#include "enrold/keyhash.h"

#include <stdlib.h>

enum { CELLS_MIN = 256 };

static uint64_t text_hash(struct slice text)
{
	return keyhash(text.bytes, text.size);
}

/* So many bits that no two cells of a file have the same by chance, and keyed, so that nobody makes
 * them. */
static uint64_t cell_hash(
    uint64_t line, struct slice column, struct slice username, struct slice target)
{
	bool is_absent = slice_is(column, SLICE("absent"));
	const uint64_t cell[] = {line, text_hash(column), is_absent ? text_hash(username) : 0,
	    is_absent ? text_hash(target) : 0};
	return keyhash(cell, sizeof cell);
}

static bool approval_reserve(struct approval *approval)
{
	if (approval->count < approval->room)
		return true;
	size_t room = approval->room * 2 + CELLS_MIN;
	uint64_t *cells = reallocarray(approval->cells, room, sizeof *cells);
	if (!cells)
		return false;
	approval->cells = cells;
	approval->room = room;
	return true;
}

void approval_add(struct approval *approval, uint64_t line, struct slice column,
    struct slice username, struct slice target)
{
	if (approval_reserve(approval))
		approval->cells[approval->count++] = cell_hash(line, column, username, target);
	else
		approval->has_failed = true;
}

static int cells_compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

bool approval_end(struct approval *approval)
{
	if (approval->count > 0)
		qsort(approval->cells, approval->count, sizeof *approval->cells, cells_compare);
	return !approval->has_failed;
}

bool approval_has(const struct approval *approval, uint64_t line, struct slice column,
    struct slice username, struct slice target)
{
	uint64_t cell = cell_hash(line, column, username, target);
	return approval->count > 0 && bsearch(&cell, approval->cells, approval->count,
	                                  sizeof *approval->cells, cells_compare);
}

void approval_done(struct approval *approval)
{
	free(approval->cells);
	*approval = (struct approval){0};
}
