/* The contract of lms.h and ledger.h: what every engine must do. */
#include "database.h"

#include "enrold/lms.h"
#include "enrold/site.h"

#include <criterion/criterion.h>

enum { NOW = 1800000000, TODAY = 1799971200 };

struct fixture {
	struct database database;
	struct lms *lms;
	const struct site_facts *site;
	struct arena *arena;
};

static void good(struct error error)
{
	cr_assert_not(is_error(&error), "%s", error.text);
}

/* People p1 (3), p2 (4), gone (5, deleted); courses C1, C2, and TWIN twice. */
static void fixture_make(struct fixture *fixture)
{
	const struct course_row courses[] = {{.shortname = SLICE("C1")}, {.shortname = SLICE("C2")},
	    {.shortname = SLICE("TWIN")}, {.shortname = SLICE("T2")}};
	struct site_answer answers[4];
	bool made;
	database_make(&fixture->database);
	good(site_init(&fixture->database.options, &made));
	good(site_add_courses(&fixture->database.options, courses, 4, answers));
	database_execute(&fixture->database,
	    "INSERT INTO mdl_user (auth, confirmed, mnethostid, username) VALUES "
	    "('manual', 1, 1, 'p1'), ('manual', 1, 1, 'p2'), ('manual', 1, 1, 'gone'), "
	    "('manual', 1, 2, 'away');"
	    "UPDATE mdl_user SET deleted = 1 WHERE username = 'gone';"
	    "UPDATE mdl_course SET shortname = 'TWIN' WHERE shortname = 'T2'");
	good(lms_open(&fixture->database.options, &fixture->lms));
	good(lms_load_site(fixture->lms, &fixture->site));
	fixture->arena = arena_create();
}

static void fixture_remove(struct fixture *fixture)
{
	arena_free(fixture->arena);
	lms_close(fixture->lms);
	database_remove(&fixture->database);
}

Test(lms, knows_the_settings_of_the_site)
{
	struct fixture fixture;
	fixture_make(&fixture);
	cr_expect_eq(fixture.site->local_host, 1);
	cr_expect_eq(fixture.site->actor, 2);
	cr_expect(fixture.site->manual_enabled);
	cr_expect(fixture.site->audit);
	cr_expect_eq(fixture.site->roles_count, 8);
	cr_expect(slice_is(fixture.site->roles[4].shortname, SLICE("student")));
	cr_expect(fixture.site->roles[4].in_courses);
	cr_expect_not(fixture.site->roles[6].in_courses);
	fixture_remove(&fixture);
}

Test(lms, refuses_an_actor_who_is_no_admin_and_a_database_that_is_no_site)
{
	struct fixture fixture;
	struct lms *lms = NULL;
	const struct site_facts *site;
	fixture_make(&fixture);
	struct lms_options options = fixture.database.options;
	options.actor = "p1";
	good(lms_open(&options, &lms));
	struct error error = lms_load_site(lms, &site);
	cr_expect_eq(error.class, ERROR_CONFIG, "%s", error.text);
	lms_close(lms);
	options.prefix = "other_";
	lms = NULL;
	error = lms_open(&options, &lms);
	cr_expect_eq(error.class, ERROR_CONFIG, "%s", error.text);
	options.url = "sqlite:/nonexistent/lms.db";
	error = lms_open(&options, &lms);
	cr_expect_eq(error.class, ERROR_CONFIG, "%s", error.text);
	fixture_remove(&fixture);
}

Test(lms, finds_local_people_who_are_not_deleted)
{
	const struct slice names[] = {SLICE("p2"), SLICE("gone"), SLICE("away"), SLICE(""),
	    SLICE("admin"), SLICE("guest"), SLICE("P2")};
	static const struct user_facts expected[] = {
	    {4, false}, {0, false}, {0, false}, {0, false}, {2, true}, {1, true}, {0, false}};
	struct user_facts users[7];
	struct fixture fixture;
	fixture_make(&fixture);
	good(lms_find_users(fixture.lms, names, 7, users));
	for (size_t i = 0; i < 7; i++) {
		cr_expect_eq(users[i].id, expected[i].id, "%s", names[i].bytes);
		cr_expect_eq(users[i].is_protected, expected[i].is_protected, "%s", names[i].bytes);
	}
	fixture_remove(&fixture);
}

Test(lms, finds_courses_by_exact_short_name)
{
	const struct slice names[] = {SLICE("C2"), SLICE("c2"), SLICE("TWIN"), SLICE("C2 ")};
	static const uint32_t matches[] = {1, 0, 2, 0};
	struct course_facts courses[4];
	struct fixture fixture;
	fixture_make(&fixture);
	database_execute(&fixture.database,
	    "UPDATE mdl_enrol SET enrolperiod = 86400, roleid = 4 WHERE courseid = 3");
	good(lms_find_courses(fixture.lms, names, 4, courses));
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(courses[i].matches, matches[i], "%s", names[i].bytes);
	cr_expect_eq(courses[0].id, 3);
	cr_expect_eq(courses[0].enrol_role, 4);
	cr_expect_eq(courses[0].enrol_period, 86400);
	cr_expect_neq(courses[0].context, 0);
	cr_expect_neq(courses[0].enrol, 0);
	fixture_remove(&fixture);
}

/* p1 and p2 in C1. */
static void pairs_of(struct fixture *fixture, struct enrolment_facts enrolments[2])
{
	const struct slice name = SLICE("C1");
	struct course_facts course;
	good(lms_find_courses(fixture->lms, &name, 1, &course));
	for (int i = 0; i < 2; i++)
		enrolments[i] = (struct enrolment_facts){.user = 3 + i,
		    .course = course.id,
		    .enrol = course.enrol,
		    .context = course.context};
	good(lms_load_enrolments(fixture->lms, enrolments, 2, fixture->arena));
}

Test(lms, applies_changes_and_says_so_in_flags_and_audit_rows)
{
	static const struct change changes[] = {
	    {.kind = CHANGE_ENROL, .enrolment = 1, .timestart = TODAY},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 1, .role = 5},
	    {.kind = CHANGE_ENROL, .enrolment = 0, .timestart = TODAY, .timeend = NOW},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 0, .role = 4},
	};
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1, .timestart = TODAY};
	struct enrolment_facts enrolments[2];
	struct fixture fixture;
	fixture_make(&fixture);
	pairs_of(&fixture, enrolments);
	cr_expect_eq(enrolments[0].id, 0);
	good(lms_begin(fixture.lms));
	good(lms_apply(fixture.lms, changes, 4, enrolments, NOW));
	good(lms_commit(fixture.lms));
	cr_expect_gt(enrolments[0].id, 0);
	cr_expect_gt(enrolments[1].id, 0);
	cr_expect_str_eq(database_rows(&fixture.database,
	                     "SELECT userid, status, timestart, timeend, modifierid, timecreated, "
	                     "timemodified FROM mdl_user_enrolments ORDER BY userid"),
	    "3|0|1799971200|1800000000|2|1800000000|1800000000\n"
	    "4|0|1799971200|0|2|1800000000|1800000000\n");
	cr_expect_str_eq(database_rows(&fixture.database,
	                     "SELECT userid, roleid, component, itemid, modifierid FROM "
	                     "mdl_role_assignments ORDER BY userid"),
	    "3|4||0|2\n4|5||0|2\n");
	cr_expect_str_eq(database_rows(&fixture.database,
	                     "SELECT eventname, relateduserid FROM mdl_logstore_standard_log ORDER "
	                     "BY id"),
	    "\\core\\event\\user_enrolment_created|4\n\\core\\event\\role_assigned|4\n"
	    "\\core\\event\\user_enrolment_created|3\n\\core\\event\\role_assigned|3\n");
	cr_expect_eq(
	    database_number(&fixture.database, "SELECT count(*) FROM mdl_cache_flags WHERE "
	                                       "flagtype = 'accesslib/dirtyusers'"),
	    2);

	pairs_of(&fixture, enrolments);
	cr_expect_eq(enrolments[0].timeend, NOW);
	cr_expect_eq(enrolments[0].roles_count, 1);
	cr_expect_eq(enrolments[0].roles[0], 4);
	good(lms_begin(fixture.lms));
	good(lms_apply(fixture.lms, &later, 1, enrolments, NOW + 1));
	good(lms_commit(fixture.lms));
	cr_expect_str_eq(
	    database_rows(&fixture.database, "SELECT status, timestart, timeend, timemodified FROM "
	                                     "mdl_user_enrolments WHERE userid = 3"),
	    "1|1799971200|0|1800000001\n");
	fixture_remove(&fixture);
}

Test(lms, leaves_nothing_of_a_transaction_that_is_rolled_back)
{
	static const struct change change = {.kind = CHANGE_ENROL, .timestart = TODAY};
	struct enrolment_facts enrolments[2];
	struct fixture fixture;
	fixture_make(&fixture);
	pairs_of(&fixture, enrolments);
	good(lms_begin(fixture.lms));
	good(lms_apply(fixture.lms, &change, 1, enrolments, NOW));
	lms_rollback(fixture.lms);
	cr_expect_eq(
	    database_number(&fixture.database, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(database_number(&fixture.database, "SELECT count(*) FROM mdl_cache_flags"), 0);
	good(lms_begin(fixture.lms));
	good(lms_commit(fixture.lms));
	fixture_remove(&fixture);
}

Test(ledger, gives_back_what_was_stored_and_moves_the_head)
{
	const struct ledger_run run = {.state = RUN_RUNNING,
	    .run = SLICE("20261124-120000-000001"),
	    .feed = SLICE("hr"),
	    .name = SLICE("staff.csv"),
	    .node = SLICE("n"),
	    .sha256 = SLICE("abc"),
	    .bytes = 7,
	    .policy = SLICE("compat=none"),
	    .started_us = 5,
	    .today = TODAY,
	    .records = 3,
	    .result_bytes = 99,
	    .counts = SLICE("rows=3")};
	char head[HASH_TEXT_SIZE + 1], last[RUN_ID_SIZE + 1];
	struct ledger_run found;
	struct fixture fixture;
	fixture_make(&fixture);
	good(ledger_last_run(fixture.lms, last));
	cr_expect_str_eq(last, "");
	good(ledger_head(fixture.lms, head));
	cr_expect_eq(strspn(head, "0"), HASH_TEXT_SIZE);
	good(ledger_find(fixture.lms, run.run, fixture.arena, &found));
	cr_expect_eq(found.state, RUN_UNKNOWN);

	memset(head, 'a', HASH_TEXT_SIZE);
	good(lms_begin(fixture.lms));
	good(ledger_store(fixture.lms, &run));
	good(ledger_set_head(fixture.lms, head, run.run));
	good(lms_commit(fixture.lms));
	good(ledger_find(fixture.lms, run.run, fixture.arena, &found));
	cr_expect_eq(found.state, RUN_RUNNING);
	cr_expect(slice_is(found.feed, run.feed));
	cr_expect(slice_is(found.counts, run.counts));
	cr_expect_eq(found.result_bytes, 99);
	cr_expect_eq(found.today, TODAY);
	good(ledger_last_run(fixture.lms, last));
	cr_expect_str_eq(last, "20261124-120000-000001");
	memset(head, 0, sizeof head);
	good(ledger_head(fixture.lms, head));
	cr_expect_eq(strspn(head, "a"), HASH_TEXT_SIZE);
	fixture_remove(&fixture);
}
