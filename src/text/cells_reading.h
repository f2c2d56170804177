/*
 * cells_reading: which characters of a file stay when the cells of one column are emptied. Nobody
 * but cells_cut includes it.
 */
#ifndef TEXT_CELLS_READING_H
#define TEXT_CELLS_READING_H

#include "enrold/cells_cut.h"

#define CELLS_MARK "\xEF\xBB\xBF"
enum { CELLS_MARK_SIZE = sizeof CELLS_MARK - 1 };

enum cells_state {
	RECORD_AHEAD, /* at most blanks so far */
	CELL_AHEAD,   /* the same, of a cell behind the first */
	PLAIN,
	QUOTED,
	QUOTE_CLOSED, /* unless another one follows */
	BROKEN,
};

/* Begins with zeros, but for terms, line 1 and is_leading. */
struct cells_reading {
	const struct cells_cut_terms *terms;
	uint64_t count; /* of the cells that said anything */
	uint64_t line;
	enum cells_state state;
	size_t cell;
	bool is_leading; /* the file may still begin with marks, */
	size_t lead;     /* of which so many bytes have come */
	bool is_behind_header;
	bool is_after_cr;
	bool is_after_blank; /* QUOTE_CLOSED */
	bool is_dropping;    /* BROKEN: the rest of the line */
	/* What has to stand in front of the character at hand. */
	bool wants_quotes, wants_dot;
};

/* A character, by its byte in ASCII; any other will do for those that have none. Whether it stays.
 */
bool cells_take(struct cells_reading *reading, char c);
/* A character of a quoted cell, whatever it is elsewhere. */
bool cells_take_data(struct cells_reading *reading);
/* In front of the first line that is read. */
bool cells_are_ahead(const struct cells_reading *reading);
/* The file has ended, or the record has. */
void cells_record_end(struct cells_reading *reading);

#endif
