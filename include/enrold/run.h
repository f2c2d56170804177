/*
 * run: one file's way from the inbox to its answer, on a worker's thread.
 *
 *     inbox --claim--> work/<node>/R --copy, check--> apply, batch by batch --> answer, archive
 *                         |   ^            |                                       or quarantine
 *                         |   +-- continue-+-- changed while read: back to the inbox
 *
 * Every step can be repeated: what was done is read from the run's directory and the ledger, so
 * that going on after a crash and going on after a full disk are the same call.
 */
#ifndef ENROLD_RUN_H
#define ENROLD_RUN_H

#include "enrold/checkpoints.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/lease.h"
#include "enrold/names.h"
#include "enrold/orders.h"
#include "enrold/pace.h"
#include "enrold/packer.h"
#include "enrold/progress.h"
#include "enrold/runid.h"
#include "enrold/spool.h"
#include "enrold/tally.h"
#include "enrold/turnstile.h"

#include <stdatomic.h>

struct lms;

/* What all runs share; borrowed by the runners. */
struct run_surroundings {
	const struct config *config;
	const char *config_path; /* NULL: none; its time is a witness of the clock */
	/* The site's time zone as the process has it; "99": its own; NULL: whatever it is. */
	const char *zone;
	const struct spool *spool;
	struct run_ids *ids;
	struct lease *lease;             /* NULL: the spool is not shared */
	struct turnstile *turnstile;     /* in front of the LMS's write transactions */
	struct pace *pace;               /* of these transactions */
	struct checkpoints *checkpoints; /* NULL: the next daemon makes what is due */
	/* Makes a run end at its next checkpoint, and a copy where it is. */
	const atomic_bool *is_stopping;
	/* A file waits for a worker: the same, for those that have had their turn. */
	const atomic_bool *is_crowded;
	/* A connection that the start has made and checked, for whoever needs the first; NULL, or
	 * NULL in it: there is none. */
	_Atomic(struct lms *) *opened;
	struct packer *packer; /* NULL: nothing is packed */
	atomic_uint *progress; /* grows while any run gets on, for the watchdog */
};

enum run_end {
	RUN_ANSWERED,  /* the answer is in the outbox, the input archived or in quarantine */
	RUN_VANISHED,  /* there is no such file any more, or it went back to the inbox */
	RUN_SKIPPED,   /* it cannot be taken and stays where it is; `error` says why */
	RUN_ELSEWHERE, /* another daemon serves the feed */
	RUN_YIELDED,   /* it has had its turn: go on with it when the others have had theirs */
	RUN_STOPPED,   /* a person has said so: it waits for another word (orders.h) */
	RUN_UNTAKEN,   /* it waits behind another one of its group: take it when that is over */
	RUN_POSTPONED, /* `error` says why, or is none: stopping. Go on later: with the run, if any
	                */
};

enum { ZONE_SIZE = 64 };

struct run_report {
	enum run_end end;
	struct error error;
	char run[RUN_ID_SIZE + 1]; /* "": none was begun */
	struct lane lane;
	char file[FILE_NAME_SIZE];
	/* Of a run that is to be gone on with: how far it is; rows 0: not known. */
	uint64_t rows, rows_done;
	/* RUN_POSTPONED: the site has this time zone now, and the process is to have it, too; or ""
	 */
	char zone[ZONE_SIZE];
	/* RUN_ANSWERED: */
	bool is_refused, is_discarded, is_held;
	char code[64], reason[240]; /* of a refusal, or why it is held */
	/* It carried out an order, about that run or feed; "": it did not. */
	enum order_kind order;
	char ordered[ORDER_SUBJECT_MAX + 1];
	struct tally tally;
	char chain[HASH_TEXT_SIZE + 1];
	uint64_t bytes;   /* of the input */
	uint64_t took_us; /* from its taking to its answer */
};

/* A worker's own: its connection to the LMS, opened when first needed. */
struct runner;

struct runner *runner_create(const struct run_surroundings *surroundings); /* NULL: no memory */
void runner_free(struct runner *runner);
/* How far it is with its run; for any thread, as long as there is the runner. */
struct progress *runner_progress(struct runner *runner);
/* There is nothing to do for a while: does what was left undone, until is_wanted, and gives back
 * the memory that only makes it faster. */
void runner_rest(struct runner *runner, const atomic_bool *is_wanted);

/* Some thousand rows: a tenth of a second. */
enum { RUN_SHORT_BYTES = 32 << 10 };

/* A file of the lane's inbox. is_short: the run yields at once when it has more than
 * RUN_SHORT_BYTES by now. */
void run_file(struct runner *runner, const struct lane *lane, const char *name, bool is_short,
    struct run_report *report);
/* Short files of it that wait together, in that order, done with one transaction where that can be.
 * RUN_UNTAKEN: those behind one that has not come to its end. */
enum { RUN_FILES_MAX = 64 };
struct run_file {
	char name[FILE_NAME_SIZE];
	struct run_report report;
};
void run_files(
    struct runner *runner, const struct lane *lane, struct run_file *files, size_t count);
/* Unenrols those of the feed whose grace is over (absence.h), in a run of its own each day; none:
 * RUN_VANISHED. */
void run_due(struct runner *runner, const struct lane *lane, struct run_report *report);
/* Once a day, what the feed keeps no longer (prune.h), by an order that enrold gives itself;
 * nothing, or the day has had such a run: RUN_VANISHED. */
void run_keep(struct runner *runner, const struct lane *lane, struct run_report *report);
/* Carries out an order about a run of the feed (orders.h) in a run of its own. What cannot be
 * carried out any more, because the plan is closed or the run is not there: RUN_VANISHED, and the
 * order is to be withdrawn. */
void run_order(struct runner *runner, const struct lane *lane, enum order_kind kind,
    const char *subject, struct run_report *report);
/* A run in work/<node>, begun earlier. is_last_try: an error that is this file's alone now ends the
 * run, refused, with that reason. */
void run_continue(
    struct runner *runner, const char *id, bool is_last_try, struct run_report *report);

/* To whom a run in work/<node> belongs, and its file; its feed is "" when its directory does not
 * say, and its file when that has left already. */
void run_find_lane(
    const struct spool *spool, const char *id, struct lane *lane, char file[FILE_NAME_SIZE]);

/* The process is about to end of its own will: no file has killed it, whatever runs are under
 * way. */
void run_forgive(const struct spool *spool);

#endif
