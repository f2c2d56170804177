/*
 * change: what the plan wants written, as plain data. Made by src/plan, applied by src/lms.
 */
#ifndef ENROLD_CHANGE_H
#define ENROLD_CHANGE_H

#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum change_kind {
	CHANGE_CREATE_ACCOUNT,
	CHANGE_UPDATE_ACCOUNT,
	CHANGE_RENAME_ACCOUNT,
	CHANGE_DELETE_ACCOUNT,
	CHANGE_SET_INTERESTS,
	CHANGE_ENROL,       /* a new user_enrolments row with status and times */
	CHANGE_ENROLMENT,   /* status and times of an existing one */
	CHANGE_ASSIGN_ROLE, /* one more role in the place's context */
	CHANGE_UNASSIGN_ROLE,
	CHANGE_CREATE_COHORT, /* target: index into cohorts */
	CHANGE_CREATE_GROUP,  /* target: index into groups */
	CHANGE_CREATE_GROUPING,
	CHANGE_JOIN,    /* target: index into memberships */
	CHANGE_LEAVE,   /* the same; of a cohort with what its syncs do (lms/README 10.6) */
	CHANGE_UNENROL, /* with all that goes along with it (lms/README 10.1) */
	/* All manual roles in the course's context and those below it. */
	CHANGE_UNASSIGN_ALL,
};

struct profile_value {
	int64_t field;
	struct slice data;
	bool is_unique; /* the field is */
};

/* What a new account has, or what of an existing one changes. */
struct account_change {
	struct slice username; /* CREATE, RENAME */
	uint64_t details;      /* a bit for each detail that is set */
	struct slice *values;  /* by detail */
	struct slice auth;     /* empty: stays */
	bool sets_suspended, is_suspended;
	struct slice password; /* as given; empty: none */
	struct slice stored;   /* what the database gets instead, the record's hash; empty: stays */
	/* Preferences create_password and auth_forcepasswordchange: set, take away or leave. */
	int8_t generate, force;
	bool ends_sessions;
	struct profile_value *profile;
	uint32_t profile_count;
};

/* All the tags of a person, in their order: as they are compared, and as they are written. */
enum { INTERESTS_MAX = 200 };

struct interests_change {
	struct slice *names, *raws;
	uint32_t count;
};

/* What a new group has besides its name; bytes NULL: NULL. */
struct group_change {
	struct slice idnumber, description, enrolmentkey;
};

struct change {
	enum change_kind kind;
	uint32_t person;    /* index into the batch's people; INDEX_NONE: nobody */
	uint32_t enrolment; /* index into the batch's enrolments: of enrolments and roles */
	uint32_t target;    /* index, as the kind says */
	struct account_change *account;
	const struct group_change *group;
	const struct interests_change *interests;
	int64_t role;   /* CHANGE_ASSIGN_ROLE, CHANGE_UNASSIGN_ROLE */
	int64_t status; /* CHANGE_ENROL, CHANGE_ENROLMENT */
	int64_t timestart;
	int64_t timeend;
};

static inline bool change_is_of_account(const struct change *change)
{
	return change->kind <= CHANGE_DELETE_ACCOUNT;
}

#endif
