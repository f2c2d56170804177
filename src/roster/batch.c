#define HASH_NONFATAL_OOM 1
#include "enrold/batch.h"

#include "enrold/value.h"

#include "parts.h"

#include <stdlib.h>
#include <uthash.h>

/* Where something distinct stands in its array: a key, a person, a course name, an enrolment. */
struct index_entry {
	UT_hash_handle hh;
	uint32_t index;
	bool has_failed;
};

#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(entry) ((entry)->has_failed = true)

static void indexes_clear(struct batch *batch)
{
	HASH_CLEAR(hh, batch->key_index);
	HASH_CLEAR(hh, batch->person_index);
	HASH_CLEAR(hh, batch->course_index);
	HASH_CLEAR(hh, batch->enrolment_index);
}

/* Whether the file can do anything but enrol people whom it calls by their user names. */
static bool asks_accounts(const struct header *header, const struct policy *policy)
{
	static const enum column_id columns[] = {COLUMN_OLDUSERNAME, COLUMN_DELETED,
	    COLUMN_SUSPENDED, COLUMN_AUTH, COLUMN_PASSWORD, COLUMN_HOST};
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		if (header->single[columns[i]] != COLUMN_NONE)
			return true;
	return policy->upload_type != UPLOAD_UPDATE || policy->match_by != MATCH_USERNAME ||
	       policy->update_details != DETAILS_NONE;
}

struct error batch_init(struct batch *batch, const struct header *header,
    const struct policy *policy, const struct site_facts *site)
{
	*batch = (struct batch){.header = header,
	    .policy = policy,
	    .site = site,
	    .asks_accounts = asks_accounts(header, policy)};
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
	    .asks_accounts = batch->asks_accounts,
	    .arena = batch->arena};
}

void batch_done(struct batch *batch)
{
	indexes_clear(batch);
	arena_free(batch->arena);
	*batch = (struct batch){0};
}

/* The array with room for one more; its old copy stays in the arena until the reset. NULL: no
 * memory, and the arena has failed. */
static void *array_reserve(
    struct batch *batch, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	size_t wanted = *room ? *room * 2 : 64;
	void *grown = arena_grow(batch->arena, items, count, wanted, size);
	*room = grown ? wanted : *room;
	return grown;
}

static struct index_entry *entry_find(struct index_entry *table, struct slice key)
{
	struct index_entry *entry = NULL;
	HASH_FIND(hh, table, key.bytes, key.size, entry);
	return entry;
}

/* The key's bytes must live as long as the batch. */
static void entry_add(
    struct batch *batch, struct index_entry **table, struct slice key, size_t index)
{
	struct index_entry *entry = arena_alloc(batch->arena, sizeof *entry);
	if (!entry)
		return;
	entry->index = (uint32_t)index;
	HASH_ADD_KEYPTR(hh, *table, key.bytes, key.size, entry);
	if (entry->has_failed)
		arena_fail(batch->arena);
}

static uint32_t course_intern(struct batch *batch, struct slice name)
{
	const struct index_entry *entry = entry_find(batch->course_index, name);
	if (entry)
		return entry->index;
	struct slice *names = array_reserve(
	    batch, batch->course_names, batch->courses_count, &batch->courses_room, sizeof *names);
	if (!names)
		return 0;
	batch->course_names = names;
	names[batch->courses_count] = name;
	entry_add(batch, &batch->course_index, name, batch->courses_count);
	return (uint32_t)batch->courses_count++;
}

struct slice record_cell(const struct record *record, uint32_t column)
{
	if (column == COLUMN_NONE || column >= record->cells_count)
		return SLICE("");
	return value_trim(record->cells[column]);
}

static void request_add(struct batch *batch, struct record *record, uint32_t column)
{
	struct slice cell = record_cell(record, column);
	if (request_is_absent(batch, cell))
		return;
	struct request *requests = array_reserve(
	    batch, batch->requests, batch->requests_count, &batch->requests_room, sizeof *requests);
	if (!requests)
		return;
	batch->requests = requests;
	struct request *request = &requests[batch->requests_count++];
	*request = (struct request){.record = (uint32_t)batch->records_count,
	    .column = column,
	    .course = course_intern(batch, cell)};
	request_read(batch, record, request);
	record->requests_count++;
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

static void cells_check(const struct batch *batch, struct record *record)
{
	for (uint32_t i = 0; i < record->cells_count && !record->has_fault; i++) {
		enum value_fault fault = value_check(record->cells[i]);
		if (fault != VALUE_CLEAN)
			record_fault(record,
			    fault == VALUE_NOT_UTF8 ? CODE_NOT_UTF8 : CODE_CONTROL_CHARACTER, i);
		else if (is_too_long(&batch->header->columns[i], record->cells[i]))
			record_fault(record, CODE_VALUE_TOO_LONG, i);
	}
}

static void record_check(
    const struct batch *batch, struct record *record, const struct csvin_record *source)
{
	if (source->fault == CSVIN_BROKEN)
		record_fault(record, CODE_BROKEN_QUOTES, COLUMN_NONE);
	else if (source->fault == CSVIN_TOO_LONG)
		record_fault(record, CODE_VALUE_TOO_LONG, COLUMN_NONE);
	else if (record->cells_count != batch->header->columns_count)
		record_fault(record, CODE_WRONG_FIELD_COUNT, COLUMN_NONE);
	else
		cells_check(batch, record);
}

/* ---- who is meant ---- */

static struct slice key_bytes(const struct user_key *key, struct arena *arena)
{
	static const char marks[] = {[KEY_USERNAME] = 'u', [KEY_EMAIL] = 'e', [KEY_IDNUMBER] = 'i'};
	return arena_print(arena, "%c%.*s", marks[key->by], SLICE_ARG(key->text));
}

uint32_t batch_key(struct batch *batch, enum user_key_by by, struct slice text)
{
	struct user_key key = {.by = by, .text = text};
	if (by == KEY_EMAIL)
		key.text = value_lower(text, batch->arena);
	struct slice bytes = key_bytes(&key, batch->arena);
	const struct index_entry *entry = entry_find(batch->key_index, bytes);
	if (entry)
		return entry->index;
	struct user_key *keys =
	    array_reserve(batch, batch->keys, batch->keys_count, &batch->keys_room, sizeof *keys);
	void *found = array_reserve(batch, batch->key_people, batch->keys_count,
	    &batch->key_people_room, sizeof *batch->key_people);
	if (!keys || !found)
		return 0;
	batch->keys = keys;
	batch->key_people = found;
	keys[batch->keys_count] = key;
	batch->key_people[batch->keys_count][0] = INDEX_NONE;
	batch->key_people[batch->keys_count][1] = INDEX_NONE;
	entry_add(batch, &batch->key_index, bytes, batch->keys_count);
	return (uint32_t)batch->keys_count++;
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
	struct slice cell = column == COLUMN_NONE && header->key == COLUMN_NONE
	                        ? name_by_template(batch, record)
	                        : record_cell(record, column);
	record->name = cell.size > 0 ? username_form(batch, cell) : cell;
}

static uint32_t key_of(struct batch *batch, enum user_key_by by, struct slice text)
{
	return text.size > 0 ? batch_key(batch, by, text) : INDEX_NONE;
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
	record->email_key =
	    key_of(batch, KEY_EMAIL, record_cell(record, header->details[DETAIL_EMAIL]));
}

/* ---- records ---- */

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
	}
	record->cells = cells;
	record->cells_count = (uint32_t)source->cells_count;
}

struct error batch_add(struct batch *batch, const struct csvin_record *source)
{
	struct record *records = array_reserve(
	    batch, batch->records, batch->records_count, &batch->records_room, sizeof *records);
	if (!records)
		return error_memory("reading a batch of records");
	batch->records = records;
	struct record *record = &records[batch->records_count];
	*record = (struct record){.line = source->line,
	    .requests = (uint32_t)batch->requests_count,
	    .fault_column = COLUMN_NONE,
	    .key = INDEX_NONE,
	    .name_key = INDEX_NONE,
	    .old_key = INDEX_NONE,
	    .email_key = INDEX_NONE,
	    .person = INDEX_NONE};
	cells_copy(batch, record, source);
	record_check(batch, record, source);
	bool is_ragged = record->has_fault && record->fault_column == COLUMN_NONE;
	if (!is_ragged) {
		name_read(batch, record);
		for (uint32_t i = 0; i < batch->header->columns_count; i++)
			if (batch->header->columns[i].id == COLUMN_COURSE)
				request_add(batch, record, i);
	}
	if (!record->has_fault)
		keys_read(batch, record);
	batch->records_count++;
	return arena_has_failed(batch->arena) ? error_memory("reading a batch of records") : OK;
}

/* ---- people ---- */

uint32_t batch_add_person(struct batch *batch, struct slice username)
{
	struct account_facts *people = array_reserve(
	    batch, batch->people, batch->people_count, &batch->people_room, sizeof *people);
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

static uint32_t person_meet(struct batch *batch, const struct user_key *key, int64_t id)
{
	const struct index_entry *entry =
	    entry_find(batch->person_index, (struct slice){(const char *)&id, sizeof id});
	if (entry)
		return entry->index;
	int64_t *kept = arena_alloc(batch->arena, sizeof *kept);
	uint32_t person = batch_add_person(batch, key->by == KEY_USERNAME ? key->text : SLICE(""));
	if (!kept || arena_has_failed(batch->arena))
		return 0;
	*kept = id;
	batch->people[person].id = id;
	batch->people[person].is_protected = is_protected(batch->site, id);
	entry_add(
	    batch, &batch->person_index, (struct slice){(const char *)kept, sizeof id}, person);
	return person;
}

struct error batch_meet(struct batch *batch)
{
	for (size_t k = batch->keys_asked; k < batch->keys_count; k++) {
		const struct user_key *key = &batch->keys[k];
		for (uint32_t i = 0; i < 2 && i < key->matches; i++)
			batch->key_people[k][i] = person_meet(batch, key, key->ids[i]);
	}
	batch->keys_asked = batch->keys_count;
	return arena_has_failed(batch->arena) ? error_memory("looking up people") : OK;
}

/* ---- people in courses ---- */

/* A person and a course name of the batch; no padding, because its bytes are a key. */
struct pair {
	uint32_t person;
	uint32_t course;
};

static struct slice pair_key(const struct pair *pair)
{
	return (struct slice){(const char *)pair, sizeof *pair};
}

uint32_t batch_enrolment(struct batch *batch, uint32_t person, uint32_t course, bool *is_new)
{
	struct pair pair = {person, course};
	const struct index_entry *entry = entry_find(batch->enrolment_index, pair_key(&pair));
	*is_new = !entry;
	if (entry)
		return entry->index;
	struct pair *kept = arena_alloc(batch->arena, sizeof *kept);
	struct enrolment_facts *enrolments = array_reserve(batch, batch->enrolments,
	    batch->enrolments_count, &batch->enrolments_room, sizeof *enrolments);
	if (!kept || !enrolments)
		return 0;
	*kept = pair;
	int64_t user = batch->people[person].id;
	const struct course_facts *facts = &batch->courses[course];
	batch->enrolments = enrolments;
	enrolments[batch->enrolments_count] = (struct enrolment_facts){
	    .person = person,
	    .user = user == ACCOUNT_PLANNED ? 0 : user,
	    .course = facts->id,
	    .enrol = facts->enrol,
	    .context = facts->context,
	};
	entry_add(batch, &batch->enrolment_index, pair_key(kept), batch->enrolments_count);
	return (uint32_t)batch->enrolments_count++;
}

/* With the user's id, by which the database is read in order. */
struct candidate {
	int64_t user;
	struct pair pair;
};

static int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->pair.course < y->pair.course ? -1 : x->pair.course > y->pair.course;
}

/* Whom the record may turn out to mean. */
static uint32_t person_expected(const struct batch *batch, const struct record *record)
{
	uint32_t key = record->old_key != INDEX_NONE ? record->old_key : record->key;
	return key == INDEX_NONE ? INDEX_NONE : batch->key_people[key][0];
}

static size_t candidates_collect(struct batch *batch, struct candidate *candidates)
{
	size_t count = 0;
	for (; batch->paired < batch->records_count; batch->paired++) {
		const struct record *record = &batch->records[batch->paired];
		uint32_t person = person_expected(batch, record);
		for (uint32_t r = 0; person != INDEX_NONE && r < record->requests_count; r++) {
			uint32_t name = batch->requests[record->requests + r].course;
			if (course_is_open(&batch->courses[name]))
				candidates[count++] =
				    (struct candidate){batch->people[person].id, {person, name}};
		}
	}
	return count;
}

struct error batch_pair(struct batch *batch)
{
	/* One more, because nothing is no size for an allocation. */
	struct candidate *candidates =
	    arena_alloc(batch->arena, (batch->requests_count + 1) * sizeof *candidates);
	if (!candidates)
		return error_memory("pairing people and courses");
	size_t count = candidates_collect(batch, candidates);
	if (count > 0)
		qsort(candidates, count, sizeof *candidates, candidate_compare);
	for (size_t i = 0; i < count; i++) {
		bool is_new;
		batch_enrolment(
		    batch, candidates[i].pair.person, candidates[i].pair.course, &is_new);
	}
	return arena_has_failed(batch->arena) ? error_memory("pairing people and courses") : OK;
}
