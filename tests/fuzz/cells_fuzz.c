/*
 * cells_fuzz: a file whose cells are emptied, whole and in pieces: both come to the same, and so do
 * the records of what is left, but for these cells. The first byte chooses character set, column
 * and shape, the second the separator and the pieces.
 */
#include "fuzz.h"

#include "enrold/cells_cut.h"
#include "enrold/csvin.h"
#include "enrold/decode.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const encodings[] = {
    NULL, "windows-1252", "UTF-16LE", "SHIFT_JIS", "UTF-32BE", "GB18030", "EUC-JP", "CP1258"};
static const char delimiters[] = ",;\t|";

struct reading {
	struct csvin *csvin;
	const struct cells_cut_terms *terms;
	struct buffer records;
	uint64_t header_line; /* 0: not read yet */
};

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct reading *reading = context;
	bool is_header = reading->header_line == 0;
	if (is_header)
		reading->header_line = record->line;
	buffer_print(&reading->records, "%d:", record->fault == CSVIN_BROKEN);
	for (size_t i = 0; i < record->cells_count && record->fault != CSVIN_BROKEN; i++) {
		bool is_emptied =
		    i == reading->terms->column && !(is_header && !reading->terms->is_headless);
		buffer_add_char(&reading->records, '<');
		if (!is_emptied)
			buffer_add(
			    &reading->records, record->cells[i].bytes, record->cells[i].size);
	}
	return OK;
}

static struct error on_text(void *context, struct slice text)
{
	struct reading *reading = context;
	return csvin_feed(reading->csvin, text.bytes, text.size);
}

static bool records_read(struct slice file, struct reading *reading)
{
	const struct csvin_terms csv = {.delimiter = reading->terms->delimiter,
	    .record_end = reading->terms->record_end,
	    .is_backslashed = reading->terms->is_backslashed,
	    .limits = {1 << 20, 1 << 20, 1 << 16}};
	struct decoder *decoder;
	reading->csvin = csvin_create(&csv, on_record, reading);
	struct error error = decode_create(reading->terms->encoding, on_text, reading, &decoder);
	if (!is_error(&error))
		error = decode_feed(decoder, file.bytes, file.size);
	if (!is_error(&error))
		error = decode_finish(decoder);
	if (!is_error(&error))
		error = csvin_finish(reading->csvin);
	csvin_free(reading->csvin);
	decode_free(decoder);
	return !is_error(&error) && reading->header_line > 0;
}

static struct buffer cut_of(struct slice file, const struct cells_cut_terms *terms, size_t piece)
{
	struct buffer out = {0};
	struct cells_cut *cut;
	struct error error = cells_cut_create(terms, &cut);
	for (size_t i = 0; i < file.size && !is_error(&error); i += piece)
		error = cells_cut_feed(
		    cut, file.bytes + i, piece < file.size - i ? piece : file.size - i, &out);
	if (!is_error(&error))
		error = cells_cut_finish(cut, &out);
	if (is_error(&error))
		abort();
	cells_cut_free(cut);
	return out;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	if (size < 2)
		return 0;
	struct slice file = {(const char *)data + 2, size - 2};
	struct cells_cut_terms terms = {.encoding = encodings[data[0] % 8],
	    .delimiter = delimiters[data[1] % 4],
	    .record_end = data[0] / 32 % 4 == 3   ? "|\\|"
	                  : data[0] / 32 % 4 == 1 ? "!##!"
	                                          : NULL,
	    .is_backslashed = data[0] / 64 % 2,
	    .is_headless = data[0] / 128,
	    .column = data[0] / 8 % 4};
	struct reading whole = {.terms = &terms}, rest = {.terms = &terms};
	bool is_read = records_read(file, &whole);
	terms.first_line = whole.header_line;
	struct buffer out = cut_of(file, &terms, size);
	struct buffer pieces = cut_of(file, &terms, 1 + data[1] / 4 % 16);
	bool is_same = slice_is(buffer_slice(&out), buffer_slice(&pieces));
	if (is_read)
		is_same = is_same && records_read(buffer_slice(&out), &rest) &&
		          slice_is(buffer_slice(&whole.records), buffer_slice(&rest.records));
	if (!is_same) {
		fprintf(stderr, "of:\n%.*s\ncut:\n%.*s\nin pieces:\n%.*s\nrecords:\n%.*s\n%.*s\n",
		    SLICE_ARG(file), (int)out.size, out.bytes, (int)pieces.size, pieces.bytes,
		    (int)whole.records.size, whole.records.bytes, (int)rest.records.size,
		    rest.records.bytes);
		abort();
	}
	buffer_done(&out);
	buffer_done(&pieces);
	buffer_done(&whole.records);
	buffer_done(&rest.records);
	return 0;
}
