/*
 * plan_courses: what a plan would do in which course, for a person who is about to release it: how
 * many people each course is about, and how many of all would lose something. The plan stands by
 * course, so that the people of one course are counted at a time.
 */
#include "enrold/plan_sheet.h"

#include "plan_place.h"

#include "enrold/keyhash.h"
#include "enrold/outcome.h"

#include <stdlib.h>

enum { SCRATCH_MAX = 64 << 10 };

/* Hashes of user names, each as often as it came. */
struct people {
	uint64_t *items;
	size_t count, room;
};

struct counting {
	struct plan_courses *courses;
	struct arena *arena, *scratch; /* that of the answer, and of a row */
	struct slice course;
	struct people in_course, losing;
	bool has_failed;
};

static void person_add(struct counting *counting, struct people *people, struct slice name)
{
	if (name.size == 0)
		return; /* a group's row is about nobody */
	if (people->count == people->room) {
		size_t room = people->room * 2 + 256;
		uint64_t *items = reallocarray(people->items, room, sizeof *items);
		counting->has_failed |= !items;
		if (!items)
			return;
		people->items = items;
		people->room = room;
	}
	people->items[people->count++] = keyhash(name.bytes, name.size);
}

static int person_compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static uint64_t people_count(struct people *people)
{
	uint64_t count = 0;
	if (people->count > 1)
		qsort(people->items, people->count, sizeof *people->items, person_compare);
	for (size_t i = 0; i < people->count; i++)
		count += i == 0 || people->items[i] != people->items[i - 1];
	people->count = 0;
	return count;
}

/* ---- the courses with the most people ---- */

static void course_put(struct plan_courses *courses, struct slice name, uint64_t people)
{
	size_t at = courses->count;
	if (at == PLAN_COURSES_MAX) {
		courses->others++;
		if (courses->items[at - 1].people >= people)
			return;
		at--;
	} else {
		courses->count++;
	}
	for (; at > 0 && courses->items[at - 1].people < people; at--)
		courses->items[at] = courses->items[at - 1];
	courses->items[at] = (struct plan_course){name, people};
}

static void course_end(struct counting *counting)
{
	uint64_t people = people_count(&counting->in_course);
	if (counting->course.size > 0)
		course_put(counting->courses, counting->course, people);
}

/* ---- one row ---- */

/* What is withheld takes something from somebody; of a held file's rows these do. */
static bool is_loss(const struct slice cells[RESULT_CELLS])
{
	static const enum code losses[] = {CODE_ACCOUNT_SUSPENDED, CODE_ACCOUNT_DELETED,
	    CODE_ENROLMENT_SUSPENDED, CODE_ENROLMENT_EXPIRED, CODE_ROLE_REMOVED, CODE_UNENROLLED,
	    CODE_UNENROL_SUSPENDED, CODE_GROUP_LEFT, CODE_COHORT_LEFT, CODE_ABSENT_SUSPENDED,
	    CODE_ABSENT_UNENROLLED};
	enum code code = outcome_code_parse(cells[RESULT_CODE]);
	if (slice_is(cells[RESULT_OUTCOME], SLICE("skipped")))
		return true;
	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
		if (code == losses[i])
			return true;
	return false;
}

static bool on_row(void *context, struct slice row)
{
	struct counting *counting = context;
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_CODE, cells);
	const struct plan_place place = plan_place_of(cells, counting->scratch);
	struct slice person = result_cell_read(cells[RESULT_USERNAME], counting->scratch);
	if (place.names_course && !slice_is(place.course, counting->course)) {
		course_end(counting);
		counting->course = arena_copy(counting->arena, place.course);
	}
	if (place.names_course)
		person_add(counting, &counting->in_course, person);
	if (is_loss(cells))
		person_add(counting, &counting->losing, person);
	counting->has_failed |=
	    arena_has_failed(counting->scratch) || arena_has_failed(counting->arena);
	if (arena_used(counting->scratch) > SCRATCH_MAX)
		arena_reset(counting->scratch);
	return !counting->has_failed;
}

struct error plan_sheet_count_courses(
    int file, const char *sha256, struct arena *arena, struct plan_courses *courses)
{
	struct counting counting = {.courses = courses, .arena = arena, .scratch = arena_create()};
	*courses = (struct plan_courses){0};
	struct error error = counting.scratch ? plan_sheet_read(file, sha256, on_row, &counting)
	                                      : error_memory("reading a plan");
	course_end(&counting);
	courses->people_losing = people_count(&counting.losing);
	if (!is_error(&error) && counting.has_failed)
		error = error_memory("reading a plan");
	arena_free(counting.scratch);
	free(counting.in_course.items);
	free(counting.losing.items);
	return error;
}
