/*
 * records: decode, dialect and csvin in a row. Text is held until it is known how the file is
 * written: whether it is a retry file, where its headings are, and what separates cells. A retry
 * file is a table like any other, whatever the feed's files look like, because people open it in a
 * spreadsheet; it is known by its own headings.
 */
#include "enrold/records.h"

#include "labels.h"

#include "enrold/buffer.h"
#include "enrold/columns.h"
#include "enrold/decode.h"
#include "enrold/dialect.h"
#include "enrold/foreign.h"
#include "enrold/value.h"

#include <stdlib.h>

enum {
	HEAD_MAX = 4 << 20,   /* bytes up to the end of the headings' line */
	RECORD_MAX = 8 << 20, /* bytes of one record: they are in memory three times */
	CELLS_MAX = 128 << 10,
};

struct records {
	struct records_terms terms;
	struct records_visitor visitor;
	struct decoder *decoder;
	struct buffer head; /* what came before csvin was made */
	struct csvin *csvin;
	char delimiter; /* 0: not known yet */
	const char *delimiter_by;
	bool has_begun, has_ended; /* the bytes */
	char last;                 /* byte of the decoded text; in front of it a line begins */

	bool is_as_said; /* false: a retry file, of which the policy's shape does not speak */
	bool has_looked; /* for such a one */
	bool has_headings;
	uint64_t first_line;
	bool is_ended;      /* the last record, by its own end */
	uint64_t rows_left; /* of skip_rows */
	struct labels *labels;
	/* HEADING_NONE: */
	struct slice *positions, *cells; /* the second: a record that had fewer */
	size_t positions_count, required_count;
};

static const struct policy *policy_of(const struct records *records)
{
	return records->terms.policy;
}

static bool has_positions(const struct records *records)
{
	return records->is_as_said && policy_of(records)->header == HEADING_NONE;
}

static uint32_t lines_to_skip(const struct records *records)
{
	return records->is_as_said ? policy_of(records)->skip_lines : 0;
}

static const char *record_end_of(const struct records *records)
{
	return records->is_as_said ? policy_of(records)->record_end : NULL;
}

static bool is_backslashed(const struct records *records)
{
	return records->is_as_said && policy_of(records)->escape == ESCAPE_BACKSLASH;
}

/* ---- records ---- */

static size_t filled_count(const struct csvin_record *record)
{
	size_t count = record->cells_count;
	while (count > 0 && record->cells[count - 1].bytes &&
	       value_trim(record->cells[count - 1]).size == 0)
		count--;
	return count;
}

/* The feed's settings speak of other files: this is no matter of one row. */
static struct error positions_check(
    const struct records *records, const struct csvin_record *record)
{
	size_t count = filled_count(record);
	if (count <= records->positions_count)
		return OK;
	return error_reject("header_none_too_many", record->line,
	    "the file's first row has %zu cells, and the feed's csv.positions names %zu: name "
	    "them all, or see whether its csv.delimiter is the file's",
	    count, records->positions_count);
}

static struct error headings_give(struct records *records, const struct csvin_record *headings)
{
	records->has_headings = true;
	records->rows_left = records->is_as_said ? policy_of(records)->skip_rows : 0;
	if (records->rows_left > 0) {
		records->labels = labels_create(policy_of(records), headings);
		if (!records->labels)
			return error_memory("opening the input");
	}
	return records->visitor.on_headings(records->visitor.context, headings);
}

/* Without any end all of the file is one record, and no rows are nothing that anybody would see. */
static struct error ends_check(const struct records *records, const struct csvin_record *headings)
{
	const char *end = record_end_of(records);
	if (!end || headings->is_ended)
		return OK;
	return error_reject("header_broken", headings->line,
	    "no record of the file ends with %s, as the feed's csv.record_end says: correct that, "
	    "or send the file whole",
	    end);
}

static struct error positions_give(struct records *records, const struct csvin_record *first)
{
	const struct csvin_record headings = {
	    .cells = records->positions, .cells_count = records->positions_count};
	struct error error = positions_check(records, first);
	return is_error(&error) ? error : headings_give(records, &headings);
}

/* What need not be there is empty where it is not. */
static struct csvin_record positions_fill(
    struct records *records, const struct csvin_record *record)
{
	struct csvin_record filled = *record;
	if (record->fault == CSVIN_BROKEN || record->fault == CSVIN_TOO_LONG ||
	    record->cells_count < records->required_count ||
	    record->cells_count >= records->positions_count)
		return filled;
	for (size_t i = 0; i < records->positions_count; i++)
		records->cells[i] = i < record->cells_count ? record->cells[i] : SLICE("");
	filled.cells = records->cells;
	filled.cells_count = records->positions_count;
	return filled;
}

static struct error on_csvin(void *context, const struct csvin_record *record)
{
	struct records *records = context;
	struct error error = OK;
	records->is_ended = record->is_ended;
	if (!records->has_headings)
		records->first_line = record->line;
	if (!records->has_headings && !has_positions(records)) {
		error = ends_check(records, record);
		return is_error(&error) ? error : headings_give(records, record);
	}
	if (!records->has_headings)
		error = positions_give(records, record);
	if (is_error(&error))
		return error;
	if (records->rows_left > 0 && !labels_is_row(records->labels, record)) {
		records->rows_left--;
		return OK;
	}
	records->rows_left = 0;
	if (!has_positions(records))
		return records->visitor.on_record(records->visitor.context, record);
	const struct csvin_record filled = positions_fill(records, record);
	return records->visitor.on_record(records->visitor.context, &filled);
}

/* ---- the head ---- */

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* Of a record that has an end of its own what stands in front of that. */
static struct slice end_cut(struct slice line, const char *record_end, bool *is_cut)
{
	const char *end =
	    record_end ? memmem(line.bytes, line.size, record_end, strlen(record_end)) : NULL;
	*is_cut = end != NULL;
	return end ? (struct slice){line.bytes, (size_t)(end - line.bytes)} : line;
}

/* The next line of the text that is not blank; false: there is none that is whole. */
static bool line_find(struct slice text, const char *record_end, bool is_all, struct slice *line)
{
	for (size_t start = 0; start < text.size;) {
		size_t end = start;
		bool is_cut;
		while (end < text.size && !is_line_end(text.bytes[end]))
			end++;
		*line =
		    end_cut((struct slice){text.bytes + start, end - start}, record_end, &is_cut);
		bool is_blank = value_trim(*line).size == 0;
		if (end == text.size)
			return (is_all || is_cut) && !is_blank;
		if (!is_blank)
			return true;
		start = end + 1;
	}
	return false;
}

/* Line numbers go on behind what is left out, of which nothing else is left. */
static void blank(struct buffer *head, struct slice text)
{
	memset(head->bytes + (text.bytes - head->bytes), ' ', text.size);
}

/* Programs each put their own byte order mark in front: before a quote a second one would be part
 * of the name. */
static void marks_blank(struct buffer *head, size_t at)
{
	for (; at + 3 <= head->size && memcmp(head->bytes + at, "\xEF\xBB\xBF", 3) == 0; at += 3)
		memset(head->bytes + at, ' ', 3);
}

/* Where the text behind the policy's skip_lines begins; false: that has not come yet. */
static bool lines_skip(struct records *records, bool is_all, size_t *at)
{
	struct slice head = buffer_slice(&records->head);
	for (uint32_t i = 0; i < lines_to_skip(records); i++) {
		size_t end = *at;
		while (end < head.size && !is_line_end(head.bytes[end]))
			end++;
		blank(&records->head, (struct slice){head.bytes + *at, end - *at});
		if (end + 1 >= head.size && !is_all)
			return false; /* an LF may belong to a CR */
		bool is_pair =
		    end + 1 < head.size && head.bytes[end] == '\r' && head.bytes[end + 1] == '\n';
		*at = end < head.size ? end + 1 + is_pair : end;
	}
	return true;
}

/* ---- retry files ---- */

static bool has_shape(const struct policy *policy)
{
	return policy->skip_lines > 0 || policy->skip_rows > 0 || policy->header == HEADING_NONE ||
	       policy->record_end || policy->escape != ESCAPE_DOUBLED;
}

static bool is_of_retry(const void *context, struct slice cell)
{
	(void)context;
	return is_same_letters(cell, SLICE("error_line")) ||
	       is_same_letters(cell, SLICE("error_code"));
}

/* What separates its cells, if the line is a retry file's first; 0: it is none. It has the file's
 * separator, unless somebody has saved it with another. */
static char retry_delimiter(const struct policy *policy, struct slice line)
{
	char named = policy->delimiter ? dialect_parse_delimiter(policy->delimiter) : '\0';
	char found = dialect_recognise(line, is_of_retry, NULL);
	if (dialect_count(line, found, is_of_retry, NULL) == 2)
		return found;
	return named && dialect_count(line, named, is_of_retry, NULL) == 2 ? named : '\0';
}

/* False: the first line has not come yet. */
static bool retry_look(struct records *records, bool is_all)
{
	struct slice line = SLICE(""), head = buffer_slice(&records->head);
	const struct policy *policy = policy_of(records);
	if (records->has_looked)
		return true;
	records->has_looked = true;
	if (!has_shape(policy))
		return true;
	if (!line_find(head, policy->record_end, is_all, &line)) {
		records->has_looked = is_all || head.size >= HEAD_MAX;
		return records->has_looked;
	}
	records->delimiter = retry_delimiter(policy, line);
	records->is_as_said = !records->delimiter;
	return true;
}

/* ---- the separator ---- */

static bool is_name(const void *context, struct slice cell)
{
	return columns_is_known(context, cell);
}

static bool is_any(const void *context, struct slice cell)
{
	(void)context;
	(void)cell;
	return true;
}

/* Without headings it is the one that yields a row as the feed describes it. */
static char by_positions(const struct records *records, struct slice line)
{
	static const char delimiters[] = ",;\t|:";
	for (size_t i = 0; i < sizeof delimiters - 1; i++) {
		size_t count = dialect_count(line, delimiters[i], is_any, NULL);
		if (count >= records->required_count && count <= records->positions_count)
			return delimiters[i];
	}
	return ',';
}

static void delimiter_find(struct records *records, struct slice line)
{
	const char *named = policy_of(records)->delimiter;
	char by_file = dialect_parse_sep(line);
	if (records->delimiter)
		return; /* a retry file's */
	records->delimiter_by = by_file ? "the file's first line"
	                        : named ? "the feed's csv.delimiter"
	                                : NULL;
	if (by_file)
		blank(&records->head, line);
	records->delimiter = by_file ? by_file
	                     : named ? dialect_parse_delimiter(named)
	                     : has_positions(records)
	                         ? by_positions(records, line)
	                         : dialect_recognise(line, is_name, policy_of(records));
}

static struct error csvin_open(struct records *records)
{
	const struct csvin_terms terms = {.delimiter = records->delimiter,
	    .record_end = record_end_of(records),
	    .is_backslashed = is_backslashed(records),
	    .limits = {.field_max = (size_t)records->terms.field_max,
	        .record_max = RECORD_MAX,
	        .cells_max = CELLS_MAX}};
	records->csvin = csvin_create(&terms, on_csvin, records);
	return records->csvin ? OK : error_memory("opening the input");
}

/* The line of the headings, or of the first row where there are none; false: it has not come, or
 * there is none. */
static bool first_line_find(struct records *records, bool is_all, struct slice *line)
{
	size_t at = 0;
	if (records->head.size == 0)
		return false;
	marks_blank(&records->head, 0);
	if (!retry_look(records, is_all) || !lines_skip(records, is_all, &at))
		return false;
	if (at > 0)
		marks_blank(&records->head, at);
	return line_find((struct slice){records->head.bytes + at, records->head.size - at},
	    record_end_of(records), is_all, line);
}

/* Once that line is there, or all there is. */
static struct error head_read(struct records *records, bool is_all)
{
	struct slice line = SLICE("");
	bool is_full = records->head.size >= HEAD_MAX;
	bool is_there = first_line_find(records, is_all, &line);
	if (!is_there && !is_all && !is_full)
		return OK;
	if (!is_there && !is_full)
		line = SLICE(""); /* nothing but blank lines */
	delimiter_find(records, line);
	struct error error = csvin_open(records);
	if (!is_error(&error))
		error = csvin_feed(records->csvin, records->head.bytes, records->head.size);
	buffer_done(&records->head);
	return error;
}

static struct error on_text(void *context, struct slice text)
{
	struct records *records = context;
	records->last = text.bytes[text.size - 1];
	if (records->csvin)
		return csvin_feed(records->csvin, text.bytes, text.size);
	buffer_add(&records->head, text.bytes, text.size);
	if (records->head.failed)
		return error_memory("reading the header");
	return head_read(records, false);
}

/* ---- the whole ---- */

/* "endtime?": this one and all behind it may be missing. */
static struct error positions_read(struct records *records)
{
	const struct text_list *list = &policy_of(records)->positions;
	records->positions = calloc(list->count + 1, sizeof *records->positions);
	records->cells = calloc(list->count + 1, sizeof *records->cells);
	if (!records->positions || !records->cells)
		return error_memory("opening the input");
	records->positions_count = records->required_count = list->count;
	for (size_t i = list->count; i-- > 0;) {
		struct slice name = slice_of(list->items[i]);
		if (name.size > 0 && name.bytes[name.size - 1] == '?') {
			records->required_count = i;
			name.size--;
		}
		records->positions[i] = name;
	}
	return OK;
}

struct error records_open(const struct records_terms *terms, const struct records_visitor *visitor,
    struct records **result)
{
	struct records *records = calloc(1, sizeof *records);
	*result = records;
	if (!records)
		return error_memory("opening the input");
	records->terms = *terms;
	records->visitor = *visitor;
	records->is_as_said = true;
	records->last = '\n';
	struct error error = OK;
	if (terms->policy->header == HEADING_NONE)
		error = positions_read(records);
	if (!is_error(&error))
		error = decode_create(terms->policy->encoding, on_text, records, &records->decoder);
	return error;
}

void records_close(struct records *records)
{
	if (!records)
		return;
	labels_free(records->labels);
	csvin_free(records->csvin);
	decode_free(records->decoder);
	buffer_done(&records->head);
	free(records->positions);
	free(records->cells);
	free(records);
}

struct error records_feed(struct records *records, const char *bytes, size_t size)
{
	const char *what = records->has_begun ? NULL : foreign_find((struct slice){bytes, size});
	records->has_begun = true;
	if (what)
		return error_reject("not_text", 0, "this is no text but %s", what);
	return decode_feed(records->decoder, bytes, size);
}

struct error records_finish(struct records *records)
{
	records->has_ended = true;
	struct error error = decode_finish(records->decoder);
	if (!is_error(&error) && !records->csvin)
		error = head_read(records, true);
	if (!is_error(&error))
		error = csvin_finish(records->csvin);
	if (!is_error(&error) && !records->has_headings)
		error = error_reject("empty_file", 0,
		    has_positions(records)
		        ? "the file is empty: it has no row"
		        : "the file is empty: its first line must name the columns");
	return error;
}

struct records_shape records_shape(const struct records *records)
{
	return (struct records_shape){.delimiter = records->delimiter,
	    .record_end = record_end_of(records),
	    .is_backslashed = is_backslashed(records),
	    .is_headless = has_positions(records),
	    .skip_lines = lines_to_skip(records),
	    .first_line = records->first_line};
}

char records_delimiter(const struct records *records)
{
	return records->delimiter;
}

const char *records_delimiter_by(const struct records *records)
{
	return records->delimiter_by;
}

bool records_is_ended(const struct records *records)
{
	if (record_end_of(records))
		return records->is_ended;
	return is_line_end(records->last);
}

uint64_t records_lines(const struct records *records)
{
	bool is_between = is_line_end(records->last);
	return records->csvin ? csvin_line(records->csvin) - is_between : 0;
}

bool records_has_ended(const struct records *records)
{
	return records->has_ended;
}
