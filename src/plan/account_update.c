/*
 * account_update: an account that exists gets what the file says, as far as the feed lets it.
 * Rules: lms/README 2.2, 2.4-2.7.
 */
#include "account.h"

#include "enrold/approval.h"
#include "enrold/detail.h"
#include "enrold/value.h"

/* ---- what is not changed, because update_details says so ---- */

/* It does not tell whether the account has the same already: nobody is to learn by guessing what
 * the feed does not write. */
static void detail_keep(struct step *step, uint32_t column)
{
	if (column != step->header->key && record_cell(step->record, column).size > 0)
		step_keep(step, column, REMARK_DETAILS_KEPT);
}

static void details_keep(struct step *step)
{
	const struct header *header = step->header;
	for (uint32_t i = 0; i < header->columns_count && !step->has_kept; i++) {
		const struct header_column *column = &header->columns[i];
		bool is_detail = column->id == COLUMN_DETAIL || column->id == COLUMN_PROFILE ||
		                 column->id == COLUMN_AUTH;
		if (is_detail && column->idle == IDLE_NOT)
			detail_keep(step, i);
	}
}

/* ---- what is withheld of it, while the rest is done ---- */

/* Of what was held as a whole the update as a whole is asked for when all of it is known; but it
 * does no more than it was shown to do. */
static bool part_is_admitted(
    const struct step *step, uint32_t column, enum limited limited, const char *name)
{
	struct outcome part = {
	    .record = step->index, .column = column, .code = CODES, .limited = limited};
	const struct approval *approval = step->batch->approval;
	bool is_whole = approval && !approval->is_of_withheld;
	bool is_admitted = is_whole || gate_admits(step->pass, &part);
	part.column = is_whole ? step->header->key : column;
	return is_admitted && gate_shows(step->pass, &part, name);
}

/* False: this detail is withheld, and noted. before: bytes NULL where it is not told. */
static bool detail_is_admitted(struct step *step, enum limited limited, const char *name,
    struct slice before, struct slice after)
{
	if (part_is_admitted(step, step->header->key, limited, name))
		return true;
	if (limited == LIMITED_NOT && gate_mutes(step->pass))
		return false;
	if (before.bytes)
		step_note(step, &step->withheld_before, name, before);
	step_note(step, &step->withheld_after, name, after);
	return false;
}

static struct outcome *withheld_answer(struct step *step, uint32_t column)
{
	struct outcome *outcome = step_answer(
	    step, column, OUTCOME_SKIPPED, CODE_WITHHELD, step_person(step)->username, SLICE(""));
	outcome_withhold(step->pass, outcome);
	outcome->limited = LIMITED_ACCOUNTS;
	return outcome;
}

static void details_withheld_answer(struct step *step)
{
	if (step->withheld_after.size == 0)
		return;
	struct outcome *outcome = withheld_answer(step, step->header->key);
	outcome->before = step_keep_text(step, &step->withheld_before);
	outcome->after = step_keep_text(step, &step->withheld_after);
}

/* ---- what is changed ---- */

/* As in Moodle an address in other letter case is the same (lms/README 2.6). */
static bool detail_is(const struct step *step, uint32_t detail, struct slice value)
{
	struct slice is = step_person(step)->details[detail];
	return detail == DETAIL_EMAIL ? value_is_alike(is, value, step->arena)
	                              : slice_is(is, value);
}

/* What the file says nothing of: where another row may, a default would take that away again. */
static bool takes_default(const struct step *step)
{
	return step->update_details == DETAILS_FILL ||
	       (step->update_details == DETAILS_FILE_AND_DEFAULTS && !step->header->has_gaps);
}

/* One detail's new value; false: it stays. */
static bool detail_moved(struct step *step, uint32_t detail, struct slice *value)
{
	const struct column *column = columns_detail(detail);
	struct slice is = step_person(step)->details[detail];
	uint32_t place = step_detail_column(step, detail);
	enum policy_update_details mode = step->update_details;
	if (mode == DETAILS_FILL && is.size > 0) {
		detail_keep(step, place);
		return false;
	}
	if (place == COLUMN_NONE && !takes_default(step))
		return false;
	bool is_empty = place != COLUMN_NONE && record_cell(step->record, place).size == 0;
	if (is_empty && column->detail.is_required) {
		/* An export with a hole must not take a person's name away, even where Moodle does
		 * so. */
		return false;
	}
	bool is_given = place != COLUMN_NONE && !(is_empty && mode == DETAILS_FILL) &&
	                account_detail_from_cell(step, detail, value);
	if (!is_given && place != COLUMN_NONE && mode != DETAILS_FILL)
		return false;
	if (!is_given)
		*value = account_detail_default(step, detail);
	return value->bytes && !detail_is(step, detail, *value);
}

static void detail_set(struct step *step, uint32_t detail, struct slice value)
{
	step->change.details |= UINT64_C(1) << detail;
	step->change.values[detail] = value;
}

static void detail_update(struct step *step, uint32_t detail)
{
	struct account_facts *person = step_person(step);
	struct slice value = SLICE("");
	if (!detail_moved(step, detail, &value))
		return;
	if (detail == DETAIL_EMAIL) {
		if (step_detail_column(step, detail) != COLUMN_NONE &&
		    account_address_is_taken(step)) {
			step->is_dropped = step->policy->invalid_values == INVALID_IGNORE;
			return;
		}
	}
	bool says_who = detail == DETAIL_EMAIL || detail == DETAIL_IDNUMBER;
	if (says_who && account_outranks(step, step_detail_column(step, detail)))
		return;
	if (!detail_is_admitted(step, says_who ? LIMITED_ACCOUNTS : LIMITED_NOT,
	        columns_detail(detail)->name, person->details[detail], value))
		return;
	step_note_move(step, columns_detail(detail)->name, person->details[detail], value);
	detail_set(step, detail, value);
}

static void profile_update(struct step *step, uint32_t f)
{
	const struct profile_field *field = &step->batch->site->profile_fields[f];
	struct slice is = step_person(step)->profile[f], value = {NULL, 0};
	enum policy_update_details mode = step->update_details;
	uint32_t column = step_profile_column(step, f);
	const char *expected = "";
	if (mode == DETAILS_FILL && is.size > 0) {
		detail_keep(step, column);
		return;
	}
	if (column != COLUMN_NONE) {
		enum detail_verdict verdict = profile_read(
		    step->batch, field, record_cell(step->record, column), &value, &expected);
		bool is_kept = !account_accept(step, column, verdict, expected);
		step->leaves_record |=
		    is_kept && step->policy->compat == COMPAT_MOODLE && verdict == DETAIL_BAD;
		if (is_kept)
			return;
	} else if (takes_default(step)) {
		value = account_profile_default(step, field);
	}
	if (!value.bytes || slice_is(value, is.bytes ? is : field->initial))
		return;
	if ((column != COLUMN_NONE && account_value_is_taken(step, column)) ||
	    step_lacks(step, column, DEED_SET_PROFILE))
		return;
	struct slice name =
	    arena_print(step->arena, "profile_field_%.*s", SLICE_ARG(field->shortname));
	if (!detail_is_admitted(step, LIMITED_NOT, name.bytes, is, value))
		return;
	step_note_move(step, name.bytes, is.bytes ? is : field->initial, value);
	account_profile_set(step, f, value);
}

static void auth_update(struct step *step)
{
	enum policy_update_details mode = step->update_details;
	struct account_facts *person = step_person(step);
	uint32_t column = step->header->single[COLUMN_AUTH];
	struct slice auth = record_cell(step->record, column);
	bool takes_defaults = mode == DETAILS_FILE_AND_DEFAULTS;
	if (mode != DETAILS_FILE && !takes_defaults) {
		if (mode == DETAILS_FILL && auth.size > 0 &&
		    step->header->columns[column].idle == IDLE_NOT)
			detail_keep(step, column);
		return;
	}
	if (column == COLUMN_NONE && takes_defaults) {
		struct slice given = account_default(step->policy, SLICE("auth"));
		bool is_moodle = step->policy->compat == COMPAT_MOODLE;
		auth = given.bytes ? given : is_moodle ? SLICE("manual") : SLICE("");
	}
	step->has_asked |= auth.size > 0;
	if (auth.size == 0 || slice_is(auth, person->auth))
		return;
	if (account_outranks(step, column))
		return;
	size_t outcomes = step->pass->outcomes_count;
	if (!account_check_auth(step, auth, column)) {
		step->is_dropped = step->policy->invalid_values == INVALID_IGNORE;
		return;
	}
	bool ends_sessions = slice_is(auth, SLICE("nologin"));
	if ((ends_sessions && step_lacks(step, column, DEED_END_SESSIONS)) ||
	    (account_auth_is_external(auth) && step_lacks(step, column, DEED_SET_PREFERENCE)))
		return;
	if (!detail_is_admitted(step, LIMITED_ACCOUNTS, "auth", person->auth, auth)) {
		step->pass->outcomes_count = outcomes; /* of a warning about it */
		return;
	}
	step_note_move(step, "auth", person->auth, auth);
	step->change.auth = auth;
	step->change.ends_sessions |= ends_sessions;
	if (account_auth_is_external(auth)) {
		step->change.stored = SLICE("not cached");
		step->change.generate = step->change.force = -1;
	}
}

static void password_update(struct step *step)
{
	enum policy_update_details mode = step->update_details;
	struct slice auth =
	    step->change.auth.size > 0 ? step->change.auth : step_person(step)->auth;
	struct slice password = step_cell(step, COLUMN_PASSWORD);
	bool may = step->policy->update_password &&
	           (mode == DETAILS_FILE || mode == DETAILS_FILE_AND_DEFAULTS);
	uint32_t column = step->header->single[COLUMN_PASSWORD];
	if (password.size == 0)
		return;
	if (!may && step->header->columns[column].idle == IDLE_NOT) {
		step_keep(step, column, REMARK_PASSWORDS_KEPT);
	} else if (may && account_auth_is_external(auth)) {
		account_tell_of_password(step, auth);
	} else if (may) {
		step->has_asked = true;
		if (!account_outranks(step, column) &&
		    !step_lacks(step, column, DEED_SET_PREFERENCE) &&
		    detail_is_admitted(step, LIMITED_ACCOUNTS, "password", (struct slice){NULL, 0},
		        SLICE("(set)")))
			account_take_password(step, password);
	}
}

static void suspension_withheld_answer(struct step *step, uint32_t column, bool truth)
{
	struct outcome *outcome = withheld_answer(step, column);
	outcome->before = truth ? SLICE("suspended=0") : SLICE("suspended=1");
	outcome->after = truth ? SLICE("suspended=1") : SLICE("suspended=0");
}

static void suspended_update(struct step *step)
{
	bool truth = false;
	if (!account_read_suspended(step, &truth) || truth == step_person(step)->is_suspended)
		return;
	uint32_t column = step->header->single[COLUMN_SUSPENDED];
	if (!step->policy->allow_suspend) {
		step_answer(step, column, OUTCOME_ERROR, CODE_NOT_ALLOWED,
		    record_cell(step->record, column),
		    SLICE("This feed may not suspend or activate accounts: set allow_suspend, or "
		          "leave "
		          "the cell empty."));
		return;
	}
	if (account_outranks(step, column) ||
	    (truth && step_lacks(step, column, DEED_END_SESSIONS)))
		return;
	enum limited limited = truth ? LIMITED_ACCOUNTS : LIMITED_NOT;
	if (!part_is_admitted(step, column, limited, "suspended")) {
		if (limited != LIMITED_NOT || !gate_mutes(step->pass))
			suspension_withheld_answer(step, column, truth);
		return;
	}
	step_note_move(
	    step, "suspended", truth ? SLICE("0") : SLICE("1"), truth ? SLICE("1") : SLICE("0"));
	step->change.sets_suspended = true;
	step->change.is_suspended = truth;
	step->change.ends_sessions |= truth;
}

static bool details_are_asked(const struct step *step)
{
	const struct header *header = step->header;
	if (step->update_details == DETAILS_NONE)
		return false;
	for (size_t i = 0; i < header->columns_count; i++)
		if (i != header->key && (header->columns[i].id == COLUMN_DETAIL ||
		                            header->columns[i].id == COLUMN_PROFILE))
			return true;
	return step->policy->defaults.count > 0 && step->update_details != DETAILS_FILE;
}

static void details_update(struct step *step)
{
	if (step->update_details == DETAILS_NONE) {
		/* An account made by this very row has got them. */
		if (!step->is_own)
			details_keep(step);
		return;
	}
	step->has_asked |= details_are_asked(step);
	for (uint32_t d = 0; d < columns_details_count() && !step->is_dropped; d++)
		detail_update(step, d);
	for (uint32_t f = 0; f < step->batch->site->profile_fields_count; f++)
		profile_update(step, f);
}

/* The plan's own picture follows. */
void account_take(const struct batch *batch, uint32_t person, const struct account_change *change)
{
	struct account_facts *is = &batch->people[person];
	for (uint32_t d = 0; d < columns_details_count(); d++)
		if (change->details & (UINT64_C(1) << d))
			is->details[d] = change->values[d];
	for (uint32_t p = 0; p < change->profile_count; p++)
		for (uint32_t f = 0; f < batch->site->profile_fields_count; f++)
			if (batch->site->profile_fields[f].id == change->profile[p].field)
				is->profile[f] = change->profile[p].data;
	if (change->auth.size > 0)
		is->auth = change->auth;
	if (change->sets_suspended)
		is->is_suspended = change->is_suspended;
}

static void person_move(struct step *step)
{
	struct batch *batch = step->batch;
	const struct account_change *change = &step->change;
	account_take(batch, step->person, change);
	account_learn(batch, KEY_EMAIL, change->values[DETAIL_EMAIL], step->person);
	account_learn(batch, KEY_IDNUMBER, change->values[DETAIL_IDNUMBER], step->person);
	account_learn_profile(batch, change, step->person);
}

static bool is_moved(const struct account_change *change)
{
	return change->details != 0 || change->profile_count > 0 || change->auth.size > 0 ||
	       change->sets_suspended || change->password.size > 0;
}

static enum limited limited_of_update(const struct account_change *change)
{
	const uint64_t telling = (UINT64_C(1) << DETAIL_EMAIL) | (UINT64_C(1) << DETAIL_IDNUMBER);
	bool is_limited = (change->details & telling) != 0 || change->auth.size > 0 ||
	                  change->password.size > 0 ||
	                  (change->sets_suspended && change->is_suspended);
	return is_limited ? LIMITED_ACCOUNTS : LIMITED_NOT;
}

static enum code code_of_update(const struct account_change *change)
{
	bool only = change->details == 0 && change->profile_count == 0 && change->auth.size == 0 &&
	            change->password.size == 0;
	if (!only)
		return CODE_ACCOUNT_UPDATED;
	return change->is_suspended ? CODE_ACCOUNT_SUSPENDED : CODE_ACCOUNT_ACTIVATED;
}

static struct slice message_of_update(enum code code)
{
	return code == CODE_ACCOUNT_SUSPENDED   ? SLICE("The account was suspended.")
	       : code == CODE_ACCOUNT_ACTIVATED ? SLICE("The account was activated.")
	                                        : SLICE("The account was changed.");
}

/* "suspended" when that is all a row asks; else the person. */
static uint32_t column_of_update(const struct step *step, enum code code)
{
	return code == CODE_ACCOUNT_UPDATED ? step->header->key
	                                    : step->header->single[COLUMN_SUSPENDED];
}

static struct change update_change(struct step *step)
{
	return (struct change){.kind = CHANGE_UPDATE_ACCOUNT,
	    .person = step->person,
	    .account = step_keep_change(step)};
}

/* outcomes: from where on the update has been spoken of. */
static void update_add(struct step *step, size_t outcomes)
{
	enum code code = code_of_update(&step->change);
	struct attempt attempt = attempt_begin(step->pass, outcomes);
	change_add(step->pass, update_change(step));
	struct outcome *outcome = step_answer(step, column_of_update(step, code), OUTCOME_DONE,
	    code, step_person(step)->username, message_of_update(code));
	outcome->before = step_keep_text(step, &step->before);
	outcome->after = step_keep_text(step, &step->after);
	if (attempt_end(step->pass, &attempt, outcome, limited_of_update(&step->change)))
		person_move(step);
}

bool account_update(struct step *step)
{
	size_t outcomes = step->pass->outcomes_count;
	if (!step->batch->asks_accounts)
		return true;
	if (!step_alloc(step))
		return false;
	suspended_update(step);
	auth_update(step);
	if (!step->is_dropped)
		details_update(step);
	if (step->is_dropped)
		return false;
	password_update(step);
	details_withheld_answer(step);
	bool is_done = is_moved(&step->change);
	if (is_done && step_lacks(step, COLUMN_NONE, DEED_UPDATE_ACCOUNT))
		return true;
	if (is_done)
		update_add(step, outcomes);
	else if (step->leaves_record && !step->batch->approval)
		change_add(step->pass, update_change(step));
	if (!is_done && step->has_asked && step->pass->outcomes_count == outcomes) {
		step_answer(step, step->header->key, OUTCOME_UNCHANGED, CODE_ACCOUNT_UNCHANGED,
		    step_person(step)->username,
		    step->has_kept
		        ? SLICE("Nothing of what the row gives was missing: what the account has "
		                "stays (update_details).")
		        : SLICE("The account was so already."));
	}
	return true;
}
