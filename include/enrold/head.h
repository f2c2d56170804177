/*
 * head: the last run that this spool has answered, in <spool>/.head. A database that does not know
 * it is an older one, restored from a backup, or another one: to go on would be to forget what has
 * been answered. Not flushed: after a power cut an older run stands there, which is known as well.
 */
#ifndef ENROLD_HEAD_H
#define ENROLD_HEAD_H

#include "enrold/lms.h"
#include "enrold/runid.h"
#include "enrold/spool.h"

/* `at`: a directory for HEAD_PART, which a kill may leave there. */
#define HEAD_PART ".head.part"
struct error head_note(const struct spool *spool, int at, const char *run) MUST_CHECK;
/* "": nothing has been answered yet. */
struct error head_find(const struct spool *spool, char run[RUN_ID_SIZE + 1]) MUST_CHECK;
/* CONFIG: the ledger does not know it. */
struct error head_check(const struct spool *spool, struct lms *lms) MUST_CHECK;
/* Takes the database for the right one: its newest run is the head. */
struct error head_accept(const struct spool *spool, struct lms *lms) MUST_CHECK;

#endif
