/*
 * account_move: accounts are deleted and renamed. Rules: lms/README 2.8-2.10.
 */
#include "account.h"

#include "enrold/value.h"

/* Files and grades are more than rows. */
static void rest_answer(struct step *step, uint32_t column)
{
	if (step->batch->site->is_moodle)
		step_answer(step, column, OUTCOME_WARNING, CODE_LEFT_TO_MOODLE,
		    step_person(step)->username,
		    step->batch->has_aftercare
		        ? SLICE("Grades, files and what plugins keep of the person are removed by "
		                "aftercare.")
		        : SLICE(
		              "Grades, files and what plugins keep of the person stay: only Moodle "
		              "can remove them; switch on aftercare."));
}

/* A name that nobody ever had may be misspelt, and then somebody stays who should go. Deleted
 * accounts leave no addresses and numbers by which to tell. */
static bool delete_nobody(struct step *step, uint32_t column)
{
	const struct header *header = step->header;
	bool by_name = header->key == header->single[COLUMN_USERNAME];
	struct slice cell = record_cell(step->record, header->key);
	struct slice name = value_brief(cell, VALUE_SHOWN_MAX, step->arena);
	bool is_gone = !by_name || account_was_deleted(step->batch, step->record);
	if (step->policy->compat == COMPAT_MOODLE || !is_gone)
		return step_drop(step, header->key, CODE_USER_NOT_FOUND,
		    arena_print(step->arena,
		        "No account has or had the %.*s '%.*s': correct it, or remove the row.",
		        SLICE_ARG(header->columns[header->key].name), SLICE_ARG(name)));
	step->record->ended = "Not attempted: the account was deleted.";
	step_answer(step, column, OUTCOME_UNCHANGED, CODE_ALREADY_DELETED, name,
	    by_name ? SLICE("The account has been deleted already.")
	            : arena_print(step->arena,
	                  "No account has the %.*s '%.*s': it has been deleted already, or never "
	                  "was.",
	                  SLICE_ARG(header->columns[header->key].name), SLICE_ARG(name)));
	return false;
}

bool account_delete(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_DELETED];
	if (!step->policy->allow_delete || policy_adds_only(step->policy))
		return step_drop(step, column, CODE_NOT_ALLOWED,
		    SLICE(
		        "This feed may not delete accounts: set allow_delete, or remove the row."));
	if (step->person == INDEX_NONE)
		return delete_nobody(step, column);
	if (account_is_protected(step))
		return account_protected(step);
	if (account_outranks(step, column)) {
		step->is_dropped = true;
		return false;
	}
	if (step_lacks(step, column, DEED_DELETE_ACCOUNT))
		return false;
	struct attempt attempt = attempt_begin(step->pass, step->pass->outcomes_count);
	change_add(
	    step->pass, (struct change){.kind = CHANGE_DELETE_ACCOUNT, .person = step->person});
	struct outcome *outcome = step_answer(step, column, OUTCOME_DONE, CODE_ACCOUNT_DELETED,
	    step_person(step)->username, SLICE("The account was deleted."));
	step_note(step, &step->before, "username", step_person(step)->username);
	step_note(step, &step->before, "email", step_person(step)->details[DETAIL_EMAIL]);
	step_note(step, &step->before, "idnumber", step_person(step)->details[DETAIL_IDNUMBER]);
	outcome->before = step_keep_text(step, &step->before);
	if (!attempt_end(step->pass, &attempt, outcome, LIMITED_ACCOUNTS)) {
		step->record->ended = "Not attempted: the row deletes the account.";
		return false;
	}
	step_person(step)->is_gone = true;
	step->record->ended = "Not attempted: the account was deleted.";
	rest_answer(step, column);
	return false;
}

static void rename_add(struct step *step, uint32_t column, struct slice name)
{
	struct account_facts *person = step_person(step);
	struct account_change *change = arena_alloc(step->arena, sizeof *change);
	if (!change)
		return;
	change->username = name;
	struct attempt attempt = attempt_begin(step->pass, step->pass->outcomes_count);
	change_add(step->pass,
	    (struct change){
	        .kind = CHANGE_RENAME_ACCOUNT, .person = step->person, .account = change});
	struct outcome *outcome = step_answer(step, column, OUTCOME_DONE, CODE_ACCOUNT_RENAMED,
	    name, SLICE("The account was renamed."));
	outcome->before = arena_print(
	    step->arena, "username=%.*s", SLICE_ARG(step_escape(step, person->username)));
	outcome->after =
	    arena_print(step->arena, "username=%.*s", SLICE_ARG(step_escape(step, name)));
	if (!attempt_end(step->pass, &attempt, outcome, LIMITED_ACCOUNTS))
		return;
	person->username = name;
	account_learn(step->batch, KEY_USERNAME, name, step->person);
}

/* Told to take names as they are, Moodle gives an account any name (lms/README 2.9). */
static bool may_be_any_name(const struct step *step)
{
	return step->policy->compat == COMPAT_MOODLE &&
	       step->policy->usernames == USERNAMES_EXACT && step->record->name.size > 0;
}

/* `oldusername`: the row is about the account of that name, and gives it the one in `username`. */
bool account_rename(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_OLDUSERNAME];
	uint32_t name_key =
	    step->record->name_key != INDEX_NONE ? step->record->name_key : step->record->key;
	uint32_t old = account_find(step->batch, step->record->old_key);
	uint32_t other = account_find(step->batch, name_key);
	if (!step->policy->allow_rename || policy_adds_only(step->policy))
		return step_drop(step, column, CODE_NOT_ALLOWED,
		    SLICE(
		        "This feed may not rename accounts: set allow_rename, or remove the row."));
	bool is_renamed = other != INDEX_NONE && (old == INDEX_NONE || old == other);
	if (is_renamed && step->policy->compat == COMPAT_NONE) {
		step->person = other;
		step_answer(step, column, OUTCOME_UNCHANGED, CODE_ALREADY_RENAMED,
		    step->batch->people[other].username,
		    SLICE("The account has the new name already."));
		return true;
	}
	if (!account_is_free(step->batch, name_key)) {
		if (old != other || old == INDEX_NONE)
			return account_name_is_taken(step, step->record->name);
		step->person = old;
		return true;
	}
	if (old == INDEX_NONE)
		return account_not_found(step, column, record_cell(step->record, column));
	step->person = old;
	if (account_is_protected(step))
		return account_protected(step);
	if (!may_be_any_name(step) && !account_check_name(step, step->record->name))
		return false;
	if (account_outranks(step, column) || step_lacks(step, column, DEED_UPDATE_ACCOUNT))
		return true;
	rename_add(step, column, step->record->name);
	return true;
}

/* Found by address or number, with another user name in the row (lms/README 2.10). A feed that only
 * adds people leaves those whom it finds as they are. */
bool account_rename_found(struct step *step)
{
	struct slice name = step->record->name;
	bool asks = !policy_adds_only(step->policy) && name.size > 0 &&
	            step->header->key != step->header->single[COLUMN_USERNAME] &&
	            !step->record->is_templated && step->person != INDEX_NONE &&
	            account_find(step->batch, step->record->name_key) != step->person;
	if (!asks)
		return true;
	if (!step->policy->allow_rename) {
		step_keep(step, step->header->single[COLUMN_USERNAME], REMARK_NAMES_KEPT);
		return true;
	}
	if (account_is_protected(step))
		return account_protected(step);
	if (!account_is_free(step->batch, step->record->name_key))
		return account_name_is_taken(step, name);
	if (!may_be_any_name(step) && !account_check_name(step, name))
		return false;
	uint32_t column = step->header->single[COLUMN_USERNAME];
	if (account_outranks(step, column) || step_lacks(step, column, DEED_UPDATE_ACCOUNT))
		return true;
	rename_add(step, column, name);
	return true;
}
