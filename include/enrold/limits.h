/*
 * limits: how much a file may do unasked (enrold.yaml(5), `limits`). What a rehearsal of the whole
 * file has counted, and what the site and the feed were like before it, go in; what is withheld, or
 * whether the file is held as a whole, comes out. Removals by absence have rules of their own
 * (absence.h). Pure.
 */
#ifndef ENROLD_LIMITS_H
#define ENROLD_LIMITS_H

#include "enrold/batch.h"
#include "enrold/plan.h"
#include "enrold/policy.h"
#include "enrold/tally.h"

/* A feed's files of fewer people are no measure of accounts: the site is. */
enum { LIMITS_PEOPLE_MIN = 50 };

/* What the structure of the file, and the feed's settings, leave possible; without a database. */
struct limits_outlook {
	uint64_t rows; /* or more than there are */
	bool has_last; /* a file of the feed was accepted before; of it: */
	uint64_t people_of_last;
	uint64_t
	    strangers; /* rows about people whom the LMS does not know, or more than there are */
};
/* The plan of the file has to be counted before anything is committed: some limit could trip. False
 * for nearly all files of nearly all feeds that only enrol. */
bool limits_need_rehearsal(
    const struct policy *policy, const struct header *header, const struct limits_outlook *outlook);

/* ---- counting, batch by batch, in a rehearsal ---- */

struct limits_count;

struct limits_count *limits_count_create(void); /* NULL: no memory */
void limits_count_free(struct limits_count *count);
/* The file is counted anew, from its beginning. */
void limits_count_clear(struct limits_count *count);
/* After each round; whether it has been applied does not matter. False: no memory. */
bool limits_count_add(
    struct limits_count *count, const struct batch *batch, const struct plan *plan);
/* Distinct people, each counted once however many rows. */
uint64_t limits_count_people(const struct limits_count *count, enum limited kind);
uint64_t limits_count_created(const struct limits_count *count);
/* Ids of the courses that rows without an error name, distinct; borrowed. */
const int64_t *limits_count_courses(const struct limits_count *count, size_t *courses_count);

/* ---- judging ---- */

/* As before the run. */
struct limits_facts {
	uint64_t rows, rows_in_error; /* of this file */
	uint64_t by_cell, accounts;   /* people, as counted */
	uint64_t created;
	uint64_t active;      /* people active in the courses that the file names; asked only when
	                       * by_cell could trip */
	uint64_t accounts_of; /* people in the feed's largest accepted file of 90 days if that had
	                       * 50 or more, else of the site's active accounts; the same */
	bool has_last;        /* a file was accepted before; of it: */
	uint64_t people_of_last, rows_of_last;
	bool is_full;  /* absence acts on the file; then the last one is the last full one */
	bool is_retry; /* a retry file: no other is measured by it, nor it by another */
};

/* How many people more than which it would take; for whoever has to ask for denominators. */
bool limits_want_active(const struct policy_limits *limits, const struct limits_facts *facts);
bool limits_want_accounts(const struct policy_limits *limits, const struct limits_facts *facts);

struct limits_verdict {
	/* NULL: it is not held. Else "created", "errors", "rows_of_last", "review", "key_changed":
	 * what the summary's refusal has as its code. */
	const char *held_by;
	struct slice reason; /* of that, a sentence without its end */
	unsigned withholds;  /* 1 << enum limited */
	struct slice
	    reasons[LIMITED_KINDS]; /* "412 people would lose ... by cells: more than ..." */
};
/* Reasons lie in the arena. */
struct limits_verdict limits_judge(
    const struct policy *policy, const struct limits_facts *facts, struct arena *arena);

#endif
