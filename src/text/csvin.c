/*
 * csvin: libcsv, fed one physical line at a time, so that lines can be counted and a broken record
 * can be left at the end of its line.
 *
 * libcsv runs in strict mode, because without it text after a closing quote swallows the rest of
 * the file without an error. Strict mode also stops at a quote inside an unquoted cell, which is
 * data to us: that one byte is then parsed with strict mode off. libcsv's parser struct is public
 * and its source has been frozen since 2013; two of its fields are read here, and reset where a
 * cell grows over its limit, because it has no limit of its own.
 */
#include "enrold/csvin.h"

#include "enrold/buffer.h"

#include <csv.h>
#include <stdlib.h>

/* csv_parser.pstate, from libcsv.c. */
enum { FIELD_BEGUN = 2, FIELD_MIGHT_HAVE_ENDED = 3 };

enum { PIECE_MAX = 16 * 1024, BLOCK_SIZE = 1024 };

struct csvin {
	struct csv_parser parser;
	struct csvin_limits limits;
	char delimiter;
	csvin_on_record *on_record;
	void *context;

	uint64_t line;        /* the physical line being read */
	uint64_t record_line; /* where the open record started */
	uint64_t quote_line;  /* where its open quote started */
	size_t quote_cell;  /* which cell that is; SIZE_MAX: no quote was open at the line's end */
	bool is_open;       /* bytes of a record have been fed and it has not ended */
	bool is_skipping;   /* a broken record: the rest of its line is only kept as raw text */
	bool cr_pending;    /* the last byte was a CR that ended a line: an LF belongs to it */
	bool cell_overflow; /* the cell being read has passed field_max */
	bool is_cut;        /* a cell of the record has */
	bool too_long;      /* something else of the record was not kept */

	struct buffer raw;   /* the record's bytes, for when it breaks */
	struct buffer bytes; /* its cells, one after the other */
	struct slice *cells; /* while reading: sizes only */
	size_t cells_count, cells_room;
	struct error error;
};

struct csvin *csvin_create(
    char delimiter, struct csvin_limits limits, csvin_on_record *on_record, void *context)
{
	struct csvin *csvin = calloc(1, sizeof *csvin);
	if (!csvin)
		return NULL;
	csvin->limits = limits;
	csvin->delimiter = delimiter;
	csvin->on_record = on_record;
	csvin->context = context;
	csvin->line = 1;
	csvin->quote_cell = SIZE_MAX;
	csvin->error = OK;
	csv_init(&csvin->parser, CSV_STRICT);
	csv_set_delim(&csvin->parser, (unsigned char)delimiter);
	csv_set_blk_size(&csvin->parser, BLOCK_SIZE);
	return csvin;
}

void csvin_free(struct csvin *csvin)
{
	if (!csvin)
		return;
	csv_free(&csvin->parser);
	buffer_done(&csvin->raw);
	buffer_done(&csvin->bytes);
	free(csvin->cells);
	free(csvin);
}

static void record_reset(struct csvin *csvin)
{
	csvin->is_open = csvin->is_skipping = csvin->cell_overflow = csvin->is_cut =
	    csvin->too_long = false;
	csvin->quote_cell = SIZE_MAX;
	csvin->cells_count = 0;
	buffer_clear(&csvin->raw);
	buffer_clear(&csvin->bytes);
}

static bool cells_reserve(struct csvin *csvin)
{
	if (csvin->cells_count < csvin->cells_room)
		return true;
	size_t room = csvin->cells_room ? csvin->cells_room * 2 : 32;
	struct slice *grown = realloc(csvin->cells, room * sizeof *grown);
	if (!grown)
		return false;
	csvin->cells = grown;
	csvin->cells_room = room;
	return true;
}

/* libcsv's cell. */
static void on_cell(void *bytes, size_t size, void *context)
{
	struct csvin *csvin = context;
	bool is_cut = csvin->cell_overflow || size > csvin->limits.field_max;
	bool fits = csvin->bytes.size + (is_cut ? 0 : size) <= csvin->limits.record_max &&
	            csvin->cells_count < csvin->limits.cells_max;
	csvin->cell_overflow = false;
	csvin->is_cut |= is_cut;
	csvin->too_long |= !fits;
	if (is_cut || !fits)
		size = 0;
	if (csvin->cells_count >= csvin->limits.cells_max || is_error(&csvin->error))
		return;
	if (!cells_reserve(csvin)) {
		csvin->error = error_memory("reading a record");
		return;
	}
	csvin->cells[csvin->cells_count++] = (struct slice){is_cut ? NULL : "", size};
	buffer_add(&csvin->bytes, bytes, size);
}

static void record_deliver(struct csvin *csvin, enum csvin_fault fault)
{
	if (csvin->bytes.failed || csvin->raw.failed)
		csvin->error = error_memory("reading a record");
	if (!is_error(&csvin->error)) {
		const struct csvin_record record = {
		    .line = csvin->record_line,
		    .fault = fault,
		    .cells_count = csvin->cells_count,
		    .cells = csvin->cells,
		};
		csvin->error = csvin->on_record(csvin->context, &record);
	}
	record_reset(csvin);
}

/* libcsv's end of record. */
static void on_row(int terminator, void *context)
{
	(void)terminator;
	struct csvin *csvin = context;
	size_t offset = 0;
	for (size_t i = 0; i < csvin->cells_count; i++) {
		if (csvin->cells[i].bytes && csvin->bytes.bytes)
			csvin->cells[i].bytes = csvin->bytes.bytes + offset;
		offset += csvin->cells[i].size;
	}
	record_deliver(csvin, csvin->too_long ? CSVIN_TOO_LONG
	                      : csvin->is_cut ? CSVIN_CUT
	                                      : CSVIN_WHOLE);
}

static bool quote_is_open(const struct csvin *csvin)
{
	return csvin->parser.quoted && csvin->parser.pstate == FIELD_BEGUN;
}

static struct error quote_open_error(const struct csvin *csvin, uint64_t line)
{
	return error_reject("quote_open", line,
	    "a quote that opens in line %llu is not closed within %zu bytes: add the closing quote",
	    (unsigned long long)line, csvin->limits.field_max);
}

/* Keeps libcsv's own buffer within field_max. */
static void cell_limit(struct csvin *csvin)
{
	struct csv_parser *parser = &csvin->parser;
	if (parser->entry_pos <= csvin->limits.field_max)
		return;
	if (quote_is_open(csvin)) {
		uint64_t line =
		    csvin->quote_cell == csvin->cells_count ? csvin->quote_line : csvin->line;
		csvin->error = quote_open_error(csvin, line);
	} else if (parser->pstate == FIELD_BEGUN) {
		csvin->cell_overflow = true;
		parser->entry_pos = parser->spaces = 0;
	} else if (parser->pstate == FIELD_MIGHT_HAVE_ENDED && parser->spaces > 0) {
		csvin->cell_overflow = true;
		/* The closing quote and one blank, which libcsv takes off again: what follows is
		 * behind a blank still. */
		parser->entry_pos = 2;
		parser->spaces = 1;
	}
}

/* How much may be parsed before the cell's size has to be looked at again. */
static size_t piece_size(const struct csvin *csvin, size_t size)
{
	size_t used = csvin->parser.entry_pos;
	size_t room = used <= csvin->limits.field_max ? csvin->limits.field_max + 1 - used : 1;
	if (room > PIECE_MAX)
		room = PIECE_MAX;
	return size < room ? size : room;
}

static size_t parse_with(struct csvin *csvin, unsigned char options, const char *bytes, size_t size)
{
	csv_set_opts(&csvin->parser, options);
	return csv_parse(&csvin->parser, bytes, size, on_cell, on_row, csvin);
}

/* The record is broken where libcsv stopped: start it afresh for the next line. */
static void record_break(struct csvin *csvin)
{
	csv_free(&csvin->parser);
	csv_init(&csvin->parser, CSV_STRICT);
	csv_set_delim(&csvin->parser, (unsigned char)csvin->delimiter);
	csv_set_blk_size(&csvin->parser, BLOCK_SIZE);
	csvin->is_skipping = true;
}

/* Bytes of one line, none of them ending it. */
static void line_parse(struct csvin *csvin, const char *bytes, size_t size)
{
	while (size > 0 && !csvin->is_skipping && !is_error(&csvin->error)) {
		size_t piece = piece_size(csvin, size);
		size_t done = parse_with(csvin, CSV_STRICT, bytes, piece);
		if (done < piece && csv_error(&csvin->parser) != CSV_EPARSE) {
			csvin->error = error_memory("reading a record");
			return;
		}
		if (done < piece && csvin->parser.quoted) {
			record_break(csvin);
			return;
		}
		if (done < piece)
			done += parse_with(csvin, 0, bytes + done, 1);
		cell_limit(csvin);
		bytes += done;
		size -= done;
	}
}

static void raw_keep(struct csvin *csvin, const char *bytes, size_t size)
{
	size_t room = csvin->limits.record_max - csvin->raw.size;
	buffer_add(&csvin->raw, bytes, size < room ? size : room);
}

static void line_add(struct csvin *csvin, const char *bytes, size_t size)
{
	if (size == 0)
		return;
	if (!csvin->is_open) {
		csvin->is_open = true;
		csvin->record_line = csvin->line;
	}
	csvin->cr_pending = false;
	raw_keep(csvin, bytes, size);
	line_parse(csvin, bytes, size);
}

static void broken_deliver(struct csvin *csvin)
{
	struct slice raw = buffer_slice(&csvin->raw);
	csvin->cells_count = 0;
	if (!cells_reserve(csvin)) {
		csvin->error = error_memory("reading a record");
		return;
	}
	csvin->cells[csvin->cells_count++] = raw;
	record_deliver(csvin, CSVIN_BROKEN);
}

/* The line ends with `end`, a CR or an LF, or with the input. */
static void line_end(struct csvin *csvin, char end)
{
	bool was_data = false;
	if (csvin->is_skipping) {
		broken_deliver(csvin);
	} else if (csvin->is_open) {
		if (quote_is_open(csvin) && csvin->quote_cell != csvin->cells_count) {
			csvin->quote_cell = csvin->cells_count;
			csvin->quote_line = csvin->line;
		}
		was_data = quote_is_open(csvin);
		if (was_data)
			raw_keep(csvin, &end, 1);
		line_parse(csvin, &end, 1);
		if (!was_data)
			record_reset(csvin); /* a blank-only line, or delivered already */
	}
	csvin->line++;
	csvin->cr_pending = end == '\r';
}

/* An LF right after a CR is part of the same line end, and of the cell if that was data. */
static void line_feed_after_cr(struct csvin *csvin)
{
	csvin->cr_pending = false;
	if (!csvin->is_open)
		return;
	raw_keep(csvin, "\n", 1);
	line_parse(csvin, "\n", 1);
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
	while (bytes < stop && !is_error(&csvin->error)) {
		if (csvin->cr_pending && *bytes == '\n') {
			line_feed_after_cr(csvin);
			bytes++;
			continue;
		}
		const char *end = line_end_find(bytes, (size_t)(stop - bytes));
		line_add(csvin, bytes, (size_t)((end ? end : stop) - bytes));
		if (end && !is_error(&csvin->error))
			line_end(csvin, *end);
		bytes = end ? end + 1 : stop;
	}
	return csvin->error;
}

struct error csvin_finish(struct csvin *csvin)
{
	if (is_error(&csvin->error))
		return csvin->error;
	if (csvin->is_open && quote_is_open(csvin)) {
		bool earlier = csvin->quote_cell == csvin->cells_count;
		uint64_t line = earlier ? csvin->quote_line : csvin->line;
		return error_reject("quote_open", line,
		    "a quote that opens in line %llu is still open at the end of the file, which "
		    "may have been cut short: send it whole, or add the closing quote",
		    (unsigned long long)line);
	}
	line_end(csvin, '\n');
	return csvin->error;
}
