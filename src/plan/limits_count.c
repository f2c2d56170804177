/*
 * limits_count: distinct people and courses of a whole file, from its batches. Somebody is their
 * account's id, but for those whom this very file makes: a rehearsal that is rolled back between
 * its batches gives the ids of some to others, so these go by their user names.
 */
#include "enrold/limits.h"

#include "enrold/idset.h"
#include "enrold/keyhash.h"

#include <stdlib.h>

struct limits_count {
	struct idset people[LIMITED_KINDS];
	struct idset created; /* by name_number */
	struct idset courses;
	int64_t *courses_listed;
	size_t courses_listed_room;
};

/* ---- people ---- */

/* Negative, as no id is. */
static int64_t name_number(struct slice username)
{
	return (int64_t)(keyhash(username.bytes, username.size) | UINT64_C(1) << 63);
}

static int64_t person_number(
    const struct limits_count *count, const struct batch *batch, const struct record *record)
{
	if (record->person == INDEX_NONE)
		return name_number(record->name);
	const struct account_facts *person = &batch->people[record->person];
	int64_t by_name = name_number(person->username);
	return person->id <= 0 || idset_has(&count->created, by_name) ? by_name : person->id;
}

static bool created_add(
    struct limits_count *count, const struct batch *batch, const struct plan *plan)
{
	bool is_new, is_added = true;
	for (size_t i = 0; i < plan->changes_count && is_added; i++)
		if (plan->changes[i].kind == CHANGE_CREATE_ACCOUNT)
			is_added = idset_add(&count->created,
			    name_number(batch->people[plan->changes[i].person].username), &is_new);
	return is_added;
}

static bool people_add(
    struct limits_count *count, const struct batch *batch, const struct plan *plan)
{
	bool is_new, is_added = true;
	for (size_t i = 0; i < plan->outcomes_count && is_added; i++) {
		const struct outcome *outcome = &plan->outcomes[i];
		if (outcome->limited != LIMITED_NOT)
			is_added = idset_add(&count->people[outcome->limited],
			    person_number(count, batch, &batch->records[outcome->record]), &is_new);
	}
	return is_added;
}

/* ---- courses ---- */

static bool course_add(struct limits_count *count, int64_t course)
{
	bool is_new;
	if (!idset_add(&count->courses, course, &is_new))
		return false;
	if (!is_new)
		return true;
	if (count->courses.count > count->courses_listed_room) {
		size_t room = count->courses_listed_room * 2 + 64;
		int64_t *grown = reallocarray(count->courses_listed, room, sizeof *grown);
		if (!grown)
			return false;
		count->courses_listed = grown;
		count->courses_listed_room = room;
	}
	count->courses_listed[count->courses.count - 1] = course;
	return true;
}

static bool record_add(
    struct limits_count *count, const struct batch *batch, const struct record *record)
{
	bool is_added = true;
	for (uint32_t r = 0; r < record->requests_count && is_added; r++) {
		const struct request *request = &batch->requests[record->requests + r];
		bool is_named = request->kind == REQUEST_COURSE && request->course != INDEX_NONE;
		const struct course_facts *course =
		    is_named ? &batch->courses[request->course] : NULL;
		if (course && course->matches == 1 && !course->is_site)
			is_added = course_add(count, course->id);
	}
	return is_added;
}

/* The outcomes of a record stand together. */
static bool courses_add(
    struct limits_count *count, const struct batch *batch, const struct plan *plan)
{
	bool is_added = true, has_error = false;
	for (size_t i = 0; i < plan->outcomes_count && is_added; i++) {
		uint32_t record = plan->outcomes[i].record;
		bool is_last =
		    i + 1 == plan->outcomes_count || plan->outcomes[i + 1].record != record;
		has_error |= plan->outcomes[i].kind == OUTCOME_ERROR;
		if (is_last && !has_error)
			is_added = record_add(count, batch, &batch->records[record]);
		has_error = has_error && !is_last;
	}
	return is_added;
}

/* ---- the whole ---- */

struct limits_count *limits_count_create(void)
{
	return calloc(1, sizeof(struct limits_count));
}

void limits_count_clear(struct limits_count *count)
{
	for (enum limited kind = 0; kind < LIMITED_KINDS; kind++)
		idset_done(&count->people[kind]);
	idset_done(&count->created);
	idset_done(&count->courses);
	free(count->courses_listed);
	*count = (struct limits_count){.courses_listed = NULL};
}

void limits_count_free(struct limits_count *count)
{
	if (!count)
		return;
	limits_count_clear(count);
	free(count);
}

bool limits_count_add(
    struct limits_count *count, const struct batch *batch, const struct plan *plan)
{
	return created_add(count, batch, plan) && people_add(count, batch, plan) &&
	       courses_add(count, batch, plan);
}

uint64_t limits_count_people(const struct limits_count *count, enum limited kind)
{
	return count->people[kind].count;
}

uint64_t limits_count_created(const struct limits_count *count)
{
	return count->created.count;
}

const int64_t *limits_count_courses(const struct limits_count *count, size_t *courses_count)
{
	*courses_count = count->courses.count;
	return count->courses_listed;
}
