/*
 * plan_undo: rows of a result are taken back. Whoever is named by a row is looked up by the name
 * that they had then; whether anything is still as the run has left it says what the row says.
 * Rules: enrold(8).
 */
#include "undo.h"

#include "account.h"

#include "enrold/may.h"
#include "enrold/value.h"

/* ---- who ---- */

static bool is_protected(struct undoing *undoing)
{
	const struct batch *batch = undoing->batch;
	const struct account_facts *person = &batch->people[undoing->person];
	int64_t role = may_find_protection_from_leaving(&batch->policy->may, batch->site, person);
	if (!person->is_protected && role == 0)
		return false;
	undo_answer(undoing, OUTCOME_ERROR, CODE_PROTECTED_ACCOUNT,
	    person->is_protected
	        ? SLICE("Site administrators and the guest account are never touched.")
	        : arena_print(undoing->arena,
	              "The account has the role '%.*s' in the whole site, which protects it: take "
	              "it back in the LMS, or name the role in the feed's may.unprotected.",
	              SLICE_ARG(role_name(batch->site, role))));
	return true;
}

static bool person_find(struct undoing *undoing)
{
	struct record *record = &undoing->batch->records[undoing->row->record];
	undoing->person = account_find(undoing->batch, record->key);
	record->person = undoing->person;
	if (undoing->person != INDEX_NONE)
		return !is_protected(undoing);
	undo_keep(undoing,
	    arena_print(undoing->arena, "Left as it is: no account is called '%.*s' any more.",
	        SLICE_ARG(record->name)));
	return false;
}

/* ---- the rows ---- */

static void never_decide(struct undoing *undoing)
{
	undo_never(undoing, undoing->row->code == CODE_ACCOUNT_DELETED
	                        ? SLICE("An account that was deleted does not come back.")
	                        : SLICE("Groups and groupings that were made stay."));
}

static void row_decide(struct undoing *undoing)
{
	enum undo_kind kind = undoing->row->kind;
	if (kind == UNDO_NOTHING)
		return;
	if (kind == UNDO_NEVER) {
		never_decide(undoing);
		return;
	}
	if (!person_find(undoing))
		return;
	switch (kind) {
	case UNDO_ENROLMENT: undo_enrolment(undoing); break;
	case UNDO_SITE_ROLES:
	case UNDO_CATEGORY_ROLES: undo_roles(undoing); break;
	case UNDO_GROUP: undo_group(undoing); break;
	case UNDO_COHORT: undo_cohort(undoing); break;
	case UNDO_ACCOUNT: undo_account(undoing); break;
	case UNDO_NEW_ACCOUNT: undo_new_account(undoing); break;
	case UNDO_NAME: undo_name(undoing); break;
	case UNDO_INTERESTS: undo_interests(undoing); break;
	case UNDO_NOTHING:
	case UNDO_NEVER: break;
	}
}

/* A preview does nothing of it. */
static void prospects_tell(struct pass *pass)
{
	for (size_t i = 0; i < pass->outcomes_count; i++)
		if (pass->outcomes[i].kind == OUTCOME_DONE)
			pass->outcomes[i].message = SLICE("Would be taken back.");
}

struct error plan_undo(
    struct batch *batch, struct undo_row *const *rows, size_t count, int64_t now, struct plan *plan)
{
	struct pass pass = {.batch = batch, .now = now};
	for (size_t i = 0; i < count && !arena_has_failed(batch->arena); i++) {
		struct undoing undoing = {
		    .pass = &pass, .batch = batch, .arena = batch->arena, .row = rows[i]};
		row_decide(&undoing);
	}
	if (batch->is_preview)
		prospects_tell(&pass);
	*plan = (struct plan){.outcomes = pass.outcomes,
	    .outcomes_count = pass.outcomes_count,
	    .changes = pass.changes,
	    .changes_count = pass.changes_count};
	return arena_has_failed(batch->arena) ? error_memory("planning an undo") : OK;
}

/* ---- what is looked up for them ---- */

void undo_begin(struct batch *batch)
{
	batch->asks_accounts = batch->asks_interests = batch->asks_unique = false;
	batch->asks_makers = batch->takes_away = false;
}

static uint32_t category_add(struct batch *batch, const struct undo_row *row)
{
	struct slice idnumber;
	if (!described_find(row->before, "category", batch->arena, &idnumber) &&
	    !described_find(row->after, "category", batch->arena, &idnumber))
		return INDEX_NONE;
	return batch_category(batch, idnumber);
}

static void names_add(struct batch *batch, const struct undo_row *row)
{
	struct slice rest = row->before, name, value;
	while (described_next(&rest, &name, &value, batch->arena)) {
		struct slice field = columns_profile_name(name);
		if (slice_is(name, SLICE("username")))
			batch_key(batch, KEY_USERNAME, value);
		if (slice_is(name, SLICE("email")) && value.size > 0)
			batch_key(batch, KEY_EMAIL, value);
		for (uint32_t f = 0; field.size > 0 && f < batch->site->profile_fields_count; f++)
			if (batch->site->profile_fields[f].is_unique && value.size > 0 &&
			    slice_is(batch->site->profile_fields[f].shortname, field))
				batch_profile_key(batch, f, value);
	}
}

void undo_add(struct batch *batch, enum course_key_by by, struct undo_row *row)
{
	row->place = row->second = row->enrolment = row->membership = INDEX_NONE;
	row->listing = UNDO_LISTING_STAYS;
	row->record = batch_add_undone(batch, row->line, row->username, row->column);
	switch (row->kind) {
	case UNDO_ENROLMENT:
		row->place = batch_course(batch, by, row->target);
		if (by == COURSE_BY_IDNUMBER) /* one without a number goes by its name */
			row->second = batch_course(batch, COURSE_BY_SHORTNAME, row->target);
		break;
	case UNDO_CATEGORY_ROLES: row->place = category_add(batch, row); break;
	case UNDO_GROUP:
		row->second = batch_course(batch, by, undo_course_name(row, batch->arena));
		row->place =
		    batch_group(batch, GROUP_BY_NAME_OR_ID, row->second, undo_member_name(row));
		break;
	case UNDO_COHORT: row->place = batch_cohort(batch, undo_member_name(row)); break;
	case UNDO_ACCOUNT:
	case UNDO_NAME:
		names_add(batch, row);
		batch->asks_accounts = true;
		break;
	case UNDO_NEW_ACCOUNT: batch->asks_accounts = true; break;
	case UNDO_INTERESTS: batch->asks_interests = true; break;
	case UNDO_SITE_ROLES:
	case UNDO_NOTHING:
	case UNDO_NEVER: break;
	}
}

static void place_pair(struct batch *batch, struct undo_row *row, uint32_t person, uint32_t place)
{
	bool is_new;
	row->enrolment = batch_enrolment(batch, person, place, &is_new);
	if (!arena_has_failed(batch->arena))
		batch->enrolments[row->enrolment].asks_leaving = place < PLACE_CATEGORY;
}

static void member_pair(
    struct batch *batch, struct undo_row *row, uint32_t person, enum membership_kind kind)
{
	bool is_new;
	row->membership = batch_membership(batch, kind, person, row->place, &is_new);
	if (!arena_has_failed(batch->arena))
		batch->memberships[row->membership].asks_leaving = true;
}

static bool course_is_there(const struct batch *batch, uint32_t course)
{
	return batch->courses[course].matches == 1 && batch->courses[course].context != 0;
}

static void row_pair(struct batch *batch, struct undo_row *row, uint32_t person)
{
	switch (row->kind) {
	case UNDO_ENROLMENT:
		if (row->second != INDEX_NONE && batch->courses[row->place].matches == 0)
			row->place = row->second;
		if (course_is_there(batch, row->place))
			place_pair(batch, row, person, row->place);
		break;
	case UNDO_SITE_ROLES: place_pair(batch, row, person, PLACE_SYSTEM); break;
	case UNDO_CATEGORY_ROLES:
		if (row->place != INDEX_NONE && batch->categories[row->place].matches == 1)
			place_pair(batch, row, person, PLACE_CATEGORY | row->place);
		break;
	case UNDO_GROUP:
		row->place = batch->groups[row->place].same;
		if (!course_is_there(batch, row->second))
			break;
		place_pair(batch, row, person, row->second);
		member_pair(batch, row, person, PERSON_IN_GROUP);
		break;
	case UNDO_COHORT:
		row->place = batch->cohorts[row->place].same;
		member_pair(batch, row, person, PERSON_IN_COHORT);
		break;
	case UNDO_NOTHING:
	case UNDO_ACCOUNT:
	case UNDO_NEW_ACCOUNT:
	case UNDO_NAME:
	case UNDO_INTERESTS:
	case UNDO_NEVER: break;
	}
}

void undo_pair(struct batch *batch, struct undo_row *const *rows, size_t count)
{
	for (size_t i = 0; i < count && !arena_has_failed(batch->arena); i++) {
		uint32_t person = account_find(batch, batch->records[rows[i]->record].key);
		if (person != INDEX_NONE)
			row_pair(batch, rows[i], person);
	}
}
