#include "enrold/reader.h"

#include "enrold/dialect.h"
#include "enrold/foreign.h"
#include "enrold/value.h"

enum {
	HEAD_MAX = 4 << 20,   /* bytes up to the end of the header's line */
	RECORD_MAX = 8 << 20, /* bytes of one record: they are in memory three times */
	CELLS_MAX = 128 << 10,
};

static struct error header_take(struct reader *reader, const struct csvin_record *record)
{
	const struct header_terms terms = {.policy = reader->terms.policy,
	    .site = reader->terms.site,
	    .delimiter = reader->delimiter,
	    .delimiter_by = reader->delimiter_by};
	struct error error = header_parse(record, &terms, reader->arena, &reader->header);
	if (is_error(&error))
		return error;
	reader->header->delimiter = reader->delimiter;
	if (!reader->visitor.on_header)
		return OK;
	return reader->visitor.on_header(reader->visitor.context, reader->header);
}

static bool is_ragged(const struct reader *reader, const struct csvin_record *record)
{
	return (record->fault == CSVIN_WHOLE || record->fault == CSVIN_CUT) &&
	       header_is_ragged(reader->header, record->cells_count);
}

/* Moodle counts the empty cells behind the last column, too. */
static bool is_refused(
    const struct reader *reader, const struct csvin_record *record, const struct csvin_record *fit)
{
	const struct policy *policy = reader->terms.policy;
	return policy->on_bad_row == BAD_ROW_REJECT_FILE &&
	       is_ragged(reader, policy->compat == COMPAT_MOODLE ? record : fit);
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct reader *reader = context;
	reader->line = record->line;
	if (!reader->header)
		return header_take(reader, record);
	if (record_is_blank(record))
		return OK;
	const struct csvin_record fit = header_fit(reader->header, record);
	if (is_refused(reader, record, &fit))
		return error_reject("wrong_field_count", record->line,
		    "this row has %zu field%s, the header %zu: every row must have as many%s",
		    record->cells_count, record->cells_count == 1 ? "" : "s",
		    reader->header->written_count,
		    reader->has_ended ? "; the file may have been cut short" : "");
	if (record->fault != CSVIN_BROKEN && !is_ragged(reader, &fit)) {
		struct error error = header_count(reader->header, reader->terms.policy, &fit);
		if (is_error(&error))
			return error;
	}
	reader->records++;
	if (!reader->visitor.on_record)
		return OK;
	return reader->visitor.on_record(reader->visitor.context, &fit);
}

/* ---- the separator ---- */

static bool is_name(const void *context, struct slice cell)
{
	return columns_is_known(context, cell);
}

static struct error csvin_open(struct reader *reader, char delimiter)
{
	struct csvin_limits limits = {.field_max = (size_t)reader->terms.field_max,
	    .record_max = RECORD_MAX,
	    .cells_max = CELLS_MAX};
	reader->delimiter = delimiter;
	reader->csvin = csvin_create(delimiter, limits, on_record, reader);
	return reader->csvin ? OK : error_memory("opening the input");
}

/* The next line of the head that is not blank; false: there is none that is whole. */
static bool line_find(struct slice head, bool is_all, size_t *at, struct slice *line)
{
	for (size_t start = *at; start < head.size;) {
		size_t end = start;
		while (end < head.size && head.bytes[end] != '\n' && head.bytes[end] != '\r')
			end++;
		*line = (struct slice){head.bytes + start, end - start};
		if (end == head.size)
			return is_all && value_trim(*line).size > 0;
		if (value_trim(*line).size > 0) {
			*at = end;
			return true;
		}
		start = end + 1;
	}
	return false;
}

/* Line numbers go on behind a line "sep=;", of which nothing else is left. */
static void line_blank(struct buffer *head, struct slice line)
{
	memset(head->bytes + (line.bytes - head->bytes), ' ', line.size);
}

/* Programs each put their own byte order mark in front: before a quote a second one would be part
 * of the name. */
static void marks_blank(struct buffer *head)
{
	for (size_t i = 0; i + 3 <= head->size && memcmp(head->bytes + i, "\xEF\xBB\xBF", 3) == 0;
	     i += 3)
		memset(head->bytes + i, ' ', 3);
}

/* Once the header's line is there, or all there is. */
static struct error head_read(struct reader *reader, bool is_all)
{
	struct slice line = SLICE(""), head = buffer_slice(&reader->head);
	size_t at = 0;
	marks_blank(&reader->head);
	const char *named = reader->terms.policy->delimiter;
	bool is_there = line_find(head, is_all, &at, &line);
	if (!is_there && !is_all && head.size < HEAD_MAX)
		return OK;
	if (!is_there && head.size < HEAD_MAX)
		line = SLICE(""); /* nothing but blank lines */
	char delimiter = dialect_parse_sep(line);
	reader->delimiter_by = delimiter ? "the file's first line"
	                       : named   ? "the feed's csv.delimiter"
	                                 : NULL;
	if (delimiter)
		line_blank(&reader->head, line);
	else if (named)
		delimiter = dialect_parse_delimiter(named);
	else
		delimiter = dialect_recognise(line, is_name, reader->terms.policy);
	struct error error = csvin_open(reader, delimiter);
	if (!is_error(&error))
		error = csvin_feed(reader->csvin, reader->head.bytes, reader->head.size);
	buffer_done(&reader->head);
	return error;
}

static struct error on_text(void *context, struct slice text)
{
	struct reader *reader = context;
	reader->last = text.bytes[text.size - 1];
	if (reader->csvin)
		return csvin_feed(reader->csvin, text.bytes, text.size);
	buffer_add(&reader->head, text.bytes, text.size);
	if (reader->head.failed)
		return error_memory("reading the header");
	return head_read(reader, false);
}

/* ---- the whole ---- */

struct error reader_open(
    struct reader *reader, const struct reader_terms *terms, struct reader_visitor visitor)
{
	*reader = (struct reader){.terms = *terms, .arena = arena_create(), .visitor = visitor};
	if (!reader->arena)
		return error_memory("opening the input");
	return decode_create(terms->policy->encoding, on_text, reader, &reader->decoder);
}

void reader_close(struct reader *reader)
{
	csvin_free(reader->csvin);
	decode_free(reader->decoder);
	buffer_done(&reader->head);
	arena_free(reader->arena);
	*reader = (struct reader){0};
}

struct error reader_feed(struct reader *reader, const char *bytes, size_t size)
{
	const char *what = reader->has_begun ? NULL : foreign_find((struct slice){bytes, size});
	reader->has_begun = true;
	if (what)
		return error_reject("not_text", 0, "this is no text but %s", what);
	return decode_feed(reader->decoder, bytes, size);
}

struct error reader_finish(struct reader *reader)
{
	reader->has_ended = true;
	struct error error = decode_finish(reader->decoder);
	if (!is_error(&error) && !reader->csvin)
		error = head_read(reader, true);
	if (!is_error(&error))
		error = csvin_finish(reader->csvin);
	if (!is_error(&error) && !reader->header)
		error = error_reject(
		    "empty_file", 0, "the file is empty: its first line must name the columns");
	return error;
}

bool reader_is_ended(const struct reader *reader)
{
	return reader->last == '\0' || reader->last == '\n' || reader->last == '\r';
}
