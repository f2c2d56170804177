/*
 * rounds: what cannot be decided in the same round as what was decided before, because rows that
 * take something away must find facts that are true, and because what is written together has no
 * order but that of one enrolment (lms.h). Only batches with such rows ask here.
 *
 *     was, of a person                          then waits for the next round
 *     a cohort left                             all of the person's; all facts are loaded anew
 *     something taken away in a course          all of that course; after unenrolling its groups
 *                                               are loaded anew
 *     something given in a course, a cohort     what takes away there; all facts are loaded anew
 *     joined, which may enrol anywhere
 *     anything                                  leaving a cohort; all facts are loaded anew
 *
 * So a file of leavers, several rows a person, takes no more rounds than one of newcomers.
 */
#include "pass.h"

static struct enrolment_facts *enrolment_of_group(
    struct batch *batch, const struct membership_facts *is)
{
	bool is_new;
	uint32_t index = batch_enrolment(batch, is->who, batch->groups[is->target].course, &is_new);
	return arena_has_failed(batch->arena) ? NULL : &batch->enrolments[index];
}

static void membership_note(struct batch *batch, const struct change *change)
{
	const struct membership_facts is = batch->memberships[change->target];
	bool leaves = change->kind == CHANGE_LEAVE;
	if (is.kind == PERSON_IN_COHORT) {
		batch->people[is.who].has_joined = true;
		if (!leaves)
			return;
		batch_renew(batch, is.who);
		batch->people[is.who].torn = batch->round;
		return;
	}
	struct enrolment_facts *enrolment = enrolment_of_group(batch, &is);
	if (!enrolment)
		return;
	enrolment->has_moved = true;
	if (leaves)
		enrolment->torn = batch->round;
}

static void enrolment_note(struct batch *batch, const struct change *change)
{
	struct enrolment_facts *is = &batch->enrolments[change->enrolment];
	bool takes = change->kind == CHANGE_UNENROL || change->kind == CHANGE_UNASSIGN_ALL ||
	             change->kind == CHANGE_UNASSIGN_ROLE;
	is->has_moved |= change->kind != CHANGE_UNENROL;
	if (takes)
		is->torn = batch->round;
}

void round_note(struct batch *batch, const struct change *change)
{
	switch (change->kind) {
	case CHANGE_ENROL:
	case CHANGE_ENROLMENT:
	case CHANGE_ASSIGN_ROLE:
	case CHANGE_UNASSIGN_ROLE:
	case CHANGE_UNASSIGN_ALL:
	case CHANGE_UNENROL:
		batch->people[change->person].has_moved = true;
		enrolment_note(batch, change);
		break;
	case CHANGE_JOIN:
	case CHANGE_LEAVE:
		batch->people[change->person].has_moved = true;
		membership_note(batch, change);
		break;
	case CHANGE_CREATE_ACCOUNT:
	case CHANGE_UPDATE_ACCOUNT:
	case CHANGE_RENAME_ACCOUNT:
	case CHANGE_DELETE_ACCOUNT:
	case CHANGE_SET_INTERESTS:
	case CHANGE_CREATE_COHORT:
	case CHANGE_CREATE_GROUP:
	case CHANGE_CREATE_GROUPING: break;
	}
}

/* Facts that have moved are loaded anew; the round ends so that they can be. */
static bool renews(struct batch *batch, uint32_t person, bool has_moved)
{
	if (has_moved)
		batch_renew(batch, person);
	return has_moved;
}

static bool cohort_admits(struct batch *batch, const struct request *request, uint32_t person)
{
	bool leaves, is_new;
	const struct account_facts *is = &batch->people[person];
	uint32_t target = request_cohort(batch, request, &leaves);
	if (!leaves)
		return true;
	uint32_t index = batch_membership(batch, PERSON_IN_COHORT, person, target, &is_new);
	return arena_has_failed(batch->arena) || !batch->memberships[index].is_member ||
	       !renews(batch, person, is->has_moved);
}

static bool course_admits(struct batch *batch, const struct request *request, uint32_t person)
{
	bool is_new, leaves = false;
	if (batch->courses[request->course].matches != 1 ||
	    batch->courses[request->course].context == 0)
		return true;
	uint32_t index = batch_enrolment(batch, person, request->course, &is_new);
	if (arena_has_failed(batch->arena))
		return true;
	const struct enrolment_facts *is = &batch->enrolments[index];
	if (is->torn == batch->round)
		return false;
	if (request->group != INDEX_NONE)
		request_group(batch, request, &leaves);
	bool takes = request->unenrols || request->removes_role || leaves;
	return !takes || !renews(batch, person, is->has_moved || batch->people[person].has_joined);
}

bool round_admits(struct batch *batch, const struct request *request, uint32_t person)
{
	if (batch->people[person].torn == batch->round)
		return false;
	if (request->kind == REQUEST_COHORT)
		return cohort_admits(batch, request, person);
	return request->kind != REQUEST_COURSE || course_admits(batch, request, person);
}
