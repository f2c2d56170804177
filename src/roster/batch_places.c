/*
 * batch_places: the courses, categories, cohorts, groups and groupings that a batch names, each
 * once, and the pairs of people and places that the LMS has to be asked about.
 */
#include "roster.h"

#include "index.h"

#include <assert.h>
#include <stdlib.h>

/* ---- places by name ---- */

/* Whether the name is new: then it stands at `count` from now on. */
static bool name_is_new(struct batch *batch, struct slice name, size_t count, uint32_t *place)
{
	*place = index_find(batch->place_index, name);
	if (*place != INDEX_NONE)
		return false;
	index_add(&batch->place_index, batch->arena, name, count);
	*place = (uint32_t)count;
	return true;
}

uint32_t batch_course(struct batch *batch, enum course_key_by by, struct slice text)
{
	uint32_t place;
	struct slice name = index_key(batch->arena, 's', by, text);
	struct course_key *keys = array_reserve(batch->arena, batch->course_keys,
	    batch->courses_count, &batch->courses_room, sizeof *keys);
	if (!keys)
		return 0;
	batch->course_keys = keys;
	if (name_is_new(batch, name, batch->courses_count, &place))
		keys[batch->courses_count++] = (struct course_key){by, text};
	return place;
}

uint32_t batch_category(struct batch *batch, struct slice idnumber)
{
	uint32_t place;
	struct slice name = index_key(batch->arena, 'c', 0, idnumber);
	struct category_facts *categories = array_reserve(batch->arena, batch->categories,
	    batch->categories_count, &batch->categories_room, sizeof *categories);
	if (!categories)
		return 0;
	batch->categories = categories;
	if (name_is_new(batch, name, batch->categories_count, &place))
		categories[batch->categories_count++] =
		    (struct category_facts){.idnumber = idnumber};
	return place;
}

uint32_t batch_cohort(struct batch *batch, struct slice text)
{
	uint32_t place;
	struct slice name = index_key(batch->arena, 'k', 0, text);
	struct cohort_facts *cohorts = array_reserve(batch->arena, batch->cohorts,
	    batch->cohorts_count, &batch->cohorts_room, sizeof *cohorts);
	if (!cohorts)
		return 0;
	batch->cohorts = cohorts;
	if (name_is_new(batch, name, batch->cohorts_count, &place))
		cohorts[batch->cohorts_count++] = (struct cohort_facts){.text = text};
	return place;
}

uint32_t batch_group(struct batch *batch, enum group_key_by by, uint32_t course, struct slice text)
{
	uint32_t place;
	struct slice name = index_key(batch->arena, (char)('0' + by), course, text);
	struct group_facts *groups = array_reserve(
	    batch->arena, batch->groups, batch->groups_count, &batch->groups_room, sizeof *groups);
	if (!groups)
		return 0;
	batch->groups = groups;
	if (name_is_new(batch, name, batch->groups_count, &place))
		groups[batch->groups_count++] =
		    (struct group_facts){.by = by, .text = text, .course = course};
	return place;
}

uint32_t batch_grouping(struct batch *batch, uint32_t course, struct slice name)
{
	uint32_t place;
	struct slice key = index_key(batch->arena, 'G', course, name);
	struct grouping_facts *groupings = array_reserve(batch->arena, batch->groupings,
	    batch->groupings_count, &batch->groupings_room, sizeof *groupings);
	if (!groupings)
		return 0;
	batch->groupings = groupings;
	if (name_is_new(batch, key, batch->groupings_count, &place))
		groupings[batch->groupings_count++] =
		    (struct grouping_facts){.name = name, .course = course};
	return place;
}

/* The first index at which something of this id stands. */
static uint32_t same_as(struct batch *batch, char kind, int64_t id, size_t index)
{
	uint32_t place = (uint32_t)index;
	if (id > 0)
		name_is_new(batch, arena_print(batch->arena, "#%c%lld", kind, (long long)id), index,
		    &place);
	return place;
}

void batch_link_places(struct batch *batch)
{
	for (size_t i = 0; i < batch->cohorts_count; i++)
		batch->cohorts[i].same = same_as(batch, 'k', batch->cohorts[i].id, i);
	for (size_t i = 0; i < batch->groups_count; i++)
		batch->groups[i].same = same_as(batch, 'g', batch->groups[i].id, i);
	for (size_t i = 0; i < batch->groups_count; i++) {
		const struct course_facts *course = &batch->courses[batch->groups[i].course];
		batch->groups[i].course_id = course->matches == 1 ? course->id : 0;
		batch->groups[i].course_context = course->context;
	}
	for (size_t i = 0; i < batch->groupings_count; i++) {
		const struct course_facts *course = &batch->courses[batch->groupings[i].course];
		batch->groupings[i].course_id = course->matches == 1 ? course->id : 0;
		batch->groupings[i].course_context = course->context;
	}
}

/* ---- pairs ---- */

/* Two indexes, and what kind of pair since when; no padding, because the bytes are a key. */
struct pair {
	uint32_t aspect;
	uint32_t who;
	uint32_t place;
};

enum { PAIR_ROLES = GROUP_IN_GROUPING + 1, KIND_BITS = 2, ERA_BITS = 15 };

/* The kind is PAIR_ROLES or a membership_kind; the eras those of the person's places in all, and of
 * groups that of the course. A batch has too few requests for more of them. */
static uint32_t aspect_of(uint32_t kind, uint32_t era, uint32_t course_era)
{
	assert(era < 1 << ERA_BITS && course_era < 1 << ERA_BITS);
	return kind | era << KIND_BITS | course_era << (KIND_BITS + ERA_BITS);
}

static uint32_t pair_find(struct batch *batch, const struct pair *pair, size_t count, bool *is_new)
{
	struct slice key = {(const char *)pair, sizeof *pair};
	uint32_t place = index_find(batch->pair_index, key);
	*is_new = place == INDEX_NONE;
	if (!*is_new)
		return place;
	index_add(&batch->pair_index, batch->arena, arena_copy(batch->arena, key), count);
	return (uint32_t)count;
}

static struct enrolment_facts place_facts(const struct batch *batch, uint32_t place)
{
	if (place == PLACE_SYSTEM)
		return (struct enrolment_facts){
		    .context = batch->site->system_context, .level = LEVEL_SYSTEM};
	if (place & PLACE_CATEGORY) {
		const struct category_facts *category = &batch->categories[place - PLACE_CATEGORY];
		return (struct enrolment_facts){.context = category->context,
		    .level = LEVEL_CATEGORY,
		    .instance = category->id};
	}
	const struct course_facts *course = &batch->courses[place];
	return (struct enrolment_facts){.course = course->is_site ? 0 : course->id,
	    .enrol = course->enrol,
	    .context = course->context,
	    .level = LEVEL_COURSE,
	    .instance = course->id,
	    .asks_any = batch->groups_count > 0};
}

static int64_t id_or_none(int64_t id)
{
	return id == ID_PLANNED ? 0 : id;
}

uint32_t batch_enrolment(struct batch *batch, uint32_t person, uint32_t place, bool *is_new)
{
	const struct pair pair = {
	    aspect_of(PAIR_ROLES, batch->people[person].era, 0), person, place};
	struct enrolment_facts *enrolments = array_reserve(batch->arena, batch->enrolments,
	    batch->enrolments_count, &batch->enrolments_room, sizeof *enrolments);
	*is_new = false;
	if (!enrolments)
		return 0;
	batch->enrolments = enrolments;
	uint32_t index = pair_find(batch, &pair, batch->enrolments_count, is_new);
	if (!*is_new)
		return index;
	enrolments[index] = place_facts(batch, place);
	enrolments[index].person = person;
	enrolments[index].user = id_or_none(batch->people[person].id);
	batch->enrolments_count++;
	return index;
}

static int64_t id_of_target(const struct batch *batch, enum membership_kind kind, uint32_t target)
{
	switch (kind) {
	case PERSON_IN_COHORT: return batch->cohorts[target].id;
	case PERSON_IN_GROUP: return batch->groups[target].id;
	case GROUP_IN_GROUPING: break;
	}
	return batch->groupings[target].id;
}

static uint32_t course_era(const struct batch *batch, uint32_t person, uint32_t group)
{
	const struct pair pair = {aspect_of(PAIR_ROLES, batch->people[person].era, 0), person,
	    batch->groups[group].course};
	uint32_t enrolment =
	    index_find(batch->pair_index, (struct slice){(const char *)&pair, sizeof pair});
	return enrolment == INDEX_NONE ? 0 : batch->enrolments[enrolment].era;
}

static struct pair membership_pair(
    const struct batch *batch, enum membership_kind kind, uint32_t who, uint32_t target)
{
	bool is_of_course = kind == PERSON_IN_GROUP && batch->takes_away;
	uint32_t era = kind == GROUP_IN_GROUPING ? 0 : batch->people[who].era;
	return (struct pair){
	    aspect_of(kind, era, is_of_course ? course_era(batch, who, target) : 0), who, target};
}

void batch_renew(struct batch *batch, uint32_t person)
{
	struct account_facts *is = &batch->people[person];
	is->era++;
	is->has_moved = is->has_joined = false;
}

uint32_t batch_membership(
    struct batch *batch, enum membership_kind kind, uint32_t who, uint32_t target, bool *is_new)
{
	const struct pair pair = membership_pair(batch, kind, who, target);
	struct membership_facts *memberships = array_reserve(batch->arena, batch->memberships,
	    batch->memberships_count, &batch->memberships_room, sizeof *memberships);
	*is_new = false;
	if (!memberships)
		return 0;
	batch->memberships = memberships;
	uint32_t index = pair_find(batch, &pair, batch->memberships_count, is_new);
	if (!*is_new)
		return index;
	int64_t who_id = kind == GROUP_IN_GROUPING ? batch->groups[who].id : batch->people[who].id;
	memberships[index] = (struct membership_facts){.kind = kind,
	    .who = who,
	    .target = target,
	    .who_id = id_or_none(who_id),
	    .target_id = id_or_none(id_of_target(batch, kind, target))};
	batch->memberships_count++;
	return index;
}

/* ---- what the requests of a batch need to know ---- */

static bool course_is_open(const struct course_facts *course)
{
	return course->matches == 1 && course->context != 0;
}

uint32_t request_group(const struct batch *batch, const struct request *request, bool *leaves)
{
	*leaves = request->left != INDEX_NONE && batch->groups[request->group].id == 0 &&
	          batch->groups[request->group].matches == 0;
	return batch->groups[*leaves ? request->left : request->group].same;
}

/* A number that is the idnumber of a cohort is a name, too. */
uint32_t request_cohort(const struct batch *batch, const struct request *request, bool *leaves)
{
	const struct cohort_facts *named = &batch->cohorts[request->target];
	*leaves = request->left != INDEX_NONE && named->id == 0 && named->matches == 0 &&
	          named->other == 0;
	return batch->cohorts[*leaves ? request->left : request->target].same;
}

/* What had been loaded without it is loaded anew. */
static void enrolment_pair(
    struct batch *batch, uint32_t person, uint32_t place, bool leaves, bool *is_new)
{
	uint32_t index = batch_enrolment(batch, person, place, is_new);
	if (!leaves || arena_has_failed(batch->arena) || batch->enrolments[index].asks_leaving)
		return;
	if (index < batch->enrolments_loaded) {
		batch_renew(batch, person);
		index = batch_enrolment(batch, person, place, is_new);
	}
	if (!arena_has_failed(batch->arena))
		batch->enrolments[index].asks_leaving = true;
}

static void membership_pair_up(struct batch *batch, enum membership_kind kind, uint32_t person,
    uint32_t target, bool leaves, bool *is_new)
{
	uint32_t index = batch_membership(batch, kind, person, target, is_new);
	if (!leaves || arena_has_failed(batch->arena) || batch->memberships[index].asks_leaving)
		return;
	if (index < batch->memberships_loaded) {
		batch_renew(batch, person);
		index = batch_membership(batch, kind, person, target, is_new);
	}
	if (!arena_has_failed(batch->arena))
		batch->memberships[index].asks_leaving = true;
}

/* True: everything about the request is known already, or nobody need be asked. */
bool request_pair(struct batch *batch, const struct request *request, uint32_t person)
{
	bool is_new = false, is_newer = false, leaves = false;
	uint32_t target;
	switch (request->kind) {
	case REQUEST_COHORT:
		target = request_cohort(batch, request, &leaves);
		membership_pair_up(batch, PERSON_IN_COHORT, person, target, leaves, &is_new);
		break;
	case REQUEST_SYSTEM_ROLE: batch_enrolment(batch, person, PLACE_SYSTEM, &is_new); break;
	case REQUEST_CATEGORY_ROLE:
		if (request->target != INDEX_NONE &&
		    batch->categories[request->target].matches == 1)
			enrolment_pair(batch, person, PLACE_CATEGORY | request->target,
			    request->removes_role, &is_new);
		break;
	case REQUEST_COURSE:
		if (!course_is_open(&batch->courses[request->course]))
			break;
		enrolment_pair(batch, person, request->course,
		    request->unenrols || request->removes_role, &is_new);
		if (request->group == INDEX_NONE)
			break;
		target = request_group(batch, request, &leaves);
		membership_pair_up(batch, PERSON_IN_GROUP, person, target, leaves, &is_newer);
		break;
	case REQUEST_COURSELESS:
	case REQUEST_GROUP: break;
	}
	return (!is_new && !is_newer) || batch->people[person].id == ACCOUNT_PLANNED;
}

static void groups_pair(struct batch *batch)
{
	bool is_new;
	for (size_t r = 0; r < batch->requests_count; r++) {
		const struct request *request = &batch->requests[r];
		if (request->kind == REQUEST_GROUP && request->grouping != INDEX_NONE)
			batch_membership(
			    batch, GROUP_IN_GROUPING, request->group, request->grouping, &is_new);
	}
}

/* Carries the user's id, so that the database is read in order. */
struct candidate {
	int64_t user;
	uint32_t person, request;
};

static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->request < y->request ? -1 : x->request > y->request;
}

/* The person whom the record may mean. */
static uint32_t person_expected(const struct batch *batch, const struct record *record)
{
	uint32_t key = record->old_key != INDEX_NONE ? record->old_key : record->key;
	return key == INDEX_NONE ? INDEX_NONE : batch->key_people[key][0];
}

static size_t candidates_collect(struct batch *batch, struct candidate *candidates)
{
	size_t count = 0;
	for (; batch->paired < batch->records_count; batch->paired++) {
		const struct record *record = &batch->records[batch->paired];
		uint32_t person = person_expected(batch, record);
		for (uint32_t r = 0; person != INDEX_NONE && r < record->requests_count; r++)
			candidates[count++] = (struct candidate){
			    batch->people[person].id, person, record->requests + r};
	}
	return count;
}

struct error batch_pair(struct batch *batch)
{
	/* Of those that are not paired yet; one more: an allocation of nothing may be NULL. */
	size_t first = batch->paired < batch->records_count ? batch->records[batch->paired].requests
	                                                    : batch->requests_count;
	struct candidate *candidates =
	    arena_alloc(batch->arena, (batch->requests_count - first + 1) * sizeof *candidates);
	if (!candidates)
		return error_memory("pairing people and places");
	if (batch->header->is_of_groups && batch->paired == 0)
		groups_pair(batch);
	size_t count = candidates_collect(batch, candidates);
	if (count > 0)
		qsort(candidates, count, sizeof *candidates, candidate_compare);
	for (size_t i = 0; i < count; i++)
		request_pair(batch, &batch->requests[candidates[i].request], candidates[i].person);
	return arena_has_failed(batch->arena) ? error_memory("pairing people and places") : OK;
}
