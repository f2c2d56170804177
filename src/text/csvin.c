/*
 * csvin: where records begin and end, and on which lines, in front of csvin_cells. Bytes that may
 * turn out to be more than a cell's are held until that is known: the first ones of a record's end,
 * and a backslash within quotes.
 */
#include "csvin_cells.h"

#include <stdlib.h>

struct csvin {
	struct csvin_cells cells;
	bool is_plain;   /* no byte may turn out to be more */
	bool cr_pending; /* the last byte was a CR that ended a line: an LF belongs to it */
	char *held;      /* has room for one more than the record's end */
	size_t held_size, end_size;
};

struct csvin *csvin_create(
    const struct csvin_terms *terms, csvin_on_record *on_record, void *context)
{
	struct csvin *csvin = calloc(1, sizeof *csvin);
	if (!csvin)
		return NULL;
	csvin->end_size = terms->record_end ? strlen(terms->record_end) : 0;
	csvin->is_plain = !terms->record_end && !terms->is_backslashed;
	csvin->held = malloc(csvin->end_size + 2);
	csvin->cells.on_record = on_record;
	csvin->cells.context = context;
	csvin_cells_init(&csvin->cells, terms);
	if (csvin->held)
		return csvin;
	csvin_free(csvin);
	return NULL;
}

void csvin_free(struct csvin *csvin)
{
	if (!csvin)
		return;
	csvin_cells_done(&csvin->cells);
	free(csvin->held);
	free(csvin);
}

/* ---- a record's end, and backslashes ---- */

static bool has_ends(const struct csvin *csvin)
{
	return csvin->end_size > 0;
}

static bool is_blank(const struct csvin *csvin, char c)
{
	return (c == ' ' || c == '\t') && c != csvin->cells.terms.delimiter;
}

/* Blanks in front of a record are not where it starts. */
static void data_add(struct csvin *csvin, struct slice bytes)
{
	while (has_ends(csvin) && !csvin->cells.is_open && bytes.size > 0 &&
	       is_blank(csvin, bytes.bytes[0]))
		bytes = (struct slice){bytes.bytes + 1, bytes.size - 1};
	if (bytes.size > 0)
		csvin_cells_add(&csvin->cells, bytes);
}

static bool is_escaping(const struct csvin *csvin, char c)
{
	return c == '\\' && csvin->cells.terms.is_backslashed &&
	       csvin_cells_is_quoted(&csvin->cells);
}

static bool is_of_end(const struct csvin *csvin)
{
	return !csvin_cells_is_quoted(&csvin->cells) && csvin->held_size <= csvin->end_size &&
	       memcmp(csvin->held, csvin->cells.terms.record_end, csvin->held_size) == 0;
}

/* The first of the bytes that are held is a cell's. */
static void held_give(struct csvin *csvin)
{
	data_add(csvin, (struct slice){csvin->held, 1});
	memmove(csvin->held, csvin->held + 1, --csvin->held_size);
}

static void held_flush(struct csvin *csvin)
{
	while (csvin->held_size > 0)
		held_give(csvin);
}

/* The byte behind a backslash: libcsv knows quotes that are doubled. */
static void escaped_take(struct csvin *csvin, char c)
{
	const char written[] = {'\\', c};
	csvin->held_size = 0;
	csvin_cells_add_as(&csvin->cells, (struct slice){written, 2},
	    c == '"'    ? SLICE("\"\"")
	    : c == '\\' ? SLICE("\\")
	                : (struct slice){written, 2});
}

/* A byte that may begin something, or go on with it. */
static void mark_take(struct csvin *csvin, char c)
{
	if (csvin->held_size > 0 && is_escaping(csvin, csvin->held[0])) {
		escaped_take(csvin, c);
		return;
	}
	csvin->held[csvin->held_size++] = c;
	while (csvin->held_size > 0 && !is_escaping(csvin, csvin->held[0]) &&
	       !(has_ends(csvin) && is_of_end(csvin)))
		held_give(csvin);
	if (has_ends(csvin) && csvin->held_size == csvin->end_size) {
		csvin->held_size = 0;
		csvin_cells_end(&csvin->cells);
	}
}

/* How many of the bytes begin nothing. */
static size_t plain_count(const struct csvin *csvin, struct slice bytes)
{
	char end = has_ends(csvin) ? csvin->cells.terms.record_end[0] : '\\';
	char escape = csvin->cells.terms.is_backslashed ? '\\' : end;
	size_t count = 0;
	while (count < bytes.size && bytes.bytes[count] != end && bytes.bytes[count] != escape)
		count++;
	return count;
}

/* Bytes of one line, none of them ending it. */
static void line_add(struct csvin *csvin, struct slice bytes)
{
	if (bytes.size == 0)
		return;
	csvin->cr_pending = false;
	if (csvin->is_plain) {
		csvin_cells_add(&csvin->cells, bytes);
		return;
	}
	while (bytes.size > 0 && !is_error(&csvin->cells.error)) {
		size_t size = csvin->held_size > 0 ? 0 : plain_count(csvin, bytes);
		if (size > 0)
			data_add(csvin, (struct slice){bytes.bytes, size});
		else
			mark_take(csvin, bytes.bytes[size++]);
		bytes = (struct slice){bytes.bytes + size, bytes.size - size};
	}
}

/* ---- lines ---- */

/* The line ends with `end`, a CR or an LF. */
static void line_end(struct csvin *csvin, char end)
{
	struct csvin_cells *cells = &csvin->cells;
	held_flush(csvin);
	bool is_data = cells->is_open && (has_ends(csvin) || csvin_cells_is_quoted(cells));
	csvin_cells_next_line(cells);
	if (is_data)
		csvin_cells_add(cells, (struct slice){&end, 1});
	else
		csvin_cells_end(cells);
	csvin->cr_pending = end == '\r';
}

/* An LF right after a CR is part of the same line end, and of the cell if that was data. */
static void line_feed_after_cr(struct csvin *csvin)
{
	csvin->cr_pending = false;
	if (csvin->cells.is_open)
		csvin_cells_add(&csvin->cells, SLICE("\n"));
}

static const char *line_end_find(const char *bytes, size_t size)
{
	const char *lf = memchr(bytes, '\n', size);
	const char *cr = memchr(bytes, '\r', lf ? (size_t)(lf - bytes) : size);
	return cr ? cr : lf;
}

struct error csvin_feed(struct csvin *csvin, const char *bytes, size_t size)
{
	const char *const stop = bytes + size;
	const struct error *error = &csvin->cells.error;
	while (bytes < stop && !is_error(error)) {
		if (csvin->cr_pending && *bytes == '\n') {
			line_feed_after_cr(csvin);
			bytes++;
			continue;
		}
		const char *end = line_end_find(bytes, (size_t)(stop - bytes));
		line_add(csvin, (struct slice){bytes, (size_t)((end ? end : stop) - bytes)});
		if (end && !is_error(error))
			line_end(csvin, *end);
		bytes = end ? end + 1 : stop;
	}
	return *error;
}

uint64_t csvin_line(const struct csvin *csvin)
{
	return csvin->cells.line;
}

struct error csvin_finish(struct csvin *csvin)
{
	struct csvin_cells *cells = &csvin->cells;
	if (is_error(&cells->error))
		return cells->error;
	held_flush(csvin);
	if (cells->is_open && csvin_cells_is_quoted(cells)) {
		uint64_t line = csvin_cells_quote_line(cells);
		return error_reject("quote_open", line,
		    "a quote that opens in line %llu is still open at the end of the file, which "
		    "may have been cut short: send it whole, or add the closing quote",
		    (unsigned long long)line);
	}
	cells->is_last = true;
	csvin_cells_end(cells);
	return cells->error;
}
