#include "enrold/batch.h"

#include "enrold/value.h"

#include "account.h"
#include "index.h"
#include "parts.h"

static void indexes_clear(struct batch *batch)
{
	index_clear(&batch->key_index);
	index_clear(&batch->person_index);
	index_clear(&batch->place_index);
	index_clear(&batch->pair_index);
}

static bool has_profile(
    const struct header *header, const struct site_facts *site, bool has_to_be_unique)
{
	for (size_t i = 0; i < header->columns_count; i++)
		if (header->columns[i].id == COLUMN_PROFILE &&
		    (!has_to_be_unique || site->profile_fields[header->columns[i].index].is_unique))
			return true;
	return false;
}

/* Whether the file can do anything but enrol people whom it calls by their user names. */
static bool asks_accounts(const struct header *header, const struct policy *policy)
{
	static const enum column_id columns[] = {COLUMN_OLDUSERNAME, COLUMN_DELETED,
	    COLUMN_SUSPENDED, COLUMN_AUTH, COLUMN_PASSWORD, COLUMN_HOST};
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		if (header->single[columns[i]] != COLUMN_NONE)
			return true;
	if (header->is_of_groups)
		return false;
	return policy->upload_type != UPLOAD_UPDATE || policy->match_by != MATCH_USERNAME ||
	       policy->update_details != DETAILS_NONE;
}

struct error batch_init(struct batch *batch, const struct header *header,
    const struct policy *policy, const struct site_facts *site)
{
	*batch = (struct batch){.header = header,
	    .policy = policy,
	    .site = site,
	    .drops_rows = policy->compat == COMPAT_MOODLE && site->checks_profiles &&
	                  has_profile(header, site, false)};
	batch->asks_accounts = asks_accounts(header, policy) || batch->drops_rows;
	batch->asks_interests = site->has_tags && header->single[COLUMN_INTERESTS] != COLUMN_NONE;
	batch->asks_makers = account_adds_only(policy) &&
	                     header->single[COLUMN_ERROR_LINE] != COLUMN_NONE &&
	                     header->single[COLUMN_ERROR_CODE] != COLUMN_NONE;
	batch->asks_unique = batch->asks_accounts && has_profile(header, site, true);
	batch->arena = arena_create();
	return batch->arena ? OK : error_memory("making a batch");
}

void batch_reset(struct batch *batch)
{
	indexes_clear(batch);
	arena_reset(batch->arena);
	*batch = (struct batch){.header = batch->header,
	    .policy = batch->policy,
	    .site = batch->site,
	    .now = batch->now,
	    .today = batch->today,
	    .is_preview = batch->is_preview,
	    .asks_accounts = batch->asks_accounts,
	    .asks_interests = batch->asks_interests,
	    .asks_makers = batch->asks_makers,
	    .feed = batch->feed,
	    .asks_unique = batch->asks_unique,
	    .drops_rows = batch->drops_rows,
	    .arena = batch->arena};
}

void batch_done(struct batch *batch)
{
	indexes_clear(batch);
	arena_free(batch->arena);
	*batch = (struct batch){0};
}

struct slice record_cell(const struct record *record, uint32_t column)
{
	if (column == COLUMN_NONE || column >= record->cells_count)
		return SLICE("");
	return value_trim(record->cells[column]);
}

/* ---- faults of the record as a whole ---- */

static void record_fault(struct record *record, enum code fault, uint32_t column)
{
	record->has_fault = true;
	record->fault = fault;
	record->fault_column = column;
}

/* Passwords are counted in bytes (facts 1.1), all else in characters. */
static bool is_too_long(const struct header_column *column, struct slice cell)
{
	size_t most = column->characters_max;
	if (most == 0 || cell.size <= most)
		return false;
	cell = value_trim(cell);
	return (column->id == COLUMN_PASSWORD ? cell.size : value_characters(cell)) > most;
}

/* A retry file's own columns are for people, who may have saved them in any character set. */
static bool is_used(const struct header_column *column)
{
	return column->idle == IDLE_NOT && column->id != COLUMN_REMARK;
}

static void cell_fault(
    const struct header_column *column, struct record *record, enum code fault, uint32_t index)
{
	if (!column->is_of_new) {
		record_fault(record, fault, index);
	} else if (record->new_fault_column == COLUMN_NONE) {
		record->new_fault = fault;
		record->new_fault_column = index;
	}
}

static void cells_check(const struct batch *batch, struct record *record)
{
	for (uint32_t i = 0; i < record->cells_count && !record->has_fault; i++) {
		const struct header_column *column = &batch->header->columns[i];
		if (!is_used(column))
			continue;
		enum value_fault fault = value_check(record->cells[i]);
		if (fault != VALUE_CLEAN)
			cell_fault(column, record,
			    fault == VALUE_CONTROL ? CODE_CONTROL_CHARACTER : CODE_NOT_UTF8, i);
		else if (is_too_long(column, record->cells[i]))
			cell_fault(column, record, CODE_VALUE_TOO_LONG, i);
	}
}

/* Something over max_field stands in a column that is used. */
static bool is_cut(const struct batch *batch, const struct csvin_record *source)
{
	const struct header *header = batch->header;
	for (size_t i = 0; source->fault == CSVIN_CUT && i < source->cells_count; i++)
		if (!source->cells[i].bytes &&
		    (i >= header->columns_count || is_used(&header->columns[i])))
			return true;
	return false;
}

static void record_check(
    const struct batch *batch, struct record *record, const struct csvin_record *source)
{
	enum code fault;
	if (source->fault == CSVIN_BROKEN)
		record_fault(record, CODE_BROKEN_QUOTES, COLUMN_NONE);
	else if (source->fault == CSVIN_TOO_LONG || is_cut(batch, source))
		record_fault(record, CODE_VALUE_TOO_LONG, COLUMN_NONE);
	else if (header_is_ragged(batch->header, record->cells_count))
		record_fault(record, CODE_WRONG_FIELD_COUNT, COLUMN_NONE);
	else if (record_is_as_refused(batch, record, &fault))
		record_fault(record, fault, COLUMN_NONE);
	else
		cells_check(batch, record);
}

/* ---- who is meant ---- */

/* `bytes` tell it from all other keys. */
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

static void name_read(struct batch *batch, struct record *record)
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

/* INDEX_NONE: the cell asks for nothing that could be taken. */
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

/* Nobody is looked for by what is not used, nor by what is no text. */
static bool may_be_key(
    const struct record *record, const struct header_column *column, uint32_t index)
{
	bool is_doubtful = record->new_fault_column != COLUMN_NONE;
	return is_used(column) &&
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

static void keys_read(struct batch *batch, struct record *record)
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

/* ---- records ---- */

/* A password is no text that is read: its bytes count. */
static struct slice cell_composed(struct batch *batch, size_t index, struct slice cell)
{
	const struct header *header = batch->header;
	bool is_text =
	    index < header->columns_count && header->columns[index].id != COLUMN_PASSWORD;
	return is_text ? value_compose(cell, batch->arena) : cell;
}

static void cells_copy(
    struct batch *batch, struct record *record, const struct csvin_record *source)
{
	size_t size = 0;
	for (size_t i = 0; i < source->cells_count; i++)
		size += source->cells[i].size;
	struct slice *cells = arena_alloc(batch->arena, source->cells_count * sizeof *cells);
	char *bytes = arena_alloc(batch->arena, size + 1);
	if (!cells || !bytes)
		return;
	for (size_t i = 0; i < source->cells_count; i++) {
		cells[i] = (struct slice){bytes, source->cells[i].size};
		if (cells[i].size > 0)
			memcpy(bytes, source->cells[i].bytes, cells[i].size);
		bytes += cells[i].size;
		cells[i] = cell_composed(batch, i, cells[i]);
	}
	record->cells = cells;
	record->cells_count = (uint32_t)source->cells_count;
}

/* The same of cells that outlive the record: nearly always they are composed. */
static void cells_borrow(
    struct batch *batch, struct record *record, const struct csvin_record *source)
{
	struct slice *cells = NULL;
	record->cells = source->cells;
	record->cells_count = (uint32_t)source->cells_count;
	for (size_t i = 0; i < source->cells_count; i++) {
		struct slice cell = cell_composed(batch, i, source->cells[i]);
		if (cell.bytes == source->cells[i].bytes && !cells)
			continue;
		if (!cells)
			cells = arena_alloc(batch->arena, source->cells_count * sizeof *cells);
		if (!cells)
			return;
		if (record->cells == source->cells)
			memcpy(cells, source->cells, source->cells_count * sizeof *cells);
		record->cells = cells;
		cells[i] = cell;
	}
}

/* The batch's next; NULL: no memory. */
static struct record *record_begin(struct batch *batch, const struct csvin_record *source)
{
	struct record *records = array_reserve(batch->arena, batch->records, batch->records_count,
	    &batch->records_room, sizeof *records);
	if (!records)
		return NULL;
	batch->records = records;
	struct record *record = &records[batch->records_count];
	*record = (struct record){.line = source->line,
	    .requests = (uint32_t)batch->requests_count,
	    .fault_column = COLUMN_NONE,
	    .new_fault_column = COLUMN_NONE,
	    .kept_column = COLUMN_NONE,
	    .key = INDEX_NONE,
	    .name_key = INDEX_NONE,
	    .old_key = INDEX_NONE,
	    .gone_key = INDEX_NONE,
	    .email_key = INDEX_NONE,
	    .person = INDEX_NONE};
	return record;
}

/* Who is meant, and the first requests; where those stop. */
static size_t record_read(struct batch *batch, struct record *record, size_t requests_max)
{
	size_t next = batch->header->asking_count;
	bool is_ragged = record->has_fault && record->fault_column == COLUMN_NONE;
	bool has_account = !record->has_fault && !batch->header->is_of_groups;
	if (has_account)
		name_read(batch, record);
	if (!is_ragged)
		next = requests_read(batch, record, 0, requests_max);
	if (has_account)
		keys_read(batch, record);
	return next;
}

static struct error record_end(struct batch *batch)
{
	batch->records_count++;
	return arena_has_failed(batch->arena) ? error_memory("reading a batch of records") : OK;
}

struct error batch_add(struct batch *batch, const struct csvin_record *source)
{
	struct record *record = record_begin(batch, source);
	if (!record)
		return error_memory("reading a batch of records");
	cells_copy(batch, record, source);
	record_check(batch, record, source);
	record_read(batch, record, SIZE_MAX);
	return record_end(batch);
}

/* ---- large records ---- */

/* The account is called as the first part has left it, whatever the row calls it. */
static void part_read(struct batch *batch, struct record *record, size_t requests_max)
{
	struct record_part *part = batch->part;
	/* Nothing is asked about somebody who was not found; the fault has been told. */
	record->has_fault = part->is_dropped;
	record->fault_column = 0;
	record->ended = part->ended;
	record->called = buffer_slice(&part->called);
	if (!part->is_dropped)
		record->key = batch_key(batch, KEY_USERNAME, record->called);
	part->next = requests_read(batch, record, part->next, requests_max);
}

struct error batch_add_part(struct batch *batch, const struct csvin_record *source,
    struct record_part *part, size_t requests_max)
{
	struct record *record = record_begin(batch, source);
	if (!record)
		return error_memory("reading a batch of records");
	cells_borrow(batch, record, source);
	batch->part = part;
	if (part->is_later) {
		part_read(batch, record, requests_max);
	} else {
		record_check(batch, record, source);
		part->next = record_read(batch, record, requests_max);
	}
	part->is_last = part->next == batch->header->asking_count;
	return record_end(batch);
}

void record_part_done(struct record_part *part)
{
	buffer_done(&part->called);
}

/* ---- people ---- */

uint32_t batch_add_person(struct batch *batch, struct slice username)
{
	struct account_facts *people = array_reserve(
	    batch->arena, batch->people, batch->people_count, &batch->people_room, sizeof *people);
	if (!people)
		return 0;
	batch->people = people;
	people[batch->people_count] =
	    (struct account_facts){.id = ACCOUNT_PLANNED, .username = username};
	return (uint32_t)batch->people_count++;
}

static bool is_protected(const struct site_facts *site, int64_t user)
{
	for (size_t i = 0; i < site->admins_count; i++)
		if (site->admins[i] == user)
			return true;
	return user == site->guest;
}

static uint32_t person_meet(struct batch *batch, struct slice username, int64_t id)
{
	uint32_t known =
	    index_find(batch->person_index, (struct slice){(const char *)&id, sizeof id});
	if (known != INDEX_NONE)
		return known;
	int64_t *kept = arena_alloc(batch->arena, sizeof *kept);
	uint32_t person = batch_add_person(batch, username);
	if (!kept || arena_has_failed(batch->arena))
		return 0;
	*kept = id;
	batch->people[person].id = id;
	batch->people[person].is_protected = is_protected(batch->site, id);
	index_add(&batch->person_index, batch->arena, (struct slice){(const char *)kept, sizeof id},
	    person);
	return person;
}

/* Numbers of other systems may differ in nothing but letter case, and so may user names where the
 * feed takes them as they are. */
bool batch_is_meant(const struct batch *batch, const struct user_key *key, struct slice stored)
{
	if (slice_is(stored, key->text))
		return true;
	bool counts_case = key->by == KEY_IDNUMBER || batch->policy->usernames == USERNAMES_EXACT;
	if (!counts_case)
		return value_is_alike(stored, key->text, batch->arena);
	return slice_is(value_form(stored, batch->arena), value_form(key->text, batch->arena));
}

static struct slice name_of(const struct user_key *key, struct slice text)
{
	return key->by == KEY_USERNAME ? text : SLICE("");
}

/* Nobody is called so to the letter. Who only looks as if is meant, or has the name all the same.
 */
static void alikes_meet(struct batch *batch, size_t k)
{
	struct user_key *key = &batch->keys[k];
	uint32_t count = 0;
	for (uint32_t i = 0; i < key->alikes_count; i++) {
		const struct user_alike *is = &key->alikes[i];
		if (batch_is_meant(batch, key, is->text))
			batch->key_people[k][count++] =
			    person_meet(batch, name_of(key, is->text), is->id);
		else
			key->resembled = is->text;
	}
	if (count > 0)
		key->resembled = SLICE("");
	key->is_taken |= key->resembled.size > 0;
}

struct error batch_meet(struct batch *batch)
{
	for (size_t k = batch->keys_asked; k < batch->keys_count; k++) {
		struct user_key *key = &batch->keys[k];
		if (key->by == KEY_DELETED)
			continue; /* nobody is there */
		for (uint32_t i = 0; i < 2 && i < key->matches; i++)
			batch->key_people[k][i] =
			    person_meet(batch, name_of(key, key->text), key->ids[i]);
		if (key->matches == 0)
			alikes_meet(batch, k);
	}
	batch->keys_asked = batch->keys_count;
	return arena_has_failed(batch->arena) ? error_memory("looking up people") : OK;
}
