/*
 * account_own: the account that an earlier run of this very row has made, before something else in
 * the row failed; a feed that only adds goes on with it.
 */
#include "account.h"

#include "enrold/retry.h"
#include "enrold/value.h"

/* After these there was no account. */
static bool has_made_none(enum code code)
{
	static const bool are_first[CODES + 1] = {
	    [CODE_USERNAME_MISSING] = true,
	    [CODE_USERNAME_TAKEN] = true,
	    [CODE_EMAIL_TAKEN] = true,
	    [CODE_DETAIL_MISSING] = true,
	    [CODE_PASSWORD_MISSING] = true,
	    [CODE_ACCOUNT_AMBIGUOUS] = true,
	    [CODE_REMOTE_ACCOUNT] = true,
	    [CODE_PROTECTED_ACCOUNT] = true,
	    [CODE_WRONG_FIELD_COUNT] = true,
	    [CODE_BROKEN_QUOTES] = true,
	    [CODE_VALUE_TOO_LONG] = true,
	    [CODE_NOT_UTF8] = true,
	    [CODE_CONTROL_CHARACTER] = true,
	    [CODES] = true,
	};
	return are_first[code];
}

static bool is_alike(
    const struct batch *batch, const struct record *record, uint32_t person, uint32_t detail)
{
	struct slice cell = record_cell(record, batch->header->details[detail]);
	return cell.size > 0 &&
	       value_is_alike(cell, batch->people[person].details[detail], batch->arena);
}

static bool has_names_of(const struct batch *batch, const struct record *record, uint32_t person)
{
	return is_alike(batch, record, person, DETAIL_FIRSTNAME) &&
	       is_alike(batch, record, person, DETAIL_LASTNAME);
}

bool record_is_about(const struct batch *batch, const struct record *record, uint32_t person)
{
	static const uint32_t details[] = {DETAIL_IDNUMBER, DETAIL_EMAIL};
	for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
		struct slice cell = record_cell(record, batch->header->details[details[i]]);
		if (cell.size > 0 && batch->people[person].details[details[i]].size > 0)
			return is_alike(batch, record, person, details[i]);
	}
	return has_names_of(batch, record, person);
}

static struct slice stem_of(struct slice name)
{
	while (
	    name.size > 0 && name.bytes[name.size - 1] >= '0' && name.bytes[name.size - 1] <= '9')
		name.size--;
	return name;
}

/* Made under that name, or one that was counted on from it. */
static bool is_called_so(const struct batch *batch, const struct record *record, uint32_t person)
{
	struct slice name = batch->people[person].username;
	return slice_is(name, record->name) ||
	       (batch->policy->upload_type == UPLOAD_ADD_INCREMENT &&
	           slice_is(stem_of(name), stem_of(record->name)));
}

/* The names decide between several with one address; those of a single one may have been
 * corrected. */
static uint32_t own_by_address(const struct batch *batch, const struct record *record)
{
	uint32_t people[2], own = INDEX_NONE, found = 0;
	uint32_t count = account_find_all(batch, record->email_key, people);
	for (uint32_t i = 0; i < count; i++) {
		if (!is_called_so(batch, record, people[i]))
			continue;
		if (has_names_of(batch, record, people[i]))
			return people[i];
		own = people[i];
		found++;
	}
	return found == 1 && slice_is(batch->people[own].username, record->name) ? own : INDEX_NONE;
}

/* The feed counts names on: whoever has the name and another address may be another. */
static uint32_t own_by_name(const struct batch *batch, const struct record *record)
{
	uint32_t key = record->name_key != INDEX_NONE ? record->name_key : record->key;
	uint32_t person = account_find(batch, key);
	bool may_be_other =
	    record->email_key != INDEX_NONE && batch->policy->upload_type == UPLOAD_ADD_INCREMENT;
	return person != INDEX_NONE && !may_be_other && has_names_of(batch, record, person)
	           ? person
	           : INDEX_NONE;
}

bool record_is_left_over(const struct batch *batch, const struct record *record)
{
	return policy_adds_only(batch->policy) && !record->has_fault &&
	       !has_made_none(record_retried(batch, record));
}

uint32_t account_find_own(const struct batch *batch, const struct record *record)
{
	if (!record_is_left_over(batch, record))
		return INDEX_NONE;
	const struct header *header = batch->header;
	bool by_name = header->key == header->single[COLUMN_USERNAME];
	uint32_t own = by_name ? INDEX_NONE : account_find(batch, record->key);
	if (own == INDEX_NONE)
		own = own_by_address(batch, record);
	own = own != INDEX_NONE ? own : own_by_name(batch, record);
	/* Anybody can write a file that says so. */
	return own != INDEX_NONE && batch->people[own].is_of_feed ? own : INDEX_NONE;
}

uint32_t account_expected(struct pass *pass, uint32_t index)
{
	const struct batch *batch = pass->batch;
	const struct record *record = &batch->records[index];
	if (batch->part && batch->part->is_later)
		return record->has_fault ? INDEX_NONE : account_find(batch, record->key);
	uint32_t own = account_find_own(batch, record);
	if (record->has_fault || own != INDEX_NONE ||
	    batch->policy->upload_type == UPLOAD_ADD_INCREMENT)
		return own;
	uint32_t old = account_find(batch, record->old_key);
	return old != INDEX_NONE ? old : account_find(batch, record->key);
}
