/*
 * text_fuzz: bytes to records, whole and in chunks of random sizes: both must come to the same. The
 * first byte chooses character set, separator and shape, the second the chunks.
 */
#include "fuzz.h"

#include "enrold/buffer.h"
#include "enrold/csvin.h"
#include "enrold/csvout.h"
#include "enrold/decode.h"
#include "enrold/dialect.h"
#include "enrold/value.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const encodings[] = {
    NULL, "windows-1252", "UTF-16LE", "SHIFT_JIS", "UTF-32BE", "GB18030", "ISO-2022-JP", "UTF-7"};
enum { FIRST_WITH_STATES = 6 };
static const char delimiters[] = ",;\t|:%";

/* By the first byte. */
struct shape {
	const char *encoding, *record_end;
	char delimiter;
	bool is_backslashed;
};

static struct shape shape_make(unsigned char byte)
{
	return (struct shape){.encoding = encodings[byte % 8],
	    .delimiter = delimiters[byte / 8 % 6],
	    .record_end = byte / 48 % 2 ? "!##!" : NULL,
	    .is_backslashed = byte / 96 % 2};
}

struct reading {
	struct csvin *csvin;
	struct buffer records;
};

/* One form of a cell, whichever way it is reached. */
static void form_check(struct slice cell)
{
	struct arena *arena = arena_create();
	struct slice composed = value_compose(cell, arena), apart = value_decompose(cell, arena);
	bool is_one = slice_is(value_compose(composed, arena), composed) &&
	              slice_is(value_compose(apart, arena), composed) &&
	              slice_is(value_decompose(composed, arena), apart) &&
	              value_is_alike(cell, composed, arena) && value_is_alike(apart, cell, arena);
	if (!is_one)
		abort();
	arena_free(arena);
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct buffer *out = context;
	buffer_print(out, "%llu %d %zu\n", (unsigned long long)record->line, record->fault,
	    record->cells_count);
	for (size_t i = 0; i < record->cells_count; i++) {
		struct slice cell = value_trim(record->cells[i]);
		buffer_print(out, " %zu %d:", value_characters(cell), value_check(cell));
		csvout_guarded(out, record->cells[i]);
		form_check(record->cells[i]);
	}
	return OK;
}

static struct error on_text(void *context, struct slice text)
{
	struct reading *reading = context;
	return csvin_feed(reading->csvin, text.bytes, text.size);
}

/* seed 0: in one piece. */
static struct buffer read_all(
    const char *bytes, size_t size, const struct shape *shape, unsigned seed)
{
	const struct csvin_terms csv = {.delimiter = shape->delimiter,
	    .record_end = shape->record_end,
	    .is_backslashed = shape->is_backslashed,
	    .limits = {.field_max = 64, .record_max = 256, .cells_max = 16}};
	struct reading reading = {0};
	struct decoder *decoder = NULL;
	reading.csvin = csvin_create(&csv, on_record, &reading.records);
	struct error error = decode_create(shape->encoding, on_text, &reading, &decoder);
	for (size_t at = 0; at < size && !is_error(&error);) {
		size_t chunk = size - at;
		if (seed > 0) {
			seed = seed * 1103515245 + 12345;
			size_t wanted = 1 + (seed >> 16) % 7;
			chunk = chunk < wanted ? chunk : wanted;
		}
		error = decode_feed(decoder, bytes + at, chunk);
		at += chunk;
	}
	if (!is_error(&error))
		error = decode_finish(decoder);
	if (!is_error(&error))
		error = csvin_finish(reading.csvin);
	buffer_print(&reading.records, "%d %s %s", error.class, error.code, error.text);
	decode_free(decoder);
	csvin_free(reading.csvin);
	return reading.records;
}

static bool has_bad(const struct buffer *records)
{
	return memmem(records->bytes, records->size, "\xEF\xBF\xBD", 3) != NULL;
}

static bool is_word(const void *context, struct slice cell)
{
	(void)context;
	return cell.size == 8;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size < 2)
		return 0;
	const struct shape shape = shape_make(data[0]);
	const char *bytes = (const char *)data + 2;
	size -= 2;
	struct buffer whole = read_all(bytes, size, &shape, 0);
	struct buffer chunked = read_all(bytes, size, &shape, data[1] + 1u);
	/* What a set with shift states makes of the bytes behind a bad one depends on how far iconv
	 * had got; their row is lost either way. */
	bool is_moot = data[0] % 8 >= FIRST_WITH_STATES && has_bad(&whole) && has_bad(&chunked);
	if (!is_moot && !slice_is(buffer_slice(&whole), buffer_slice(&chunked))) {
		fprintf(stderr, "whole:\n%.*s\nin chunks:\n%.*s\n", (int)whole.size, whole.bytes,
		    (int)chunked.size, chunked.bytes);
		abort();
	}
	struct slice line = {bytes, size};
	if (dialect_parse_sep(line) && !memmem(bytes, size, "=", 1))
		abort();
	if (!strchr(",;\t|:", dialect_recognise(line, is_word, NULL)))
		abort();
	buffer_done(&whole);
	buffer_done(&chunked);
	return 0;
}
