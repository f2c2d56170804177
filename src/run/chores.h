/*
 * chores: what Moodle itself has to do after a run (lms.h, lms_chores), gathered in R's directory
 * while its batches are written, and put into <spool>/aftercare/R.jsonl before its answer is out. A
 * line is durable before the commit that makes it true; lines of what was undone are cut off as far
 * as they are known, and do no harm.
 */
#ifndef RUN_CHORES_H
#define RUN_CHORES_H

#include "run_state.h"

#include <sys/types.h>

struct chores_file {
	const struct run *run;
	int file;        /* -1: nothing has been noted by this attempt */
	off_t committed; /* bytes that belong to what the ledger knows */
	bool is_flushed;
	bool is_undone; /* nothing of it stays */
};

/* Begins an attempt at the run, from its last checkpoint on. */
struct error chores_open(
    struct chores_file *chores, const struct run *run, bool is_undone) MUST_CHECK;
struct error chores_add(struct chores_file *chores, struct slice lines) MUST_CHECK;
/* Before a commit, and after it. */
struct error chores_sync(struct chores_file *chores) MUST_CHECK;
struct error chores_commit(struct chores_file *chores) MUST_CHECK;
/* What was not committed is undone. */
void chores_cut(struct chores_file *chores);
void chores_close(struct chores_file *chores);

#endif
