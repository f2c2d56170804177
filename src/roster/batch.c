#include "enrold/batch.h"

#include "index.h"
#include "roster.h"

#include "enrold/value.h"

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
	batch->asks_makers = policy_adds_only(policy) &&
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
	    .asks_mentions = batch->asks_mentions,
	    .has_aftercare = batch->has_aftercare,
	    .withholds = batch->withholds,
	    .approval = batch->approval,
	    .superseded = batch->superseded,
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

/* ---- records ---- */

/* A password is no text that is read: its bytes count. */
static struct slice cell_composed(struct batch *batch, size_t index, struct slice cell)
{
	const struct header *header = batch->header;
	bool is_text =
	    index < header->written_count && header->columns[index].id != COLUMN_PASSWORD;
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

/* The same for cells that outlive the record: nearly always they are composed. */
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

/* Reads who is meant, and the first requests; returns where those stop. */
static size_t record_read(struct batch *batch, struct record *record, size_t requests_max)
{
	size_t next = batch->header->asking_count;
	bool is_ragged = record->has_fault && record->fault_column == COLUMN_NONE;
	bool has_account = !record->has_fault && !batch->header->is_of_groups;
	if (has_account)
		record_name_read(batch, record);
	if (!is_ragged)
		next = requests_read(batch, record, 0, requests_max);
	if (has_account)
		record_keys_read(batch, record);
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
	record_words_read(batch, record, source);
	record_fault_find(batch, record, source);
	record_read(batch, record, SIZE_MAX);
	return record_end(batch);
}

/* ---- large records ---- */

/* The account has the name that the first part has left it, whatever the row says. */
static void part_read(struct batch *batch, struct record *record, size_t requests_max)
{
	struct record_part *part = batch->part;
	/* Nothing is asked about somebody who was not found: the fault has been told. */
	record->has_fault = part->is_dropped;
	record->fault_column = 0;
	record->ended = part->ended;
	record->resolved_name = buffer_slice(&part->resolved_name);
	if (!part->is_dropped)
		record->key = batch_key(batch, KEY_USERNAME, record->resolved_name);
	part->next = requests_read(batch, record, part->next, requests_max);
}

struct error batch_add_part(struct batch *batch, const struct csvin_record *source,
    struct record_part *part, size_t requests_max)
{
	struct record *record = record_begin(batch, source);
	if (!record)
		return error_memory("reading a batch of records");
	cells_borrow(batch, record, source);
	record_words_read(batch, record, source);
	batch->part = part;
	if (part->is_later) {
		part_read(batch, record, requests_max);
	} else {
		record_fault_find(batch, record, source);
		part->next = record_read(batch, record, requests_max);
	}
	part->is_last = part->next == batch->header->asking_count;
	return record_end(batch);
}

void record_part_done(struct record_part *part)
{
	buffer_done(&part->resolved_name);
}
