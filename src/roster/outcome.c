#include "enrold/outcome.h"

static const char *const kind_names[OUTCOME_KINDS] = {
    [OUTCOME_DONE] = "done",
    [OUTCOME_UNCHANGED] = "unchanged",
    [OUTCOME_WARNING] = "warning",
    [OUTCOME_ERROR] = "error",
    [OUTCOME_SKIPPED] = "skipped",
};

static const struct {
	const char *name;
	const char *meaning;
} codes[CODES] = {
    [CODE_ACCOUNT_CREATED] = {"account_created", "a new account was made"},
    [CODE_ACCOUNT_UPDATED] = {"account_updated", "details of the account changed"},
    [CODE_ACCOUNT_SUSPENDED] = {"account_suspended", "the account was suspended"},
    [CODE_ACCOUNT_ACTIVATED] = {"account_activated", "the account was activated"},
    [CODE_ACCOUNT_RENAMED] = {"account_renamed", "the account has a new user name"},
    [CODE_ACCOUNT_DELETED] = {"account_deleted", "the account was deleted"},
    [CODE_ACCOUNT_UNCHANGED] = {"account_unchanged", "the account was so already"},
    [CODE_ALREADY_RENAMED] = {"already_renamed", "nobody has the old name and somebody the new"},
    [CODE_ALREADY_DELETED] = {"already_deleted", "the account is gone already"},
    [CODE_ACCOUNT_EXISTS] = {"account_exists", "the feed only adds accounts and there is one"},
    [CODE_ENROLLED] = {"enrolled", "the person was enrolled"},
    [CODE_ENROLMENT_UPDATED] = {"enrolment_updated", "status or dates of the enrolment changed"},
    [CODE_ROLE_ASSIGNED] = {"role_assigned", "was enrolled already and got one more role"},
    [CODE_ALREADY_ENROLLED] = {"already_enrolled", "all of it was so already"},
    [CODE_ENROLMENT_SUSPENDED] = {"enrolment_suspended",
        "is enrolled but suspended in the course, and the file does not say otherwise"},
    [CODE_ENROLMENT_EXPIRED] = {"enrolment_expired",
        "is enrolled but the enrolment has ended, and the file gives no new dates"},
    [CODE_ALREADY_ASSIGNED] = {"already_assigned", "has the role already"},
    [CODE_ROLE_REMOVED] = {"role_removed", "the role was taken away"},
    [CODE_NOT_ASSIGNED] = {"not_assigned", "has not the role that is to be taken away"},
    [CODE_COHORT_CREATED] = {"cohort_created", "the cohort was made, and joined"},
    [CODE_COHORT_JOINED] = {"cohort_joined", "joined the cohort"},
    [CODE_ALREADY_IN_COHORT] = {"already_in_cohort", "is in the cohort already"},
    [CODE_GROUP_CREATED] = {"group_created", "the group was made, and joined"},
    [CODE_GROUP_JOINED] = {"group_joined", "joined the group"},
    [CODE_ALREADY_IN_GROUP] = {"already_in_group", "is in the group already"},
    [CODE_GROUP_EXISTS] = {"group_exists", "the course has the group already"},
    [CODE_GROUPING_CREATED] = {"grouping_created", "the grouping was made for the group"},
    [CODE_GROUPING_JOINED] = {"grouping_joined", "the group was put into the grouping"},
    [CODE_ALREADY_IN_GROUPING] = {"already_in_grouping", "the group is in the grouping already"},
    [CODE_INTERESTS_SET] = {"interests_set", "the person's tags are those of the row now"},
    [CODE_ALREADY_INTERESTED] = {"already_interested", "has just these tags already"},
    [CODE_NOTHING_ASKED] = {"nothing_asked", "the row names a person and asks nothing"},
    [CODE_USERNAME_MISSING] = {"username_missing", "the row names nobody"},
    [CODE_USER_NOT_FOUND] = {"user_not_found", "no account of that name"},
    [CODE_ACCOUNT_AMBIGUOUS] = {"account_ambiguous", "two accounts have what should tell one"},
    [CODE_REMOTE_ACCOUNT] = {"remote_account", "mnethostid names another host"},
    [CODE_USERNAME_TAKEN] = {"username_taken", "another account has the user name"},
    [CODE_EMAIL_TAKEN] = {"email_taken", "another account has the e-mail address"},
    [CODE_VALUE_TAKEN] = {"value_taken", "somebody else has this value of a unique profile field"},
    [CODE_DETAIL_MISSING] = {"detail_missing", "a new account lacks a name or an address"},
    [CODE_PASSWORD_MISSING] = {"password_missing", "a new account lacks the password"},
    [CODE_WEAK_PASSWORD] = {"weak_password", "weaker than the policy of the site; it was set"},
    [CODE_AUTH_NOT_ENABLED] = {"auth_not_enabled", "set, but the site does not offer it"},
    [CODE_NOT_ALLOWED] = {"not_allowed", "outside of what the feed may do or reach"},
    [CODE_NO_RIGHT] = {"no_right", "the database gives enrold no right to do this"},
    [CODE_NOT_ON_THIS_SITE] = {"not_on_this_site", "left out: the site has no place for it"},
    [CODE_LEFT_TO_MOODLE] = {"left_to_moodle", "the rest of it is for Moodle itself to do"},
    [CODE_PROTECTED_ACCOUNT] = {"protected_account",
        "an administrator, the guest, or a role in the site"},
    [CODE_COURSE_NOT_FOUND] = {"course_not_found",
        "no course of exactly that short name, or idnumber"},
    [CODE_COURSE_AMBIGUOUS] = {"course_ambiguous",
        "several courses of that short name, or idnumber"},
    [CODE_NO_ENROL_INSTANCE] = {"no_enrol_instance", "the course takes no manual enrolments"},
    [CODE_NO_COURSE_CONTEXT] = {"no_course_context", "the course has no context row yet"},
    [CODE_ROLE_NOT_FOUND] = {"role_not_found", "no such role that can be given in courses"},
    [CODE_COHORT_NOT_FOUND] = {"cohort_not_found", "no cohort of that id"},
    [CODE_COHORT_AMBIGUOUS] = {"cohort_ambiguous", "several cohorts are called so"},
    [CODE_COHORT_EXTERNAL] = {"cohort_external", "another component keeps the cohort"},
    [CODE_CATEGORY_NOT_FOUND] = {"category_not_found",
        "no category of that idnumber, or none named"},
    [CODE_CATEGORY_AMBIGUOUS] = {"category_ambiguous", "several categories of that idnumber"},
    [CODE_GROUP_NAME_MISSING] = {"group_name_missing", "the row names no group"},
    [CODE_GROUP_NOT_FOUND] = {"group_not_found", "the course has no such group"},
    [CODE_GROUP_AMBIGUOUS] = {"group_ambiguous", "several groups or groupings of that name"},
    [CODE_IDNUMBER_TAKEN] = {"idnumber_taken", "another group has the number; made without it"},
    [CODE_NO_EFFECT] = {"no_effect", "belongs to something that the row does not ask"},
    [CODE_INVALID_VALUE] = {"invalid_value", "a cell's value cannot be read"},
    [CODE_VALUE_TOO_LONG] = {"value_too_long", "a cell is longer than its column allows"},
    [CODE_NOT_UTF8] = {"not_utf8", "a cell has bytes that are not UTF-8"},
    [CODE_CONTROL_CHARACTER] = {"control_character", "a cell has a NUL or control character"},
    [CODE_BROKEN_QUOTES] = {"broken_quotes", "text follows a closing quote"},
    [CODE_WRONG_FIELD_COUNT] = {"wrong_field_count", "not as many fields as the header"},
    [CODE_ROW_NOT_APPLIED] = {"row_not_applied", "not attempted: see the row's error"},
    [CODE_UNENROLLED] = {"unenrolled", "the enrolment was taken away"},
    [CODE_UNENROL_SUSPENDED] = {"unenrol_suspended", "suspended in place of unenrolled"},
    [CODE_NOT_ENROLLED] = {"not_enrolled", "is not enrolled in the course"},
    [CODE_UNENROL_NOT_ALLOWED] = {"unenrol_not_allowed", "the feed takes nothing away"},
    [CODE_ENROLLED_OTHERWISE] = {"enrolled_otherwise", "is in the course by another method"},
    [CODE_OWNED_ELSEWHERE] = {"owned_elsewhere", "a component of Moodle's has given it"},
    [CODE_HAS_HISTORY] = {"has_history", "grades would be deleted"},
    [CODE_GROUP_LEFT] = {"group_left", "left the group"},
    [CODE_NOT_IN_GROUP] = {"not_in_group", "is not in the group"},
    [CODE_COHORT_LEFT] = {"cohort_left", "left the cohort"},
    [CODE_NOT_IN_COHORT] = {"not_in_cohort", "is not in the cohort"},
    [CODE_WORD_NOT_MAPPED] = {"word_not_mapped", "a word that the feed's values do not know"},
    [CODE_ABSENT_SUSPENDED] = {"absent_suspended", "not in a full file any more: suspended"},
    [CODE_ABSENT_UNENROLLED] = {"absent_unenrolled", "not in a full file any more: unenrolled"},
    [CODE_RETURNED] = {"returned", "is listed again; what absence had suspended is active"},
    [CODE_KEPT_MANUAL] = {"kept_manual", "left as a person has set it since"},
    [CODE_ABSENT_ENDED] = {"absent_ended", "absent, and the course or enrolment is over anyway"},
    [CODE_ABSENT_ELSEWHERE] = {"absent_elsewhere", "absent here, and listed by another feed"},
    [CODE_ABSENT_ROLE] = {"absent_role", "absent, and holds a role that absence leaves alone"},
    [CODE_WITHHELD] = {"withheld", "not done: more than the feed's limits let go unasked"},
    [CODE_HEADER_CHANGED] = {"header_changed", "not done: the file lacks columns of the last one"},
    [CODE_OLDER_FILE] = {"older_file", "not done: the file is older than the last one"},
    [CODE_OTHER_FILE] = {"other_file", "not done: the file is called otherwise than the last one"},
    [CODE_MAYBE_RENAMED] = {"maybe_renamed", "not done: a new account looks like the same person"},
    [CODE_SUPERSEDED] = {"superseded", "not done: a later file of the feed has named the person"},
    [CODE_UNDONE] = {"undone", "taken back"},
    [CODE_KEPT_CHANGED_SINCE] = {"kept_changed_since", "not taken back: it is not so any more"},
    [CODE_NOT_UNDOABLE] = {"not_undoable", "not taken back: that cannot be done"},
};

const char *outcome_kind_name(enum outcome_kind kind)
{
	return kind_names[kind];
}

const char *outcome_code_name(enum code code)
{
	return codes[code].name;
}

const char *outcome_code_meaning(enum code code)
{
	return codes[code].meaning;
}

enum code outcome_code_parse(struct slice name)
{
	enum code code = 0;
	while (code < CODES && !slice_is(slice_of(codes[code].name), name))
		code++;
	return code;
}

bool outcome_code_is_withheld(enum code code)
{
	return code == CODE_WITHHELD || code == CODE_HEADER_CHANGED || code == CODE_OLDER_FILE ||
	       code == CODE_OTHER_FILE || code == CODE_MAYBE_RENAMED;
}

const char *outcome_code_prospect(enum code code)
{
	static const char *const prospects[CODES] = {
	    [CODE_ACCOUNT_CREATED] = "The account would be made.",
	    [CODE_ACCOUNT_UPDATED] = "The account would be changed.",
	    [CODE_ACCOUNT_SUSPENDED] = "The account would be suspended.",
	    [CODE_ACCOUNT_ACTIVATED] = "The account would be activated.",
	    [CODE_ACCOUNT_RENAMED] = "The account would be renamed.",
	    [CODE_ACCOUNT_DELETED] = "The account would be deleted.",
	    [CODE_INTERESTS_SET] = "The tags of the row would be set.",
	    [CODE_ENROLLED] = "Would be enrolled.",
	    [CODE_ENROLMENT_UPDATED] = "Status or dates would be changed.",
	    [CODE_ROLE_ASSIGNED] = "The role would be given.",
	    [CODE_ROLE_REMOVED] = "The role would be taken away.",
	    [CODE_COHORT_CREATED] = "The cohort would be made, and joined.",
	    [CODE_COHORT_JOINED] = "Would join the cohort.",
	    [CODE_GROUP_CREATED] = "The group would be made.",
	    [CODE_GROUP_JOINED] = "Would join the group.",
	    [CODE_GROUPING_CREATED] = "The grouping would be made, and the group put into it.",
	    [CODE_GROUPING_JOINED] = "The group would be put into the grouping.",
	    [CODE_UNENROLLED] = "Would be unenrolled.",
	    [CODE_UNENROL_SUSPENDED] = "Would be suspended, not unenrolled.",
	    [CODE_GROUP_LEFT] = "Would leave the group.",
	    [CODE_COHORT_LEFT] = "Would leave the cohort.",
	    [CODE_ABSENT_SUSPENDED] = "Would be suspended, as absent.",
	    [CODE_ABSENT_UNENROLLED] = "Would be unenrolled, as absent.",
	    [CODE_RETURNED] = "Would be activated again.",
	    [CODE_LEFT_TO_MOODLE] =
	        "Grades, files and what plugins keep of the person would be left to Moodle.",
	};
	return prospects[code];
}
