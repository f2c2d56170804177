/*
 * Rows are known by hashes of whom and where they are about. What an answer names is noted, and
 * holds when all of it has been read and it is the answer that the ledger knows.
 */
#include "enrold/plan_named.h"

#include "plan_place.h"

#include "enrold/described.h"
#include "enrold/hash.h"
#include "enrold/hashlist.h"
#include "enrold/keyhash.h"
#include "enrold/plan_sheet.h"

#include <stdlib.h>

enum { SCRATCH_MAX = 64 << 10 };

enum { NAMED = 1, NAMED_EVERYWHERE = 2 };

/* Somebody in a course; place 0: somebody. */
struct whom {
	uint64_t person, place;
	unsigned is, noted; /* by an answer that is being read */
};

/* To which course the rows of a line and number belong. */
struct slot {
	uint64_t slot, place;
};

struct plan_named {
	int plan;
	char sha256[HASH_TEXT_SIZE + 1];
	struct hashlist whom, slots;
	struct arena *arena;         /* of a row */
	struct approval *superseded; /* at the end */
	bool has_failed;             /* no memory */
};

static uint32_t whom_hash(const void *context, const void *item)
{
	const struct whom *whom = item;
	(void)context;
	return (uint32_t)(whom->person ^ whom->place * 3);
}

static uint32_t slot_hash(const void *context, const void *item)
{
	(void)context;
	return (uint32_t)((const struct slot *)item)->slot;
}

/* Never 0. */
static uint64_t text_hash(struct slice text)
{
	return keyhash(text.bytes, text.size) | 1;
}

static struct whom *whom_find(struct plan_named *named, uint64_t person, uint64_t place)
{
	const struct whom wanted = {.person = person, .place = place};
	size_t at = whom_hash(NULL, &wanted);
	for (uint32_t number; (number = hashlist_next(&named->whom, &at)) != 0;) {
		struct whom *whom = hashlist_at(&named->whom, number);
		if (whom->person == person && whom->place == place)
			return whom;
	}
	return NULL;
}

static void scratch_ease(struct plan_named *named)
{
	named->has_failed |= arena_has_failed(named->arena);
	if (arena_used(named->arena) > SCRATCH_MAX)
		arena_reset(named->arena);
}

/* ---- the plan ---- */

static bool on_place(void *context, struct slice row)
{
	struct plan_named *named = context;
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_TARGET, cells);
	const struct plan_place place = plan_place_of(cells, named->arena);
	const struct slot slot = {place.slot, text_hash(place.course)};
	if (place.slot != 0 && place.names_course)
		named->has_failed |= !hashlist_add(&named->slots, &slot);
	scratch_ease(named);
	return !named->has_failed;
}

/* 0: the row has no course, or the plan does not tell which. */
static uint64_t place_find(struct plan_named *named, const struct slice cells[RESULT_CELLS])
{
	const struct plan_place place = plan_place_of(cells, named->arena);
	const struct slot wanted = {.slot = place.slot};
	size_t at = slot_hash(NULL, &wanted);
	if (place.names_course)
		return text_hash(place.course);
	for (uint32_t number; (number = hashlist_next(&named->slots, &at)) != 0;) {
		const struct slot *slot = hashlist_at(&named->slots, number);
		if (slot->slot == place.slot)
			return slot->place;
	}
	return 0;
}

static uint64_t person_of(struct plan_named *named, const struct slice cells[RESULT_CELLS])
{
	return text_hash(result_cell_read(cells[RESULT_USERNAME], named->arena));
}

static void whom_add(struct plan_named *named, uint64_t person, uint64_t place)
{
	const struct whom whom = {.person = person, .place = place};
	if (!whom_find(named, person, place))
		named->has_failed |= !hashlist_add(&named->whom, &whom);
}

/* The person alone, too: so one is known of whom nothing is in the plan. */
static bool on_whom(void *context, struct slice row)
{
	struct plan_named *named = context;
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_TARGET, cells);
	uint64_t person = person_of(named, cells), place = place_find(named, cells);
	if (cells[RESULT_USERNAME].size > 0) {
		whom_add(named, person, 0);
		if (place != 0)
			whom_add(named, person, place);
	}
	scratch_ease(named);
	return !named->has_failed;
}

static struct error plan_read(struct plan_named *named, plan_sheet_on_row *on_row)
{
	struct error error = plan_sheet_read(named->plan, named->sha256, on_row, named);
	return !is_error(&error) && named->has_failed ? error_memory("reading a plan") : error;
}

struct error plan_named_open(int plan, const char *sha256, struct plan_named **result)
{
	struct plan_named *named = calloc(1, sizeof *named);
	if (!named)
		return error_memory("reading a plan");
	named->plan = plan;
	memcpy(named->sha256, sha256, HASH_TEXT_SIZE);
	named->whom = (struct hashlist){.hash = whom_hash, .size = sizeof(struct whom)};
	named->slots = (struct hashlist){.hash = slot_hash, .size = sizeof(struct slot)};
	named->arena = arena_create();
	struct error error =
	    named->arena ? plan_read(named, on_place) : error_memory("reading a plan");
	if (!is_error(&error))
		error = plan_read(named, on_whom);
	if (is_error(&error))
		plan_named_free(named);
	else
		*result = named;
	return error;
}

void plan_named_free(struct plan_named *named)
{
	if (!named)
		return;
	hashlist_done(&named->whom);
	hashlist_done(&named->slots);
	arena_free(named->arena);
	free(named);
}

/* ---- what later files name ---- */

static void note(struct plan_named *named, struct slice username, uint64_t place, unsigned how)
{
	uint64_t person = text_hash(username);
	struct whom *whom = whom_find(named, person, 0);
	if (!whom)
		return;
	whom->noted |= how;
	whom = place != 0 ? whom_find(named, person, place) : NULL;
	if (whom)
		whom->noted |= how;
}

/* A row is about the one who had the name until then, too, and so are those behind it. */
static void old_name_note(struct plan_named *named, struct slice row)
{
	struct slice cells[RESULT_CELLS], name;
	result_row_split(row, RESULT_BEFORE, cells);
	if (described_find(result_cell_read(cells[RESULT_BEFORE], named->arena), "username",
	        named->arena, &name))
		note(named, name, 0, NAMED | NAMED_EVERYWHERE);
}

static bool on_answer_row(void *context, uint64_t offset, struct slice row)
{
	struct plan_named *named = context;
	struct slice cells[RESULT_CELLS];
	if (offset == 0) /* the header */
		return true;
	result_row_split(row, RESULT_CODE, cells);
	const struct plan_place place = plan_place_of(cells, named->arena);
	note(named, result_cell_read(cells[RESULT_USERNAME], named->arena),
	    place.names_course ? text_hash(place.course) : 0, NAMED);
	if (slice_is(cells[RESULT_CODE], SLICE("account_renamed")))
		old_name_note(named, row);
	scratch_ease(named);
	return !named->has_failed;
}

/* What was noted holds, or does not. */
static void notes_end(struct plan_named *named, bool are_good)
{
	struct whom *whom = named->whom.items;
	for (size_t i = 0; i < named->whom.count; i++) {
		whom[i].is |= are_good ? whom[i].noted : 0;
		whom[i].noted = 0;
	}
}

struct error plan_named_answer(
    struct plan_named *named, int result, uint64_t bytes, struct slice sha256)
{
	char found[HASH_TEXT_SIZE + 1];
	struct result_span span = {.file = result, .until = bytes, .hash = hash_create()};
	if (!span.hash)
		return error_memory("reading an answer");
	struct error error = result_read(&span, on_answer_row, named);
	hash_finish(span.hash, found);
	hash_free(span.hash);
	if (!is_error(&error) && named->has_failed)
		error = error_memory("reading an answer");
	if (!is_error(&error) && !slice_is(sha256, slice_of(found)))
		error = error_reject("altered", 0, "its hash is not the ledger's");
	notes_end(named, !is_error(&error));
	return error;
}

void plan_named_person(struct plan_named *named, struct slice username)
{
	struct whom *whom = whom_find(named, text_hash(username), 0);
	if (whom)
		whom->is |= NAMED | NAMED_EVERYWHERE;
}

/* ---- which rows they are ---- */

static bool is_settled(struct plan_named *named, const struct slice cells[RESULT_CELLS])
{
	uint64_t person = person_of(named, cells), place = place_find(named, cells);
	const struct whom *whom = whom_find(named, person, 0);
	if (!whom || whom->is & NAMED_EVERYWHERE)
		return whom;
	if (place != 0)
		whom = whom_find(named, person, place);
	return whom && whom->is & NAMED;
}

static bool on_cell(void *context, struct slice row)
{
	struct plan_named *named = context;
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_TARGET, cells);
	if (is_settled(named, cells))
		plan_cell_add(named->superseded, cells, named->arena);
	scratch_ease(named);
	return !named->has_failed;
}

struct error plan_named_end(struct plan_named *named, struct approval *superseded)
{
	named->superseded = superseded;
	struct error error = plan_read(named, on_cell);
	if (!approval_end(superseded) && !is_error(&error))
		error = error_memory("reading a plan");
	if (is_error(&error))
		approval_done(superseded);
	return error;
}
