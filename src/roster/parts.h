/*
 * parts: what the files of this layer share. Nobody else includes it.
 */
#ifndef ROSTER_PARTS_H
#define ROSTER_PARTS_H

#include "enrold/batch.h"
#include "enrold/change.h"
#include "enrold/plan.h"

/* ---- request.c ---- */

/* Reads the modifiers of a request whose record and column are set. */
void request_read(const struct batch *batch, const struct record *record, struct request *request);
/* Nothing is asked; with `compat: moodle` a "0" is nothing too. */
bool request_is_absent(const struct batch *batch, struct slice cell);

/* ---- template.c ---- */

/* What %u, %f and %l stand for. */
struct template_names {
	struct slice username, firstname, lastname;
};

/* Facts 2.3, with its quirks: %-1f is one letter in lower case. */
struct slice template_fill(
    struct slice template, const struct template_names *names, struct arena *arena);

/* ---- detail.c ---- */

enum detail_verdict { DETAIL_GOOD, DETAIL_CHANGED, DETAIL_BAD, DETAIL_LEFT };

/*
 * What the cell means for a detail: DETAIL_GOOD as it is; DETAIL_CHANGED: Moodle would store what
 * is now in *value, and so does `compat: moodle`; DETAIL_BAD: not at all; DETAIL_LEFT: an empty
 * cell that cannot mean anything here. *expected says what would do.
 */
enum detail_verdict detail_read(const struct batch *batch, const struct column *column,
    struct slice cell, struct slice *value, const char **expected);
/* The same for a profile field: *value becomes what is stored. */
enum detail_verdict profile_read(const struct batch *batch, const struct profile_field *field,
    struct slice cell, struct slice *value, const char **expected);
/* 0, 1, yes, no, true, false; in any letter case. */
bool truth_read(struct slice cell, bool *truth);
bool password_is_weak(const struct password_policy *policy, struct slice password);

/* ---- plan.c: one pass over a batch ---- */

struct pass {
	struct batch *batch;
	int64_t now;
	int64_t today;
	struct outcome *outcomes;
	size_t outcomes_count, outcomes_room;
	struct change *changes;
	size_t changes_count, changes_room;
	struct outcome spare; /* for when there is no memory */
};

/* Never NULL; what does not fit into memory fails the arena. */
struct outcome *outcome_add(
    struct pass *pass, uint32_t record, uint32_t column, enum outcome_kind kind, enum code code);
void change_add(struct pass *pass, struct change change);

/* ---- plan_account.c ---- */

/* False: facts are missing that the keys now ask for. */
bool account_is_ready(struct pass *pass, uint32_t index);
/* The account step; false: nothing more can be done for this record. */
bool account_settle(struct pass *pass, uint32_t index);

/* The account that a row about to be settled will turn out to mean; INDEX_NONE: none, or a new
 * one. */
uint32_t account_expected(struct pass *pass, uint32_t index);

/* ---- plan_course.c ---- */

/* Somebody can be enrolled into it. */
bool course_is_open(const struct course_facts *course);

bool requests_are_ready(struct pass *pass, uint32_t index);
void request_settle(struct pass *pass, const struct request *request);
void requests_skip(struct pass *pass, uint32_t index);

#endif
