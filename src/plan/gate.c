/*
 * gate: whether what was decided may be done. It is asked when all of it is known: the answer, the
 * changes, and what of it a person loses. Where it is shut the changes go, and the facts become
 * what they were; the answer says what would have been.
 */
#include "pass.h"

#include "enrold/approval.h"

static bool is_gated(const struct pass *pass)
{
	return pass->batch->withholds != 0 || pass->batch->approval;
}

static struct slice column_of(const struct pass *pass, const struct outcome *outcome)
{
	return outcome->column == COLUMN_NONE ? SLICE("")
	                                      : pass->batch->header->columns[outcome->column].name;
}

static uint64_t line_of(const struct pass *pass, const struct outcome *outcome)
{
	return pass->batch->records[outcome->record].line;
}

static bool has_cell(
    const struct pass *pass, const struct approval *approval, const struct outcome *outcome)
{
	return approval && approval_has(approval, line_of(pass, outcome), column_of(pass, outcome),
	                       SLICE(""), SLICE(""));
}

/* The same was shown there. */
static bool is_shown(const struct pass *pass, const struct outcome *outcome)
{
	return outcome->code == CODES ||
	       approval_shows(pass->batch->approval, line_of(pass, outcome),
	           column_of(pass, outcome), APPROVAL_CODE,
	           slice_of(outcome_code_name(outcome->code)));
}

bool gate_shows(const struct pass *pass, const struct outcome *outcome, const char *detail)
{
	const struct approval *approval = pass->batch->approval;
	return !approval || approval_shows(approval, line_of(pass, outcome),
	                        column_of(pass, outcome), APPROVAL_DETAIL, slice_of(detail));
}

bool gate_admits(const struct pass *pass, const struct outcome *outcome)
{
	const struct batch *batch = pass->batch;
	const struct approval *approval = batch->approval;
	bool is_limited = outcome->limited != LIMITED_NOT;
	if (!approval)
		return !is_limited || !(batch->withholds & (1U << outcome->limited));
	if (approval->is_of_withheld && !is_limited)
		return false;
	return has_cell(pass, approval, outcome) && is_shown(pass, outcome) &&
	       !has_cell(pass, batch->superseded, outcome);
}

void outcome_withhold(const struct pass *pass, struct outcome *outcome)
{
	outcome->kind = OUTCOME_SKIPPED;
	outcome->code = CODE_WITHHELD;
	outcome->message =
	    pass->batch->approval
	        ? SLICE(
	              "Withheld: it was not in the plan that was approved, and waits in a new one.")
	        : SLICE("Withheld: more than the feed's limits let go unasked; enrolctl show names "
	                "the plan.");
	if (!has_cell(pass, pass->batch->superseded, outcome))
		return;
	outcome->code = CODE_SUPERSEDED;
	outcome->message = SLICE("Not done: a later file of the feed has named the person.");
}

/* ---- one attempt ---- */

struct attempt attempt_begin(struct pass *pass, size_t outcomes)
{
	pass->is_attempt = true;
	pass->kept_count = 0;
	return (struct attempt){.outcomes = outcomes, .changes = pass->changes_count};
}

void fact_keep(struct pass *pass, void *fact, size_t size)
{
	if (!pass->is_attempt || !is_gated(pass) || size == 0)
		return;
	struct kept_fact *kept =
	    pass_grow(pass, pass->kept, pass->kept_count, &pass->kept_room, sizeof *kept);
	void *bytes = arena_alloc(pass->batch->arena, size);
	if (!kept || !bytes)
		return;
	pass->kept = kept;
	memcpy(bytes, fact, size);
	kept[pass->kept_count++] = (struct kept_fact){fact, bytes, size};
}

void enrolment_keep(struct pass *pass, struct enrolment_facts *is)
{
	fact_keep(pass, is, sizeof *is);
	fact_keep(pass, is->roles, is->roles_count * sizeof *is->roles);
}

/* The last that was kept is the first to come back. */
static void facts_restore(struct pass *pass)
{
	while (pass->kept_count > 0) {
		const struct kept_fact *kept = &pass->kept[--pass->kept_count];
		memcpy(kept->fact, kept->bytes, kept->size);
	}
}

/* Warnings were of what is not done now; the outcome itself stays the last. */
static void warnings_drop(struct pass *pass, size_t from)
{
	size_t kept = from;
	for (size_t i = from; i < pass->outcomes_count; i++)
		if (pass->outcomes[i].kind != OUTCOME_WARNING)
			pass->outcomes[kept++] = pass->outcomes[i];
	pass->outcomes_count = kept;
}

bool attempt_end(
    struct pass *pass, const struct attempt *attempt, struct outcome *outcome, enum limited limited)
{
	bool is_done = outcome->kind == OUTCOME_DONE;
	pass->is_attempt = false;
	outcome->limited = is_done ? limited : LIMITED_NOT;
	if (!is_done || gate_admits(pass, outcome)) {
		for (size_t i = attempt->changes; i < pass->changes_count; i++)
			change_settle(pass, &pass->changes[i]);
		return true;
	}
	facts_restore(pass);
	pass->changes_count = attempt->changes;
	outcome_withhold(pass, outcome);
	warnings_drop(pass, attempt->outcomes);
	return false;
}

/* ---- what is not told ---- */

bool gate_mutes(const struct pass *pass)
{
	return pass->batch->approval && pass->batch->approval->is_of_withheld;
}

void outcomes_mute(struct pass *pass, size_t from)
{
	size_t kept = from;
	bool warns = false; /* what was done last may have a warning behind it */
	for (size_t i = from; i < pass->outcomes_count; i++) {
		const struct outcome outcome = pass->outcomes[i];
		if (outcome.limited != LIMITED_NOT)
			warns = outcome.kind == OUTCOME_DONE;
		else
			warns &= outcome.kind == OUTCOME_WARNING &&
			         outcome.column == pass->outcomes[kept - 1].column;
		/* What was approved and cannot be done, or is so by now. */
		bool is_answer =
		    (outcome.kind == OUTCOME_ERROR || outcome.kind == OUTCOME_UNCHANGED) &&
		    has_cell(pass, pass->batch->approval, &outcome);
		if (outcome.limited != LIMITED_NOT || warns || is_answer)
			pass->outcomes[kept++] = outcome;
	}
	pass->outcomes_count = kept;
}
