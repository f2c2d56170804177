/* What limits say of a file: whether it has to be counted, what is counted, what follows. Each case
 * beside its neighbour on the other side of the threshold. */
#include "world.h"

#include "enrold/config.h"
#include "enrold/limits.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

/* As a feed has them that says nothing. */
#define BY_CELL "limits.by_cell.count=50 limits.by_cell.share=10%25 limits.by_cell.most=1000 "
#define CREATED "limits.created.count=50 limits.created.share=10%25 "
#define USUAL BY_CELL CREATED

/* ---- whether it has to be counted ---- */

static const struct outlook_case {
	const char *policy, *header;
	struct limits_outlook outlook;
	bool needs;
} outlooks[] = {
    {USUAL, "username,course1", {50000, true, 50000, 50000}, false},
    {USUAL, "username,course1,role1,group1,cohort1,type1", {50000, true, 50000, 50000}, false},
    {USUAL "review=true", "username,course1", {1, false, 0, 1}, true},
    /* Rows in error. */
    {USUAL "limits.errors.count=20", "username,city", {20, false, 0, 20}, false},
    {USUAL "limits.errors.count=20", "username,city", {21, false, 0, 21}, true},
    {USUAL "limits.errors.share=5%25", "username,city", {1, false, 0, 1}, true},
    {USUAL "limits.errors.count=3 limits.errors.share=100%25", "username,city", {9, false, 0, 9},
        false},
    /* New accounts. */
    {USUAL "upload_type=add", "username,city", {51, true, 100, 51}, true},
    {USUAL "upload_type=add", "username,city", {50, true, 100, 50}, false},
    {USUAL "upload_type=add", "username,city", {51, false, 0, 51}, false},
    {USUAL "upload_type=add", "username,city", {60, true, 600, 60}, false},
    {USUAL "upload_type=add", "username,city", {61, true, 600, 61}, true},
    {USUAL "upload_type=add_increment", "username,city", {51, true, 0, 51}, true},
    {"upload_type=add", "username,city", {1000000, true, 1, 1000000}, false},
    /* Accounts that exist; ten may. */
    {"allow_suspend=true", "username,suspended", {11, false, 0, 11}, true},
    {"allow_suspend=true", "username,suspended", {10, false, 0, 10}, false},
    {"allow_suspend=false", "username,suspended", {11, false, 0, 11}, false},
    {"upload_type=add", "username,suspended", {11, false, 0, 11}, false},
    {"upload_type=add", "username,suspended,error_line,error_code", {11, false, 0, 11}, true},
    {"upload_type=add", "username,city,error_line,error_code", {11, false, 0, 11}, false},
    {"allow_delete=true", "username,deleted", {11, false, 0, 11}, true},
    {"allow_delete=false", "username,deleted", {11, false, 0, 11}, false},
    {"allow_rename=true", "username,oldusername", {11, false, 0, 11}, true},
    {"allow_rename=false", "username,oldusername", {11, false, 0, 11}, false},
    {"match_by=email allow_rename=true", "email,username", {11, false, 0, 11}, true},
    {"match_by=email", "email,username", {11, false, 0, 11}, false},
    {"allow_rename=true", "username,course1", {11, false, 0, 11}, false},
    {"update_details=file", "username,email", {11, false, 0, 11}, true},
    {"update_details=file", "username,idnumber", {11, false, 0, 11}, true},
    {"update_details=file", "username,city,firstname", {11, false, 0, 11}, false},
    {"update_details=file match_by=email", "email,city", {11, false, 0, 11}, false},
    {"update_details=none", "username,email", {11, false, 0, 11}, false},
    {"upload_type=add_or_update", "username,email,auth,password", {11, false, 0, 11}, false},
    {"upload_type=add_or_update update_details=file", "username,auth", {11, false, 0, 11}, true},
    {"update_details=file", "username,password", {11, false, 0, 11}, false},
    {"update_details=file update_password=true", "username,password", {11, false, 0, 11}, true},
    {"update_details=file_and_defaults defaults=auth,ldap", "username,city", {11, false, 0, 11},
        true},
    {"update_details=file_and_defaults defaults=city,Oslo", "username,city", {11, false, 0, 11},
        false},
    {"update_details=file defaults=auth,ldap", "username,city", {11, false, 0, 11}, false},
    {"upload_type=add defaults=auth,ldap", "username,city", {11, false, 0, 11}, false},
    {"limits.accounts.count=0 limits.accounts.share=0%25 limits.accounts.most=0",
        "username,suspended", {50000, false, 0, 50000}, false},
    {"limits.accounts.count=0 limits.accounts.share=0%25 limits.accounts.most=20",
        "username,suspended", {20, false, 0, 20}, false},
    {"limits.accounts.count=0 limits.accounts.share=0%25 limits.accounts.most=20",
        "username,suspended", {21, false, 0, 21}, true},
    /* What cells take away; fifty may lose. */
    {BY_CELL "allow_unenrol=true", "username,course1,unenrol1", {51, false, 0, 51}, true},
    {BY_CELL "allow_unenrol=true", "username,course1,unenrol1", {50, false, 0, 50}, false},
    {"allow_unenrol=true", "username,course1,unenrol1", {51, false, 0, 51}, false},
    {BY_CELL "allow_unenrol=false", "username,course1,unenrol1", {51, false, 0, 51}, false},
    {BY_CELL "allow_unenrol=true", "username,course1,unenrol2", {51, false, 0, 51}, false},
    {BY_CELL "allow_unenrol=true", "username,course1,role1", {51, false, 0, 51}, true},
    {BY_CELL "allow_unenrol=true", "username,course1,group1", {51, false, 0, 51}, true},
    {BY_CELL "allow_unenrol=true", "username,cohort1", {51, false, 0, 51}, true},
    {BY_CELL "allow_unenrol=true may.cohorts=", "username,cohort1", {51, false, 0, 51}, false},
    {BY_CELL "allow_unenrol=true", "username,sysrole1", {51, false, 0, 51}, false},
    {BY_CELL "may.system_roles=auditor", "username,sysrole1", {51, false, 0, 51}, true},
    {BY_CELL "may.system_roles=auditor", "username,category1,categoryrole1", {51, false, 0, 51},
        false},
    {BY_CELL "may.system_roles=auditor allow_unenrol=true", "username,category1,categoryrole1",
        {51, false, 0, 51}, true},
    {BY_CELL, "username,course1,enroltimeend1", {51, false, 0, 51}, true},
    {BY_CELL, "username,course1,enrolperiod1", {51, false, 0, 51}, true},
    {BY_CELL, "username,course1,enroltimestart1", {51, false, 0, 51}, true},
    {BY_CELL, "username,course1,enrolstatus1", {51, false, 0, 51}, true},
    {BY_CELL, "username,course1,enrolstatus2", {51, false, 0, 51}, false},
    {BY_CELL "allow_unenrol=true values=state,gone,unenrol1,1", "username,course1,state",
        {51, false, 0, 51}, true},
    {BY_CELL "allow_unenrol=true values=state,gone,unenrol1,1", "username,course1",
        {51, false, 0, 51}, false},
    {BY_CELL "allow_unenrol=true", "coursename,groupname", {51, false, 0, 51}, false},
};

Test(limits, count_the_files_that_could_trip_one_and_no_other)
{
	for (size_t i = 0; i < COUNT(outlooks); i++) {
		const struct outlook_case *is = &outlooks[i];
		struct world world;
		char text[200];
		world_init(&world, is->policy);
		snprintf(text, sizeof text, "%s\n", is->header);
		world_run(&world, text);
		cr_expect_eq(limits_need_rehearsal(&world.policy, world.header, &is->outlook),
		    is->needs, "%s of %llu rows with %s", is->header,
		    (unsigned long long)is->outlook.rows, is->policy);
		world_done(&world);
	}
}

/* ---- what is counted ---- */

enum { ROWS = 12 };

/* Each row is about a person, named "p7" by its number, and names a course. */
static struct stage {
	struct account_facts people[ROWS];
	struct record records[ROWS];
	struct request requests[ROWS];
	struct course_facts courses[4];
	struct outcome outcomes[ROWS];
	struct change changes[ROWS];
	char names[ROWS][8];
	struct batch batch;
	struct plan plan;
} stage;

static void stage_begin(void)
{
	stage = (struct stage){0};
	for (int i = 0; i < 4; i++)
		stage.courses[i] =
		    (struct course_facts){.id = 70 + i / 2, .matches = i == 3 ? 2 : 1};
	stage.batch = (struct batch){.records = stage.records,
	    .people = stage.people,
	    .requests = stage.requests,
	    .courses = stage.courses};
	stage.plan = (struct plan){.outcomes = stage.outcomes, .changes = stage.changes};
}

static void row_add(
    const char *name, int64_t id, uint32_t course, enum outcome_kind kind, enum limited limited)
{
	size_t i = stage.plan.outcomes_count++;
	snprintf(stage.names[i], sizeof stage.names[i], "%s", name);
	stage.people[i] = (struct account_facts){.id = id, .username = slice_of(stage.names[i])};
	stage.records[i] =
	    (struct record){.person = (uint32_t)i, .requests = (uint32_t)i, .requests_count = 1};
	stage.requests[i] = (struct request){.kind = REQUEST_COURSE, .course = course};
	stage.outcomes[i] =
	    (struct outcome){.record = (uint32_t)i, .kind = kind, .limited = limited};
}

static void person_make(void)
{
	stage.changes[stage.plan.changes_count++] = (struct change){
	    .kind = CHANGE_CREATE_ACCOUNT, .person = (uint32_t)stage.plan.outcomes_count - 1};
}

static void stage_end(struct limits_count *count)
{
	cr_assert(limits_count_add(count, &stage.batch, &stage.plan));
}

static void counted_expect(const struct limits_count *count, uint64_t by_cell, uint64_t accounts,
    uint64_t created, size_t courses)
{
	size_t found;
	const int64_t *ids = limits_count_courses(count, &found);
	cr_expect_eq(limits_count_people(count, LIMITED_BY_CELL), by_cell);
	cr_expect_eq(limits_count_people(count, LIMITED_ACCOUNTS), accounts);
	cr_expect_eq(limits_count_created(count), created);
	cr_expect_eq(found, courses);
	for (size_t i = 0; i < found && courses <= 2; i++)
		cr_expect_eq(ids[i], 70 + (int64_t)i);
}

Test(limits, count_each_person_and_each_course_once)
{
	struct limits_count *count = limits_count_create();
	counted_expect(count, 0, 0, 0, 0);
	stage_begin();
	row_add("p1", 1, 0, OUTCOME_DONE, LIMITED_BY_CELL);
	row_add("p1", 1, 1, OUTCOME_DONE, LIMITED_BY_CELL);
	row_add("p1", 1, 0, OUTCOME_DONE, LIMITED_ACCOUNTS);
	row_add("p2", 2, 0, OUTCOME_WARNING, LIMITED_BY_CELL);
	row_add("p3", 3, 0, OUTCOME_DONE, LIMITED_NOT);
	row_add("p4", 4, 2, OUTCOME_ERROR, LIMITED_NOT);
	row_add("p5", 5, 3, OUTCOME_DONE, LIMITED_NOT); /* a name that two courses have */
	row_add("p5", 5, INDEX_NONE, OUTCOME_DONE, LIMITED_NOT);
	stage_end(count);
	counted_expect(count, 2, 1, 0, 1);
	stage_begin();
	row_add("renamed", 1, 2, OUTCOME_DONE, LIMITED_BY_CELL);
	stage_end(count);
	counted_expect(count, 2, 1, 0, 2);
	limits_count_free(count);
}

/* Not yet applied, applied, and of a batch that found them in the database. */
Test(limits, count_people_whom_the_file_makes_once_whatever_their_id)
{
	static const int64_t ids[] = {ACCOUNT_PLANNED, 900, 0, 900, 901};
	struct limits_count *count = limits_count_create();
	for (size_t i = 0; i < COUNT(ids); i++) {
		stage_begin();
		row_add("new", ids[i], 0, OUTCOME_DONE, LIMITED_NOT);
		if (i < 2)
			person_make();
		row_add("new", ids[i], 0, OUTCOME_DONE, LIMITED_BY_CELL);
		stage_end(count);
	}
	counted_expect(count, 1, 0, 1, 1);
	/* What is rolled back between batches gives the id to somebody else. */
	stage_begin();
	row_add("newer", 900, 0, OUTCOME_DONE, LIMITED_BY_CELL);
	person_make();
	stage_end(count);
	counted_expect(count, 2, 0, 2, 1);
	limits_count_free(count);
}

Test(limits, do_not_count_what_only_a_part_of_a_row_says_well)
{
	struct limits_count *count = limits_count_create();
	stage_begin();
	row_add("p1", 1, 0, OUTCOME_DONE, LIMITED_BY_CELL);
	row_add("p1", 1, 0, OUTCOME_ERROR, LIMITED_NOT);
	stage.outcomes[1].record = 0;
	row_add("p2", 2, 2, OUTCOME_DONE, LIMITED_NOT);
	stage_end(count);
	size_t courses;
	const int64_t *ids = limits_count_courses(count, &courses);
	cr_assert_eq(courses, 1);
	cr_expect_eq(ids[0], 71);
	cr_expect_eq(limits_count_people(count, LIMITED_BY_CELL), 1);
	limits_count_free(count);
}

Test(limits, count_many)
{
	enum { PEOPLE = 300000 };
	struct limits_count *count = limits_count_create();
	for (int64_t id = 1; id <= PEOPLE; id++) {
		stage_begin();
		row_add("p", id, 0, OUTCOME_DONE, LIMITED_ACCOUNTS);
		stage.courses[0].id = id % 1000 + 1;
		stage_end(count);
	}
	counted_expect(count, 0, PEOPLE, 0, 1000);
	limits_count_free(count);
}

/* ---- what follows ---- */

#define FULL "absence.action=suspend "
#define BOTH (1U << LIMITED_BY_CELL | 1U << LIMITED_ACCOUNTS)

static const struct verdict_case {
	const char *what, *policy;
	struct limits_facts facts;
	const char *held_by;
	unsigned withholds;
	const char *words;
} verdicts[] = {
    {"nothing", USUAL, {.rows = 1000, .has_last = true}, NULL, 0, ""},
    {"all is off", "limits.accounts.count=0 limits.accounts.share=0%25 limits.accounts.most=0",
        {.rows = 9, .rows_in_error = 9, .by_cell = 9999, .accounts = 9999, .created = 9999}, NULL,
        0, ""},
    /* By cells. */
    {"more than count and share", USUAL, {.by_cell = 51, .active = 509}, NULL,
        1U << LIMITED_BY_CELL,
        "51 people (10.02% of 509 people active in its courses) would lose an enrolment, role or "
        "membership by what cells say, more than limits.by_cell let go (50 and 10%, or 1000)"},
    {"as much as the share", USUAL, {.by_cell = 51, .active = 510}, NULL, 0, ""},
    {"as many as the count", USUAL, {.by_cell = 50, .active = 50}, NULL, 0, ""},
    {"as many as most", USUAL, {.by_cell = 1000, .active = 100000}, NULL, 0, ""},
    {"more than most", USUAL, {.by_cell = 1001, .active = 100000}, NULL, 1U << LIMITED_BY_CELL,
        "1001 people (1.01% of 100000 people"},
    {"of nobody", USUAL, {.by_cell = 51}, NULL, 1U << LIMITED_BY_CELL, "51 people would lose an"},
    {"one of one", "limits.by_cell.share=1%25", {.by_cell = 1, .active = 1}, NULL,
        1U << LIMITED_BY_CELL,
        "1 person (100% of 1 person active in its courses) would lose an enrolment, role or "
        "membership by what cells say, more than limits.by_cell let go (1%)"},
    /* Accounts. */
    {"as many accounts", "", {.accounts = 10, .accounts_of = 100}, NULL, 0, ""},
    {"an account more", "", {.accounts = 11, .accounts_of = 219}, NULL, 1U << LIMITED_ACCOUNTS,
        "11 accounts (5.03% of 219 accounts) would be suspended, deleted, renamed, or given "
        "another e-mail, idnumber, auth or password, more than limits.accounts let change (10 and "
        "5%, or 1000)"},
    {"accounts of a large site", "", {.accounts = 11, .accounts_of = 220}, NULL, 0, ""},
    {"an account", "limits.accounts.count=0 limits.accounts.share=0%25 limits.accounts.most=3",
        {.accounts = 4, .accounts_of = 4000}, NULL, 1U << LIMITED_ACCOUNTS,
        "4 accounts (0.1% of 4000 accounts) would be suspended, deleted, renamed, or given another "
        "e-mail, idnumber, auth or password, more than limits.accounts let change (3)"},
    {"both", USUAL, {.by_cell = 51, .accounts = 11}, NULL, BOTH, ""},
    /* New accounts. */
    {"as many new accounts", USUAL, {.has_last = true, .created = 50, .people_of_last = 1}, NULL, 0,
        ""},
    {"a new account more", USUAL, {.has_last = true, .created = 51, .people_of_last = 509},
        "created", 0,
        "51 accounts would be made (10.02% of 509 people of the last file), more than "
        "limits.created let in (50 and 10%)"},
    {"as much of the last", USUAL, {.has_last = true, .created = 51, .people_of_last = 510}, NULL,
        0, ""},
    {"of the first file", USUAL, {.created = 50000}, NULL, 0, ""},
    {"one new account", "limits.created.share=1%25",
        {.has_last = true, .created = 1, .people_of_last = 1}, "created", 0,
        "1 account would be made (100% of 1 person of the last file), more than limits.created let "
        "in (1%)"},
    /* Rows in error. */
    {"errors, which are off", USUAL, {.rows = 100, .rows_in_error = 100}, NULL, 0, ""},
    {"as many errors", "limits.errors.count=20 limits.errors.share=5%25",
        {.rows = 20, .rows_in_error = 20}, NULL, 0, ""},
    {"as much in error", "limits.errors.count=20 limits.errors.share=5%25",
        {.rows = 420, .rows_in_error = 21}, NULL, 0, ""},
    {"an error more", "limits.errors.count=20 limits.errors.share=5%25",
        {.rows = 419, .rows_in_error = 21}, "errors", 0,
        "21 rows (5.02% of 419 rows) are in error, more than limits.errors let pass (20 and 5%)"},
    {"the only row", "limits.errors.share=99.99%25", {.rows = 1, .rows_in_error = 1}, "errors", 0,
        "1 row (100% of 1 row) is in error, more than limits.errors let pass (99.99%)"},
    /* Rows of the last file. */
    {"half a file, where nobody minds", USUAL, {.rows = 50, .rows_of_last = 100, .has_last = true},
        NULL, 0, ""},
    {"half a full file", FULL, {.rows = 89, .rows_of_last = 100, .has_last = true, .is_full = true},
        "rows_of_last", 0,
        "the file has 89 rows, the last full one had 100: less than limits.rows_of_last (90%)"},
    {"nine tenths of it", FULL,
        {.rows = 90, .rows_of_last = 100, .has_last = true, .is_full = true}, NULL, 0, ""},
    {"the first full file", FULL, {.rows = 1, .rows_of_last = 100, .is_full = true}, NULL, 0, ""},
    {"a retry file", FULL,
        {.rows = 1, .rows_of_last = 100, .has_last = true, .is_full = true, .is_retry = true}, NULL,
        0, ""},
    {"a delta", FULL "limits.rows_of_last=90%25",
        {.rows = 1, .rows_of_last = 100, .has_last = true}, NULL, 0, ""},
    {"none asked for", FULL "limits.rows_of_last=0%25",
        {.rows = 1, .rows_of_last = 100, .has_last = true, .is_full = true}, NULL, 0, ""},
    {"asked for without absence", "limits.rows_of_last=33.3%25",
        {.rows = 1, .rows_of_last = 4, .has_last = true}, "rows_of_last", 0,
        "the file has 1 row, the last one had 4: less than limits.rows_of_last (33.3%)"},
    {"a third of it", "limits.rows_of_last=33.3%25",
        {.rows = 333, .rows_of_last = 1000, .has_last = true}, NULL, 0, ""},
    {"no rows", FULL, {.rows_of_last = 1, .has_last = true, .is_full = true}, "rows_of_last", 0,
        "the file has 0 rows"},
    {"accounts of the absent", "absence.accounts=suspend",
        {.rows = 1, .rows_of_last = 100, .has_last = true, .is_full = true}, "rows_of_last", 0, ""},
    /* Which comes first. */
    {"review", FULL "review=true limits.errors.share=1%25 limits.created.share=1%25",
        {.rows = 1,
            .rows_in_error = 1,
            .rows_of_last = 9,
            .created = 9,
            .has_last = true,
            .is_full = true},
        "review", 0, "a person looks at every file of the feed first (review)"},
    {"rows", FULL "limits.errors.share=1%25 limits.created.share=1%25",
        {.rows = 1,
            .rows_in_error = 1,
            .rows_of_last = 9,
            .created = 9,
            .has_last = true,
            .is_full = true},
        "rows_of_last", 0, ""},
    {"errors before accounts", "limits.errors.share=1%25 limits.created.share=1%25",
        {.rows = 1, .rows_in_error = 1, .created = 9, .has_last = true}, "errors", 0, ""},
    {"held, and what would trip besides", USUAL,
        {.created = 51, .has_last = true, .by_cell = 51, .accounts = 11}, "created", BOTH, ""},
};

static void reason_expect(const char *what, struct slice reason, bool is_there)
{
	cr_expect_eq(reason.size > 0, is_there, "%s: '%.*s'", what, SLICE_ARG(reason));
	cr_expect(reason.size == 0 || reason.bytes[reason.size - 1] != '.', "%s", what);
}

static void words_expect(const struct verdict_case *is, const struct limits_verdict *verdict)
{
	char all[2000];
	snprintf(all, sizeof all, "%.*s|%.*s|%.*s", SLICE_ARG(verdict->reason),
	    SLICE_ARG(verdict->reasons[LIMITED_BY_CELL]),
	    SLICE_ARG(verdict->reasons[LIMITED_ACCOUNTS]));
	cr_expect(strstr(all, is->words), "%s: no '%s' in: %s", is->what, is->words, all);
}

Test(limits, say_what_is_held_and_what_is_withheld)
{
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		const struct verdict_case *is = &verdicts[i];
		struct policy policy;
		struct arena *arena = arena_create();
		struct error error = policy_parse(is->policy, arena, &policy);
		cr_assert(!is_error(&error), "%s: %s", is->policy, error.text);
		struct limits_verdict verdict = limits_judge(&policy, &is->facts, arena);
		cr_expect_str_eq(verdict.held_by ? verdict.held_by : "nothing",
		    is->held_by ? is->held_by : "nothing", "%s", is->what);
		cr_expect_eq(verdict.withholds, is->withholds, "%s", is->what);
		reason_expect(is->what, verdict.reason, is->held_by != NULL);
		for (enum limited kind = LIMITED_NOT; kind < LIMITED_KINDS; kind++)
			reason_expect(is->what, verdict.reasons[kind], is->withholds & 1U << kind);
		words_expect(is, &verdict);
		arena_free(arena);
	}
}

Test(limits, want_to_know_of_how_many_only_where_it_could_matter)
{
	struct policy policy;
	struct arena *arena = arena_create();
	struct error error = policy_parse(USUAL, arena, &policy);
	cr_assert(!is_error(&error), "%s", error.text);
	for (uint64_t count = 0; count < 2000; count++) {
		struct limits_facts facts = {.by_cell = count, .accounts = count};
		cr_expect_eq(limits_want_active(&policy.limits, &facts), count > 50);
		cr_expect_eq(limits_want_accounts(&policy.limits, &facts), count > 10);
	}
	arena_free(arena);
}
