/*
 * compose_fuzz: bytes as the files of an archive, divided at each FE, of the kinds that are chosen
 * for them. Composed in one piece and byte by byte they are one text, which is read without a
 * complaint; its rows are the files' rows, but for the older ones and for further values of a cell;
 * and lines never go back.
 */
#include "fuzz.h"

#include "enrold/buffer.h"
#include "enrold/compose.h"
#include "enrold/records.h"
#include "enrold/value.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (const char *const[]){__VA_ARGS__},                                       \
		.count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)         \
	}

enum { FIELD_MAX = 64, FILES_MAX = 4, NOW = 1767225600 };

static struct preset_kind kinds[] = {
    {.name = "users",
        .has = LIST("user_id", "login_id"),
        .policy = {.match_by = MATCH_IDNUMBER,
            .columns = LIST("user_id", "idnumber"),
            .values = LIST("status", "gone", "suspended", "1"),
            .empty = LIST("none", "****"),
            .set = LIST("role1", "student")}},
    {.name = "jobs",
        .has = LIST("user_id", "day"),
        .policy = {.match_by = MATCH_IDNUMBER,
            .columns = LIST("user_id", "idnumber"),
            .newest_by = "day"}},
    {.name = "lists",
        .has = LIST("id", "courses"),
        .policy = {.match_by = MATCH_IDNUMBER,
            .columns = LIST("id", "idnumber", "courses", "course1", "groups", "group1"),
            .split = LIST("courses", ";", "groups", "; ")}},
    {.name = "lines",
        .begins = LIST("add", "del"),
        .policy = {.match_by = MATCH_IDNUMBER,
            .header = HEADING_NONE,
            .positions = LIST("action", "idnumber", "course1", "role1?")}},
};

static const struct preset preset = {
    .name = "p", .kinds = kinds, .kinds_count = sizeof kinds / sizeof *kinds};

struct archive {
	struct arena *arena;
	struct compose_member members[FILES_MAX];
	struct slice texts[FILES_MAX];
	size_t count;
};

static void kind_choose(struct archive *archive, struct slice text)
{
	const struct preset_kind *kind = NULL;
	struct slice why;
	struct error error =
	    preset_choose(&preset, SLICE("a.csv"), text, true, archive->arena, &kind, &why);
	if (is_error(&error) || (!kind && (why.size == 0 || value_check(why) != VALUE_CLEAN)))
		abort();
	if (!kind || archive->count == FILES_MAX)
		return;
	archive->members[archive->count] =
	    (struct compose_member){.name = "a.csv", .kind = kind, .policy = &kind->policy};
	archive->texts[archive->count++] = text;
}

static struct error on_text(void *context, struct slice text)
{
	buffer_add(context, text.bytes, text.size);
	return OK;
}

static struct error pass_run(
    struct composer *composer, enum compose_pass pass, const struct archive *archive, size_t piece)
{
	struct error error = OK;
	for (size_t i = 0; i < archive->count && !is_error(&error); i++) {
		struct slice text = archive->texts[i];
		error = composer_begin(composer, pass, i);
		while (text.size > 0 && !is_error(&error)) {
			size_t size = text.size < piece ? text.size : piece;
			error = composer_feed(composer, text.bytes, size);
			text = (struct slice){text.bytes + size, text.size - size};
		}
		if (!is_error(&error))
			error = composer_end(composer);
	}
	return error;
}

static struct error compose(struct archive *archive, size_t piece, struct buffer *out)
{
	const struct compose_terms terms = {archive->members, archive->count, FIELD_MAX, NOW};
	struct composer *composer = NULL;
	for (size_t i = 0; i < archive->count; i++)
		archive->members[i].records = archive->members[i].older =
		    archive->members[i].older_line = 0;
	struct error error = composer_create(&terms, on_text, out, &composer);
	if (!is_error(&error))
		error = pass_run(composer, COMPOSE_LOOK, archive, piece);
	if (!is_error(&error))
		error = pass_run(composer, COMPOSE_WRITE, archive, piece);
	composer_free(composer);
	return error;
}

/* ---- what was written ---- */

struct rows {
	uint64_t lines, last; /* different ones */
};

static struct error on_headings(void *context, const struct csvin_record *headings)
{
	(void)context;
	if (headings->fault != CSVIN_WHOLE || !slice_is(headings->cells[0], SLICE(COMPOSE_LINE)))
		abort();
	return OK;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct rows *rows = context;
	struct csvin_record was;
	if (record->fault == CSVIN_BROKEN || !composed_record(record, &was) ||
	    was.line < rows->last)
		abort();
	rows->lines += was.line > rows->last;
	rows->last = was.line;
	return OK;
}

static void text_check(const struct archive *archive, struct slice text)
{
	const struct policy policy = composed_policy(&(const struct policy){0});
	const struct records_terms terms = {&policy, FIELD_MAX};
	struct rows rows = {0};
	const struct records_visitor visitor = {on_headings, on_record, &rows};
	struct records *records = NULL;
	uint64_t wanted = 0;
	struct error error = records_open(&terms, &visitor, &records);
	if (!is_error(&error))
		error = records_feed(records, text.bytes, text.size);
	if (!is_error(&error))
		error = records_finish(records);
	records_close(records);
	for (size_t i = 0; i < archive->count; i++)
		wanted += archive->members[i].records - archive->members[i].older;
	const struct compose_member *last = &archive->members[archive->count - 1];
	if (!is_error(&error) && rows.lines == wanted && rows.last < last->first_line + last->lines)
		return;
	fprintf(stderr, "%s: %llu rows of %llu:\n%.*s\n", error.text,
	    (unsigned long long)rows.lines, (unsigned long long)wanted, SLICE_ARG(text));
	abort();
}

static void archive_check(struct archive *archive)
{
	struct buffer whole = {0}, bytes = {0};
	struct error error = compose(archive, SIZE_MAX, &whole);
	struct error of_bytes = compose(archive, 1, &bytes);
	if (!slice_is(slice_of(error.text), slice_of(of_bytes.text)) ||
	    (!is_error(&error) && !slice_is(buffer_slice(&whole), buffer_slice(&bytes))))
		abort();
	if (!is_error(&error))
		text_check(archive, buffer_slice(&whole));
	else if (error.class != ERROR_REJECT || memcmp(error.text, "a.csv: ", 7) != 0)
		abort();
	buffer_done(&whole);
	buffer_done(&bytes);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct archive archive = {.arena = arena_create()};
	struct slice rest = {(const char *)data, size};
	while (rest.size > 0)
		kind_choose(&archive, slice_take(&rest, '\xFE'));
	if (archive.count > 0)
		archive_check(&archive);
	arena_free(archive.arena);
	return 0;
}
