/*
 * lost: what this spool has answered and the database does not hold: a run it knows nothing of, one
 * of which it has a checkpoint only, or one with another summary. A preview, and a file that was
 * refused as a whole, have changed nothing: they lose nothing, and are told apart.
 *
 * Whoever reads answers may take them away, so the archive is asked as well.
 */
#ifndef ENROLD_LOST_H
#define ENROLD_LOST_H

#include "enrold/arena.h"
#include "enrold/lms.h"
#include "enrold/runid.h"
#include "enrold/spool.h"

struct lost {
	char run[RUN_ID_SIZE + 1];
	char sha256[HASH_TEXT_SIZE + 1]; /* of its summary; "": that has been taken away */
	const char *feed;                /* "": the summary has been taken away */
	const char *file;                /* the input's name as it was dropped */
	const char *summary;             /* its name in the feed's outbox, "" */
	const char *input;               /* where it lies below the spool, "" */
	const char *found; /* in the ledger: "nothing", "unfinished", "another answer" */
	bool is_harmless;  /* nothing that it did is lost, only that it was there */
};

/* Sorted by run; all lies in the arena. */
struct error lost_find(const struct spool *spool, struct lms *lms, struct arena *arena,
    struct lost **lost, size_t *count) MUST_CHECK;

#endif
