/*
 * conflicts: what others have written while a large transaction went on. Moodle keeps neither roles
 * unique nor deleted people out of courses, and a snapshot sees nothing of it: a connection of its
 * own looks just before the commit, so that no more than the commit itself is left to chance. A
 * small transaction is over before anybody would be found. Only on servers: SQLite has one writer.
 */
#ifndef LMS_CONFLICTS_H
#define LMS_CONFLICTS_H

#include "enrold/lms.h"

/* At the beginning of a transaction that has a census. */
void conflicts_expect(struct lms *lms);
/* Makes the transaction fail with RETRY when a person has got a role that it also gives, or was
 * deleted whom it enrols. */
void conflicts_check(struct lms *lms);

#endif
