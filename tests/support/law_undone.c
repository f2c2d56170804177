/* What a row of an undo has done, in the words of files' rows, by what it says of before and after.
 */
#include "law_parts.h"

static bool starts(const char *state, const char *with)
{
	return text_starts(state, with);
}

static const char *member_code(const char *before, const char *left, const char *joined)
{
	return *before ? left : joined;
}

static const char *course_code(const char *before, const char *after)
{
	bool was = starts(before, "status="), is = starts(after, "status=");
	if (was != is)
		return was ? "unenrolled" : "enrolled";
	return was                              ? "enrolment_updated"
	       : strlen(after) > strlen(before) ? "role_assigned"
	                                        : "role_removed";
}

const char *law_undone_code(const char *column, const char *before, const char *after)
{
	const char *state = *after ? after : before;
	bool is_of_absent = strcmp(column, "absent") == 0;
	if (starts(column, "course") || (is_of_absent && starts(state, "status=")))
		return course_code(before, after);
	if (starts(column, "sysrole") || starts(column, "category"))
		return strlen(after) > strlen(before) ? "role_assigned" : "role_removed";
	if (starts(column, "group"))
		return member_code(before, "group_left", "group_joined");
	if (starts(column, "cohort"))
		return member_code(before, "cohort_left", "cohort_joined");
	if (strcmp(column, "interests") == 0)
		return "interests_set";
	return starts(before, "username=") ? "account_renamed" : "account_updated";
}
