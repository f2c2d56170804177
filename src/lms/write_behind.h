/*
 * write_behind: enrolments and roles that a large transaction has decided on but not yet written.
 * They are written many thousands at a time, each table in the order of its index, by a thread of
 * their own: planning goes on meanwhile, because the census answers it without the database.
 *
 *     write_behind_add ──► gathering ──(full, or finish)──► being written ──(join)──► forgotten
 *
 * The connection belongs to that thread while there is one: everything else that uses it joins
 * first (lms_db). An error there sticks to the connection and shows at the join.
 */
#ifndef LMS_WRITE_BEHIND_H
#define LMS_WRITE_BEHIND_H

#include "enrold/lms.h"

struct write_behind;

/* NULL: no memory. Everything borrows lms, which owns it. */
struct write_behind *write_behind_create(struct lms *lms);
/* Joins, and forgets what was not written. */
void write_behind_free(struct write_behind *write_behind);

/* Whether these changes may wait: enrolments and roles in courses and nothing else. */
bool write_behind_takes(const struct effects *effects);
/* Rehearses until it is dropped. */
void write_behind_rehearse(struct write_behind *write_behind);
/* False: no memory, and some of them may have been taken: roll back. */
bool write_behind_add(struct write_behind *write_behind, const struct effects *effects);
/* Nothing is being written when this returns. */
void write_behind_join(struct write_behind *write_behind);
/* Everything has been written, but for the dirty flags. */
void write_behind_finish(struct write_behind *write_behind);
/* At the end of the transaction: joins, forgets what was not written, and gives back all memory. */
void write_behind_drop(struct write_behind *write_behind);
/* The dirty flags of all that was written: once a transaction, for most people have several. */
void write_behind_mark_dirty(struct write_behind *write_behind);

#endif
