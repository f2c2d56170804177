/* What is written about somebody who is absent, what is said of it, and what is kept. */
#include "world.h"

#include "enrold/plan_absent.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { STUDENT = 5, BEFORE = WORLD_NOW - WORLD_DAY };

/* All zero: an active student. */
struct enrolled {
	bool is_suspended, has_grades, has_others;
};

static const struct row_case {
	const char *what, *policy;
	struct enrolled is;
	enum absent_fate fate;
	enum code code;   /* of the verdict */
	enum code banned; /* 0: by nothing */
	bool is_due;
	int told; /* the code that was said before, and 1 */
	const char *outcomes, *changes;
	int64_t suspended_at; /* as it is to be kept */
	int told_after;
	bool is_dropped;
} cases[] = {
    {"suspends", "absence.action=suspend", {0}, ABSENT_GOES, CODES, 0, false, 0,
        "done absent_suspended\n", "enrolment status=1\n", WORLD_NOW, 0, false},
    {"and takes the roles", "absence.action=suspend_no_roles", {0}, ABSENT_GOES, CODES, 0, false, 0,
        "done absent_suspended\n", "unrole_all\nenrolment status=1\n", WORLD_NOW, 0, false},
    {"unenrols at once without a grace", "absence.action=unenrol absence.grace=0", {0}, ABSENT_GOES,
        CODES, 0, false, 0, "done absent_unenrolled\n", "unenrol\n", 0, 0, true},
    {"suspends for the time of the grace", "absence.action=unenrol absence.grace=1d", {0},
        ABSENT_GOES, CODES, 0, false, 0, "done absent_suspended\n", "enrolment status=1\n",
        WORLD_NOW, 0, false},
    {"unenrols whose grace is over", "absence.action=unenrol absence.grace=1d",
        {.is_suspended = true}, ABSENT_GOES, CODES, 0, true, 0, "done absent_unenrolled\n",
        "unenrol\n", 0, 0, true},
    {"suspends where grades would go", "absence.action=unenrol absence.grace=0",
        {.has_grades = true}, ABSENT_GOES, CODES, 0, false, 0, "done absent_suspended\n",
        "enrolment status=1\n", WORLD_NOW, 0, false},
    {"unenrols where grades may go", "absence.action=unenrol absence.grace=0 purge_history=true",
        {.has_grades = true}, ABSENT_GOES, CODES, 0, false, 0, "done absent_unenrolled\n",
        "unenrol\n", 0, 0, true},
    {"leaves grades that came since", "absence.action=unenrol absence.grace=1d",
        {.is_suspended = true, .has_grades = true}, ABSENT_GOES, CODES, 0, true, 0,
        "skipped has_history\n", "", BEFORE, 0, false},
    {"says who stays by another method", "absence.action=unenrol absence.grace=0",
        {.has_others = true}, ABSENT_GOES, CODES, 0, false, 0,
        "done absent_unenrolled\nwarning enrolled_otherwise\n", "unenrol\n", 0, 0, true},
    {"withholds", "absence.action=suspend", {0}, ABSENT_GOES, CODES, CODE_WITHHELD, false, 0,
        "skipped withheld\n", "", BEFORE, 0, false},
    {"withholds by its code", "absence.action=suspend", {0}, ABSENT_GOES, CODES, CODE_OTHER_FILE,
        false, 0, "skipped other_file\n", "", BEFORE, 0, false},
    {"ignores", "absence.action=suspend", {0}, ABSENT_IGNORED, CODES, 0, false, 0, "", "", BEFORE,
        0, false},
    {"forgets", "absence.action=suspend", {0}, ABSENT_FORGOTTEN, CODES, 0, false, 0, "", "", BEFORE,
        0, true},
    {"gives a claim up", "absence.action=suspend", {0}, ABSENT_CLAIMED, CODE_ABSENT_ELSEWHERE, 0,
        false, 0, "unchanged absent_elsewhere\n", "", BEFORE, CODE_ABSENT_ELSEWHERE + 1, true},
    {"keeps, and says so", "absence.action=suspend", {0}, ABSENT_KEPT, CODE_ABSENT_ROLE, 0, false,
        0, "unchanged absent_role\n", "", BEFORE, CODE_ABSENT_ROLE + 1, false},
    {"says it once", "absence.action=suspend", {0}, ABSENT_KEPT, CODE_ABSENT_ROLE, 0, false,
        CODE_ABSENT_ROLE + 1, "", "", BEFORE, CODE_ABSENT_ROLE + 1, false},
    {"says something else", "absence.action=suspend", {0}, ABSENT_KEPT, CODE_ABSENT_ENDED, 0, false,
        CODE_ABSENT_ROLE + 1, "unchanged absent_ended\n", "", BEFORE, CODE_ABSENT_ENDED + 1, false},
    {"holds, and says so each time", "absence.action=suspend", {0}, ABSENT_HELD, CODE_MAYBE_RENAMED,
        0, false, CODE_MAYBE_RENAMED + 1, "skipped maybe_renamed\n", "", BEFORE,
        CODE_MAYBE_RENAMED + 1, false},
};

static void outcomes_print(const struct plan *plan, struct buffer *out)
{
	for (size_t i = 0; i < plan->outcomes_count; i++) {
		const struct outcome *is = &plan->outcomes[i];
		buffer_print(
		    out, "%s %s\n", outcome_kind_name(is->kind), outcome_code_name(is->code));
		cr_expect_eq(is->column, COLUMN_ABSENT);
		cr_expect(slice_is(is->target, SLICE("SAFETY")));
	}
	buffer_add_char(out, '\0');
}

static void changes_print(const struct plan *plan, struct buffer *out)
{
	for (size_t i = 0; i < plan->changes_count; i++) {
		const struct change *is = &plan->changes[i];
		switch ((int)is->kind) {
		case CHANGE_ENROLMENT:
			buffer_print(out, "enrolment status=%d\n", (int)is->status);
			break;
		case CHANGE_UNASSIGN_ALL: buffer_print(out, "unrole_all\n"); break;
		case CHANGE_UNENROL: buffer_print(out, "unenrol\n"); break;
		case CHANGE_UPDATE_ACCOUNT:
			buffer_print(out, "account suspended=%d out=%d\n",
			    is->account->is_suspended, is->account->ends_sessions);
			break;
		default: buffer_print(out, "change %d\n", (int)is->kind);
		}
	}
	buffer_add_char(out, '\0');
}

static void expect_plan(
    const char *what, const struct plan *plan, const char *outcomes, const char *changes)
{
	struct buffer said = {0}, done = {0};
	outcomes_print(plan, &said);
	changes_print(plan, &done);
	cr_expect_str_eq(said.bytes, outcomes, "%s:\n%s", what, said.bytes);
	cr_expect_str_eq(done.bytes, changes, "%s:\n%s", what, done.bytes);
	buffer_done(&said);
	buffer_done(&done);
}

static void begin(struct world *world, const char *policy)
{
	world_init(world, policy);
	world_run(world, "username,course1\n");
	batch_reset(&world->batch);
}

static void row_expect(const struct row_case *is)
{
	struct world world;
	struct plan plan;
	int64_t role = STUDENT;
	const struct absence_ban ban = {is->banned, SLICE("the file is odd")};
	const struct enrolment_facts enrolment = {.id = 1,
	    .user = 10,
	    .course = 3,
	    .enrol = 30,
	    .status = is->is.is_suspended ? ENROLMENT_SUSPENDED : ENROLMENT_ACTIVE,
	    .roles = &role,
	    .roles_count = 1,
	    .leaving = {.has_roles = true,
	        .has_history = is->is.has_grades,
	        .others = is->is.has_others ? SLICE("cohort") : SLICE("")}};
	const struct absentee absentee = {
	    .listing = {.user = 10, .enrolment = 1, .suspended_at = BEFORE, .told = is->told},
	    .is = {.shortname = SLICE("SAFETY")},
	    .enrolment = &enrolment};
	struct absent_row row = {.absentee = &absentee,
	    .username = SLICE("heidi"),
	    .verdict = {is->fate, is->code, SLICE("Why.")},
	    .ban = is->banned ? &ban : NULL,
	    .is_due = is->is_due};
	begin(&world, is->policy);
	struct error error = plan_absent(&world.batch, &row, 1, WORLD_NOW, &plan);
	cr_assert(!is_error(&error), "%s", error.text);
	expect_plan(is->what, &plan, is->outcomes, is->changes);
	cr_expect_eq(row.listing.suspended_at, is->suspended_at, "%s: %lld", is->what,
	    (long long)row.listing.suspended_at);
	cr_expect_eq(row.listing.told, is->told_after, "%s: told %d", is->what, row.listing.told);
	cr_expect_eq(row.is_dropped, is->is_dropped, "%s: dropped", is->what);
	world_done(&world);
}

Test(plan_absent, writes_and_says_what_was_decided)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		row_expect(&cases[i]);
}

/* ---- words ---- */

static void message_expect(const char *policy, struct enrolled is, bool is_preview,
    const struct absence_ban *ban, const char *words)
{
	struct world world;
	struct plan plan;
	int64_t role = STUDENT;
	const struct enrolment_facts enrolment = {.id = 1,
	    .user = 10,
	    .roles = &role,
	    .roles_count = 1,
	    .leaving = {.has_roles = true, .has_history = is.has_grades, .others = SLICE("")}};
	const struct absentee absentee = {
	    .listing = {.user = 10, .enrolment = 1}, .enrolment = &enrolment};
	struct absent_row row = {.absentee = &absentee,
	    .username = SLICE("heidi"),
	    .verdict = {ABSENT_GOES, CODES, SLICE("")},
	    .ban = ban};
	char message[400];
	begin(&world, policy);
	world.batch.is_preview = is_preview;
	struct error error = plan_absent(&world.batch, &row, 1, WORLD_NOW, &plan);
	cr_assert(!is_error(&error) && plan.outcomes_count == 1);
	snprintf(message, sizeof message, "%.*s", SLICE_ARG(plan.outcomes[0].message));
	cr_expect(strstr(message, words), "no '%s' in: %s", words, message);
	world_done(&world);
}

Test(plan_absent, says_why_and_until_when)
{
	const struct absence_ban ban = {CODE_WITHHELD, SLICE("the file is odd")};
	const struct enrolled student = {0}, graded = {.has_grades = true};
	message_expect(
	    "absence.action=suspend", student, false, NULL, "Suspended: not in the file");
	message_expect("absence.action=unenrol absence.grace=1d", student, false, NULL,
	    "is unenrolled on 2026-11-24");
	message_expect(
	    "absence.action=unenrol absence.grace=0", student, false, NULL, "Unenrolled:");
	message_expect("absence.action=unenrol absence.grace=0", graded, false, NULL,
	    "would delete grades (purge_history)");
	message_expect(
	    "absence.action=suspend", student, false, &ban, "Not removed: the file is odd.");
	message_expect("absence.action=suspend", student, true, NULL, "ould be suspended");
}

/* ---- several ---- */

Test(plan_absent, tells_one_from_another)
{
	struct world world;
	struct plan plan;
	int64_t role = STUDENT;
	struct enrolment_facts enrolments[3];
	struct absentee absentees[3];
	struct absent_row rows[3];
	static const enum absent_fate fates[] = {ABSENT_GOES, ABSENT_KEPT, ABSENT_GOES};
	begin(&world, "absence.action=suspend");
	for (uint32_t i = 0; i < 3; i++) {
		enrolments[i] = (struct enrolment_facts){.id = 1 + i,
		    .person = i,
		    .user = i < 2 ? 10 : 11, /* the first two are one person's */
		    .roles = &role,
		    .roles_count = 1,
		    .leaving = {.others = SLICE("")}};
		absentees[i] =
		    (struct absentee){.listing = {.user = enrolments[i].user, .enrolment = 1 + i},
		        .is = {.shortname = SLICE("SAFETY")},
		        .enrolment = &enrolments[i]};
		rows[i] = (struct absent_row){.absentee = &absentees[i],
		    .username = i < 2 ? SLICE("heidi") : SLICE("ivan"),
		    .verdict = {fates[i], CODE_ABSENT_ROLE, SLICE("Why.")}};
	}
	struct error error = plan_absent(&world.batch, rows, 3, WORLD_NOW, &plan);
	cr_assert(!is_error(&error), "%s", error.text);
	expect_plan("three", &plan,
	    "done absent_suspended\nunchanged absent_role\ndone absent_suspended\n",
	    "enrolment status=1\nenrolment status=1\n");
	cr_assert_eq(plan.changes_count, 2);
	cr_expect_eq(world.batch.enrolments[plan.changes[0].enrolment].id, 1);
	cr_expect_eq(world.batch.enrolments[plan.changes[1].enrolment].id, 3);
	cr_expect_eq(world.batch.people[plan.changes[0].person].id, 10);
	cr_expect_eq(world.batch.people[plan.changes[1].person].id, 11);
	cr_expect_eq(rows[1].listing.suspended_at, 0);
	world_done(&world);
}

/* ---- accounts ---- */

Test(plan_absent, suspends_and_activates_accounts)
{
	struct world world;
	struct plan plan;
	const struct absence_ban ban = {CODE_WITHHELD, SLICE("too many")};
	const struct absent_account accounts[] = {{10, SLICE("SAFETY"), true, NULL},
	    {11, SLICE("SAFETY"), false, NULL}, {12, SLICE("SAFETY"), true, &ban}};
	begin(&world, "absence.accounts=suspend");
	struct error error = plan_absent_accounts(&world.batch, accounts, 3, &plan);
	cr_assert(!is_error(&error), "%s", error.text);
	/* Names stand where courses do. */
	expect_plan("accounts", &plan, "done account_suspended\ndone returned\nskipped withheld\n",
	    "account suspended=1 out=1\naccount suspended=0 out=0\n");
	cr_assert_eq(plan.changes_count, 2);
	cr_expect_eq(world.batch.people[plan.changes[0].person].id, 10);
	cr_expect_eq(world.batch.people[plan.changes[1].person].id, 11);
	world_done(&world);
}
