/* What goes along when somebody leaves a course, a group or a cohort, as Moodle itself does it. */
#include "fixture.h"

#include "enrold/leaver.h"

#include "more_tables.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { STUDENT = 5, TEACHER = 4 };

static enum overlay_engine engine_of(const struct database *database)
{
	if (!database->server)
		return OVERLAY_SQLITE;
	return strncmp(database->options.url, "postgresql", 10) == 0 ? OVERLAY_POSTGRESQL
	                                                             : OVERLAY_MARIADB;
}

static void execute_all(struct database *database, struct buffer *sql)
{
	buffer_add_char(sql, '\0');
	database_execute(database, sql->bytes);
	buffer_done(sql);
}

/* C1 (course 2, context 50) with an activity (context 70) and C2 (course 3, context 51), both with
 * a manual method (10, 11), a cohort's (12, 13) and a self-enrolment's (14, 15). p1 and p2 are
 * enrolled in C1 by hand. */
static const char places[] =
    "UPDATE mdl_context SET id = id + 1000 WHERE contextlevel = 50 AND instanceid > 1;"
    "DELETE FROM mdl_context WHERE contextlevel = 50 AND instanceid > 1;"
    "INSERT INTO mdl_context (id, contextlevel, instanceid, path, depth) VALUES "
    "(50, 50, 2, '/1/3/50', 3), (51, 50, 3, '/1/3/51', 3), (70, 70, 7, '/1/3/50/70', 4), "
    "(71, 70, 8, '/1/3/51/71', 4), (500, 50, 9, '/1/3/500', 3);"
    "DELETE FROM mdl_enrol;"
    "INSERT INTO mdl_enrol (id, enrol, status, courseid, sortorder, roleid, customint1, "
    "customint2) VALUES "
    "(10, 'manual', 0, 2, 0, 5, NULL, NULL), (11, 'manual', 0, 3, 0, 5, NULL, NULL), "
    "(12, 'cohort', 0, 2, 1, 5, 1, 21), (13, 'cohort', 1, 3, 1, 5, 1, 0), "
    "(14, 'self', 0, 2, 2, 5, NULL, NULL), (15, 'self', 0, 3, 2, 5, NULL, NULL), "
    "(16, 'cohort', 0, 2, 3, 5, 2, 0);"
    "INSERT INTO mdl_user_enrolments (id, status, enrolid, userid, timestart, timeend, modifierid, "
    "timecreated, timemodified) VALUES "
    "(1, 0, 10, 3, 1767225600, 0, 2, 1767225600, 1767225601), "
    "(2, 0, 10, 4, 1767225600, 0, 2, 1767225600, 1767225602);"
    "INSERT INTO mdl_groups (id, courseid, name, timemodified) VALUES (20, 2, 'Red', 1), "
    "(21, 2, 'Synced', 1), (22, 3, 'Other', 1);"
    "INSERT INTO mdl_cohort (id, contextid, name, idnumber, descriptionformat, timecreated, "
    "timemodified) VALUES (1, 1, 'Team', 'TEAM', 0, 1, 1), (2, 1, 'Night', 'NIGHT', 0, 1, 1)";

static void site_make(struct fixture *fixture, const char *sql)
{
	struct buffer more = {0};
	fixture_make(fixture, "C1 C2", places);
	more_tables_write(engine_of(&fixture->database), &more);
	execute_all(&fixture->database, &more);
	if (engine_of(&fixture->database) == OVERLAY_POSTGRESQL) /* ids are given below */
		database_execute(&fixture->database,
		    "ALTER SEQUENCE mdl_role_assignments_id_seq RESTART WITH 1000");
	database_execute(&fixture->database, sql);
	fixture_open(fixture);
	good(lms_check_site(fixture->lms, false));
	good(lms_begin(fixture->lms));
}

static void site_end(struct fixture *fixture)
{
	good(lms_commit(fixture->lms));
	lms_close(fixture->lms);
	fixture->lms = NULL;
}

static void site_remove(struct fixture *fixture)
{
	struct buffer sql = {0};
	more_tables_drop(&sql);
	if (fixture->database.server) /* which keeps its tables for the next test */
		execute_all(&fixture->database, &sql);
	buffer_done(&sql);
	fixture_remove(fixture);
}

/* p1 in the cohorts Team and Night and in the groups Red and Synced, p2 in Red. */
enum { IN_TEAM, IN_NIGHT, IN_RED, IN_SYNCED, P2_IN_RED, MEMBERSHIPS };

struct scene {
	struct cohort_facts cohorts[2];
	struct group_facts groups[2];
	struct membership_facts memberships[MEMBERSHIPS];
};

static struct scene scene_make(void)
{
	return (struct scene){
	    .cohorts = {{.id = 1, .context = 1, .level = LEVEL_SYSTEM},
	        {.id = 2, .context = 1, .level = LEVEL_SYSTEM}},
	    .groups = {{.id = 20, .course_id = 2, .course_context = 50},
	        {.id = 21, .course_id = 2, .course_context = 50}},
	    .memberships = {{PERSON_IN_COHORT, 0, 0, P1, 1, .asks_leaving = true},
	        {PERSON_IN_COHORT, 0, 1, P1, 2, .asks_leaving = true},
	        {PERSON_IN_GROUP, 0, 0, P1, 20, .asks_leaving = true},
	        {PERSON_IN_GROUP, 0, 1, P1, 21, .asks_leaving = true},
	        {PERSON_IN_GROUP, 1, 0, P2, 20, .asks_leaving = true}},
	};
}

static void apply(struct fixture *fixture, const struct change *changes, size_t count)
{
	static struct account_facts people[] = {{.id = P1}, {.id = P2}};
	struct scene scene = scene_make();
	const struct effects effects = {.changes = changes,
	    .count = count,
	    .people = people,
	    .enrolments = fixture->enrolments,
	    .cohorts = scene.cohorts,
	    .groups = scene.groups,
	    .memberships = scene.memberships,
	    .now = NOW};
	fixture_load(fixture, 3);
	good(lms_apply(fixture->lms, &effects));
}

/* What p1 and p2 have in C1: roles of three owners and of an activity, a group with a chat,
 * grades, an activity that is complete by one of them, last access, and forums. */
static const char belongings[] =
    "INSERT INTO mdl_role_assignments (id, roleid, contextid, userid, component, itemid) VALUES "
    "(1, 5, 50, 3, '', 0), (2, 5, 50, 3, 'tool_x', 9), (3, 4, 70, 3, '', 0), (4, 5, 51, 3, '', 0), "
    "(5, 5, 500, 3, '', 0), (6, 5, 50, 4, '', 0), (7, 4, 70, 4, '', 0);"
    "INSERT INTO mdl_groups_members (id, groupid, userid, component, itemid) VALUES "
    "(1, 20, 3, '', 0), (2, 22, 3, '', 0), (3, 20, 4, '', 0), (4, 21, 3, 'tool_x', 9);"
    "INSERT INTO mdl_message_conversations (id, type, component, itemtype, itemid, contextid) "
    "VALUES (1, 2, 'core_group', 'groups', 20, 50), (2, 2, 'core_group', 'groups', 22, 51);"
    "INSERT INTO mdl_message_conversation_members (conversationid, userid, timecreated) VALUES "
    "(1, 3, 1), (1, 4, 1), (2, 3, 1);"
    "INSERT INTO mdl_config (name, value) VALUES ('enablecompletion', '1');"
    "UPDATE mdl_course SET enablecompletion = 1;"
    "INSERT INTO mdl_modules (id, name) VALUES (1, 'quiz');"
    "INSERT INTO mdl_course_modules (id, course, module, instance, completion, "
    "completiongradeitemnumber) VALUES (7, 2, 1, 30, 2, 0), (8, 3, 1, 31, 2, 0);"
    "INSERT INTO mdl_course_modules_completion (id, coursemoduleid, userid, completionstate) "
    "VALUES (1, 7, 3, 2), (2, 8, 3, 1), (3, 7, 4, 1);"
    "INSERT INTO mdl_grade_items (id, courseid, itemtype, itemmodule, iteminstance, itemnumber) "
    "VALUES (1, 2, 'course', NULL, 1, NULL), (2, 2, 'mod', 'quiz', 30, 0), (3, 3, 'mod', 'quiz', "
    "31, 0);"
    "INSERT INTO mdl_grade_grades (id, itemid, userid, rawgrade, finalgrade, feedback, overridden, "
    "usermodified) VALUES (1, 1, 3, NULL, NULL, NULL, 0, NULL), (2, 2, 3, 8.5, 8.33333, 'Well', 5, "
    "2), (3, 3, 3, 1, 1, NULL, 0, 2), (4, 2, 4, 7, 7, NULL, 0, 2);"
    "INSERT INTO mdl_user_lastaccess (userid, courseid) VALUES (3, 2), (3, 3), (4, 2);"
    "INSERT INTO mdl_forum (id, course) VALUES (1, 2), (2, 3);"
    "INSERT INTO mdl_forum_subscriptions (userid, forum) VALUES (3, 1), (3, 2), (4, 1);"
    "INSERT INTO mdl_forum_digests (userid, forum) VALUES (3, 1), (3, 2), (4, 1);"
    "INSERT INTO mdl_forum_track_prefs (userid, forumid) VALUES (3, 1), (3, 2), (4, 1);"
    "INSERT INTO mdl_forum_read (userid, forumid) VALUES (3, 1), (3, 2), (4, 1);";

static const char events[] =
    "SELECT action, objecttable, objectid, contextid, contextlevel, contextinstanceid, courseid, "
    "relateduserid, crud, edulevel, other FROM mdl_logstore_standard_log ORDER BY id";
static const char names[] = "SELECT target, action FROM mdl_logstore_standard_log ORDER BY id";
static const char flags[] = "SELECT flagtype, name FROM mdl_cache_flags ORDER BY name";
static const char enrolments[] =
    "SELECT enrolid, userid, status FROM mdl_user_enrolments ORDER BY enrolid, userid";

#define UNENROL                                                                                    \
	{                                                                                          \
		.kind = CHANGE_UNENROL, .enrolment = 0                                             \
	}
#define LEAVE(which)                                                                               \
	{                                                                                          \
		.kind = CHANGE_LEAVE, .target = which                                              \
	}

static const struct change unenrol[] = {UNENROL};

Test(leaving, of_the_last_enrolment_takes_everything_in_the_course_along)
{
	static const char *const left[] = {"user_lastaccess", "forum_subscriptions",
	    "forum_digests", "forum_track_prefs", "forum_read"};
	struct fixture fixture;
	site_make(&fixture, belongings);
	apply(&fixture, unenrol, 1);
	site_end(&fixture);
	fixture_expect(&fixture, enrolments, "10|4|0\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_role_assignments ORDER BY id", "4\n5\n6\n7\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_groups_members ORDER BY id", "2\n3\n");
	fixture_expect(&fixture, "SELECT id, timemodified FROM mdl_groups ORDER BY id",
	    "20|1800000000\n21|1800000000\n22|1\n");
	fixture_expect(&fixture,
	    "SELECT conversationid, userid FROM mdl_message_conversation_members ORDER BY 1, 2",
	    "1|4\n2|3\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_grade_grades ORDER BY id", "3\n4\n");
	fixture_expect(&fixture,
	    "SELECT action, oldid, source, timemodified, loggeduser, itemid, userid, usermodified, "
	    "overridden, feedback FROM mdl_grade_grades_history ORDER BY id",
	    "3|1|userdelete|1800000000|2|1|3|NULL|0|NULL\n3|2|userdelete|1800000000|2|2|3|2|5|"
	    "Well\n");
	fixture_expect(&fixture,
	    "SELECT count(*) FROM mdl_grade_grades_history WHERE rawgrade = 8.5 AND finalgrade > "
	    "8.3333 AND finalgrade < 8.3334",
	    "1\n");
	fixture_expect(&fixture,
	    "SELECT id, completionstate, timemodified FROM mdl_course_modules_completion ORDER BY "
	    "id",
	    "1|0|1800000000\n2|1|0\n3|1|0\n");
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		char sql[128];
		snprintf(sql, sizeof sql, "SELECT userid FROM mdl_%s ORDER BY id", left[i]);
		fixture_expect(&fixture, sql, "3\n4\n");
	}
	fixture_expect(&fixture, flags, "accesslib/dirtyusers|3\n");
	site_remove(&fixture);
}

Test(leaving, tells_of_it_as_moodle_does_and_in_its_order)
{
	struct fixture fixture;
	site_make(&fixture, belongings);
	apply(&fixture, unenrol, 1);
	site_end(&fixture);
	fixture_expect(&fixture, events,
	    "unassigned|role|5|50|50|2|2|3|d|0|{\"id\":\"1\",\"component\":\"\",\"itemid\":\"0\"}\n"
	    "unassigned|role|5|50|50|2|2|3|d|0|{\"id\":\"2\",\"component\":\"tool_x\",\"itemid\":"
	    "\"9\"}\n"
	    "unassigned|role|4|70|70|7|2|3|d|0|{\"id\":\"3\",\"component\":\"\",\"itemid\":\"0\"}\n"
	    "removed|groups|20|50|50|2|2|3|d|0|null\n"
	    "removed|groups|21|50|50|2|2|3|d|0|null\n"
	    "deleted|grade_grades|1|50|50|2|2|3|d|1|{\"itemid\":\"1\",\"overridden\":false,"
	    "\"finalgrade\":null}\n"
	    "updated|course_modules_completion|1|70|70|7|2|3|u|2|{\"relateduserid\":\"3\","
	    "\"overrideby\":null,\"completionstate\":0}\n"
	    "deleted|grade_grades|2|50|50|2|2|3|d|1|{\"itemid\":\"2\",\"overridden\":true,"
	    "\"finalgrade\":\"8.33333\"}\n"
	    "deleted|user_enrolments|1|50|50|2|2|3|d|0|{\"userenrolment\":{\"id\":\"1\",\"status\":"
	    "\"0\",\"enrolid\":\"10\",\"userid\":\"3\",\"timestart\":\"1767225600\",\"timeend\":"
	    "\"0\",\"modifierid\":\"2\",\"timecreated\":\"1767225600\",\"timemodified\":"
	    "\"1767225601\",\"courseid\":\"2\",\"enrol\":\"manual\",\"lastenrol\":true},\"enrol\":"
	    "\"manual\"}\n");
	site_remove(&fixture);
}

/* Whatever its method, and though it is suspended, by a method that is switched off. */
Test(leaving, takes_nothing_along_while_another_enrolment_is_left)
{
	struct fixture fixture;
	char sql[sizeof belongings + 256];
	snprintf(sql, sizeof sql,
	    "%sUPDATE mdl_enrol SET status = 1 WHERE id = 14;"
	    "INSERT INTO mdl_user_enrolments (status, enrolid, userid) VALUES (1, 14, 3)",
	    belongings);
	site_make(&fixture, sql);
	apply(&fixture, unenrol, 1);
	site_end(&fixture);
	fixture_expect(&fixture, enrolments, "10|4|0\n14|3|1\n");
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_role_assignments", "7\n");
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_groups_members", "4\n");
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_grade_grades", "4\n");
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_user_lastaccess", "3\n");
	fixture_expect(&fixture, names, "user_enrolment|deleted\n");
	fixture_expect(&fixture,
	    "SELECT count(*) FROM mdl_logstore_standard_log WHERE other LIKE "
	    "'%\"lastenrol\":false%'",
	    "1\n");
	fixture_expect(&fixture, flags, "accesslib/dirtyusers|3\n");
	site_remove(&fixture);
}

Test(leaving, heeds_what_the_site_says_of_grades_and_completion)
{
	static const struct {
		const char *sql, *states, *names;
		int64_t history;
	} cases[] = {
	    /* no completion: Moodle tells of no grade then */
	    {"DELETE FROM mdl_config WHERE name = 'enablecompletion'", "2\n1\n1\n", "", 2},
	    {"INSERT INTO mdl_config (name, value) VALUES ('disablegradehistory', '1')",
	        "0\n1\n1\n", "grade\ncourse_module_completion\ngrade\n", 0},
	    {"UPDATE mdl_course SET enablecompletion = 0", "2\n1\n1\n", "grade\ngrade\n", 2},
	    {"UPDATE mdl_course_modules SET completion = 1", "2\n1\n1\n", "grade\ngrade\n", 2},
	    {"UPDATE mdl_course_modules SET completiongradeitemnumber = NULL", "2\n1\n1\n",
	        "grade\ngrade\n", 2},
	    {"UPDATE mdl_course_modules SET completiongradeitemnumber = 1", "2\n1\n1\n",
	        "grade\ngrade\n", 2},
	    {"UPDATE mdl_course_modules_completion SET completionstate = 1, overrideby = 2",
	        "1\n1\n1\n", "grade\ngrade\n", 2},
	    {"UPDATE mdl_course_modules_completion SET overrideby = 2", "0\n1\n1\n",
	        "grade\ncourse_module_completion\ngrade\n", 2},
	    {"UPDATE mdl_course_modules_completion SET completionstate = 0 WHERE id = 1",
	        "0\n1\n1\n", "grade\ngrade\n", 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture fixture;
		char sql[sizeof belongings + 128];
		snprintf(sql, sizeof sql, "%s%s", belongings, cases[i].sql);
		site_make(&fixture, sql);
		apply(&fixture, unenrol, 1);
		site_end(&fixture);
		fixture_expect(&fixture,
		    "SELECT completionstate FROM mdl_course_modules_completion ORDER BY id",
		    cases[i].states);
		fixture_expect(&fixture,
		    "SELECT target FROM mdl_logstore_standard_log WHERE edulevel > 0 ORDER BY id",
		    cases[i].names);
		fixture_expect(&fixture, "SELECT id FROM mdl_grade_grades ORDER BY id", "3\n4\n");
		cr_expect_eq(database_number(&fixture.database,
		                 "SELECT count(*) FROM mdl_grade_grades_history"),
		    cases[i].history, "case %zu", i);
		site_remove(&fixture);
	}
}

Test(leaving, writes_no_more_than_the_site_has_tables_for)
{
	struct fixture fixture;
	fixture_make(&fixture, "C1 C2", places);
	fixture_open(&fixture);
	good(lms_begin(fixture.lms));
	apply(&fixture, unenrol, 1);
	site_end(&fixture);
	fixture_expect(&fixture, enrolments, "10|4|0\n");
	fixture_remove(&fixture);
}

/* ---- roles ---- */

Test(leaving, a_role_takes_every_row_of_it_that_nobody_owns)
{
	static const struct change changes[] = {
	    {.kind = CHANGE_UNASSIGN_ROLE, .enrolment = 0, .role = STUDENT}};
	struct fixture fixture;
	site_make(&fixture,
	    "INSERT INTO mdl_role_assignments (id, roleid, contextid, userid, component, itemid) "
	    "VALUES (1, 5, 50, 3, '', 0), (2, 5, 50, 3, '', 0), (3, 5, 50, 3, 'enrol_cohort', 12), "
	    "(4, 4, 50, 3, '', 0), (5, 5, 50, 4, '', 0), (6, 5, 70, 3, '', 0)");
	apply(&fixture, changes, 1);
	site_end(&fixture);
	fixture_expect(&fixture, "SELECT id FROM mdl_role_assignments ORDER BY id", "3\n4\n5\n6\n");
	fixture_expect(&fixture, events,
	    "unassigned|role|5|50|50|2|2|3|d|0|{\"id\":\"1\",\"component\":\"\",\"itemid\":\"0\"}\n"
	    "unassigned|role|5|50|50|2|2|3|d|0|{\"id\":\"2\",\"component\":\"\",\"itemid\":\"0\"}"
	    "\n");
	fixture_expect(&fixture, flags, "accesslib/dirtyusers|3\n");
	fixture_expect(&fixture, enrolments, "10|3|0\n10|4|0\n");
	site_remove(&fixture);
}

Test(leaving, all_roles_takes_those_below_the_course_and_not_those_of_others)
{
	static const struct change changes[] = {{.kind = CHANGE_UNASSIGN_ALL, .enrolment = 0},
	    {.kind = CHANGE_ENROLMENT, .enrolment = 0, .status = ENROLMENT_SUSPENDED}};
	struct fixture fixture;
	site_make(&fixture, belongings);
	apply(&fixture, changes, 2);
	site_end(&fixture);
	fixture_expect(
	    &fixture, "SELECT id FROM mdl_role_assignments ORDER BY id", "2\n4\n5\n6\n7\n");
	fixture_expect(
	    &fixture, names, "role|unassigned\nrole|unassigned\nuser_enrolment|updated\n");
	fixture_expect(&fixture, enrolments, "10|3|1\n10|4|0\n");
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_grade_grades", "4\n");
	fixture_expect(&fixture, flags, "accesslib/dirtyusers|3\n");
	site_remove(&fixture);
}

Test(leaving, a_role_and_taking_it_again_ends_with_having_it)
{
	static const struct change changes[] = {
	    {.kind = CHANGE_UNASSIGN_ROLE, .enrolment = 0, .role = STUDENT},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 0, .role = STUDENT},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 0, .role = TEACHER},
	    {.kind = CHANGE_UNASSIGN_ROLE, .enrolment = 0, .role = TEACHER}};
	struct fixture fixture;
	site_make(&fixture, belongings);
	apply(&fixture, changes, 4);
	site_end(&fixture);
	fixture_expect(&fixture,
	    "SELECT roleid FROM mdl_role_assignments WHERE userid = 3 AND contextid = 50 AND "
	    "component = ''",
	    "5\n");
	fixture_expect(
	    &fixture, names, "role|unassigned\nrole|assigned\nrole|assigned\nrole|unassigned\n");
	site_remove(&fixture);
}

/* ---- groups ---- */

Test(leaving, a_group_ends_the_membership_and_the_chat_and_nothing_else)
{
	static const struct change changes[] = {LEAVE(IN_RED)};
	struct fixture fixture;
	site_make(&fixture, belongings);
	apply(&fixture, changes, 1);
	site_end(&fixture);
	fixture_expect(&fixture, "SELECT id FROM mdl_groups_members ORDER BY id", "2\n3\n4\n");
	fixture_expect(&fixture, "SELECT id, timemodified FROM mdl_groups ORDER BY id",
	    "20|1800000000\n21|1\n22|1\n");
	fixture_expect(&fixture,
	    "SELECT conversationid, userid FROM mdl_message_conversation_members ORDER BY 1, 2",
	    "1|4\n2|3\n");
	fixture_expect(&fixture, events, "removed|groups|20|50|50|2|2|3|d|0|null\n");
	fixture_expect(&fixture, flags, "");
	site_remove(&fixture);
}

/* An exception of the group left, and what else there is. */
Test(leaving, a_group_gives_open_attempts_their_times_anew)
{
	static const struct {
		const char *what, *sql, *time;
	} cases[] = {
	    {"the quiz's", "SELECT 1", "2000"},
	    {"none", "UPDATE mdl_quiz SET timeclose = 0", "NULL"},
	    {"a limit", "UPDATE mdl_quiz SET timeclose = 0, timelimit = 60", "1060"},
	    {"the limit is sooner", "UPDATE mdl_quiz SET timelimit = 60", "1060"},
	    {"the end is sooner", "UPDATE mdl_quiz SET timelimit = 6000", "2000"},
	    {"overdue",
	        "UPDATE mdl_quiz_attempts SET state = 'overdue'; UPDATE mdl_quiz SET graceperiod = "
	        "7",
	        "2007"},
	    {"finished", "UPDATE mdl_quiz_attempts SET state = 'finished'", "9000"},
	    {"the own exception",
	        "INSERT INTO mdl_quiz_overrides (quiz, userid, timeclose) VALUES (1, 3, 2500)",
	        "2500"},
	    {"an own exception of the limit alone",
	        "INSERT INTO mdl_quiz_overrides (quiz, userid, timelimit) VALUES (1, 3, 30)",
	        "1030"},
	    {"another group's",
	        "INSERT INTO mdl_quiz_overrides (quiz, groupid, timeclose) VALUES (1, 21, 3000)",
	        "3000"},
	    {"the latest of two groups",
	        "INSERT INTO mdl_quiz_overrides (quiz, groupid, timeclose) VALUES (1, 21, 3000), "
	        "(1, "
	        "22, 4000)",
	        "4000"},
	    {"a group without end",
	        "INSERT INTO mdl_quiz_overrides (quiz, groupid, timeclose) VALUES (1, 21, 3000), "
	        "(1, "
	        "22, 0)",
	        "NULL"},
	    {"a group the person is not in",
	        "INSERT INTO mdl_groups (id, courseid, name) VALUES (23, 2, 'x');"
	        "INSERT INTO mdl_quiz_overrides (quiz, groupid, timeclose) VALUES (1, 23, 3000)",
	        "2000"},
	    {"no exception of the group left", "UPDATE mdl_quiz_overrides SET groupid = 21",
	        "9000"},
	};
	static const struct change changes[] = {LEAVE(IN_RED)};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture fixture;
		char sql[sizeof belongings + 1024], expected[32];
		snprintf(sql, sizeof sql,
		    "%sINSERT INTO mdl_quiz (id, course, timeclose) VALUES (1, 2, 2000);"
		    "INSERT INTO mdl_quiz_overrides (quiz, groupid, timeclose) VALUES (1, 20, "
		    "9000);"
		    "INSERT INTO mdl_quiz_attempts (quiz, userid, state, timestart, "
		    "timecheckstate) "
		    "VALUES (1, 3, 'inprogress', 1000, 9000), (1, 4, 'inprogress', 1000, 9000);%s",
		    belongings, cases[i].sql);
		site_make(&fixture, sql);
		apply(&fixture, changes, 1);
		site_end(&fixture);
		snprintf(expected, sizeof expected, "%s\n9000\n", cases[i].time);
		const char *found = database_rows(&fixture.database,
		    "SELECT timecheckstate FROM mdl_quiz_attempts ORDER BY userid");
		cr_expect_str_eq(found, expected, "%s: %s", cases[i].what, found);
		site_remove(&fixture);
	}
}

/* ---- cohorts ---- */

/* p1 in Team, which C1 and C2 take in (C2's is switched off), and in Night, which C1 takes in. */
static const char synced[] =
    "DELETE FROM mdl_user_enrolments WHERE userid = 3;"
    "DELETE FROM mdl_role_assignments WHERE userid = 3;"
    "DELETE FROM mdl_groups_members WHERE userid = 3;"
    "UPDATE mdl_config SET value = 'manual' WHERE name = 'enrol_plugins_enabled';"
    "INSERT INTO mdl_cohort_members (cohortid, userid, timeadded) VALUES (1, 3, 1), (1, 4, 1);"
    "INSERT INTO mdl_user_enrolments (id, status, enrolid, userid) VALUES (30, 0, 12, 3), "
    "(31, 0, 13, 3);"
    "INSERT INTO mdl_role_assignments (id, roleid, contextid, userid, component, itemid) VALUES "
    "(30, 5, 50, 3, 'enrol_cohort', 12), (31, 5, 51, 3, 'enrol_cohort', 13), "
    "(32, 4, 50, 3, '', 0);"
    "INSERT INTO mdl_groups_members (id, groupid, userid, component, itemid) VALUES "
    "(30, 21, 3, 'enrol_cohort', 12);";

static const struct change leave_team[] = {LEAVE(IN_TEAM)};

static void synced_make(struct fixture *fixture, const char *more)
{
	char sql[sizeof belongings + sizeof synced + 512];
	snprintf(sql, sizeof sql, "%s%s%s", belongings, synced, more);
	site_make(fixture, sql);
}

Test(leaving, a_cohort_unenrols_where_it_is_taken_in_even_while_that_is_switched_off)
{
	struct fixture fixture;
	synced_make(&fixture, "");
	apply(&fixture, leave_team, 1);
	site_end(&fixture);
	fixture_expect(&fixture, "SELECT userid FROM mdl_cohort_members", "4\n");
	fixture_expect(&fixture, enrolments, "10|4|0\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_role_assignments ORDER BY id", "6\n7\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_groups_members ORDER BY id", "3\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_grade_grades ORDER BY id", "4\n");
	fixture_expect(&fixture, names,
	    "cohort_member|removed\n"
	    "group_member|removed\nrole|unassigned\nrole|unassigned\ngrade|deleted\n"
	    "course_module_completion|updated\ngrade|deleted\nuser_enrolment|deleted\n"
	    "role|unassigned\ncourse_module_completion|updated\ngrade|deleted\n"
	    "user_enrolment|deleted\n");
	fixture_expect(&fixture,
	    "SELECT objectid, contextid, contextlevel, contextinstanceid, courseid, relateduserid, "
	    "other FROM mdl_logstore_standard_log WHERE objecttable = 'cohort'",
	    "1|1|10|0|0|3|null\n");
	fixture_expect(&fixture, flags, "accesslib/dirtyusers|3\n");
	site_remove(&fixture);
}

#define ACTION(number)                                                                             \
	"UPDATE mdl_config_plugins SET value = '" number                                           \
	"' WHERE plugin = 'enrol_cohort' AND name = 'unenrolaction';"

Test(leaving, a_cohort_suspends_where_the_site_wants_that)
{
	static const struct {
		const char *sql, *roles, *names;
	} cases[] = {
	    {ACTION("2"), "30\n31\n32\n",
	        "cohort_member|removed\nuser_enrolment|updated\nuser_enrolment|updated\n"},
	    {ACTION("3"), "32\n",
	        "cohort_member|removed\nuser_enrolment|updated\nrole|unassigned\n"
	        "user_enrolment|updated\nrole|unassigned\n"},
	    /* who is suspended already keeps the roles */
	    {ACTION("3") "UPDATE mdl_user_enrolments SET status = 1 WHERE id = 31", "31\n32\n",
	        "cohort_member|removed\nuser_enrolment|updated\nrole|unassigned\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture fixture;
		synced_make(&fixture, cases[i].sql);
		apply(&fixture, leave_team, 1);
		site_end(&fixture);
		fixture_expect(&fixture, enrolments, "10|4|0\n12|3|1\n13|3|1\n");
		fixture_expect(&fixture,
		    "SELECT id FROM mdl_role_assignments WHERE userid = 3 ORDER BY id",
		    cases[i].roles);
		fixture_expect(
		    &fixture, "SELECT id FROM mdl_groups_members WHERE userid = 3", "30\n");
		fixture_expect(&fixture, names, cases[i].names);
		fixture_expect(&fixture,
		    "SELECT DISTINCT other FROM mdl_logstore_standard_log WHERE crud = 'u'",
		    "{\"enrol\":\"cohort\"}\n");
		site_remove(&fixture);
	}
}

/* One after the other: the second one's is the last enrolment in C1. */
Test(leaving, two_cohorts_of_one_course_takes_everything_with_the_second)
{
	static const struct change changes[] = {LEAVE(IN_NIGHT), LEAVE(IN_TEAM)};
	struct fixture fixture;
	synced_make(&fixture,
	    "INSERT INTO mdl_cohort_members (cohortid, userid, timeadded) VALUES (2, 3, 1);"
	    "INSERT INTO mdl_user_enrolments (id, status, enrolid, userid) VALUES (32, 0, 16, 3)");
	apply(&fixture, changes, 2);
	site_end(&fixture);
	fixture_expect(&fixture, enrolments, "10|4|0\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_grade_grades ORDER BY id", "4\n");
	fixture_expect(&fixture,
	    "SELECT objectid, CASE WHEN other LIKE '%\"lastenrol\":true%' THEN 'last' ELSE '' END "
	    "FROM mdl_logstore_standard_log WHERE target = 'user_enrolment' ORDER BY id",
	    "32|\n30|last\n31|last\n");
	site_remove(&fixture);
}

/* What comes after it is given after it. */
Test(leaving, and_coming_back_takes_what_goes_first)
{
	static const struct change changes[] = {UNENROL,
	    {.kind = CHANGE_ENROL, .enrolment = 0, .timestart = TODAY},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 0, .role = STUDENT}};
	struct fixture fixture;
	site_make(&fixture, belongings);
	apply(&fixture, changes, 3);
	site_end(&fixture);
	fixture_expect(&fixture, enrolments, "10|3|0\n10|4|0\n");
	fixture_expect(&fixture,
	    "SELECT roleid FROM mdl_role_assignments WHERE userid = 3 AND contextid = 50", "5\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_grade_grades ORDER BY id", "3\n4\n");
	fixture_expect(&fixture,
	    "SELECT target, action FROM mdl_logstore_standard_log WHERE target = 'user_enrolment' "
	    "OR "
	    "action = 'assigned' ORDER BY id",
	    "user_enrolment|deleted\nuser_enrolment|created\nrole|assigned\n");
	site_remove(&fixture);
}

/* ---- what Moodle has to do afterwards ---- */

static void expect_chores(const char *sql, const struct change *change, const char *expected)
{
	struct fixture fixture;
	site_make(&fixture, belongings);
	good(lms_commit(fixture.lms));
	database_execute(&fixture.database, sql);
	fixture.database.options.aftercare = true;
	fixture_open(&fixture);
	good(lms_begin(fixture.lms));
	apply(&fixture, change, 1);
	const struct slice chores = lms_chores(fixture.lms);
	cr_expect(slice_is(chores, slice_of(expected)), "%.*s", SLICE_ARG(chores));
	site_end(&fixture);
	site_remove(&fixture);
}

Test(leaving, leaves_to_moodle_what_is_in_its_caches_and_files)
{
	static const struct change leave_red = LEAVE(IN_RED);
	expect_chores("SELECT 1", &leave_red, "{\"job\":\"member_groups\",\"user\":3}\n");
	expect_chores("SELECT 1", unenrol,
	    "{\"job\":\"member_groups\",\"user\":3}\n"
	    "{\"job\":\"member_groups\",\"user\":3}\n"
	    "{\"job\":\"completion\",\"user\":3,\"course\":2}\n"
	    "{\"job\":\"grade_deleted\",\"grade\":2}\n");
	expect_chores("DELETE FROM mdl_grade_grades WHERE userid = 3", unenrol,
	    "{\"job\":\"member_groups\",\"user\":3}\n"
	    "{\"job\":\"member_groups\",\"user\":3}\n");
}

/* ---- what is known beforehand ---- */

/* In the words of the test: others, then what is there; of p1 in C1. */
static void expect_leaving(struct fixture *fixture, const char *expected, const char *what)
{
	char found[160];
	fixture_load(fixture, 3);
	for (int i = 0; i < 3; i++)
		fixture->enrolments[i].asks_leaving = i != 1;
	good(lms_load_enrolments(fixture->lms, fixture->enrolments, 3, fixture->arena));
	const struct leaving_facts *is = &fixture->enrolments[0].leaving;
	snprintf(found, sizeof found, "%.*s|%s%s%lld|", SLICE_ARG(is->others),
	    is->has_history ? "history " : "", is->has_roles ? "roles " : "",
	    (long long)is->modified);
	for (uint32_t i = 0; i < is->owned_roles_count; i++)
		snprintf(found + strlen(found), sizeof found - strlen(found), "%lld ",
		    (long long)is->owned_roles[i]);
	cr_expect_str_eq(found, expected, "%s: %s", what, found);
	cr_expect_eq(fixture->enrolments[1].leaving.modified, 0, "which was not asked for");
}

Test(leaving, is_told_beforehand_what_it_would_cost)
{
	static const struct {
		const char *what, *sql, *expected;
	} cases[] = {
	    {"all", "SELECT 1", "|history roles 1767225601|5 "},
	    {"empty grades do not count",
	        "UPDATE mdl_grade_grades SET finalgrade = NULL, feedback = ''",
	        "|roles 1767225601|5 "},
	    {"a comment does", "UPDATE mdl_grade_grades SET finalgrade = NULL",
	        "|history roles 1767225601|5 "},
	    {"another's do not", "DELETE FROM mdl_grade_grades WHERE id IN (1, 2)",
	        "|roles 1767225601|5 "},
	    {"nothing goes while others are left",
	        "INSERT INTO mdl_user_enrolments (enrolid, userid, status) VALUES (14, 3, 1), (12, "
	        "3, "
	        "0), (16, 3, 0)",
	        "cohort, self|roles 1767225601|5 "},
	    {"roles below the course", "DELETE FROM mdl_role_assignments WHERE id IN (1, 2)",
	        "|history roles 1767225601|"},
	    {"no roles", "DELETE FROM mdl_role_assignments WHERE id IN (1, 3)",
	        "|history 1767225601|5 "},
	    {"roles of several owners",
	        "INSERT INTO mdl_role_assignments (roleid, contextid, userid, component, itemid) "
	        "VALUES (4, 50, 3, 'enrol_meta', 1), (5, 50, 3, 'enrol_meta', 1), (3, 51, 3, "
	        "'enrol_meta', 1)",
	        "|history roles 1767225601|4 5 "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture fixture;
		char sql[sizeof belongings + 512];
		snprintf(sql, sizeof sql, "%s%s", belongings, cases[i].sql);
		site_make(&fixture, sql);
		expect_leaving(&fixture, cases[i].expected, cases[i].what);
		site_end(&fixture);
		site_remove(&fixture);
	}
}

/* What a large transaction has decided on is written before it is asked about. */
Test(leaving, is_told_of_in_a_large_transaction_too)
{
	static const struct change enrols[] = {
	    {.kind = CHANGE_ENROL, .enrolment = 2, .timestart = TODAY},
	    {.kind = CHANGE_ASSIGN_ROLE, .enrolment = 2, .role = TEACHER}};
	static const struct change leaves[] = {{.kind = CHANGE_UNENROL, .enrolment = 2}};
	struct fixture fixture;
	site_make(&fixture, belongings);
	good(lms_prefetch(fixture.lms, 1000));
	apply(&fixture, enrols, 2);
	expect_leaving(&fixture, "|history roles 1767225601|5 ", "p1 in C1");
	cr_expect_eq(fixture.enrolments[2].leaving.modified, NOW);
	cr_expect(fixture.enrolments[2].leaving.has_roles);
	apply(&fixture, leaves, 1);
	fixture_load(&fixture, 3);
	cr_expect_eq(fixture.enrolments[2].id, 0);
	cr_expect_eq(fixture.enrolments[2].roles_count, 0);
	site_end(&fixture);
	fixture_expect(&fixture, enrolments, "10|3|0\n10|4|0\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_grade_grades ORDER BY id", "1\n2\n4\n");
	site_remove(&fixture);
}

static void expect_memberships(struct fixture *fixture, const char *expected, const char *what)
{
	struct scene scene = scene_make();
	char found[MEMBERSHIPS * 2 + 1] = "";
	good(lms_load_memberships(fixture->lms, scene.memberships, MEMBERSHIPS));
	for (int i = 0; i < MEMBERSHIPS; i++) {
		const struct membership_facts *is = &scene.memberships[i];
		strcat(found, is->purges ? "p" : is->is_owned ? "o" : is->is_member ? "m" : "-");
	}
	cr_expect_str_eq(found, expected, "%s: %s", what, found);
}

Test(leaving, of_memberships_is_told_whose_they_are_and_what_they_would_cost)
{
	static const struct {
		const char *what, *sql, *expected;
	} cases[] = {
	    {"grades go", "SELECT 1", "p--om"},
	    {"there are none", "DELETE FROM mdl_grade_grades WHERE userid = 3", "m--om"},
	    {"only empty ones", "UPDATE mdl_grade_grades SET finalgrade = NULL, feedback = NULL",
	        "m--om"},
	    {"another enrolment is left in both courses",
	        "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (14, 3), (15, 3)",
	        "m--om"},
	    {"in one of them", "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (14, 3)",
	        "p--om"},
	    {"by another cohort that stays",
	        "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (16, 3), (15, 3)",
	        "m--om"},
	    {"by one that is to be left as well",
	        "INSERT INTO mdl_user_enrolments (enrolid, userid) VALUES (16, 3), (15, 3);"
	        "INSERT INTO mdl_cohort_members (cohortid, userid, timeadded) VALUES (2, 3, 1)",
	        "pp-om"},
	    {"it only suspends", ACTION("2"), "m--om"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture fixture;
		synced_make(&fixture, cases[i].sql);
		expect_memberships(&fixture, cases[i].expected, cases[i].what);
		site_end(&fixture);
		site_remove(&fixture);
	}
}

Test(leaving, knows_who_leaves_by_the_enrolment)
{
	struct leaver leavers[] = {{.enrolment = 2}, {.enrolment = 99}, {.enrolment = 40}};
	struct fixture fixture;
	site_make(&fixture,
	    "UPDATE mdl_user SET firstname = 'Ann', lastname = 'Lee', idnumber = 'E4', email = "
	    "'ann@x.example', suspended = 1 WHERE id = 4;"
	    "UPDATE mdl_course SET idnumber = 'I1', fullname = 'Course one', enddate = 1790000000 "
	    "WHERE id = 2;"
	    "INSERT INTO mdl_user_enrolments (id, status, enrolid, userid, timestart, timeend, "
	    "timemodified) VALUES (40, 1, 14, 5, 7, 8, 9)");
	good(lms_load_leavers(fixture.lms, leavers, 3, fixture.arena));
	const struct leaver *is = &leavers[0];
	cr_assert(is->is_there);
	cr_expect_eq(is->user, P2);
	cr_expect(slice_is(is->username, SLICE("p2")));
	cr_expect(slice_is(is->fullname, SLICE("Ann Lee")));
	cr_expect(slice_is(is->idnumber, SLICE("E4")));
	cr_expect(slice_is(is->email, SLICE("ann@x.example")));
	cr_expect(is->is_suspended && !is->is_deleted && is->is_manual);
	cr_expect_eq(is->enrol, 10);
	cr_expect_eq(is->course, 2);
	cr_expect_eq(is->context, 50);
	cr_expect(slice_is(is->shortname, SLICE("C1")));
	cr_expect(slice_is(is->course_idnumber, SLICE("I1")));
	cr_expect(slice_is(is->course_fullname, SLICE("Course one")));
	cr_expect_eq(is->course_end, 1790000000);
	cr_expect_eq(is->timestart, 1767225600);
	cr_expect_eq(is->modified, 1767225602);
	cr_expect_not(leavers[1].is_there);
	cr_expect_eq(leavers[1].enrolment, 99);
	is = &leavers[2];
	cr_assert(is->is_there);
	cr_expect(is->is_deleted && !is->is_manual && !is->is_suspended);
	cr_expect_eq(is->status, 1);
	cr_expect_eq(is->timeend, 8);
	site_end(&fixture);
	site_remove(&fixture);
}
