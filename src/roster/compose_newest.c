/*
 * compose_newest: of each key the newest row, in a table that is 32 bytes a key whatever the keys
 * are: it holds 88 bits of their hashes, so that among three million keys two are taken for one in
 * one archive of 10^13. Of rows with one date the later in the file wins, as the later of two
 * changes of a day does.
 */
#include "compose_parts.h"

#include "enrold/keyhash.h"
#include "enrold/value.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1 << 10, CHECK_BITS = 24, DATE_BITS = 40 };

struct slot {
	uint64_t hash;
	uint64_t check_date; /* the check above the date */
	uint64_t record;     /* and one: 0 is a free slot */
	uint64_t line;
};

struct newest {
	struct slot *slots;
	size_t count, size; /* a power of two */
};

struct newest *newest_create(void)
{
	struct newest *newest = calloc(1, sizeof *newest);
	if (!newest)
		return NULL;
	newest->size = SLOTS_FIRST;
	newest->slots = calloc(newest->size, sizeof *newest->slots);
	if (newest->slots)
		return newest;
	free(newest);
	return NULL;
}

void newest_free(struct newest *newest)
{
	if (newest)
		free(newest->slots);
	free(newest);
}

static uint64_t check_of(struct slice key)
{
	static const uint64_t fixed[2] = {0x656e726f6c64, 0x6e6577657374};
	return keyhash_with(fixed, key.bytes, key.size) >> (64 - CHECK_BITS) << DATE_BITS;
}

static uint64_t date_of(const struct slot *slot)
{
	return slot->check_date & ((UINT64_C(1) << DATE_BITS) - 1);
}

/* The key's slot, or the free one where it would be. */
static struct slot *slot_find(const struct newest *newest, uint64_t hash, uint64_t check)
{
	for (size_t at = hash & (newest->size - 1);; at = (at + 1) & (newest->size - 1)) {
		struct slot *slot = &newest->slots[at];
		bool is_it =
		    slot->hash == hash && slot->check_date >> DATE_BITS == check >> DATE_BITS;
		if (slot->record == 0 || is_it)
			return slot;
	}
}

static bool slots_grow(struct newest *newest)
{
	const struct newest old = *newest;
	if (newest->count < newest->size / 8 * 7)
		return true;
	newest->slots = calloc(old.size * 2, sizeof *newest->slots);
	if (!newest->slots) {
		*newest = old;
		return false;
	}
	newest->size = old.size * 2;
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].record > 0)
			*slot_find(newest, old.slots[i].hash, old.slots[i].check_date) =
			    old.slots[i];
	free(old.slots);
	return true;
}

struct error newest_add(
    struct newest *newest, const struct newest_row *row, struct newest_row *older)
{
	uint64_t hash = keyhash(row->key.bytes, row->key.size), check = check_of(row->key);
	*older = (struct newest_row){.record = UINT64_MAX};
	if (!slots_grow(newest))
		return error_memory("finding the newest rows");
	struct slot *slot = slot_find(newest, hash, check);
	if (slot->record == 0 && newest->count >= COMPOSE_KEYS_MAX)
		return error_reject("too_many_keys", row->line,
		    "the file has rows of more than %d people, more than newest_by can keep in "
		    "mind: split it",
		    (int)COMPOSE_KEYS_MAX);
	if (slot->record > 0 && date_of(slot) > (uint64_t)row->date) {
		*older = *row;
		return OK;
	}
	if (slot->record > 0)
		*older = (struct newest_row){.record = slot->record - 1, .line = slot->line};
	newest->count += slot->record == 0;
	*slot = (struct slot){hash, check | (uint64_t)row->date, row->record + 1, row->line};
	return OK;
}

bool newest_is(const struct newest *newest, struct slice key, uint64_t record)
{
	uint64_t hash = keyhash(key.bytes, key.size);
	return slot_find(newest, hash, check_of(key))->record == record + 1;
}

/* ---- a row ---- */

static struct slice cell_of(
    const struct source *source, const struct csvin_record *record, uint32_t column)
{
	struct slice cell = column < record->cells_count ? record->cells[column] : SLICE("");
	cell = cell.bytes ? value_trim(cell) : SLICE("");
	return words_is_empty(source->empty, cell) ? SLICE("") : cell;
}

/* People are told apart as the LMS does; files of one kind have their keys together. */
struct slice newest_key(
    const struct source *source, const struct csvin_record *record, struct arena *arena)
{
	const struct compose_member *member = source->member;
	struct slice cell = cell_of(source, record, source->key);
	if (cell.size == 0)
		return cell;
	struct slice form = member->policy->match_by == MATCH_IDNUMBER ? value_form(cell, arena)
	                                                               : value_fold(cell, arena);
	struct slice kind = member->kind ? slice_of(member->kind->name) : SLICE("");
	char *key = arena_alloc(arena, kind.size + 1 + form.size);
	if (!key)
		return SLICE("");
	memcpy(key, kind.bytes, kind.size);
	key[kind.size] = '.';
	memcpy(key + kind.size + 1, form.bytes, form.size);
	return (struct slice){key, kind.size + 1 + form.size};
}

struct error newest_date(const struct source *source, const struct csvin_record *record,
    int64_t now, struct arena *arena, int64_t *date)
{
	const struct policy *policy = source->member->policy;
	const struct date_rules rules = {.forms = policy->dates.items,
	    .forms_count = policy->dates.count,
	    .is_moodle = policy->compat == COMPAT_MOODLE,
	    .now = now,
	    .today = now,
	    .takes_old = true};
	struct slice cell = cell_of(source, record, source->date);
	if (value_parse_feed_date(cell, &rules, date) && *date < INT64_C(1) << DATE_BITS)
		return OK;
	struct slice shown = remark_quote_cell(cell, arena);
	return error_reject("compose_newest", record->line,
	    "line %llu has %.*s for a date in the column '%s', by which newest_by finds each "
	    "person's newest row: correct it, or name its form in the feed's dates",
	    (unsigned long long)record->line, SLICE_ARG(shown), policy->newest_by);
}
