/*
 * pass: one pass over a batch, and what the parts of the plan do to it. Nobody else includes it.
 */
#ifndef PLAN_PASS_H
#define PLAN_PASS_H

#include "enrold/batch.h"
#include "enrold/change.h"
#include "enrold/plan.h"

/* ---- pass.c: what one pass over a batch adds to ---- */

struct pass {
	struct batch *batch;
	int64_t now;
	int64_t today;
	struct outcome *outcomes;
	size_t outcomes_count, outcomes_room;
	struct change *changes;
	size_t changes_count, changes_room;
	uint64_t remarks[REMARK_CODES]; /* rows */
	struct mention *mentions;
	size_t mentions_count, mentions_room;
	struct outcome spare;           /* for when there is no memory */
};

/* One more item of an array that grows; NULL: no memory, which the arena knows. */
void *pass_grow(struct pass *pass, void *items, size_t count, size_t *room, size_t size);
/* Never NULL; what does not fit into memory fails the arena. */
struct outcome *outcome_add(
    struct pass *pass, uint32_t record, uint32_t column, enum outcome_kind kind, enum code code);
void change_add(struct pass *pass, struct change change);
/* This row has something that adds up to the remark. */
void row_remark(struct pass *pass, enum remark_code code);
/* An answer about a request, by what it names. */
struct outcome *request_answer(struct pass *pass, const struct request *request, uint32_t column,
    enum outcome_kind kind, enum code code, struct slice target, struct slice message);
/* not_allowed: "<what> (may.courses): correct the row, or widen that setting of the feed." */
void request_refuse(struct pass *pass, const struct request *request, uint32_t column,
    const char *setting, struct slice what);
/* The first of these deeds to which a right is missing, DEEDS: none; and what to say of it. */
enum deed deed_lacked(const struct pass *pass, deed_set deeds);
struct slice deed_message(const struct pass *pass, enum deed deed);
/* There is such a deed, and it was answered. */
bool request_lacks(struct pass *pass, const struct request *request, uint32_t column,
    struct slice target, deed_set deeds);

/* ---- plan_account.c ---- */

/* False: the record as a whole is bad, and the answer says so. */
bool record_is_whole(struct pass *pass, uint32_t index);

/* False: facts are missing that the keys now ask for. */
bool account_is_ready(struct pass *pass, uint32_t index);
/* The account step; false: nothing more can be done for this record. */
bool account_decide(struct pass *pass, uint32_t index);

/* ---- plan_course.c ---- */

void course_decide(struct pass *pass, const struct request *request);
/* There is another name to suggest, of a course that the feed reaches. */
bool course_is_hinted(const struct pass *pass, const struct request *request);

/* ---- plan_role.c ---- */

/* lms/README 4.2: by id when numeric, else by exact short name; NULL: none that can be given at
 * that level. */
const struct role_facts *role_find(const struct site_facts *site, struct slice cell, int level);
const struct role_facts *role_by_id(const struct site_facts *site, int64_t id);
/* Its short name; "?" where the role has gone. */
struct slice role_name(const struct site_facts *site, int64_t id);
/* The role may not be given there by this feed, and it was said. */
bool role_is_refused(struct pass *pass, const struct request *request, uint32_t column,
    const struct role_facts *role, int level);
bool has_role(const struct enrolment_facts *is, int64_t role);
void role_assign(struct pass *pass, uint32_t enrolment, int64_t role);
void role_remove(struct pass *pass, uint32_t enrolment, int64_t role);

/* ---- plan_modifier.c ---- */

/* A modifier is bad, and it was said. */
bool modifier_error(struct pass *pass, const struct request *request);
/* Tells of bad modifiers in a feed that ignores them, beside what was done. */
void ignored_tell(struct pass *pass, const struct request *request);
/* Tells of modifiers without effect, on the front page and beside a role. */
void front_page_tell(struct pass *pass, const struct request *request);
void type_tell(struct pass *pass, const struct request *request);
void courseless_decide(struct pass *pass, const struct request *request);

/* ---- plan_member.c: cohorts, groups, roles elsewhere ---- */

void cohort_decide(struct pass *pass, const struct request *request);
void system_role_decide(struct pass *pass, const struct request *request);
void category_role_decide(struct pass *pass, const struct request *request);
/* The group that goes with a course; may_join: the person is in the course. */
void group_decide(struct pass *pass, const struct request *request, bool may_join);

/* What was done to a group, "Joined the group", as a sentence; on a real Moodle also who tells its
 * caches, without which pages for the group stay closed. */
struct slice group_message(const struct pass *pass, struct slice done);
/* Several groups have the name, and it is not clear which is meant: false. Where the others are
 * empty a warning says that the oldest was taken. */
bool group_is_one(struct pass *pass, const struct request *request, uint32_t column,
    const struct group_facts *group);

/* ---- plan_group.c: create course groups files ---- */

void group_row_decide(struct pass *pass, uint32_t index);

/* ---- mention.c ---- */

/* Says who is where by this row, whose answers are those from this one on. */
void row_mention(struct pass *pass, uint32_t index, size_t from);

/* ---- stray.c ---- */

/* Makes the answers from this one on say so when they are about such cells. */
void strays_tell(struct pass *pass, size_t from);
/* A thing that would be made has a stray in its name, and it was said. */
bool request_has_stray(struct pass *pass, const struct request *request, uint32_t column);

#endif
