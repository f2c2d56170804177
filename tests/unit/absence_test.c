/* One person in one course who is not in the file any more, and whose grace is over. */
#include "enrold/absence.h"
#include "enrold/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1795444310, DAY = 86400, STUDENT = 5, TEACHER = 4, TUTOR = 8, USER = 7, ENROL = 70 };

static const struct role_facts roles[] = {
    {TEACHER, {"teacher", 7}, {"teacher", 7}, true, false, false},
    {STUDENT, {"student", 7}, {"student", 7}, true, false, false},
    {TUTOR, {"tutor", 5}, {"", 0}, true, false, false},
};

/* All zero: a student of ours, absent for the first time, who goes. */
struct subject {
	int64_t suspended_at, absent_at; /* the listing's */
	int absences;
	bool is_found; /* not made by the feed */
	bool is_gone, is_deleted, is_of_other_method, is_in_other_instance, is_somebody_else;
	int64_t status, modified, timeend, course_end; /* the enrolment's */
	bool is_refused, is_protected, is_elsewhere, is_resembled, has_grades;
	int64_t role, owned_role; /* besides student */
};

static struct {
	struct policy policy;
	struct site_facts site;
	struct arena *arena;
	struct absence_terms terms;
} world;

static void begin(const char *policy)
{
	setenv("TZ", "UTC", 1);
	world.arena = arena_create();
	world.site = (struct site_facts){.roles = roles, .roles_count = 3};
	struct error error = policy_parse(policy, world.arena, &world.policy);
	cr_assert(!is_error(&error), "%s: %s", policy, error.text);
	world.terms = (struct absence_terms){&world.policy, &world.site, NOW, world.arena};
}

static void end(void)
{
	arena_free(world.arena);
}

static void absentee_make(const struct subject *is, struct absentee *absentee,
    struct enrolment_facts *enrolment, int64_t *has, int64_t *owned)
{
	has[0] = STUDENT;
	has[1] = is->role;
	owned[0] = is->owned_role;
	*enrolment = (struct enrolment_facts){.roles = has,
	    .roles_count = is->role ? 2 : 1,
	    .leaving = {.has_history = is->has_grades,
	        .owned_roles = owned,
	        .owned_roles_count = is->owned_role != 0}};
	*absentee = (struct absentee){.listing = {.user = USER,
	                                  .enrolment = 1,
	                                  .enrol = ENROL,
	                                  .is_made = !is->is_found,
	                                  .absences = is->absences,
	                                  .absent_at = is->absent_at,
	                                  .suspended_at = is->suspended_at},
	    .is = {.enrolment = 1,
	        .is_there = !is->is_gone,
	        .user = is->is_somebody_else ? USER + 1 : USER,
	        .is_deleted = is->is_deleted,
	        .enrol = is->is_in_other_instance ? ENROL + 1 : ENROL,
	        .is_manual = !is->is_of_other_method,
	        .course_end = is->course_end,
	        .status = is->status,
	        .timeend = is->timeend,
	        .modified = is->modified},
	    .enrolment = enrolment,
	    .refused_by = is->is_refused ? "may.courses" : NULL,
	    .is_protected = is->is_protected,
	    .elsewhere = is->is_elsewhere ? SLICE("hr") : SLICE(""),
	    .resembled = is->is_resembled ? SLICE("anna2") : SLICE("")};
}

struct judge_case {
	const char *what, *policy;
	struct subject is;
	enum absent_fate fate;
	enum code code;
	const char *words; /* in the message */
};

typedef struct absent_verdict judge(
    const struct absentee *absentee, const struct absence_terms *terms);

static void expect(const struct judge_case *cases, size_t count, judge *decide)
{
	for (size_t i = 0; i < count; i++) {
		struct absentee absentee;
		struct enrolment_facts enrolment;
		int64_t has[2], owned[1];
		char message[400];
		begin(cases[i].policy);
		absentee_make(&cases[i].is, &absentee, &enrolment, has, owned);
		struct absent_verdict verdict = decide(&absentee, &world.terms);
		snprintf(message, sizeof message, "%.*s", SLICE_ARG(verdict.message));
		cr_expect_eq(
		    verdict.fate, cases[i].fate, "%s: fate %d", cases[i].what, (int)verdict.fate);
		cr_expect_eq(verdict.code, cases[i].code, "%s: %s", cases[i].what,
		    verdict.code == CODES ? "no code" : outcome_code_name(verdict.code));
		cr_expect(strstr(message, cases[i].words), "%s: no '%s' in: %s", cases[i].what,
		    cases[i].words, message);
		end();
	}
}

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))
#define SUSPENDED .suspended_at = NOW - DAY, .status = ENROLMENT_SUSPENDED, .modified = NOW - DAY

static const struct judge_case absent_cases[] = {
    {"a student whom the feed made goes", "", {0}, ABSENT_GOES, CODES, ""},
    {"the enrolment is gone", "", {.is_gone = true}, ABSENT_FORGOTTEN, CODES, ""},
    {"the account is deleted", "", {.is_deleted = true}, ABSENT_FORGOTTEN, CODES, ""},
    {"the method is another", "", {.is_of_other_method = true}, ABSENT_FORGOTTEN, CODES, ""},
    {"the instance is another", "", {.is_in_other_instance = true}, ABSENT_FORGOTTEN, CODES, ""},
    {"the id is somebody else's", "", {.is_somebody_else = true}, ABSENT_FORGOTTEN, CODES, ""},
    {"the feed does not reach the course", "", {.is_refused = true}, ABSENT_IGNORED, CODES, ""},
    {"who was found there", "", {.is_found = true}, ABSENT_IGNORED, CODES, ""},
    {"who was found there and is adopted", "absence.adopt=true", {.is_found = true}, ABSENT_GOES,
        CODES, ""},
    {"another feed lists them", "", {.is_elsewhere = true}, ABSENT_CLAIMED, CODE_ABSENT_ELSEWHERE,
        "'hr'"},
    {"who is out of reach is nobody's to claim", "", {.is_refused = true, .is_elsewhere = true},
        ABSENT_IGNORED, CODES, ""},
    {"suspended by absence, and so since", "", {SUSPENDED}, ABSENT_IGNORED, CODES, ""},
    {"the same stays listed where another feed has them, too", "",
        {SUSPENDED, .is_elsewhere = true}, ABSENT_IGNORED, CODES, ""},
    {"suspended again by hand", "",
        {.suspended_at = NOW - DAY, .status = ENROLMENT_SUSPENDED, .modified = NOW - 1},
        ABSENT_KEPT, CODE_KEPT_MANUAL, "Left suspended"},
    {"activated by hand", "", {.suspended_at = NOW - DAY, .modified = NOW - 1}, ABSENT_KEPT,
        CODE_KEPT_MANUAL, "activated"},
    {"activated in the very second", "", {.suspended_at = NOW - DAY, .modified = NOW - DAY},
        ABSENT_KEPT, CODE_KEPT_MANUAL, "activated"},
    {"suspended by hand", "", {.status = ENROLMENT_SUSPENDED, .modified = NOW}, ABSENT_KEPT,
        CODE_KEPT_MANUAL, "Left suspended"},
    {"touched since they were first absent", "", {.absent_at = NOW - DAY, .modified = NOW - 1},
        ABSENT_KEPT, CODE_KEPT_MANUAL, "since it is absent"},
    {"not touched since", "", {.absent_at = NOW - DAY, .modified = NOW - DAY}, ABSENT_GOES, CODES,
        ""},
    {"the enrolment has ended", "", {.timeend = NOW}, ABSENT_KEPT, CODE_ABSENT_ENDED,
        "ended on 2026-11-23 by itself"},
    {"it ends in a second", "", {.timeend = NOW + 1}, ABSENT_GOES, CODES, ""},
    {"the course has ended", "", {.course_end = NOW}, ABSENT_KEPT, CODE_ABSENT_ENDED,
        "the course ended on 2026-11-23"},
    {"the course ends in a second", "", {.course_end = NOW + 1}, ABSENT_GOES, CODES, ""},
    {"no feed touches the person", "", {.is_protected = true}, ABSENT_KEPT, CODE_PROTECTED_ACCOUNT,
        "no feed"},
    {"who teaches, too", "", {.role = TEACHER}, ABSENT_KEPT, CODE_ABSENT_ROLE, "'teacher'"},
    {"who has a role of no archetype, too", "", {.role = TUTOR}, ABSENT_KEPT, CODE_ABSENT_ROLE,
        "'tutor'"},
    {"whom a component has made a teacher", "", {.owned_role = TEACHER}, ABSENT_KEPT,
        CODE_ABSENT_ROLE, "'teacher'"},
    {"teachers may go", "absence.roles=student,teacher", {.role = TEACHER}, ABSENT_GOES, CODES, ""},
    {"teachers may go, but the feed may not give the role",
        "absence.roles=student,teacher may.roles=student", {.role = TEACHER}, ABSENT_KEPT,
        CODE_ABSENT_ROLE, "'teacher'"},
    {"students may not", "absence.roles=teacher", {0}, ABSENT_KEPT, CODE_ABSENT_ROLE, "'student'"},
    {"somebody new looks like them", "", {.is_resembled = true}, ABSENT_HELD, CODE_MAYBE_RENAMED,
        "'anna2'"},
    {"that does not matter where they stay anyway", "", {.is_resembled = true, .role = TEACHER},
        ABSENT_KEPT, CODE_ABSENT_ROLE, "'teacher'"},
};

Test(absence, judges_who_is_absent)
{
	expect(absent_cases, COUNT(absent_cases), absent_judge);
}

#define LATER "absence.action=unenrol absence.grace=1d"
#define DUE SUSPENDED, .absences = 2

static const struct judge_case due_cases[] = {
    {"after a day and two files", LATER, {DUE}, ABSENT_GOES, CODES, ""},
    {"a second too early", LATER,
        {.suspended_at = NOW - DAY + 1,
            .status = ENROLMENT_SUSPENDED,
            .modified = NOW - DAY + 1,
            .absences = 2},
        ABSENT_IGNORED, CODES, ""},
    {"after one file", LATER, {SUSPENDED, .absences = 1}, ABSENT_IGNORED, CODES, ""},
    {"never suspended by absence", LATER, {.status = ENROLMENT_SUSPENDED, .absences = 2},
        ABSENT_IGNORED, CODES, ""},
    {"a feed that suspends only", "absence.action=suspend absence.grace=1d", {DUE}, ABSENT_IGNORED,
        CODES, ""},
    {"the course is out of reach by now", LATER, {DUE, .is_refused = true}, ABSENT_IGNORED, CODES,
        ""},
    {"the enrolment is gone", LATER, {DUE, .is_gone = true}, ABSENT_FORGOTTEN, CODES, ""},
    {"another feed has them by now: not today", LATER, {DUE, .is_elsewhere = true}, ABSENT_IGNORED,
        CODES, ""},
    {"another feed has them, and somebody has activated them", LATER,
        {.suspended_at = NOW - DAY, .modified = NOW, .absences = 2, .is_elsewhere = true},
        ABSENT_CLAIMED, CODE_ABSENT_ELSEWHERE, "'hr'"},
    {"touched since", LATER,
        {.suspended_at = NOW - DAY,
            .status = ENROLMENT_SUSPENDED,
            .modified = NOW - 1,
            .absences = 2},
        ABSENT_KEPT, CODE_KEPT_MANUAL, "Not unenrolled"},
    {"activated since", LATER, {.suspended_at = NOW - DAY, .modified = NOW - DAY, .absences = 2},
        ABSENT_KEPT, CODE_KEPT_MANUAL, "Not unenrolled"},
    {"grades would go", LATER, {DUE, .has_grades = true}, ABSENT_KEPT, CODE_HAS_HISTORY,
        "purge_history"},
    {"grades may go", LATER " purge_history=true", {DUE, .has_grades = true}, ABSENT_GOES, CODES,
        ""},
    {"protected by now", LATER, {DUE, .is_protected = true}, ABSENT_KEPT, CODE_PROTECTED_ACCOUNT,
        "no feed"},
    {"teaches by now", LATER, {DUE, .role = TEACHER}, ABSENT_KEPT, CODE_ABSENT_ROLE, "'teacher'"},
};

Test(absence, judges_whose_grace_is_over)
{
	expect(due_cases, COUNT(due_cases), due_judge);
}

Test(absence, says_when_the_grace_is_over)
{
	const struct policy_absence unenrols = {.action = ABSENCE_UNENROL, .grace_ms = DAY * 1000},
	                            suspends = {.action = ABSENCE_SUSPEND, .grace_ms = DAY * 1000};
	cr_expect_eq(absence_due(&unenrols, NOW), NOW + DAY);
	cr_expect_eq(absence_due(&unenrols, 0), 0);
	cr_expect_eq(absence_due(&suspends, NOW), 0);
}
