/*
 * deed: what a file can ask to be done, as far as the database may forbid it. A right that is
 * missing costs the requests that need it and no others: the plan answers them with `no_right`.
 * Which rights a deed needs is the affair of those who know its tables (src/site/rights.c).
 */
#ifndef ENROLD_DEED_H
#define ENROLD_DEED_H

#include "enrold/policy.h"

enum deed {
	DEED_CREATE_ACCOUNT,
	DEED_UPDATE_ACCOUNT, /* and rename */
	DEED_SET_PROFILE,
	DEED_SET_PREFERENCE, /* what forces or makes a password */
	DEED_END_SESSIONS,
	DEED_DELETE_ACCOUNT,
	DEED_ENROL,
	DEED_CHANGE_ENROLMENT,
	DEED_ASSIGN_ROLE,
	DEED_UNASSIGN_ROLE,
	DEED_SEE_CATEGORY,
	DEED_SEE_COHORT,
	DEED_CREATE_COHORT,
	DEED_JOIN_COHORT,
	DEED_SEE_GROUP,
	DEED_CREATE_GROUP,
	DEED_JOIN_GROUP,
	DEED_SEE_GROUPING,
	DEED_CREATE_GROUPING,
	DEED_JOIN_GROUPING,
	DEED_SET_INTERESTS,
	DEED_UNENROL, /* with roles, groups, grades and forum rows */
	DEED_LEAVE_GROUP,
	DEED_LEAVE_COHORT, /* with what its syncs take away */
	DEEDS,
};

typedef uint32_t deed_set; /* a bit for each */

#define DEED_BIT(deed) (UINT32_C(1) << (deed))

/* What the files of such a feed can ask for. */
deed_set deeds_of_policy(const struct policy *policy);

#endif
