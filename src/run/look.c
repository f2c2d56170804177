/*
 * look: what the LMS says of the places and people that a batch names (batch.h has the order).
 */
#include "run_state.h"

#include "enrold/leaver.h"
#include "enrold/listing.h"
#include "enrold/may.h"

/* What the feed's `may` has to know of places, and what is suggested where it makes none. */
static struct error look_reach(struct lms *lms, struct batch *batch)
{
	const struct policy_may *may = &batch->policy->may;
	struct error error = OK;
	if (may_asks_surroundings(may))
		error = lms_load_course_surroundings(
		    lms, batch->courses, batch->courses_count, batch->arena);
	if (!is_error(&error) && may_asks_surroundings(may))
		error = lms_load_category_surroundings(
		    lms, batch->categories, batch->categories_count, batch->arena);
	if (!is_error(&error) && !may->create_cohorts)
		error =
		    lms_suggest_cohorts(lms, batch->cohorts, batch->cohorts_count, batch->arena);
	if (!is_error(&error) && !may->create_groups && !batch->header->is_of_groups)
		error = lms_suggest_groups(lms, batch->groups, batch->groups_count, batch->arena);
	return error;
}

/* What the LMS says of the places that the batch names. */
struct error look_places(struct lms *lms, struct batch *batch)
{
	/* One more: an allocation of nothing may be NULL. */
	batch->courses =
	    arena_alloc(batch->arena, (batch->courses_count + 1) * sizeof *batch->courses);
	if (!batch->courses)
		return error_memory("looking up courses");
	struct error error = lms_find_courses(
	    lms, batch->course_keys, batch->courses_count, batch->courses, batch->arena);
	if (is_error(&error))
		return error;
	batch_link_places(batch);
	error = lms_find_categories(lms, batch->categories, batch->categories_count);
	if (!is_error(&error))
		error = lms_find_cohorts(lms, batch->cohorts, batch->cohorts_count, batch->arena);
	if (!is_error(&error))
		error = lms_find_groups(lms, batch->groups, batch->groups_count);
	if (!is_error(&error))
		error = lms_find_groupings(lms, batch->groupings, batch->groupings_count);
	if (!is_error(&error))
		error = look_reach(lms, batch);
	batch_link_places(batch);
	return error;
}

/* What the LMS says of people whom it was not asked about yet. */
struct error look_people(struct lms *lms, struct batch *batch)
{
	size_t asked = batch->keys_asked;
	struct error error =
	    lms_find_users(lms, batch->keys + asked, batch->keys_count - asked, batch->arena);
	if (!is_error(&error))
		error = batch_meet(batch);
	size_t loaded = batch->people_loaded;
	batch->people_loaded = batch->people_count;
	if (!is_error(&error) && !may_is_all(&batch->policy->may.unprotected))
		error = lms_load_site_roles(
		    lms, batch->people + loaded, batch->people_count - loaded, batch->arena);
	if (!is_error(&error) && batch->asks_makers)
		error = lms_load_makers(lms, batch->feed, batch->now, batch->people + loaded,
		    batch->people_count - loaded);
	if (!is_error(&error) && batch->asks_interests)
		error = lms_load_interests(
		    lms, batch->people + loaded, batch->people_count - loaded, batch->arena);
	if (is_error(&error) || !batch->asks_accounts)
		return error;
	if (!may_is_all(&batch->policy->may.unprotected))
		error = lms_load_place_roles(
		    lms, batch->people + loaded, batch->people_count - loaded, batch->arena);
	if (is_error(&error))
		return error;
	return lms_load_accounts(
	    lms, batch->people + loaded, batch->people_count - loaded, batch->arena);
}

/* ---- suspended by absence ---- */

/* Those that are suspended: most batches have none. */
static uint32_t *suspended_find(const struct batch *batch, size_t from, size_t *count)
{
	uint32_t *all = NULL;
	*count = 0;
	for (size_t i = from; i < batch->enrolments_count; i++) {
		const struct enrolment_facts *is = &batch->enrolments[i];
		if (is->id <= 0 || is->status == ENROLMENT_ACTIVE || is->level != LEVEL_COURSE)
			continue;
		if (!all)
			all = arena_alloc(
			    batch->arena, (batch->enrolments_count - from) * sizeof *all);
		if (!all)
			break;
		all[(*count)++] = (uint32_t)i;
	}
	return all;
}

/* Whether they are still as absence has left them. */
static struct error marks_compare(struct lms *lms, struct batch *batch, const uint32_t *suspended,
    const struct listing_mark *marks, size_t count)
{
	struct leaver *leavers = arena_alloc(batch->arena, count * sizeof *leavers);
	if (!leavers)
		return error_memory("looking up what absence has done");
	for (size_t i = 0; i < count; i++)
		leavers[i].enrolment = marks[i].enrolment;
	struct error error = lms_load_leavers(lms, leavers, count, batch->arena);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		struct enrolment_facts *is = &batch->enrolments[suspended[i]];
		is->is_absent =
		    marks[i].suspended_at != 0 && leavers[i].modified == marks[i].suspended_at;
		is->is_kept = marks[i].suspended_at != 0 && !is->is_absent;
	}
	return error;
}

static struct error look_absence(struct lms *lms, struct batch *batch, size_t from)
{
	size_t count;
	bool are_there;
	const uint32_t *suspended = suspended_find(batch, from, &count);
	if (count == 0)
		return OK;
	struct error error = listing_are_there(lms_db(lms), &are_there);
	if (is_error(&error) || !are_there)
		return error;
	struct listing_mark *marks = arena_alloc(batch->arena, count * sizeof *marks);
	if (!marks)
		return error_memory("looking up what absence has done");
	for (size_t i = 0; i < count; i++) {
		const struct enrolment_facts *is = &batch->enrolments[suspended[i]];
		marks[i] = (struct listing_mark){is->user, is->id, 0};
	}
	error = listing_find_marks(lms_db(lms), marks, count, batch->arena);
	return is_error(&error) ? error : marks_compare(lms, batch, suspended, marks, count);
}

struct error look_enrolments(struct lms *lms, struct batch *batch)
{
	struct error error = batch_pair(batch);
	size_t loaded = batch->enrolments_loaded;
	batch->enrolments_loaded = batch->enrolments_count;
	size_t asked = batch->memberships_loaded;
	batch->memberships_loaded = batch->memberships_count;
	if (!is_error(&error))
		error = lms_load_enrolments(lms, batch->enrolments + loaded,
		    batch->enrolments_count - loaded, batch->arena);
	if (!is_error(&error))
		error = look_absence(lms, batch, loaded);
	if (!is_error(&error))
		error = lms_load_memberships(
		    lms, batch->memberships + asked, batch->memberships_count - asked);
	return error;
}
