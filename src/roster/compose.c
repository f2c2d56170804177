/*
 * compose: the two passes over the members. The first learns the columns of all, because the text
 * begins with them; a member is read to its end in it only where the newest row of each key is
 * asked for. The second reads each again and writes.
 *
 *     begin --headings--> source_make      (LOOK)
 *           --record----> newest_add       (LOOK, newest_by)
 *           --record----> record_write     (WRITE)
 */
#include "compose_parts.h"

#include "enrold/records.h"

#include <assert.h>
#include <stdlib.h>

enum { OUT_SIZE = 64 << 10 };

struct composer {
	struct compose_terms terms;
	compose_on_text *on_text;
	void *context;
	struct arena *arena;
	struct whole whole;
	struct source *sources;
	struct newest *newest; /* NULL: no member asks for it */
	uint64_t newest_records;
	struct writing writing;

	enum compose_pass pass;
	size_t at; /* the member */
	struct records *records;
	bool has_headings;
	bool is_refused; /* the caller's on_text has */
	uint64_t before; /* lines of the members that are written */
};

struct error composer_create(const struct compose_terms *terms, compose_on_text *on_text,
    void *context, struct composer **result)
{
	struct composer *composer = calloc(1, sizeof *composer);
	*result = composer;
	if (!composer)
		return error_memory("composing files");
	assert(terms->members_count > 0 && terms->members_count <= COMPOSE_MEMBERS_MAX);
	composer->terms = *terms;
	composer->on_text = on_text;
	composer->context = context;
	composer->arena = arena_create();
	composer->writing.scratch = arena_create();
	composer->writing.field_max = terms->field_max;
	composer->writing.whole = &composer->whole;
	composer->whole.arena = composer->arena;
	if (!composer->arena || !composer->writing.scratch)
		return error_memory("composing files");
	composer->sources =
	    arena_alloc(composer->arena, terms->members_count * sizeof *composer->sources);
	return composer->sources ? OK : error_memory("composing files");
}

void composer_free(struct composer *composer)
{
	if (!composer)
		return;
	records_close(composer->records);
	newest_free(composer->newest);
	index_clear(&composer->whole.index);
	buffer_done(&composer->writing.out);
	arena_free(composer->writing.scratch);
	arena_free(composer->arena);
	free(composer);
}

static struct compose_member *member_of(const struct composer *composer)
{
	return &composer->terms.members[composer->at];
}

static struct source *source_of(const struct composer *composer)
{
	return &composer->sources[composer->at];
}

/* ---- the text ---- */

static struct error out_give(struct composer *composer)
{
	struct buffer *out = &composer->writing.out;
	if (out->failed)
		return error_memory("composing files");
	struct error error = OK;
	if (out->size > 0)
		error = composer->on_text(composer->context, buffer_slice(out));
	composer->is_refused = is_error(&error);
	buffer_clear(out);
	return error;
}

/* ---- the newest rows ---- */

static struct source *source_of_record(const struct composer *composer, uint64_t record)
{
	size_t at = composer->at;
	while (at > 0 && (!composer->terms.members[at].policy->newest_by ||
	                     composer->sources[at].first_record > record))
		at--;
	return &composer->sources[at];
}

static void older_note(struct composer *composer, const struct newest_row *row)
{
	size_t at = (size_t)(source_of_record(composer, row->record) - composer->sources);
	struct compose_member *member = &composer->terms.members[at];
	member->older++;
	if (member->older_line == 0 || row->line < member->older_line)
		member->older_line = row->line;
}

/* A row that nobody can tell the date of counts for itself. */
static bool is_dated(const struct source *source, const struct csvin_record *record)
{
	return (record->fault == CSVIN_WHOLE || record->fault == CSVIN_CUT) &&
	       source_is_even(source, record);
}

static struct error newest_take(struct composer *composer, const struct csvin_record *record)
{
	struct source *source = source_of(composer);
	struct arena *scratch = composer->writing.scratch;
	struct newest_row row = {.record = composer->newest_records++, .line = record->line};
	struct newest_row older = row;
	arena_reset(scratch);
	row.key = is_dated(source, record) ? newest_key(source, record, scratch) : SLICE("");
	if (arena_has_failed(scratch))
		return error_memory("composing files");
	if (row.key.size == 0)
		return OK;
	struct error error = newest_date(source, record, composer->terms.now, scratch, &row.date);
	if (is_error(&error)) {
		if (!is_error(&source->undated))
			source->undated = error;
		return OK;
	}
	source->is_dated = true;
	if (row.date <= composer->terms.now)
		error = newest_add(composer->newest, &row, &older);
	if (!is_error(&error) && older.record != UINT64_MAX)
		older_note(composer, &older);
	return error;
}

enum standing { COUNTS, IS_OLDER, IS_UNDATED };

/* Older: there is a newer one, or its day is to come. */
static struct error standing_find(
    struct composer *composer, const struct csvin_record *record, enum standing *standing)
{
	int64_t date;
	const struct source *source = source_of(composer);
	struct arena *scratch = composer->writing.scratch;
	*standing = COUNTS;
	if (!member_of(composer)->policy->newest_by)
		return OK;
	uint64_t number = composer->newest_records++;
	arena_reset(scratch);
	if (!is_dated(source, record))
		return OK;
	struct slice key = newest_key(source, record, scratch);
	/* A key that found no room would make an older row count, or a newer one not. */
	if (arena_has_failed(scratch))
		return error_memory("composing files");
	if (key.size == 0)
		return OK;
	struct error error = newest_date(source, record, composer->terms.now, scratch, &date);
	if (is_error(&error))
		*standing = IS_UNDATED;
	else if (!newest_is(composer->newest, key, number))
		*standing = IS_OLDER;
	return OK;
}

/* ---- what is read ---- */

static struct error on_headings(void *context, const struct csvin_record *headings)
{
	struct composer *composer = context;
	composer->has_headings = true;
	if (composer->pass == COMPOSE_WRITE)
		return OK;
	struct error error = source_make(&composer->whole, member_of(composer),
	    (uint32_t)composer->at, headings, source_of(composer));
	source_of(composer)->first_record = composer->newest_records;
	return error;
}

static struct error row_take(struct composer *composer, const struct csvin_record *record)
{
	struct compose_member *member = member_of(composer);
	enum standing standing;
	uint64_t line = composer->before + record->line;
	member->records++;
	struct error error = standing_find(composer, record, &standing);
	if (is_error(&error) || standing == IS_OLDER)
		return error;
	if (standing == IS_UNDATED)
		undated_write(&composer->writing, source_of(composer), record, line);
	else
		record_write(&composer->writing, source_of(composer), record, line);
	return composer->writing.out.size < OUT_SIZE ? OK : out_give(composer);
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct composer *composer = context;
	if (record_is_blank(record))
		return OK;
	if (composer->pass == COMPOSE_WRITE)
		return row_take(composer, record);
	return member_of(composer)->policy->newest_by ? newest_take(composer, record) : OK;
}

/* ---- a member ---- */

static struct error member_wrap(const struct composer *composer, struct error error)
{
	const char *name = member_of(composer)->name;
	bool is_its = error.class == ERROR_REJECT && !composer->is_refused;
	return is_its && name ? error_wrap(error, "%s", name) : error;
}

static struct error text_begin(struct composer *composer)
{
	struct whole *whole = &composer->whole;
	composer->newest_records = 0;
	composer->writing.cells =
	    arena_alloc(composer->arena, (whole->count + 1) * sizeof *composer->writing.cells);
	if (!composer->writing.cells)
		return error_memory("composing files");
	heading_write(&composer->writing);
	return OK;
}

struct error composer_begin(struct composer *composer, enum compose_pass pass, size_t member)
{
	assert(!composer->records && member < composer->terms.members_count);
	composer->pass = pass;
	composer->at = member;
	composer->has_headings = false;
	const struct records_terms terms = {member_of(composer)->policy, composer->terms.field_max};
	const struct records_visitor visitor = {on_headings, on_record, composer};
	struct error error = OK;
	if (pass == COMPOSE_WRITE && member == 0)
		error = text_begin(composer);
	if (terms.policy->newest_by && !composer->newest)
		composer->newest = newest_create();
	if (terms.policy->newest_by && !composer->newest)
		error = error_memory("composing files");
	if (!is_error(&error))
		error = records_open(&terms, &visitor, &composer->records);
	return member_wrap(composer, error);
}

/* Its headings are all that is to be seen now. */
static bool is_seen(const struct composer *composer)
{
	return composer->pass == COMPOSE_LOOK && composer->has_headings &&
	       !member_of(composer)->policy->newest_by;
}

struct error composer_feed(struct composer *composer, const char *bytes, size_t size)
{
	if (is_seen(composer))
		return OK;
	struct error error = records_feed(composer->records, bytes, size);
	return member_wrap(composer, error);
}

static struct error member_count(struct composer *composer)
{
	struct compose_member *member = member_of(composer);
	member->first_line = composer->before + 1;
	member->lines = records_lines(composer->records);
	member->older_line += member->older_line > 0 ? composer->before : 0;
	composer->before += member->lines;
	bool is_last = composer->at + 1 == composer->terms.members_count;
	return is_last ? out_give(composer) : OK;
}

/* Where no row has a date, the column is not what the feed takes it for. */
static struct error dates_check(const struct source *source)
{
	return !source->is_dated && is_error(&source->undated) ? source->undated : OK;
}

struct error composer_end(struct composer *composer)
{
	struct error error = is_seen(composer) ? OK : records_finish(composer->records);
	if (!is_error(&error) && composer->pass == COMPOSE_WRITE)
		error = member_count(composer);
	else if (!is_error(&error) && member_of(composer)->policy->newest_by)
		error = dates_check(source_of(composer));
	error = member_wrap(composer, error);
	records_close(composer->records);
	composer->records = NULL;
	return error;
}

bool compose_is_wanted(const struct policy *policy)
{
	return policy->newest_by || policy->split.count > 0;
}
