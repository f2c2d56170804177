/*
 * Files that look as if people had left, although nobody has: each disaster removes nobody and says
 * why; the rest of the file is done, unless nothing of it looks right: then it is held as a whole.
 */
#include "law.h"
#include "nightly.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#define SUSPEND "  default: { absence: { action: suspend } }\n"
#define WHOLE "1-50:C1 1-10:C2 11-20:C3"

static const struct disaster {
	const char *what, *feeds;
	const char *before, *name, *roster; /* of the last good file, and of the bad one */
	int withheld;                       /* rows about the absent */
	const char *code, *words;
	const char *held_by; /* NULL: the rest is done */
} disasters[] = {
    {"half of the file", SUSPEND, "1-50:C1", "staff-2.csv", "1-25:C1", 25, "withheld",
        "the file has 25 rows, the last full one had 50: less than limits.rows_of_last",
        "rows_of_last"},
    {"one row of it", SUSPEND, "1-50:C1", "staff-2.csv", "1:C1", 49, "withheld",
        "the file has 1 row, the last full one had 50", "rows_of_last"},
    {"a filter that leaves nine tenths", SUSPEND, "1-50:C1", "staff-2.csv", "1-44:C1", 6,
        "withheld", "less than limits.rows_of_last", "rows_of_last"},
    {"more than the whole feed may lose", SUSPEND, "1-60:C1 1-60:C2", "staff-2.csv",
        "1-49:C1 1-60:C2", 11, "withheld",
        "11 of 60 people would leave courses, more than limits.removals let go", NULL},
    {"a file of another feed", SUSPEND, "1-50:C1", "students-2.csv", "1-48:C1", 2, "other_file",
        "'staff-1.csv'", NULL},
    {"part two of a file in parts", SUSPEND, "1-50:C1", "staff-2-b.csv", "1-48:C1", 2, "other_file",
        "called otherwise", NULL},
    {"all courses but one", SUSPEND, "1-30:C1 1-20:C2", "staff-2.csv", "1-30:C1 31-50:C1", 0, "",
        "", NULL},
    {"all courses but one, of all", "  default: { absence: { action: suspend, scope: feed } }\n",
        "1-30:C1 1-20:C2", "staff-2.csv", "1-30:C1 31-50:C1", 20, "withheld", "", NULL},
    {"all courses but one, limits aside",
        "  default: { absence: { action: suspend, scope: feed },"
        " limits: { removals: { count: 0, share: 0%, most: 0 } } }\n",
        "1-30:C1 1-20:C2", "staff-2.csv", "1-30:C1 31-50:C1", 20, "withheld",
        "the file names the course no longer", NULL},
    {"a course whose rows are all misspelt", SUSPEND, "1-50:C1 1-5:C2", "staff-2.csv",
        "1-50:C1 q1-5:C2", 5, "withheld", "line 52 names somebody unknown in this course", NULL},
    {"a course all of whose people go", SUSPEND, "1-50:C1 1-8:C2", "staff-2.csv",
        "1-50:C1 51-58:C2", 8, "withheld", "people would leave the course", NULL},
    {"a course more than a quarter of which goes", SUSPEND, "1-50:C1 1-20:C2", "staff-2.csv",
        "1-50:C1 1-14:C2", 6, "withheld",
        "6 of 20 people would leave the course, more than limits.per_course let go", NULL},
    {"a key column that changed", SUSPEND, "1-50:C1", "staff-2.csv", "q1-50:C1", 50, "withheld",
        "50 rows name people whom nobody knows", "key_changed"},
    {"a quarter of the keys changed", SUSPEND, "1-50:C1", "staff-2.csv", "1-38:C1 q39-50:C1", 12,
        "withheld", "12 rows name people whom nobody knows", "key_changed"},
    {"one key in a course", SUSPEND, "1-50:C1", "staff-2.csv", "1-48:C1 q49:C1 50:C1", 1,
        "withheld", "line 50 names somebody unknown in this course: correct it", NULL},
};

enum { DISASTERS = sizeof disasters / sizeof *disasters };

ParameterizedTestParameters(absence, nobody_goes)
{
	static size_t numbers[DISASTERS];
	for (size_t i = 0; i < DISASTERS; i++)
		numbers[i] = i;
	return cr_make_param_array(size_t, numbers, DISASTERS);
}

/* Twice: the night after is no different. What the file lists anew is done. */
ParameterizedTest(const size_t *number, absence, nobody_goes)
{
	const struct disaster *is = &disasters[*number];
	struct nightly nightly;
	fprintf(stderr, "%s\n", is->what);
	nightly_make(&nightly, is->feeds);
	nightly_send(&nightly, "staff-1.csv", is->before);
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "%s", is->what);
	for (int night = 0; night < 2; night++) {
		nightly_send(&nightly, is->name, is->roster);
		nightly_held(&nightly, is->held_by);
		cr_expect_eq(nightly_suspended(&nightly), 0, "%s", is->what);
		if (is->withheld > 0)
			nightly_withheld(&nightly, (size_t)is->withheld, is->code, is->words);
		else
			cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "%s", is->what);
	}
	nightly_send(&nightly, "staff-3.csv", is->before);
	cr_expect_eq(nightly_suspended(&nightly), 0, "%s: the good one again", is->what);
	nightly_close(&nightly);
}

/* ---- cut short ---- */

/* A cut between two rows of the last tenth is a file of those who are left; no other cut is. */
static bool looks_whole(const struct buffer *text, size_t size)
{
	return text->bytes[size - 1] == '\n' && size > text->size * 9 / 10;
}

Test(absence, a_file_cut_short_anywhere_in_a_row_removes_nobody)
{
	struct nightly nightly;
	struct buffer text = roster_of("1-30:C1 1-10:C2");
	nightly_make(&nightly, SUSPEND);
	nightly_drop_bytes(&nightly, "staff-1.csv", text.bytes, text.size);
	for (size_t size = strlen("username,course1\n"); size < text.size; size++) {
		if (looks_whole(&text, size))
			continue;
		nightly_drop_bytes(&nightly, "staff-2.csv", text.bytes, size);
		cr_assert_eq(nightly_suspended(&nightly), 0, "cut behind byte %zu", size);
		cr_assert_eq(nightly_rows(&nightly, "done", NULL), 0, "cut behind byte %zu", size);
	}
	buffer_done(&text);
	nightly_close(&nightly);
}

static const struct shape {
	const char *what, *text, *remark, *words, *held_by;
} shapes[] = {
    {"a header only", "username,course1\n", "not_a_full_file", "it has no row behind its header",
        "rows_of_last"},
    {"a row with a field too few", "username,course1\np1,C1\np2\n", "not_a_full_file",
        "a row has not as many fields as the header, or broken quotes", "rows_of_last"},
    {"a row with a field too few among as many", "username,course1\np1,C1\np5,C1\np2\np2,C1\n",
        "not_a_full_file", "a row has not as many fields as the header, or broken quotes", NULL},
    {"a row with a field too many", "username,course1\np1,C1\np5,C1\np2,C1,C2\np2,C1\n",
        "not_a_full_file", "a row has not as many fields", NULL},
};

Test(absence, a_file_that_is_not_full_removes_nobody_and_is_no_base)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct nightly nightly;
		nightly_make(&nightly, SUSPEND);
		nightly_send(&nightly, "staff-1.csv", "1-4:C1");
		struct buffer base = rig_query(&nightly.rig, "SELECT run, base FROM enrold_base");
		nightly_drop(&nightly, "staff-2.csv", shapes[i].text);
		nightly_held(&nightly, shapes[i].held_by);
		const char *remark = nightly_remark(&nightly, shapes[i].remark);
		cr_expect(remark && strstr(remark, shapes[i].words), "%s: %s", shapes[i].what,
		    remark ? remark : "no remark");
		cr_expect(strstr(nightly.finished.err.bytes, shapes[i].remark), "%s: log",
		    shapes[i].what);
		cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "%s", shapes[i].what);
		cr_expect_eq(nightly_suspended(&nightly), 0, "%s", shapes[i].what);
		rig_expect(&nightly.rig, "SELECT run, base FROM enrold_base", base.bytes);
		buffer_done(&base);
		nightly_close(&nightly);
	}
}

Test(absence, a_file_that_is_refused_removes_nobody)
{
	struct nightly nightly;
	nightly_make(
	    &nightly, "  default: { on_bad_row: reject_file, absence: { action: suspend } }\n");
	nightly_send(&nightly, "staff-1.csv", "1-4:C1");
	nightly_drop(&nightly, "staff-2.csv", "username,course1\np1,C1\np2\np3,C1\np4,C1\n");
	cr_expect_str_eq(reply_status(&nightly.reply), "refused");
	nightly_drop(&nightly, "staff-3.csv", "username,curse1\np1,C1\n");
	cr_expect_str_eq(reply_status(&nightly.reply), "refused");
	nightly_drop(&nightly, "staff-4.csv", "");
	cr_expect_str_eq(reply_status(&nightly.reply), "refused");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence, a_column_less_withholds_all_removals)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_drop(&nightly, "staff-1.csv",
	    "username,course1,course2\np1,C1,C2\np2,C1,C2\np3,C1,C2\np4,C1,C2\n");
	nightly_drop(&nightly, "staff-2.csv", "username,course1\np1,C1\np2,C1\np3,C1\np4,C2\n");
	nightly_withheld(&nightly, 4, "header_changed", "no column 'course2'");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

/* Numbers instead of user names: the column stays, its cells are others. */
Test(absence, another_key_column_withholds_all_removals)
{
	struct nightly nightly;
	struct buffer text = {0};
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	buffer_add_text(&text, "idnumber,username,course1\n");
	for (int i = 1; i <= 50; i++)
		buffer_print(&text, "p%d,person-%d,C1\n", i, i);
	nightly_drop_bytes(&nightly, "staff-2.csv", text.bytes, text.size);
	buffer_done(&text);
	nightly_held(&nightly, "key_changed");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_withheld(&nightly, 50, "withheld", "50 rows name people whom nobody knows");
	nightly_close(&nightly);
}

/* The directory that accounts come from has not come back: nobody is known, two nights in a row. */
Test(absence, an_outage_of_the_source_removes_nobody_in_two_nights_nor_in_the_third)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	for (int night = 2; night <= 4; night++) {
		struct path name = path_of("staff-%d.csv", night);
		nightly_send(&nightly, name.text, "q1-50:C1");
		nightly_held(&nightly, "key_changed");
		cr_expect_eq(reply_lines(&nightly.reply,
		                 (struct expected){0, NULL, "error", "user_not_found"}),
		    50);
		cr_expect_eq(nightly_suspended(&nightly), 0, "night %d", night);
	}
	nightly_send(&nightly, "staff-5.csv", "1-50:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	nightly_close(&nightly);
}

/* A few unknown people that are in every file hold nobody up: they are nobody who was there. */
Test(absence, rows_that_were_unknown_in_the_last_file_too_withhold_nothing)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1 q1-15:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 q1-15:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 1);
	cr_expect_eq(nightly_suspended(&nightly), 1);
	nightly_close(&nightly);
}

/* ---- which file ---- */

Test(absence, the_same_file_twice_removes_nobody_and_says_nothing)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", WHOLE);
	for (int i = 0; i < 2; i++) {
		nightly_send(&nightly, "staff-1.csv", WHOLE);
		cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
		cr_expect_null(nightly_remark(&nightly, "removals_withheld"));
	}
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence, an_older_file_byte_for_byte_removes_nobody)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-40:C1");
	struct path run = path_of("%s", nightly.reply.run);
	nightly_send(&nightly, "staff-2.csv", "1-43:C1");
	nightly_send(&nightly, "staff-3.csv", "1-40:C1");
	nightly_withheld(&nightly, 3, "older_file", run.text);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_send(&nightly, "staff-4.csv", "1-43:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "the newer one is no older one");
	nightly_close(&nightly);
}

Test(absence, an_older_file_after_one_that_was_withheld_removes_nobody)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-35:C1 51-55:C1 1-10:C2");
	nightly_withheld(&nightly, 15, "withheld", "limits.removals");
	nightly_send(&nightly, "staff-3.csv", "1-50:C1");
	nightly_withheld(&nightly, 5, "older_file", "byte for byte");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_send(&nightly, "staff-4.csv", "1-55:C1");
	nightly_send(&nightly, "staff-5.csv", "1-54:C1");
	cr_expect_eq(nightly_suspended(&nightly), 1, "the next ones are compared as ever");
	nightly_close(&nightly);
}

Test(absence, a_list_that_is_right_again_is_what_the_next_is_compared_with)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	nightly_send(&nightly, "staff-3.csv", "1-50:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_null(nightly_remark(&nightly, "not_a_full_file"));
	nightly_send(&nightly, "staff-4.csv", "1-48:C1");
	cr_expect_eq(nightly_suspended(&nightly), 2);
	nightly_close(&nightly);
}

Test(absence, a_file_that_is_no_base_says_so_also_when_nobody_is_missing)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "people-2.csv", "1-51:C1");
	cr_assert_not_null(nightly_remark(&nightly, "not_a_full_file"));
	cr_expect(strstr(nightly_remark(&nightly, "not_a_full_file"), "called otherwise"));
	nightly_close(&nightly);
}

Test(absence, a_file_that_was_changed_before_the_last_one_removes_nobody)
{
	static const char text[] = "username,course1\np1,C1\np2,C1\np3,C1\n";
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-4:C1");
	struct path staged = path_of("%s/stage/old", nightly.rig.root.text);
	files_write(staged.text, text, strlen(text), 0640);
	struct finished touched =
	    program_expect(0, ARGV("/bin/touch", "-d", "2026-01-01", staged.text));
	finished_done(&touched);
	files_rename(staged.text, rig_inbox(&nightly.rig, "staff-2.csv").text);
	rig_note(&nightly.rig, "staff-2.csv", text, strlen(text));
	reply_close(&nightly.reply);
	finished_done(&nightly.finished);
	nightly.finished = rig_run(&nightly.rig, 0);
	reply_open(&nightly.reply, &nightly.rig, "staff-2.csv", 0);
	nightly_withheld(&nightly, 1, "older_file", "last changed before the last full one");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence, a_delta_removes_nobody_and_is_compared_with_nothing)
{
	struct nightly nightly;
	nightly_make(
	    &nightly, "  default: { absence: { action: suspend, files: 'full-*.csv' } }\n");
	nightly_send(&nightly, "full-1.csv", "1-40:C1");
	nightly_send(&nightly, "changes-1.csv", "41-42:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	cr_expect_null(nightly_remark(&nightly, "not_a_full_file"));
	/* Listed by the delta, and not by the full file. */
	nightly_send(&nightly, "full-2.csv", "1-40:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 2);
	nightly_send(&nightly, "full-3.csv", "1-39:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 1);
	nightly_close(&nightly);
}

Test(absence, a_retry_file_removes_nobody_and_adds_to_whom_the_feed_lists)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_drop(&nightly, "staff-1.csv", "username,course1\np1,C1\np2,C1\np3,NOPE\n");
	struct buffer retry = nightly.reply.retry;
	char *at = strstr(retry.bytes, "NOPE");
	cr_assert_not_null(at);
	memcpy(at, "C1  ", 4);
	struct buffer copy = {0};
	buffer_add(&copy, retry.bytes, retry.size);
	nightly_drop_bytes(&nightly, "again.csv", copy.bytes, copy.size);
	buffer_done(&copy);
	cr_expect_eq(nightly_active(&nightly, "C1"), 3);
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_send(&nightly, "staff-2.csv", "1-2:C1");
	nightly_held(&nightly, "rows_of_last");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 0);
	nightly_send(&nightly, "staff-3.csv", "1-2:C1 4:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 1);
	nightly_close(&nightly);
}

/* ---- when, and how much ---- */

Test(absence, a_pause_removes_nobody_and_says_so)
{
	struct nightly nightly;
	nightly_make(&nightly,
	    "  default: { absence: { action: suspend, pause: ['2000-01-01..2999-12-31'] } }\n");
	nightly_send(&nightly, "staff-1.csv", "1-40:C1");
	nightly_send(&nightly, "staff-2.csv", "1-39:C1");
	cr_expect(nightly_remark(&nightly, "absence_paused"));
	cr_expect(strstr(nightly.finished.err.bytes, "absence_paused"));
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	/* Half a file is no more what the next is compared with than at other times. */
	nightly_send(&nightly, "staff-3.csv", "1-20:C1");
	nightly_held(&nightly, "rows_of_last");
	cr_assert_not_null(nightly_remark(&nightly, "not_a_full_file"));
	cr_expect(strstr(nightly_remark(&nightly, "not_a_full_file"), "20 rows"));
	nightly_close(&nightly);
}

/* The first file has nobody before it, whatever is in the courses. */
Test(absence, the_first_file_of_a_feed_removes_nobody)
{
	struct nightly nightly;
	nightly_make(&nightly,
	    "  default: { absence: { action: suspend, adopt: true, scope: feed } }\n"
	    "  other: {}\n");
	nightly_send(&nightly, "other/staff.csv", "1-30:C1");
	nightly_send(&nightly, "staff-1.csv", "1-3:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

static const struct limit {
	const char *limits;
	int absent, gone;
	const char *held_by;
} limits[] = {
    {"removals: { count: 3, share: 0%, most: 0 }", 3, 3, NULL},
    {"removals: { count: 3, share: 0%, most: 0 }", 4, 0, NULL},
    {"removals: { count: 3, share: 10%, most: 0 }", 5, 5, NULL},
    {"removals: { count: 3, share: 9%, most: 0 }", 5, 0, NULL},
    {"removals: { count: 0, share: 0%, most: 4 }", 4, 4, NULL},
    {"removals: { count: 0, share: 0%, most: 4 }", 5, 0, NULL},
    {"per_course: { count: 3, share: 10% }", 4, 4, NULL},
    {"per_course: { count: 3, share: 7% }", 4, 0, NULL},
    {"per_course: { count: 4, share: 7% }", 4, 4, NULL},
    {"rows_of_last: 95%", 2, 2, NULL},
    {"rows_of_last: 97%", 2, 0, "rows_of_last"},
    {"rows_of_last: 0%", 10, 10, NULL},
};

/* Of 50. */
Test(absence, takes_as_many_as_the_limits_let_go)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct nightly nightly;
		struct path feeds =
		    path_of("  default: { absence: { action: suspend }, limits: { %s } }\n",
		        limits[i].limits);
		struct path roster = path_of("1-%d:C1", 50 - limits[i].absent);
		nightly_make(&nightly, feeds.text);
		nightly_send(&nightly, "staff-1.csv", "1-50:C1");
		nightly_send(&nightly, "staff-2.csv", roster.text);
		cr_expect_eq(nightly_suspended(&nightly), limits[i].gone, "%s: %d absent, %d gone",
		    limits[i].limits, limits[i].absent, (int)nightly_suspended(&nightly));
		nightly_held(&nightly, limits[i].held_by);
		if (limits[i].gone == 0)
			nightly_withheld(&nightly, (size_t)limits[i].absent, "withheld", "limits.");
		nightly_close(&nightly);
	}
}

static const struct unknown {
	int errors;
	const char *roster;
	int gone;
} unknown[] = {{0, "1-49:C1 q1:C1", 0}, {1, "1-49:C1 q1:C1", 1}, {1, "1-48:C1 q1-2:C1", 0},
    {2, "1-48:C1 q1-2:C1", 2}, {0, "1-49:C1 q1:C2", 1}};

Test(absence, takes_nobody_from_a_course_with_more_unknown_people_than_errors_says)
{
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		struct nightly nightly;
		struct path feeds = path_of(
		    "  default: { absence: { action: suspend, errors: %d } }\n", unknown[i].errors);
		nightly_make(&nightly, feeds.text);
		nightly_send(&nightly, "staff-1.csv", "1-50:C1");
		nightly_send(&nightly, "staff-2.csv", unknown[i].roster);
		cr_expect_eq(nightly_suspended(&nightly), unknown[i].gone, "%d errors, %s",
		    unknown[i].errors, unknown[i].roster);
		nightly_close(&nightly);
	}
}

/* ---- the daily case ---- */

Test(absence, whoever_is_not_in_the_next_full_file_is_suspended_and_comes_back_with_a_later_one)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", WHOLE);
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 1-9:C2 11-20:C3");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 2);
	rig_expect(&nightly.rig,
	    "SELECT u.username, c.shortname FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = "
	    "ue.enrolid JOIN mdl_course c ON c.id = e.courseid JOIN mdl_user u ON u.id = ue.userid "
	    "WHERE ue.status = 1 ORDER BY u.id",
	    "p10|C2\np50|C1\n");
	cr_expect_eq(nightly.reply.retry.size, 0, "a removal is nothing to retry");
	nightly_send(&nightly, "staff-3.csv", "1-49:C1 1-9:C2 11-20:C3");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "said once");
	nightly_send(&nightly, "staff-4.csv", WHOLE);
	cr_expect_eq(
	    reply_lines(&nightly.reply, (struct expected){0, "course1", "done", "returned"}), 2);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence, a_preview_lists_every_removal_and_changes_nothing)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-60:C1");
	struct buffer state = rig_state(&nightly.rig);
	struct buffer listings =
	    rig_query(&nightly.rig, "SELECT * FROM enrold_listing ORDER BY userid");
	struct buffer base = rig_query(&nightly.rig, "SELECT * FROM enrold_base");
	for (int i = 0; i < 2; i++) {
		nightly_send(&nightly, "preview/staff-2.csv", "1-55:C1");
		cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 5);
		cr_expect(text_starts(
		    reply_cell(&nightly.reply,
		        (struct expected){0, "absent", "done", "absent_suspended"}, 0, "message"),
		    "Would "));
	}
	nightly_send(&nightly, "preview/staff-2.csv", "1-20:C1");
	nightly_withheld(&nightly, 40, "withheld", "less than limits.rows_of_last");
	rig_expect(&nightly.rig, "SELECT * FROM enrold_listing ORDER BY userid", listings.bytes);
	rig_expect(&nightly.rig, "SELECT * FROM enrold_base", base.bytes);
	struct buffer after = rig_state(&nightly.rig);
	cr_expect_str_eq(after.bytes, state.bytes);
	nightly_send(&nightly, "staff-2.csv", "1-55:C1");
	cr_expect_eq(nightly_suspended(&nightly), 5);
	buffer_done(&after);
	buffer_done(&base);
	buffer_done(&listings);
	buffer_done(&state);
	nightly_close(&nightly);
}
