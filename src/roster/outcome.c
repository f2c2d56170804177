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
    [CODE_ENROLLED] = {"enrolled", "the person was enrolled"},
    [CODE_ENROLMENT_UPDATED] = {"enrolment_updated", "status or dates of the enrolment changed"},
    [CODE_ROLE_ASSIGNED] = {"role_assigned", "was enrolled already and got one more role"},
    [CODE_ALREADY_ENROLLED] = {"already_enrolled", "all of it was so already"},
    [CODE_ENROLMENT_SUSPENDED] = {"enrolment_suspended",
        "is enrolled but suspended in the course, and the file does not say otherwise"},
    [CODE_ENROLMENT_EXPIRED] = {"enrolment_expired",
        "is enrolled but the enrolment has ended, and the file gives no new dates"},
    [CODE_NOTHING_ASKED] = {"nothing_asked", "the row names a person and asks nothing"},
    [CODE_USERNAME_MISSING] = {"username_missing", "the row names nobody"},
    [CODE_USER_NOT_FOUND] = {"user_not_found", "no account of that name"},
    [CODE_PROTECTED_ACCOUNT] = {"protected_account", "a site administrator or the guest account"},
    [CODE_COURSE_NOT_FOUND] = {"course_not_found", "no course of exactly that short name"},
    [CODE_COURSE_AMBIGUOUS] = {"course_ambiguous", "several courses of that short name"},
    [CODE_NO_ENROL_INSTANCE] = {"no_enrol_instance", "the course takes no manual enrolments"},
    [CODE_NO_COURSE_CONTEXT] = {"no_course_context", "the course has no context row yet"},
    [CODE_ROLE_NOT_FOUND] = {"role_not_found", "no such role that can be given in courses"},
    [CODE_INVALID_VALUE] = {"invalid_value", "a cell's value cannot be read"},
    [CODE_VALUE_TOO_LONG] = {"value_too_long", "a cell is longer than its column allows"},
    [CODE_NOT_UTF8] = {"not_utf8", "a cell has bytes that are not UTF-8"},
    [CODE_CONTROL_CHARACTER] = {"control_character", "a cell has a NUL or control character"},
    [CODE_BROKEN_QUOTES] = {"broken_quotes", "text follows a closing quote"},
    [CODE_WRONG_FIELD_COUNT] = {"wrong_field_count", "not as many fields as the header"},
    [CODE_ROW_NOT_APPLIED] = {"row_not_applied", "not attempted: see the row's error"},
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
