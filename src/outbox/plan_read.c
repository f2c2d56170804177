/*
 * plan_read: a plan that lies in held/, read as what somebody has approved. Nothing of it counts
 * before its hash is known: other programs can write there.
 */
#include "enrold/plan_sheet.h"

#include "plan_place.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { SCRATCH_MAX = 64 << 10 };

struct reading {
	plan_sheet_on_row *on_row;
	void *context;
	bool is_over; /* no more rows are wanted */
};

static bool on_row(void *context, uint64_t offset, struct slice row)
{
	struct reading *reading = context;
	if (offset > 0 && !reading->is_over)
		reading->is_over = !reading->on_row(reading->context, row);
	return true; /* all of it is hashed */
}

static struct error altered(void)
{
	return error_reject("altered", 0, "the plan is not the one that was shown");
}

struct error plan_sheet_read(
    int file, const char *sha256, plan_sheet_on_row *on_row_wanted, void *context)
{
	struct stat stat;
	char found[HASH_TEXT_SIZE + 1];
	struct reading reading = {.on_row = on_row_wanted, .context = context};
	if (fstat(file, &stat) < 0)
		return error_errno("cannot look at a plan");
	if (!S_ISREG(stat.st_mode))
		return altered();
	struct result_span span = {
	    .file = file, .until = (uint64_t)stat.st_size, .hash = hash_create()};
	if (!span.hash)
		return error_memory("reading a plan");
	struct error error = result_read(&span, on_row, &reading);
	hash_finish(span.hash, found);
	hash_free(span.hash);
	bool is_altered =
	    error.class == ERROR_REJECT || (!is_error(&error) && strcmp(found, sha256) != 0);
	return is_altered ? altered() : error;
}

/* ---- as an approval ---- */

struct approving {
	const struct slice *courses; /* sorted */
	size_t courses_count;
	struct approval *approval;
	struct arena *arena;
	/* Of lines and numbers in one of these courses; sorted behind the first reading. */
	uint64_t *slots;
	size_t slots_count, slots_room;
	bool has_failed;
};

static int slices_compare(const void *a, const void *b)
{
	const struct slice *left = a, *right = b;
	int sizes = (left->size > right->size) - (left->size < right->size);
	return sizes != 0 || left->size == 0 ? sizes
	                                     : memcmp(left->bytes, right->bytes, left->size);
}

static int slots_compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static bool is_wanted(const struct approving *approving, struct slice course)
{
	return bsearch(
	    &course, approving->courses, approving->courses_count, sizeof course, slices_compare);
}

static void slot_add(struct approving *approving, uint64_t slot)
{
	if (approving->slots_count == approving->slots_room) {
		size_t room = approving->slots_room * 2 + 256;
		uint64_t *slots = reallocarray(approving->slots, room, sizeof *slots);
		approving->has_failed |= !slots;
		if (!slots)
			return;
		approving->slots = slots;
		approving->slots_room = room;
	}
	approving->slots[approving->slots_count++] = slot;
}

static bool has_slot(const struct approving *approving, uint64_t slot)
{
	return slot != 0 && approving->slots_count > 0 &&
	       bsearch(&slot, approving->slots, approving->slots_count, sizeof slot, slots_compare);
}

static void scratch_ease(struct approving *approving)
{
	approving->has_failed |= arena_has_failed(approving->arena);
	if (arena_used(approving->arena) > SCRATCH_MAX)
		arena_reset(approving->arena);
}

static bool on_course(void *context, struct slice row)
{
	struct approving *approving = context;
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_TARGET, cells);
	const struct plan_place place = plan_place_of(cells, approving->arena);
	if (place.slot != 0 && place.names_course && is_wanted(approving, place.course))
		slot_add(approving, place.slot);
	scratch_ease(approving);
	return !approving->has_failed;
}

static bool is_approved(const struct approving *approving, const struct slice cells[RESULT_CELLS])
{
	if (approving->courses_count == 0)
		return true;
	const struct plan_place place = plan_place_of(cells, approving->arena);
	return place.names_course ? is_wanted(approving, place.course)
	                          : has_slot(approving, place.slot);
}

static bool on_cell(void *context, struct slice row)
{
	struct approving *approving = context;
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_AFTER, cells);
	if (is_approved(approving, cells)) {
		plan_cell_add(approving->approval, cells, approving->arena);
		plan_cell_show(approving->approval, cells, approving->arena);
	}
	scratch_ease(approving);
	return !approving->has_failed;
}

/* A row about a group may stand before that which names its course, so this is found first. */
static struct error plan_approve(struct approving *approving, int file, const char *sha256)
{
	struct error error = OK;
	if (approving->courses_count > 0)
		error = plan_sheet_read(file, sha256, on_course, approving);
	if (!is_error(&error) && approving->slots_count > 0)
		qsort(approving->slots, approving->slots_count, sizeof *approving->slots,
		    slots_compare);
	if (!is_error(&error))
		error = plan_sheet_read(file, sha256, on_cell, approving);
	bool is_whole = approval_end(approving->approval) && !approving->has_failed;
	return is_error(&error) || is_whole ? error : error_memory("reading a plan");
}

struct error plan_sheet_approve(int file, const char *sha256, const struct slice *courses,
    size_t courses_count, struct approval *approval)
{
	struct slice *sorted = calloc(courses_count + 1, sizeof *sorted);
	struct approving approving = {.courses = sorted,
	    .courses_count = courses_count,
	    .approval = approval,
	    .arena = arena_create()};
	bool has_room = sorted && approving.arena;
	if (has_room && courses_count > 0) {
		memcpy(sorted, courses, courses_count * sizeof *sorted);
		qsort(sorted, courses_count, sizeof *sorted, slices_compare);
	}
	struct error error =
	    has_room ? plan_approve(&approving, file, sha256) : error_memory("reading a plan");
	if (is_error(&error))
		approval_done(approval);
	arena_free(approving.arena);
	free(approving.slots);
	free(sorted);
	return error;
}
