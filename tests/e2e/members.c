/* Cohorts, groups and roles elsewhere, in the real programs; and files that make groups. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>

static const struct rig_options all = {.feeds = "  default: { " RIG_MAY_ALL " }\n"};

Test(members, join_once_and_the_same_file_again_changes_nothing)
{
	static const char text[] =
	    "username,course1,group1,cohort1,sysrole1,category1,categoryrole1\n"
	    "p1,C1,Red,SALES,manager,CAT,coursecreator\np2,C1,Red,SALES,,,\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &all);
	rig_execute(&rig, "UPDATE mdl_course_categories SET idnumber = 'CAT' WHERE id = 1");
	reply_to(&reply, &rig, "a.csv", text);
	EXPECT(&reply, {2, "cohort1", "done", "cohort_created"}, {2, "course1", "done", "enrolled"},
	    {2, "group1", "done", "group_created"}, {2, "sysrole1", "done", "role_assigned"},
	    {2, "categoryrole1", "done", "role_assigned"}, {3, "cohort1", "done", "cohort_joined"},
	    {3, "course1", "done", "enrolled"}, {3, "group1", "done", "group_joined"});
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", text);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "unchanged"), 8);
	reply_close(&reply);
	rig_expect(&rig,
	    "SELECT k.idnumber, k.name, u.username FROM mdl_cohort k JOIN mdl_cohort_members m ON "
	    "m.cohortid = k.id JOIN mdl_user u ON u.id = m.userid ORDER BY u.id",
	    "SALES|SALES|p1\nSALES|SALES|p2\n");
	rig_expect(&rig,
	    "SELECT g.name, u.username, m.component, m.itemid FROM mdl_groups g JOIN "
	    "mdl_groups_members m ON m.groupid = g.id JOIN mdl_user u ON u.id = m.userid ORDER BY "
	    "u.id",
	    "Red|p1||0\nRed|p2||0\n");
	rig_expect(&rig,
	    "SELECT x.contextlevel, r.shortname, u.username FROM mdl_role_assignments a JOIN "
	    "mdl_context x ON x.id = a.contextid JOIN mdl_role r ON r.id = a.roleid JOIN mdl_user "
	    "u "
	    "ON u.id = a.userid WHERE x.contextlevel < 50 ORDER BY 1",
	    "10|manager|p1\n40|coursecreator|p1\n");
	law_close(&rig);
}

Test(members, of_a_cohort_are_enrolled_where_its_members_are)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &all);
	rig_execute(&rig,
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, visible, "
	    "component, timecreated, timemodified) VALUES (1, 'Sales', 'SALES', 1, 1, '', 0, 0);"
	    "INSERT INTO mdl_groups (courseid, name) SELECT id, 'Synced' FROM mdl_course WHERE "
	    "shortname = 'C2';"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1, customint2) "
	    "SELECT "
	    "'cohort', 0, id, 5, 1, 1 FROM mdl_course WHERE shortname = 'C2';"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1) SELECT 'cohort', "
	    "1, "
	    "id, 5, 1 FROM mdl_course WHERE shortname = 'C3'");
	reply_to(&reply, &rig, "a.csv", "username,cohort1\np1,SALES\np1,SALES\n");
	EXPECT(&reply, {2, "cohort1", "done", "cohort_joined"},
	    {3, "cohort1", "unchanged", "already_in_cohort"});
	reply_close(&reply);
	rig_expect(&rig,
	    "SELECT c.shortname, e.enrol, ue.status, ue.timestart, ue.timeend FROM "
	    "mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid JOIN mdl_course c ON "
	    "c.id = "
	    "e.courseid",
	    "C2|cohort|0|0|0\n");
	rig_expect(&rig,
	    "SELECT roleid, component, itemid = (SELECT id FROM mdl_enrol WHERE enrol = 'cohort' "
	    "AND "
	    "status = 0) FROM mdl_role_assignments",
	    "5|enrol_cohort|1\n");
	rig_expect(&rig, "SELECT component FROM mdl_groups_members", "enrol_cohort\n");
	rig_expect(&rig, "SELECT eventname FROM mdl_logstore_standard_log ORDER BY id",
	    "\\core\\event\\cohort_member_added\n\\core\\event\\user_enrolment_created\n"
	    "\\core\\event\\role_assigned\n\\core\\event\\group_member_added\n");
	rig_remove(&rig);
}

Test(members, who_came_by_another_method_may_join_a_group)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &all);
	rig_execute(&rig,
	    "UPDATE mdl_enrol SET enrol = 'self' WHERE enrol = 'manual' AND courseid = (SELECT id "
	    "FROM "
	    "mdl_course WHERE shortname = 'C1');"
	    "INSERT INTO mdl_user_enrolments (enrolid, userid, timecreated, timemodified) SELECT "
	    "e.id, u.id, 0, 0 FROM mdl_enrol e JOIN mdl_course c ON c.id = e.courseid, mdl_user u "
	    "WHERE c.shortname = 'C1' AND e.enrol = 'self' AND u.username = 'p1'");
	rig_count_before(&rig);
	reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Red\np2,C1,Red\n");
	EXPECT(&reply, {2, "course1", "error", "no_enrol_instance"},
	    {2, "group1", "done", "group_created"}, {3, "course1", "error", "no_enrol_instance"},
	    {3, "group1", "skipped", "row_not_applied"});
	reply_close(&reply);
	law_close(&rig);
}

Test(members, groups_of_a_file_are_made_and_a_bad_row_retried)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { course: C2 }\n"});
	rig_execute(&rig, "UPDATE mdl_course SET idnumber = 'I1' WHERE shortname = 'C1'");
	reply_to(&reply, &rig, "g.csv",
	    "groupname,idnumber,enrolmentkey,groupingname\nRed,I1,S3cret,Colours\nBlue,,,\n,I1,,"
	    "\n");
	EXPECT(&reply, {2, "groupname", "done", "group_created"},
	    {2, "groupingname", "done", "grouping_created"},
	    {3, "groupname", "done", "group_created"},
	    {4, "groupname", "error", "group_name_missing"});
	struct buffer result = files_read(reply.result_path.text);
	cr_expect_null(memmem(result.bytes, result.size, "S3cret", 6), "a key in the answer");
	buffer_done(&result);
	cr_assert_gt(reply.retry.size, 0);
	reply_close(&reply);
	rig_expect(&rig,
	    "SELECT c.shortname, g.name, g.enrolmentkey, p.name FROM mdl_groups g JOIN mdl_course "
	    "c ON "
	    "c.id = g.courseid LEFT JOIN mdl_groupings_groups x ON x.groupid = g.id LEFT JOIN "
	    "mdl_groupings p ON p.id = x.groupingid ORDER BY g.id",
	    "C1|Red|S3cret|Colours\nC2|Blue||\n");
	reply_to(&reply, &rig, "g2.csv", "groupname,idnumber,groupingname\nRed,I1,Colours\n");
	cr_expect_eq(reply_number(&reply, "outcomes", "unchanged"), 2);
	reply_close(&reply);
	law_close(&rig);
}

/* Every cell of the table is wrong once; the retry file, mended by replacing, does the rest. */
Test(members, that_failed_join_once_the_retry_file_is_mended)
{
	static const char *const mends[][2] = {
	    {"BADCOHORT", "SALES"}, {"BADROLE", "manager"}, {"BADCAT", "CAT"}, {"BADCOURSE", "C1"}};
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &all);
	rig_execute(&rig,
	    "UPDATE mdl_course_categories SET idnumber = 'CAT' WHERE id = 1;"
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, component, "
	    "timecreated, timemodified) "
	    "VALUES (1, 'X', 'BADCOHORT', 1, 'tool_x', 0, 0)");
	reply_to(&reply, &rig, "a.csv",
	    "username,cohort1,sysrole1,category1,categoryrole1,course1,group1\n"
	    "p1,BADCOHORT,,,,,\np2,,BADROLE,,,,\np3,,,BADCAT,coursecreator,,\n"
	    "p4,,,CAT,BADROLE,,\np5,,,,,BADCOURSE,Red\n");
	EXPECT(&reply, {2, "cohort1", "error", "cohort_external"},
	    {3, "sysrole1", "error", "role_not_found"},
	    {4, "categoryrole1", "error", "category_not_found"},
	    {5, "categoryrole1", "error", "role_not_found"},
	    {6, "course1", "error", "course_not_found"},
	    {6, "group1", "skipped", "row_not_applied"});
	struct buffer text = {0};
	buffer_add(&text, reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
	for (size_t i = 0; i < sizeof mends / sizeof *mends; i++) {
		char *bad;
		while ((bad = memmem(text.bytes, text.size, mends[i][0], strlen(mends[i][0])))) {
			size_t before = (size_t)(bad - text.bytes), size = strlen(mends[i][0]);
			struct buffer mended = {0};
			buffer_add(&mended, text.bytes, before);
			buffer_add_text(&mended, mends[i][1]);
			buffer_add(&mended, bad + size, text.size - before - size);
			buffer_done(&text);
			text = mended;
		}
	}
	rig_drop_bytes(&rig, "b.csv", text.bytes, text.size);
	buffer_done(&text);
	rig_once(&rig);
	reply_open(&reply, &rig, "b.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 6);
	reply_close(&reply);
	law_close(&rig);
}

Test(members, of_cohorts_that_could_be_two_are_told)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &all);
	rig_execute(&rig,
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, timecreated, "
	    "timemodified) VALUES (1, 'a', '2026', 1, 1, 1), (1, 'b', 'DUP', 1, 1, 1), "
	    "(1, 'c', 'DUP', 1, 1, 1), (1, 'd', '2', 1, 1, 1)");
	reply_to(
	    &reply, &rig, "staff.csv", "username,cohort1\np1,2026\np1,DUP\np1,-DUP\np1,2\np2,1\n");
	EXPECT(&reply, {2, "cohort1", "error", "cohort_not_found"},
	    {3, "cohort1", "error", "cohort_ambiguous"},
	    {4, "cohort1", "error", "unenrol_not_allowed"},
	    {5, "cohort1", "error", "cohort_ambiguous"}, {6, "cohort1", "done", "cohort_joined"});
	reply_close(&reply);
	law_close(&rig);
}
