/* enrold --once, the happy way: a file comes in, people are enrolled, an answer goes out. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static void expect_state(const struct rig *rig, const char *expected)
{
	struct buffer state = rig_state(rig);
	cr_expect_str_eq(state.bytes, expected);
	buffer_done(&state);
}

Test(once, a_dropped_file_is_enrolled_answered_and_archived)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	reply_to(&reply, &rig, "staff.csv", "username,course1,course2\np1,C1,\np2,C1,C2\n");
	cr_expect_str_eq(reply_status(&reply), "done");
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 2);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 3);
	cr_expect_str_eq(reply.retry_path.text, "");
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {3, "course2", "done", "enrolled"});
	expect_state(&rig, "enrolled|p1|C1|0|\nenrolled|p2|C1|0|\nenrolled|p2|C2|0|\n"
	                   "has role|p1|C1|student|0\nhas role|p2|C1|student|0\n"
	                   "has role|p2|C2|student|0\n");
	reply_close(&reply);
	law_close(&rig);
}

Test(once, an_empty_inbox_is_no_error_and_leaves_no_trace)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	law_close(&rig);
}

static struct buffer enrolment_rows(const struct rig *rig)
{
	return rig_query(rig, "SELECT * FROM mdl_user_enrolments");
}

Test(once, the_same_file_again_changes_nothing_and_says_so)
{
	static const char text[] = "username,course1,course2\np1,C1,C2\np2,C2,\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", text);
	rig_once(&rig);
	struct buffer before = enrolment_rows(&rig);
	int64_t events = rig_number(&rig, "SELECT count(*) FROM mdl_logstore_standard_log");
	rig_drop(&rig, "staff.csv", text);
	rig_once(&rig);
	struct buffer after = enrolment_rows(&rig);
	cr_expect_str_eq(after.bytes, before.bytes);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_logstore_standard_log"), events);
	reply_open(&reply, &rig, "staff.csv", 1);
	cr_expect_eq(reply_lines(&reply, (struct expected){0}), 3);
	cr_expect_eq(
	    reply_lines(&reply, (struct expected){0, NULL, "unchanged", "already_enrolled"}), 3);
	reply_close(&reply);
	buffer_done(&before);
	buffer_done(&after);
	law_close(&rig);
}

Test(once, the_same_row_twice_enrols_once)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	reply_to(&reply, &rig, "staff.csv", "username,course1,course2\np1,C1,C1\nP1,C1,\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"},
	    {2, "course2", "unchanged", "already_enrolled"},
	    {3, "course1", "unchanged", "already_enrolled"});
	cr_expect_str_eq(reply_cell(&reply, (struct expected){.line = 3}, 0, "username"), "p1");
	reply_close(&reply);
	expect_state(&rig, "enrolled|p1|C1|0|\nhas role|p1|C1|student|0\n");
	law_close(&rig);
}

#define HEADER "username,course1,role1,enrolstatus1,enroltimestart1,enrolperiod1\n"

Test(once, what_becomes_of_an_existing_enrolment_has_its_own_code)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	rig_drop(&rig, "first.csv", HEADER "p1,C1,,,,\np2,C1,,1,,\np3,C1,,,2020-01-01,1\n");
	rig_once(&rig);
	rig_drop(&rig, "second.csv",
	    HEADER "p1,C1,editingteacher,,,\np1,C1,,,,30\np1,C1,,1,,\np2,C1,,,,\np3,C1,,,,\n"
	           "p1,C1,,1,,\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "second.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "role_assigned"},
	    {3, "course1", "done", "enrolment_updated"},
	    {4, "course1", "done", "enrolment_updated"},
	    {5, "course1", "unchanged", "enrolment_suspended"},
	    {6, "course1", "unchanged", "enrolment_expired"},
	    {7, "course1", "unchanged", "already_enrolled"});
	reply_close(&reply);
	expect_state(&rig, "enrolled|p1|C1|1|2592000\nenrolled|p2|C1|1|\nenrolled|p3|C1|0|86400\n"
	                   "has role|p1|C1|editingteacher|0\nhas role|p1|C1|student|0\n"
	                   "has role|p2|C1|student|0\nhas role|p3|C1|student|0\n");
	law_close(&rig);
}

/* The clock of file systems ticks slowly: until the file is later than the one before. */
static int64_t arrive_after(const struct rig *rig, const char *name, int64_t before)
{
	struct path path = rig_inbox(rig, name);
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
	struct rig rig;
	struct reply replies[3];
	int64_t arrived = 0;
	rig_make(&rig, NULL);
	for (int i = 0; i < 3; i++) {
		rig_drop(&rig, names[i], "username,course1\np1,C1\n");
		arrived = arrive_after(&rig, names[i], arrived);
	}
	rig_once(&rig);
	for (int i = 0; i < 3; i++)
		reply_open(&replies[i], &rig, names[i], 0);
	cr_expect_lt(strcmp(replies[0].run, replies[1].run), 0);
	cr_expect_lt(strcmp(replies[1].run, replies[2].run), 0);
	EXPECT(&replies[0], {2, "course1", "done", "enrolled"});
	EXPECT(&replies[1], {2, "course1", "unchanged", "already_enrolled"});
	EXPECT(&replies[2], {2, "course1", "unchanged", "already_enrolled"});
	for (int i = 0; i < 3; i++)
		reply_close(&replies[i]);
	law_close(&rig);
}

Test(once, each_feed_has_its_own_inbox_policy_and_outbox)
{
	static const char text[] = "username,course1,colour\np1,C1,red\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: {}\n  hr: { unknown_columns: ignore }\n"});
	files_make_directory(rig_inbox(&rig, "hr").text);
	rig_drop(&rig, "staff.csv", text);
	rig_drop(&rig, "hr/staff.csv", text);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	cr_expect_str_eq(reply_refusal(&reply), "header_unknown_column");
	reply_close(&reply);
	reply_open(&reply, &rig, "hr/staff.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}

Test(once, the_spool_keeps_its_files_from_others)
{
	struct rig rig;
	struct stat stat_;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", "username,course1\nnobody,C1\n");
	cr_assert_eq(chmod(rig_inbox(&rig, "staff.csv").text, 0644), 0);
	rig_once(&rig);
	static const char *const places[] = {"work", "archive", "outbox", "quarantine"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		cr_assert_eq(stat(rig_path(&rig, "%s", places[i]).text, &stat_), 0);
		cr_expect_eq(stat_.st_mode & 07, 0, "%s", places[i]);
	}
	law_close(&rig);
}
