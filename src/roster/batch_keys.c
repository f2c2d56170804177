/*
 * batch_keys: by what the records of a batch call people. Each key is asked once, however many
 * records have it.
 */
#include "index.h"
#include "roster.h"

#include "enrold/detail.h"
#include "enrold/username_template.h"
#include "enrold/value.h"

/* `bytes` distinguish it from all other keys. */
static uint32_t key_keep(struct batch *batch, const struct user_key *key, struct slice bytes)
{
	uint32_t known = index_find(batch->key_index, bytes);
	if (known != INDEX_NONE)
		return known;
	struct user_key *keys = array_reserve(
	    batch->arena, batch->keys, batch->keys_count, &batch->keys_room, sizeof *keys);
	void *found = array_reserve(batch->arena, batch->key_people, batch->keys_count,
	    &batch->key_people_room, sizeof *batch->key_people);
	if (!keys || !found)
		return 0;
	batch->keys = keys;
	batch->key_people = found;
	keys[batch->keys_count] = *key;
	batch->key_people[batch->keys_count][0] = INDEX_NONE;
	batch->key_people[batch->keys_count][1] = INDEX_NONE;
	index_add(&batch->key_index, batch->arena, bytes, batch->keys_count);
	return (uint32_t)batch->keys_count++;
}

uint32_t batch_key(struct batch *batch, enum user_key_by by, struct slice text)
{
	struct user_key key = {.by = by, .text = text};
	if (by == KEY_EMAIL)
		key.text = value_lower(text, batch->arena);
	return key_keep(batch, &key, index_key(batch->arena, 'p', by, key.text));
}

uint32_t batch_profile_key(struct batch *batch, uint32_t field, struct slice value)
{
	const struct user_key key = {
	    .by = KEY_PROFILE, .text = value_beginning(value, UNIQUE_CHARACTERS), .field = field};
	return key_keep(batch, &key, index_key(batch->arena, 'v', field, key.text));
}

static struct slice username_form(struct batch *batch, struct slice cell)
{
	switch (batch->policy->usernames) {
	case USERNAMES_LOWER: return value_lower(cell, batch->arena);
	case USERNAMES_CLEAN:
		return value_clean_username(cell, batch->site->extended_usernames, batch->arena);
	case USERNAMES_EXACT: break;
	}
	return cell;
}

static struct slice name_by_template(struct batch *batch, const struct record *record)
{
	const struct template_names names = {
	    .firstname = record_cell(record, batch->header->details[DETAIL_FIRSTNAME]),
	    .lastname = record_cell(record, batch->header->details[DETAIL_LASTNAME])};
	return value_trim(
	    template_fill(slice_of(batch->policy->username_template), &names, batch->arena));
}

void record_name_read(struct batch *batch, struct record *record)
{
	const struct header *header = batch->header;
	uint32_t column = header->single[COLUMN_USERNAME];
	record->is_templated = column == COLUMN_NONE && batch->policy->username_template &&
	                       batch->policy->upload_type != UPLOAD_UPDATE;
	struct slice cell =
	    record->is_templated ? name_by_template(batch, record) : record_cell(record, column);
	record->name = cell.size > 0 ? username_form(batch, cell) : cell;
}

static uint32_t key_of(struct batch *batch, enum user_key_by by, struct slice text)
{
	return text.size > 0 ? batch_key(batch, by, text) : INDEX_NONE;
}

/* INDEX_NONE: the cell gives no value that could be taken. */
static uint32_t unique_key_of(
    struct batch *batch, const struct header_column *column, struct slice cell)
{
	const char *expected;
	struct slice value;
	if (column->id != COLUMN_PROFILE)
		return INDEX_NONE;
	const struct profile_field *field = &batch->site->profile_fields[column->index];
	bool counts = cell.size > 0 || (batch->drops_rows && field->is_required);
	if (!field->is_unique || !counts)
		return INDEX_NONE;
	enum detail_verdict verdict = profile_read(batch, field, cell, &value, &expected);
	return verdict == DETAIL_BAD ? INDEX_NONE : batch_profile_key(batch, column->index, value);
}

/* Columns that are not used, and cells that are no text, find nobody. */
static bool may_be_key(
    const struct record *record, const struct header_column *column, uint32_t index)
{
	bool is_doubtful = record->new_fault_column != COLUMN_NONE;
	return column_is_used(column) &&
	       !(is_doubtful && value_check(record_cell(record, index)) != VALUE_CLEAN);
}

static void unique_keys_read(struct batch *batch, struct record *record)
{
	const struct header *header = batch->header;
	record->unique_keys =
	    arena_alloc(batch->arena, header->columns_count * sizeof *record->unique_keys);
	for (uint32_t i = 0; record->unique_keys && i < header->columns_count; i++)
		record->unique_keys[i] =
		    may_be_key(record, &header->columns[i], i)
		        ? unique_key_of(batch, &header->columns[i], record_cell(record, i))
		        : INDEX_NONE;
}

void record_keys_read(struct batch *batch, struct record *record)
{
	const struct header *header = batch->header;
	bool by_name = header->key == header->single[COLUMN_USERNAME];
	uint32_t name = key_of(batch, KEY_USERNAME, record->name);
	if (by_name) {
		record->key = name;
	} else {
		bool by_email = header->key == header->details[DETAIL_EMAIL];
		record->key = key_of(
		    batch, by_email ? KEY_EMAIL : KEY_IDNUMBER, record_cell(record, header->key));
		record->name_key = name;
	}
	if (!batch->asks_accounts)
		return;
	struct slice old = record_cell(record, header->single[COLUMN_OLDUSERNAME]);
	record->old_key = key_of(batch, KEY_USERNAME, username_form(batch, old));
	bool truth = false,
	     deletes =
	         truth_read(record_cell(record, header->single[COLUMN_DELETED]), &truth) && truth;
	if (deletes && by_name && batch->policy->compat == COMPAT_NONE)
		record->gone_key = key_of(batch, KEY_DELETED, record->name);
	uint32_t email = header->details[DETAIL_EMAIL];
	if (email != COLUMN_NONE && may_be_key(record, &header->columns[email], email))
		record->email_key = key_of(batch, KEY_EMAIL, record_cell(record, email));
	if (batch->asks_unique)
		unique_keys_read(batch, record);
}
