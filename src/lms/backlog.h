/*
 * backlog: enrolments and roles that a large transaction has decided on but not yet written. They
 * are written many thousands at a time, each table in the order of its index, by a thread of their
 * own: planning goes on meanwhile, because the census answers it without the database.
 *
 *     backlog_add ──► gathering ──(full, or finish)──► being written ──(join)──► forgotten
 *
 * The connection belongs to that thread while there is one: everything else that uses it joins
 * first (lms_db). An error there sticks to the connection and shows at the join.
 */
#ifndef ENROLD_LMS_BACKLOG_H
#define ENROLD_LMS_BACKLOG_H

#include "enrold/lms.h"

struct backlog;

/* NULL: no memory. Everything borrows lms, which owns it. */
struct backlog *backlog_create(struct lms *lms);
/* Joins, and forgets what was not written. */
void backlog_free(struct backlog *backlog);

/* Whether these changes may wait: enrolments and roles in courses and nothing else. */
bool backlog_takes(const struct effects *effects);
/* Rehearses until it is dropped. */
void backlog_rehearse(struct backlog *backlog);
/* False: no memory, and some of them may have been taken: roll back. */
bool backlog_add(struct backlog *backlog, const struct effects *effects);
/* Nothing is being written when this returns. */
void backlog_join(struct backlog *backlog);
/* Everything has been written, but for the dirty flags. */
void backlog_finish(struct backlog *backlog);
/* At the end of the transaction: joins, forgets what was not written, and gives back all memory. */
void backlog_drop(struct backlog *backlog);
/* The dirty flags of all that was written: once a transaction, for most people have several. */
void backlog_flag(struct backlog *backlog);

#endif
