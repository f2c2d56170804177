/*
 * plan_place: to which course a row of an answer belongs, as far as the answer tells. Rows about a
 * course and those who are absent name it as their target; one about a role or a group in it does
 * not: its course is that of the row of the same line and number. Nobody outside of this room
 * includes it.
 */
#ifndef OUTBOX_PLAN_PLACE_H
#define OUTBOX_PLAN_PLACE_H

#include "enrold/approval.h"
#include "enrold/result.h"

struct plan_place {
	bool names_course;   /* its target is the course's short name */
	struct slice course; /* that name */
	/* The line and the number that its column shares with a column of a course; 0: it shares
	 * none. */
	uint64_t slot;
};

/* cells: as they are written, at least up to the target. What is read lies in the arena. */
struct plan_place plan_place_of(const struct slice cells[RESULT_CELLS], struct arena *arena);
/* The cell that such a row is about. */
void plan_cell_add(
    struct approval *approval, const struct slice cells[RESULT_CELLS], struct arena *arena);
/* What is done there, as far as the row, which has all its cells, tells. */
void plan_cell_show(
    struct approval *approval, const struct slice cells[RESULT_CELLS], struct arena *arena);

#endif
