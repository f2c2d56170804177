/*
 * history: one question to ledger and outbox, and what the parts of this room share. Nobody else
 * includes it.
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "enrold/history.h"

#include "enrold/arena.h"
#include "enrold/disk.h"
#include "enrold/ledger.h"
#include "enrold/lms.h"
#include "enrold/member_line.h"
#include "enrold/names.h"
#include "enrold/orders.h"
#include "enrold/packed.h"
#include "enrold/problems.h"
#include "enrold/result.h"
#include "enrold/spool.h"
#include "enrold/summary.h"
#include "enrold/today.h"

#include <sys/stat.h>

struct history {
	const struct config *config;
	const struct history_query *query;
	const atomic_bool *is_cancelled;
	history_on_object *on_object;
	void *context;
	bool is_over;    /* no more objects are wanted */
	struct lms *lms; /* NULL: the database is away */
	const struct site_facts *site;
	struct error away;    /* why; or why nothing is known of today */
	int root;             /* the spool */
	int index;            /* index/; -1: none */
	struct orders orders; /* of people, as they stand just now */
	bool may_write;       /* what is in the spool stays its owner's */
	int64_t now_us;
};

/* ---- give.c ---- */

/* Hands it out and lets go of it. NULL: no memory. */
struct error history_give(struct history *history, json_t *object) MUST_CHECK;
/* RETRY: nobody waits for the answer any more. */
struct error history_check(const struct history *history) MUST_CHECK;
/* A text from outside; no controls, always UTF-8. */
json_t *history_text(struct slice text);
json_t *history_text_or_null(struct slice text); /* empty: null */
json_t *history_time_or_null(int64_t epoch_s);   /* 0: null */

/* A line as the answer counts it. */
struct told_line {
	uint64_t line;
	struct member_line at;
};

/* Names are the summary's. */
struct told_line told_line_of(const json_t *summary, uint64_t line);
/* "line"; and where that stands in a file of an archive, "member" and "member_line". */
void told_line_set(json_t *object, const struct told_line *told);

/* The whole path. */
struct place;
json_t *history_path(const struct history *history, const struct place *place);

/* ---- the commands ---- */

struct error history_runs(struct history *history) MUST_CHECK;
struct error history_show(struct history *history) MUST_CHECK;
struct error history_explain(struct history *history) MUST_CHECK;

/* ---- past.c: the runs, by the ledger, or when it is away by the summaries in the outbox ---- */

struct past_run {
	struct ledger_run row; /* of the outbox as far as a summary tells */
	json_t *summary;       /* NULL: it has not ended, or cannot be read */
	bool is_preview;
	uint64_t rows_in_error;
	bool has_rows_in_error; /* the ledger alone knows */
	bool has_renames;       /* of accounts, or nobody knows */
};

/* What its answer says would be done: a preview's, or that of a file which is held as a whole. */
static inline bool past_is_rehearsal(const struct past_run *run)
{
	return run->is_preview || run->row.state == RUN_HELD;
}

struct past;

/* Between two ids, "": open. */
struct past_range {
	char after[RUN_ID_SIZE + 1], before[RUN_ID_SIZE + 1];
	bool is_newest_first;
};

struct error past_open(
    struct history *history, const struct past_range *range, struct past **result) MUST_CHECK;
void past_close(struct past *past);
/* Borrowed until the next call; *run NULL: there are no more. */
struct error past_next(struct past *past, const struct past_run **run) MUST_CHECK;

/* ---- outbox_runs.c ---- */

/* A summary in the outbox. */
struct outbox_run {
	char run[RUN_ID_SIZE + 1];
	char feed[FEED_NAME_MAX + 1];
	char *name; /* of the file */
};

/* Sorted by run; given to the caller, who frees it with the second. */
struct error outbox_list(
    struct history *history, struct outbox_run **runs, size_t *count) MUST_CHECK;
void outbox_free(struct outbox_run *runs, size_t count);
/* What its summary tells, in the arena; state RUN_UNKNOWN: it is none. */
struct error outbox_load(struct history *history, const struct outbox_run *of, struct arena *arena,
    struct past_run *run) MUST_CHECK;

/* ---- places.c: where the files of a run lie ---- */

enum place_file {
	PLACE_INPUT,
	PLACE_REASON,
	PLACE_RESULT,
	PLACE_RETRY,
	PLACE_PLAN,
	PLACE_REPORT,
	PLACE_SUMMARY,
	PLACE_CHORES,
	PLACE_FILES,
};

enum { PLACE_SIZE = 640 };

struct place {
	char path[PLACE_SIZE]; /* below the spool */
	bool is_there;
	bool is_packed; /* its path ends so: packed.h */
	struct stat stat;
};

const char *place_name(enum place_file file); /* "result" */
/* Where it is, or, when it is not there, should be. */
void place_find(const struct history *history, const struct past_run *run, enum place_file file,
    struct place *place);
/* The run that pruned it; empty: none did. */
struct slice place_pruned_by(const struct past_run *run, enum place_file file);
/* Its plain bytes; bytes_max, errors and *file -1 as of packed_open. */
struct error place_open(const struct history *history, const struct place *place,
    uint64_t bytes_max, int *file) MUST_CHECK;
struct error place_hash(const struct history *history, const struct place *place,
    uint64_t bytes_max, struct packed_found *found) MUST_CHECK;

/* ---- removals.c ---- */

struct removals {
	uint64_t suspended, unenrolled, returned, withheld;
};

/* codes: the summary's member; NULL: nothing is known. */
struct removals removals_count(const json_t *codes);
json_t *removals_json(const struct removals *removals);

/* ---- plan_told.c ---- */

/* What the run withheld, or was held for, as an object for history_give; NULL: it has no plan. */
struct error plan_tell(
    struct history *history, const struct past_run *run, json_t **plan) MUST_CHECK;

/* ---- run_json.c ---- */

/* The members that runs and show have in common. NULL: no memory. */
json_t *run_json(const struct history *history, const struct past_run *run);
const char *run_mode(const struct past_run *run);
const char *run_status(const struct history *history, const struct past_run *run);

/* ---- names.c: what a person was called, and when ---- */

enum name_kind_of { NAME_USERNAME, NAME_EMAIL, NAME_IDNUMBER };

struct name {
	enum name_kind_of kind;
	struct slice text;
	char from[RUN_ID_SIZE + 1], until[RUN_ID_SIZE + 1]; /* runs, both included; "": open */
};

enum { NAMES_MAX = 64 };

struct names {
	struct name items[NAMES_MAX];
	size_t count;
};

/* Follows renamed accounts from `text` in both directions, the newest name first; is_of_today: an
 * account is called so now. Texts lie in the arena. */
struct error names_find(struct history *history, struct slice text, bool is_of_today,
    struct arena *arena, struct names *names) MUST_CHECK;
/* Its address and number. */
void names_add_account(
    struct names *names, const struct account_facts *account, struct arena *arena);
/* ---- whose.c ---- */

/* NULL: the row is not about the person. */
const struct name *names_of_row(const struct names *names, const struct past_run *run,
    struct slice cells[RESULT_CELLS], struct arena *arena);

/* ---- search.c: the rows of an answer that are about somebody ---- */

struct found_row {
	struct slice cells[RESULT_CELLS]; /* as they are to be read, in the arena */
};

struct found_rows {
	struct found_row *rows;
	size_t count, room;
	const char *gap; /* NULL: these are all; else why they may not be: "missing", ... */
};

/* In the order of the file. Of what is not as the ledger says there are none. */
struct error search(struct history *history, const struct past_run *run, const struct names *names,
    struct arena *arena, struct found_rows *found) MUST_CHECK;

/* ---- enrolment.c: the row of user_enrolments that is asked for ---- */

struct asked_enrolment {
	struct enrolment_known is;
	/* What made it; run "": no row of a file, as far as is known. */
	char run[RUN_ID_SIZE + 1], feed[FEED_NAME_MAX + 1];
	struct slice file;
	struct told_line line;
};

/* REJECT not_found. */
struct error enrolment_find(
    struct history *history, struct arena *arena, struct asked_enrolment *asked) MUST_CHECK;
/* The next row about this person in that course. */
void enrolment_note(struct asked_enrolment *asked, const struct past_run *run,
    const struct found_row *row, struct arena *arena);
struct error enrolment_give(
    const struct asked_enrolment *asked, struct history *history) MUST_CHECK;

/* ---- held_of.c: what else there is of a person ---- */

/* Of a run with these rows about the person; a preview's, too. */
struct error held_of_run(struct history *history, const struct past_run *run,
    const struct found_rows *found, struct arena *arena) MUST_CHECK;
/* What the feeds have listed. */
struct error held_of_person(struct history *history, int64_t user, struct arena *arena) MUST_CHECK;

/* ---- causes.c: problems, grouped ---- */

struct error causes_give(
    struct problems *problems, const struct past_run *run, struct history *history) MUST_CHECK;

/* ---- today_json.c: what the LMS says now, beside what was said last ---- */

struct today;

/* course: that which is asked for, borrowed, as it is known when the first row is noted. NULL: no
 * memory. */
struct today *today_create(struct arena *arena, const struct course_called *course);
/* The next row about the person. */
void today_note(struct today *today, const struct past_run *run, const struct found_row *row);
/* An object for the account and one for each course. */
struct error today_give(struct today *today, struct history *history,
    const struct account_facts *account, bool is_deleted) MUST_CHECK;

#endif
