/*
 * csvin_cells: the bytes of one record after the other to its cells, by libcsv, within limits.
 * Nobody but csvin includes it.
 */
#ifndef TEXT_CSVIN_CELLS_H
#define TEXT_CSVIN_CELLS_H

#include "enrold/buffer.h"
#include "enrold/csvin.h"

#include <csv.h>

struct csvin_cells {
	struct csvin_terms terms;
	struct csv_parser parser;
	csvin_on_record *on_record;
	void *context;

	uint64_t line;        /* the physical line being read */
	uint64_t record_line; /* where the open record started */
	uint64_t quote_line;  /* where its open quote started */
	size_t quote_cell;  /* which cell that is; SIZE_MAX: no quote was open at the line's end */
	bool is_open;       /* bytes of a record have come and it has not ended */
	bool is_skipping;   /* a broken record: the rest of it is only kept as raw text */
	bool is_last;       /* its end has not come, and will not */
	bool cell_overflow; /* the cell being read has passed field_max */
	bool is_cut;        /* a cell of the record has */
	bool too_long;      /* something else of the record was not kept */

	struct buffer raw;   /* the record's bytes, for when it breaks */
	struct buffer bytes; /* its cells, one after the other */
	struct slice *cells; /* while reading: sizes only */
	size_t cells_count, cells_room;
	struct error error;
};

/* The callback and its context are set by then. */
void csvin_cells_init(struct csvin_cells *cells, const struct csvin_terms *terms);
void csvin_cells_done(struct csvin_cells *cells);

/* A quote is open. */
bool csvin_cells_is_quoted(const struct csvin_cells *cells);
/* Where it was opened. */
uint64_t csvin_cells_quote_line(const struct csvin_cells *cells);

/* The record's bytes, without its end. A line's end is one of them in a quoted cell, and in any
 * where records have ends of their own. */
void csvin_cells_add(struct csvin_cells *cells, struct slice bytes);
/* The same, where libcsv has to be told otherwise. */
void csvin_cells_add_as(struct csvin_cells *cells, struct slice bytes, struct slice told);
/* Delivers the record, unless it is blank, and begins the next. */
void csvin_cells_end(struct csvin_cells *cells);
void csvin_cells_next_line(struct csvin_cells *cells);

#endif
