#include "plan_rows.h"

#include "plan_place.h"

#include "enrold/keyhash.h"
#include "enrold/outcome.h"

#include <stdlib.h>

enum { SCRATCH_MAX = 64 << 10 };

/* So much of a row's hash that no two rows have the same. */
enum { MARK_SIZE = HASH_TEXT_SIZE / 2 };

struct mark {
	char text[MARK_SIZE];
};

/* ---- courses and people ---- */

static uint32_t course_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_text(*(const struct slice *)item);
}

static uint32_t person_hash(const void *context, const void *item)
{
	(void)context;
	return (uint32_t) * (const uint64_t *)item;
}

static uint32_t course_number(struct plan_rows *rows, struct slice name)
{
	size_t at = course_hash(NULL, &name);
	if (name.size == 0)
		return 0;
	for (uint32_t number; (number = hashlist_next(&rows->courses, &at)) != 0;)
		if (slice_is(plan_rows_course(rows, number), name))
			return number;
	struct slice own = arena_copy(rows->names, name);
	rows->has_failed |= !own.bytes || !hashlist_add(&rows->courses, &own);
	return rows->has_failed ? 0 : (uint32_t)rows->courses.count;
}

/* A group's row is about nobody. */
static void person_count(struct plan_rows *rows, struct slice name)
{
	uint64_t person = keyhash(name.bytes, name.size);
	size_t at = person_hash(NULL, &person);
	if (name.size == 0)
		return;
	for (uint32_t number; (number = hashlist_next(&rows->people, &at)) != 0;)
		if (*(uint64_t *)hashlist_at(&rows->people, number) == person)
			return;
	rows->has_failed |= !hashlist_add(&rows->people, &person);
}

/* ---- one row ---- */

static bool is_taken(const struct plan_rows *rows, const struct slice cells[RESULT_CELLS])
{
	if (slice_is(cells[RESULT_OUTCOME], SLICE("skipped"))) {
		enum code code = outcome_code_parse(cells[RESULT_CODE]);
		return code != CODES && outcome_code_is_withheld(code);
	}
	return rows->is_whole && (slice_is(cells[RESULT_OUTCOME], SLICE("done")) ||
	                             slice_is(cells[RESULT_OUTCOME], SLICE("warning")));
}

/* Neither its line nor what it says to people: the next file may have it elsewhere. */
static void mark_add(struct plan_rows *rows, struct slice row)
{
	static const enum result_cell said[] = {RESULT_USERNAME, RESULT_COLUMN, RESULT_TARGET,
	    RESULT_CODE, RESULT_BEFORE, RESULT_AFTER};
	struct slice cells[RESULT_CELLS];
	char sha256[HASH_TEXT_SIZE + 1];
	result_row_split(row, RESULT_AFTER, cells);
	hash_restart(rows->hash);
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		hash_add(rows->hash, cells[said[i]].bytes, cells[said[i]].size);
		hash_add(rows->hash, ",", 1);
	}
	hash_finish(rows->hash, sha256);
	rows->has_failed |= !hashlist_append(&rows->marks, sha256);
}

static void slot_enter(struct plan_rows *rows, uint64_t slot)
{
	if (slot == rows->slot)
		return;
	rows->slot = slot;
	rows->course = 0;
	rows->waiting = rows->items.count;
}

static void slot_name(struct plan_rows *rows, uint32_t course)
{
	struct plan_row *items = rows->items.items;
	rows->course = course;
	for (; rows->waiting < rows->items.count; rows->waiting++)
		items[rows->waiting].course = course;
}

static uint32_t course_find(struct plan_rows *rows, const struct slice cells[RESULT_CELLS])
{
	const struct plan_place place = plan_place_of(cells, rows->scratch);
	slot_enter(rows, place.slot);
	if (!place.names_course)
		return rows->course;
	uint32_t course = course_number(rows, place.course);
	if (place.slot != 0)
		slot_name(rows, course);
	return course;
}

static void scratch_ease(struct plan_rows *rows)
{
	rows->has_failed |= arena_has_failed(rows->scratch);
	if (arena_used(rows->scratch) > SCRATCH_MAX)
		arena_reset(rows->scratch);
}

static bool on_row(void *context, uint64_t offset, struct slice row)
{
	struct plan_rows *rows = context;
	struct slice cells[RESULT_CELLS];
	if (offset == 0) {
		rows->first = (uint32_t)row.size;
		return true;
	}
	result_row_split(row, RESULT_CODE, cells);
	const struct plan_row item = {offset, (uint32_t)row.size, course_find(rows, cells)};
	if (is_taken(rows, cells)) {
		rows->has_failed |=
		    rows->items.count == UINT32_MAX || !hashlist_append(&rows->items, &item);
		rows->waiting += item.course != 0;
		person_count(rows, cells[RESULT_USERNAME]);
		mark_add(rows, row);
	}
	scratch_ease(rows);
	return !rows->has_failed;
}

/* ---- in which order ---- */

static int courses_compare(const void *a, const void *b, void *context)
{
	struct slice left = plan_rows_course(context, *(const uint32_t *)a);
	struct slice right = plan_rows_course(context, *(const uint32_t *)b);
	size_t size = left.size < right.size ? left.size : right.size;
	int order = memcmp(left.bytes, right.bytes, size);
	return order != 0 ? order : (left.size > right.size) - (left.size < right.size);
}

/* Counted into their places: those of one course stay as they are in the file. */
static void items_place(struct plan_rows *rows, const uint32_t *sorted, uint32_t *begins)
{
	const struct plan_row *items = rows->items.items;
	uint32_t sum = 0;
	for (size_t i = 0; i < rows->items.count; i++)
		begins[items[i].course]++;
	for (size_t i = 0; i <= rows->courses.count; i++) {
		uint32_t course = i == 0 ? 0 : sorted[i - 1], count = begins[course];
		begins[course] = sum;
		sum += count;
	}
	for (size_t i = 0; i < rows->items.count; i++)
		rows->order[begins[items[i].course]++] = (uint32_t)i;
}

static struct error items_order(struct plan_rows *rows)
{
	size_t courses = rows->courses.count;
	uint32_t *sorted = calloc(courses + 1, sizeof *sorted);
	uint32_t *begins = calloc(courses + 1, sizeof *begins);
	rows->order = calloc(rows->items.count + 1, sizeof *rows->order);
	bool has_room = sorted && begins && rows->order;
	for (size_t i = 0; has_room && i < courses; i++)
		sorted[i] = (uint32_t)i + 1;
	if (has_room && courses > 0)
		qsort_r(sorted, courses, sizeof *sorted, courses_compare, rows);
	if (has_room)
		items_place(rows, sorted, begins);
	free(sorted);
	free(begins);
	return has_room ? OK : error_memory("making a plan");
}

/* ---- all ---- */

struct error plan_rows_find(struct plan_rows *rows, bool is_whole, int file, uint64_t bytes)
{
	const struct result_span span = {.file = file, .until = bytes};
	*rows = (struct plan_rows){.is_whole = is_whole,
	    .items = {.size = sizeof(struct plan_row)},
	    .courses = {.hash = course_hash, .size = sizeof(struct slice)},
	    .people = {.hash = person_hash, .size = sizeof(uint64_t)},
	    .marks = {.size = sizeof(struct mark)},
	    .names = arena_create(),
	    .scratch = arena_create(),
	    .hash = hash_create()};
	rows->has_failed = !rows->names || !rows->scratch || !rows->hash;
	struct error error = rows->has_failed ? OK : result_read(&span, on_row, rows);
	if (!is_error(&error) && rows->has_failed)
		error = error_memory("making a plan");
	return is_error(&error) ? error : items_order(rows);
}

void plan_rows_done(struct plan_rows *rows)
{
	struct hashlist *lists[] = {&rows->items, &rows->courses, &rows->people, &rows->marks};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		hashlist_done(lists[i]);
	arena_free(rows->names);
	arena_free(rows->scratch);
	hash_free(rows->hash);
	free(rows->order);
	*rows = (struct plan_rows){0};
}

const struct plan_row *plan_rows_at(const struct plan_rows *rows, size_t place)
{
	return hashlist_at(&rows->items, rows->order[place] + 1);
}

struct slice plan_rows_course(const struct plan_rows *rows, uint32_t course)
{
	return course == 0 ? SLICE("") : *(struct slice *)hashlist_at(&rows->courses, course);
}

static int marks_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mark));
}

struct error plan_rows_content(struct plan_rows *rows, char sha256[HASH_TEXT_SIZE + 1])
{
	struct hashlist *marks = &rows->marks;
	if (marks->count > 0)
		qsort(marks->items, marks->count, sizeof(struct mark), marks_compare);
	return hash_text((struct slice){marks->items, marks->count * sizeof(struct mark)}, sha256);
}
