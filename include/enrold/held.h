/*
 * held: the plans that wait for a person, in <spool>/held/<feed>/:
 *
 *     staff.R.plan.csv     what was withheld, or would be done (plan_sheet.h)
 *     staff.R.plan.json    its card: what one has to know of it without a database
 *     staff.R.csv          the file, when it is held as a whole
 *     staff.R.cut.csv      what is archived of it in the end, where that has no passwords
 *
 * The ledger decides which are open (plans.h); the card lies there from the publishing of R to that
 * of the run which closes it. Files in held/ itself came late (cluster), and are none.
 */
#ifndef ENROLD_HELD_H
#define ENROLD_HELD_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/names.h"
#include "enrold/runid.h"
#include "enrold/spool.h"

#define HELD_PLAN ".plan.csv"
#define HELD_CARD ".plan.json"
#define HELD_CUT ".cut.csv"

struct held_plan {
	char run[RUN_ID_SIZE + 1];
	char feed[FEED_NAME_MAX + 1];
	char file[FILE_NAME_SIZE];       /* as it was dropped */
	char sha256[HASH_TEXT_SIZE + 1]; /* of the plan */
	bool is_whole;
	char code[32], reason[256]; /* "created", "withheld", ... and a sentence */
	uint64_t rows, people;
	int64_t owner_uid; /* who dropped the file; -1: not known */
	int64_t since_s;
};

struct held_plans {
	struct held_plan *items; /* by feed, then run */
	size_t count;
};

enum { HELD_MAX = 10000 }; /* that are read */

/* <spool>/held/<feed>, made when missing; the caller closes it. root: the spool's. */
struct error held_open(int root, const char *feed, int *directory) MUST_CHECK;
/* Replaces the card. */
struct error held_write_card(int directory, const struct held_plan *plan) MUST_CHECK;
/* All; feed NULL: of all feeds. What is no card counts for nothing. For held_free. */
struct error held_load(int root, const char *feed, struct held_plans *plans) MUST_CHECK;
void held_free(struct held_plans *plans);
/* run "": there is none. */
struct error held_find(int root, const char *run, struct held_plan *plan) MUST_CHECK;
/* Whether a file of the feed is held as a whole. */
struct error held_has_whole(int root, const char *feed, bool *has) MUST_CHECK;

#endif
