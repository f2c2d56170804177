/*
 * ledger: the record of runs, kept in the LMS database beside their effects.
 *
 * Every write happens inside the caller's transaction, on the connection of lms_db: a checkpoint
 * commits together with the changes of its batch, the last one together with the head of the chain.
 * All strings are borrowed on the way in; on the way out they lie in the caller's arena.
 *
 *     (no row) --start--> running --checkpoint--> running --finish--> applied
 *         \-------------------finish----------------------------> applied | previewed | refused
 *                                                                 | discarded | held
 */
#ifndef ENROLD_LEDGER_H
#define ENROLD_LEDGER_H

#include "enrold/arena.h"
#include "enrold/artefact.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/runid.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

enum run_state {
	RUN_UNKNOWN,
	RUN_RUNNING,
	RUN_APPLIED,
	RUN_PREVIEWED,
	RUN_REFUSED,
	RUN_DISCARDED,
	RUN_HELD, /* as a whole, before anything was applied: plans.h */
	RUN_STATES,
};

struct ledger_run {
	enum run_state state;
	struct slice run;
	struct slice feed;
	struct slice name; /* the input's file name */
	struct slice node;
	struct slice sha256; /* of the input */
	uint64_t bytes;
	struct slice policy; /* policy_format's line; the run resumes under it */
	int64_t started_us;  /* epoch microseconds */
	int64_t today;       /* midnight of the run's first day, site time; epoch seconds */
	uint64_t people;     /* whom the file is about, as its key column tells; 0: not known */
	uint64_t owner;      /* the uid of whoever dropped it, and 1; 0: not known */
	/* Progress: everything below is set by checkpoints. */
	uint64_t records;            /* records done, counted from the first after the header */
	struct artefact_sizes sizes; /* of the files of its answer, as far as they belong to them */
	struct slice counts;         /* outcomes and codes so far, as tally.h writes them */
	/* Set by finish. */
	struct slice summary; /* the summary file, whole */
	struct slice summary_sha256;
	struct slice hashes[ARTEFACTS]; /* empty: no such file */
	/* Later files are measured by it: applied, with nothing withheld that was not released, and
	 * neither a retry nor made by enrold. */
	bool is_measure;
	uint64_t number; /* in the chain, from 1 in the order of commit; 0: of a time without */
	/* The input as it is archived, where that is not as it was dropped (its passwords are cut
	 * out); empty: it is. */
	uint64_t archived_bytes;
	struct slice archived_sha256;
	/* The runs by which its input and its answer were pruned (prune.h); empty: they were not.
	 */
	struct slice input_pruned, answer_pruned;
};

/* As the ledger spells it. */
const char *ledger_state_name(enum run_state state);
enum run_state ledger_state_parse(struct slice name);

/*
 * Whether that is the hash of the run's input, as it was dropped or as it is archived. It is there
 * as it was dropped in work/, held/ and quarantine/, and in the archive for as long as a plan of it
 * is open; all else in the archive is as it is archived.
 */
static inline bool ledger_is_input(const struct ledger_run *run, struct slice sha256)
{
	return slice_is(run->sha256, sha256) ||
	       (run->archived_sha256.size > 0 && slice_is(run->archived_sha256, sha256));
}

/* state RUN_UNKNOWN when there is no such run. */
struct error ledger_find(
    struct db *db, struct slice run, struct arena *arena, struct ledger_run *found) MUST_CHECK;
/* Inside a transaction: RETRY when state or records of the stored run are not those of `run`. */
struct error ledger_check(struct db *db, const struct ledger_run *run) MUST_CHECK;
/* Inserts the run, or replaces its row. */
struct error ledger_store(struct db *db, const struct ledger_run *run) MUST_CHECK;

/* How far the chain of summaries has come. */
struct ledger_head {
	char chain[HASH_TEXT_SIZE + 1]; /* of the newest; 64 zeros before the first */
	char run[RUN_ID_SIZE + 1];      /* whose summary that is; "" before the first */
	uint64_t number;                /* how many there are */
};

/* Inside a write transaction it is also a lock: nobody else's run ends until this one has. */
struct error ledger_find_head(struct db *db, struct ledger_head *head) MUST_CHECK;
/* As it was committed last, without the lock. */
struct error ledger_read_head(struct db *db, struct ledger_head *head) MUST_CHECK;
struct error ledger_set_head(struct db *db, const struct ledger_head *head) MUST_CHECK;
/* The run whose summary that is, "" before the first. */
struct error ledger_newest(struct db *db, char run[RUN_ID_SIZE + 1]) MUST_CHECK;

/* What the ledger says of each run that has ended, sorted by run. */
struct ledger_end {
	char run[RUN_ID_SIZE + 1];
	char summary_sha256[HASH_TEXT_SIZE + 1];
};

/* Given to the caller, who frees it. */
struct error ledger_ends(struct db *db, struct ledger_end **ends, size_t *count) MUST_CHECK;

/* What runs since that id have left on the disk. */
struct ledger_growth {
	uint64_t runs, input_bytes, answer_bytes;
};
struct error ledger_sum(struct db *db, const char *since, struct ledger_growth *growth) MUST_CHECK;
/* Whether a file of the feed was ever applied; and the newest run before this one that was given
 * the very same bytes, "": there is none. Each reads all of the ledger. */
struct error ledger_has_applied(struct db *db, struct slice feed, bool *has) MUST_CHECK;
struct error ledger_find_same(struct db *db, struct slice feed, struct slice sha256,
    struct slice before, char run[RUN_ID_SIZE + 1]) MUST_CHECK;
/* Whether the feed has a run of a file of that name, with an id not before this one. */
struct error ledger_has_name(
    struct db *db, struct slice feed, const char *name, const char *since, bool *has) MUST_CHECK;
/* What files of the feed are measured by: the last one that counts. */
struct ledger_measure {
	bool has_last;
	uint64_t rows, people;
};

struct error ledger_find_measure(
    struct db *db, struct slice feed, struct ledger_measure *measure) MUST_CHECK;
/* The people of the largest one with an id of `since` or later; 0: there is none. Reads all of the
 * feed's runs since then. */
struct error ledger_find_largest(
    struct db *db, struct slice feed, const char *since, uint64_t *people) MUST_CHECK;
struct error ledger_set_measure(struct db *db, struct slice run) MUST_CHECK;
/* How many runs have ended, each of which is in the chain. Reads all of the ledger. */
struct error ledger_count(struct db *db, uint64_t *ended) MUST_CHECK;

/* Which runs are listed: those between two ids ("": open), at most so many, one end first. */
struct ledger_page {
	char after[RUN_ID_SIZE + 1], before[RUN_ID_SIZE + 1];
	bool is_newest_first;
	uint32_t limit;
};

/* A page of them with all that the ledger says, in the arena; the next one begins at its last. */
struct error ledger_list(struct db *db, const struct ledger_page *page, struct arena *arena,
    struct ledger_run **runs, size_t *count) MUST_CHECK;
/* The same of many, as briefly as can be: state, run, feed, name, hash and size of the input, when
 * it was started, and how many records are done; the rest is empty. */
struct error ledger_list_briefly(struct db *db, const struct ledger_page *page, struct arena *arena,
    struct ledger_run **runs, size_t *count) MUST_CHECK;

/* What a page shows of a run: as briefly, and what came of it. */
struct ledger_brief {
	enum run_state state;
	struct slice run, feed, name;
	struct slice counts; /* as tally.h writes them */
	int64_t started_us;
	uint64_t result_bytes, retry_bytes; /* 0: no such file */
	uint64_t number;                    /* of ledger_list_numbered alone */
};

/* A page of runs; arena and order as of ledger_list. Cheap enough for all there are: nothing behind
 * the long texts is read. */
struct error ledger_list_outcomes(struct db *db, const struct ledger_page *page,
    struct arena *arena, struct ledger_brief **runs, size_t *count) MUST_CHECK;
/* The same with their numbers, for a few hundred. */
struct error ledger_list_numbered(struct db *db, const struct ledger_page *page,
    struct arena *arena, struct ledger_brief **runs, size_t *count) MUST_CHECK;

/* The largest run id in the ledger, "" when there is none. */
struct error ledger_last_run(struct db *db, char run[RUN_ID_SIZE + 1]) MUST_CHECK;

#endif
