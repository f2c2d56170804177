/* What a feed may say of its files: names, dates, roles, and how a file must end. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>

static void run_one(struct rig *rig, const char *feed, const char *text, struct reply *reply)
{
	rig_make(rig, &(struct rig_options){.feeds = feed});
	reply_to(reply, rig, "staff.csv", text);
}

static void close_both(struct rig *rig, struct reply *reply)
{
	reply_close(reply);
	law_close(rig);
}

Test(feeds, type_stands_for_the_first_role_of_its_archetype)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig, "  default: {}\n",
	    "username,course1,type1\np1,C1,1\np2,C1,2\np3,C1,3\np4,C1,4\np5,C1,0\n", &reply);
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {4, "course1", "done", "enrolled"}, {5, "type1", "error", "invalid_value"},
	    {6, "course1", "done", "enrolled"});
	struct expected line = {4, "course1", NULL, NULL};
	cr_expect(text_ends(reply_cell(&reply, line, 0, "after"), ";roles=teacher"));
	close_both(&rig, &reply);
}

Test(feeds, type_roles_say_otherwise_unless_a_role_is_named)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig, "  default: { type_roles: [teacher, student, student] }\n",
	    "username,course1,role1,type1\np1,C1,,1\np2,C1,student,1\n", &reply);
	struct expected first = {2, "course1", "done", "enrolled"};
	struct expected second = {3, "course1", "done", "enrolled"};
	cr_expect(text_ends(reply_cell(&reply, first, 0, "after"), ";roles=teacher"));
	cr_expect(text_ends(reply_cell(&reply, second, 0, "after"), ";roles=student"));
	close_both(&rig, &reply);
}

Test(feeds, columns_map_the_names_of_an_export_and_the_rest_is_ignored)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig,
	    "  default: { unknown_columns: ignore, columns: { Employee ID: username, Kurs: "
	    "course1 } }\n",
	    "Cost centre,employee id,KURS,Cost centre\n7,p1,C1,8\n7,p2,C99,8\n", &reply);
	EXPECT(&reply, {2, "course1", "done", "enrolled"},
	    {3, "course1", "error", "course_not_found"});
	cr_expect(
	    text_starts(reply.retry.bytes, "\xEF\xBB\xBF"
	                                   "Cost centre,employee id,KURS,Cost centre,error_line"));
	close_both(&rig, &reply);
}

Test(feeds, dates_are_read_in_the_forms_the_feed_gives_and_no_others)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig, "  default: { dates: [\"%d/%m/%Y\"] }\n",
	    "username,course1,enroltimestart1\np1,C1,03/02/2027\np2,C1,2027-02-03\n"
	    "p3,C1,31/02/2027\np4,C1,02-03-2027\n",
	    &reply);
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {4, "enroltimestart1", "error", "invalid_value"},
	    {5, "enroltimestart1", "error", "invalid_value"});
	struct expected slashes = {2, "course1", NULL, NULL}, dashes = {3, "course1", NULL, NULL};
	cr_expect_str_eq(
	    reply_cell(&reply, slashes, 0, "after"), reply_cell(&reply, dashes, 0, "after"));
	close_both(&rig, &reply);
}

Test(feeds, refresh_moves_the_dates_that_keep_would_leave)
{
	static const char early[] =
	    "username,course1,enroltimestart1,enrolperiod1\np1,C1,2026-01-01,30\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: {}\n  daily: { existing_enrolment: refresh }\n"});
	rig_drop(&rig, "a.csv", early);
	rig_once(&rig);
	reply_to(&reply, &rig, "b.csv", "username,course1\np1,C1\n");
	EXPECT(&reply, {2, "course1", "unchanged", "enrolment_expired"});
	reply_close(&reply);
	reply_to(&reply, &rig, "daily/c.csv", "username,course1\np1,C1\n");
	struct expected line = {2, "course1", "done", "enrolment_updated"};
	EXPECT(&reply, line);
	cr_expect(strstr(reply_cell(&reply, line, 0, "after"), ";timeend=0;"));
	close_both(&rig, &reply);
}

Test(feeds, a_file_without_a_final_newline_is_refused_where_one_is_required)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig, "  default: { final_newline: require }\n", "username,course1\np1,C1", &reply);
	cr_expect_str_eq(reply_refusal(&reply), "no_final_newline");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	close_both(&rig, &reply);
}

Test(feeds, a_file_without_a_final_newline_is_applied_where_none_is_required)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig, "  default: {}\n", "username,course1\np1,C1", &reply);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	close_both(&rig, &reply);
}

Test(feeds, one_ragged_row_refuses_the_file_before_anything_is_applied)
{
	struct rig rig;
	struct reply reply;
	run_one(&rig, "  default: { on_bad_row: reject_file }\n",
	    "username,course1\np1,C1\np2,C1,more\n", &reply);
	cr_expect_str_eq(reply_refusal(&reply), "wrong_field_count");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	close_both(&rig, &reply);
}
