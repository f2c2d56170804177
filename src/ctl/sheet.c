#include "sheet.h"

#include "enrold/csvin.h"
#include "enrold/cut.h"
#include "enrold/decode.h"
#include "enrold/value.h"

#include <stdio.h>
#include <strings.h>

enum { FIELD_MAX = 64 << 10, RECORD_MAX = 1 << 20, CELLS_MAX = 1000 };

struct sheet_reader {
	const char *const *names;
	struct arena *arena;
	struct sheet *sheet;
	size_t rows_room;
	bool has_header;
	size_t cells_count;
	int targets[CELLS_MAX]; /* of each column, its place in names */
};

static int name_find(const struct sheet_reader *reader, struct slice cell)
{
	for (int i = 0; reader->names[i]; i++)
		if (strlen(reader->names[i]) == cell.size &&
		    strncasecmp(reader->names[i], cell.bytes, cell.size) == 0)
			return i;
	return -1;
}

static struct error header_take(struct sheet_reader *reader, const struct csvin_record *record)
{
	unsigned seen = 0;
	reader->has_header = true;
	reader->cells_count = record->cells_count;
	for (size_t i = 0; i < record->cells_count; i++) {
		struct slice cell = value_trim(record->cells[i]);
		int target = name_find(reader, cell);
		if (target < 0)
			return error_reject("unknown_column", record->line, "unknown column %.*s",
			    (int)cut_length(cell, 60), cell.bytes);
		if (seen & 1U << target)
			return error_reject("duplicate_column", record->line,
			    "column %s is there twice", reader->names[target]);
		seen |= 1U << target;
		reader->targets[i] = target;
	}
	if (seen & 1U)
		return OK;
	return error_reject(
	    "missing_column", record->line, "no column %s in the header", reader->names[0]);
}

/* What goes into the site, or into a message. */
static struct error cells_check(const struct csvin_record *record)
{
	for (size_t i = 0; i < record->cells_count; i++)
		if (value_check(record->cells[i]) != VALUE_CLEAN)
			return error_reject("broken_value", record->line,
			    "field %zu has control characters, or bytes that are not UTF-8", i + 1);
	return OK;
}

static struct sheet_row *row_add(struct sheet_reader *reader)
{
	struct sheet *sheet = reader->sheet;
	if (sheet->count == reader->rows_room) {
		size_t room = reader->rows_room * 2 + 64;
		void *rows =
		    arena_grow(reader->arena, sheet->rows, sheet->count, room, sizeof *sheet->rows);
		if (!rows)
			return NULL;
		sheet->rows = rows;
		reader->rows_room = room;
	}
	struct sheet_row *row = &sheet->rows[sheet->count++];
	*row = (struct sheet_row){0};
	return row;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct sheet_reader *reader = context;
	if (record->fault != CSVIN_WHOLE || record->cells_count > CELLS_MAX)
		return error_reject("broken_row", record->line, "a broken or too long row");
	struct error error = cells_check(record);
	if (is_error(&error))
		return error;
	if (!reader->has_header)
		return header_take(reader, record);
	if (record->cells_count != reader->cells_count)
		return error_reject("wrong_field_count", record->line,
		    "%zu field%s, the header has %zu", record->cells_count,
		    record->cells_count == 1 ? "" : "s", reader->cells_count);
	struct sheet_row *row = row_add(reader);
	for (size_t i = 0; row && i < record->cells_count; i++)
		row->cells[reader->targets[i]] = value_compose(
		    arena_copy(reader->arena, value_trim(record->cells[i])), reader->arena);
	if (arena_has_failed(reader->arena))
		return error_memory("reading the rows");
	row->line = record->line;
	return OK;
}

static struct error on_text(void *csvin, struct slice text)
{
	return csvin_feed(csvin, text.bytes, text.size);
}

static struct error feed_all(FILE *input, struct decoder *decoder, struct csvin *csvin)
{
	char chunk[64 << 10];
	size_t size;
	while ((size = fread(chunk, 1, sizeof chunk, input)) > 0) {
		struct error error = decode_feed(decoder, chunk, size);
		if (is_error(&error))
			return error;
	}
	if (ferror(input))
		return error_errno("cannot read");
	struct error error = decode_finish(decoder);
	return is_error(&error) ? error : csvin_finish(csvin);
}

static struct error read_all(FILE *input, struct sheet_reader *reader)
{
	const struct csvin_terms terms = {
	    .delimiter = ',', .limits = {FIELD_MAX, RECORD_MAX, CELLS_MAX}};
	struct csvin *csvin = csvin_create(&terms, on_record, reader);
	struct decoder *decoder = NULL;
	struct error error = csvin ? decode_create(NULL, on_text, csvin, &decoder)
	                           : error_memory("reading the rows");
	if (!is_error(&error))
		error = feed_all(input, decoder, csvin);
	decode_free(decoder);
	csvin_free(csvin);
	if (!is_error(&error) && !reader->has_header)
		error = error_reject("empty_file", 1, "the file is empty");
	return error;
}

struct error sheet_load(
    const char *path, const char *const *names, struct arena *arena, struct sheet *sheet)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *input = is_stdin ? stdin : fopen(path, "re");
	if (!input) {
		struct error error = error_errno("cannot open %s", path);
		error.class = ERROR_REJECT;
		return error;
	}
	struct sheet_reader *reader = arena_alloc(arena, sizeof *reader);
	struct error error = error_memory("reading the rows");
	*sheet = (struct sheet){0};
	if (reader) {
		*reader = (struct sheet_reader){.names = names, .arena = arena, .sheet = sheet};
		error = read_all(input, reader);
	}
	if (!is_stdin)
		fclose(input);
	if (!is_error(&error))
		return OK;
	return error.line > 0 ? error_wrap(error, "%s:%llu", path, (unsigned long long)error.line)
	                      : error_wrap(error, "%s", path);
}
