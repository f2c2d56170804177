/*
 * undo_member: groups and cohorts that were joined are left, and those that were left are joined.
 * What was made for it stays.
 */
#include "undo.h"

#include "enrold/may.h"

static bool was_member(const struct undoing *undoing, struct slice state)
{
	struct slice value;
	return described_find(state, "member", undoing->arena, &value);
}

/* Still so; false: it was said. */
static bool is_as_left(struct undoing *undoing, const struct membership_facts *is)
{
	bool was = was_member(undoing, undoing->row->after);
	if (is->is_member == was && !(was && is->is_owned))
		return true;
	undo_keep(undoing, is->is_owned    ? SLICE("Left as it is: a component of Moodle's has put "
	                                              "the person there since.")
	                   : is->is_member ? SLICE("Left as it is: is a member now.")
	                                   : SLICE("Left as it is: is no member any more."));
	return false;
}

static void move(struct undoing *undoing, bool joins, struct slice state)
{
	struct membership_facts *is = &undoing->batch->memberships[undoing->row->membership];
	is->is_member = joins;
	change_add(undoing->pass, (struct change){.kind = joins ? CHANGE_JOIN : CHANGE_LEAVE,
	                              .person = is->who,
	                              .target = undoing->row->membership});
	struct outcome *outcome =
	    undo_done(undoing, joins ? SLICE("") : state, joins ? state : SLICE(""),
	        joins ? SLICE("Taken back: is a member again.")
	              : SLICE("Taken back: is no member any more."));
	outcome->target = undo_member_name(undoing->row);
}

/* ---- groups ---- */

static bool group_is_there(struct undoing *undoing)
{
	const struct group_facts *group = &undoing->batch->groups[undoing->row->place];
	bool is_one = group->id > 0 && (group->matches <= 1 || group->has_spares);
	if (!is_one)
		undo_keep(undoing, group->id > 0
		                       ? SLICE("Left as it is: several groups are called so now.")
		                       : SLICE("Left as it is: there is no such group any more."));
	return is_one;
}

void undo_group(struct undoing *undoing)
{
	const struct undo_row *row = undoing->row;
	const struct batch *batch = undoing->batch;
	bool joins = was_member(undoing, row->before);
	if (!undo_course_is_open(undoing, row->second) || !group_is_there(undoing) ||
	    !is_as_left(undoing, &batch->memberships[row->membership]))
		return;
	const struct enrolment_facts *in = &batch->enrolments[row->enrolment];
	if (joins && !in->is_any && in->id == 0) {
		undo_keep(
		    undoing, SLICE("Left as it is: the person is not in the course any more."));
		return;
	}
	if (undo_lacks(undoing, DEED_BIT(joins ? DEED_JOIN_GROUP : DEED_LEAVE_GROUP)))
		return;
	move(undoing, joins, member_state(undoing->pass, batch->course_keys[row->second].text));
}

/* ---- cohorts ---- */

static bool cohort_is_open(struct undoing *undoing)
{
	const struct cohort_facts *cohort = &undoing->batch->cohorts[undoing->row->place];
	const char *refused_by = may_refuse_cohort(&undoing->batch->policy->may, cohort);
	if (refused_by)
		undo_refuse(undoing,
		    arena_print(undoing->arena, "This feed reaches no cohort '%.*s'",
		        SLICE_ARG(cohort->text)),
		    refused_by);
	else if (cohort->id <= 0 || cohort->matches > 1)
		undo_keep(undoing, SLICE("Left as it is: there is no such cohort any more, or "
		                         "several are called so."));
	else if (cohort->is_external)
		undo_answer(undoing, OUTCOME_ERROR, CODE_COHORT_EXTERNAL,
		    SLICE("Another component keeps this cohort's members: change them there."));
	else
		return true;
	return false;
}

/* Leaving takes with it what courses give to the members, as those courses say. */
void undo_cohort(struct undoing *undoing)
{
	const struct undo_row *row = undoing->row;
	const struct membership_facts *is = &undoing->batch->memberships[row->membership];
	bool joins = was_member(undoing, row->before);
	if (!cohort_is_open(undoing) || !is_as_left(undoing, is))
		return;
	if (!joins && is->purges) {
		undo_answer(undoing, OUTCOME_SKIPPED, CODE_HAS_HISTORY,
		    SLICE("Stays in the cohort: a course that enrols it would delete grades of the "
		          "person."));
		return;
	}
	if (undo_lacks(undoing, DEED_BIT(joins ? DEED_JOIN_COHORT : DEED_LEAVE_COHORT)))
		return;
	move(undoing, joins, SLICE("member=1"));
}
