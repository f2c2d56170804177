/* A transaction of which much is expected: it knows what it has decided before that is written, and
 * ends like any other. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { MANY = 1000, STUDENT = 5, TEACHER = 4 };

/* C1, where p1 has been a teacher for long. */
static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1",
	    "INSERT INTO mdl_role_assignments (userid, contextid, roleid) SELECT 3, id, 4 FROM "
	    "mdl_context WHERE contextlevel = 50 AND instanceid = 2;"
	    "INSERT INTO mdl_role_assignments (userid, contextid, roleid, component) SELECT 3, id, "
	    "1, 'enrol_x' FROM mdl_context WHERE contextlevel = 50 AND instanceid = 2");
	fixture_open(fixture);
}

static void begin(struct fixture *fixture)
{
	const struct course_key key = {COURSE_BY_SHORTNAME, SLICE("C1")};
	good(lms_begin(fixture->lms));
	good(lms_prefetch(fixture->lms, MANY));
	for (int i = 0; i < 2; i++) /* the second time without asking */
		good(lms_find_courses(fixture->lms, &key, 1, fixture->courses, fixture->arena));
	cr_assert_eq(fixture->courses[0].matches, 1);
}

static const struct change enrol_both[] = {
    {.kind = CHANGE_ENROL, .enrolment = 1, .timestart = TODAY},
    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 1, .role = STUDENT},
    {.kind = CHANGE_ENROL, .enrolment = 0, .timestart = TODAY, .timeend = NOW},
    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 0, .role = STUDENT},
};

static const char enrolments[] = "SELECT userid, status, timestart, timeend, timemodified FROM "
                                 "mdl_user_enrolments ORDER BY userid";
static const char roles[] = "SELECT userid, roleid FROM mdl_role_assignments WHERE component = '' "
                            "ORDER BY userid, roleid";
static const char events[] =
    "SELECT eventname, relateduserid FROM mdl_logstore_standard_log ORDER BY id";

Test(large, knows_the_people_of_the_site)
{
	static const struct {
		const char *name;
		int64_t id; /* 0: nobody */
	} cases[] = {
	    {"p1", P1}, {"p2", P2}, {"P1", 0}, {"gone", 0}, {"away", 0}, {"", 0}, {"p", 0}};
	struct fixture fixture;
	site_make(&fixture);
	begin(&fixture);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct user_key key = {.by = KEY_USERNAME, .text = slice_of(cases[i].name)};
		good(lms_find_users(fixture.lms, &key, 1, fixture.arena));
		cr_expect_eq(key.matches, cases[i].id != 0, "%s", cases[i].name);
		cr_expect_eq(key.ids[0], cases[i].id, "%s", cases[i].name);
	}
	good(lms_commit(fixture.lms));
	fixture_remove(&fixture);
}

/* Rows are counted only where their ids do not tell that there are few. */
Test(large, knows_the_same_where_ids_lie_far_apart)
{
	struct fixture fixture;
	struct user_key far = {.by = KEY_USERNAME, .text = SLICE("far")};
	site_make(&fixture);
	database_execute(&fixture.database,
	    "INSERT INTO mdl_user (id, mnethostid, username) VALUES (3000000, 1, 'far');"
	    "INSERT INTO mdl_role_assignments (id, userid, contextid, roleid) SELECT 3000000, 4, "
	    "id, 3 FROM mdl_context WHERE contextlevel = 50 AND instanceid = 2");
	begin(&fixture);
	good(lms_find_users(fixture.lms, &far, 1, fixture.arena));
	cr_expect_eq(far.ids[0], 3000000);
	fixture_load(&fixture, 2);
	cr_assert_eq(fixture.enrolments[1].roles_count, 1);
	cr_expect_eq(fixture.enrolments[1].roles[0], 3);
	good(lms_commit(fixture.lms));
	fixture_remove(&fixture);
}

Test(large, knows_what_it_has_decided_before_it_is_written)
{
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1, .timestart = TODAY};
	struct fixture fixture;
	site_make(&fixture);
	begin(&fixture);
	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[0].id, 0);
	cr_assert_eq(fixture.enrolments[0].roles_count, 1);
	cr_expect_eq(fixture.enrolments[0].roles[0], TEACHER);
	good(fixture_apply(&fixture, enrol_both, 4, NOW));
	fixture_load(&fixture, 2);
	cr_expect_neq(fixture.enrolments[0].id, 0);
	cr_expect_eq(fixture.enrolments[0].timeend, NOW);
	cr_assert_eq(fixture.enrolments[0].roles_count, 2);
	cr_expect_eq(fixture.enrolments[0].roles[1], STUDENT);
	good(fixture_apply(&fixture, &later, 1, NOW)); /* which needs the id of the row */
	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[0].status, 1);
	cr_expect_gt(fixture.enrolments[0].id, 0);
	good(lms_commit(fixture.lms));
	fixture_expect(
	    &fixture, enrolments, "3|1|1799971200|0|1800000000\n4|0|1799971200|0|1800000000\n");
	fixture_expect(&fixture, roles, "3|4\n3|5\n4|5\n");
	/* By course, then person; what changed later comes later. */
	fixture_expect(&fixture, events,
	    "\\core\\event\\user_enrolment_created|3\n\\core\\event\\role_assigned|3\n"
	    "\\core\\event\\user_enrolment_created|4\n\\core\\event\\role_assigned|4\n"
	    "\\core\\event\\user_enrolment_updated|3\n");
	cr_expect_eq(
	    database_number(&fixture.database,
	        "SELECT count(*) FROM mdl_logstore_standard_log l JOIN mdl_user_enrolments e "
	        "ON e.id = l.objectid AND e.userid = l.relateduserid WHERE objecttable = "
	        "'user_enrolments'"),
	    3);
	fixture_expect(&fixture,
	    "SELECT flagtype, name, value, timemodified FROM mdl_cache_flags ORDER BY name",
	    "accesslib/dirtyusers|3|1|1800000000\naccesslib/dirtyusers|4|1|1800000000\n");
	fixture_remove(&fixture);
}

Test(large, leaves_nothing_when_it_is_rolled_back)
{
	struct fixture fixture;
	site_make(&fixture);
	begin(&fixture);
	fixture_load(&fixture, 2);
	good(fixture_apply(&fixture, enrol_both, 4, NOW));
	lms_rollback(fixture.lms);
	fixture_expect(&fixture, enrolments, "");
	fixture_expect(&fixture, events, "");
	begin(&fixture); /* and knows nothing of it the next time */
	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[0].id, 0);
	good(fixture_apply(&fixture, enrol_both, 4, NOW));
	good(lms_commit(fixture.lms));
	cr_expect_eq(
	    database_number(&fixture.database, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	fixture_remove(&fixture);
}

Test(large, goes_on_by_questions_after_a_change_that_no_census_keeps)
{
	static struct account_change suspended = {.sets_suspended = true, .is_suspended = true};
	static const struct change suspend = {
	    .kind = CHANGE_UPDATE_ACCOUNT, .person = 0, .account = &suspended};
	struct fixture fixture;
	site_make(&fixture);
	begin(&fixture);
	fixture_load(&fixture, 2);
	good(fixture_apply(&fixture, enrol_both, 4, NOW));
	fixture_load(&fixture, 2);
	good(fixture_apply(&fixture, &suspend, 1, NOW));
	fixture_load(&fixture, 2);
	cr_expect_gt(fixture.enrolments[0].id, 0);
	cr_expect_gt(fixture.enrolments[1].id, 0);
	cr_expect_eq(fixture.enrolments[0].roles_count, 2);
	good(lms_commit(fixture.lms));
	fixture_expect(&fixture, roles, "3|4\n3|5\n4|5\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_user WHERE suspended = 1", "3\n");
	fixture_remove(&fixture);
}

/* What does not fit ends the census: it is written like the rest. */
Test(large, writes_numbers_that_are_too_large_for_it)
{
#define LATE INT64_C(32503680000) /* the year 3000 */
	static const struct change late[] = {
	    {.kind = CHANGE_ENROL, .enrolment = 1, .timestart = TODAY, .timeend = LATE},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 1, .role = STUDENT}};
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 1, .timestart = TODAY, .timeend = LATE + 1};
	struct fixture fixture;
	site_make(&fixture);
	begin(&fixture);
	fixture_load(&fixture, 2);
	good(fixture_apply(&fixture, late, 2, NOW));
	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[1].timeend, LATE);
	cr_expect_gt(fixture.enrolments[1].id, 0);
	good(fixture_apply(&fixture, &later, 1, NOW));
	good(lms_commit(fixture.lms));
	fixture_expect(&fixture, enrolments, "4|0|1799971200|32503680001|1800000000\n");
	begin(&fixture); /* such a site has none from the beginning */
	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[1].timeend, LATE + 1);
	good(lms_commit(fixture.lms));
	fixture_remove(&fixture);
}

/* SQLite's, because elsewhere they are counted otherwise. */
Test(large, changes_rows_whose_ids_are_too_large_for_it)
{
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1, .timestart = TODAY};
	struct fixture fixture;
	site_make(&fixture);
	if (!fixture.database.server) {
		database_execute(&fixture.database,
		    "INSERT INTO sqlite_sequence (name, seq) VALUES "
		    "('mdl_user_enrolments', 5000000000)");
		begin(&fixture);
		fixture_load(&fixture, 2);
		good(fixture_apply(&fixture, enrol_both, 4, NOW));
		fixture_load(&fixture, 2);
		good(fixture_apply(&fixture, &later, 1, NOW));
		good(lms_commit(fixture.lms));
		fixture_expect(&fixture,
		    "SELECT id, status FROM mdl_user_enrolments ORDER BY userid",
		    "5000000001|1\n5000000002|0\n");
	}
	fixture_remove(&fixture);
}

/* Written late, or not at all: by the one below its change of an enrolment asks for its id. */
Test(large, rehearsed_shows_what_it_changed_and_leaves_nothing)
{
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1, .timestart = TODAY};
	struct fixture fixture;
	site_make(&fixture);
	for (int writes = 0; writes < 2; writes++) {
		begin(&fixture);
		lms_rehearse(fixture.lms);
		fixture_load(&fixture, 2);
		good(fixture_apply(&fixture, enrol_both, 4, NOW));
		fixture_load(&fixture, 2);
		cr_expect_neq(fixture.enrolments[0].id, 0, "the census has lost it");
		if (writes)
			good(fixture_apply(&fixture, &later, 1, NOW));
		lms_rollback(fixture.lms);
		fixture_expect(&fixture, "SELECT userid FROM mdl_user_enrolments", "");
		fixture_expect(&fixture, events, "");
	}
	begin(&fixture);
	fixture_load(&fixture, 2);
	good(fixture_apply(&fixture, enrol_both, 4, NOW));
	good(lms_commit(fixture.lms));
	fixture_expect(
	    &fixture, "SELECT userid FROM mdl_user_enrolments ORDER BY userid", "3\n4\n");
	fixture_remove(&fixture);
}

/* On a server; SQLite lets nobody else write meanwhile. */
Test(large, fails_as_a_whole_when_somebody_else_was_faster)
{
	struct fixture fixture;
	char sql[160];
	site_make(&fixture);
	if (fixture.database.server) {
		begin(&fixture);
		fixture_load(&fixture, 2);
		snprintf(sql, sizeof sql,
		    "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (%lld, %d)",
		    (long long)fixture.courses[0].enrol, P1);
		database_execute(&fixture.database, sql);
		struct error error = fixture_apply(&fixture, enrol_both, 4, NOW);
		struct error ended = lms_commit(fixture.lms);
		cr_expect_not(is_error(&error) && error.class != ERROR_RETRY, "%s", error.text);
		cr_expect_eq(ended.class, ERROR_RETRY, "%s", ended.text);
		lms_rollback(fixture.lms);
		fixture_expect(&fixture, "SELECT userid FROM mdl_user_enrolments", "3\n");
		fixture_expect(&fixture, events, "");
	}
	fixture_remove(&fixture);
}

/* Moodle itself keeps neither of them from happening; see conflicts.h. */
static void collide(struct fixture *fixture, const char *others)
{
	begin(fixture);
	fixture_load(fixture, 2);
	good(fixture_apply(fixture, enrol_both, 4, NOW));
	database_execute(&fixture->database, others);
	struct error ended = lms_commit(fixture->lms);
	cr_expect_eq(ended.class, ERROR_RETRY, "%s", ended.text);
	lms_rollback(fixture->lms);
	fixture_expect(fixture, enrolments, "");
}

Test(
    large, gives_no_role_that_somebody_else_has_given_meanwhile_and_enrols_nobody_deleted_meanwhile)
{
	struct fixture fixture;
	site_make(&fixture);
	if (fixture.database.server) {
		collide(&fixture,
		    "INSERT INTO mdl_role_assignments (userid, contextid, roleid) SELECT 4, "
		    "id, 5 FROM mdl_context WHERE contextlevel = 50 AND instanceid = 2");
		collide(&fixture,
		    "UPDATE mdl_user SET deleted = 1, timemodified = 4102444800 WHERE id = 4");
		begin(&fixture); /* what others do besides is nothing to us */
		fixture_load(&fixture, 2);
		good(fixture_apply(&fixture, enrol_both + 2, 2, NOW));
		database_execute(&fixture.database,
		    "INSERT INTO mdl_role_assignments (userid, contextid, roleid) SELECT 4, id, 3 "
		    "FROM "
		    "mdl_context WHERE contextlevel = 50 AND instanceid = 2;"
		    "UPDATE mdl_user SET deleted = 1, timemodified = 4102444800 WHERE id = 6");
		good(lms_commit(fixture.lms));
		fixture_expect(&fixture, roles, "3|4\n3|5\n4|3\n4|5\n");
	}
	fixture_remove(&fixture);
}
