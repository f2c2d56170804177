/*
 * change: what the plan wants written, as plain data. Made by src/roster, applied by src/lms.
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
	CHANGE_ENROL,       /* a new user_enrolments row with status and times */
	CHANGE_ENROLMENT,   /* status and times of an existing one */
	CHANGE_ASSIGN_ROLE, /* one more role in the course's context */
};

struct profile_value {
	int64_t field;
	struct slice data;
};

/* What a new account has, or what of an existing one changes. */
struct account_change {
	struct slice username; /* CREATE, RENAME */
	uint64_t details;      /* a bit for each detail that is set */
	struct slice *values;  /* by detail */
	struct slice auth;     /* empty: stays */
	bool sets_suspended, is_suspended;
	struct slice password; /* as given, to be hashed by the run; empty: none */
	struct slice stored;   /* what the database gets instead; empty: stays */
	/* Preferences create_password and auth_forcepasswordchange: set, take away or leave. */
	int8_t generate, force;
	bool ends_sessions;
	struct profile_value *profile;
	uint32_t profile_count;
};

struct change {
	enum change_kind kind;
	uint32_t person;    /* index into the batch's people: of an account's change */
	uint32_t enrolment; /* index into the batch's enrolments: of the others */
	struct account_change *account;
	int64_t role;   /* CHANGE_ASSIGN_ROLE */
	int64_t status; /* CHANGE_ENROL, CHANGE_ENROLMENT */
	int64_t timestart;
	int64_t timeend;
};

static inline bool change_is_of_account(const struct change *change)
{
	return change->kind <= CHANGE_DELETE_ACCOUNT;
}

#endif
