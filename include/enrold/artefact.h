/*
 * artefact: the files of an answer that grow with its run, by one table: what each is called while
 * it grows in work/, how its name in the outbox ends, and who may read it until then. The ledger
 * counts the bytes of each at every checkpoint, the summary names them with their hashes. The
 * summary itself comes after them all, and is none.
 */
#ifndef ENROLD_ARTEFACT_H
#define ENROLD_ARTEFACT_H

#include "enrold/hash.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In the order in which they are published. */
enum artefact {
	ARTEFACT_RESULT,
	ARTEFACT_RETRY,
	ARTEFACT_PLAN,   /* what was withheld or held, for a person to look at: plan_sheet.h */
	ARTEFACT_REPORT, /* all of it as a page for people: report.h */
	ARTEFACTS
};

struct artefact_kind {
	const char *name;   /* in work/<node>/R */
	const char *suffix; /* in the outbox, behind "staff.R" */
	mode_t mode;
	bool is_always;       /* every answer has it; else only those that have something for it */
	bool is_never_packed; /* a browser opens it as it lies there */
	bool is_made_last; /* it does not grow with the run, but is made of the others at its end */
};

/* Behind the names of result and retry file: the same, encrypted for who has sent the file. No
 * artefact: it can be made again, and goes when what it was made of goes. */
#define ARTEFACT_SEALED ".pgp"

extern const struct artefact_kind artefact_kinds[ARTEFACTS];

/* Bytes of each; 0: there is no such file, or nothing of it yet. */
struct artefact_sizes {
	uint64_t of[ARTEFACTS];
};

/* Of each; "": there is no such file. */
struct artefact_hashes {
	char of[ARTEFACTS][HASH_TEXT_SIZE + 1];
};

#endif
