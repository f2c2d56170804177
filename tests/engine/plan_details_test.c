/* What the LMS says of the people and courses of a plan: on every engine. */
#include "enrold/listing.h"
#include "enrold/plan_details.h"

#include "fixture.h"

#include "enrold/db.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define BASE "20261124-010203-000000"
#define BEFORE "20261101-040506-000000"
enum { BASE_AT = 1795482123, BEFORE_AT = 1793505906 };

/* C1 (course 2) and C2 (3), each with a manual method (10, 11) and C1 with a self-enrolment's (12).
 */
static const char places[] =
    "UPDATE mdl_user SET firstname = 'Anna', lastname = 'Berg' WHERE username = 'p1';"
    "UPDATE mdl_user SET firstname = '', lastname = '=Bela' WHERE username = 'p2';"
    "UPDATE mdl_user SET firstname = 'Gone', lastname = 'Gone' WHERE username = 'gone';"
    "UPDATE mdl_user SET firstname = 'A', lastname = 'Way' WHERE username = 'away';"
    "UPDATE mdl_course SET fullname = 'Caf\xc3\xa9 one' WHERE shortname = 'C1';"
    "UPDATE mdl_course SET fullname = 'Two' WHERE shortname = 'C2';"
    "DELETE FROM mdl_enrol;"
    "INSERT INTO mdl_enrol (id, enrol, status, courseid, sortorder, roleid) VALUES "
    "(10, 'manual', 0, 2, 0, 5), (11, 'manual', 0, 3, 0, 5), (12, 'self', 0, 2, 1, 5);"
    "INSERT INTO mdl_user_enrolments (id, status, enrolid, userid, timestart, timeend, modifierid, "
    "timecreated, timemodified) VALUES (1, 0, 10, 3, 1, 0, 2, 1, 1), (2, 0, 12, 3, 1, 0, 2, 1, 1), "
    "(3, 0, 11, 3, 1, 0, 2, 1, 1), (4, 0, 10, 4, 1, 0, 2, 1, 1), (5, 0, 11, 4, 1, 0, 2, 1, 1)";

static const char grades[] =
    "CREATE TABLE mdl_grade_items (id BIGINT PRIMARY KEY, courseid BIGINT);"
    "CREATE TABLE mdl_grade_grades (id BIGINT PRIMARY KEY, itemid BIGINT, userid BIGINT, "
    "finalgrade DECIMAL(10,5), feedback VARCHAR(255));"
    "INSERT INTO mdl_grade_items (id, courseid) VALUES (1, 2), (2, 3);"
    "INSERT INTO mdl_grade_grades (id, itemid, userid, finalgrade, feedback) VALUES "
    "(1, 1, 3, 0, NULL), (2, 2, 3, NULL, ''), (3, 1, 4, NULL, NULL), (4, 2, 4, NULL, 'well')";

static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1 C2", places);
	fixture_open(fixture);
	good(lms_check_site(fixture->lms, false));
	good(lms_begin(fixture->lms));
}

static struct plan_detail detail_of(const char *username, const char *course)
{
	return (struct plan_detail){.username = slice_of(username), .course = slice_of(course)};
}

static struct plan_detail asked(struct fixture *fixture, struct plan_detail detail)
{
	good(lms_load_plan_details(fixture->lms, SLICE("hr"), &detail, 1, fixture->arena));
	return detail;
}

Test(plan_details, tells_names_of_people_and_courses)
{
	static const struct {
		const char *username, *course, *fullname, *course_fullname;
	} cases[] = {{"p1", "C1", "Anna Berg", "Caf\xc3\xa9 one"}, {"p2", "C2", "=Bela", "Two"},
	    {"p1", "", "Anna Berg", ""}, {"", "C1", "", "Caf\xc3\xa9 one"}, {"", "", "", ""},
	    {"P1", "c1", "", ""}, {"nobody", "none", "", ""}, {"gone", "C1", "", "Caf\xc3\xa9 one"},
	    {"away", "C1", "", "Caf\xc3\xa9 one"}, {"p1", "C1 ", "Anna Berg", ""},
	    {"p1'--", "C1'\"", "", ""}};
	enum { CASES = sizeof cases / sizeof *cases };
	struct plan_detail details[CASES];
	struct fixture fixture;
	site_make(&fixture);
	for (size_t i = 0; i < CASES; i++)
		details[i] = detail_of(cases[i].username, cases[i].course);
	good(lms_load_plan_details(fixture.lms, SLICE("hr"), details, CASES, fixture.arena));
	for (size_t i = 0; i < CASES; i++) {
		cr_expect(slice_is(details[i].fullname, slice_of(cases[i].fullname)), "%zu: %.*s",
		    i, SLICE_ARG(details[i].fullname));
		cr_expect(slice_is(details[i].course_fullname, slice_of(cases[i].course_fullname)),
		    "%zu: %.*s", i, SLICE_ARG(details[i].course_fullname));
		cr_expect_eq(details[i].last_listed_at, 0);
		cr_expect_not(details[i].has_grades); /* the site has no tables of them */
	}
	fixture_remove(&fixture);
}

/* A course is looked up by what the feed calls it, and by nothing else. */
Test(plan_details, tells_courses_by_what_the_feed_calls_them)
{
	struct plan_detail detail = detail_of("p1", "N-2");
	struct fixture fixture;
	fixture_make(&fixture, "C1 C2", places);
	database_execute(
	    &fixture.database, "UPDATE mdl_course SET idnumber = 'N-2' WHERE shortname = 'C2'");
	fixture_open(&fixture);
	good(lms_check_site(fixture.lms, false));
	good(lms_begin(fixture.lms));
	cr_expect_eq(asked(&fixture, detail).course_fullname.size, 0);
	detail.by = COURSE_BY_IDNUMBER;
	cr_expect(slice_is(asked(&fixture, detail).course_fullname, SLICE("Two")));
	detail.course = SLICE("C2");
	cr_expect_eq(asked(&fixture, detail).course_fullname.size, 0);
	fixture_remove(&fixture);
}

/* As many as a piece of a plan has, and others between them. */
Test(plan_details, answers_each_of_many)
{
	enum { MANY = 700 };
	struct plan_detail *details = calloc(MANY, sizeof *details);
	struct fixture fixture;
	site_make(&fixture);
	for (size_t i = 0; i < MANY; i++)
		details[i] = i % 3 == 2
		                 ? detail_of("nobody", "none")
		                 : detail_of(i % 3 == 0 ? "p1" : "p2", i % 2 == 0 ? "C1" : "C2");
	good(lms_load_plan_details(fixture.lms, SLICE("hr"), details, MANY, fixture.arena));
	for (size_t i = 0; i < MANY; i++) {
		static const char *const names[] = {"Anna Berg", "=Bela", ""};
		cr_assert(slice_is(details[i].fullname, slice_of(names[i % 3])));
		cr_assert_eq(details[i].course_fullname.size == 0, i % 3 == 2);
	}
	good(lms_load_plan_details(fixture.lms, SLICE("hr"), details, 0, fixture.arena));
	free(details);
	fixture_remove(&fixture);
}

/* Empty rows are made for everybody; a grade of 0 is one, and so is a word without a number. */
Test(plan_details, tells_whether_grades_are_there_that_somebody_would_miss)
{
	struct fixture fixture;
	fixture_make(&fixture, "C1 C2", places);
	database_execute(&fixture.database, grades);
	fixture_open(&fixture);
	good(lms_check_site(fixture.lms, false));
	good(lms_begin(fixture.lms));
	cr_expect(asked(&fixture, detail_of("p1", "C1")).has_grades);
	cr_expect_not(asked(&fixture, detail_of("p1", "C2")).has_grades);
	cr_expect_not(asked(&fixture, detail_of("p2", "C1")).has_grades);
	cr_expect(asked(&fixture, detail_of("p2", "C2")).has_grades);
	cr_expect_not(asked(&fixture, detail_of("p1", "")).has_grades);
	lms_close(fixture.lms);
	fixture.lms = NULL;
	database_execute(
	    &fixture.database, "DROP TABLE mdl_grade_grades; DROP TABLE mdl_grade_items");
	fixture_remove(&fixture);
}

static void listed(struct db *db, int64_t user, int64_t enrolment, int64_t absent_at)
{
	const struct listing listing = {
	    .user = user, .enrolment = enrolment, .enrol = 10, .absent_at = absent_at};
	good(listing_add(db, SLICE("hr"), SLICE("20260101-000000-000000"), &listing, 1));
	if (absent_at != 0)
		good(listing_store(db, SLICE("hr"), &listing, SLICE(BEFORE), SLICE("")));
}

/* p1 has two enrolments in C1, by hand and by himself; of one the feed knows. */
Test(plan_details, tells_when_the_feed_listed_them_last)
{
	static const struct {
		const char *username, *course;
		int64_t at;
	} cases[] = {{"p1", "C1", BASE_AT}, {"p1", "C2", BEFORE_AT}, {"p2", "C1", 0},
	    {"p2", "C2", BASE_AT}, {"p1", "", BEFORE_AT}, {"p2", "", 0}, {"nobody", "C1", 0}};
	struct fixture fixture;
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	listed(db, P1, 1, 0);
	listed(db, P1, 3, NOW);
	listed(db, P2, 5, 0);
	listed(db, P1, 0, NOW);
	cr_expect_eq(asked(&fixture, detail_of("p1", "C1")).last_listed_at, 0);
	good(listing_store_base(db, SLICE("hr"), SLICE(BASE), SLICE("run " BASE "\n")));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct plan_detail detail =
		    asked(&fixture, detail_of(cases[i].username, cases[i].course));
		cr_expect_eq(detail.last_listed_at, cases[i].at, "%zu: %lld", i,
		    (long long)detail.last_listed_at);
		good(lms_load_plan_details(fixture.lms, SLICE("other"), &detail, 1, fixture.arena));
		cr_expect_eq(detail.last_listed_at, 0);
	}
	fixture_remove(&fixture);
}

/* The file that is being applied is the newest by then, and does not list them. */
Test(plan_details, does_not_say_that_a_file_listed_who_is_absent_from_it)
{
	struct fixture fixture;
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	struct ledger_run run = {.state = RUN_RUNNING,
	    .run = SLICE(BASE),
	    .feed = SLICE("hr"),
	    .name = SLICE("staff.csv"),
	    .node = SLICE("n"),
	    .sha256 = SLICE(""),
	    .policy = SLICE(""),
	    .counts = SLICE(""),
	    .summary = SLICE(""),
	    .summary_sha256 = SLICE("")};
	struct plan_detail absent = detail_of("p1", "C1"), away = detail_of("p1", "C2");
	absent.is_absent = away.is_absent = true;
	listed(db, P1, 1, 0);
	listed(db, P1, 3, NOW);
	good(listing_store_base(db, SLICE("hr"), SLICE(BASE), SLICE("run " BASE "\n")));
	cr_expect_eq(asked(&fixture, absent).last_listed_at, 0);
	cr_expect_eq(asked(&fixture, away).last_listed_at, BEFORE_AT);
	cr_expect_eq(asked(&fixture, detail_of("p1", "C1")).last_listed_at, BASE_AT);
	good(ledger_store(db, &run));
	cr_expect_eq(asked(&fixture, absent).last_listed_at, 0);
	run.state = RUN_APPLIED;
	good(ledger_store(db, &run));
	cr_expect_eq(asked(&fixture, absent).last_listed_at, BASE_AT);
	fixture_remove(&fixture);
}
