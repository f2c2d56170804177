/*
 * sqlite: what the SQLite engine's files share: one connection, the site as last loaded.
 */
#ifndef ENROLD_LMS_SQLITE_H
#define ENROLD_LMS_SQLITE_H

#include "enrold/lms.h"
#include "site_db.h"

struct lms {
	struct site_db *db;
	const struct lms_options *options;
	struct arena *arena; /* of the site's facts */
	struct site_facts site;
	struct slice calendar; /* of new accounts */
	int64_t tracks_forums;
	bool syncs_cohorts; /* members of a cohort are enrolled where it says so */
	/* Short names of courses, for suggestions: read when the first is wanted. */
	struct slice *course_names;
	size_t course_names_count;
	/* Statements made of the details' names, by whose address they are kept. */
	struct buffer account_select, account_insert;
};

/* One call of lms_apply. */
struct work {
	struct lms *lms;
	const struct effects *effects;
	struct arena *arena;      /* of the audit rows below */
	struct audit_row **audit; /* by change: rows besides its own, kept until its turn comes */
	int64_t *ids;             /* by change: the new role_assignments.id */
};

/* ---- sqlite_people.c ---- */

void accounts_prepare(struct lms *lms);

/* ---- sqlite_account.c ---- */

/* The changes of accounts, in the order given. */
void accounts_write(struct work *work);
void sessions_end(struct work *work, int64_t user);

/* ---- sqlite_bury.c ---- */

/* The change's account is deleted. */
void account_bury(struct work *work, size_t change);

/* ---- sqlite_member.c ---- */

/* Cohorts, groups, groupings, their members, and roles outside courses, in the order given. */
void members_write(struct work *work);

/* ---- sqlite_apply.c ---- */

/* A new assignment; its id. */
int64_t role_give(struct work *work, int64_t role, int64_t context, int64_t user);

/* ---- sqlite_flag.c ---- */

/* Tells live sessions to look again (facts 5.10): "accesslib/dirtyusers" and the like. */
void flag_set(struct work *work, const char *type, int64_t user);

/* ---- sqlite_audit.c ---- */

/* A row of logstore_standard_log (facts 6), without what all have in common. */
struct audit_row {
	const char *name, *target, *action, *table, *crud;
	int64_t object, context, level, instance, course, related;
	struct slice other;
	struct audit_row *next;
};

/* 0: it was never made. */
int64_t audit_user_context(const struct work *work, int64_t user);
void audit_write(struct work *work, const struct audit_row *row);
/* Kept until the change's turn comes, behind its own row. */
void audit_keep(struct work *work, size_t change, struct audit_row row);
/* All rows of the work, in the order of its changes. */
void audit_all(struct work *work);

#endif
