#define HASH_NONFATAL_OOM 1
#include "enrold/batch.h"

#include "enrold/value.h"

#include <stdlib.h>
#include <uthash.h>

/* A distinct course name of the batch. */
struct course_entry {
	UT_hash_handle hh;
	uint32_t index;
	bool has_failed;
};

#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(entry) ((entry)->has_failed = true)

struct error batch_init(struct batch *batch, const struct header *header,
    const struct policy *policy, const struct site_facts *site)
{
	*batch = (struct batch){.header = header, .policy = policy, .site = site};
	batch->arena = arena_create();
	return batch->arena ? OK : error_memory("making a batch");
}

void batch_reset(struct batch *batch)
{
	HASH_CLEAR(hh, batch->course_index);
	struct arena *arena = batch->arena;
	arena_reset(arena);
	*batch = (struct batch){
	    .header = batch->header, .policy = batch->policy, .site = batch->site, .arena = arena};
}

void batch_done(struct batch *batch)
{
	HASH_CLEAR(hh, batch->course_index);
	arena_free(batch->arena);
	*batch = (struct batch){0};
}

/* The array with room for one more; its old copy stays in the arena until the reset. */
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

static uint32_t course_intern(struct batch *batch, struct slice name)
{
	struct course_entry *entry = NULL;
	HASH_FIND(hh, batch->course_index, name.bytes, name.size, entry);
	if (entry)
		return entry->index;
	struct slice *names = array_reserve(
	    batch, batch->course_names, batch->courses_count, &batch->courses_room, sizeof *names);
	entry = arena_alloc(batch->arena, sizeof *entry);
	if (!names || !entry)
		return 0;
	batch->course_names = names;
	entry->index = (uint32_t)batch->courses_count++;
	names[entry->index] = name;
	HASH_ADD_KEYPTR(hh, batch->course_index, names[entry->index].bytes, name.size, entry);
	if (entry->has_failed)
		arena_fail(batch->arena);
	return entry->index;
}

static struct slice record_cell(const struct record *record, uint32_t column)
{
	if (column == COLUMN_NONE || column >= record->cells_count)
		return SLICE("");
	return value_trim(record->cells[column]);
}

/* PHP's (int) of a text, as far as it can matter here: what `invalid_values: ignore` means. */
static int64_t number_as_php(struct slice cell)
{
	size_t i = 0;
	bool is_negative = cell.size > 0 && cell.bytes[0] == '-';
	if (cell.size > 0 && (cell.bytes[0] == '-' || cell.bytes[0] == '+'))
		i++;
	int64_t value = 0;
	for (; i < cell.size && cell.bytes[i] >= '0' && cell.bytes[i] <= '9'; i++)
		if (value < 1000000000)
			value = value * 10 + (cell.bytes[i] - '0');
	return is_negative ? -value : value;
}

enum { DAY = 24 * 60 * 60, PERIOD_DAYS_MAX = 36500 };

static bool status_read(const struct batch *batch, struct slice cell, struct request *request)
{
	if (slice_is(cell, SLICE("0")) || slice_is(cell, SLICE("1"))) {
		request->has_status = true;
		request->status = cell.bytes[0] - '0';
		return true;
	}
	return batch->policy->invalid_values == INVALID_IGNORE;
}

static bool start_read(const struct batch *batch, struct slice cell, struct request *request)
{
	const struct policy *policy = batch->policy;
	const struct date_rules rules = {.forms = policy->dates.items,
	    .forms_count = policy->dates.count,
	    .is_moodle = policy->compat == COMPAT_MOODLE,
	    .now = batch->now,
	    .today = batch->today};
	request->has_start = value_parse_feed_date(cell, &rules, &request->start);
	return request->has_start || batch->policy->invalid_values == INVALID_IGNORE;
}

/* "0" is the course's own period, as if the cell were empty (facts 4.4). */
static bool period_read(const struct batch *batch, struct slice cell, struct request *request)
{
	int64_t days = 0;
	if (batch->policy->invalid_values == INVALID_IGNORE) {
		request->has_period = !slice_is(cell, SLICE("0"));
		days = number_as_php(cell);
	} else {
		if (!value_parse_whole(cell, &days) || days > PERIOD_DAYS_MAX)
			return false;
		request->has_period = days > 0;
	}
	request->asks_period = true;
	request->period = days > 0 ? days * DAY : 0;
	return true;
}

/* The feed's own choice, else the first role of the archetype (facts 4.2); "": there is none. */
static struct slice role_of_type(const struct batch *batch, size_t type)
{
	static const char *const archetypes[] = {"student", "editingteacher", "teacher"};
	if (batch->policy->type_roles.count > type)
		return slice_of(batch->policy->type_roles.items[type]);
	for (size_t i = 0; i < batch->site->roles_count; i++)
		if (slice_is(batch->site->roles[i].archetype, slice_of(archetypes[type])))
			return batch->site->roles[i].shortname;
	return SLICE("");
}

/* Where no role is named, its type may be. Anything but 1, 2, 3 is wrong, in Moodle too. */
static void type_read(
    const struct batch *batch, uint32_t column, struct slice cell, struct request *request)
{
	request->role_column = column;
	if (cell.size == 1 && cell.bytes[0] >= '1' && cell.bytes[0] <= '3')
		request->role = role_of_type(batch, (size_t)(cell.bytes[0] - '1'));
	if (request->role.size > 0)
		return;
	request->has_fault = true;
	request->fault_column = column;
}

/* PHP's empty(): Moodle takes "0" for an absent value (facts 0). */
static bool is_absent(const struct batch *batch, struct slice cell)
{
	return cell.size == 0 ||
	       (batch->policy->compat == COMPAT_MOODLE && slice_is(cell, SLICE("0")));
}

typedef bool modifier_read(const struct batch *batch, struct slice cell, struct request *request);

static void modifiers_read(
    const struct batch *batch, const struct record *record, struct request *request)
{
	static const struct {
		enum column_id id;
		modifier_read *read;
	} modifiers[] = {
	    {COLUMN_ENROLSTATUS, status_read},
	    {COLUMN_ENROLTIMESTART, start_read},
	    {COLUMN_ENROLPERIOD, period_read},
	};
	const struct header_column *course = &batch->header->columns[request->column];
	const struct header_slot *slot = &batch->header->slots[course->slot];
	request->role_column = slot->columns[COLUMN_ROLE];
	request->role = record_cell(record, request->role_column);
	if (is_absent(batch, request->role)) {
		struct slice type = record_cell(record, slot->columns[COLUMN_TYPE]);
		request->role = SLICE("");
		if (type.size > 0 && !slice_is(type, SLICE("0")))
			type_read(batch, slot->columns[COLUMN_TYPE], type, request);
	}
	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++) {
		uint32_t column = slot->columns[modifiers[i].id];
		struct slice cell = record_cell(record, column);
		if (cell.size == 0 || modifiers[i].read(batch, cell, request) || request->has_fault)
			continue;
		request->has_fault = true;
		request->fault_column = column;
	}
}

static void request_add(struct batch *batch, struct record *record, uint32_t column)
{
	struct slice cell = record_cell(record, column);
	if (is_absent(batch, cell))
		return;
	struct request *requests = array_reserve(
	    batch, batch->requests, batch->requests_count, &batch->requests_room, sizeof *requests);
	if (!requests)
		return;
	batch->requests = requests;
	struct request *request = &requests[batch->requests_count++];
	*request = (struct request){.record = (uint32_t)batch->records_count,
	    .column = column,
	    .course = course_intern(batch, cell),
	    .enrolment = UINT32_MAX};
	modifiers_read(batch, record, request);
	record->requests_count++;
}

static void record_fault(struct record *record, enum code fault, uint32_t column)
{
	record->has_fault = true;
	record->fault = fault;
	record->fault_column = column;
}

static void cells_check(const struct batch *batch, struct record *record)
{
	for (uint32_t i = 0; i < record->cells_count && !record->has_fault; i++) {
		enum value_fault fault = value_check(record->cells[i]);
		size_t most = batch->header->columns[i].characters_max;
		if (fault != VALUE_CLEAN)
			record_fault(record,
			    fault == VALUE_NOT_UTF8 ? CODE_NOT_UTF8 : CODE_CONTROL_CHARACTER, i);
		else if (most > 0 && record->cells[i].size > most &&
		         value_characters(value_trim(record->cells[i])) > most)
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

static struct slice username_key(struct batch *batch, struct slice cell)
{
	switch (batch->policy->usernames) {
	case USERNAMES_LOWER: return value_lower(cell, batch->arena);
	case USERNAMES_CLEAN:
		return value_clean_username(cell, batch->site->extended_usernames, batch->arena);
	case USERNAMES_EXACT: break;
	}
	return cell;
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
	}
	record->cells = cells;
	record->cells_count = (uint32_t)source->cells_count;
}

static bool records_reserve(struct batch *batch)
{
	size_t room = batch->records_room;
	struct record *records = array_reserve(
	    batch, batch->records, batch->records_count, &batch->records_room, sizeof *records);
	struct slice *keys =
	    array_reserve(batch, batch->user_keys, batch->records_count, &room, sizeof *keys);
	if (!records || !keys)
		return false;
	batch->records = records;
	batch->user_keys = keys;
	return true;
}

struct error batch_add(struct batch *batch, const struct csvin_record *source)
{
	if (!records_reserve(batch))
		return error_memory("reading a batch of records");
	struct record *record = &batch->records[batch->records_count];
	*record = (struct record){.line = source->line,
	    .requests = (uint32_t)batch->requests_count,
	    .fault_column = COLUMN_NONE};
	cells_copy(batch, record, source);
	record_check(batch, record, source);
	bool is_ragged = record->has_fault && record->fault_column == COLUMN_NONE;
	if (!is_ragged) {
		record->username =
		    username_key(batch, record_cell(record, batch->header->username));
		for (uint32_t i = 0; i < batch->header->columns_count; i++)
			if (batch->header->columns[i].id == COLUMN_COURSE)
				request_add(batch, record, i);
	}
	batch->user_keys[batch->records_count] = record->has_fault ? SLICE("") : record->username;
	batch->records_count++;
	return arena_has_failed(batch->arena) ? error_memory("reading a batch of records") : OK;
}

struct error batch_prepare(struct batch *batch)
{
	/* One more, because nothing is no size for an allocation. */
	batch->users = arena_alloc(batch->arena, (batch->records_count + 1) * sizeof *batch->users);
	batch->courses =
	    arena_alloc(batch->arena, (batch->courses_count + 1) * sizeof *batch->courses);
	return arena_has_failed(batch->arena) ? error_memory("reading a batch of records") : OK;
}

/* (user, course) of a request whose person and course exist, to be sorted and made distinct. */
struct pair {
	int64_t user;
	uint32_t course;
	uint32_t request;
};

static int pair_compare(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->course < y->course ? -1 : x->course > y->course;
}

static size_t pairs_collect(const struct batch *batch, struct pair *pairs)
{
	size_t count = 0;
	for (size_t i = 0; i < batch->requests_count; i++) {
		const struct request *request = &batch->requests[i];
		const struct course_facts *course = &batch->courses[request->course];
		int64_t user = batch->users[request->record].id;
		if (user != 0 && course->matches == 1 && course->enrol != 0 && course->context != 0)
			pairs[count++] = (struct pair){user, request->course, (uint32_t)i};
	}
	return count;
}

struct error batch_pair(struct batch *batch)
{
	size_t most = batch->requests_count;
	struct pair *pairs = arena_alloc(batch->arena, most * sizeof *pairs);
	struct enrolment_facts *enrolments = arena_alloc(batch->arena, most * sizeof *enrolments);
	if (!pairs || !enrolments)
		return error_memory("pairing people and courses");
	size_t count = pairs_collect(batch, pairs);
	if (count > 0)
		qsort(pairs, count, sizeof *pairs, pair_compare);
	batch->enrolments = enrolments;
	batch->enrolments_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || pair_compare(&pairs[i - 1], &pairs[i]) != 0) {
			const struct course_facts *course = &batch->courses[pairs[i].course];
			enrolments[batch->enrolments_count++] = (struct enrolment_facts){
			    .user = pairs[i].user,
			    .course = course->id,
			    .enrol = course->enrol,
			    .context = course->context,
			};
		}
		batch->requests[pairs[i].request].enrolment = (uint32_t)batch->enrolments_count - 1;
	}
	return OK;
}
