/*
 * last_run: how far the chain of answers has come, as this spool knows it, in <spool>/.head. A
 * database that does not hold that run, ended and with that summary, was put back to an earlier day
 * or is another one: going on would forget what has been answered.
 *
 * What stands there is written before the answer is published, and is the answer's own run or one
 * that was committed after it. Runs are committed one after the other, since each locks the chain's
 * last link: a database that holds the head holds all that was ever answered here. The head never
 * goes back, whatever order the runs are published in:
 *
 *     my summary's `previous` is the head's chain  --> I am next
 *     else others were committed around me         --> the ledger's newest, if it holds the head
 *
 * The file has two places of a sector each, written in turn and flushed: a power cut can spoil the
 * one that is being written, never the other. It is never replaced, so that its lock, owner and
 * mode stay.
 */
#ifndef ENROLD_LAST_RUN_H
#define ENROLD_LAST_RUN_H

#include "enrold/ledger.h"
#include "enrold/lms.h"
#include "enrold/runid.h"
#include "enrold/spool.h"

struct last_run {
	uint64_t turn;                   /* of writing */
	char run[RUN_ID_SIZE + 1];       /* "": nothing has been answered yet */
	char sha256[HASH_TEXT_SIZE + 1]; /* of its summary; "": written by 0.1.0, which kept none */
	char chain[HASH_TEXT_SIZE + 1];  /* 64 zeros before the first answer; "": 0.1.0 */
};

struct error last_run_find(const struct spool *spool, struct last_run *head) MUST_CHECK;
/* CONFIG: the ledger does not hold the head as it was answered. */
struct error last_run_check(const struct spool *spool, struct lms *lms) MUST_CHECK;
/* The same inside a last transaction, where the chain's last link is known and locked: it costs a
 * question only when that link is not the head. */
struct error last_run_expect(
    const struct spool *spool, struct lms *lms, const char *previous) MUST_CHECK;
/* The run is committed and about to be published. */
struct error last_run_note(
    const struct spool *spool, struct lms *lms, const struct ledger_run *run) MUST_CHECK;
/* Takes the database for the right one: its newest run is the head. */
struct error last_run_accept(const struct spool *spool, struct lms *lms) MUST_CHECK;

#endif
