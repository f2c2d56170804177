/*
 * rounds: when what is known of a person has become old, so that rows which take something away
 * find facts that are true. The plan moves the facts along with its changes; what only the database
 * can tell is loaded anew by the next round. Only batches with such rows ask here.
 *
 *     was, of a person                    then is loaded anew
 *     a cohort left                       everything, before anything else of the person's
 *     unenrolled with all groups          the course's groups, before one of them is asked for
 *     enrolled, or a role taken away      everything, before the person leaves that course
 *     a cohort joined, which may enrol    everything, before anything is taken away
 *     enrolled, unenrolled                everything, before a cohort is left
 *
 * So leavers with several rows each take no more rounds than newcomers.
 */
#include "pass.h"

static void membership_note(struct batch *batch, const struct change *change)
{
	const struct membership_facts *is = &batch->memberships[change->target];
	struct account_facts *person = &batch->people[is->who];
	if (is->kind != PERSON_IN_COHORT)
		return;
	if (change->kind == CHANGE_LEAVE)
		batch_renew(batch, is->who);
	else
		person->has_moved = person->has_joined = true;
}

void round_note(struct batch *batch, const struct change *change)
{
	switch (change->kind) {
	case CHANGE_ENROL:
		batch->people[change->person].has_moved = true;
		batch->enrolments[change->enrolment].has_moved = true;
		break;
	case CHANGE_UNASSIGN_ROLE: batch->enrolments[change->enrolment].has_moved = true; break;
	case CHANGE_UNENROL: batch->people[change->person].has_moved = true; break;
	case CHANGE_JOIN:
	case CHANGE_LEAVE: membership_note(batch, change); break;
	case CHANGE_ENROLMENT:
	case CHANGE_ASSIGN_ROLE:
	case CHANGE_UNASSIGN_ALL:
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

/* Who is not in the cohort leaves nothing. */
static bool cohort_is_old(struct batch *batch, const struct request *request, uint32_t person)
{
	bool leaves, is_new;
	uint32_t target = request_cohort(batch, request, &leaves);
	if (!leaves || !batch->people[person].has_moved)
		return false;
	uint32_t index = batch_membership(batch, PERSON_IN_COHORT, person, target, &is_new);
	return !arena_has_failed(batch->arena) && batch->memberships[index].is_member;
}

static bool course_is_old(struct batch *batch, const struct request *request, uint32_t person)
{
	bool is_new, leaves = false;
	const struct course_facts *course = &batch->courses[request->course];
	if (request->group != INDEX_NONE)
		request_group(batch, request, &leaves);
	bool takes = request->unenrols || request->removes_role || leaves;
	if (takes && batch->people[person].has_joined)
		return true;
	if (!request->unenrols || course->matches != 1 || course->context == 0)
		return false;
	uint32_t index = batch_enrolment(batch, person, request->course, &is_new);
	return !arena_has_failed(batch->arena) && batch->enrolments[index].has_moved;
}

bool round_admits(struct batch *batch, const struct request *request, uint32_t person)
{
	bool is_old = request->kind == REQUEST_COHORT   ? cohort_is_old(batch, request, person)
	              : request->kind == REQUEST_COURSE ? course_is_old(batch, request, person)
	                                                : false;
	if (is_old)
		batch_renew(batch, person);
	return !is_old;
}
