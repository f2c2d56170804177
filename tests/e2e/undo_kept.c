/* What an undo leaves alone, what it cannot read, whose an enrolment is afterwards, and kills. */
#include "fatal.h"
#include "movement.h"
#include "nightly.h"
#include "reply.h"
#include "scale.h"
#include "service.h"
#include "undoing.h"

#include <criterion/criterion.h>
#include <unistd.h>

#define FEED                                                                                       \
	"  default: { allow_unenrol: true, removal: unenrol, purge_history: true, " RIG_MAY_ALL    \
	" }\n"

static const char enrolled[] =
    "SELECT u.username, c.shortname, ue.status FROM mdl_user_enrolments ue JOIN mdl_enrol e ON "
    "e.id = ue.enrolid JOIN mdl_course c ON c.id = e.courseid JOIN mdl_user u ON u.id = ue.userid "
    "ORDER BY u.id, c.id";

#define OF(person) "(SELECT id FROM mdl_user WHERE username = '" person "')"

Test(undo_kept, leaves_and_names_what_others_have_changed_since)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEED});
	reply_to(&reply, &rig, "a.csv",
	    "username,course1,group1\np1,C1,\np2,C1,\np3,C1,\np4,C1,\np5,C1,\np6,C1,Red\n");
	struct path run = undo_subject(&reply);
	reply_close(&reply);
	rig_execute(&rig,
	    "UPDATE mdl_user_enrolments SET status = 1 WHERE userid = " OF(
	        "p1") ";"
	              "DELETE FROM mdl_user_enrolments WHERE userid = " OF(
	                  "p2") ";"
	                        "INSERT INTO mdl_role_assignments (roleid, contextid, userid, "
	                        "timemodified, modifierid,"
	                        " component, itemid, sortorder) SELECT (SELECT id FROM mdl_role "
	                        "WHERE shortname ="
	                        " 'teacher'), contextid, userid, 0, 0, '', 0, 0 FROM "
	                        "mdl_role_assignments WHERE userid ="
	                        " " OF("p3") ";"
	                                     "UPDATE mdl_user SET username = 'p44' WHERE username "
	                                     "= 'p4';"
	                                     "DELETE FROM mdl_groups_members WHERE userid = " OF(
	                                         "p6") ";");
	undo_run(&rig, run.text, &reply);
	EXPECT(&reply, {7, "group1", "skipped", "kept_changed_since"},
	    {7, "course1", "done", "undone"}, {6, "course1", "done", "undone"},
	    {5, "course1", "skipped", "kept_changed_since"},
	    {4, "course1", "skipped", "kept_changed_since"},
	    {3, "course1", "skipped", "kept_changed_since"},
	    {2, "course1", "skipped", "kept_changed_since"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|1\np3|C1|0\np44|C1|0\n");
	/* Nothing is left of it that could be taken back once more. */
	undo_run(&rig, run.text, &reply);
	reply_close(&reply);
	reply_open(&reply, &rig, path_of("undo-%s.csv", run.text).text, 1);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 0);
	reply_close(&reply);
	rig_remove(&rig);
}

#define GRADES                                                                                     \
	"INSERT INTO mdl_grade_items (id, courseid, itemtype) SELECT 77, id, 'manual' FROM"        \
	" mdl_course WHERE shortname = 'C1';"                                                      \
	"INSERT INTO mdl_grade_grades (itemid, userid, finalgrade) VALUES (77, " OF("p1") ", 5);"

Test(undo_kept, keeps_grades_and_says_of_which_none_come_back)
{
	struct rig rig;
	struct reply reply;
	rig_make_whole(&rig, &(struct rig_options){.feeds = FEED}, "");
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	struct path enrolling = undo_subject(&reply);
	reply_close(&reply);
	rig_execute(&rig, GRADES);
	undo_run(&rig, enrolling.text, &reply);
	struct path suspending = undo_subject(&reply);
	EXPECT(&reply, {2, "course1", "done", "undone"}, {2, "course1", "warning", "has_history"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|1\n");
	undo_run(&rig, suspending.text, &reply);
	EXPECT(&reply, {2, "course1", "done", "undone"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|0\n");
	reply_to(&reply, &rig, "b.csv", "username,course1,unenrol1\np1,C1,1\n");
	struct path leaving = undo_subject(&reply);
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_grade_grades", "0\n");
	undo_run(&rig, leaving.text, &reply);
	EXPECT(&reply, {2, "course1", "done", "undone"}, {2, "course1", "skipped", "not_undoable"});
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|0\n");
	rig_remove(&rig);
}

Test(undo_kept, refuses_an_answer_that_is_gone_or_not_what_it_was)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEED});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	struct path run = undo_subject(&reply), path = reply.result_path;
	struct buffer text = files_read(path.text);
	reply_close(&reply);
	text.bytes[text.size - 2] ^= 1;
	files_write(path.text, text.bytes, text.size, 0640);
	undo_run(&rig, run.text, &reply);
	cr_expect_str_eq(reply_refusal(&reply), "result_altered");
	reply_close(&reply);
	cr_assert_eq(unlink(path.text), 0);
	undo_run(&rig, run.text, &reply);
	reply_close(&reply);
	reply_open(&reply, &rig, path_of("undo-%s.csv", run.text).text, 1);
	cr_expect_str_eq(reply_refusal(&reply), "result_missing");
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|0\n");
	buffer_done(&text);
	rig_remove(&rig);
}

/* ---- claims ---- */

#define ABSENCE                                                                                    \
	"  default: { absence: { action: suspend }, limits: { rows_of_last: 0%, removals: { "      \
	"count: "                                                                                  \
	"0, share: 0%, most: 0 }, per_course: { count: 0, share: 0% } } }\n"

Test(undo_kept, leaves_whom_it_brought_back_to_nobody_until_a_file_lists_them)
{
	struct nightly nightly;
	struct reply reply;
	nightly_make(&nightly, ABSENCE);
	nightly_send(&nightly, "staff-1.csv", "1-20:C1");
	nightly_send(&nightly, "staff-2.csv", "1-18:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 2);
	struct path run = undo_subject(&nightly.reply);
	undo_run(&nightly.rig, run.text, &reply);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 2);
	reply_close(&reply);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_send(&nightly, "staff-3.csv", "1-18:C1 2:C2");
	cr_expect_eq(nightly_suspended(&nightly), 0, "they are not the feed's to suspend");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	nightly_send(&nightly, "staff-4.csv", "1-20:C1 2:C2");
	nightly_send(&nightly, "staff-5.csv", "1-18:C1 1-2:C2");
	cr_expect_eq(nightly_suspended(&nightly), 2, "they are, once listed");
	nightly_leave(&nightly);
}

Test(undo_kept, claims_no_longer_what_the_run_has_made)
{
	struct nightly nightly;
	struct reply reply;
	nightly_make(&nightly, ABSENCE);
	nightly_send(&nightly, "staff-1.csv", "1-20:C1");
	nightly_send(&nightly, "staff-2.csv", "1-25:C1");
	struct path run = undo_subject(&nightly.reply);
	cr_expect_eq(rig_number(&nightly.rig, "SELECT count(*) FROM enrold_listing"), 25);
	undo_run(&nightly.rig, run.text, &reply);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 5);
	reply_close(&reply);
	cr_expect_eq(rig_number(&nightly.rig, "SELECT count(*) FROM enrold_listing"), 20);
	cr_expect_eq(nightly_active(&nightly, "C1"), 20);
	nightly_leave(&nightly);
}

/* ---- on and on ---- */

enum { PEOPLE = SCALE(2000, 300), COURSES = 5, KILLS = 3 };

static struct buffer everybody(void)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2,course3,course4,course5\n");
	for (int i = 1; i <= PEOPLE; i++)
		buffer_print(&text, "p%d,C1,C2,C3,C4,C5\n", i);
	buffer_add_char(&text, '\0');
	return text;
}

static void records_await(const struct rig *rig, const char *run, int64_t least)
{
	struct movement movement;
	struct path sql =
	    path_of("SELECT coalesce(max(records), 0) FROM enrold_run WHERE run > '%s'", run);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (rig_number(rig, sql.text) < least)
		cr_assert(movement_pause(&movement), "never %lld records", (long long)least);
}

static struct buffer undone_with_kills(int kills)
{
	struct rig rig;
	struct reply reply;
	struct service service;
	struct buffer text = everybody();
	rig_make(&rig, &(struct rig_options){.people = PEOPLE,
	                   .courses = COURSES,
	                   .feeds = FEED,
	                   .settings = "checkpoint_rows: 1000\n"});
	reply_to(&reply, &rig, "a.csv", text.bytes);
	struct path run = undo_subject(&reply);
	reply_close(&reply);
	undo_order(&rig, run.text);
	for (int i = 0; i < kills; i++) {
		int64_t all = PEOPLE * COURSES;
		service_start(&service, &rig);
		records_await(&rig, run.text, all + all / (kills + 1) * i + 1);
		service_kill(&service);
	}
	rig_once(&rig);
	reply_open(&reply, &rig, path_of("undo-%s.csv", run.text).text, 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), PEOPLE * COURSES);
	struct buffer result = files_read(reply.result_path.text);
	reply_close(&reply);
	rig_expect(&rig, enrolled, "");
	rig_expect(&rig, "SELECT count(*) FROM mdl_role_assignments WHERE component = ''", "0\n");
	buffer_done(&text);
	rig_remove(&rig);
	return result;
}

Test(undo_kept, killed_again_and_again_goes_on_behind_its_checkpoint)
{
	struct buffer calm = undone_with_kills(0), rough = undone_with_kills(KILLS);
	cr_expect_eq(calm.size, rough.size);
	cr_expect(calm.size == rough.size && memcmp(calm.bytes, rough.bytes, calm.size) == 0);
	buffer_done(&calm);
	buffer_done(&rough);
}
