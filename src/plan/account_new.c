/*
 * account_new: an account is made. Rules: lms/README 2.3, 2.4, 5.1.
 */
#include "account.h"

#include "enrold/detail.h"

/* Names may be empty where Moodle lets them be: in files that also update, with such a column. */
static bool may_be_empty(const struct step *step, uint32_t detail)
{
	return detail != DETAIL_EMAIL && step->policy->compat == COMPAT_MOODLE &&
	       step->policy->upload_type == UPLOAD_ADD_OR_UPDATE &&
	       step_detail_column(step, detail) != COLUMN_NONE;
}

static bool is_missing(struct step *step, uint32_t detail)
{
	uint32_t place = step_detail_column(step, detail);
	return columns_detail(detail)->detail.is_required && !may_be_empty(step, detail) &&
	       record_cell(step->record, place).size == 0 &&
	       account_detail_default(step, detail).size == 0;
}

/* Tells all missing details at once, from this one on. */
static bool details_missing(struct step *step, uint32_t first)
{
	struct remark_names names = {.count = 0};
	remark_name(&names, slice_of(columns_detail(first)->name), SLICE(""), step->arena);
	for (uint32_t d = first + 1; d < columns_details_count(); d++)
		if (is_missing(step, d))
			remark_name(
			    &names, slice_of(columns_detail(d)->name), SLICE(""), step->arena);
	bool is_one = names.count == 1;
	return step_drop(step, step_detail_column(step, first), CODE_DETAIL_MISSING,
	    arena_print(step->arena, "A new account needs the column%s %.*s: fill %s in.",
	        is_one ? "" : "s", SLICE_ARG(remark_list(&names, step->arena)),
	        is_one ? "it" : "them"));
}

static bool detail_new(struct step *step, uint32_t detail)
{
	const struct column *column = columns_detail(detail);
	uint32_t place = step_detail_column(step, detail);
	bool required = column->detail.is_required;
	struct slice value = {NULL, 0}, cell = record_cell(step->record, place);
	size_t outcomes = step->pass->outcomes_count;
	bool is_given = place != COLUMN_NONE && (!required || cell.size > 0) &&
	                account_detail_from_cell(step, detail, &value);
	bool has_failed = step->pass->outcomes_count > outcomes && !is_given;
	if (required && has_failed && step->policy->invalid_values == INVALID_REJECT) {
		step->is_dropped = true;
		return false;
	}
	if (!is_given)
		value = account_detail_default(step, detail);
	if (required && value.size == 0 && !may_be_empty(step, detail))
		return details_missing(step, detail);
	step->change.values[detail] = value;
	if (is_given || account_default(step->policy, slice_of(column->name)).bytes)
		step_note_move(step, column->name, SLICE(""), value);
	return true;
}

static bool details_new(struct step *step)
{
	for (uint32_t d = 0; d < columns_details_count(); d++)
		if (!detail_new(step, d))
			return false;
	step->change.details = UINT64_MAX;
	return true;
}

static void profile_new(struct step *step)
{
	const struct site_facts *site = step->batch->site;
	for (uint32_t f = 0; f < site->profile_fields_count; f++) {
		const struct profile_field *field = &site->profile_fields[f];
		uint32_t column = step_profile_column(step, f);
		const char *expected = "";
		struct slice value;
		bool is_given = false;
		if (column != COLUMN_NONE) {
			enum detail_verdict verdict = profile_read(step->batch, field,
			    record_cell(step->record, column), &value, &expected);
			is_given = account_accept(step, column, verdict, expected) &&
			           !account_value_is_taken(step, column);
		}
		if (!is_given)
			value = account_profile_default(step, field);
		account_profile_set(step, f, value);
		if (is_given)
			step_note_move(step,
			    arena_print(
			        step->arena, "profile_field_%.*s", SLICE_ARG(field->shortname))
			        .bytes,
			    SLICE(""), value);
	}
}

static bool password_new(struct step *step)
{
	struct slice password = step_cell(step, COLUMN_PASSWORD);
	if (account_auth_is_external(step->change.auth)) {
		step->change.stored = SLICE("not cached");
		if (password.size > 0)
			account_tell_of_password(step, step->change.auth);
	} else if (password.size > 0) {
		account_take_password(step, password);
	} else if (step->policy->new_password == PASSWORD_GENERATE) {
		/* Moodle's own task makes the password and mails it (lms/README 2.4). */
		step->change.stored = SLICE("to be generated");
		step->change.generate = 1;
	} else {
		return step_drop(step, step->header->single[COLUMN_PASSWORD], CODE_PASSWORD_MISSING,
		    SLICE("A new account needs a password here: fill in the column 'password' or "
		          "set new_password: generate."));
	}
	return true;
}

static bool auth_new(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_AUTH];
	struct slice auth = record_cell(step->record, column);
	if (auth.size == 0) {
		struct slice given = account_default(step->policy, SLICE("auth"));
		auth = given.bytes ? given : SLICE("manual");
	}
	step->change.auth = auth;
	step->is_dropped = !account_check_auth(step, auth, column);
	if (!step->is_dropped)
		step_note_move(step, "auth", SLICE(""), auth);
	return !step->is_dropped;
}

/* Makes the plan's own picture of an account that does not exist yet. */
static bool person_make(struct step *step)
{
	struct batch *batch = step->batch;
	const struct account_change *change = &step->change;
	size_t fields = batch->site->profile_fields_count;
	step->person = batch_add_person(batch, change->username);
	struct slice *profile = arena_alloc(step->arena, (fields + 1) * sizeof *profile);
	if (!profile || arena_has_failed(step->arena))
		return false;
	for (uint32_t f = 0; f < fields; f++)
		profile[f] = change->profile[f].data;
	struct account_facts *person = step_person(step);
	person->auth = change->auth;
	person->is_suspended = change->is_suspended;
	person->details = change->values;
	person->profile = profile;
	person->is_of_feed = true;
	account_learn(batch, KEY_USERNAME, change->username, step->person);
	account_learn(batch, KEY_EMAIL, change->values[DETAIL_EMAIL], step->person);
	account_learn(batch, KEY_IDNUMBER, change->values[DETAIL_IDNUMBER], step->person);
	account_learn_profile(batch, change, step->person);
	return true;
}

/* An account is made whole or not at all. */
static bool create_lacks(struct step *step)
{
	const struct account_change *change = &step->change;
	bool lacks =
	    step_lacks(step, COLUMN_NONE, DEED_CREATE_ACCOUNT) ||
	    (change->profile_count > 0 && step_lacks(step, COLUMN_NONE, DEED_SET_PROFILE)) ||
	    ((change->generate > 0 || change->force > 0) &&
	        step_lacks(step, COLUMN_NONE, DEED_SET_PREFERENCE));
	step->is_dropped |= lacks;
	return lacks;
}

bool account_create(struct step *step, struct slice name)
{
	bool is_suspended = false;
	size_t outcomes = step->pass->outcomes_count;
	/* In an archive that tells of a file of enrolments, which makes nobody. */
	if (name.size == 0 && step->header->has_gaps)
		return account_not_found(
		    step, COLUMN_NONE, record_cell(step->record, step->header->key));
	step->is_new = true;
	step->change.username = name;
	step->change.sets_suspended = true;
	step_note(step, &step->after, "username", name);
	if (!step_alloc(step) || !account_check_name(step, name) || !auth_new(step) ||
	    !details_new(step))
		return false;
	if (account_address_is_taken(step)) {
		step->is_dropped = true;
		return false;
	}
	if (!password_new(step))
		return false;
	profile_new(step);
	if (account_read_suspended(step, &is_suspended) && is_suspended) {
		step->change.is_suspended = true;
		step_note_move(step, "suspended", SLICE(""), SLICE("1"));
	}
	if (create_lacks(step))
		return false;
	struct attempt attempt = attempt_begin(step->pass, outcomes);
	struct outcome *outcome = step_answer(step, step->header->key, OUTCOME_DONE,
	    CODE_ACCOUNT_CREATED, name, SLICE("The account was made."));
	outcome->after = step_keep_text(step, &step->after);
	if (!attempt_end(step->pass, &attempt, outcome, LIMITED_NOT)) {
		step->record->ended = "Not attempted: the account was not made.";
		return false;
	}
	if (!person_make(step))
		return false;
	change_add(step->pass, (struct change){.kind = CHANGE_CREATE_ACCOUNT,
	                           .person = step->person,
	                           .account = step_keep_change(step)});
	return true;
}
