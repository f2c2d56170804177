/*
 * cells_cut: a file as it was, with the cells of one column emptied. Bytes in, bytes out, as they
 * come; memory is bounded by the piece that is fed. Pure.
 *
 * Between the delimiters of such a cell nothing is left, neither quotes nor blanks. What csvin
 * makes of the rest is what it made of it before, record by record, and every other byte is the one
 * that was there: byte order marks, line ends, blank lines, cells too many. Except:
 *
 *  - A record of that cell alone ends with "", or it would be a blank line; blanks in front of it
 *    stay, for they may be all of a line. So does such a cell wherever records have an end with a
 *    delimiter in it, or it could become one.
 *  - A broken record (csvin.h) that breaks in that cell or before it tells nobody which bytes are
 *    the cell's: from there on it is one dot, which breaks it as well.
 *  - A character set with states, of which no byte can be taken out by itself (ISO-2022, UTF-7):
 * the text becomes UTF-8, which a byte order mark says.
 *
 * In a record with too many or too few cells it is the place that counts.
 */
#ifndef ENROLD_CELLS_CUT_H
#define ENROLD_CELLS_CUT_H

#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/slice.h"

struct cells_cut_terms {
	const char *encoding; /* as of decode_create; borrowed */
	char delimiter;
	const char *record_end; /* as of csvin_create, of ASCII; borrowed */
	bool is_backslashed;
	bool is_headless;    /* there is no header: cells go from the first record on */
	uint32_t skip_lines; /* behind them a mark may stand once more */
	uint64_t first_line; /* on which the header starts, from 1, which stays as it is, or the
	                      * first record; what is in front of it stays, too */
	size_t column;       /* whose cells go, from 0 */
};

struct cells_cut;

struct error cells_cut_create(
    const struct cells_cut_terms *terms, struct cells_cut **result) MUST_CHECK;
void cells_cut_free(struct cells_cut *cut);

/* Appends what stays. CONFIG: iconv does not know the character set. RETRY: out of memory. */
struct error cells_cut_feed(
    struct cells_cut *cut, const char *bytes, size_t size, struct buffer *out) MUST_CHECK;
/* The file has ended. Call once. */
struct error cells_cut_finish(struct cells_cut *cut, struct buffer *out) MUST_CHECK;
/* How many cells said anything; 0: nothing is lost if the file stays as it is. */
uint64_t cells_cut_count(const struct cells_cut *cut);

#endif
