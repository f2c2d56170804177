#include "enrold/reader.h"

#include "enrold/batch.h"
#include "enrold/compose.h"

/* ---- composed texts ---- */

static struct error composed_error(const char *what)
{
	return error_own(
	    error_retry("the composed text has %s: it is made anew", what), OWNER_FILE);
}

/* Its headings, without the first. */
static struct error lines_skip(struct csvin_record *headings)
{
	if (headings->cells_count == 0 || !slice_is(headings->cells[0], SLICE(COMPOSE_LINE)))
		return composed_error("no lines");
	headings->line = 0;
	headings->cells++;
	headings->cells_count--;
	return OK;
}

/* Of an archive each row has the cells of its own file, and of a row that was split the first has
 * those of the whole; so have the rows of a retry file. Where rows only were left out none has. */
static bool has_gaps(const struct reader *reader)
{
	const struct policy *policy = reader->terms.policy;
	bool is_retry = reader->header->single[COLUMN_ERROR_CODE] != COLUMN_NONE;
	bool has_split = policy->split.count > 0;
	return reader->terms.is_composed ? has_split || !policy->newest_by
	                                 : is_retry && (has_split || policy->preset);
}

/* ---- any ---- */

static struct error on_headings(void *context, const struct csvin_record *written)
{
	struct reader *reader = context;
	struct csvin_record headings = *written;
	const struct header_terms terms = {.policy = reader->terms.policy,
	    .site = reader->terms.site,
	    .delimiter = records_delimiter(reader->source),
	    .delimiter_by =
	        reader->terms.is_composed ? NULL : records_delimiter_by(reader->source)};
	struct error error = reader->terms.is_composed ? lines_skip(&headings) : OK;
	reader->line = headings.line;
	bool has_positions = !reader->terms.is_composed && headings.line == 0;
	if (!is_error(&error))
		error = header_parse(&headings, &terms, reader->arena, &reader->header);
	if (is_error(&error))
		return has_positions ? error_wrap(error, "the feed's csv.positions") : error;
	reader->header->delimiter = terms.delimiter;
	reader->header->has_positions = has_positions;
	reader->header->has_gaps = has_gaps(reader);
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

static struct error row_take(struct reader *reader, const struct csvin_record *record)
{
	reader->line = record->line;
	/* Of a composed text each row counts: blank ones have been left out. */
	if (record_is_blank(record) && !reader->terms.is_composed)
		return OK;
	const struct csvin_record fit = header_fit(reader->header, record);
	if (is_refused(reader, record, &fit))
		return error_reject("wrong_field_count", record->line,
		    "this row has %zu field%s, %s %zu: every row must have as many%s",
		    record->cells_count, record->cells_count == 1 ? "" : "s",
		    reader->header->has_positions ? "the feed's csv.positions" : "the header",
		    reader->header->written_count,
		    records_has_ended(reader->source) ? "; the file may have been cut short" : "");
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

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct reader *reader = context;
	struct csvin_record row;
	if (!reader->terms.is_composed)
		return row_take(reader, record);
	if (!composed_record(record, &row))
		return composed_error("a line that is no number");
	return row_take(reader, &row);
}

struct error reader_open(
    struct reader *reader, const struct reader_terms *terms, struct reader_visitor visitor)
{
	const struct records_visitor taking = {on_headings, on_record, reader};
	*reader = (struct reader){.terms = *terms, .arena = arena_create(), .visitor = visitor};
	if (!reader->arena)
		return error_memory("opening the input");
	if (terms->is_composed)
		reader->composed = composed_policy(terms->policy);
	const struct records_terms source = {
	    .policy = terms->is_composed ? &reader->composed : terms->policy,
	    .field_max = terms->field_max};
	return records_open(&source, &taking, &reader->source);
}

void reader_close(struct reader *reader)
{
	records_close(reader->source);
	arena_free(reader->arena);
	*reader = (struct reader){0};
}

struct error reader_feed(struct reader *reader, const char *bytes, size_t size)
{
	return records_feed(reader->source, bytes, size);
}

struct error reader_finish(struct reader *reader)
{
	return records_finish(reader->source);
}

bool reader_is_ended(const struct reader *reader)
{
	return records_is_ended(reader->source);
}
