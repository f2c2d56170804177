/*
 * plan_account: the first step of a record, the account: find it, delete it, rename it, make it or
 * change it. What was decided is at once true of the batch's people, so that the next record about
 * the same person goes on from there. Rules: enrold.yaml(5), lms/README 1.4 and 2.
 */
#include "account.h"

#include "enrold/may.h"

#include "enrold/detail.h"
#include "enrold/retry.h"
#include "enrold/value.h"

static struct slice fault_message(const struct step *step)
{
	static const struct slice messages[CODES] = {
	    [CODE_BROKEN_QUOTES] = {SLICE_INIT(
	        "Text follows a closing quote: double every quote inside a quoted value.")},
	    [CODE_NOT_UTF8] = {SLICE_INIT(
	        "The value has bytes that cannot be decoded: save the file as UTF-8, or "
	        "name its character set in the feed's csv.encoding.")},
	    [CODE_CONTROL_CHARACTER] = {SLICE_INIT(
	        "The value has a NUL or control character: remove it.")},
	    [CODE_VALUE_TOO_LONG] = {SLICE_INIT(
	        "A value of the row, or the row itself, is longer than "
	        "max_field allows: shorten it.")},
	};
	const struct record *record = step->record;
	enum code earlier;
	if (record->fault_column == COLUMN_NONE &&
	    record->written_count == step->header->written_count &&
	    record_is_as_refused(step->batch, record, &earlier))
		return record_shape_message(step->batch, record);
	if (record->fault == CODE_WRONG_FIELD_COUNT)
		return arena_print(step->arena,
		    "The row has %u field%s and %s %zu: add or remove fields.", record->cells_count,
		    record->cells_count == 1 ? "" : "s",
		    step->header->has_positions ? "the feed's csv.positions" : "the header",
		    step->header->written_count);
	if (record->fault == CODE_NOT_UTF8 &&
	    value_check(record->cells[record->fault_column]) == VALUE_LOST)
		return SLICE(
		    "A letter of the value got lost before the file came here (U+FFFD "
		    "stands for it): export the file again as UTF-8, or correct the cell.");
	if (record->fault == CODE_NOT_UTF8 && step->policy->encoding)
		return arena_print(step->arena,
		    "The value has bytes that cannot be decoded as %s: save the file so, or "
		    "correct the "
		    "feed's csv.encoding.",
		    step->policy->encoding);
	if (record->fault == CODE_INVALID_VALUE)
		return arena_print(step->arena,
		    "newest_by finds no date in the column '%.*s', so that nobody knows whether "
		    "this "
		    "row counts: correct it, or name its form in the feed's dates.",
		    SLICE_ARG(step->header->columns[record->fault_column].cell));
	if (record->fault == CODE_VALUE_TOO_LONG && record->fault_column != COLUMN_NONE)
		return arena_print(step->arena,
		    "The value is longer than the %u characters of this column: shorten it.",
		    step->header->columns[record->fault_column].characters_max);
	return messages[record->fault];
}

static bool key_missing(struct step *step)
{
	const struct header *header = step->header;
	uint32_t column = header->key;
	bool by_name = column == header->single[COLUMN_USERNAME];
	if (record_cell(step->record, column).size > 0)
		return step_drop(step, column, CODE_USERNAME_MISSING,
		    SLICE(
		        "Nothing is left of the user name: it has no character that is allowed."));
	return step_drop(step, column, CODE_USERNAME_MISSING,
	    by_name ? SLICE("The row names nobody: fill in the user name.")
	            : arena_print(step->arena, "The row names nobody: fill in the column '%.*s'.",
	                  SLICE_ARG(header->columns[column].name)));
}

/* Accounts from another site over MNet belong to that site. */
static bool is_remote(const struct step *step)
{
	int64_t host;
	struct slice cell = step_cell(step, COLUMN_HOST);
	return cell.size > 0 && !(value_parse_whole(cell, &host) &&
	                            (host == 0 || host == step->batch->site->local_host));
}

static bool request_takes(const struct batch *batch, const struct request *request)
{
	bool leaves = request->unenrols || request->removes_role;
	switch (request->kind) {
	case REQUEST_COHORT: request_cohort(batch, request, &leaves); break;
	case REQUEST_COURSE:
		if (!leaves && request->group != INDEX_NONE && !request->asks_entry)
			request_group(batch, request, &leaves);
		break;
	case REQUEST_SYSTEM_ROLE:
	case REQUEST_CATEGORY_ROLE: break;
	case REQUEST_COURSELESS: return true;
	case REQUEST_GROUP: return false;
	}
	return leaves;
}

/* All that the row asks is to take away, and roles of the feed's own reach alone protect the
 * person: the feed may take those as well. */
static bool row_may_take(const struct step *step)
{
	const struct batch *batch = step->batch;
	const struct account_facts *person = step_person(step);
	bool takes =
	    !batch->asks_accounts && step->record->requests_count > 0 && !person->is_protected;
	for (uint32_t r = 0; takes && r < step->record->requests_count; r++)
		takes = request_takes(batch, &batch->requests[step->record->requests + r]);
	return takes &&
	       may_find_protection_from_leaving(&step->policy->may, batch->site, person) == 0;
}

static bool two_of_them(struct step *step, const uint32_t people[2])
{
	const struct account_facts *all = step->batch->people;
	return step_drop(step, COLUMN_NONE, CODE_ACCOUNT_AMBIGUOUS,
	    arena_print(step->arena,
	        "Accounts '%.*s' and '%.*s' both have this %.*s: give each its own, or use user "
	        "names.",
	        SLICE_ARG(all[people[0]].username), SLICE_ARG(all[people[1]].username),
	        SLICE_ARG(step->header->columns[step->header->key].name)));
}

/* Nobody has that name, and nobody is made with it. */
static bool key_is_stray(struct step *step)
{
	const struct user_key *key = &step->batch->keys[step->record->key];
	uint32_t column = step->header->key, stray;
	if (column == COLUMN_NONE || !value_find_stray(key->text, &stray))
		return false;
	step_drop(step, column, CODE_INVALID_VALUE,
	    arena_print(step->arena, "No account has the %.*s '%.*s', and none can have it.",
	        SLICE_ARG(step->header->columns[column].name),
	        SLICE_ARG(record_cell(step->record, column))));
	return true;
}

bool record_is_whole(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	if (step.record->has_fault)
		step_answer(&step, step.record->fault_column, OUTCOME_ERROR, step.record->fault,
		    SLICE(""), fault_message(&step));
	return !step.record->has_fault;
}

/* Faults that show before anybody is looked for; false: one was found. */
static bool record_check(struct step *step)
{
	struct record *record = step->record;
	if (!record_is_whole(step->pass, step->index)) {
		step->is_dropped = true;
		return false;
	}
	if (record->key == INDEX_NONE && step->header->key == COLUMN_NONE)
		record->key = record->name_key; /* by the feed's template */
	if (record->key == INDEX_NONE)
		return key_missing(step);
	if (is_remote(step))
		return step_drop(step, step->header->single[COLUMN_HOST], CODE_REMOTE_ACCOUNT,
		    SLICE("Accounts of other hosts are that host's: remove the row."));
	return true;
}

/* True: the row deletes. */
static bool deleted_read(struct step *step)
{
	bool truth = false;
	uint32_t column = step->header->single[COLUMN_DELETED];
	struct slice cell = record_cell(step->record, column);
	if (cell.size > 0 && !truth_read(cell, &truth))
		return step_drop(step, column, CODE_INVALID_VALUE,
		    arena_print(step->arena, "'%.*s' is not 0 or 1: correct it.", SLICE_ARG(cell)));
	return truth;
}

/* A cell that matters only now is bad. */
static bool cell_is_bad(struct step *step)
{
	struct record *record = step->record;
	if (record->new_fault_column == COLUMN_NONE)
		return false;
	record->fault = record->new_fault;
	record->fault_column = record->new_fault_column;
	step_answer(step, record->fault_column, OUTCOME_ERROR, record->fault, SLICE(""),
	    fault_message(step));
	step->is_dropped = true;
	return true;
}

static bool make_new(struct step *step)
{
	struct slice name = step->record->name;
	if (cell_is_bad(step))
		return false;
	uint32_t name_key =
	    step->record->name_key != INDEX_NONE ? step->record->name_key : step->record->key;
	if (step->policy->upload_type == UPLOAD_ADD_INCREMENT)
		(void)account_find_free_name(step->batch, name_key, &name);
	else if (name.size > 0 && !account_is_free(step->batch, name_key))
		return account_name_is_taken(step, name);
	step->person = INDEX_NONE;
	return account_create(step, name);
}

static void own_take(struct step *step)
{
	uint32_t own = account_find_own(step->batch, step->record);
	step->is_own = own != INDEX_NONE;
	if (step->is_own)
		step->person = own;
}

/* A detail may have failed, and is written now; the others are left alone, because somebody may
 * have changed them since. */
static bool own_update(struct step *step)
{
	size_t outcomes = step->pass->outcomes_count;
	enum code code = record_retried(step->batch, step->record);
	bool may_be_detail = code == CODE_INVALID_VALUE || code == CODE_VALUE_TAKEN ||
	                     code == CODE_NO_RIGHT || code == CODE_NOT_ALLOWED;
	step->update_details = may_be_detail ? DETAILS_FILE : DETAILS_NONE;
	bool goes_on = account_update(step);
	if (goes_on && step->pass->outcomes_count == outcomes)
		step_answer(step, step->header->key, OUTCOME_UNCHANGED, CODE_ACCOUNT_EXISTS,
		    step_person(step)->username,
		    SLICE("The account was made when the row failed; what was left is done now."));
	return goes_on;
}

/* The name belongs to somebody else, who is no reason to skip the row: a namesake, where a template
 * makes the names; or an account other than the one that was made. */
static bool is_other(const struct step *step)
{
	const struct batch *batch = step->batch;
	const struct record *record = step->record;
	bool by_template = step->header->key == COLUMN_NONE;
	if (step->policy->upload_type == UPLOAD_ADD_INCREMENT)
		return false;
	if (record_is_left_over(batch, record))
		return true;
	return by_template && !record_is_about(batch, record, step->person);
}

static bool name_is_others(struct step *step)
{
	const char *remedy = step->record->is_templated
	                         ? "give the row a user name of its own in a column 'username', or "
	                           "let the feed count names on (upload_type: add_increment)"
	                         : "give the row another user name";
	return step_drop(step, COLUMN_NONE, CODE_USERNAME_TAKEN,
	    arena_print(step->arena,
	        "The user name '%.*s' is that of somebody with another number, address or name: "
	        "%s.",
	        SLICE_ARG(step->record->name), remedy));
}

static bool decide(struct step *step)
{
	uint32_t people[2];
	if (!record_check(step))
		return false;
	uint32_t count = account_find_all(step->batch, step->record->key, people);
	if (count > 1)
		return two_of_them(step, people);
	step->person = count > 0 ? people[0] : INDEX_NONE;
	own_take(step);
	if (record_word_is_unknown(step) || (step->person == INDEX_NONE && key_is_stray(step)))
		return false;
	bool deletes = deleted_read(step);
	if (step->is_dropped)
		return false;
	if (deletes)
		return account_delete(step);
	if (!account_profiles_are_good(step))
		return false;
	bool renames = step->record->old_key != INDEX_NONE;
	if (renames ? !account_rename(step) : !account_rename_found(step))
		return false;
	enum policy_upload_type type = step->policy->upload_type;
	bool exists = step->person != INDEX_NONE;
	if (exists && (type != UPLOAD_ADD_INCREMENT || step->is_own) &&
	    account_is_protected(step) && !row_may_take(step))
		return account_protected(step);
	if (step->is_own)
		return own_update(step);
	if (exists && is_other(step))
		return name_is_others(step);
	bool by_name = step->header->key == step->header->single[COLUMN_USERNAME];
	if (exists && (type == UPLOAD_ADD || (type == UPLOAD_ADD_INCREMENT && !by_name))) {
		step_answer(step, step->header->key, OUTCOME_SKIPPED, CODE_ACCOUNT_EXISTS,
		    step_person(step)->username,
		    SLICE("The account exists: this feed only adds new ones."));
		step->record->ended =
		    "Not attempted: the account exists, and this feed only adds new ones.";
		return false;
	}
	if (!exists && type != UPLOAD_ADD_INCREMENT && account_is_resembled(step, COLUMN_NONE))
		return false;
	if (type == UPLOAD_ADD_INCREMENT || (!exists && type != UPLOAD_UPDATE))
		return make_new(step);
	if (!exists)
		return account_not_found(step, COLUMN_NONE,
		    step->header->key == step->header->single[COLUMN_USERNAME]
		        ? step->record->name
		        : record_cell(step->record, step->header->key));
	return account_update(step);
}

bool account_decide(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	bool goes_on = decide(&step);
	step.record->person = step.person;
	if (step.person != INDEX_NONE)
		step.record->resolved_name = step_person(&step)->username;
	if (goes_on)
		interests_decide(&step);
	step_done(&step);
	return goes_on;
}

/* All changes of a person must be written before the deletion. */
static bool delete_is_ready(struct step *step)
{
	bool truth = false;
	uint32_t person = account_find(step->batch, step->record->key);
	if (person == INDEX_NONE || !truth_read(step_cell(step, COLUMN_DELETED), &truth) || !truth)
		return true;
	return !step->batch->people[person].is_touched;
}

bool account_is_ready(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	const struct record *record = step.record;
	uint32_t key = record->name_key != INDEX_NONE ? record->name_key : record->key;
	bool is_settled = step.batch->part && step.batch->part->is_later;
	if (record->has_fault || is_settled || !step.batch->asks_accounts || key == INDEX_NONE)
		return true;
	struct slice name = record->name;
	if (step.policy->upload_type == UPLOAD_ADD_INCREMENT &&
	    !account_find_free_name(step.batch, key, &name))
		return false;
	return delete_is_ready(&step);
}
