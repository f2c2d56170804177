/* An answer that lists changes only: what it leaves out, and that nothing else is lost. */
#include "law.h"
#include "nightly.h"

#include <criterion/criterion.h>
#include <string.h>

#define CHANGES "result_rows: changes"

static void answer(struct rig *rig, struct reply *reply, const char *name, const char *text)
{
	reply_to(reply, rig, name, text);
	cr_expect_str_eq(reply_status(reply), "done");
}

Test(result_rows, of_what_is_so_already_are_counted_and_not_listed)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { " CHANGES " }\n"});
	answer(&rig, &reply, "a.csv", "username,course1,course2\np1,C1,C2\np2,C1,C2\n");
	cr_expect_eq(reply.result.rows_count, 5);
	reply_close(&reply);
	answer(&rig, &reply, "b.csv",
	    "username,course1,course2\np1,C1,C2\np2,C1,C3\nnobody,C1,C2\np3,C1,\n");
	cr_expect_eq(reply.result.rows_count, 6);
	EXPECT(&reply, {3, "course2", "done", "enrolled"}, {4, "course1", "skipped", NULL},
	    {4, "course2", "skipped", NULL}, {4, "username", "error", "user_not_found"},
	    {5, "course1", "done", "enrolled"});
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 4);
	cr_expect_eq(reply_number(&reply, "outcomes", "unchanged"), 3);
	cr_expect_eq(reply_number(&reply, "codes", "already_enrolled"), 3);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 2);
	cr_expect(
	    strstr(reply.retry.bytes, "nobody,C1,C2,4,user_not_found"), "%s", reply.retry.bytes);
	reply_close(&reply);
	answer(&rig, &reply, "c.csv", "username,course1,course2\np1,C1,C2\np2,C1,C3\n");
	cr_expect_eq(reply.result.rows_count, 1, "only the header");
	cr_expect_eq(reply_number(&reply, "outcomes", "unchanged"), 4);
	reply_close(&reply);
	law_close(&rig);
}

Test(result_rows, of_a_preview_are_left_out_too)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { " CHANGES " }\n"});
	answer(&rig, &reply, "a.csv", "username,course1\np1,C1\n");
	reply_close(&reply);
	answer(&rig, &reply, "preview/b.csv", "username,course1\np1,C1\np2,C1\n");
	cr_expect_eq(reply.result.rows_count, 2);
	EXPECT(&reply, {3, "course1", "done", "enrolled"});
	cr_expect_eq(reply_number(&reply, "outcomes", "unchanged"), 1);
	reply_close(&reply);
	law_close(&rig);
}

/* Who is absent and stays is said once, and is no row of the file. */
Test(result_rows, of_the_absent_are_listed_whatever_they_say)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { absence: { action: suspend }, " CHANGES " }\n");
	nightly_send(&nightly, "staff-1.csv", "1-40:C1");
	rig_execute(&nightly.rig, "UPDATE mdl_user_enrolments SET status = 1, timemodified = "
	                          "timemodified + 1 WHERE userid = (SELECT id FROM mdl_user WHERE "
	                          "username = 'p40')");
	nightly_send(&nightly, "staff-2.csv", "1-38:C1");
	cr_expect_eq(nightly.reply.result.rows_count, 3);
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 1);
	cr_expect_eq(nightly_rows(&nightly, "unchanged", "kept_manual"), 1);
	nightly_leave(&nightly);
}

Test(result_rows, that_are_not_there_are_no_trouble_for_whoever_explains)
{
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	rig_make(
	    &rig, &(struct rig_options){.people = 60, .feeds = "  default: { " CHANGES " }\n"});
	buffer_add_text(&text, "username,course1,role1\n");
	for (int row = 0; row < 3000; row++) /* more than an answer has without an index */
		buffer_print(&text, "p%d,C%d,%s\n", row % 50 + 1, row % 10 + 1,
		    row % 2 ? "student" : "a role that is so called by nobody at all");
	rig_drop_bytes(&rig, "a.csv", text.bytes, text.size);
	rig_once(&rig);
	answer(&rig, &reply, "b.csv", "username,course1\np2,C2\np2,C3\n");
	cr_expect_eq(reply.result.rows_count, 2);
	reply_close(&reply);
	const char *const argv[] = {
	    "enrolctl", "--config", rig.config.text, "--json", "explain", "p2", NULL};
	struct finished finished = program_expect(0, argv);
	const char *told = finished.out.bytes;
	cr_expect(
	    strstr(told, "\"target\": \"C3\"") || strstr(told, "\"target\":\"C3\""), "%s", told);
	cr_expect_not(strstr(told, "already_enrolled"), "%s", told);
	finished_done(&finished);
	buffer_done(&text);
	law_close(&rig);
}
