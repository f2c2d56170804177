/*
 * approval: what a person was shown, and has approved: cells of rows, by line and column, as the
 * answer names them. A run under an approval does nothing else. Pure.
 *
 * A cell is approved as it was shown: where the plan tells what would be done there, by its code or
 * by the details of an account, another thing is not.
 *
 * Of a file that was held as a whole everything is a cell to be approved: what is done beyond it
 * becomes a plan of its own. Of a run that withheld kinds of changes (enum limited, absence) only
 * those are looked at: the rest of the file was done, and is not done again.
 */
#ifndef ENROLD_APPROVAL_H
#define ENROLD_APPROVAL_H

#include "enrold/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct approval {
	uint64_t *cells; /* hashes of (line, column, user name, target), and of what was shown
	                  * there, sorted; owned */
	size_t count, room;
	bool is_of_withheld; /* nothing but what is limited is done, or told of */
	bool has_failed;     /* no memory */
};

/* column: its name in the answer; "" the row as a whole, "absent": target is the course's short
 * name, and line 0. username and target count in absent rows alone: else they may have changed
 * since. */
void approval_add(struct approval *approval, uint64_t line, struct slice column,
    struct slice username, struct slice target);
/* What such a cell does, one of several: a code of the answer, or a detail, "email". */
enum approval_tale { APPROVAL_CODE, APPROVAL_DETAIL, APPROVAL_TALES };
void approval_show(struct approval *approval, uint64_t line, struct slice column,
    enum approval_tale tale, struct slice what);
/* Behind the last one. False: no memory. */
bool approval_end(struct approval *approval);
bool approval_has(const struct approval *approval, uint64_t line, struct slice column,
    struct slice username, struct slice target);
/* Or nothing of that kind was shown of the cell. */
bool approval_shows(const struct approval *approval, uint64_t line, struct slice column,
    enum approval_tale tale, struct slice what);
void approval_done(struct approval *approval);

#endif
