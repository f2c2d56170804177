/*
 * apply_loop: one file being applied, and its transactions. Nobody else includes it.
 */
#ifndef RUN_APPLY_LOOP_H
#define RUN_APPLY_LOOP_H

#include "enrold/approval.h"
#include "enrold/limits.h"
#include "enrold/reader.h"

#include "chores.h"
#include "mentions.h"
#include "run_state.h"

/* How batches and transactions of a file go together. */
struct apply_mode {
	bool has_checkpoints; /* transactions end in the middle of the file, and count */
	bool is_whole;        /* one transaction, however long others wait */
	bool is_undone;       /* a preview: nothing stays but the answer */
	bool is_exact;        /* each row sees what the rows before it did */
};

/* A file is begun in one of these; an exact preview that others wait for goes on inexactly. */
enum { BY_CHECKPOINTS, ATOMIC, PREVIEW_EXACT, PREVIEW_INEXACT, APPLY_MODES };
extern const struct apply_mode apply_modes[APPLY_MODES];

/* A rehearsal, or a preview, of a file that a limit could be about; see weigh.c. */
struct weighing {
	struct limits_count *count;
	bool is_inexact;          /* a rehearsal that has collided: what follows is by pieces */
	struct slice changed_key; /* who is absent seems to be there under another key; why */
	struct limits_verdict verdict;
};

struct apply_loop {
	struct run *run;
	struct lms *lms;
	int input; /* what it reads */
	const struct apply_mode *mode;
	struct reader reader;
	struct batch batch;
	size_t records_max;     /* of a batch */
	size_t records_fit;     /* the same, as far as others wait */
	bool was_wanted;        /* the last transaction, by a small file */
	bool is_behind_rows;    /* nobody is asked for by name any more */
	uint64_t records_since; /* done before the transaction */
	uint64_t expected;      /* how many there will be in the next one */
	int64_t begun_us;       /* the transaction, once it had its census */
	int64_t census_us;      /* which took so long */
	int64_t census_dearest_us;
	int64_t entered_us,
	    turn_us;      /* when the run went on, and when it had found its checkpoint */
	bool is_open;     /* a transaction, whose commit has not come back */
	bool is_doubtful; /* its commit has been sent, and may have come to pass */
	struct ledger_run committed;
	struct hashing hashing;
	struct answer *answer;
	struct chores_file chores;
	struct mentions_file mentions;
	struct remarks remarks;    /* that absence has to say */
	struct weighing *weighing; /* NULL: nothing is counted */
	bool is_rehearsal;         /* and it is for nothing else */
	/* Of a release: what is approved, and what a later file has settled since. */
	struct approval approval, superseded;
	struct approval shown; /* of a release of some courses: all of the plan */
	struct tally tally;
};

/* ---- apply.c ---- */

/* The whole file inside the transaction of a group, which may begin with it: done but for the
 * commit. Any error has undone the transaction: nothing of the group is done. */
struct error run_join(struct run *run, struct apply_loop **result) MUST_CHECK;
/* The transaction is over, or is to be undone (error). Frees the loop. */
void run_part(struct apply_loop *loop, const struct error *error);

/* ---- apply_plan.c ---- */

/* What a plan wants: written, with its lines of the answer. Inside a transaction. */
struct error plan_write(
    struct apply_loop *loop, struct batch *batch, const struct plan *plan, int64_t now) MUST_CHECK;

/* ---- apply_transaction.c ---- */

bool apply_is_stopping(const struct apply_loop *loop);
/* At most so many records in one. */
uint64_t transaction_records(const struct apply_loop *loop);
/* It collided: the next ones are shorter. */
void transactions_shorten(struct apply_loop *loop);
/* A transaction is there when this returns, with a census where one is worth it. */
struct error transaction_enter(struct apply_loop *loop) MUST_CHECK;
/* Whether it has all that one transaction may have. */
bool transaction_is_full(struct apply_loop *loop);
/* In the middle of the file: a checkpoint, or of a preview nothing. */
struct error transaction_end(struct apply_loop *loop) MUST_CHECK;
/* The commit of a group has been sent, and has come back. */
void transaction_send(struct apply_loop *loop);
struct error transaction_arrive(struct apply_loop *loop) MUST_CHECK;
/* Behind the last batch: the summary, the chain and the row of the ledger. */
struct error transaction_finish(struct apply_loop *loop) MUST_CHECK;
/* The same of a rehearsal, which has been for nothing unless the file is held. */
struct error transaction_end_rehearsal(struct apply_loop *loop) MUST_CHECK;

/* ---- order.c ---- */

/* Reads the plan that was approved, and what has been settled since. */
struct error order_approve(struct apply_loop *loop) MUST_CHECK;

/* ---- absence_release.c ---- */

/* Of a release of removals that were withheld: the approved ones that are still wanted. */
struct error absence_release(struct apply_loop *loop) MUST_CHECK;

/* ---- weigh.c ---- */

/* Behind the last batch of a rehearsal or a preview, which is undone by then. */
struct error weigh_judge(struct apply_loop *loop) MUST_CHECK;
/* What a preview says of it. */
void weigh_remark(const struct weighing *weighing, struct remarks *remarks);

#endif
