/* What an undo leaves alone, what it cannot read, and whose an enrolment is afterwards. */
#include "law.h"
#include "nightly.h"
#include "reply.h"
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
	/* A server that is filled anew from our copy gives what comes the number of what is gone,
	 * which the law takes for the same. */
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
	nightly_close(&nightly);
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
	nightly_close(&nightly);
}

/* ---- runs that were not all done ---- */

#define LIMITED                                                                                    \
	"  default: { allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 2, "      \
	"share: "                                                                                  \
	"0%, most: 0 } } }\n"

Test(undo_kept, takes_back_what_a_run_has_done_that_withheld_something)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = LIMITED});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\np2,C1\np3,C1\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv",
	    "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\np4,C2,\n");
	struct path run = undo_subject(&reply);
	cr_expect_eq(reply_number(&reply, "codes", "withheld"), 3);
	cr_expect_eq(reply_number(&reply, "codes", "enrolled"), 1);
	reply_close(&reply);
	undo_run(&rig, run.text, &reply);
	EXPECT(&reply, {5, "course1", "done", "undone"});
	cr_expect_eq(reply.result.rows_count, 2);
	reply_close(&reply);
	rig_expect(&rig, enrolled, "p1|C1|0\np2|C1|0\np3|C1|0\n");
	law_close(&rig);
}
