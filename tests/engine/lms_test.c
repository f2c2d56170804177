/* The contract of lms.h and ledger.h: what every engine must do. */
#include "fixture.h"

#include "enrold/columns.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* C1, C2, and TWIN twice. */
static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1 C2 TWIN T2",
	    "UPDATE mdl_course SET shortname = 'TWIN' WHERE shortname = 'T2'");
	fixture_open(fixture);
}

Test(lms, knows_the_settings_of_the_site)
{
	struct fixture fixture;
	site_make(&fixture);
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
	site_make(&fixture);
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
	static const struct {
		enum user_key_by by;
		struct slice text;
		uint32_t matches;
		int64_t first;
		enum { FREE, TAKEN, TAKEN_BY_COLLATION } is;
	} cases[] = {
	    {KEY_USERNAME, {"p2", 2}, 1, 4, FREE},
	    {KEY_USERNAME, {"gone", 4}, 0, 0, TAKEN},
	    {KEY_USERNAME, {"away", 4}, 0, 0, FREE},
	    {KEY_USERNAME, {"P2", 2}, 0, 0, TAKEN_BY_COLLATION},
	    {KEY_USERNAME, {"adm\xC3\xADn", 6}, 0, 0, TAKEN_BY_COLLATION},
	    {KEY_USERNAME, {"admin", 5}, 1, 2, FREE},
	    {KEY_DELETED, {"gone", 4}, 0, 0, FREE},
	    {KEY_DELETED, {"left", 4}, 1, 0, FREE},
	    {KEY_DELETED, {"p2", 2}, 0, 0, FREE},
	    {KEY_IDNUMBER, {"N1", 2}, 2, 3, FREE},
	    {KEY_IDNUMBER, {"n1", 2}, 0, 0, FREE},
	    {KEY_EMAIL, {"p.one@x.example", 15}, 1, 3, FREE},
	    {KEY_EMAIL, {"\xC3\xA9va@x.example", 14}, 1, 4, FREE},
	    {KEY_EMAIL, {"p.one@x.exampl", 14}, 0, 0, FREE},
	    {KEY_EMAIL, {"p", 1}, 0, 0, FREE},
	};
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database,
	    "UPDATE mdl_user SET idnumber = 'N1', email = 'P.One@X.example' WHERE username = 'p1';"
	    "UPDATE mdl_user SET idnumber = 'N1', email = '\xC3\x89va@x.example' WHERE username = "
	    "'p2';"
	    "UPDATE mdl_user SET idnumber = 'N1', email = 'p.one@x.example' WHERE username IN "
	    "('gone', 'away');"
	    "UPDATE mdl_user SET email = '811882fecd5c7618d7099ebbd39ea254' WHERE username = "
	    "'gone'"); /* who was called left */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct user_key key = {.by = cases[i].by, .text = cases[i].text};
		good(lms_find_users(fixture.lms, &key, 1, fixture.arena));
		cr_expect_eq(key.matches, cases[i].matches, "case %zu", i);
		cr_expect_eq(key.ids[0], cases[i].first, "case %zu", i);
		bool is_like = cases[i].is == TAKEN_BY_COLLATION && !fixture.database.is_exact;
		cr_expect_eq(key.is_taken, cases[i].is == TAKEN || is_like, "case %zu", i);
	}
	fixture_remove(&fixture);
}

Test(lms, finds_courses_by_exact_short_name)
{
	static const struct course_key keys[] = {{COURSE_BY_SHORTNAME, {"C2", 2}},
	    {COURSE_BY_SHORTNAME, {"c2", 2}}, {COURSE_BY_SHORTNAME, {"TWIN", 4}},
	    {COURSE_BY_SHORTNAME, {"C2 ", 3}}, {COURSE_BY_IDNUMBER, {"I2", 2}},
	    {COURSE_BY_SHORTNAME, {"I2", 2}}};
	static const uint32_t matches[] = {1, 0, 2, 0, 1, 0};
	enum { KEYS = sizeof keys / sizeof *keys };
	struct course_facts courses[KEYS];
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database,
	    "UPDATE mdl_enrol SET enrolperiod = 86400, roleid = 4 WHERE courseid = 3;"
	    "UPDATE mdl_course SET idnumber = 'I2' WHERE id = 3");
	good(lms_find_courses(fixture.lms, keys, KEYS, courses, fixture.arena));
	for (size_t i = 0; i < KEYS; i++)
		cr_expect_eq(courses[i].matches, matches[i], "%s", keys[i].text.bytes);
	cr_expect_not(courses[0].is_site);
	cr_expect_eq(courses[0].id, 3);
	cr_expect_eq(courses[0].enrol_role, 4);
	cr_expect_eq(courses[0].enrol_period, 86400);
	cr_expect_neq(courses[0].context, 0);
	cr_expect_neq(courses[0].enrol, 0);
	fixture_remove(&fixture);
}

Test(lms, tells_what_a_course_is_called_and_where_it_stands)
{
	static const struct course_key key = {COURSE_BY_IDNUMBER, {"I2", 2}};
	struct course_facts course;
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database, "UPDATE mdl_course SET idnumber = 'I2' WHERE id = 3;"
	                                    "UPDATE mdl_course_categories SET idnumber = 'HR'");
	good(lms_find_courses(fixture.lms, &key, 1, &course, fixture.arena));
	good(lms_load_course_surroundings(fixture.lms, &course, 1, fixture.arena));
	cr_assert_eq(course.matches, 1);
	cr_expect(slice_is(course.stands.shortname, SLICE("C2")));
	cr_expect(slice_is(course.stands.idnumber, SLICE("I2")));
	cr_assert_eq(course.stands.categories_count, 1);
	cr_expect(slice_is(course.stands.categories[0], SLICE("HR")));
	fixture_remove(&fixture);
}

/* Alike on every engine, whatever its collation takes for the same. */
Test(lms, tells_who_and_what_looks_the_same_where_nobody_is_called_so)
{
	static const struct {
		enum user_key_by by;
		const char *text;
		const char *alikes; /* as stored, each with a | behind */
	} cases[] = {
	    {KEY_USERNAME, "p1", ""},
	    {KEY_USERNAME, "berg.nils", "Berg.Nils|"},
	    {KEY_USERNAME, "BERG.NILS", "Berg.Nils|"},
	    {KEY_USERNAME, "p2", "P2 |"},
	    {KEY_USERNAME, "jos\u00E9", "jose\u0301|"},
	    {KEY_USERNAME, "jose", ""},
	    {KEY_USERNAME, "berg.nil", ""},
	    {KEY_IDNUMBER, "e1", "E1|"},
	    {KEY_IDNUMBER, "E1", ""},
	    {KEY_IDNUMBER, "E2", "E2 |"},
	    {KEY_IDNUMBER, "E3", "E3\u00A0|"},
	};
	static const struct course_key courses[] = {{COURSE_BY_SHORTNAME, {"C2", 2}},
	    {COURSE_BY_SHORTNAME, {"c2", 2}}, {COURSE_BY_SHORTNAME, {"\u00DCbung", 6}},
	    {COURSE_BY_IDNUMBER, {"I2", 2}}};
	static const char *const stored[] = {"C2 ", "", "U\u0308bung", "I2 "};
	struct course_facts facts[4];
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database,
	    "UPDATE mdl_user SET username = 'Berg.Nils', idnumber = 'E1' WHERE id = 3;"
	    "UPDATE mdl_user SET username = 'P2 ', idnumber = 'E2 ' WHERE id = 4;"
	    "UPDATE mdl_user SET username = 'jose\u0301', idnumber = 'E3\u00A0' WHERE username = "
	    "'admin';"
	    "UPDATE mdl_course SET shortname = 'C2 ', idnumber = 'I2 ' WHERE id = 3;"
	    "UPDATE mdl_course SET shortname = 'U\u0308bung' WHERE id = 2");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct user_key key = {.by = cases[i].by, .text = slice_of(cases[i].text)};
		char alikes[64] = "";
		good(lms_find_users(fixture.lms, &key, 1, fixture.arena));
		for (uint32_t a = 0; a < key.alikes_count; a++)
			snprintf(alikes + strlen(alikes), sizeof alikes - strlen(alikes), "%.*s|",
			    SLICE_ARG(key.alikes[a].text));
		cr_expect_str_eq(alikes, cases[i].alikes, "case %zu: %s", i, alikes);
	}
	good(lms_find_courses(fixture.lms, courses, 4, facts, fixture.arena));
	for (int i = 0; i < 4; i++) {
		cr_expect_eq(facts[i].matches, *stored[i] != '\0', "course %d", i);
		cr_expect(slice_is(facts[i].stored, slice_of(stored[i])), "course %d", i);
	}
	fixture_remove(&fixture);
}

/* Which a site's collation may take for the same. */
Test(lms, tells_apart_what_differs_only_in_letter_case_or_accents)
{
	static const char *const names[] = {"CX", "cx", "\xC4\x86X", "\xC4\x87x"};
	struct course_key courses[4];
	struct user_key users[] = {{.by = KEY_IDNUMBER, .text = SLICE("e")},
	    {.by = KEY_IDNUMBER, .text = SLICE("\xC3\xA9")},
	    {.by = KEY_IDNUMBER, .text = SLICE("E")}};
	struct course_facts facts[4];
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database,
	    "UPDATE mdl_course SET shortname = 'CX' WHERE id = 2;"
	    "UPDATE mdl_course SET shortname = 'cx' WHERE id = 4;"
	    "UPDATE mdl_course SET shortname = '\xC4\x86X' WHERE id = 5;"
	    "UPDATE mdl_user SET idnumber = 'e' WHERE id = 3;"
	    "UPDATE mdl_user SET idnumber = '\xC3\xA9' WHERE id = 4");
	for (int i = 0; i < 4; i++)
		courses[i] = (struct course_key){COURSE_BY_SHORTNAME, slice_of(names[i])};
	good(lms_find_courses(fixture.lms, courses, 4, facts, fixture.arena));
	static const int64_t courses_found[] = {2, 4, 5, 0}, users_found[] = {3, 4, 0};
	for (int i = 0; i < 4; i++) {
		cr_expect_eq(facts[i].matches, courses_found[i] > 0, "course %d", i);
		cr_expect(facts[i].matches == 0 || facts[i].id == courses_found[i], "course %d", i);
	}
	good(lms_find_users(fixture.lms, users, 3, fixture.arena));
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(users[i].matches, users_found[i] > 0, "user %d", i);
		cr_expect_eq(users[i].ids[0], users_found[i], "user %d", i);
	}
	fixture_remove(&fixture);
}

/* Tried as a batch is: the whole transaction again, on what the LMS says then. */
static void collide(struct fixture *fixture, const struct change *change, const char *others)
{
	good(lms_begin(fixture->lms));
	fixture_load(fixture, 2);
	database_execute(&fixture->database, others);
	struct error error = fixture_apply(fixture, change, 1, NOW);
	struct error ended = lms_commit(fixture->lms);
	if (!is_error(&error))
		error = ended;
	cr_expect_eq(error.class, ERROR_RETRY, "%s", error.text);
	lms_rollback(fixture->lms);
}

Test(lms, writes_over_nothing_that_somebody_else_has_written_meanwhile)
{
	static const struct change enrol = {
	    .kind = CHANGE_ENROL, .enrolment = 0, .timestart = TODAY};
	static const struct change later = {
	    .kind = CHANGE_ENROLMENT, .enrolment = 0, .timestart = TODAY, .timeend = NOW};
	struct fixture fixture;
	char sql[160];
	site_make(&fixture);
	if (fixture.database.server) { /* SQLite lets nobody else write meanwhile */
		fixture_load(&fixture, 2);
		snprintf(sql, sizeof sql,
		    "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (%lld, %lld)",
		    (long long)fixture.enrolments[0].enrol, (long long)fixture.enrolments[0].user);
		collide(&fixture, &enrol, sql);
		collide(&fixture, &later, "UPDATE mdl_user_enrolments SET status = 1");
		fixture_expect(
		    &fixture, "SELECT status, timestart FROM mdl_user_enrolments", "1|0\n");
		fixture_load(&fixture, 2);
		good(lms_begin(fixture.lms));
		good(fixture_apply(&fixture, &later, 1, NOW));
		good(lms_commit(fixture.lms));
	}
	fixture_remove(&fixture);
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
	struct fixture fixture;
	site_make(&fixture);
	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[0].id, 0);
	good(lms_begin(fixture.lms));
	good(fixture_apply(&fixture, changes, 4, NOW));
	good(lms_commit(fixture.lms));
	cr_expect_gt(fixture.enrolments[0].id, 0);
	cr_expect_gt(fixture.enrolments[1].id, 0);
	fixture_expect(&fixture,
	    "SELECT userid, status, timestart, timeend, modifierid, timecreated, "
	    "timemodified FROM mdl_user_enrolments ORDER BY userid",
	    "3|0|1799971200|1800000000|2|1800000000|1800000000\n"
	    "4|0|1799971200|0|2|1800000000|1800000000\n");
	fixture_expect(&fixture,
	    "SELECT userid, roleid, component, itemid, modifierid FROM "
	    "mdl_role_assignments ORDER BY userid",
	    "3|4||0|2\n4|5||0|2\n");
	fixture_expect(&fixture,
	    "SELECT eventname, relateduserid FROM mdl_logstore_standard_log ORDER "
	    "BY id",
	    "\\core\\event\\user_enrolment_created|4\n\\core\\event\\role_assigned|4\n"
	    "\\core\\event\\user_enrolment_created|3\n\\core\\event\\role_assigned|3\n");
	cr_expect_eq(
	    database_number(&fixture.database, "SELECT count(*) FROM mdl_cache_flags WHERE "
	                                       "flagtype = 'accesslib/dirtyusers'"),
	    2);

	fixture_load(&fixture, 2);
	cr_expect_eq(fixture.enrolments[0].timeend, NOW);
	cr_expect_eq(fixture.enrolments[0].roles_count, 1);
	cr_expect_eq(fixture.enrolments[0].roles[0], 4);
	good(lms_begin(fixture.lms));
	good(fixture_apply(&fixture, &later, 1, NOW + 1));
	good(lms_commit(fixture.lms));
	fixture_expect(&fixture,
	    "SELECT status, timestart, timeend, timemodified FROM "
	    "mdl_user_enrolments WHERE userid = 3",
	    "1|1799971200|0|1800000001\n");
	fixture_remove(&fixture);
}

/* ---- accounts ---- */

static struct slice *values_make(struct fixture *fixture, const char *email)
{
	struct slice *values =
	    arena_alloc(fixture->arena, columns_details_count() * sizeof *values);
	for (uint32_t d = 0; d < columns_details_count(); d++)
		values[d] = fixture->site->details[d];
	values[DETAIL_FIRSTNAME] = SLICE("Nina");
	values[DETAIL_LASTNAME] = SLICE("North");
	values[DETAIL_EMAIL] = slice_of(email);
	return values;
}

Test(lms, makes_an_account_with_all_that_belongs_to_it)
{
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database, "INSERT INTO mdl_user_info_field (shortname, name, "
	                                    "datatype) VALUES ('dept', 'D', 'text')");
	good(lms_load_site(fixture.lms, &fixture.site));
	cr_assert_eq(fixture.site->profile_fields_count, 1);
	struct profile_value dept = {
	    .field = fixture.site->profile_fields[0].id, .data = SLICE("D-1")};
	struct account_change account = {.username = SLICE("nina"),
	    .details = UINT64_MAX,
	    .values = values_make(&fixture, "nina@x.example"),
	    .auth = SLICE("manual"),
	    .stored = SLICE("to be generated"),
	    .generate = 1,
	    .profile = &dept,
	    .profile_count = 1};
	const struct change change = {.kind = CHANGE_CREATE_ACCOUNT, .account = &account};
	struct account_facts person = {.id = ACCOUNT_PLANNED};
	const struct effects effects = {
	    .changes = &change, .count = 1, .people = &person, .now = NOW};
	good(lms_begin(fixture.lms));
	good(lms_apply(fixture.lms, &effects));
	good(lms_commit(fixture.lms));
	fixture_expect(&fixture,
	    "SELECT auth, confirmed, mnethostid, username, password, firstname, "
	    "email, lang, mailformat, maildisplay, autosubscribe, "
	    "coalesce(middlename, 'null'), description, descriptionformat, "
	    "calendartype, timecreated, "
	    "timemodified FROM mdl_user WHERE username = 'nina'",
	    "manual|1|1|nina|to be "
	    "generated|Nina|nina@x.example|en|1|2|1|null||1|gregorian|1800000000|"
	    "1800000000\n");
	cr_expect_eq(
	    database_number(&fixture.database,
	        "SELECT count(*) FROM mdl_context x JOIN mdl_user u ON u.id = x.instanceid "
	        "WHERE x.contextlevel = 30 AND u.username = 'nina' AND x.depth = 2 AND "
	        "x.path = '/1/' || x.id"),
	    1);
	fixture_expect(
	    &fixture, "SELECT name, value FROM mdl_user_preferences", "create_password|1\n");
	fixture_expect(&fixture, "SELECT data, dataformat FROM mdl_user_info_data", "D-1|0\n");
	fixture_expect(&fixture,
	    "SELECT eventname, objecttable, crud, contextlevel, courseid, other, "
	    "relateduserid - objectid FROM mdl_logstore_standard_log",
	    "\\core\\event\\user_created|user|c|30|0|null|0\n");
	fixture_remove(&fixture);
}

Test(lms, changes_only_what_is_to_change)
{
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database,
	    "INSERT INTO mdl_sessions (sid, userid, timecreated, timemodified) VALUES ('s', 3, 0, "
	    "0);"
	    "INSERT INTO mdl_user_preferences (userid, name, value) VALUES (3, 'create_password', "
	    "'1')");
	struct account_change account = {.details = 1 << DETAIL_EMAIL,
	    .values = values_make(&fixture, "new@x.example"),
	    .auth = SLICE("nologin"),
	    .sets_suspended = true,
	    .is_suspended = true,
	    .generate = -1,
	    .force = 1,
	    .ends_sessions = true};
	const struct change change = {.kind = CHANGE_UPDATE_ACCOUNT, .account = &account};
	struct account_facts person = {.id = 3};
	const struct effects effects = {
	    .changes = &change, .count = 1, .people = &person, .now = NOW};
	good(lms_begin(fixture.lms));
	good(lms_apply(fixture.lms, &effects));
	good(lms_commit(fixture.lms));
	fixture_expect(&fixture,
	    "SELECT username, email, firstname, auth, suspended, timemodified FROM "
	    "mdl_user WHERE id = 3",
	    "p1|new@x.example||nologin|1|1800000000\n");
	cr_expect_eq(database_number(&fixture.database, "SELECT count(*) FROM mdl_sessions"), 0);
	fixture_expect(&fixture, "SELECT name, value FROM mdl_user_preferences",
	    "auth_forcepasswordchange|1\n");
	struct account_facts loaded = {.id = 3};
	good(lms_load_accounts(fixture.lms, &loaded, 1, fixture.arena));
	cr_expect(loaded.is_suspended);
	cr_expect(slice_is(loaded.auth, SLICE("nologin")));
	cr_expect(slice_is(loaded.details[DETAIL_EMAIL], SLICE("new@x.example")));
	fixture_remove(&fixture);
}

Test(lms, buries_an_account_and_tells_of_all_it_leaves)
{
	static const struct change enrol[] = {
	    {.kind = CHANGE_ENROL, .timestart = TODAY}, {.kind = CHANGE_ASSIGN_ROLE, .role = 5}};
	static const struct change bury = {.kind = CHANGE_DELETE_ACCOUNT};
	struct fixture fixture;
	site_make(&fixture);
	database_execute(&fixture.database,
	    "UPDATE mdl_user SET email = 'P.One@x.example', idnumber = 'N\xC3\xA9' WHERE id = 3;"
	    "INSERT INTO mdl_groups (id, courseid, name) VALUES (1, 2, 'G');"
	    "INSERT INTO mdl_groups_members (groupid, userid) VALUES (1, 3);"
	    "INSERT INTO mdl_cohort_members (cohortid, userid) VALUES (1, 3)");
	fixture_load(&fixture, 2);
	good(lms_begin(fixture.lms));
	good(fixture_apply(&fixture, enrol, 2, NOW));
	good(lms_commit(fixture.lms));
	database_execute(&fixture.database, "DELETE FROM mdl_logstore_standard_log");
	struct account_facts person = {.id = 3};
	const struct effects effects = {
	    .changes = &bury, .count = 1, .people = &person, .now = NOW + 1};
	good(lms_begin(fixture.lms));
	good(lms_apply(fixture.lms, &effects));
	good(lms_commit(fixture.lms));
	fixture_expect(&fixture,
	    "SELECT deleted, username, email, idnumber FROM mdl_user WHERE id = 3",
	    "1|p.one@x.example.1800000001|ec6ef230f1828039ee794566b9c58adc|\n");
	fixture_expect(&fixture,
	    "SELECT (SELECT count(*) FROM mdl_user_enrolments), (SELECT count(*) "
	    "FROM mdl_role_assignments), (SELECT count(*) FROM mdl_groups_members), "
	    "(SELECT count(*) FROM mdl_cohort_members)",
	    "0|0|0|0\n");
	fixture_expect(&fixture, "SELECT eventname FROM mdl_logstore_standard_log ORDER BY id",
	    "\\core\\event\\group_member_removed\n\\core\\event\\user_enrolment_deleted\n"
	    "\\core\\event\\role_unassigned\n\\core\\event\\user_deleted\n");
	fixture_expect(&fixture,
	    "SELECT other FROM mdl_logstore_standard_log WHERE action = 'deleted' "
	    "AND target = 'user'",
	    "{\"username\":\"p1\",\"email\":\"P.One@x.example\",\"idnumber\":\"N\\u00E9\","
	    "\"picture\":\"0\",\"mnethostid\":\"1\"}\n");
	fixture_remove(&fixture);
}

Test(lms, leaves_nothing_of_a_transaction_that_is_rolled_back)
{
	static const struct change change = {.kind = CHANGE_ENROL, .timestart = TODAY};
	struct fixture fixture;
	site_make(&fixture);
	fixture_load(&fixture, 2);
	good(lms_begin(fixture.lms));
	good(fixture_apply(&fixture, &change, 1, NOW));
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
	    .sizes.of[ARTEFACT_RESULT] = 99,
	    .counts = SLICE("rows=3"),
	    .number = 4,
	    .archived_bytes = 6,
	    .archived_sha256 = SLICE("abd"),
	    .answer_pruned = SLICE("20261225-120000-000001")};
	char last[RUN_ID_SIZE + 1];
	struct ledger_head head;
	struct ledger_run found;
	struct fixture fixture;
	site_make(&fixture);
	good(ledger_last_run(lms_db(fixture.lms), last));
	cr_expect_str_eq(last, "");
	good(ledger_find_head(lms_db(fixture.lms), &head));
	cr_expect_eq(strspn(head.chain, "0"), HASH_TEXT_SIZE);
	cr_expect_str_eq(head.run, "");
	cr_expect_eq(head.number, 0);
	good(ledger_find(lms_db(fixture.lms), run.run, fixture.arena, &found));
	cr_expect_eq(found.state, RUN_UNKNOWN);

	memset(head.chain, 'a', HASH_TEXT_SIZE);
	snprintf(head.run, sizeof head.run, "%s", run.run.bytes);
	head.number = 4;
	good(lms_begin(fixture.lms));
	good(ledger_store(lms_db(fixture.lms), &run));
	good(ledger_set_head(lms_db(fixture.lms), &head));
	good(lms_commit(fixture.lms));
	good(ledger_find(lms_db(fixture.lms), run.run, fixture.arena, &found));
	cr_expect_eq(found.state, RUN_RUNNING);
	cr_expect(slice_is(found.feed, run.feed));
	cr_expect(slice_is(found.counts, run.counts));
	cr_expect_eq(found.sizes.of[ARTEFACT_RESULT], 99);
	cr_expect_eq(found.today, TODAY);
	good(ledger_last_run(lms_db(fixture.lms), last));
	cr_expect_str_eq(last, "20261124-120000-000001");
	cr_expect_eq(found.number, 4);
	cr_expect_eq(found.archived_bytes, 6);
	cr_expect(slice_is(found.archived_sha256, run.archived_sha256));
	cr_expect_eq(found.input_pruned.size, 0);
	cr_expect(slice_is(found.answer_pruned, run.answer_pruned));
	memset(&head, 0, sizeof head);
	good(ledger_find_head(lms_db(fixture.lms), &head));
	cr_expect_eq(strspn(head.chain, "a"), HASH_TEXT_SIZE);
	cr_expect_str_eq(head.run, run.run.bytes);
	cr_expect_eq(head.number, 4);
	fixture_remove(&fixture);
}

Test(ledger, counts_what_has_ended_and_sums_what_came_since)
{
	static const struct {
		const char *run;
		enum run_state state;
	} stored[] = {{"20261101-120000-000001", RUN_APPLIED},
	    {"20261102-120000-000001", RUN_REFUSED}, {"20261103-120000-000001", RUN_PREVIEWED},
	    {"20261104-120000-000001", RUN_RUNNING}, {"20261105-120000-000001", RUN_DISCARDED}};
	struct fixture fixture;
	uint64_t ended;
	struct ledger_growth growth;
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	good(ledger_count(db, &ended));
	cr_expect_eq(ended, 0);
	good(ledger_sum(db, "", &growth));
	cr_expect_eq(growth.runs + growth.input_bytes + growth.answer_bytes, 0);
	good(lms_begin(fixture.lms));
	for (size_t i = 0; i < sizeof stored / sizeof *stored; i++)
		good(ledger_store(db, &(struct ledger_run){.state = stored[i].state,
		                          .run = slice_of(stored[i].run),
		                          .feed = SLICE("hr"),
		                          .name = SLICE("staff.csv"),
		                          .node = SLICE("n"),
		                          .bytes = UINT64_C(1) << 40,
		                          .sizes.of[ARTEFACT_RESULT] = 90,
		                          .sizes.of[ARTEFACT_RETRY] = 9}));
	good(lms_commit(fixture.lms));
	good(ledger_count(db, &ended));
	cr_expect_eq(ended, 4);
	good(ledger_sum(db, "20261103", &growth));
	cr_expect_eq(growth.runs, 3);
	cr_expect_eq(growth.input_bytes, UINT64_C(3) << 40);
	cr_expect_eq(growth.answer_bytes, 3 * 99);
	fixture_remove(&fixture);
}
