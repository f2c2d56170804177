/*
 * plan_absent: the rows of the answer, and the changes, about those who are absent from a full file
 * (absence.h). They have line 0, the column "absent", and stand behind all others. Pure.
 */
#ifndef ENROLD_PLAN_ABSENT_H
#define ENROLD_PLAN_ABSENT_H

#include "enrold/absence.h"
#include "enrold/plan.h"

struct absent_row {
	const struct absentee *absentee; /* of an account: NULL */
	struct slice username;
	struct absent_verdict verdict;
	const struct absence_ban *ban; /* what withholds it; NULL: nothing does */
	bool is_due;                   /* its grace is over: it is unenrolled */
	struct listing listing;        /* out: as it has to be stored */
	bool is_dropped;               /* out: it has to be deleted */
};

/*
 * The batch is empty but for its header and policy; it gets a record, a person and an enrolment for
 * each row. now: as in plan_batch. The plan lies in the batch's arena.
 */
struct error plan_absent(struct batch *batch, struct absent_row *rows, size_t count, int64_t now,
    struct plan *plan) MUST_CHECK;

/* Of an account, which absence suspends, or activates when it is listed again. */
struct absent_account {
	int64_t user;
	struct slice username;
	bool suspends; /* else: activates */
	const struct absence_ban *ban;
};
struct error plan_absent_accounts(struct batch *batch, const struct absent_account *accounts,
    size_t count, struct plan *plan) MUST_CHECK;

#endif
