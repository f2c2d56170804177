#include "enrold/deed.h"

/* Files that create course groups need no leave to make them. */
static const deed_set always =
    DEED_BIT(DEED_ENROL) | DEED_BIT(DEED_CHANGE_ENROLMENT) | DEED_BIT(DEED_ASSIGN_ROLE) |
    DEED_BIT(DEED_SEE_COHORT) | DEED_BIT(DEED_JOIN_COHORT) | DEED_BIT(DEED_SEE_GROUP) |
    DEED_BIT(DEED_CREATE_GROUP) | DEED_BIT(DEED_JOIN_GROUP) | DEED_BIT(DEED_SEE_GROUPING) |
    DEED_BIT(DEED_CREATE_GROUPING) | DEED_BIT(DEED_JOIN_GROUPING) | DEED_BIT(DEED_SET_INTERESTS);

deed_set deeds_of_policy(const struct policy *policy)
{
	deed_set deeds = always;
	bool creates = policy->upload_type != UPLOAD_UPDATE;
	bool updates =
	    policy->upload_type == UPLOAD_UPDATE || policy->upload_type == UPLOAD_ADD_OR_UPDATE;
	bool details = updates && policy->update_details != DETAILS_NONE;
	if (policy->may.create_cohorts)
		deeds |= DEED_BIT(DEED_CREATE_COHORT);
	if (policy->may.system_roles.count > 0)
		deeds |= DEED_BIT(DEED_UNASSIGN_ROLE) | DEED_BIT(DEED_SEE_CATEGORY);
	if (policy->allow_unenrol)
		deeds |= DEED_BIT(DEED_LEAVE_GROUP) | DEED_BIT(DEED_LEAVE_COHORT) |
		         DEED_BIT(DEED_UNASSIGN_ROLE);
	if ((policy->allow_unenrol && policy->removal == REMOVAL_UNENROL) ||
	    policy->absence.action == ABSENCE_UNENROL)
		deeds |= DEED_BIT(DEED_UNENROL);
	if (policy->absence.action == ABSENCE_SUSPEND_NO_ROLES)
		deeds |= DEED_BIT(DEED_UNASSIGN_ROLE);
	if (policy->absence.accounts == ABSENT_ACCOUNTS_SUSPEND)
		deeds |= DEED_BIT(DEED_UPDATE_ACCOUNT) | DEED_BIT(DEED_END_SESSIONS);
	if (creates)
		deeds |= DEED_BIT(DEED_CREATE_ACCOUNT) | DEED_BIT(DEED_SET_PROFILE) |
		         DEED_BIT(DEED_SET_PREFERENCE);
	if (details)
		deeds |= DEED_BIT(DEED_UPDATE_ACCOUNT) | DEED_BIT(DEED_SET_PROFILE);
	if (updates && policy->update_password)
		deeds |= DEED_BIT(DEED_UPDATE_ACCOUNT) | DEED_BIT(DEED_SET_PREFERENCE);
	if (updates && policy->allow_suspend)
		deeds |= DEED_BIT(DEED_UPDATE_ACCOUNT) | DEED_BIT(DEED_END_SESSIONS);
	if (updates && policy->allow_rename)
		deeds |= DEED_BIT(DEED_UPDATE_ACCOUNT);
	if (updates && policy->allow_delete)
		deeds |= DEED_BIT(DEED_DELETE_ACCOUNT);
	return deeds;
}
