/* What the LMS says of a person today, and the ledger page by page: on every engine. */
#include "enrold/db.h"
#include "enrold/ledger.h"
#include "enrold/today.h"

#include "fixture.h"

#include "enrold/columns.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* p1: active in C1 as student and teacher, by hand of admin. */
static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1 C2 TWIN T2",
	    "UPDATE mdl_course SET shortname = 'TWIN' WHERE shortname = 'T2';"
	    "UPDATE mdl_course SET idnumber = 'I1' WHERE shortname = 'C1';"
	    "UPDATE mdl_user SET idnumber = 'N1', email = 'P.One@X.example', suspended = 1 WHERE "
	    "username = 'p1';"
	    "UPDATE mdl_user SET idnumber = 'N2', email = 'twice@x.example' WHERE username = 'p2';"
	    "UPDATE mdl_user SET email = 'twice@x.example' WHERE username = 'admin';"
	    "UPDATE mdl_user SET email = '811882fecd5c7618d7099ebbd39ea254' WHERE username = "
	    "'gone';" /* who was called left */
	    "INSERT INTO mdl_user_enrolments (status, enrolid, userid, timestart, timeend, "
	    "modifierid, timecreated, timemodified) SELECT 0, e.id, 3, 5, 7, 2, 1, 1700000000 FROM "
	    "mdl_enrol e JOIN mdl_course c ON c.id = e.courseid WHERE c.shortname = 'C1' AND "
	    "e.enrol = 'manual';"
	    "INSERT INTO mdl_role_assignments (roleid, contextid, userid, timemodified, "
	    "modifierid, "
	    "component, itemid, sortorder) SELECT r.id, x.id, 3, 1, 2, '', 0, 0 FROM mdl_role r, "
	    "mdl_context x JOIN mdl_course c ON c.id = x.instanceid AND x.contextlevel = 50 WHERE "
	    "c.shortname = 'C1' AND r.shortname IN ('student', 'teacher');"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, sortorder) SELECT 'self', 1, id, 9 "
	    "FROM "
	    "mdl_course WHERE shortname = 'C1';"
	    "INSERT INTO mdl_user_enrolments (status, enrolid, userid, timestart, timeend, "
	    "modifierid, timecreated, timemodified) SELECT 1, id, 3, 0, 9, 0, 0, 0 FROM mdl_enrol "
	    "WHERE enrol = 'self'");
	fixture_open(fixture);
	good(lms_check_site(fixture->lms, true));
	good(lms_load_site(fixture->lms, &fixture->site));
}

Test(today, finds_a_person_by_any_of_what_people_call_one)
{
	static const struct {
		const char *text;
		int64_t id;
		bool is_deleted, is_ambiguous;
	} cases[] = {
	    {"p1", P1, false, false},
	    {"P1", P1, false, false},
	    {"p.one@x.example", P1, false, false},
	    {"N1", P1, false, false},
	    {"n2", P2, false, false},
	    {"twice@x.example", 0, false, true},
	    {"left", 0, true, false},
	    {"nobody", 0, false, false},
	    {"away", 0, false, false},
	    {"", 0, false, false},
	};
	struct fixture fixture;
	struct person_today person;
	site_make(&fixture);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		good(lms_find_person(fixture.lms, slice_of(cases[i].text), fixture.arena, &person));
		cr_expect_eq(person.account.id, cases[i].id, "%s", cases[i].text);
		cr_expect_eq(person.is_deleted, cases[i].is_deleted, "%s", cases[i].text);
		cr_expect_eq(person.is_ambiguous, cases[i].is_ambiguous, "%s", cases[i].text);
	}
	good(lms_find_person(fixture.lms, SLICE("p1"), fixture.arena, &person));
	cr_expect(person.account.is_suspended);
	cr_expect(slice_is(person.account.username, SLICE("p1")));
	cr_expect(slice_is(person.account.details[DETAIL_IDNUMBER], SLICE("N1")));
	struct slice nearest;
	good(lms_suggest_person(fixture.lms, SLICE("admn"), fixture.arena, &nearest));
	cr_expect(slice_is(nearest, SLICE("admin")));
	good(lms_suggest_person(fixture.lms, SLICE("somebodyelse"), fixture.arena, &nearest));
	cr_expect_eq(nearest.size, 0);
	fixture_remove(&fixture);
}

Test(today, tells_of_courses_in_the_words_of_an_answer)
{
	enum { COURSES = 5 };
	struct course_today courses[COURSES] = {{.key = {COURSE_BY_SHORTNAME, SLICE("C1")}},
	    {.key = {COURSE_BY_IDNUMBER, SLICE("I1")}}, {.key = {COURSE_BY_SHORTNAME, SLICE("C2")}},
	    {.key = {COURSE_BY_SHORTNAME, SLICE("TWIN")}},
	    {.key = {COURSE_BY_SHORTNAME, SLICE("NONE")}}};
	static const uint32_t matches[COURSES] = {1, 1, 1, 2, 0};
	struct fixture fixture;
	site_make(&fixture);
	good(lms_load_today(fixture.lms, P1, courses, COURSES, fixture.arena));
	for (size_t i = 0; i < COURSES; i++)
		cr_expect_eq(courses[i].matches, matches[i]);
	for (size_t i = 0; i < 2; i++) {
		const struct course_today *course = &courses[i];
		cr_expect(slice_is(course->state,
		              SLICE("status=0;timestart=5;timeend=7;roles=teacher,student")),
		    "%.*s", SLICE_ARG(course->state));
		cr_expect_eq(course->changed, 1700000000);
		cr_expect(slice_is(course->changed_by, SLICE("admin")));
		cr_assert_eq(course->others_count, 1);
		cr_expect(slice_is(course->others->method, SLICE("self")));
		cr_expect(course->others->is_disabled);
		cr_expect_eq(course->others->status, 1);
		cr_expect_eq(course->others->timeend, 9);
	}
	for (size_t i = 2; i < COURSES; i++) {
		cr_expect_eq(courses[i].state.size, 0);
		cr_expect_eq(courses[i].changed, 0);
		cr_expect_eq(courses[i].others_count, 0);
	}
	/* Nobody is in no course. */
	struct course_today again = {.key = {COURSE_BY_SHORTNAME, SLICE("C1")}};
	good(lms_load_today(fixture.lms, 0, &again, 1, fixture.arena));
	cr_expect_eq(again.state.size, 0);
	cr_expect_eq(again.matches, 1);
	fixture_remove(&fixture);
}

/* ---- the ledger ---- */

static void run_store(struct fixture *fixture, int64_t epoch_us)
{
	char id[RUN_ID_SIZE + 1];
	run_id_format(epoch_us, id);
	const struct ledger_run run = {.state = RUN_APPLIED,
	    .run = slice_of(id),
	    .feed = SLICE("hr"),
	    .name = SLICE("staff.csv"),
	    .node = SLICE("n"),
	    .sha256 = SLICE("s"),
	    .policy = SLICE("compat=none"),
	    .counts = SLICE("rows=3"),
	    .summary = SLICE("{}\n"),
	    .bytes = (uint64_t)(epoch_us % 1000)};
	good(ledger_store(lms_db(fixture->lms), &run));
}

static void expect_page(struct fixture *fixture, const struct ledger_page *page, const char *wanted)
{
	struct ledger_run *runs;
	size_t count;
	char found[200] = "";
	good(ledger_list(lms_db(fixture->lms), page, fixture->arena, &runs, &count));
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(found);
		snprintf(found + used, sizeof found - used, "%s%d", i > 0 ? " " : "",
		    (int)runs[i].bytes);
		cr_expect_eq(runs[i].state, RUN_APPLIED);
		cr_expect(slice_is(runs[i].feed, SLICE("hr")));
		cr_expect_eq(runs[i].run.size, RUN_ID_SIZE);
		cr_expect(slice_is(runs[i].summary, SLICE("{}\n")));
	}
	cr_expect_str_eq(found, wanted);
}

Test(today, lists_the_ledger_in_the_order_of_its_runs)
{
	static const int64_t times[] = {1795659000000003, 1600000000000001, 1795659000000004,
	    1700000000000002, 4102444800000005};
	struct fixture fixture;
	site_make(&fixture);
	good(lms_begin(fixture.lms));
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		run_store(&fixture, times[i]);
	good(lms_commit(fixture.lms));
	struct ledger_page page = {.limit = 10};
	expect_page(&fixture, &page, "1 2 3 4 5");
	page.is_newest_first = true;
	expect_page(&fixture, &page, "5 4 3 2 1");
	page.limit = 2;
	expect_page(&fixture, &page, "5 4");
	run_id_format(1795659000000004, page.before);
	expect_page(&fixture, &page, "3 2");
	page.limit = 10;
	run_id_format(1600000000000001, page.after);
	expect_page(&fixture, &page, "3 2");
	page.is_newest_first = false;
	*page.before = '\0';
	expect_page(&fixture, &page, "2 3 4 5");
	page.limit = 0;
	expect_page(&fixture, &page, "");
	fixture_remove(&fixture);
}

/* ---- rows by their ids ---- */

Test(today, finds_an_enrolment_by_its_id)
{
	struct fixture fixture;
	struct enrolment_known row;
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	int64_t id = db_find(db,
	    "SELECT u.id FROM {user_enrolments} u JOIN {enrol} e ON e.id = u.enrolid WHERE e.enrol "
	    "= 'manual' AND u.userid = 3",
	    0, DB_NONE);
	good(lms_find_enrolment(fixture.lms, id, fixture.arena, &row));
	cr_expect(row.is_there);
	cr_expect_str_eq(row.known_by, "lms");
	cr_expect(slice_is(row.username, SLICE("p1")));
	cr_expect(slice_is(row.shortname, SLICE("C1")));
	cr_expect(slice_is(row.idnumber, SLICE("I1")));
	cr_expect(slice_is(row.method, SLICE("manual")));
	cr_expect_eq(row.created, 1);
	good(lms_find_enrolment(fixture.lms, 4711, fixture.arena, &row));
	cr_expect_null(row.known_by);
	fixture_remove(&fixture);
}
