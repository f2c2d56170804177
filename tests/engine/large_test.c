/* A transaction of which much is expected: it knows what it has decided before that is written, and
 * ends like any other. */
#include "database.h"

#include "enrold/lms.h"
#include "enrold/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum {
	NOW = 1800000000,
	TODAY = 1799971200,
	MANY = 1000,
	P1 = 3,
	P2 = 4,
	STUDENT = 5,
	TEACHER = 4
};

struct fixture {
	struct database database;
	struct lms *lms;
	struct arena *arena;
	struct course_facts course;
	struct enrolment_facts enrolments[2]; /* of p1 and p2 */
};

static void good(struct error error)
{
	cr_assert_not(is_error(&error), "%s", error.text);
}

/* p1 and p2; C1, where p1 has been a teacher for long. */
static void fixture_make(struct fixture *fixture)
{
	const struct course_row course = {.shortname = SLICE("C1")};
	struct site_answer answer;
	const struct site_facts *site;
	bool made;
	database_make(&fixture->database);
	good(site_init(&fixture->database.options, &made));
	good(site_add_courses(&fixture->database.options, &course, 1, &answer));
	database_execute(&fixture->database,
	    "INSERT INTO mdl_user (auth, confirmed, mnethostid, username) VALUES "
	    "('manual', 1, 1, 'p1'), ('manual', 1, 1, 'p2'), ('manual', 1, 1, 'gone'), "
	    "('manual', 1, 2, 'away');"
	    "UPDATE mdl_user SET deleted = 1 WHERE username = 'gone';"
	    "INSERT INTO mdl_role_assignments (userid, contextid, roleid) SELECT 3, id, 4 FROM "
	    "mdl_context WHERE contextlevel = 50 AND instanceid = 2;"
	    "INSERT INTO mdl_role_assignments (userid, contextid, roleid, component) SELECT 3, id, "
	    "1, "
	    "'enrol_x' FROM mdl_context WHERE contextlevel = 50 AND instanceid = 2");
	database_move(&fixture->database);
	good(lms_open(&fixture->database.options, &fixture->lms));
	good(lms_load_site(fixture->lms, &site));
	fixture->arena = arena_create();
}

static void fixture_remove(struct fixture *fixture)
{
	arena_free(fixture->arena);
	lms_close(fixture->lms);
	database_remove(&fixture->database);
}

static void begin(struct fixture *fixture)
{
	const struct course_key key = {COURSE_BY_SHORTNAME, SLICE("C1")};
	good(lms_begin(fixture->lms));
	good(lms_expect(fixture->lms, MANY));
	for (int i = 0; i < 2; i++) /* the second time without asking */
		good(lms_find_courses(fixture->lms, &key, 1, &fixture->course, fixture->arena));
	cr_assert_eq(fixture->course.matches, 1);
}

static void load(struct fixture *fixture)
{
	for (uint32_t i = 0; i < 2; i++)
		fixture->enrolments[i] = (struct enrolment_facts){.person = i,
		    .user = P1 + i,
		    .course = fixture->course.id,
		    .enrol = fixture->course.enrol,
		    .context = fixture->course.context,
		    .level = 50,
		    .instance = fixture->course.id};
	good(lms_load_enrolments(fixture->lms, fixture->enrolments, 2, fixture->arena));
}

static struct error apply(struct fixture *fixture, const struct change *changes, size_t count)
{
	static struct account_facts people[] = {{.id = P1}, {.id = P2}};
	const struct effects effects = {.changes = changes,
	    .count = count,
	    .people = people,
	    .enrolments = fixture->enrolments,
	    .now = NOW};
	return lms_apply(fixture->lms, &effects);
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

static void expect_rows(struct fixture *fixture, const char *sql, const char *rows)
{
	cr_expect_str_eq(database_rows(&fixture->database, sql), rows);
}

Test(large, knows_the_people_of_the_site)
{
	static const struct {
		const char *name;
		int64_t id; /* 0: nobody */
	} cases[] = {
	    {"p1", P1}, {"p2", P2}, {"P1", 0}, {"gone", 0}, {"away", 0}, {"", 0}, {"p", 0}};
	struct fixture fixture;
	fixture_make(&fixture);
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

Test(large, knows_what_it_has_decided_before_it_is_written)
{
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1, .timestart = TODAY};
	struct fixture fixture;
	fixture_make(&fixture);
	begin(&fixture);
	load(&fixture);
	cr_expect_eq(fixture.enrolments[0].id, 0);
	cr_assert_eq(fixture.enrolments[0].roles_count, 1);
	cr_expect_eq(fixture.enrolments[0].roles[0], TEACHER);
	good(apply(&fixture, enrol_both, 4));
	load(&fixture);
	cr_expect_neq(fixture.enrolments[0].id, 0);
	cr_expect_eq(fixture.enrolments[0].timeend, NOW);
	cr_assert_eq(fixture.enrolments[0].roles_count, 2);
	cr_expect_eq(fixture.enrolments[0].roles[1], STUDENT);
	good(apply(&fixture, &later, 1)); /* which needs the id of the row */
	load(&fixture);
	cr_expect_eq(fixture.enrolments[0].status, 1);
	cr_expect_gt(fixture.enrolments[0].id, 0);
	good(lms_commit(fixture.lms));
	expect_rows(
	    &fixture, enrolments, "3|1|1799971200|0|1800000000\n4|0|1799971200|0|1800000000\n");
	expect_rows(&fixture, roles, "3|4\n3|5\n4|5\n");
	/* By course, then person; what changed later comes later. */
	expect_rows(&fixture, events,
	    "\\core\\event\\user_enrolment_created|3\n\\core\\event\\role_assigned|3\n"
	    "\\core\\event\\user_enrolment_created|4\n\\core\\event\\role_assigned|4\n"
	    "\\core\\event\\user_enrolment_updated|3\n");
	cr_expect_eq(
	    database_number(&fixture.database,
	        "SELECT count(*) FROM mdl_logstore_standard_log l JOIN mdl_user_enrolments e "
	        "ON e.id = l.objectid AND e.userid = l.relateduserid WHERE objecttable = "
	        "'user_enrolments'"),
	    3);
	expect_rows(&fixture,
	    "SELECT flagtype, name, value, timemodified FROM mdl_cache_flags ORDER BY name",
	    "accesslib/dirtyusers|3|1|1800000000\naccesslib/dirtyusers|4|1|1800000000\n");
	fixture_remove(&fixture);
}

Test(large, leaves_nothing_when_it_is_rolled_back)
{
	struct fixture fixture;
	fixture_make(&fixture);
	begin(&fixture);
	load(&fixture);
	good(apply(&fixture, enrol_both, 4));
	lms_rollback(fixture.lms);
	expect_rows(&fixture, enrolments, "");
	expect_rows(&fixture, events, "");
	begin(&fixture); /* and knows nothing of it the next time */
	load(&fixture);
	cr_expect_eq(fixture.enrolments[0].id, 0);
	good(apply(&fixture, enrol_both, 4));
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
	fixture_make(&fixture);
	begin(&fixture);
	load(&fixture);
	good(apply(&fixture, enrol_both, 4));
	load(&fixture);
	good(apply(&fixture, &suspend, 1));
	load(&fixture);
	cr_expect_gt(fixture.enrolments[0].id, 0);
	cr_expect_gt(fixture.enrolments[1].id, 0);
	cr_expect_eq(fixture.enrolments[0].roles_count, 2);
	good(lms_commit(fixture.lms));
	expect_rows(&fixture, roles, "3|4\n3|5\n4|5\n");
	expect_rows(&fixture, "SELECT id FROM mdl_user WHERE suspended = 1", "3\n");
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
	fixture_make(&fixture);
	begin(&fixture);
	load(&fixture);
	good(apply(&fixture, late, 2));
	load(&fixture);
	cr_expect_eq(fixture.enrolments[1].timeend, LATE);
	cr_expect_gt(fixture.enrolments[1].id, 0);
	good(apply(&fixture, &later, 1));
	good(lms_commit(fixture.lms));
	expect_rows(&fixture, enrolments, "4|0|1799971200|32503680001|1800000000\n");
	begin(&fixture); /* such a site has none from the beginning */
	load(&fixture);
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
	fixture_make(&fixture);
	if (!fixture.database.server) {
		database_execute(&fixture.database,
		    "INSERT INTO sqlite_sequence (name, seq) VALUES "
		    "('mdl_user_enrolments', 5000000000)");
		begin(&fixture);
		load(&fixture);
		good(apply(&fixture, enrol_both, 4));
		load(&fixture);
		good(apply(&fixture, &later, 1));
		good(lms_commit(fixture.lms));
		expect_rows(&fixture, "SELECT id, status FROM mdl_user_enrolments ORDER BY userid",
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
	fixture_make(&fixture);
	for (int writes = 0; writes < 2; writes++) {
		begin(&fixture);
		lms_rehearse(fixture.lms);
		load(&fixture);
		good(apply(&fixture, enrol_both, 4));
		load(&fixture);
		cr_expect_neq(fixture.enrolments[0].id, 0, "the census has lost it");
		if (writes)
			good(apply(&fixture, &later, 1));
		lms_rollback(fixture.lms);
		expect_rows(&fixture, "SELECT userid FROM mdl_user_enrolments", "");
		expect_rows(&fixture, events, "");
	}
	begin(&fixture);
	load(&fixture);
	good(apply(&fixture, enrol_both, 4));
	good(lms_commit(fixture.lms));
	expect_rows(&fixture, "SELECT userid FROM mdl_user_enrolments ORDER BY userid", "3\n4\n");
	fixture_remove(&fixture);
}

/* On a server; SQLite lets nobody else write meanwhile. */
Test(large, fails_as_a_whole_when_somebody_else_was_faster)
{
	struct fixture fixture;
	char sql[160];
	fixture_make(&fixture);
	if (fixture.database.server) {
		begin(&fixture);
		load(&fixture);
		snprintf(sql, sizeof sql,
		    "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (%lld, %d)",
		    (long long)fixture.course.enrol, P1);
		database_execute(&fixture.database, sql);
		struct error error = apply(&fixture, enrol_both, 4);
		struct error ended = lms_commit(fixture.lms);
		cr_expect_not(is_error(&error) && error.class != ERROR_RETRY, "%s", error.text);
		cr_expect_eq(ended.class, ERROR_RETRY, "%s", ended.text);
		lms_rollback(fixture.lms);
		expect_rows(&fixture, "SELECT userid FROM mdl_user_enrolments", "3\n");
		expect_rows(&fixture, events, "");
	}
	fixture_remove(&fixture);
}

/* Moodle itself keeps neither of them from happening; see rivals.h. */
static void collide(struct fixture *fixture, const char *others)
{
	begin(fixture);
	load(fixture);
	good(apply(fixture, enrol_both, 4));
	database_execute(&fixture->database, others);
	struct error ended = lms_commit(fixture->lms);
	cr_expect_eq(ended.class, ERROR_RETRY, "%s", ended.text);
	lms_rollback(fixture->lms);
	expect_rows(fixture, enrolments, "");
}

Test(
    large, gives_no_role_that_somebody_else_has_given_meanwhile_and_enrols_nobody_deleted_meanwhile)
{
	struct fixture fixture;
	fixture_make(&fixture);
	if (fixture.database.server) {
		collide(&fixture,
		    "INSERT INTO mdl_role_assignments (userid, contextid, roleid) SELECT 4, "
		    "id, 5 FROM mdl_context WHERE contextlevel = 50 AND instanceid = 2");
		collide(&fixture,
		    "UPDATE mdl_user SET deleted = 1, timemodified = 4102444800 WHERE id = 4");
		begin(&fixture); /* what others do besides is nothing to us */
		load(&fixture);
		good(apply(&fixture, enrol_both + 2, 2));
		database_execute(&fixture.database,
		    "INSERT INTO mdl_role_assignments (userid, contextid, roleid) SELECT 4, id, 3 "
		    "FROM "
		    "mdl_context WHERE contextlevel = 50 AND instanceid = 2;"
		    "UPDATE mdl_user SET deleted = 1, timemodified = 4102444800 WHERE id = 6");
		good(lms_commit(fixture.lms));
		expect_rows(&fixture, roles, "3|4\n3|5\n4|3\n4|5\n");
	}
	fixture_remove(&fixture);
}
