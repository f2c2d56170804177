/* enrold --once, the happy way: a file comes in, people are enrolled, an answer goes out. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

TestSuite(once, .timeout = 120);

static void expect_state(const struct spool *spool, const char *expected)
{
	struct buffer state = spool_state(spool);
	cr_expect_str_eq(state.bytes, expected);
	buffer_done(&state);
}

Test(once, a_dropped_file_is_enrolled_answered_and_archived)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "staff.csv", "username,course1,course2\np1,C1,\np2,C1,C2\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	cr_expect_str_eq(answer_status(&answer), "done");
	cr_expect_eq(answer_number(&answer, NULL, "rows"), 2);
	cr_expect_eq(answer_number(&answer, "outcomes", "done"), 3);
	cr_expect_str_eq(answer.retry_path.text, "");
	EXPECT(&answer, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {3, "course2", "done", "enrolled"});
	expect_state(&spool, "enrolled|p1|C1|0|\nenrolled|p2|C1|0|\nenrolled|p2|C2|0|\n"
	                     "has role|p1|C1|student|0\nhas role|p2|C1|student|0\n"
	                     "has role|p2|C2|student|0\n");
	answer_close(&answer);
	law_close(&spool);
}

Test(once, an_empty_inbox_is_no_error_and_leaves_no_trace)
{
	struct spool spool;
	spool_make(&spool, NULL);
	spool_once(&spool);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM enrold_run"), 0);
	law_close(&spool);
}

static struct buffer enrolment_rows(const struct spool *spool)
{
	return spool_query(spool, "SELECT * FROM mdl_user_enrolments");
}

Test(once, the_same_file_again_changes_nothing_and_says_so)
{
	static const char text[] = "username,course1,course2\np1,C1,C2\np2,C2,\n";
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "staff.csv", text);
	spool_once(&spool);
	struct buffer before = enrolment_rows(&spool);
	int64_t events = spool_number(&spool, "SELECT count(*) FROM mdl_logstore_standard_log");
	spool_drop(&spool, "staff.csv", text);
	spool_once(&spool);
	struct buffer after = enrolment_rows(&spool);
	cr_expect_str_eq(after.bytes, before.bytes);
	cr_expect_eq(
	    spool_number(&spool, "SELECT count(*) FROM mdl_logstore_standard_log"), events);
	answer_open(&answer, &spool, "staff.csv", 1);
	cr_expect_eq(answer_lines(&answer, (struct expected){0}), 3);
	cr_expect_eq(
	    answer_lines(&answer, (struct expected){0, NULL, "unchanged", "already_enrolled"}), 3);
	answer_close(&answer);
	buffer_done(&before);
	buffer_done(&after);
	law_close(&spool);
}

Test(once, the_same_row_twice_enrols_once)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "staff.csv", "username,course1,course2\np1,C1,C1\nP1,C1,\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	EXPECT(&answer, {2, "course1", "done", "enrolled"},
	    {2, "course2", "unchanged", "already_enrolled"},
	    {3, "course1", "unchanged", "already_enrolled"});
	cr_expect_str_eq(answer_cell(&answer, (struct expected){.line = 3}, 0, "username"), "p1");
	answer_close(&answer);
	expect_state(&spool, "enrolled|p1|C1|0|\nhas role|p1|C1|student|0\n");
	law_close(&spool);
}

#define HEADER "username,course1,role1,enrolstatus1,enroltimestart1,enrolperiod1\n"

Test(once, what_becomes_of_an_existing_enrolment_has_its_own_code)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "first.csv", HEADER "p1,C1,,,,\np2,C1,,1,,\np3,C1,,,2020-01-01,1\n");
	spool_once(&spool);
	spool_drop(&spool, "second.csv",
	    HEADER "p1,C1,editingteacher,,,\np1,C1,,,,30\np1,C1,,1,,\np2,C1,,,,\np3,C1,,,,\n"
	           "p1,C1,,1,,\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "second.csv", 0);
	EXPECT(&answer, {2, "course1", "done", "role_assigned"},
	    {3, "course1", "done", "enrolment_updated"},
	    {4, "course1", "done", "enrolment_updated"},
	    {5, "course1", "unchanged", "enrolment_suspended"},
	    {6, "course1", "unchanged", "enrolment_expired"},
	    {7, "course1", "unchanged", "already_enrolled"});
	answer_close(&answer);
	expect_state(&spool, "enrolled|p1|C1|1|2592000\nenrolled|p2|C1|1|\nenrolled|p3|C1|0|86400\n"
	                     "has role|p1|C1|editingteacher|0\nhas role|p1|C1|student|0\n"
	                     "has role|p2|C1|student|0\nhas role|p3|C1|student|0\n");
	law_close(&spool);
}

/* The clock of file systems ticks slowly: until the file is later than the one before. */
static int64_t arrive_after(const struct spool *spool, const char *name, int64_t before)
{
	struct path path = spool_inbox(spool, name);
	struct stat stat_;
	int64_t arrived;
	do {
		cr_assert_eq(utimensat(AT_FDCWD, path.text, NULL, 0), 0);
		cr_assert_eq(stat(path.text, &stat_), 0);
		arrived = (int64_t)stat_.st_ctim.tv_sec * 1000000000 + stat_.st_ctim.tv_nsec;
	} while (arrived <= before);
	return arrived;
}

Test(once, files_of_a_feed_are_taken_in_the_order_of_their_arrival)
{
	static const char *const names[] = {"c.csv", "b.csv", "a.csv"};
	struct spool spool;
	struct answer answers[3];
	int64_t arrived = 0;
	spool_make(&spool, NULL);
	for (int i = 0; i < 3; i++) {
		spool_drop(&spool, names[i], "username,course1\np1,C1\n");
		arrived = arrive_after(&spool, names[i], arrived);
	}
	spool_once(&spool);
	for (int i = 0; i < 3; i++)
		answer_open(&answers[i], &spool, names[i], 0);
	cr_expect_lt(strcmp(answers[0].run, answers[1].run), 0);
	cr_expect_lt(strcmp(answers[1].run, answers[2].run), 0);
	EXPECT(&answers[0], {2, "course1", "done", "enrolled"});
	EXPECT(&answers[1], {2, "course1", "unchanged", "already_enrolled"});
	EXPECT(&answers[2], {2, "course1", "unchanged", "already_enrolled"});
	for (int i = 0; i < 3; i++)
		answer_close(&answers[i]);
	law_close(&spool);
}

Test(once, each_feed_has_its_own_inbox_policy_and_outbox)
{
	static const char text[] = "username,course1,colour\np1,C1,red\n";
	struct spool spool;
	struct answer answer;
	spool_make(&spool,
	    &(struct spool_options){.feeds = "  default: {}\n  hr: { unknown_columns: ignore }\n"});
	files_make_directory(spool_inbox(&spool, "hr").text);
	spool_drop(&spool, "staff.csv", text);
	spool_drop(&spool, "hr/staff.csv", text);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	cr_expect_str_eq(answer_refusal(&answer), "header_unknown_column");
	answer_close(&answer);
	answer_open(&answer, &spool, "hr/staff.csv", 0);
	EXPECT(&answer, {2, "course1", "done", "enrolled"});
	answer_close(&answer);
	law_close(&spool);
}

Test(once, the_spool_keeps_its_files_from_others)
{
	struct spool spool;
	struct stat stat_;
	spool_make(&spool, NULL);
	spool_drop(&spool, "staff.csv", "username,course1\nnobody,C1\n");
	cr_assert_eq(chmod(spool_inbox(&spool, "staff.csv").text, 0644), 0);
	spool_once(&spool);
	static const char *const places[] = {"work", "archive", "outbox", "quarantine"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		cr_assert_eq(stat(spool_path(&spool, "%s", places[i]).text, &stat_), 0);
		cr_expect_eq(stat_.st_mode & 07, 0, "%s", places[i]);
	}
	law_close(&spool);
}
