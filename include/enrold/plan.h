/*
 * plan: the decision. What a batch asks, what the LMS says, and the feed's policy go in; changes
 * and outcomes come out. No clock, no I/O, no database. Rules: enrold.yaml(5), lms/README 4.1-4.4.
 */
#ifndef ENROLD_PLAN_H
#define ENROLD_PLAN_H

#include "enrold/batch.h"
#include "enrold/change.h"

/* What a row says of who is where: absence goes by it (absence.h). */
enum mention_kind {
	MENTION_LISTED,  /* the person is in the course, now that the row is done */
	MENTION_PERSON,  /* the row is about the person */
	MENTION_PRESENT, /* the same, and something of it was not done: who knows what it meant */
	MENTION_UNKNOWN, /* nobody knows whom it means */
};

struct mention {
	enum mention_kind kind;
	uint32_t record;
	uint32_t person;    /* index into people; MENTION_UNKNOWN: INDEX_NONE */
	uint32_t enrolment; /* MENTION_LISTED: index into enrolments */
	uint32_t course; /* MENTION_UNKNOWN: index into courses; INDEX_NONE: the row names none */
	bool is_new;     /* made by this run: the enrolment, or of a person the account */
};

struct plan {
	size_t records_count;           /* done with this round; of parts only the last is one */
	const struct outcome *outcomes; /* in the order of the result: record, then execution */
	size_t outcomes_count;
	const struct change *changes; /* in execution order */
	size_t changes_count;
	uint64_t remarks[REMARK_CODES]; /* rows, of those that rows add up to */
	const struct mention *mentions; /* where batch->asks_mentions */
	size_t mentions_count;
};

/*
 * Plans as many records as the facts suffice for, from batch->planned on; at least one when every
 * key and enrolment that the batch named has been loaded.
 *
 * now: epoch seconds, to tell what has expired. today: midnight in the site's time zone, where new
 * enrolments start. The batch's people and enrolments are moved to the state after the changes, so
 * that a later request of the same batch sees what an earlier one did. The plan lies in the batch's
 * arena.
 */
struct error plan_batch(
    struct batch *batch, int64_t now, int64_t today, struct plan *plan) MUST_CHECK;

#endif
