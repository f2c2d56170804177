/*
 * undo: what a run did is taken back, row by row of its result, from the last one to the first.
 * A row that did something says in `before` and `after` all that is needed: where what is now still
 * equals `after` it becomes what `before` says; else it stays. The rows of the undo's own answer
 * say the same of what it has done, so that an undo is undone by the same rules. Pure.
 *
 *     undo_kind_of       what a row of the result is about; most files' rows did nothing
 *     undo_part          which of some rows can be decided together, and for those:
 *     undo_add           the row's person, and what it names, become the batch's
 *     (look_places, look_people)
 *     undo_pair          people and places that the LMS has to be asked about
 *     (look_enrolments)
 *     plan_undo          changes and the answer
 */
#ifndef ENROLD_UNDO_H
#define ENROLD_UNDO_H

#include "enrold/plan.h"

enum undo_kind {
	UNDO_NOTHING,   /* the row did nothing */
	UNDO_ENROLMENT, /* status, dates and roles in a course */
	UNDO_SITE_ROLES,
	UNDO_CATEGORY_ROLES,
	UNDO_GROUP,
	UNDO_COHORT,
	UNDO_ACCOUNT, /* details, the method of login, whether it is suspended */
	UNDO_NEW_ACCOUNT,
	UNDO_NAME,
	UNDO_INTERESTS,
	UNDO_NEVER, /* a deletion; groups and groupings that a file of those has made */
};

/* What becomes of what the feed has listed (listing.h). */
enum undo_listing {
	UNDO_LISTING_STAYS,
	UNDO_LISTING_GOES,    /* the feed has not made it any more */
	UNDO_LISTING_IS_KEPT, /* it counts as done by hand until it is listed once more */
};

struct undo_row {
	uint64_t line;
	struct slice username, column, target, before, after;
	enum code code;
	enum undo_kind kind;
	/* By undo_add and undo_pair, indexes into the batch's; INDEX_NONE: there is none. */
	uint32_t record;
	uint32_t place;  /* course, category, cohort or group, as the kind says */
	uint32_t second; /* the course, if it is called otherwise; of a group its course */
	uint32_t enrolment, membership;
	/* Out: of which account, and user_enrolments.id, or 0: the account's own. */
	enum undo_listing listing;
	int64_t user, listed;
};

/* kind and code as the row has them. */
enum undo_kind undo_kind_of(enum outcome_kind outcome, const struct undo_row *row);

/*
 * Of rows in the order in which they are taken back, those that can be decided together go to the
 * front, *count of them: all, or those before which nothing of the same person's changes what the
 * others have to be looked up by. The order of one person's rows stays. False: no memory.
 */
bool undo_part(struct undo_row **rows, size_t all, size_t *count);

/* The batch is empty. */
void undo_begin(struct batch *batch);
/* by: how the result calls courses. Texts are borrowed. */
void undo_add(struct batch *batch, enum course_key_by by, struct undo_row *row);
void undo_pair(struct batch *batch, struct undo_row *const *rows, size_t count);
/* now: as in plan_batch. The plan lies in the batch's arena. */
struct error plan_undo(struct batch *batch, struct undo_row *const *rows, size_t count, int64_t now,
    struct plan *plan) MUST_CHECK;

#endif
