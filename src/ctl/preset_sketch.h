/*
 * preset_sketch: a first preset for files that nobody knows: every heading stands in it, with the
 * column that it probably is, or as one that is not used. Pure.
 *
 * It guesses by what systems call their columns, and never by what is in a cell, but for the words
 * of a status or a role, which are listed to be given a meaning. What it is not sure of stands
 * behind a #: a person reads it line by line, and enrolctl preset check and a preview behind them.
 */
#ifndef CTL_PRESET_SKETCH_H
#define CTL_PRESET_SKETCH_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/slice.h"

/* "Given Name" -> "firstname"; "first.name", "FIRST_NAME" too. NULL: it is called like none. */
const char *sketch_column(struct slice heading);

enum { SKETCH_WORDS_MAX = 8 };

struct sketch_heading {
	struct slice text;                    /* as it is written */
	struct slice words[SKETCH_WORDS_MAX]; /* different cells, of a status or a role */
	size_t words_count;
};

struct sketch_kind {
	const char *file; /* "staff.csv" */
	struct sketch_heading *headings;
	size_t headings_count;
	char delimiter;
	struct slice unread; /* why its headings cannot be read; else empty */
};

/* How the file begins is read by no policy at all. RETRY: out of memory. */
struct error sketch_look(struct slice beginning, bool is_whole, struct arena *arena,
    struct sketch_kind *kind) MUST_CHECK;

/* The YAML. */
void sketch_write(const struct sketch_kind *kinds, size_t count, struct buffer *out);

#endif
