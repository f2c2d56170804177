/*
 * csvin: bytes in, records out. libcsv behind a push parser with bounded memory and true line
 * numbers (RFC 4180 plus what enrold.csv(5) adds). Pure: no I/O, no clock.
 *
 * LF, CRLF and CR each end a physical line, inside quotes too. Blank and blank-only lines are no
 * records. A quote inside an unquoted cell is data. Text after a closing quote breaks the record:
 * it is delivered with fault CSVIN_BROKEN and its raw text as its only cell, and reading goes on at
 * the next physical line. A quote still open at field_max bytes or at the end of the input ends the
 * file: REJECT quote_open, with the line where it opened.
 *
 * Where records have an end of their own, "!##!", a line's end is no more than a blank around a
 * cell, and within one a part of it; a broken record goes as far as its end. In quotes the end is
 * data. Line numbers are those of physical lines still.
 */
#ifndef ENROLD_CSVIN_H
#define ENROLD_CSVIN_H

#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csvin_limits {
	size_t field_max;  /* bytes of one cell */
	size_t record_max; /* bytes of one record, all cells */
	size_t cells_max;  /* cells of one record */
};

/* Bytes of what ends records. */
enum { CSVIN_END_MAX = 16 };

struct csvin_terms {
	char delimiter;
	const char *record_end; /* borrowed, without line ends or quotes; NULL: a line's end */
	bool is_backslashed;    /* in quotes \" is a quote, and \\ a backslash */
	struct csvin_limits limits;
};

enum csvin_fault {
	CSVIN_WHOLE,
	CSVIN_BROKEN,   /* text after a closing quote */
	CSVIN_CUT,      /* cells over field_max are not kept: their bytes are NULL */
	CSVIN_TOO_LONG, /* the record is over record_max or cells_max: what went over is not kept */
	CSVIN_UNDATED,  /* of a composed text alone: fault_cell has no date for newest_by */
};

struct csvin_record {
	uint64_t line; /* physical line on which the record starts; the first line is 1 */
	enum csvin_fault fault;
	bool is_ended;       /* by what ends records; else the input has ended first */
	uint32_t fault_cell; /* CSVIN_UNDATED: which one */
	size_t cells_count;
	const struct slice *cells; /* borrowed until the callback returns */
};

/* An error returned here ends the feed and is what csvin_feed or csvin_finish return. */
typedef struct error csvin_on_record(void *context, const struct csvin_record *record);

struct csvin;

/* NULL: out of memory. */
struct csvin *csvin_create(
    const struct csvin_terms *terms, csvin_on_record *on_record, void *context);
void csvin_free(struct csvin *csvin);

struct error csvin_feed(struct csvin *csvin, const char *bytes, size_t size) MUST_CHECK;
/* The line on which the next byte would stand. */
uint64_t csvin_line(const struct csvin *csvin);
/* The input has ended; a last line without a newline counts. Call once. */
struct error csvin_finish(struct csvin *csvin) MUST_CHECK;

#endif
