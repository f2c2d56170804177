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

/* Of other length than a cell's; what 0: something was shown. */
static uint64_t shown_hash(
    uint64_t line, struct slice column, enum approval_tale tale, uint64_t what)
{
	const uint64_t shown[] = {line, text_hash(column), tale, what, 1};
	return keyhash(shown, sizeof shown);
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

static void hash_keep(struct approval *approval, uint64_t hash)
{
	if (approval_reserve(approval))
		approval->cells[approval->count++] = hash;
	else
		approval->has_failed = true;
}

void approval_add(struct approval *approval, uint64_t line, struct slice column,
    struct slice username, struct slice target)
{
	hash_keep(approval, cell_hash(line, column, username, target));
}

void approval_show(struct approval *approval, uint64_t line, struct slice column,
    enum approval_tale tale, struct slice what)
{
	hash_keep(approval, shown_hash(line, column, tale, 0));
	hash_keep(approval, shown_hash(line, column, tale, text_hash(what)));
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

static bool hash_has(const struct approval *approval, uint64_t hash)
{
	return approval->count > 0 && bsearch(&hash, approval->cells, approval->count,
	                                  sizeof *approval->cells, cells_compare);
}

bool approval_has(const struct approval *approval, uint64_t line, struct slice column,
    struct slice username, struct slice target)
{
	return hash_has(approval, cell_hash(line, column, username, target));
}

bool approval_shows(const struct approval *approval, uint64_t line, struct slice column,
    enum approval_tale tale, struct slice what)
{
	return hash_has(approval, shown_hash(line, column, tale, text_hash(what))) ||
	       !hash_has(approval, shown_hash(line, column, tale, 0));
}

void approval_done(struct approval *approval)
{
	free(approval->cells);
	*approval = (struct approval){0};
}
