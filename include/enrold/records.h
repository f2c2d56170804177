/*
 * records: the bytes of a file, as they come, to the record of its headings and those of its rows,
 * by the `csv` settings of a policy. What a heading means is not known here (reader.h, compose.h).
 *
 *     bytes -> decode -> skip_lines -> the separator -> csvin -> headings, then rows
 *
 * With HEADING_NONE the headings are the policy's positions, on line 0, given before the first
 * record. A position "endtime?", and all behind it, may be missing in a record, and is empty then.
 * Records that skip_rows leaves out are none. Line numbers are those of the file, whatever is left
 * out.
 *
 * A retry file is known by its headings error_line and error_code. It is read as if the policy said
 * nothing of a shape, for it is a table like any other, whatever the feed's files look like.
 *
 * REJECT: what csvin refuses; not_text; empty_file: there are no headings, or no record where the
 * policy has them; header_none_too_many: the first record has more cells than the policy has
 * positions. Memory is bounded by the limits given.
 */
#ifndef ENROLD_RECORDS_H
#define ENROLD_RECORDS_H

#include "enrold/csvin.h"
#include "enrold/error.h"
#include "enrold/policy.h"
#include "enrold/slice.h"

#include <stdbool.h>

struct records_terms {
	const struct policy *policy; /* borrowed */
	uint64_t field_max;
};

/* An error returned ends the reading. */
struct records_visitor {
	/* The separator is known by then. */
	struct error (*on_headings)(void *context, const struct csvin_record *headings);
	struct error (*on_record)(void *context, const struct csvin_record *record);
	void *context;
};

struct records;

struct error records_open(const struct records_terms *terms, const struct records_visitor *visitor,
    struct records **result) MUST_CHECK;
void records_close(struct records *records);

struct error records_feed(struct records *records, const char *bytes, size_t size) MUST_CHECK;
struct error records_finish(struct records *records) MUST_CHECK;

/* How the file itself is written: a retry file is not as the policy says. From the headings on. */
struct records_shape {
	char delimiter;
	const char *record_end; /* the policy's; NULL: a line ends */
	bool is_backslashed, is_headless;
	uint32_t skip_lines;
	uint64_t first_line; /* where the headings start, or without such the first record */
};
struct records_shape records_shape(const struct records *records);
/* 0: not known yet. */
char records_delimiter(const struct records *records);
/* What says so: "the feed's csv.delimiter"; NULL: it was recognised. */
const char *records_delimiter_by(const struct records *records);
/* The last line has a newline, or the last record its end; or there is none. */
bool records_is_ended(const struct records *records);
/* How many lines there were so far. */
uint64_t records_lines(const struct records *records);
/* All bytes have come. */
bool records_has_ended(const struct records *records);

#endif
