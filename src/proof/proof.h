/*
 * proof: what the parts of verify share. Nobody else includes it.
 *
 *     links    all rows of the ledger: each agrees with itself, and becomes a link
 *     lists    of records in the chain: what was pruned, what was accepted as lost
 *     walk     the links by their hashes (chain.h)
 *     files    the rows again: each file of each answer, each input
 *     strays   the outbox and the archive: what lies there and no run accounts for
 *     witness  .head, checkpoints, what was asked for
 *
 * Rows that end while it reads are left for the next time: what counts is what was in the chain
 * when it began.
 */
#ifndef PROOF_PROOF_H
#define PROOF_PROOF_H

#include "enrold/last_run.h"
#include "enrold/ledger.h"
#include "enrold/lms.h"
#include "enrold/names.h"
#include "enrold/packed.h"
#include "enrold/verify.h"

#include "chain.h"

enum { PROOF_PATH_SIZE = 1024, PROOF_CHUNK = 1 << 20, PROOF_PAGE = 200 };

/* Files of a run, in the order of struct link's names. */
enum proof_file {
	PROOF_SUMMARY = ARTEFACTS,
	PROOF_INPUT,
	PROOF_FILES,
};

/* Which kinds of a run's files a prune run's list names. */
struct pruned {
	int64_t run_us;
	uint32_t record; /* which prune run */
	uint32_t kinds;  /* bits of enum proof_file */
};

struct forked {
	int64_t run_us;
	unsigned char sha256[DIGEST_SIZE];
	bool has_summary, is_seen;
	uint32_t record;
	const char *input; /* its place */
};

/* Where the chain was when somebody went on without it. */
struct fork_head {
	struct link link;
	const char *path;
};

/* A prune or accept run. */
struct record {
	int64_t run_us;
	bool is_prune;
	bool is_given_up; /* it is forked: then `accepted` is the record that says so */
	uint32_t accepted;
	const char *place;  /* of its list */
	const char *sha256; /* of that */
	const char *by;     /* who ordered it */
	uint64_t files;     /* that it names */
	char rules[256];    /* by which they went */
	size_t bridges;     /* summaries that it speaks for in the chain */
	uint64_t bridged;   /* number of the last */
};

/* One of them, as long as it may still become another. */
struct finding {
	enum verify_fault fault;
	bool is_summary; /* that is missing */
	bool is_gone;    /* this file is: */
	enum proof_file file;
	bool is_stranger;              /* a file that holds something else */
	int64_t run_us;                /* 0: of no run */
	uint64_t number;               /* filled in at the end, unless it is known already */
	int64_t when_us;               /* of an explanation: of the run that is on record */
	unsigned char is[DIGEST_SIZE]; /* what was found instead */
	char run[RUN_ID_SIZE + 1];
	const char *path, *what;
};

struct proof {
	const struct verify_terms *terms;
	struct verify_answer *answer;
	struct arena *arena; /* the answer's */
	struct spool spool;  /* its root alone is open */
	struct lms *lms;
	struct db *db;
	struct chain chain;
	struct ledger_head head;
	struct last_run last;
	struct record *records;
	size_t records_count;
	struct pruned *pruned;
	size_t pruned_count, pruned_room;
	uint64_t witnessed; /* up to that number somebody outside knows the chain */
	struct forked *forked;
	size_t forked_count, forked_room;
	struct fork_head *fork_heads;
	size_t fork_heads_count, fork_heads_room;
	struct finding *findings;
	size_t count, room;
	int64_t *told; /* runs of which it is told that the ledger has forgotten them */
	size_t told_count, told_room;
	char *chunk;
	struct hash *hash;
	const struct owners *owners; /* while it is asked whose a file is */
};

/* ---- findings ---- */

/* path, what: copied. run_us 0: of no run. */
void proof_tell(struct proof *proof, enum verify_fault fault, int64_t run_us, const char *path,
    const char *what, ...) PRINTF_LIKE(5, 6);

/* Room for one more. False: no memory. */
bool proof_grow(void **items, size_t count, size_t *room, size_t size);
/* The ledger has forgotten this run, and that is told. */
struct error proof_note_told(struct proof *proof, int64_t run_us) MUST_CHECK;
void proof_sort_told(struct proof *proof);
/* Once they are sorted. */
bool proof_has_told(const struct proof *proof, int64_t run_us);
void proof_hash(struct proof *proof, struct slice text, char sha256[HASH_TEXT_SIZE + 1]);

/* All that was found, in its order, to the answer. */
struct error proof_give(struct proof *proof) MUST_CHECK;

/* ---- places ---- */

const char *proof_file_name(enum proof_file file); /* "retry file" */
/* Below the spool. */
void proof_path(const struct proof *proof, const struct ledger_run *row, enum proof_file file,
    char path[PROOF_PATH_SIZE]);
uint32_t proof_hash_path(const char *path); /* never 0 */
/* "x.R.y" -> R, the last of them; false: there is none. */
bool proof_find_run(const char *name, int64_t *run_us);
/* A run that is being published has a file with one of these hashes still in work/. */
struct error proof_find_in_work(struct proof *proof, const char *run, const struct slice *hashes,
    size_t count, bool *is_there) MUST_CHECK;
/* The run has ended and is being published: its input, which goes last, is in work/ still. */
struct error proof_is_publishing(
    struct proof *proof, const struct ledger_run *row, bool *is) MUST_CHECK;
/* There is a directory of it in work/ of whichever daemon, which anybody can make. */
bool proof_is_in_work(const struct proof *proof, const char *run);

/* ---- reading ---- */

/* Of the plain bytes; a packed one is read no further than it may be long. */
struct error proof_read(struct proof *proof, const char *path, uint64_t bytes_max,
    struct packed_found *found) MUST_CHECK;
/* All of a text, in the arena; bytes NULL: there is none. */
struct error proof_load(
    struct proof *proof, const char *path, struct arena *arena, struct slice *text) MUST_CHECK;

/* ---- the parts ---- */

typedef struct error proof_on_row(struct proof *proof, const struct ledger_run *row);
struct error proof_rows(struct proof *proof, int64_t since_us, proof_on_row *on_row) MUST_CHECK;
/* False: the text is no summary that was chained. */
bool links_read(struct proof *proof, struct slice text, struct link *link);
struct error links_load(struct proof *proof) MUST_CHECK;
struct error links_walk(struct proof *proof) MUST_CHECK;
struct error lists_add(struct proof *proof, const struct record *record) MUST_CHECK;
struct error lists_load(struct proof *proof) MUST_CHECK;
/* Takes away what records say that are not in the chain. */
void lists_sift(struct proof *proof);
const struct pruned *lists_find_pruned(
    const struct proof *proof, int64_t run_us, enum proof_file file);
/* Of the record in the chain; not in it: as if behind it. */
uint64_t lists_place(const struct proof *proof, uint32_t record);
/* sha256 NULL: whatever its summary. */
struct forked *lists_find_forked(const struct proof *proof, int64_t run_us, const char *sha256);
/* A prune run that was given up with others, by its summary: what it had removed is gone all the
 * same. */
struct error lists_give_up(
    struct proof *proof, const struct forked *forked, struct slice summary) MUST_CHECK;
/* Takes back what is told of files that those had removed. Behind the strays. */
struct error lists_explain(struct proof *proof) MUST_CHECK;
/* Behind those. */
void lists_tell(struct proof *proof);
struct error files_check(struct proof *proof) MUST_CHECK;
/* Whose the files are that are not what they were. */
struct error owners_find(struct proof *proof) MUST_CHECK;
/* What was given up goes back to the chain; behind the strays. */
void forks_walk(struct proof *proof);
const struct fork_head *forks_find(
    const struct proof *proof, const unsigned char chain[DIGEST_SIZE]);
struct error strays_check(struct proof *proof) MUST_CHECK;
struct error witness_head(struct proof *proof) MUST_CHECK;
struct error witness_check(struct proof *proof) MUST_CHECK;

#endif
