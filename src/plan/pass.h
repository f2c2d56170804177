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
	struct outcome spare; /* for when there is no memory */
	bool is_attempt;
	struct kept_fact *kept;
	size_t kept_count, kept_room;
};

/* One more item of an array that grows; NULL: no memory, which the arena knows. */
void *pass_grow(struct pass *pass, void *items, size_t count, size_t *room, size_t size);
/* Never NULL; what does not fit into memory fails the arena. */
struct outcome *outcome_add(
    struct pass *pass, uint32_t record, uint32_t column, enum outcome_kind kind, enum code code);
void change_add(struct pass *pass, struct change change);
/* What the rest of the batch has to know of a change; change_add does it, but in an attempt. */
void change_settle(struct pass *pass, const struct change *change);
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

/* This feed takes nothing away, and it was said. */
bool taking_is_refused(struct pass *pass, const struct request *request, uint32_t column);

/* "There is no group 'Rot': is 'Red' meant?"; remedy: ends the sentence where nothing is. */
struct slice missing_message(struct arena *arena, const char *what, struct slice name,
    struct slice nearest, const char *remedy);
/* What was done to a group, "Joined the group", as a sentence; on a real Moodle also who tells its
 * caches, without which pages for the group stay closed. */
struct slice group_message(const struct pass *pass, struct slice done);
/* How it stands with who is in a group, in the words of an answer. */
struct slice member_state(const struct pass *pass, struct slice course);

/* ---- gate.c: what is withheld, because of limits or because nobody has approved it ---- */

/*
 * Everything that changes something is an attempt:
 *
 *     attempt_begin, change_add and the facts moved, each after fact_keep, outcome, attempt_end
 *
 * Nothing else is begun meanwhile, no batch_... called that adds an item of a kind that was kept,
 * and the outcome is the last; its kind tells whether something was done at all.
 */
struct attempt {
	size_t outcomes, changes;
};
struct kept_fact {
	void *fact, *bytes;
	size_t size;
};

/* outcomes: from where on there may be warnings of what is attempted. */
struct attempt attempt_begin(struct pass *pass, size_t outcomes);
void fact_keep(struct pass *pass, void *fact, size_t size);
void enrolment_keep(struct pass *pass, struct enrolment_facts *is);
/* limited: what of it was done to a person. False: it was withheld, the changes and warnings are
 * gone, the facts as before, and the outcome says so. */
bool attempt_end(struct pass *pass, const struct attempt *attempt, struct outcome *outcome,
    enum limited limited);

/* May be done: of an outcome's record, column, limited and code; CODES: whatever it is. */
bool gate_admits(const struct pass *pass, const struct outcome *outcome);
/* The plan that was approved has this detail of an account there, or tells of none. */
bool gate_shows(const struct pass *pass, const struct outcome *outcome, const char *detail);
void outcome_withhold(const struct pass *pass, struct outcome *outcome);
/* Only what was withheld once is told of; and drops the other outcomes, from this one on. */
bool gate_mutes(const struct pass *pass);
void outcomes_mute(struct pass *pass, size_t from);

/* ---- rounds.c: facts that have become old ---- */

void round_note(struct batch *batch, const struct change *change);
/* False: the next round has to see to the request. */
bool round_admits(struct batch *batch, const struct request *request, uint32_t person);

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

/* ---- plan_leave.c: who leaves a course, or a role in it ---- */

/*
 * Takes the person out of the course, as `how` says: adds the changes, and moves the facts, whose
 * `leaving` has to be known.
 *
 *     unenrolled, unenrol_suspended    done, or with *moves false: suspended already
 *     not_enrolled, enrolled_otherwise, not_allowed, has_history, no_right    nothing was done
 *
 * An enrolment that is suspended already is left, but for roles that suspend_no_roles takes.
 */
enum code leave_decide(struct pass *pass, uint32_t enrolment, enum policy_removal how, bool *moves);
/* What to say of it, as a sentence; call it for what was not done before anything else is. */
struct slice leave_message(const struct pass *pass, uint32_t enrolment, enum policy_removal how,
    enum code code, bool moves);

/* How it stood before, with "history=1" where grades have gone with it. */
struct slice left_state(
    const struct pass *pass, enum code code, bool had_history, struct slice before);

void unenrol_decide(struct pass *pass, const struct request *request, uint32_t enrolment);
/* True: the person is in the course. */
bool course_role_remove(struct pass *pass, const struct request *request, uint32_t enrolment);

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
/* A component has given it, and it is not ours to take. */
bool has_owned_role(const struct enrolment_facts *is, int64_t role);
/* A role of the person's there that the feed may not give; NULL: there is none. */
const struct role_facts *role_beyond(const struct pass *pass, const struct enrolment_facts *is);
void role_assign(struct pass *pass, uint32_t enrolment, int64_t role);
void role_remove(struct pass *pass, uint32_t enrolment, int64_t role);

/* ---- plan_word.c ---- */

/* A cell of the request has a word that the feed's values do not know, and it was said. */
bool request_word_is_unknown(struct pass *pass, const struct request *request);
/* The same of a row of a file of groups. */
bool group_row_word_is_unknown(struct pass *pass, uint32_t index);
/* The same of the group beside a course. */
bool group_word_is_unknown(struct pass *pass, const struct request *request);

/* ---- plan_modifier.c ---- */

/* A modifier is bad, and it was said. */
bool modifier_error(struct pass *pass, const struct request *request);
/* Tells of bad modifiers in a feed that ignores them, beside what was done. */
void ignored_tell(struct pass *pass, const struct request *request);
/* Tells of modifiers without effect, on the front page and beside a role. */
void front_page_tell(struct pass *pass, const struct request *request);
void type_tell(struct pass *pass, const struct request *request);
void courseless_decide(struct pass *pass, const struct request *request);
/* Tells of modifiers without effect beside what takes away; because: ends the sentence. */
void idle_modifiers_tell(struct pass *pass, const struct request *request, enum column_id first,
    enum column_id last, const char *because);

/* ---- plan_member.c: cohorts, groups, roles elsewhere ---- */

void cohort_decide(struct pass *pass, const struct request *request);
void system_role_decide(struct pass *pass, const struct request *request);
void category_role_decide(struct pass *pass, const struct request *request);
/* The group that goes with a course; may_join: the person is in the course. */
void group_decide(struct pass *pass, const struct request *request, bool may_join);

/* ---- plan_quit.c: groups and cohorts that are left by a minus ---- */

void group_quit(struct pass *pass, const struct request *request, uint32_t target);
/* A cohort that is there, and ours to change. */
void cohort_quit(struct pass *pass, const struct request *request, uint32_t target);

/* Several groups have the name, and it is not clear which is meant: false. Where the others are
 * empty a warning says that the oldest was taken. */
bool group_is_one(struct pass *pass, const struct request *request, uint32_t column,
    const struct group_facts *group);

/* ---- plan_group.c: create course groups files ---- */

void group_row_decide(struct pass *pass, uint32_t index);

/* ---- mention.c ---- */

/* Says who is where by this row. Who is taken out of a course is not listed there. */
void row_mention(struct pass *pass, uint32_t index, bool is_doubtful);

/* ---- stray.c ---- */

/* Makes the answers from this one on say so when they are about such cells. */
void strays_tell(struct pass *pass, size_t from);
/* A thing that would be made has a stray in its name, and it was said. */
bool request_has_stray(struct pass *pass, const struct request *request, uint32_t column);

#endif
