/*
 * undo: one row of a result that is taken back, and what the parts of the plan do to it. Nobody
 * else includes it.
 *
 *     plan_undo     which of them it is; who the person is, and whether the feed may touch them
 *     undo_answer   what is said of it
 *     undo_rows     what rows are about, and which can be decided together
 *     undo_course   enrolments, and roles wherever they are
 *     undo_member   groups and cohorts
 *     undo_account  accounts: details, and new ones
 *     undo_name     accounts: the user name, interests
 */
#ifndef PLAN_UNDO_H
#define PLAN_UNDO_H

#include "enrold/described.h"
#include "enrold/undo.h"

#include "pass.h"

struct undoing {
	struct pass *pass;
	struct batch *batch;
	struct arena *arena;
	struct undo_row *row;
	uint32_t person;
};

/* ---- undo_answer.c ---- */

/* The row of the answer: of the row's line, column and target. */
struct outcome *undo_answer(
    struct undoing *undoing, enum outcome_kind kind, enum code code, struct slice message);
/* Done, with what was and what is now. */
struct outcome *undo_done(
    struct undoing *undoing, struct slice before, struct slice after, struct slice message);
/* Left as it is: it is not as the run has left it any more. */
void undo_keep(struct undoing *undoing, struct slice message);
/* It cannot be done. */
void undo_never(struct undoing *undoing, struct slice message);
/* The feed's settings refuse it, by this one. */
void undo_refuse(struct undoing *undoing, struct slice what, const char *setting);
/* A right is missing, and it was said. */
bool undo_lacks(struct undoing *undoing, deed_set deeds);
/* An answer shows so much of a value, and that is not all of it. */
bool undo_is_cut(struct slice value);
/* The course is there, and the feed reaches it; false: it was said. */
bool undo_course_is_open(struct undoing *undoing, uint32_t course);

/* ---- undo_rows.c ---- */

/* What the row calls the course or the group. */
struct slice undo_course_name(const struct undo_row *row, struct arena *arena);
struct slice undo_member_name(const struct undo_row *row);

/* ---- undo_account.c ---- */

/* All that `after` says of the account is so; false: it was said. */
bool undo_account_is_as_left(struct undoing *undoing);
/* A role of the person's keeps the feed from it, and it was said. */
bool undo_account_outranks(struct undoing *undoing);

/* ---- by kind ---- */

void undo_enrolment(struct undoing *undoing);
void undo_roles(struct undoing *undoing);
void undo_group(struct undoing *undoing);
void undo_cohort(struct undoing *undoing);
void undo_account(struct undoing *undoing);
void undo_new_account(struct undoing *undoing);
void undo_name(struct undoing *undoing);
void undo_interests(struct undoing *undoing);

#endif
