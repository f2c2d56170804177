/*
 * run_state: one run in the making, and what the parts of this layer do to it. Nobody else includes
 * it.
 *
 * What work/<node>/R holds:
 *
 *     inbox/[feed/][preview/]staff.csv   the file that was dropped, then our copy of it
 *     input.csv                          our copy, while both are needed
 *     cut.csv                            the same without passwords; see passwords.c
 *     result.csv retry.csv summary.json  the answer in the making
 *     aftercare.jsonl                    what Moodle has to do afterwards; see chores.h
 *     beside/                            the marker, checksum, row count that came with the file
 *     index                              who is named where in it, if it is large
 *     rows                               how many data rows it has, if it is large
 *     content                            what was made of it, where that is read; see content.h
 *     turn                               how long that took until it yielded
 *     mentions                           who is where by its rows; see mentions.h
 *     verdict                            what is withheld; see absence.h
 *     due                                it is no file of anybody's; see due.c
 *     made, order                        it carries out a person's word; see order.c
 *     weighed                            what the feed's limits withhold; see weigh.c
 *     plan.csv                           that, for a person to look at; see plan_file.c
 *     notice                             what people are told of it; see run_notice.c
 *     report.html                        what became of the file; see report_file.c
 *     try.1 try.2 try.3                  beginnings that have not come to an end
 */
#ifndef RUN_RUN_STATE_H
#define RUN_RUN_STATE_H

#include "enrold/answer.h"
#include "enrold/cells_cut.h"
#include "enrold/flush.h"
#include "enrold/limits.h"
#include "enrold/lms.h"
#include "enrold/orders.h"
#include "enrold/plan.h"
#include "enrold/plans.h"
#include "enrold/records.h"
#include "enrold/run.h"
#include "enrold/summary.h"
#include "enrold/tally.h"

#include "content.h"

#include <sys/stat.h>

#define RUN_INPUT "input.csv"
#define RUN_INPUT_PART "input.part"
#define RUN_CUT "cut.csv"
#define RUN_CUT_PART "cut.part"
#define RUN_ROWS "rows"
#define RUN_CONTENT "content"
#define RUN_TURN "turn"
#define RUN_SUMMARY "summary.json"
#define RUN_SIDECARS "beside"
#define RUN_SIDECARS_PART "beside.part"
#define RUN_REASON "reason.txt"
#define RUN_MENTIONS "mentions"
#define RUN_VERDICT "verdict"
#define RUN_DUE "due"
#define RUN_MADE ORDERS_MADE
#define RUN_ORDER "order"
#define RUN_WEIGHED "weighed"
#define RUN_NOTICE "notice"

enum {
	MODE_INPUT = 0640,
	MODE_SECRET = 0600,
	MODE_ANSWER = 0640,
	MODE_PRIVATE = 0700,
	MODE_SHARED = 0750
};

struct apply_loop;
struct reader;

/* An answer whose index did not come with it. */
struct unindexed {
	char run[RUN_ID_SIZE + 1];
	char feed[FEED_NAME_MAX + 1];
	char name[FILE_NAME_SIZE]; /* of its result, in the outbox */
	uint64_t bytes;
	char sha256[HASH_TEXT_SIZE + 1];
};

enum { UNINDEXED_MAX = 16 };

struct runner {
	const struct run_surroundings *shared;
	struct lms *lms; /* NULL: not connected */
	bool has_turn;   /* in a transaction */
	char *chunk;     /* RUN_CHUNK bytes to read into */
	struct progress progress;
	char day[9]; /* YYYYMMDD whose directory in the archive is known to be durable */
	struct unindexed unindexed[UNINDEXED_MAX];
	size_t unindexed_count; /* more: the oldest have been forgotten */
};

enum { RUN_CHUNK = 256 << 10 };

/* What a run carries out, when it is no file's: a person's word about another run. */
struct run_order {
	struct slice text; /* as the order's file had it; empty: the run is a file's, or due */
	bool is_unmoved;   /* the claim was cut short: the order lies in orders/ still */
	struct order order;
	/* Of a release or a discard: */
	struct stored_plan plan;
	struct ledger_run source; /* of an undo: the run that is undone */
	bool has_later;           /* a later file of the feed was applied: superseded.c */
};

/* One run, for as long as a runner is at it. */
struct run {
	struct runner *runner;
	struct arena *arena;
	char id[RUN_ID_SIZE + 1];
	struct lane lane;
	char name[FILE_NAME_SIZE]; /* "": the input has left work/ already */
	int directory;             /* work/<node>/R */
	int box;                   /* R/inbox/..., as the lane says; -1: gone */
	uint64_t rows;             /* as counted while the input was copied */
	struct policy policy;
	struct content content;
	int64_t turn_ends_us; /* monotonic: when it yields while that is made; 0: it does not */
	int64_t way_us;       /* it took to make the content anew, when the run went on */
	const struct site_facts *site; /* as loaded when this run went on */
	struct ledger_run row;
	struct lease_hold hold; /* on the feed */
	bool is_due;            /* it unenrols those whose grace is over; its file is ours */
	struct run_order ordered;
	bool needs_rehearsal; /* a limit could trip */
	/* It could, if the LMS does not know many of its people: because of the accounts that it
	 * would make, or because those whom it does not name may be meant by them. */
	bool could_make, could_miss;
	bool is_retry; /* a retry file */
	bool is_full;  /* it tells absence; and what it was like, for its plan: */
	struct slice shape;
	struct ledger_measure measure;
	/* What the limits withhold, and why: weigh.c. */
	unsigned withholds;
	struct slice withheld[LIMITED_KINDS];
	bool is_short;    /* its worker is kept free for short files */
	bool is_last_try; /* what is wrong with this file alone ends it */
	bool has_try;     /* this one is noted */
	bool is_durable;  /* names and copy have been flushed */
	/* Its transaction, and the flush before that, are those of its group. */
	bool is_joined;
	bool has_passwords;  /* a column of them: they are hashed outside a transaction */
	bool is_summary_out; /* an earlier attempt had got so far */
	/* At a checkpoint or while it was copied, as the daemon is stopping or others wait. */
	bool is_stopped;
	bool has_had_turn;    /* it has been in a transaction */
	char zone[ZONE_SIZE]; /* is_stopped: the site's, which is not the process's; "": it is */
	bool has_changed;     /* the file was written to while it was copied */
};

/* ---- run.c: from the claim to the answer ---- */

/* Ends it with RUN_ELSEWHERE when another daemon serves the feed. */
struct error run_enter(struct run *run, struct runner *runner, const struct lane *lane,
    struct run_report *report) MUST_CHECK;
/* The same of a file behind one that has entered, in its feed. */
struct error run_follow(struct run *run, struct runner *runner, const struct lane *lane) MUST_CHECK;
/* What has been claimed is begun. */
void run_begin(struct run *run, struct run_report *report);
/* Of a run that is not in the ledger: all that comes before the first transaction. is_prepared:
 * that is what comes next. REJECT: refuse the file. */
struct error run_prepare(struct run *run, bool *is_prepared) MUST_CHECK;
/* The same of one that was prepared, by itself: up to its end in the ledger. */
struct error run_go(struct run *run) MUST_CHECK;
/* Its answer, if it has come to its end; error: what became of that. */
void run_end(struct run *run, struct error error, struct run_report *report);
/* The same of one whose answer is out. */
void run_conclude(struct run *run, struct error error, struct run_report *report);

/* ---- claim.c: a file's way into work/, and back ---- */

/* The directories into which a file is going to be claimed, durable once that is flushed, as work/
 * itself is. */
struct error claim_make_room(const struct spool *spool, const struct lane *lane, const char *id,
    struct flush *flush) MUST_CHECK;
/* Into which none was claimed. */
void claim_drop_room(const struct spool *spool, const struct lane *lane, const char *id);
struct error claim_file(struct run *run, const char *name, struct run_report *report) MUST_CHECK;
/* Opens R's box and finds feed and name by what lies in it. */
struct error claim_open(struct run *run) MUST_CHECK;
/* Back to the inbox; the run is as if it had never been. */
struct error claim_return(struct run *run) MUST_CHECK;
/* The input becomes our copy of it, in one step; durable once R is flushed. */
struct error claim_swap_in_copy(struct run *run) MUST_CHECK;
/* The same of a file that we have made ourselves. */
struct made_file {
	const char *mark; /* tells R's directory from those of files that were dropped */
	struct slice mark_text;
	const char *name;
	struct slice text; /* and then all of: */
	int from;          /* -1: no more */
};
struct error claim_make(struct run *run, const struct made_file *made) MUST_CHECK;
struct error claim_drop(struct run *run) MUST_CHECK;
/* Removes the empty directories. */
struct error claim_close(struct run *run) MUST_CHECK;

/* ---- run_facts.c ---- */

/* What the answer's file is called: "staff.R.result.csv", "staff.R.preview.result.csv". */
void run_name(const struct run *run, const char *suffix, char name[FILE_NAME_SIZE]);
int64_t run_now_us(void);
int64_t run_clock_us(void); /* monotonic */
/* The daemon stops, or a person has said that this run is to stop: at its next checkpoint. */
bool run_has_to_stop(const struct run *run);
const struct feed *run_feed(const struct run *run); /* NULL: no longer in the configuration */
/* The policy as it will be stored with the run. RETRY: no memory. */
struct error run_keep_policy(struct run *run) MUST_CHECK;
/* RETRY: the directory is no longer among ours; another daemon took us for dead and has it now. */
struct error run_check_place(const struct run *run) MUST_CHECK;
/* REJECT, of what was looked at when it began: that file's trouble, and for a person to put back.
 */
struct error run_lacks(const struct run *run, struct error error);
/* The error of a text in its row of the ledger that enrold has not written. */
struct error row_is_altered(const struct run *run, struct error error);

/* ---- run_log.c ---- */

void run_log_start(const struct run *run);
void run_log_forgotten(const struct run *run);
/* Its remarks; and fills the report in. */
void run_log_answer(struct run *run, struct run_report *report);

/* ---- clock.c ---- */

/* RETRY: the clock is far ahead of all that it can be compared with. The runner is connected. */
struct error clock_check(struct runner *runner) MUST_CHECK;

/* ---- sidecar.c: marker, checksum, row count ---- */

/* RETRY: why the file has to stay where it is: something beside it stands in its way. */
struct error sidecar_classify(int inbox, const char *name) MUST_CHECK;
/* is_whole: all that the feed requires has come; if not, the file is not to come either. */
struct error sidecar_claim(struct run *run, int inbox, const char *name, bool *is_whole) MUST_CHECK;
struct error sidecar_return(struct run *run, int inbox) MUST_CHECK;
/* Moves them to where the input goes, under its name. */
struct error sidecar_keep(struct run *run, int place) MUST_CHECK;
/* Makes them ours first. REJECT: checksum_mismatch, checksum_unreadable, row_count_mismatch,
 * row_count_unreadable, unreadable. */
struct error sidecar_check(struct run *run) MUST_CHECK;

/* ---- tries.c: a file that kills the daemon ---- */

/* Notes that a try begins. REJECT killed_daemon: three have not come to an end. */
struct error tries_begin(struct run *run) MUST_CHECK;
/* A checkpoint was reached: the tries before this one did come to something. */
void tries_forget(struct run *run);
/* This one has been broken off, and says nothing of the file. */
void tries_withdraw(struct run *run);
void tries_end(struct run *run);

/* ---- input.c ---- */

/* Copies, hashes and checks. REJECT: refuse the file. has_changed: give it back. is_stopped: it
 * begins anew when the run goes on. */
struct error input_copy(struct run *run) MUST_CHECK;
/* Everything that must not be lost once the ledger speaks of the run. */
struct error input_sync(struct run *run) MUST_CHECK;
/* The same, and its answer; but for the inbox. */
void input_flush(struct run *run, struct flush *flush);

/* ---- survey.c ---- */

/* Of a run that is gone on with: run->rows, if it was noted. */
void survey_find_rows(struct run *run);
/* Reads the whole file through a chunk of so many bytes. */
struct error input_read(struct reader *reader, int file, char *chunk, size_t chunk_size) MUST_CHECK;

/* ---- passwords.c: what is archived instead of a file with passwords ---- */

struct cutting;

/* Whether passwords are to be cut out of a file with this header, and how. */
bool cutting_find(const struct run *run, const struct header *header, struct records_shape shape,
    struct cells_cut_terms *terms);
/* Takes all that the file had before so many bytes. *result may be there with an error, too. */
struct error cutting_begin(struct run *run, const struct cells_cut_terms *terms, int from,
    uint64_t before, struct cutting **result) MUST_CHECK;
struct error cutting_add(struct cutting *cutting, const char *bytes, size_t size) MUST_CHECK;
/* Keeps it, and its hash in the row, if there was anything to cut. */
struct error cutting_end(struct cutting *cutting, const struct stat *original) MUST_CHECK;
void cutting_free(struct cutting *cutting); /* what was not kept is gone; NULL: nothing */

bool passwords_are_cut(const struct run *run);
/* They stay in the archive, because nobody can cut them out. */
void passwords_remark(const struct run *run, const struct header *header, struct remarks *remarks);
/* Into held/<feed>/, for as long as the input is needed as it was dropped. */
struct error passwords_wait(struct run *run, int held) MUST_CHECK;
/* Our copy of the input, which is still in work/, becomes the one without passwords. */
struct error passwords_swap_in_cut(struct run *run) MUST_CHECK;
/* The same of an input that is in the archive, once no plan of it waits any more. */
struct error passwords_put_away(
    struct run *run, int held, const struct stored_plan *plan) MUST_CHECK;
/* The same of the plan of a run, before its files in held/ are removed. */
struct error passwords_settle(struct run *run, struct slice of) MUST_CHECK;

/* ---- apply.c: the batches ---- */

/* Ends with the run finished in the ledger, or is_stopped. */
struct error run_apply(struct run *run) MUST_CHECK;
/* The same, and nothing is done; it may end as held. */
struct weighing;
struct error run_rehearse(struct run *run, struct weighing *weighing) MUST_CHECK;

/* ---- look.c: what the LMS says of a batch ---- */

/* Of its places. */
struct error look_places(struct lms *lms, struct batch *batch) MUST_CHECK;
/* Of people whom it was not asked about yet, and then of what is known of them in those places. */
struct error look_people(struct lms *lms, struct batch *batch) MUST_CHECK;
struct error look_enrolments(struct lms *lms, struct batch *batch) MUST_CHECK;

/* ---- hashes.c: of passwords, made before any transaction ---- */

/* Enough for all processors to be at it, and few enough that a run soon looks up from it. */
enum { HASHED_TOGETHER = 400 };

struct hashing {
	struct run *run;
	struct lms *lms;
	bool wants_all; /* also of people who are there: one of them had to be made anew */
	int file;       /* of an atomic run: a hash a record, made before; -1: none */
};

/* All that an atomic run needs; the input is then at its beginning again. */
struct error hashes_prepare(struct hashing *hashing, int input) MUST_CHECK;
void hashes_done(struct hashing *hashing);
/* How many passwords of the batch, which begins behind so many records, are still to be hashed. */
struct error hashes_foresee(
    const struct hashing *hashing, struct batch *batch, uint64_t first, size_t *count) MUST_CHECK;
/* Hashes them: outside a transaction. */
struct error hashes_make(const struct hashing *hashing, struct batch *batch) MUST_CHECK;
/* False: the plan stores a password that was not foreseen. */
bool hashes_suffice(const struct plan *plan);

/* ---- transaction.c: the LMS's write transaction, one run at a time ---- */

/* RETRY also: the ledger says of the run something else than its row does. */
struct error transaction_begin(struct run *run) MUST_CHECK;
struct error transaction_commit(struct runner *runner) MUST_CHECK;
void transaction_rollback(struct runner *runner); /* none: nothing */

/* ---- finish.c: the last transaction ---- */

/* The run is no file of anybody's: what it reads enrold has made. */
static inline bool run_is_made(const struct run *run)
{
	return run->is_due || run->ordered.text.size > 0 || run->ordered.is_unmoved;
}

static inline bool run_is_ordered(const struct run *run)
{
	return run->ordered.text.size > 0;
}

static inline bool run_is_order(const struct run *run, enum order_kind kind)
{
	return run->ordered.text.size > 0 && run->ordered.order.kind == kind;
}

/* It changes nothing in the LMS. */
static inline bool run_is_record(const struct run *run)
{
	return run_is_ordered(run) && order_is_record(run->ordered.order.kind);
}

struct run_result {
	const struct tally *tally;
	const struct remarks *remarks; /* NULL: none */
	bool is_inexact;               /* a preview whose batches did not see each other */
	const struct error *refusal;   /* NULL: none */
	bool is_discarded;             /* which is the reason for it */
	bool is_held;                  /* the same: nothing of it was applied */
	bool is_measure;               /* later files are measured by it */
	struct artefact_sizes sizes;
	struct artefact_hashes hashes;
	uint64_t plan_rows, plan_people; /* of its plan, if it has one */
	struct problems *problems;       /* NULL: there were no rows */
	bool may_have_passwords;         /* the file has a column of them, or nobody knows */
};

/* As its summary has it: run_facts.c. */
const char *run_end_word(const struct run_result *result);

/* Inside the caller's transaction: the report, the summary, the chain's new head and the ledger's
 * row. */
struct error finish_store(struct run *run, struct run_result *result) MUST_CHECK;
/* Ends the run where it is, with what its checkpoints say of it. */
struct error finish_refused(struct run *run, const struct error *refusal) MUST_CHECK;
/* The same, because a person has said so (orders.h). */
struct error finish_discarded(struct run *run) MUST_CHECK;

/* ---- report_file.c ---- */

/* Durable when it returns, unless the run is joined. The summary as it will be, but for the report
 * itself. */
struct error report_file_make(
    const struct run *run, const struct summary *summary, struct run_result *result) MUST_CHECK;

/* ---- run_notice.c: what people are told ---- */

/* Keeps it with the run, whose row and summary are made; in its last transaction. */
struct error run_notice_store(const struct run *run, const struct run_result *result) MUST_CHECK;
/* Queues what was kept, if anything was. */
void run_notice_publish(struct run *run);

/* ---- publish.c: everything to its place ---- */

/* Runs of one feed, in the order of the ledger, each step of all of them together. *published: so
 * many of the first are out; the others are to be tried again. */
struct error publish(struct run *const *runs, size_t count, size_t *published) MUST_CHECK;

/* ---- archive.c ---- */

/* The day's directory to which that run's input belongs; the caller closes it. */
struct error archive_open(struct run *run, const char *id, int *day) MUST_CHECK;
/* Whether the answer of a run is out that has no end in the ledger; if so, all else is put away as
 * well. */
struct error publish_forgotten(struct run *run, bool *is_out) MUST_CHECK;
/* What has left work/ for the outbox comes back, as long as the summary has not followed. */
struct error publish_withdraw(struct run *run) MUST_CHECK;

/* ---- absence.c ---- */

/* Of a run that ends before its file does: what it has listed so far is kept all the same. In its
 * last transaction. */
struct error absence_end_early(struct run *run) MUST_CHECK;

/* ---- due.c ---- */

/* What counts of a feed's settings for a file that we have made. */
void due_policy(struct policy *policy);
/* Makes the run's file, a list of who is due; nobody, or the day has had its run: nothing. */
struct error due_claim(struct run *run) MUST_CHECK;
/* In a run by itself, whose file has been read. */
struct error due_apply(struct apply_loop *loop) MUST_CHECK;

/* ---- order.c: a person's word about another run ---- */

/* Claims the run that carries the order out. Nothing to carry out: no directory. */
struct error order_claim(struct run *run, enum order_kind kind, const char *subject) MUST_CHECK;
/* What it says, and what the ledger has of the run that it is about. */
struct error order_take_text(struct run *run, struct slice text) MUST_CHECK;
/* What R's order says, of a run that goes on. */
struct error order_open(struct run *run) MUST_CHECK;
/* The settings that hold for it: no limit does. */
void order_policy(struct policy *policy);
struct error order_temper(struct run *run) MUST_CHECK;
/* The plan is still open, or the run to be undone is there; else the run is dropped. */
struct error order_stands_still(struct run *run, bool *stands) MUST_CHECK;
/* REJECT: it has been closed since the run began. */
struct error order_check_open(const struct run *run) MUST_CHECK;
/* REJECT: what was copied is not the plan that was shown. Once it was. */
struct error order_check(struct run *run) MUST_CHECK;
/* The same of a release: what it needs of earlier and later runs is there. */
struct error order_check_release(struct run *run) MUST_CHECK;
/* The input of a run of the feed, whose hash is the ledger's; -1 and REJECT: it is gone or altered.
 * is_dropped: as it was dropped, with its passwords. */
struct error archive_open_input(
    const struct run *run, const struct ledger_run *of, bool is_dropped, int *file) MUST_CHECK;
/* Of a whole file, which is at its beginning before and after. */
struct error archive_hash(
    const struct run *run, int file, char sha256[HASH_TEXT_SIZE + 1]) MUST_CHECK;
/* A discard needs no more than its end, nor does a record. */
struct error order_end(struct run *run) MUST_CHECK;
/* Makes the run's file and takes the order with it. from: as of struct made_file. */
struct error order_take(struct run *run, const char *name, struct slice text, int from) MUST_CHECK;
/* In its last transaction: the plan is closed. */
/* counts: the file that it is about is one by which later ones are measured. */
struct error order_store(
    struct run *run, const struct tally *tally, bool counts, struct remarks *remarks) MUST_CHECK;

/* ---- record.c: what enrold does with what it keeps ---- */

/* Claims the run, whose file is a list of what it is about. Nothing: no directory. */
struct error record_claim(struct run *run) MUST_CHECK;
/* What the file of such a run is called today. */
void record_name(enum order_kind kind, char name[FILE_NAME_SIZE]);

/* ---- keep.c ---- */

/* Gives the day's order to prune what the feed keeps no longer, and claims its run. The day has had
 * one: nothing. */
struct error keep_claim(struct run *run) MUST_CHECK;

/* ---- prune.c ---- */

/* *file: the list of all that goes (prune.h), for the caller to close; -1: nothing does. */
struct error prune_list(struct run *run, int *file) MUST_CHECK;
/* In its last transaction: the ledger says what has gone, and by which run. */
struct error prune_store(struct run *run) MUST_CHECK;
/* Removes what its list names; behind its answer, and as long as the list is in work/. */
struct error prune_publish(struct run *run) MUST_CHECK;

/* ---- superseded.c: what later files have settled of a plan ---- */

struct approval;
/* plan: as it was shown, open. REJECT: of one of these neither answer nor input is there. */
struct error superseded_find(struct run *run, int plan, struct approval *superseded) MUST_CHECK;

/* ---- undo.c ---- */

/* Of its file; behind that, what is going to be taken back. */
#define UNDO_HEADER "username,line,column,target,code,before,after\n"
struct error undo_list(struct run *run) MUST_CHECK;
/* What counts of a feed's settings for it. */
void undo_policy(struct policy *policy);
/* REJECT: R's answer is gone or altered. */
struct error undo_check(struct run *run) MUST_CHECK;
struct error undo_apply(struct apply_loop *loop) MUST_CHECK;

/* ---- weigh.c: what the limits say, before anything is done ---- */

/* By what the feed's files are measured; before the file is copied. */
struct error weigh_measure(struct run *run) MUST_CHECK;
/* Some limit could trip: run->needs_rehearsal. Once the header is known. */
void weigh_foresee(struct run *run, const struct header *header);
/* The same, once it is known how many rows are about people whom the LMS does not know. */
bool weigh_strangers(const struct run *run, uint64_t strangers);
/* The verdict of an earlier attempt, for a run that goes on. */
struct error weigh_find(struct run *run) MUST_CHECK;
const char *weigh_kind(enum limited kind); /* as the verdict calls it */

/* ---- strangers.c ---- */

/* Rows about people whom the LMS does not know; or more than there are. It may be stopped. */
struct error strangers_count(struct run *run, uint64_t *count) MUST_CHECK;

/* ---- rehearsal.c ---- */

/* Rehearses the whole file where it has to; it may end the run, as held. */
struct error rehearse(struct run *run) MUST_CHECK;

/* ---- plan_file.c: what waits for a person ---- */

/* Makes the plan of what the result says, and its row of the ledger; in the last transaction, and
 * before its summary. Nothing was withheld: nothing. */
struct error plan_file_make(
    struct run *run, struct run_result *result, struct remarks *remarks) MUST_CHECK;
/* Into held/, before the answer is out. */
struct error plan_file_publish(struct run *run) MUST_CHECK;
/* What plans of the feed that are closed by now have left there goes where it belongs. */
struct error plan_files_tidy(struct run *run) MUST_CHECK;

/* ---- sealed.c: result and retry file for their sender alone ---- */

/* Behind the files themselves, which are there in any case. */
void sealed_publish(struct run *run, int outbox);

/* ---- index.c: for enrolctl explain ---- */

/* Behind the answer's own files. */
void index_publish(struct run *run);
/* Of answers to which it did not come; until is_wanted. */
void index_catch_up(struct runner *runner, const atomic_bool *is_wanted);

/* ---- packer.c ---- */

/* Packs what is old enough, until is_wanted; nothing, when another runner does. */
void packer_work(struct runner *runner, const atomic_bool *is_wanted);

/* ---- connection.c: to the LMS ---- */

struct error runner_connect(struct runner *runner) MUST_CHECK;
void runner_disconnect(struct runner *runner);

#endif
