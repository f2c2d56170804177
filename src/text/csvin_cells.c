/*
 * csvin_cells: libcsv, fed pieces of which it is known that they are of one record, so that a
 * broken one can be left at its end.
 *
 * libcsv runs in strict mode, because without it text after a closing quote swallows the rest of
 * the file without an error. Strict mode also stops at a quote inside an unquoted cell, which is
 * data to us: that one byte is then parsed with strict mode off. libcsv's parser struct is public
 * and its source has been frozen since 2013; two of its fields are read here, and reset where a
 * cell grows over its limit, because it has no limit of its own.
 */
#include "csvin_cells.h"

#include <stdlib.h>

/* csv_parser.pstate, from libcsv.c. */
enum { FIELD_BEGUN = 2, FIELD_MIGHT_HAVE_ENDED = 3 };

enum { PIECE_MAX = 16 * 1024, BLOCK_SIZE = 1024 };

/* ---- what ends a record ---- */

static int is_blank_or_line_end(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_none(unsigned char c)
{
	(void)c;
	return 0;
}

/* Where records have ends of their own, what ends a line is within a cell as good as any other
 * letter, and around it as a blank. */
static void parser_set_ends(struct csvin_cells *cells, bool is_own)
{
	csv_set_space_func(&cells->parser, is_own ? is_blank_or_line_end : NULL);
	csv_set_term_func(&cells->parser, is_own ? is_none : NULL);
}

static void parser_init(struct csvin_cells *cells)
{
	csv_init(&cells->parser, CSV_STRICT);
	csv_set_delim(&cells->parser, (unsigned char)cells->terms.delimiter);
	csv_set_blk_size(&cells->parser, BLOCK_SIZE);
	parser_set_ends(cells, cells->terms.record_end != NULL);
}

void csvin_cells_init(struct csvin_cells *cells, const struct csvin_terms *terms)
{
	cells->terms = *terms;
	cells->line = 1;
	cells->quote_cell = SIZE_MAX;
	cells->error = OK;
	parser_init(cells);
}

void csvin_cells_done(struct csvin_cells *cells)
{
	csv_free(&cells->parser);
	buffer_done(&cells->raw);
	buffer_done(&cells->bytes);
	free(cells->cells);
}

static void record_reset(struct csvin_cells *cells)
{
	cells->is_open = cells->is_skipping = cells->cell_overflow = cells->is_cut =
	    cells->too_long = false;
	cells->quote_cell = SIZE_MAX;
	cells->cells_count = 0;
	buffer_clear(&cells->raw);
	buffer_clear(&cells->bytes);
}

static bool cells_reserve(struct csvin_cells *cells)
{
	if (cells->cells_count < cells->cells_room)
		return true;
	size_t room = cells->cells_room ? cells->cells_room * 2 : 32;
	struct slice *grown = realloc(cells->cells, room * sizeof *grown);
	if (!grown)
		return false;
	cells->cells = grown;
	cells->cells_room = room;
	return true;
}

/* libcsv's cell. */
static void on_cell(void *bytes, size_t size, void *context)
{
	struct csvin_cells *cells = context;
	bool is_cut = cells->cell_overflow || size > cells->terms.limits.field_max;
	bool fits = cells->bytes.size + (is_cut ? 0 : size) <= cells->terms.limits.record_max &&
	            cells->cells_count < cells->terms.limits.cells_max;
	cells->cell_overflow = false;
	cells->is_cut |= is_cut;
	cells->too_long |= !fits;
	if (is_cut || !fits)
		size = 0;
	if (cells->cells_count >= cells->terms.limits.cells_max || is_error(&cells->error))
		return;
	if (!cells_reserve(cells)) {
		cells->error = error_memory("reading a record");
		return;
	}
	cells->cells[cells->cells_count++] = (struct slice){is_cut ? NULL : "", size};
	buffer_add(&cells->bytes, bytes, size);
}

static void record_deliver(struct csvin_cells *cells, enum csvin_fault fault)
{
	if (cells->bytes.failed || cells->raw.failed)
		cells->error = error_memory("reading a record");
	if (!is_error(&cells->error)) {
		const struct csvin_record record = {
		    .line = cells->record_line,
		    .is_ended = !cells->is_last,
		    .fault = fault,
		    .cells_count = cells->cells_count,
		    .cells = cells->cells,
		};
		cells->error = cells->on_record(cells->context, &record);
	}
	record_reset(cells);
}

/* libcsv's end of record. */
static void on_row(int terminator, void *context)
{
	(void)terminator;
	struct csvin_cells *cells = context;
	size_t offset = 0;
	for (size_t i = 0; i < cells->cells_count; i++) {
		if (cells->cells[i].bytes && cells->bytes.bytes)
			cells->cells[i].bytes = cells->bytes.bytes + offset;
		offset += cells->cells[i].size;
	}
	record_deliver(cells, cells->too_long ? CSVIN_TOO_LONG
	                      : cells->is_cut ? CSVIN_CUT
	                                      : CSVIN_WHOLE);
}

bool csvin_cells_is_quoted(const struct csvin_cells *cells)
{
	return cells->parser.quoted && cells->parser.pstate == FIELD_BEGUN;
}

uint64_t csvin_cells_quote_line(const struct csvin_cells *cells)
{
	return cells->quote_cell == cells->cells_count ? cells->quote_line : cells->line;
}

/* Keeps libcsv's own buffer within field_max. */
static void cell_limit(struct csvin_cells *cells)
{
	struct csv_parser *parser = &cells->parser;
	if (parser->entry_pos <= cells->terms.limits.field_max)
		return;
	if (csvin_cells_is_quoted(cells)) {
		uint64_t line = csvin_cells_quote_line(cells);
		cells->error = error_reject("quote_open", line,
		    "a quote that opens in line %llu is not closed within %zu bytes: add the "
		    "closing quote",
		    (unsigned long long)line, cells->terms.limits.field_max);
	} else if (parser->pstate == FIELD_BEGUN) {
		cells->cell_overflow = true;
		parser->entry_pos = parser->spaces = 0;
	} else if (parser->pstate == FIELD_MIGHT_HAVE_ENDED && parser->spaces > 0) {
		cells->cell_overflow = true;
		/* The closing quote and one blank, which libcsv takes off again: what follows is
		 * behind a blank still. */
		parser->entry_pos = 2;
		parser->spaces = 1;
	}
}

/* How much may be parsed before the cell's size has to be looked at again. */
static size_t piece_size(const struct csvin_cells *cells, size_t size)
{
	size_t used = cells->parser.entry_pos;
	size_t room =
	    used <= cells->terms.limits.field_max ? cells->terms.limits.field_max + 1 - used : 1;
	if (room > PIECE_MAX)
		room = PIECE_MAX;
	return size < room ? size : room;
}

static size_t parse_with(
    struct csvin_cells *cells, unsigned char options, const char *bytes, size_t size)
{
	csv_set_opts(&cells->parser, options);
	return csv_parse(&cells->parser, bytes, size, on_cell, on_row, cells);
}

/* The record is broken where libcsv stopped: start it afresh for the next one. */
static void record_break(struct csvin_cells *cells)
{
	csv_free(&cells->parser);
	parser_init(cells);
	cells->is_skipping = true;
}

/* Bytes of one record, none of them ending it. */
static void parse(struct csvin_cells *cells, const char *bytes, size_t size)
{
	while (size > 0 && !cells->is_skipping && !is_error(&cells->error)) {
		size_t piece = piece_size(cells, size);
		size_t done = parse_with(cells, CSV_STRICT, bytes, piece);
		if (done < piece && csv_error(&cells->parser) != CSV_EPARSE) {
			cells->error = error_memory("reading a record");
			return;
		}
		if (done < piece && cells->parser.quoted) {
			record_break(cells);
			return;
		}
		if (done < piece)
			done += parse_with(cells, 0, bytes + done, 1);
		cell_limit(cells);
		bytes += done;
		size -= done;
	}
}

static void raw_keep(struct csvin_cells *cells, const char *bytes, size_t size)
{
	size_t room = cells->terms.limits.record_max - cells->raw.size;
	buffer_add(&cells->raw, bytes, size < room ? size : room);
}

void csvin_cells_add_as(struct csvin_cells *cells, struct slice bytes, struct slice told)
{
	if (!cells->is_open) {
		cells->is_open = true;
		cells->record_line = cells->line;
	}
	raw_keep(cells, bytes.bytes, bytes.size);
	parse(cells, told.bytes, told.size);
}

void csvin_cells_add(struct csvin_cells *cells, struct slice bytes)
{
	csvin_cells_add_as(cells, bytes, bytes);
}

static void broken_deliver(struct csvin_cells *cells)
{
	struct slice raw = buffer_slice(&cells->raw);
	cells->cells_count = 0;
	if (!cells_reserve(cells)) {
		cells->error = error_memory("reading a record");
		return;
	}
	cells->cells[cells->cells_count++] = raw;
	record_deliver(cells, CSVIN_BROKEN);
}

void csvin_cells_end(struct csvin_cells *cells)
{
	if (cells->is_skipping) {
		broken_deliver(cells);
		return;
	}
	if (!cells->is_open)
		return;
	if (cells->terms.record_end)
		parser_set_ends(cells, false);
	parse(cells, "\n", 1);
	if (cells->terms.record_end)
		parser_set_ends(cells, true);
	record_reset(cells); /* blanks only, or delivered already */
}

void csvin_cells_next_line(struct csvin_cells *cells)
{
	if (cells->is_open && csvin_cells_is_quoted(cells) &&
	    cells->quote_cell != cells->cells_count) {
		cells->quote_cell = cells->cells_count;
		cells->quote_line = cells->line;
	}
	cells->line++;
}
