/*
 * work: what the files of this layer share: one connection, the site as last loaded, and one call
 * of lms_apply. Nobody else includes it.
 */
#ifndef LMS_WORK_H
#define LMS_WORK_H

#include "enrold/db.h"
#include "enrold/lms.h"
#include "enrold/nearest.h"
#include "enrold/rights.h"
#include "enrold/version.h"

#include "roll.h"

#include <jansson.h>

struct write_behind;
struct census;
struct chores;
struct taken;
struct spelt;
struct holders;
struct setting;

struct lms {
	struct db *db; /* lms_db(), where something may be being written */
	const struct lms_options *options;
	struct arena *arena;   /* of the site's facts */
	struct arena *scratch; /* for one call's questions */
	struct arena *writing; /* for one call of lms_apply */
	struct site_facts site;
	struct setting *settings;
	size_t settings_count;
	char version_text[32]; /* under which all of this is known; "": not looked at yet */
	struct version version;
	bool deletes_slowly;   /* course.deletioninprogress is there */
	struct slice calendar; /* of new accounts */
	int64_t tracks_forums;
	bool syncs_cohorts;      /* members of a cohort are enrolled where it says so */
	int64_t tag_collection;  /* of people's tags */
	bool asks_erasure;       /* the data of a deleted account is to be erased on request */
	int64_t cohort_unenrols; /* COHORT_...: what becomes of those who leave a cohort */
	bool completes;          /* config.enablecompletion */
	bool keeps_grades;       /* what is deleted of them goes into a history */
	/* Names of courses, by each kind, for suggestions: read when the first is wanted. */
	struct nearest *course_names[2];
	/* What is made of the details' names. */
	struct buffer account_select, account_columns;
	struct db_table account_table;
	struct roll *roll;    /* of a transaction; NULL: nothing has been read */
	struct rights rights; /* to the tables */
	struct holders
	    *holders; /* of roles in the whole site; NULL: not read in this transaction */
	/* Of a large transaction: */
	struct census *census;  /* NULL: none */
	int64_t census_version; /* of the database that it knows; 0: only this transaction's */
	struct write_behind *write_behind; /* what it still writes: lms_db waits for it */
	struct chores *chores;             /* of the last call of lms_apply */
	struct spelt *spelt;               /* NULL: not taken; of a database as old as the census */
	int64_t spelt_version;
	struct taken *taken; /* values of unique profile fields, in this transaction */
	/* conflicts.c: */
	struct db *observer; /* NULL: not yet connected */
	int64_t assignments_before, begun;
	int64_t session; /* 0: not yet asked for */
};

/* Moodle's level of activities. */
enum { LEVEL_MODULE = 70 };

/* The plan tells what we may not see; a question about it would fail. */
static inline bool lms_may(const struct lms *lms, enum deed deed)
{
	return !(lms->site.lacks & DEED_BIT(deed));
}

/* ---- users.c ---- */

void accounts_prepare(struct lms *lms);

/* ---- lookups.c ---- */

/* What is known of the names of courses is forgotten. */
void course_names_drop(struct lms *lms);

/* ---- groups.c ---- */

/* Something was made that the transaction's roll has to know. */
void roll_made(struct lms *lms, enum roll_kind kind, int64_t owner, struct slice name, int64_t id);
void roll_joined(struct lms *lms, int64_t grouping, int64_t group);
/* ---- chores.c ---- */

struct chores *chores_create(void); /* NULL: no memory */
void chores_free(struct chores *chores);
/* Reads who is welcomed where, and who is subscribed, when the site was just read. */
void chores_load(struct lms *lms);
/* The first forgets all; the second notes those of these changes, once what is new has its id. */
void chores_begin(struct lms *lms);
void chores_note(struct lms *lms, const struct effects *effects);
/* Notes what came along by itself: somebody is in a group now, or no longer, or has a role in a
 * course; an activity is no longer complete, and the files of a grade's feedback are nobody's. */
void chore_member(struct lms *lms, int64_t user);
void chore_role(struct lms *lms, int64_t user, int64_t course, int64_t role);
void chore_completion(struct lms *lms, int64_t user, int64_t course);
void chore_feedback(struct lms *lms, int64_t grade);

/* ---- holders.c ---- */

/* What is known of them is forgotten: a transaction ends, or begins. */
void holders_drop(struct lms *lms);
/* The same, when one of these changes roles in the whole site. */
void holders_follow(struct lms *lms, const struct effects *effects);

/* ---- apply.c: one call of lms_apply ---- */

struct dirty_flag {
	const char *type;
	int64_t user;
};

struct work {
	struct lms *lms;
	const struct effects *effects;
	struct arena *arena;      /* of all below */
	struct audit_rows *audit; /* by change: rows besides its own, kept until its turn comes */
	int64_t *ids;             /* by change: the new role_assignments.id */
	struct item *items;       /* of enrol.c */
	struct dirty_flag *flags;
	size_t flags_count, flags_room;
};

/* ---- audit.c ---- */

/* A row of logstore_standard_log (lms/README 6), without what all have in common. */
struct audit_row {
	const char *name, *target, *action, *table, *crud;
	int64_t object, context, level, instance, course, related;
	int64_t edulevel; /* 1: teaching, 2: participating */
	struct slice other;
	struct audit_row *next;
};

/* Some of them, in order. */
struct audit_rows {
	struct audit_row *first, *last;
};

/* One more, behind the others. */
void audit_add(struct work *work, struct audit_rows *rows, struct audit_row row);
/* All of them behind those of the change, and gone from where they were. */
void audit_move(struct work *work, size_t change, struct audit_rows *rows);
/* Kept until the change's turn comes, behind its own row. */
void audit_keep(struct work *work, size_t change, struct audit_row row);
/* What an event tells besides, in the site's writing; eats the data. */
struct slice audit_other(struct work *work, json_t *data);
/* As PHP has what it has read from the database. */
json_t *audit_text(int64_t number);
/* All rows of the work, in the order of its changes. */
void audit_all(struct work *work);
/* ---- rows.c ---- */

/* Rows on their way into a table. */
struct new_rows {
	const struct db_table *table;
	struct db_value *values;
	int64_t *ids; /* once they are written */
	size_t count, room;
};

enum { ROWS_TOGETHER = 4000 };

/* At most `room` rows; they lie in the work's arena. */
struct new_rows new_rows_begin(struct work *work, const struct db_table *table, size_t room);
void new_rows_add(struct new_rows *rows, const struct db_value *values, size_t count);
/* They may be begun afresh after this. */
void new_rows_write(struct work *work, struct new_rows *rows);

/* ---- enrol.c ---- */

extern const struct db_table user_enrolments_table, role_assignments_table;

/* Somebody gets into a course, or a role in a context, or both. */
struct new_enrolment {
	int64_t user, enrol, context, course;
	int64_t timestart, timeend;
	int64_t role;                       /* 0: none */
	int64_t id, assignment;             /* of the rows, once they are written */
	uint32_t enrol_change, role_change; /* whose they are */
	int32_t status;
	bool enrols;
};

static inline bool change_is_new_enrolment(const struct effects *effects, size_t index)
{
	const struct change *change = &effects->changes[index];
	return change->kind == CHANGE_ENROL ||
	       (change->kind == CHANGE_ASSIGN_ROLE &&
	           effects->enrolments[change->enrolment].course != 0);
}

/* The change of this index, which is an entry, behind the others: a role goes along
 * with the enrolment before it. There must be room. */
void new_enrolment_add(
    struct new_enrolment *entries, size_t *count, const struct effects *effects, size_t index);
/* user_enrolments and role_assignments. */
void new_enrolments_write(struct work *work, struct new_enrolment *entries, size_t count);
/* Their audit rows, by course; after new_enrolments_write of the same. */
void new_enrolments_audit(struct work *work, const struct new_enrolment *entries, size_t count);

/* ---- account.c ---- */

/* The changes of accounts, in the order given. */
void accounts_write(struct work *work);

/* ---- account_delete.c ---- */

/* The accounts of these changes are deleted. */
void accounts_delete(struct work *work, const size_t *changes, size_t count);
/* The address that the row of a deleted account has: by it one can tell what its name was. */
enum { TOMBSTONE_SIZE = 32 };
void tombstone_mark(struct db *db, struct slice username, char mark[TOMBSTONE_SIZE + 1]);

/* An account that goes. */
struct departure {
	size_t change;
	int64_t user, context; /* its own context; 0: none */
};

/* ---- departure.c ---- */

/* Rows of parts of Moodle that not every site has, and of their own contexts; while they are still
 * in their groups. */
void departures_clear(struct work *work, const struct departure *who, size_t count);

/* ---- tags.c ---- */

/* They have no tags any more. */
void tags_leave(struct work *work, const struct departure *who, size_t count);
/* Whether people have tags on a site just read, and in which collection. */
void tags_load(struct lms *lms, bool are_wanted);

/* ---- tags_lost.c ---- */

/* A tag that somebody has lost. */
struct lost_tag {
	int64_t tag;
	size_t change; /* the last one by which it was lost */
};

struct lost_tags {
	struct lost_tag *items;
	size_t count, room;
};

/* Of the user ?1. */
extern const char tags_of_people[];
enum { TAG_INSTANCE, TAG_ID, TAG_NAME, TAG_RAW, TAG_CONTEXT, TAG_LEVEL, TAG_WHERE, TAG_ORDERING };

/* Such a row is going to be deleted. */
void tag_lose(struct work *work, struct lost_tags *lost, const struct db_rows *rows, size_t change,
    int64_t user);
/* Those that nothing has any more go. */
void lost_tags_clear(struct work *work, struct lost_tags *lost);

/* ---- interests.c ---- */

/* The changes of tags, in the order given. */
void interests_write(struct work *work);

/* ---- member.c ---- */

/* Cohorts, groups, groupings, their members, and roles outside courses, in the order given. */
void members_write(struct work *work);

/* ---- groups.c ---- */

extern const struct db_table groups_members_table;
/* The groups have changed; sorts them. */
void groups_touch(struct work *work, int64_t *groups, size_t count);
/* Those that have new members. */
void groups_touch_joined(struct work *work, const struct new_rows *members);

/* ---- leave.c ---- */

/* The changes that take away. */
void leavings_write(struct work *work);

/* Somebody on the way out of something. */
struct leaving {
	int64_t user, course, context; /* 0: none, or not known */
	bool is_partial;               /* something remains, and with it what is not owned */
	struct audit_rows told;
};

/* ---- waves.c ---- */

/* Writes the work's changes portion by portion: each call sees those of one as the work's. */
void waves_write(struct work *work, void (*write)(struct work *work));

/* ---- unassign.c ---- */

/* What roles_take may be asked to take, and the values of its questions: */
extern const char roles_of_user[];  /* user */
extern const char roles_own[];      /* user, context, role: those that no component owns */
extern const char roles_of_owner[]; /* user, context, itemid, component */

/* They go, and leavings[tag] are told of it. */
void roles_take(struct work *work, const char *sql, const struct db_questions *questions,
    struct leaving *leavings);
/* Roles in the courses' contexts, then in those below them, of leavings that are not partial. */
enum roles_taken { ROLES_ALL, ROLES_MANUAL };
void course_roles_take(
    struct work *work, struct leaving *leavings, size_t count, enum roles_taken which);

/* ---- group_leave.c ---- */

/* Rows of groups_members that are gone. */
struct gone_member {
	size_t leaving;
	int64_t id, user, group, course, context;
};

struct gone_members {
	struct gone_member *items;
	size_t count, room;
};

/* What members_take may be asked to take, and the values of its questions: */
extern const char members_of_user[];   /* user */
extern const char members_of_group[];  /* user, group */
extern const char members_of_owner[];  /* user, itemid, component */
extern const char members_of_course[]; /* user, course */

/* They go, and leavings[tag] are told of it. */
struct gone_members members_take(struct work *work, const char *sql,
    const struct db_questions *questions, struct leaving *leavings);
/* The same, with the conversations of the groups and the times of open attempts at quizzes. */
void members_take_leave(struct work *work, const char *sql, const struct db_questions *questions,
    struct leaving *leavings);

/* ---- quiz_times.c ---- */

void quiz_times_follow(struct work *work, const struct gone_members *gone);

/* ---- grades.c ---- */

/* Those of the leavings that are not partial. */
void grades_take(struct work *work, struct leaving *leavings, size_t count);

/* ---- unenrol.c ---- */

enum { ENROLMENT_COLUMNS = 9 };

/* An enrolment that ended, and where it was. */
struct enrolment_row {
	int64_t columns[ENROLMENT_COLUMNS];
	int64_t course;
	struct slice method;
};

struct unenrolment {
	size_t change;
	int64_t user, enrol;
	/* enrolments_take's own: */
	int64_t id; /* 0: there is none */
	struct slice component;
	struct leaving *leaving;
	struct enrolment_row row;
};

/* They end, one after the other. */
void enrolments_take(struct work *work, struct unenrolment *items, size_t count);
/* Of an answer that begins with the columns of user_enrolments (id, status, enrolid, userid,
 * timestart, timeend, modifierid, timecreated, timemodified), then enrol.enrol and enrol.courseid.
 */
struct enrolment_row enrolment_read(const struct db_rows *rows, struct arena *arena);
/* What the log tells of it besides. */
struct slice enrolment_other(struct work *work, const struct enrolment_row *row, bool is_last);

/* ---- cohort_leave.c ---- */

/* enrol_cohort/unenrolaction; all others suspend, too. */
enum { COHORT_UNENROL = 0, COHORT_SUSPEND_NO_ROLES = 3 };

struct cohort_leaving {
	size_t change;
	int64_t user;
	const struct cohort_facts *cohort;
};

void cohorts_leave(struct work *work, const struct cohort_leaving *cohorts, size_t count);

/* ---- leaving.c ---- */

/* Of a person (?1) and a course (?2): a row for each grade that somebody would miss; empty ones are
 * made for everybody. None where we may not see them. */
struct db_rows grades_ask(struct lms *lms, const struct db_questions *questions);
/* Adds what matters where somebody is to leave, for those that ask for it. */
void leaving_load(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena);
void cohorts_leaving_load(struct lms *lms, struct membership_facts *memberships, size_t count);

/* ---- chats.c ---- */

/* New rows of groups_members: these people are in the groups' conversations, too. */
void chats_join(struct work *work, const struct new_rows *members);
/* ... and these no longer. */
void chats_leave(struct work *work, const struct gone_members *gone);

/* ---- cohort_sync.c ---- */

/* Somebody has joined a cohort by the change of this index. */
struct joining {
	size_t change;
	int64_t cohort, user;
};

/* What Moodle's cohort enrolment does at once (lms/README 5.6), and so do we. */
void cohorts_sync(struct work *work, const struct joining *joinings, size_t count);

/* ---- dirty_flags.c ---- */

#define DIRTY_USERS "accesslib/dirtyusers"

/* Tells live sessions to look again (lms/README 5.10): DIRTY_USERS and the like. */
void dirty_flag_set(struct work *work, const char *type, int64_t user);
/* All that were set, once. */
void dirty_flags_write(struct work *work);
/* DIRTY_USERS of these, who are distinct and ascending. */
void people_mark_dirty(struct lms *lms, const int64_t *users, size_t count, int64_t now);

/* ---- audit.c: rows on their way ---- */

/* Rows one by one, of about so many changes: NULL: none are wanted, or no memory. */
struct audit_log *audit_begin(struct work *work, size_t changes);
void audit_new_enrolment(struct audit_log *log, const struct new_enrolment *entry);
void audit_end(struct audit_log *log);
/* Blank to the eye, and to no database. */
#define NO_BREAK_SPACE "\xC2\xA0"

#endif
