/*
 * apply_plan: what a plan wants is written: the changes, what Moodle itself has to do about them,
 * the lines of the answer, and who is where now.
 */
#include "apply_loop.h"

struct error plan_write(
    struct apply_loop *loop, struct batch *batch, const struct plan *plan, int64_t now)
{
	const struct effects effects = {.changes = plan->changes,
	    .count = plan->changes_count,
	    .people = batch->people,
	    .enrolments = batch->enrolments,
	    .cohorts = batch->cohorts,
	    .groups = batch->groups,
	    .groupings = batch->groupings,
	    .memberships = batch->memberships,
	    .now = now};
	struct error error = lms_apply(loop->lms, &effects);
	if (!is_error(&error))
		error = chores_add(&loop->chores, lms_chores(loop->lms));
	if (!is_error(&error))
		error = answer_add(loop->answer, batch, plan, &loop->tally);
	return is_error(&error) ? error : mentions_add(&loop->mentions, batch, plan);
}
