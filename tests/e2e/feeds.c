/* What a feed may say of its files: names, dates, roles, and how a file must end. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>

TestSuite(feeds, .timeout = 120);

static void run_one(struct spool *spool, const char *feed, const char *text, struct answer *answer)
{
	spool_make(spool, &(struct spool_options){.feeds = feed});
	spool_drop(spool, "staff.csv", text);
	spool_once(spool);
	answer_open(answer, spool, "staff.csv", 0);
}

static void close_both(struct spool *spool, struct answer *answer)
{
	answer_close(answer);
	law_close(spool);
}

Test(feeds, type_stands_for_the_first_role_of_its_archetype)
{
	struct spool spool;
	struct answer answer;
	run_one(&spool, "  default: {}\n",
	    "username,course1,type1\np1,C1,1\np2,C1,2\np3,C1,3\np4,C1,4\np5,C1,0\n", &answer);
	EXPECT(&answer, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {4, "course1", "done", "enrolled"}, {5, "type1", "error", "invalid_value"},
	    {6, "course1", "done", "enrolled"});
	struct expected line = {4, "course1", NULL, NULL};
	cr_expect(text_ends(answer_cell(&answer, line, 0, "after"), ";roles=teacher"));
	close_both(&spool, &answer);
}

Test(feeds, type_roles_say_otherwise_unless_a_role_is_named)
{
	struct spool spool;
	struct answer answer;
	run_one(&spool, "  default: { type_roles: [teacher, student, student] }\n",
	    "username,course1,role1,type1\np1,C1,,1\np2,C1,student,1\n", &answer);
	struct expected first = {2, "course1", "done", "enrolled"};
	struct expected second = {3, "course1", "done", "enrolled"};
	cr_expect(text_ends(answer_cell(&answer, first, 0, "after"), ";roles=teacher"));
	cr_expect(text_ends(answer_cell(&answer, second, 0, "after"), ";roles=student"));
	close_both(&spool, &answer);
}

Test(feeds, columns_map_the_names_of_an_export_and_the_rest_is_ignored)
{
	struct spool spool;
	struct answer answer;
	run_one(&spool,
	    "  default: { unknown_columns: ignore, columns: { Employee ID: username, Kurs: "
	    "course1 } }\n",
	    "Cost centre,employee id,KURS,Cost centre\n7,p1,C1,8\n7,p2,C99,8\n", &answer);
	EXPECT(&answer, {2, "course1", "done", "enrolled"},
	    {3, "course1", "error", "course_not_found"});
	cr_expect(
	    text_starts(answer.retry.bytes, "\xEF\xBB\xBF"
	                                    "Cost centre,employee id,KURS,Cost centre,error_line"));
	close_both(&spool, &answer);
}

Test(feeds, dates_are_read_in_the_forms_the_feed_gives_and_no_others)
{
	struct spool spool;
	struct answer answer;
	run_one(&spool, "  default: { dates: [\"%d/%m/%Y\"] }\n",
	    "username,course1,enroltimestart1\np1,C1,03/02/2027\np2,C1,2027-02-03\n"
	    "p3,C1,31/02/2027\np4,C1,02-03-2027\n",
	    &answer);
	EXPECT(&answer, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {4, "enroltimestart1", "error", "invalid_value"},
	    {5, "enroltimestart1", "error", "invalid_value"});
	struct expected slashes = {2, "course1", NULL, NULL}, dashes = {3, "course1", NULL, NULL};
	cr_expect_str_eq(
	    answer_cell(&answer, slashes, 0, "after"), answer_cell(&answer, dashes, 0, "after"));
	close_both(&spool, &answer);
}

Test(feeds, refresh_moves_the_dates_that_keep_would_leave)
{
	static const char early[] =
	    "username,course1,enroltimestart1,enrolperiod1\np1,C1,2026-01-01,30\n";
	struct spool spool;
	struct answer answer;
	spool_make(
	    &spool, &(struct spool_options){
	                .feeds = "  default: {}\n  daily: { existing_enrolment: refresh }\n"});
	spool_drop(&spool, "a.csv", early);
	spool_once(&spool);
	spool_drop(&spool, "b.csv", "username,course1\np1,C1\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "b.csv", 0);
	EXPECT(&answer, {2, "course1", "unchanged", "enrolment_expired"});
	answer_close(&answer);
	spool_drop(&spool, "daily/c.csv", "username,course1\np1,C1\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "daily/c.csv", 0);
	struct expected line = {2, "course1", "done", "enrolment_updated"};
	EXPECT(&answer, line);
	cr_expect(strstr(answer_cell(&answer, line, 0, "after"), ";timeend=0;"));
	close_both(&spool, &answer);
}

Test(feeds, a_file_without_a_final_newline_is_refused_where_one_is_required)
{
	struct spool spool;
	struct answer answer;
	run_one(
	    &spool, "  default: { final_newline: require }\n", "username,course1\np1,C1", &answer);
	cr_expect_str_eq(answer_refusal(&answer), "no_final_newline");
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	close_both(&spool, &answer);
}

Test(feeds, a_file_without_a_final_newline_is_applied_where_none_is_required)
{
	struct spool spool;
	struct answer answer;
	run_one(&spool, "  default: {}\n", "username,course1\np1,C1", &answer);
	EXPECT(&answer, {2, "course1", "done", "enrolled"});
	close_both(&spool, &answer);
}

Test(feeds, one_ragged_row_refuses_the_file_before_anything_is_applied)
{
	struct spool spool;
	struct answer answer;
	run_one(&spool, "  default: { on_bad_row: reject_file }\n",
	    "username,course1\np1,C1\np2,C1,more\n", &answer);
	cr_expect_str_eq(answer_refusal(&answer), "wrong_field_count");
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	close_both(&spool, &answer);
}
