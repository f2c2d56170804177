/*
 * parts: what the files of this layer share. Nobody else includes it.
 */
#ifndef ROSTER_PARTS_H
#define ROSTER_PARTS_H

#include "enrold/batch.h"
#include "enrold/change.h"
#include "enrold/plan.h"

struct pass;

/* ---- columns.c ---- */

/* By its name in lower case; NULL: there is no such column. */
const struct column *column_find(struct slice name, bool is_of_groups);
/* "course": it would be one with a number behind it. */
bool column_wants_number(struct slice name, bool is_of_groups);
/* Length of the digits at the end of a name. */
size_t column_digits(struct slice name);
bool is_same_letters(struct slice a, struct slice b);

/* ---- mistakes.c: what is wrong with a header ---- */

/* All of it, which is told at once. Zero-initialised but for the arena. */
struct mistakes {
	struct arena *arena;
	struct remark_names unknown, twice;
	struct slice of_one; /* what is said when it is the only one of its kind */
	struct slice of_twice;
	bool has_mapped; /* an unknown one that the feed maps */
	struct slice keyless;
	const char *keyless_code;
};

void mistake_unknown(struct mistakes *mistakes, const struct header *header, uint32_t index);
void mistake_twice(
    struct mistakes *mistakes, const struct header *header, uint32_t first, uint32_t second);
void mistake_keyless(
    struct mistakes *mistakes, const struct policy *policy, const char *name, const char *code);
/* OK: there is none. */
struct error mistakes_tell(const struct mistakes *mistakes, uint64_t line);

/* ---- idle.c ---- */

/* Which columns are not used, and why. */
void idle_find(struct header *header, const struct policy *policy, const struct site_facts *site,
    struct arena *arena);
/* ---- stray.c ---- */

/* The cell has a character in it that is not to be seen and can only be a mistake in a key. */
bool cell_has_stray(const struct record *record, uint32_t column);
/* Makes the answers from this one on say so when they are about such cells. */
void strays_tell(struct pass *pass, size_t from);
/* A thing that would be made has a stray in its name, and it was said. */
bool request_has_stray(struct pass *pass, const struct request *request, uint32_t column);

/* ---- retry.c: rows out of a retry file ---- */

/* What the row says was wrong with it; CODES: it says nothing. */
enum code record_retried(const struct batch *batch, const struct record *record);
/* The row was refused for its shape and not changed since; and what to say of that. */
bool record_is_as_refused(const struct batch *batch, const struct record *record, enum code *fault);
struct slice record_shape_message(const struct batch *batch, const struct record *record);

/* ---- record_check.c ---- */

/* A retry file's own columns are for people, who may have saved them in any character set. */
bool column_is_used(const struct header_column *column);
void record_fault_find(
    const struct batch *batch, struct record *record, const struct csvin_record *source);

/* ---- batch_keys.c ---- */

/* The user name that the row gives; and, once its requests are read, all that it calls people. */
void record_name_read(struct batch *batch, struct record *record);
void record_keys_read(struct batch *batch, struct record *record);

/* ---- request.c ---- */

/* Adds what the batch's next record asks from there on in header->asking, at most so many requests.
 * Returns where it has stopped. */
size_t requests_read(struct batch *batch, struct record *record, size_t from, size_t requests_max);

/* The first cell with a value among those that belong to a course; COLUMN_NONE: there is none. */
uint32_t modifier_find(const struct header_slot *slot, const struct slice *cells, size_t count);

/* ---- places.c ---- */

/* It is there, and people can have roles in it. */
bool course_is_open(const struct course_facts *course);
/* False: the LMS has to be asked about the person there first. */
bool request_pair(struct batch *batch, const struct request *request, uint32_t person);

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
	struct outcome spare;           /* for when there is no memory */
};

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
bool account_settle(struct pass *pass, uint32_t index);

/* ---- plan_course.c ---- */

void course_settle(struct pass *pass, const struct request *request);
/* There is another name to suggest, of a course that the feed reaches. */
bool course_is_hinted(const struct pass *pass, const struct course_facts *course);

/* ---- plan_role.c ---- */

/* Facts 4.2: by id when numeric, else by exact short name; NULL: none that can be given at that
 * level. */
const struct role_facts *role_find(const struct site_facts *site, struct slice cell, int level);
const struct role_facts *role_by_id(const struct site_facts *site, int64_t id);
/* Its short name; "?" where the role has gone. */
struct slice role_name(const struct site_facts *site, int64_t id);
/* The role may not be given there by this feed, and it was said. */
bool role_is_refused(struct pass *pass, const struct request *request, uint32_t column,
    const struct role_facts *role, int level);
bool has_role(const struct enrolment_facts *is, int64_t role);
/* The names of the roles that somebody has in a place: "student,teacher". */
struct slice roles_text(const struct pass *pass, const struct enrolment_facts *is);
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
void courseless_settle(struct pass *pass, const struct request *request);

/* ---- plan_member.c: cohorts, groups, roles elsewhere ---- */

void cohort_settle(struct pass *pass, const struct request *request);
void system_role_settle(struct pass *pass, const struct request *request);
void category_role_settle(struct pass *pass, const struct request *request);
/* The group that goes with a course; may_join: the person is in the course. */
void group_settle(struct pass *pass, const struct request *request, bool may_join);

/* What was done to a group, "Joined the group", as a sentence; on a real Moodle also who tells its
 * caches, without which pages for the group stay closed. */
struct slice group_message(const struct pass *pass, struct slice done);
/* Several groups have the name, and it is not clear which is meant: false. Where the others are
 * empty a warning says that the oldest was taken. */
bool group_is_one(struct pass *pass, const struct request *request, uint32_t column,
    const struct group_facts *group);

/* ---- plan_group.c: create course groups files ---- */

void group_row_settle(struct pass *pass, uint32_t index);

#endif
