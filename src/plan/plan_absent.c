/*
 * plan_absent: what is written about the absent, and what the answer says of it.
 */
#include "day.h"
#include "pass.h"

#include "enrold/plan_absent.h"

static enum policy_removal removal_of(const struct policy *policy, bool is_due)
{
	const struct policy_absence *absence = &policy->absence;
	bool unenrols = absence->action == ABSENCE_UNENROL && (is_due || absence->grace_ms == 0);
	if (unenrols)
		return REMOVAL_UNENROL;
	return absence->action == ABSENCE_SUSPEND_NO_ROLES ? REMOVAL_SUSPEND_NO_ROLES
	                                                   : REMOVAL_SUSPEND;
}

static struct slice removed_message(
    const struct pass *pass, enum code code, bool keeps_history, int64_t suspended_at)
{
	struct arena *arena = pass->batch->arena;
	int64_t due = absence_due(&pass->batch->policy->absence, suspended_at);
	if (code == CODE_ABSENT_UNENROLLED)
		return SLICE("Unenrolled: the feed's full files do not list the person in this "
		             "course any more.");
	if (keeps_history)
		return SLICE("Suspended, not unenrolled: not in the file any more, and unenrolling "
		             "would delete grades (purge_history).");
	if (due != 0)
		return arena_print(arena,
		    "Suspended: not in the file any more; is unenrolled on %.*s, unless a file "
		    "lists "
		    "the person again.",
		    SLICE_ARG(day_text(arena, due)));
	return SLICE("Suspended: not in the file any more.");
}

static struct slice state_text(const struct pass *pass, uint32_t enrolment)
{
	return enrolment_describe(
	    &pass->batch->enrolments[enrolment], pass->batch->site, pass->batch->arena);
}

static struct outcome *row_answer(
    struct pass *pass, uint32_t record, enum outcome_kind kind, enum code code, struct slice target)
{
	struct outcome *outcome = outcome_add(pass, record, COLUMN_ABSENT, kind, code);
	outcome->target = target;
	return outcome;
}

static struct slice course_of(const struct pass *pass, const struct absent_row *row)
{
	return absence_course_name(pass->batch->policy, &row->absentee->is);
}

static struct slice withheld_message(const struct pass *pass, const struct absence_ban *ban)
{
	return arena_print(pass->batch->arena, "Not removed: %.*s.", SLICE_ARG(ban->reason));
}

/* It may still be that a right is missing, or a role was given since. */
static void hindered_answer(struct pass *pass, uint32_t index, struct absent_row *row,
    enum policy_removal how, enum code code)
{
	struct outcome *outcome =
	    row_answer(pass, index, OUTCOME_SKIPPED, code, course_of(pass, row));
	outcome->message = leave_message(pass, index, how, code, false);
	outcome->before = outcome->after = state_text(pass, index);
}

static void row_remove(struct pass *pass, uint32_t index, struct absent_row *row)
{
	bool moves;
	struct batch *batch = pass->batch;
	enum policy_removal how = removal_of(batch->policy, row->is_due);
	struct slice before = state_text(pass, index);
	bool had_history = batch->enrolments[index].leaving.has_history;
	enum code code = leave_decide(pass, index, how, &moves);
	bool keeps_history = code == CODE_HAS_HISTORY && !row->is_due;
	if (keeps_history)
		code = leave_decide(pass, index, REMOVAL_SUSPEND, &moves);
	if (!moves) {
		hindered_answer(pass, index, row, how, code);
		return;
	}
	bool is_out = code == CODE_UNENROLLED;
	before = left_state(pass, code, had_history, before);
	row->is_dropped = is_out;
	row->listing.suspended_at = is_out ? 0 : pass->now;
	row->listing.told = 0;
	code = is_out ? CODE_ABSENT_UNENROLLED : CODE_ABSENT_SUSPENDED;
	struct outcome *outcome = row_answer(pass, index, OUTCOME_DONE, code, course_of(pass, row));
	outcome->message = removed_message(pass, code, keeps_history, row->listing.suspended_at);
	outcome->before = before;
	outcome->after = state_text(pass, index);
	struct slice others = batch->enrolments[index].leaving.others;
	if (others.size == 0)
		return;
	outcome =
	    row_answer(pass, index, OUTCOME_WARNING, CODE_ENROLLED_OTHERWISE, course_of(pass, row));
	outcome->message = arena_print(
	    batch->arena, "Stays in the course by another method: %.*s.", SLICE_ARG(others));
}

/* What is only said: once, unless it may change by a person's word. */
static void row_tell(struct pass *pass, uint32_t index, struct absent_row *row)
{
	const struct absent_verdict *verdict = &row->verdict;
	bool is_withheld = row->ban || verdict->fate == ABSENT_HELD;
	if (!is_withheld && row->listing.told == (int)verdict->code + 1)
		return;
	enum code code = row->ban ? row->ban->code : verdict->code;
	struct outcome *outcome = row_answer(pass, index,
	    is_withheld ? OUTCOME_SKIPPED : OUTCOME_UNCHANGED, code, course_of(pass, row));
	outcome->message = row->ban ? withheld_message(pass, row->ban) : verdict->message;
	outcome->before = outcome->after = state_text(pass, index);
	row->is_dropped = verdict->fate == ABSENT_CLAIMED;
	if (!row->ban)
		row->listing.told = (int)verdict->code + 1;
}

static void row_decide(struct pass *pass, uint32_t index, struct absent_row *row)
{
	switch (row->verdict.fate) {
	case ABSENT_IGNORED: break;
	case ABSENT_FORGOTTEN: row->is_dropped = true; break;
	case ABSENT_CLAIMED:
	case ABSENT_KEPT:
	case ABSENT_HELD: row_tell(pass, index, row); break;
	case ABSENT_GOES:
		if (row->ban)
			row_tell(pass, index, row);
		else
			row_remove(pass, index, row);
		break;
	}
}

static struct error pass_end(struct pass *pass, struct plan *plan)
{
	*plan = (struct plan){.outcomes = pass->outcomes,
	    .outcomes_count = pass->outcomes_count,
	    .changes = pass->changes,
	    .changes_count = pass->changes_count};
	return arena_has_failed(pass->batch->arena) ? error_memory("planning removals") : OK;
}

/* A preview does nothing of it. */
static void prospects_tell(struct pass *pass)
{
	for (size_t i = 0; i < pass->outcomes_count; i++) {
		const char *prospect = outcome_code_prospect(pass->outcomes[i].code);
		if (pass->outcomes[i].kind == OUTCOME_DONE && prospect)
			pass->outcomes[i].message = slice_of(prospect);
	}
}

struct error plan_absent(
    struct batch *batch, struct absent_row *rows, size_t count, int64_t now, struct plan *plan)
{
	struct pass pass = {.batch = batch, .now = now};
	for (size_t i = 0; i < count && !arena_has_failed(batch->arena); i++) {
		rows[i].listing = rows[i].absentee->listing;
		uint32_t index = batch_add_absent(batch, rows[i].username,
		    rows[i].absentee->listing.user, rows[i].absentee->enrolment);
		if (index != INDEX_NONE)
			row_decide(&pass, index, &rows[i]);
	}
	if (batch->is_preview)
		prospects_tell(&pass);
	return pass_end(&pass, plan);
}

/* ---- accounts ---- */

static void account_move(struct pass *pass, uint32_t index, const struct absent_account *account)
{
	struct account_change *change = arena_alloc(pass->batch->arena, sizeof *change);
	if (!change)
		return;
	*change = (struct account_change){.sets_suspended = true,
	    .is_suspended = account->suspends,
	    .ends_sessions = account->suspends};
	change_add(pass,
	    (struct change){.kind = CHANGE_UPDATE_ACCOUNT, .person = index, .account = change});
	struct outcome *outcome = row_answer(pass, index, OUTCOME_DONE,
	    account->suspends ? CODE_ACCOUNT_SUSPENDED : CODE_RETURNED, account->username);
	outcome->message =
	    account->suspends
	        ? SLICE("Account suspended: the person is in no row of the feed's full files any "
	                "more.")
	        : SLICE("Account activated: the person is listed again.");
	outcome->before = account->suspends ? SLICE("suspended=0") : SLICE("suspended=1");
	outcome->after = account->suspends ? SLICE("suspended=1") : SLICE("suspended=0");
}

struct error plan_absent_accounts(
    struct batch *batch, const struct absent_account *accounts, size_t count, struct plan *plan)
{
	struct pass pass = {.batch = batch};
	for (size_t i = 0; i < count && !arena_has_failed(batch->arena); i++) {
		const struct absent_account *account = &accounts[i];
		uint32_t index = batch_add_absent(batch, account->username, account->user, NULL);
		if (index == INDEX_NONE)
			break;
		if (!account->ban) {
			account_move(&pass, index, account);
			continue;
		}
		struct outcome *outcome = row_answer(
		    &pass, index, OUTCOME_SKIPPED, account->ban->code, account->username);
		outcome->message = withheld_message(&pass, account->ban);
	}
	if (batch->is_preview)
		prospects_tell(&pass);
	return pass_end(&pass, plan);
}
