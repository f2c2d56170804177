/*
 * verify: whether anybody has touched what this spool has answered: the chain from the first
 * summary to the ledger's head, the hash of every file of every answer and of every input, ledger
 * against outbox, in one pass, with so many bytes of memory for each run and none for each byte.
 *
 * What is told without a witness outside is what somebody forgot who touched it: whoever rewrites
 * outbox, ledger and .head in agreement is found out only by a head, or a checkpoint, that has left
 * this machine.
 *
 * Reads only, takes no lock, and may run beside the daemon: what that has not yet published, or
 * ends meanwhile, is no fault.
 */
#ifndef ENROLD_VERIFY_H
#define ENROLD_VERIFY_H

#include "enrold/arena.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/note.h"
#include "enrold/runid.h"

#include <stdbool.h>
#include <stdint.h>

enum verify_fault {
	VERIFY_ALTERED,
	VERIFY_MISSING,
	VERIFY_ADDED,
	VERIFY_REORDERED,
	VERIFY_CUT_OFF, /* at the end */
	VERIFY_MISSING_IN_LEDGER,
	/* No faults, but told: */
	VERIFY_FORKED, /* after reconcile on ... */
	VERIFY_PRUNED, /* by rule ... */
	VERIFY_UNPROVED,
	VERIFY_FAULTS,
};

struct verify_finding {
	enum verify_fault fault;
	uint64_t number;           /* place in the chain; 0: not in it */
	char run[RUN_ID_SIZE + 1]; /* "": it is of none */
	const char *word;          /* "altered", "pruned by rule 2026-12-27" */
	const char *path;          /* below the spool; "": it is no file */
	const char *what;          /* a sentence without its full stop */
};

/* Texts are borrowed. */
struct verify_terms {
	int64_t since_us;            /* files of runs since then; 0: all */
	const char *head;            /* was it ever the chain's? NULL: not asked */
	const char *checkpoint_name; /* for messages */
	struct slice checkpoint;     /* a note (note.h); bytes NULL: none is given */
	const struct note_key *key;  /* whose it must be; NULL: one of outbox/checkpoints */
};

enum verify_known { VERIFY_NOT_ASKED, VERIFY_NEVER, VERIFY_ONCE, VERIFY_ON_FORK };

struct verify_answer {
	struct verify_finding *findings; /* faults first, as they come in the chain; in the arena */
	size_t count, faults;
	bool is_vague; /* what comes before the first may have been touched as well */
	uint64_t runs, files, bytes, pruned, publishing, notes;
	uint64_t number; /* of the ledger's head */
	char head[HASH_TEXT_SIZE + 1];
	/* What was asked of: */
	enum verify_known head_known, checkpoint_known;
	uint64_t head_number, checkpoint_number;
	/* Runs from that to this are proved. What a prune run says of a run before it the head of a
	 * chain that ends before the prune run does not hold. */
	uint64_t head_from, checkpoint_from;
	char head_run[RUN_ID_SIZE + 1], checkpoint_run[RUN_ID_SIZE + 1];
};

/* "altered"; of what is told with a day the beginning. */
const char *verify_word(enum verify_fault fault);
static inline bool verify_is_fault(enum verify_fault fault)
{
	return fault < VERIFY_FORKED;
}

/* Texts of the answer lie in the arena. RETRY: the database is away, or the disk. CONFIG: what is
 * asked for is no note. */
struct error verify(const struct config *config, const struct verify_terms *terms,
    struct arena *arena, struct verify_answer *answer) MUST_CHECK;

#endif
