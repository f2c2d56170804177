/* What only Moodle can do is left for it in aftercare/, before the answer is out. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEEDS "  default: { upload_type: add_or_update, allow_delete: true, " RIG_MAY_ALL " }\n"

/* C1 is the course 2 with the enrolment method 1, and so on; p1 is the person 3. */
static void real_make(struct rig *rig, const char *settings, int people)
{
	rig_make_whole(rig,
	    &(struct rig_options){.feeds = FEEDS, .settings = settings, .people = people},
	    "INSERT INTO mdl_forum (course, type, forcesubscribe) VALUES (2, 'news', 2), (3, "
	    "'general', 0);"
	    "UPDATE mdl_enrol SET customint1 = CASE courseid WHEN 3 THEN 1 ELSE 0 END");
}

static struct path list_of(const struct rig *rig, const struct reply *reply)
{
	return rig_path(rig, "aftercare/%s.jsonl", reply->run);
}

static void expect_list(const struct rig *rig, const struct reply *reply, const char *lines)
{
	struct buffer text = files_read(list_of(rig, reply).text);
	buffer_add_char(&text, '\0');
	cr_expect_str_eq(text.bytes, lines, "%s", text.bytes);
	buffer_done(&text);
}

static void expect_none(const struct rig *rig, const struct reply *reply)
{
	cr_expect_neq(access(list_of(rig, reply).text, F_OK), 0);
}

Test(aftercare, is_asked_for_what_the_site_wants_and_no_more)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig, "aftercare: true\n", 20);
	reply_to(&reply, &rig, "a.csv",
	    "username,course1,group1,course2,role2\np1,C1,Red,C2,teacher\np2,C1,Red,C3,\n");
	expect_list(&rig, &reply,
	    "{\"job\":\"subscribe\",\"course\":2,\"user\":3,\"role\":5}\n"
	    "{\"job\":\"course_groups\",\"course\":2}\n{\"job\":\"member_groups\",\"user\":3}\n"
	    "{\"job\":\"welcome\",\"enrol\":2,\"user\":3,\"role\":4}\n"
	    "{\"job\":\"subscribe\",\"course\":2,\"user\":4,\"role\":5}\n"
	    "{\"job\":\"member_groups\",\"user\":4}\n");
	const char *said =
	    reply_cell(&reply, (struct expected){.code = "group_created"}, 0, "message");
	cr_expect_str_eq(said, "The group was made, and joined; aftercare tells Moodle's caches.");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,deleted\np2,1\n");
	expect_list(&rig, &reply, "{\"job\":\"account_deleted\",\"user\":4}\n");
	said = reply_cell(&reply, (struct expected){.code = "left_to_moodle"}, 0, "message");
	cr_expect_str_eq(
	    said, "Grades, files and what plugins keep of the person are removed by aftercare.");
	reply_close(&reply);
	rig_remove(&rig);
}

Test(aftercare, is_asked_for_what_comes_along_with_a_cohort)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig, "aftercare: true\n", 20);
	rig_execute(&rig,
	    "INSERT INTO mdl_groups (id, courseid, name) VALUES (1, 2, 'Red');"
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, visible, "
	    "component, timecreated, timemodified) VALUES (1, 'Sales', 'SALES', 1, 1, '', 0, 0);"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1, customint2) "
	    "VALUES "
	    "('cohort', 0, 2, 5, 1, 1)");
	reply_to(&reply, &rig, "a.csv", "username,cohort1\np1,SALES\n");
	expect_list(&rig, &reply,
	    "{\"job\":\"subscribe\",\"course\":2,\"user\":3,\"role\":5}\n"
	    "{\"job\":\"member_groups\",\"user\":3}\n");
	reply_close(&reply);
	rig_remove(&rig);
}

Test(aftercare, is_asked_for_all_members_of_a_group_that_gets_into_a_grouping)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig, "aftercare: true\n", 20);
	rig_execute(&rig, "INSERT INTO mdl_groups (id, courseid, name) VALUES (7, 2, 'Red')");
	reply_to(&reply, &rig, "g.csv", "groupname,coursename,groupingname\nRed,C1,Colours\n");
	expect_list(&rig, &reply,
	    "{\"job\":\"course_groups\",\"course\":2}\n{\"job\":\"group_members\",\"group\":7}\n");
	reply_close(&reply);
	law_close(&rig);
}

Test(aftercare, is_not_asked_for_when_nothing_is_to_be_done)
{
	static const char *const quiet[] = {
	    "username,course1\np1,C3\n", "username,course1\np1,NO\n", "username,curse1\np1,C1\n"};
	struct rig rig;
	struct reply reply;
	real_make(&rig, "aftercare: true\n", 20);
	for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) {
		reply_to(&reply, &rig, path_of("%zu.csv", i).text, quiet[i]);
		expect_none(&rig, &reply);
		reply_close(&reply);
	}
	files_make_directory(rig_path(&rig, "inbox/preview").text);
	reply_to(&reply, &rig, "preview/a.csv", "username,course1,group1\np1,C1,Red\n");
	expect_none(&rig, &reply);
	reply_close(&reply);
	law_close(&rig);
}

Test(aftercare, is_off_unless_it_is_switched_on)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig, NULL, 20);
	reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Red\n");
	cr_expect_neq(access(rig_path(&rig, "aftercare").text, F_OK), 0);
	reply_close(&reply);
	law_close(&rig);
}

static size_t lines_count(const char *path)
{
	struct buffer text = files_read(path);
	size_t count = 0;
	for (size_t i = 0; i < text.size; i++)
		count += text.bytes[i] == '\n';
	buffer_done(&text);
	return count;
}

/* A transaction of which much is expected, and one checkpoint after the other. */
Test(aftercare, is_asked_for_everybody_of_a_large_file)
{
	enum { PEOPLE = 1500 };
	static const char *const settings[] = {
	    "aftercare: true\n", "aftercare: true\ncheckpoint_rows: 100\n"};
	for (size_t s = 0; s < 2; s++) {
		struct rig rig;
		struct reply reply;
		struct buffer text = {0};
		real_make(&rig, settings[s], PEOPLE);
		buffer_add_text(&text, "username,course1,course2\n");
		for (int i = 1; i <= PEOPLE; i++)
			buffer_print(&text, "p%d,C1,C2\n", i);
		buffer_add_char(&text, '\0');
		reply_to(&reply, &rig, "a.csv", text.bytes);
		cr_expect_eq(lines_count(list_of(&rig, &reply).text), 2 * PEOPLE);
		reply_close(&reply);
		buffer_done(&text);
		law_close(&rig);
	}
}

/* The web server's user reads and removes what lies there, by the group of the folder. */
Test(aftercare, is_read_by_the_group_of_its_folder)
{
	struct rig rig;
	struct reply reply;
	struct stat file;
	if (geteuid() != 0)
		cr_skip_test("needs another group");
	real_make(&rig, "aftercare: true\n", 20);
	struct path folder = rig_path(&rig, "aftercare");
	rig_once(&rig);
	cr_assert_eq(chown(folder.text, (uid_t)-1, 33), 0);
	cr_assert_eq(chmod(folder.text, 02770), 0);
	reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Red\n");
	cr_assert_eq(stat(list_of(&rig, &reply).text, &file), 0);
	cr_expect_eq(file.st_gid, 33);
	cr_expect_eq(file.st_mode & 0777, 0640);
	struct listing listing = files_list(folder.text);
	cr_expect_eq(listing.count, 1);
	listing_done(&listing);
	reply_close(&reply);
	law_close(&rig);
}
