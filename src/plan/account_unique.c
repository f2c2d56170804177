/*
 * account_unique: profile fields that the site wants to be unique. A value that somebody else has
 * costs its cell. Moodle's own uploader wrote it all the same up to 5.1.5 and 5.2.1; since then it
 * drops the whole row, as it does for any bad menu (MDL-73037), and so does `compat: moodle`.
 */
#include "account.h"

#include "enrold/detail.h"

static uint32_t key_of(const struct step *step, uint32_t column)
{
	return step->record->unique_keys ? step->record->unique_keys[column] : INDEX_NONE;
}

/* Nobody when the person has it too, because that was so before. */
static uint32_t holder_find(const struct step *step, uint32_t column)
{
	uint32_t people[2], other = INDEX_NONE;
	uint32_t count = account_find_all(step->batch, key_of(step, column), people);
	for (uint32_t i = 0; i < count; i++) {
		if (people[i] == step->person)
			return INDEX_NONE;
		other = people[i];
	}
	return other;
}

static struct slice taken_message(const struct step *step, uint32_t holder)
{
	bool is_stored = holder != INDEX_NONE && step->batch->people[holder].username.size > 0;
	struct slice name = is_stored ? account_holder_name(step, holder) : SLICE("");
	if (!is_stored)
		return SLICE("Another row has this value already, and this profile field has to be "
		             "unique: give each person their own.");
	if (name.size == 0)
		return SLICE("Another account has this value, and this profile field has to be "
		             "unique: give each person their own.");
	return arena_print(step->arena,
	    "Account '%.*s' has this value, and this profile field has to be unique: give each "
	    "person their own.",
	    SLICE_ARG(name));
}

bool account_value_is_taken(struct step *step, uint32_t column)
{
	uint32_t holder = holder_find(step, column);
	if (holder == INDEX_NONE)
		return false;
	step_answer(step, column, OUTCOME_ERROR, CODE_VALUE_TAKEN,
	    record_cell(step->record, column), taken_message(step, holder));
	return true;
}

/* ---- rows that are dropped ---- */

/* An empty cell is an option where the field is required: Moodle offers "Choose..." there. */
static bool menu_is_good(const struct step *step, uint32_t column)
{
	const struct profile_field *field =
	    &step->batch->site->profile_fields[step->header->columns[column].index];
	const char *expected;
	struct slice value, cell = record_cell(step->record, column);
	if (field->kind != PROFILE_MENU)
		return true;
	enum detail_verdict verdict = profile_read(step->batch, field, cell, &value, &expected);
	return verdict == DETAIL_GOOD || (cell.size == 0 && field->is_required);
}

static bool column_is_good(struct step *step, uint32_t column)
{
	uint32_t key = key_of(step, column), holder = holder_find(step, column);
	if (!menu_is_good(step, column))
		return step_drop(step, column, CODE_INVALID_VALUE,
		    SLICE(
		        "Not one of the options of this profile field, for which Moodle drops the "
		        "row: correct it."));
	bool is_taken =
	    holder != INDEX_NONE || (key != INDEX_NONE && step->batch->keys[key].is_seen);
	if (is_taken)
		return step_drop(step, column, CODE_VALUE_TAKEN, taken_message(step, holder));
	return true;
}

/* A value that is too long has ended the row already. */
bool account_profiles_are_good(struct step *step)
{
	bool is_good = true;
	for (uint32_t i = 0; step->batch->drops_rows && i < step->header->columns_count; i++) {
		if (step->header->columns[i].id != COLUMN_PROFILE)
			continue;
		is_good = is_good && column_is_good(step, i);
		uint32_t key = key_of(step, i);
		if (key != INDEX_NONE)
			step->batch->keys[key].is_seen = true;
	}
	return is_good;
}
