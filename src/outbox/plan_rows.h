/*
 * plan_rows: the rows of an answer that its plan shows, by course: where each is, who they are
 * about, and what they would do. The answer is read once; memory is some bytes a row. Nobody
 * outside of this room includes it.
 */
#ifndef OUTBOX_PLAN_ROWS_H
#define OUTBOX_PLAN_ROWS_H

#include "enrold/hash.h"
#include "enrold/hashlist.h"
#include "enrold/result.h"

struct plan_row {
	uint64_t offset;
	uint32_t size;
	uint32_t course; /* a number for plan_rows_course; 0: none */
};

/* Plain data; for plan_rows_done whatever becomes of it. */
struct plan_rows {
	bool is_whole;  /* every row that would do something; else those that were withheld */
	uint32_t first; /* the size of the answer's first row */
	struct hashlist items, courses, people, marks;
	uint32_t *order; /* items by course, counted from 0; of one course as they stand */
	struct arena *names, *scratch;
	struct hash *hash; /* of a row, again and again */
	/* Rows of one slot (plan_place.h) follow each other, and the one that names their course
	 * may come after the first of them. */
	uint64_t slot;
	uint32_t course;
	size_t waiting;  /* the first item whose course is not known yet */
	bool has_failed; /* no memory */
};

/* file: result.csv. */
struct error plan_rows_find(
    struct plan_rows *rows, bool is_whole, int file, uint64_t bytes) MUST_CHECK;
void plan_rows_done(struct plan_rows *rows);

const struct plan_row *plan_rows_at(const struct plan_rows *rows, size_t place); /* in order */
struct slice plan_rows_course(const struct plan_rows *rows, uint32_t course);
/* The same for rows that would do the same to the same people, in whatever order they come. */
struct error plan_rows_content(struct plan_rows *rows, char sha256[HASH_TEXT_SIZE + 1]) MUST_CHECK;

#endif
