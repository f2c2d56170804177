/*
 * outcome: what became of a request, and the stable code that says why. One table (outcome.c) holds
 * every code with its meaning; enrold.csv(5) is compared with it by a test.
 */
#ifndef ENROLD_OUTCOME_H
#define ENROLD_OUTCOME_H

#include "enrold/slice.h"

#include <stdint.h>

enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_UNCHANGED, /* a no-op */
	OUTCOME_WARNING,   /* done, with a remark */
	OUTCOME_ERROR,
	OUTCOME_SKIPPED, /* not attempted because of something else */
	OUTCOME_KINDS,
};

enum code {
	CODE_ACCOUNT_CREATED,
	CODE_ACCOUNT_UPDATED,
	CODE_ACCOUNT_SUSPENDED,
	CODE_ACCOUNT_ACTIVATED,
	CODE_ACCOUNT_RENAMED,
	CODE_ACCOUNT_DELETED,
	CODE_ACCOUNT_UNCHANGED,
	CODE_ALREADY_RENAMED,
	CODE_ALREADY_DELETED,
	CODE_ACCOUNT_EXISTS,
	CODE_ENROLLED,
	CODE_ENROLMENT_UPDATED,
	CODE_ROLE_ASSIGNED,
	CODE_ALREADY_ENROLLED,
	CODE_ENROLMENT_SUSPENDED,
	CODE_ENROLMENT_EXPIRED,
	CODE_ALREADY_ASSIGNED,
	CODE_ROLE_REMOVED,
	CODE_NOT_ASSIGNED,
	CODE_COHORT_CREATED,
	CODE_COHORT_JOINED,
	CODE_ALREADY_IN_COHORT,
	CODE_GROUP_CREATED,
	CODE_GROUP_JOINED,
	CODE_ALREADY_IN_GROUP,
	CODE_GROUP_EXISTS,
	CODE_GROUPING_CREATED,
	CODE_GROUPING_JOINED,
	CODE_ALREADY_IN_GROUPING,
	CODE_INTERESTS_SET,
	CODE_ALREADY_INTERESTED,
	CODE_NOTHING_ASKED,
	CODE_USERNAME_MISSING,
	CODE_USER_NOT_FOUND,
	CODE_ACCOUNT_AMBIGUOUS,
	CODE_NO_RIGHT,
	CODE_PROTECTED_ACCOUNT,
	CODE_REMOTE_ACCOUNT,
	CODE_USERNAME_TAKEN,
	CODE_EMAIL_TAKEN,
	CODE_VALUE_TAKEN,
	CODE_DETAIL_MISSING,
	CODE_PASSWORD_MISSING,
	CODE_WEAK_PASSWORD,
	CODE_AUTH_NOT_ENABLED,
	CODE_NOT_ALLOWED,
	CODE_NOT_ON_THIS_SITE,
	CODE_LEFT_TO_MOODLE,
	CODE_COURSE_NOT_FOUND,
	CODE_COURSE_AMBIGUOUS,
	CODE_NO_ENROL_INSTANCE,
	CODE_NO_COURSE_CONTEXT,
	CODE_ROLE_NOT_FOUND,
	CODE_COHORT_NOT_FOUND,
	CODE_COHORT_AMBIGUOUS,
	CODE_COHORT_EXTERNAL,
	CODE_CATEGORY_NOT_FOUND,
	CODE_CATEGORY_AMBIGUOUS,
	CODE_GROUP_NAME_MISSING,
	CODE_GROUP_NOT_FOUND,
	CODE_GROUP_AMBIGUOUS,
	CODE_IDNUMBER_TAKEN,
	CODE_NO_EFFECT,
	CODE_INVALID_VALUE,
	CODE_VALUE_TOO_LONG,
	CODE_NOT_UTF8,
	CODE_CONTROL_CHARACTER,
	CODE_BROKEN_QUOTES,
	CODE_WRONG_FIELD_COUNT,
	CODE_ROW_NOT_APPLIED,
	/* Taking away: */
	CODE_UNENROLLED,
	CODE_UNENROL_SUSPENDED,
	CODE_NOT_ENROLLED,
	CODE_UNENROL_NOT_ALLOWED,
	CODE_ENROLLED_OTHERWISE,
	CODE_OWNED_ELSEWHERE,
	CODE_HAS_HISTORY,
	CODE_GROUP_LEFT,
	CODE_NOT_IN_GROUP,
	CODE_COHORT_LEFT,
	CODE_NOT_IN_COHORT,
	CODE_WORD_NOT_MAPPED,
	/* Absence: */
	CODE_ABSENT_SUSPENDED,
	CODE_ABSENT_UNENROLLED,
	CODE_RETURNED,
	CODE_KEPT_MANUAL,
	CODE_ABSENT_ENDED,
	CODE_ABSENT_ELSEWHERE,
	CODE_ABSENT_ROLE,
	CODE_WITHHELD,
	CODE_HEADER_CHANGED,
	CODE_OLDER_FILE,
	CODE_OTHER_FILE,
	CODE_MAYBE_RENAMED,
	/* Releasing and undoing: */
	CODE_SUPERSEDED,
	CODE_UNDONE,
	CODE_KEPT_CHANGED_SINCE,
	CODE_NOT_UNDOABLE,
	CODES,
};

/* What of it limits count by people, and withhold as a kind (limits.h). */
enum limited {
	LIMITED_NOT,
	LIMITED_BY_CELL,  /* an enrolment, role or membership lost by what a cell says */
	LIMITED_ACCOUNTS, /* an account suspended, deleted, renamed, given other details */
	LIMITED_KINDS,
};

#define COLUMN_NONE UINT32_MAX
/* "absent": of what no row says. */
#define COLUMN_ABSENT (UINT32_MAX - 1)
/* As the row called it that is taken back: the record says it. */
#define COLUMN_UNDONE (UINT32_MAX - 2)

/* One line of the result. Slices lie in the batch's arena or are static. */
struct outcome {
	uint32_t record; /* index into the batch's records */
	uint32_t column; /* index into the header, COLUMN_NONE: the record as a whole */
	enum outcome_kind kind;
	enum code code;
	enum limited limited; /* of what was done, or withheld, to the person */
	struct slice target;  /* the course's short name, the cell as it is */
	struct slice message; /* one sentence that says what to do */
	struct slice before;
	struct slice after;
};

const char *outcome_kind_name(enum outcome_kind kind);
const char *outcome_code_name(enum code code);
const char *outcome_code_meaning(enum code code);
/* What a preview says of something that the run then does: "Would be enrolled." NULL: this code
 * does nothing. */
const char *outcome_code_prospect(enum code code);
/* A removal that was not done, and that a person has to look at. */
bool outcome_code_is_withheld(enum code code);
/* CODES: there is no such code. */
enum code outcome_code_parse(struct slice name);

#endif
