/*
 * file_shape: what a full file was like, to compare the next one with it. Plain data; kept in the
 * ledger as lines of text. Pure.
 */
#ifndef ENROLD_FILE_SHAPE_H
#define ENROLD_FILE_SHAPE_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A course from which nobody could leave, because of a row whose person is unknown. */
struct blocked_course {
	int64_t enrol;
	uint64_t files; /* in a row */
	uint64_t line;  /* of that row, in the newest of them */
};

struct file_shape {
	struct slice run;
	struct slice name; /* as it was dropped */
	struct slice sha256;
	int64_t modified_ms;   /* epoch milliseconds */
	uint64_t rows;         /* records behind the header */
	uint64_t people;       /* whom it listed */
	bool is_ended;         /* by a newline */
	struct slice *columns; /* canonical names */
	size_t columns_count;
	uint32_t *unknown; /* marks of rows whose person is unknown, ascending, distinct */
	size_t unknown_count;
	struct blocked_course *blocked; /* by enrol */
	size_t blocked_count;
	/* The newest full file, which may have been withheld as a whole, so that it is not this
	 * one; of a file just read empty and 0. */
	struct slice last_run, last_sha256;
	int64_t last_modified_ms;
};

/* It is its own. */
void file_shape_be_last(struct file_shape *shape, const struct file_shape *last);
/* It is that which was known as the last so far. */
void file_shape_keep_last(struct file_shape *shape, const struct file_shape *known);

/* out->failed: no memory. */
void file_shape_format(const struct file_shape *shape, struct buffer *out);
/* Texts and arrays lie in the arena. CONFIG: somebody else has written it. */
struct error file_shape_parse(
    struct slice text, struct arena *arena, struct file_shape *shape) MUST_CHECK;

/* When a file was last changed, as it is kept: a time that no clock ever has is the nearest one. */
int64_t file_shape_time(int64_t epoch_s, int64_t ns);
/* The same name, digits aside. */
bool file_shape_is_called(struct slice a, struct slice b);
bool file_shape_knows(const struct file_shape *shape, uint32_t mark);
/* A column of the first that the second has not; "": it has them all. */
struct slice file_shape_lacks(const struct file_shape *base, const struct file_shape *file);

#endif
