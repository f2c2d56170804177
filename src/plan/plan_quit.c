/*
 * plan_quit: groups and cohorts that are left, by a minus in front of their name. What is not
 * there is an error, not "nothing to do": the name may be misspelt, and somebody would stay who
 * should go. Rules: enrold.csv(5), lms/README 10.
 */
#include "pass.h"

static struct slice cell_of(const struct pass *pass, const struct request *request, uint32_t column)
{
	return record_cell(&pass->batch->records[request->record], column);
}

static struct membership_facts *membership_of(struct pass *pass, const struct request *request,
    enum membership_kind kind, uint32_t target, uint32_t *index)
{
	bool is_new;
	struct batch *batch = pass->batch;
	*index =
	    batch_membership(batch, kind, batch->records[request->record].person, target, &is_new);
	return arena_has_failed(batch->arena) ? NULL : &batch->memberships[*index];
}

static void leave(struct pass *pass, uint32_t index)
{
	struct membership_facts *is = &pass->batch->memberships[index];
	fact_keep(pass, is, sizeof *is);
	is->is_member = false;
	change_add(pass, (struct change){.kind = CHANGE_LEAVE, .person = is->who, .target = index});
}

void group_quit(struct pass *pass, const struct request *request, uint32_t target)
{
	uint32_t index, column = request->group_column;
	struct batch *batch = pass->batch;
	const struct group_facts *group = &batch->groups[target];
	struct slice cell = cell_of(pass, request, column);
	if (group->id == 0) {
		request_answer(pass, request, column, OUTCOME_ERROR, CODE_GROUP_NOT_FOUND, cell,
		    missing_message(batch->arena, "group", group->text, group->nearest, ""));
		return;
	}
	const struct membership_facts *is =
	    membership_of(pass, request, PERSON_IN_GROUP, target, &index);
	if (!is)
		return;
	if (!is->is_member) {
		request_answer(pass, request, column, OUTCOME_UNCHANGED, CODE_NOT_IN_GROUP, cell,
		    SLICE("Is not in the group."));
		return;
	}
	if (is->is_owned) {
		request_answer(pass, request, column, OUTCOME_ERROR, CODE_OWNED_ELSEWHERE, cell,
		    SLICE("A component of Moodle's has put the person into this group: take the "
		          "person out there."));
		return;
	}
	if (request_lacks(pass, request, column, cell, DEED_BIT(DEED_LEAVE_GROUP)))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	leave(pass, index);
	struct outcome *outcome = request_answer(pass, request, column, OUTCOME_DONE,
	    CODE_GROUP_LEFT, cell, group_message(pass, SLICE("Left the group")));
	outcome->before = member_state(pass, batch->course_keys[request->course].text);
	attempt_end(pass, &attempt, outcome, LIMITED_BY_CELL);
}

void cohort_quit(struct pass *pass, const struct request *request, uint32_t target)
{
	uint32_t index, column = request->column;
	struct slice cell = cell_of(pass, request, column);
	const struct membership_facts *is =
	    membership_of(pass, request, PERSON_IN_COHORT, target, &index);
	if (!is)
		return;
	if (!is->is_member) {
		request_answer(pass, request, column, OUTCOME_UNCHANGED, CODE_NOT_IN_COHORT, cell,
		    SLICE("Is not in the cohort."));
		return;
	}
	if (is->purges && !pass->batch->policy->purge_history) {
		request_answer(pass, request, column, OUTCOME_ERROR, CODE_HAS_HISTORY, cell,
		    SLICE("A course that enrols the cohort would delete grades of the person: set "
		          "purge_history, or let that course keep who leaves the cohort."));
		return;
	}
	if (request_lacks(pass, request, column, cell, DEED_BIT(DEED_LEAVE_COHORT)))
		return;
	struct attempt attempt = attempt_begin(pass, pass->outcomes_count);
	leave(pass, index);
	struct outcome *outcome = request_answer(
	    pass, request, column, OUTCOME_DONE, CODE_COHORT_LEFT, cell, SLICE("Left the cohort."));
	outcome->before = SLICE("member=1");
	attempt_end(pass, &attempt, outcome, LIMITED_BY_CELL);
}
