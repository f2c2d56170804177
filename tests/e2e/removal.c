/* What cells take away, in the real programs: courses, roles, groups and cohorts are left. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>

#define FEED(more) "  default: { allow_unenrol: true" more ", " RIG_MAY_ALL " }\n"
#define UNENROL FEED(", removal: unenrol")

static const struct rig_options unenrols = {.feeds = UNENROL};

static const char enrolled[] =
    "SELECT u.username, c.shortname, ue.status FROM mdl_user_enrolments ue JOIN mdl_enrol e ON "
    "e.id "
    "= ue.enrolid JOIN mdl_course c ON c.id = e.courseid JOIN mdl_user u ON u.id = ue.userid ORDER "
    "BY u.id, c.id";

Test(removal, from_a_course_ends_what_was_there_and_only_once)
{
	static const char text[] = "username,course1,role1,unenrol1\np1,C1,,1\np2,C1,student,yes\n"
	                           "p3,C1,,0\np4,C1,,1\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &unenrols);
	reply_to(&reply, &rig, "a.csv",
	    "username,course1,group1\np1,C1,Red\np2,C1,Red\np3,C1,Red\np1,C2,\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", text);
	EXPECT(&reply, {2, "course1", "done", "unenrolled"}, {3, "course1", "done", "unenrolled"},
	    {3, "role1", "warning", "no_effect"}, {4, "course1", "unchanged", "already_enrolled"},
	    {5, "course1", "unchanged", "not_enrolled"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C2|0\np3|C1|0\n");
	rig_expect(&rig,
	    "SELECT u.username FROM mdl_groups_members m JOIN mdl_user u ON u.id = m.userid",
	    "p3\n");
	reply_to(&reply, &rig, "c.csv", text);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 0);
	reply_close(&reply);
	reply_to(&reply, &rig, "d.csv", "username,course1,group1\np1,C1,Red\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {2, "group1", "done", "group_joined"});
	reply_close(&reply);
	law_close(&rig);
}

Test(removal, suspends_unless_the_feed_says_otherwise)
{
	static const struct {
		const char *feeds, *state;
	} ways[] = {{FEED(""), "1|1\n"}, {FEED(", removal: suspend_no_roles"), "1|0\n"}};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct rig rig;
		struct reply reply;
		rig_make(&rig, &(struct rig_options){.feeds = ways[i].feeds});
		reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
		reply_close(&reply);
		for (int again = 0; again < 2; again++) {
			reply_to(&reply, &rig, again ? "c.csv" : "b.csv",
			    "username,course1,unenrol1\np1,C1,1\n");
			EXPECT(&reply,
			    {2, "course1", again ? "unchanged" : "done", "unenrol_suspended"});
			reply_close(&reply);
		}
		rig_expect(&rig,
		    "SELECT status, (SELECT count(*) FROM mdl_role_assignments) FROM "
		    "mdl_user_enrolments",
		    ways[i].state);
		reply_to(&reply, &rig, "d.csv", "username,course1,enrolstatus1\np1,C1,0\n");
		EXPECT(&reply, {2, "course1", "done", "enrolment_updated"});
		reply_close(&reply);
		law_close(&rig);
	}
}

Test(removal, is_not_for_feeds_that_do_not_allow_it)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { " RIG_MAY_ALL " }\n"});
	rig_execute(&rig, "UPDATE mdl_course_categories SET idnumber = 'CAT' WHERE id = 1");
	reply_to(&reply, &rig, "a.csv",
	    "username,course1,group1,cohort1,category1,categoryrole1,sysrole1\n"
	    "p1,C1,Red,SALES,CAT,coursecreator,coursecreator\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv",
	    "username,course1,unenrol1,role2,course2,course3,group3,cohort1,category1,"
	    "categoryrole1,"
	    "sysrole1\np1,C1,1,-student,C1,C1,-Red,-SALES,CAT,-coursecreator,-coursecreator\n");
	EXPECT(&reply, {2, "course1", "error", "unenrol_not_allowed"},
	    {2, "role2", "error", "unenrol_not_allowed"},
	    {2, "group3", "error", "unenrol_not_allowed"},
	    {2, "cohort1", "error", "unenrol_not_allowed"},
	    {2, "categoryrole1", "error", "unenrol_not_allowed"},
	    {2, "sysrole1", "done", "role_removed"});
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 1);
	reply_close(&reply);
	law_close(&rig);
}

Test(removal, of_roles_groups_and_cohorts_takes_what_the_minus_stands_before)
{
	static const char text[] =
	    "username,course1,role1,course2,group2,cohort1,category1,categoryrole1\n"
	    "p1,C1,-teacher,C1,-Red,-SALES,CAT,-coursecreator\np2,C1,-teacher,C1,-Red,-SALES,,\n"
	    "p3,C1,,C1,-Reed,-SALE,,\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &unenrols);
	rig_execute(&rig, "UPDATE mdl_course_categories SET idnumber = 'CAT' WHERE id = 1");
	reply_to(&reply, &rig, "a.csv",
	    "username,course1,role1,course2,role2,group2,cohort1,category1,categoryrole1\n"
	    "p1,C1,student,C1,teacher,Red,SALES,CAT,coursecreator\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", text);
	EXPECT(&reply, {2, "course1", "done", "role_removed"}, {2, "group2", "done", "group_left"},
	    {2, "cohort1", "done", "cohort_left"}, {2, "categoryrole1", "done", "role_removed"},
	    {3, "course1", "unchanged", "not_enrolled"}, {3, "group2", "unchanged", "not_in_group"},
	    {3, "cohort1", "unchanged", "not_in_cohort"}, {4, "group2", "error", "group_not_found"},
	    {4, "cohort1", "error", "cohort_not_found"}, {4, "course1", "done", "enrolled"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|0\np3|C1|0\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_groups_members", "0\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_cohort_members", "0\n");
	rig_expect(&rig,
	    "SELECT r.shortname FROM mdl_role_assignments a JOIN mdl_role r ON r.id = a.roleid "
	    "JOIN "
	    "mdl_user u ON u.id = a.userid WHERE u.username = 'p1'",
	    "student\n");
	law_close(&rig);
}

Test(removal, leaves_to_whom_is_called_so_what_has_a_minus_for_a_name)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &unenrols);
	rig_execute(&rig,
	    "INSERT INTO mdl_groups (courseid, name) SELECT id, '-Red' FROM mdl_course WHERE "
	    "shortname = 'C1';"
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, component, "
	    "timecreated, timemodified) VALUES (1, 'N', '-NIGHT', 1, '', 0, 0)");
	reply_to(&reply, &rig, "a.csv", "username,course1,group1,cohort1\np1,C1,-Red,-NIGHT\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {2, "group1", "done", "group_joined"},
	    {2, "cohort1", "done", "cohort_joined"});
	reply_close(&reply);
	law_close(&rig);
}

/* One person, in and out and in again, in rows and within one row; however large a batch is. */
Test(removal, goes_by_the_order_of_rows_and_cells)
{
	static const char *const feeds[] = {UNENROL, FEED(", removal: unenrol, atomic: true")};
	for (int i = 0; i < 4; i++) {
		struct rig rig;
		struct reply reply;
		rig_make(&rig, &(struct rig_options){.feeds = feeds[i % 2],
		                   .settings = i < 2 ? NULL : "checkpoint_rows: 2\n"});
		reply_to(&reply, &rig, "a.csv",
		    "username,course1,unenrol1,group1,course2,role2\n"
		    "p1,C1,,Red,,\np1,C1,1,,C2,\np1,C1,,Blue,,\np1,C1,-,,,\n"
		    "p2,C1,,,,\np2,C1,1,,C1,teacher\np2,C1,1,,C1,student\np3,C1,1,,,\n");
		EXPECT(&reply, {2, "group1", "done", "group_created"},
		    {3, "course1", "done", "unenrolled"}, {3, "course2", "done", "enrolled"},
		    {4, "course1", "done", "enrolled"}, {4, "group1", "done", "group_created"},
		    {5, "unenrol1", "error", "invalid_value"}, {6, "course1", "done", "enrolled"},
		    {7, "course1", "done", "unenrolled"}, {7, "course2", "done", "enrolled"},
		    {8, "course1", "done", "unenrolled"}, {8, "course2", "done", "enrolled"},
		    {9, "course1", "unchanged", "not_enrolled"});
		reply_close(&reply);
		rig_expect(&rig, enrolled, "p1|C1|0\np1|C2|0\np2|C1|0\n");
		rig_expect(&rig,
		    "SELECT u.username, g.name FROM mdl_groups_members m JOIN mdl_user u ON u.id = "
		    "m.userid JOIN mdl_groups g ON g.id = m.groupid",
		    "p1|Blue\n");
		rig_expect(&rig,
		    "SELECT r.shortname FROM mdl_role_assignments a JOIN mdl_role r ON r.id = "
		    "a.roleid "
		    "JOIN mdl_user u ON u.id = a.userid WHERE u.username = 'p2'",
		    "student\n");
		law_close(&rig);
	}
}

/* What is made, given and taken away again, all in one row. */
Test(removal, of_what_the_row_itself_has_made)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig,
	    &(struct rig_options){.feeds = FEED(", removal: unenrol, upload_type: add_or_update")});
	rig_execute(&rig, "UPDATE mdl_course_categories SET idnumber = 'CAT' WHERE id = 1");
	reply_to(&reply, &rig, "a.csv",
	    "username,firstname,lastname,email,cohort1,cohort2,course1,role1,group1,course2,role2,"
	    "course3,group3,category1,categoryrole1,category2,categoryrole2\n"
	    "new,N,O,n@x.example,SALES,-SALES,C1,teacher,Red,C1,student,C1,-Red,CAT,coursecreator,"
	    "CAT,"
	    "-coursecreator\np1,,,,,,C1,teacher,Red,C1,-teacher,C1,-Red,,,,\n");
	EXPECT(&reply, {2, "cohort1", "done", "cohort_created"},
	    {2, "cohort2", "done", "cohort_left"}, {2, "group1", "done", "group_created"},
	    {2, "group3", "done", "group_left"}, {2, "categoryrole2", "done", "role_removed"},
	    {3, "course1", "done", "enrolled"}, {3, "course2", "done", "role_removed"},
	    {3, "group1", "done", "group_joined"}, {3, "group3", "done", "group_left"});
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_groups_members", "0\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_cohort_members", "0\n");
	rig_expect(&rig,
	    "SELECT u.username, r.shortname FROM mdl_role_assignments a JOIN mdl_role r ON r.id = "
	    "a.roleid JOIN mdl_user u ON u.id = a.userid ORDER BY a.roleid",
	    "new|teacher\nnew|student\n");
	law_close(&rig);
}

/* The row rests in between, and is one row all the same. */
Test(removal, that_fails_twice_in_one_row_is_one_row_to_retry)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &unenrols);
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv",
	    "username,course1,unenrol1,course2,course3,role3,course4,unenrol4,course5\n"
	    "p1,C1,1,NONE,C1,,C1,1,NONE\n");
	EXPECT(&reply, {2, "course1", "done", "unenrolled"},
	    {2, "course2", "error", "course_not_found"}, {2, "course3", "done", "enrolled"},
	    {2, "course4", "done", "unenrolled"}, {2, "course5", "error", "course_not_found"});
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 1);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE counts LIKE "
	                              "'rows=1 rows_in_error=1 %'"),
	    1);
	struct table retry = table_parse(reply.retry.bytes, reply.retry.size);
	cr_expect_eq(retry.rows_count, 2);
	table_done(&retry);
	reply_close(&reply);
	law_close(&rig);
}

Test(removal, in_a_preview_is_told_and_not_done)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &unenrols);
	reply_to(&reply, &rig, "a.csv", "username,course1,group1,cohort1\np1,C1,Red,SALES\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "preview/b.csv",
	    "username,cohort1,course1,group1,course2,unenrol2,course3\np1,-SALES,C1,-Red,C1,1,"
	    "C1\n");
	cr_expect_str_eq(json_string_value(json_object_get(reply.summary, "mode")), "preview");
	EXPECT(&reply, {2, "cohort1", "done", "cohort_left"}, {2, "group1", "done", "group_left"},
	    {2, "course2", "done", "unenrolled"}, {2, "course3", "done", "enrolled"});
	cr_expect_str_eq(
	    reply_cell(&reply, (struct expected){2, "course2", "done", "unenrolled"}, 0, "message"),
	    "Would be unenrolled.");
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|0\n");
	law_close(&rig);
}

static const char syncs[] =
    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, component, timecreated, "
    "timemodified) VALUES (1, 'S', 'SALES', 1, '', 0, 0);"
    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1) SELECT 'cohort', 0, id, "
    "5, 1 FROM mdl_course WHERE shortname = 'C2';"
    "UPDATE mdl_config SET value = 'manual,cohort' WHERE name = 'enrol_plugins_enabled'";

/* p1 is in C2 by both, p2 by the cohort alone, which is left and joined within a row. */
Test(removal, by_hand_and_by_cohort_are_two_things)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &unenrols);
	rig_execute(&rig, syncs);
	reply_to(&reply, &rig, "a.csv", "username,cohort1,course1\np1,SALES,C2\np2,SALES,\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,course1,unenrol1\np1,C2,1\np2,C2,1\n");
	EXPECT(&reply, {2, "course1", "done", "unenrolled"},
	    {2, "course1", "warning", "enrolled_otherwise"},
	    {3, "course1", "error", "enrolled_otherwise"});
	reply_close(&reply);
	reply_to(&reply, &rig, "c.csv",
	    "username,cohort1,course1,unenrol1\np1,-SALES,C2,1\np2,-SALES,C2,\n");
	EXPECT(&reply, {2, "cohort1", "done", "cohort_left"},
	    {2, "course1", "unchanged", "not_enrolled"}, {3, "cohort1", "done", "cohort_left"},
	    {3, "course1", "done", "enrolled"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p2|C2|0\n");
	rig_remove(&rig);
}

/* Many rows of one person, and many people in a row. */
Test(removal, of_thousands_ends_as_it_says)
{
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	rig_make(&rig, &unenrols);
	buffer_add_text(&text, "username,course1,unenrol1,course2,group2\n");
	for (int round = 0; round < 100; round++)
		for (int person = 1; person <= 20; person++)
			buffer_print(&text, "p%d,C%d,%d,C%d,%s\n", person, round % 7 + 1,
			    (round + person) % 2, (round + person) % 5 + 1,
			    person % 3 ? "" : "Red");
	buffer_add_char(&text, '\0');
	reply_to(&reply, &rig, "a.csv", text.bytes);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0);
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 2000);
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}
