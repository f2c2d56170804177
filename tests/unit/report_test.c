/* What a person reads of a run, for every end that one can have. */
#include "enrold/report.h"

#include "page.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define RUN "20261126-020301-118204"

/* ---- a run, and its page ---- */

struct run {
	struct tally tally;
	struct summary summary;
	struct problems *problems;
	struct report report;
};

static void run_make(struct run *run)
{
	*run = (struct run){.problems = problems_create()};
	run->summary = (struct summary){.run = RUN,
	    .feed = "hr",
	    .mode = "apply",
	    .status = "done",
	    .exact = true,
	    .node = "host-a",
	    .policy_sha256 = HASH,
	    .input_name = "staff.csv",
	    .input_bytes = 4096,
	    .input_sha256 = HASH,
	    .tally = &run->tally,
	    .started_us = 1795658581000000,
	    .finished_us = 1795658593300000,
	    .files = {{"staff." RUN ".result.csv", 123456, HASH}},
	    .files_count = 1,
	    .number = 8123,
	    .previous = HASH};
	run->report = (struct report){.summary = &run->summary, .problems = run->problems};
}

static void file_add(struct run *run, const char *name)
{
	run->summary.files[run->summary.files_count++] =
	    (struct summary_file){.name = name, .bytes = 77, .sha256 = HASH};
}

static void problem_add(
    struct run *run, int line, const char *column, const char *target, const char *code)
{
	char row[4096];
	int size = snprintf(row, sizeof row, "%d,anna,%s,\"%s\",error,%s,\"Say so of line %d\",,\n",
	    line, column, target, code, line);
	problems_add(run->problems, (struct slice){row, (size_t)size});
	run->tally.rows++;
	run->tally.rows_in_error++;
	run->tally.outcomes[OUTCOME_ERROR]++;
}

/* Ends with NUL; the run is over. */
static char *page_of(struct run *run)
{
	struct buffer out = {0};
	size_t at;
	report_format(&run->report, &out);
	problems_free(run->problems);
	cr_assert_not(out.failed);
	cr_expect_leq(out.size, REPORT_BYTES_MAX);
	const char *wrong = page_check(buffer_slice(&out), &at);
	cr_expect_null(wrong, "%s: %.80s", wrong, out.bytes + (at > 40 ? at - 40 : 0));
	buffer_add_char(&out, '\0');
	return out.bytes;
}

static bool says(const char *page, const char *text)
{
	return strstr(page, text);
}

static size_t count_of(const char *page, const char *text)
{
	size_t count = 0;
	while ((page = strstr(page, text))) {
		count++;
		page += strlen(text);
	}
	return count;
}

/* ---- ends ---- */

Test(report, of_what_was_skipped_does_not_say_that_all_was_applied)
{
	struct run run;
	run_make(&run);
	run.tally.rows = 3;
	run.tally.outcomes[OUTCOME_SKIPPED] = run.tally.codes[CODE_ACCOUNT_EXISTS] = 2;
	run.tally.outcomes[OUTCOME_UNCHANGED] = 1;
	char *page = page_of(&run);
	cr_expect(says(page, "Nothing was changed; 2 things were skipped, and why stands below."));
	free(page);
	run_make(&run);
	run.tally.rows = 3;
	run.tally.outcomes[OUTCOME_SKIPPED] = run.tally.codes[CODE_KEPT_CHANGED_SINCE] = 1;
	run.tally.outcomes[OUTCOME_DONE] = run.tally.codes[CODE_UNDONE] = 2;
	page = page_of(&run);
	cr_expect(says(page, "It was taken back: 2 changes were made; 1 thing was skipped, and"));
	free(page);
}

Test(report, of_errors_beside_what_is_withheld_says_both)
{
	struct run run;
	run_make(&run);
	problem_add(&run, 2, "course1", "C9", "course_not_found");
	problem_add(&run, 3, "course1", "C9", "course_not_found");
	run.tally.outcomes[OUTCOME_SKIPPED] = run.tally.codes[CODE_WITHHELD] = 3;
	run.tally.rows = 9;
	char *page = page_of(&run);
	cr_expect(says(page, "2 of 9 rows are in error, and 3 changes wait for a person; nothing"));
	cr_expect(says(page, "<span class=\"badge bad\">2 errors</span>"));
	free(page);
	run_make(&run);
	problem_add(&run, 2, "course1", "C9", "course_not_found");
	run.tally.outcomes[OUTCOME_SKIPPED] = run.tally.codes[CODE_WITHHELD] = 1;
	run.tally.outcomes[OUTCOME_DONE] = 1;
	page = page_of(&run);
	cr_expect(says(page, "is in error, and 1 change waits for a person; all else was applied"));
	cr_expect(says(page, "<span class=\"badge bad\">1 error</span>"));
	free(page);
}

Test(report, of_a_held_file_without_a_change_says_that_its_plan_is_empty)
{
	struct run run;
	const struct error review = error_reject("review", 0, "a person looks first");
	run_make(&run);
	run.summary.status = "held";
	run.summary.refusal = &review;
	run.tally.rows = run.tally.outcomes[OUTCOME_UNCHANGED] = 1;
	file_add(&run, "staff." RUN ".plan.csv");
	char *page = page_of(&run);
	cr_expect(says(page, "The plan is empty, for nothing would be changed: <a href"));
	cr_expect(says(page, "enrolctl release"));
	free(page);
}

Test(report, of_no_rows_says_that_nothing_was_changed_and_is_to_be_done)
{
	struct run run;
	run_make(&run);
	char *page = page_of(&run);
	cr_expect(says(page, "<title>Applied: staff.csv (hr)</title>"));
	cr_expect(says(page, "The file has no rows: nothing was changed."));
	cr_expect(says(page, "Nothing is to be done."));
	cr_expect_not(says(page, "Problems"));
	cr_expect_not(says(page, "enrolctl undo"));
	cr_expect_eq(count_of(page, "<h1>"), 1);
	free(page);
}

Test(report, of_a_million_rows_counts_them_and_offers_to_take_it_back)
{
	struct run run;
	run_make(&run);
	run.tally.rows = 1000000;
	run.tally.outcomes[OUTCOME_DONE] = 1999;
	run.tally.outcomes[OUTCOME_WARNING] = 1;
	run.tally.outcomes[OUTCOME_UNCHANGED] = 1998000;
	char *page = page_of(&run);
	cr_expect(says(page, "1,000,000 rows ask for 2,000,000 things"));
	cr_expect(says(page, "All of it was applied: 2,000 changes were made."));
	cr_expect(says(page, "<b>1,999</b> done <span class=\"muted\">(0.1 %)"));
	cr_expect(says(page, "(less than 0.1 %)"));
	cr_expect(says(page, "style=\"flex:1998000\""));
	cr_expect(says(page, "enrolctl undo " RUN " --preview"));
	free(page);
}

static const struct error refusal = {.class = ERROR_REJECT,
    .code = "column_missing",
    .line = 1,
    .text = "The header has no column <username>."};

Test(report, of_a_refused_file_says_why_where_and_what_to_do)
{
	struct run run;
	run_make(&run);
	run.summary.status = "refused";
	run.summary.refusal = &refusal;
	run.summary.files_count = 0;
	run.summary.input_sha256 = "";
	char *page = page_of(&run);
	cr_expect(says(page, "<span class=\"badge bad\">Refused</span> The file was refused as a "
	                     "whole: nothing in it was applied."));
	cr_expect(
	    says(page, "The header has no column &lt;username&gt;. (<code>column_missing</code>"
	               ", line 1)"));
	cr_expect(says(page, "Correct what the reason names, and drop the file into the inbox"));
	cr_expect(says(page, "href=\"./staff." RUN ".summary.json\""));
	cr_expect_not(says(page, ".result.csv"));
	cr_expect(says(page, "not known"));
	free(page);
}

Test(report, of_a_file_refused_on_its_way_says_what_is_applied)
{
	struct run run;
	run_make(&run);
	run.summary.status = "refused";
	run.summary.refusal = &refusal;
	run.tally.rows = 4000;
	run.tally.outcomes[OUTCOME_DONE] = 4000;
	char *page = page_of(&run);
	cr_expect(says(page, "after its first 4,000 rows had been applied"));
	cr_expect(says(page, "what is done already stays as it is"));
	free(page);
}

Test(report, of_a_held_file_says_that_it_waits_and_for_which_word)
{
	struct run run;
	run_make(&run);
	static const struct error held = {
	    .code = "review", .text = "Every file of the feed waits for a person."};
	run.summary.status = "held";
	run.summary.refusal = &held;
	run.summary.plan_rows = 412;
	run.summary.plan_people = 400;
	run.tally.rows = 412;
	run.tally.outcomes[OUTCOME_DONE] = 412;
	file_add(&run, "staff." RUN ".plan.csv");
	char *page = page_of(&run);
	cr_expect(says(page, "Nothing of it has been applied"));
	cr_expect(says(page, "<b>412</b> would be done"));
	cr_expect(says(page, "href=\"./staff." RUN ".plan.csv\""));
	cr_expect(says(page, "(400 people, 412 rows)"));
	cr_expect(says(page, "enrolctl release " RUN " --why TEXT"));
	cr_expect(says(page, "enrolctl discard " RUN " --why TEXT"));
	cr_expect_not(says(page, "enrolctl undo"));
	free(page);
}

Test(report, of_withheld_removals_says_that_all_else_was_done)
{
	struct run run;
	run_make(&run);
	run.tally.rows = 100;
	run.tally.outcomes[OUTCOME_DONE] = 100;
	run.tally.outcomes[OUTCOME_SKIPPED] = 30;
	run.tally.codes[CODE_WITHHELD] = 30;
	run.tally.codes[CODE_ABSENT_SUSPENDED] = 5;
	run.summary.plan_rows = run.summary.plan_people = 30;
	file_add(&run, "staff." RUN ".plan.csv");
	problems_add(run.problems,
	    SLICE(
	        "0,bert,absent,C1,skipped,withheld,\"Not removed: 30 of 40 would leave.\",a,a\n"));
	char *page = page_of(&run);
	cr_expect(says(page, "<span class=\"badge wait\">Applied, in part withheld</span>"));
	cr_expect(says(page, "30 changes wait for a person"));
	cr_expect(says(page, "<dt>Withheld: not done</dt><dd>30</dd>"));
	cr_expect(says(page, "<dt>Suspended in a course</dt><dd>5</dd>"));
	cr_expect(says(page, "data-th=\"Line\">none</th>"));
	cr_expect(says(page, "enrolctl release"));
	free(page);
}

Test(report, of_a_persons_word_says_who_gave_it_when_and_why)
{
	struct run run;
	run_make(&run);
	run.summary.input_name = "release-20261125-020301-118204.csv";
	run.summary.order =
	    "{\"by\":\"anna (uid 1000)\",\"uid\":1000,\"why\":\"They <really> left\","
	    "\"at\":1795658580,\"plan\":\"" HASH "\",\"courses\":[\"C1\",\"C&2\"]}\n";
	run.tally.outcomes[OUTCOME_DONE] = 30;
	run.tally.codes[CODE_ABSENT_UNENROLLED] = 30;
	char *page = page_of(&run);
	cr_expect(says(page, "<dt>Who</dt><dd>anna (uid 1000)</dd>"));
	cr_expect(says(page, "They &lt;really&gt; left"));
	cr_expect(says(page, "datetime=\"2026-11-26T02:03:00Z\""));
	cr_expect(says(page, "<code>C1</code>, <code>C&amp;2</code>"));
	cr_expect(says(page, "<dt>Unenrolled from a course</dt><dd>30</dd>"));
	free(page);
}

Test(report, of_an_undo_counts_what_was_taken_back)
{
	struct run run;
	run_make(&run);
	run.summary.input_name = "undo-20261125-020301-118204.csv";
	run.summary.order = "{\"by\":\"root\",\"why\":\"wrong file\",\"at\":1}";
	run.tally.rows = 12;
	run.tally.outcomes[OUTCOME_DONE] = 12;
	run.tally.codes[CODE_UNDONE] = 12;
	char *page = page_of(&run);
	cr_expect(says(page, "<dt>Taken back</dt><dd>12</dd>"));
	cr_expect(says(page, "<dt>Why</dt><dd>wrong file</dd>"));
	free(page);
}

Test(report, of_a_record_says_that_it_changes_nothing)
{
	struct run run;
	run_make(&run);
	run.summary.input_name = "prune-20261125.csv";
	run.summary.order = "no order at all";
	char *page = page_of(&run);
	cr_expect(says(page, "Recorded</span> What a person said was put on record"));
	cr_expect_not(says(page, "<h2>Outcome</h2>"));
	free(page);
}

Test(report, of_a_preview_says_first_that_nothing_was_changed)
{
	struct run run;
	run_make(&run);
	run.summary.mode = "preview";
	run.summary.exact = false;
	problem_add(&run, 2, "course1", "SAFTEY", "course_not_found");
	run.tally.rows = 10;
	run.tally.outcomes[OUTCOME_DONE] = 9;
	run.tally.codes[CODE_ABSENT_UNENROLLED] = 3;
	file_add(&run, "staff." RUN ".preview.retry.csv");
	char *page = page_of(&run);
	cr_expect(says(page, "Preview</span> Nothing was changed"));
	cr_expect(says(page, "1 of 10 rows would be in error"));
	cr_expect(says(page, "Would be unenrolled from a course"));
	cr_expect(says(page, "drop the file into the inbox of its feed to apply it"));
	cr_expect(says(page, "href=\"./staff." RUN ".preview.summary.json\""));
	cr_expect(says(page, "too large to be previewed in one go"));
	cr_expect_not(says(page, "enrolctl retry"));
	cr_expect_not(says(page, "enrolctl undo"));
	free(page);
}

Test(report, of_errors_begins_with_the_commonest_and_names_the_retry_file)
{
	struct run run;
	run_make(&run);
	for (int i = 0; i < 40; i++)
		problem_add(&run, i + 2, "course1", "SAFTEY", "course_not_found");
	problem_add(&run, 50, "username", "nobody", "user_not_found");
	run.tally.rows = 1000;
	run.tally.outcomes[OUTCOME_DONE] = 959;
	file_add(&run, "staff." RUN ".retry.csv");
	run.report.site_zone = "Europe/Berlin";
	char *page = page_of(&run);
	cr_expect(says(page, "41 of 1,000 rows are in error; all else was applied."));
	cr_expect(says(page, "Begin with <code>course_not_found</code> in the column "
	                     "<code>course1</code>, the cause of 40 of 41 errors; most often the "
	                     "target is <code>SAFTEY</code>."));
	cr_expect(says(page, "href=\"./staff." RUN ".retry.csv\""));
	cr_expect(says(page, "enrolctl retry " RUN "</code>"));
	cr_expect(says(page, "First in line 2: Say so of line 2"));
	cr_expect(says(page, "<details>\n<summary>40 rows</summary>"));
	cr_expect(says(page, "<details open>\n<summary>1 row</summary>"));
	cr_expect(says(page, "Europe/Berlin"));
	cr_expect(says(page, ", after 12.3 s"));
	free(page);
}

Test(report, says_where_a_file_without_its_passwords_has_another_hash)
{
	struct run run;
	run_make(&run);
	run.summary.archived_bytes = 4000;
	run.summary.archived_sha256 = HASH;
	run.summary.finished_us += (int64_t)7265 * 1000000;
	char *page = page_of(&run);
	cr_expect(says(page, "Archived without passwords</dt><dd>4,000 bytes"));
	cr_expect(says(page, "2 h 1 min"));
	free(page);
}

Test(report, repeats_the_remarks_and_how_many_more_there_were)
{
	struct run run;
	run_make(&run);
	const struct remarks remarks = {
	    .items = {{REMARK_COLUMN_IGNORED, SLICE("The column 'D<ept>' is ignored."), NULL, 0}},
	    .count = 1,
	    .left_out = 2};
	run.summary.remarks = &remarks;
	char *page = page_of(&run);
	cr_expect(says(page, "The column &#39;D&lt;ept&gt;&#39; is ignored."));
	cr_expect(says(page, "... and 2 more."));
	free(page);
}

/* ---- many ---- */

Test(report, of_300_causes_tells_256_and_counts_the_others)
{
	struct run run;
	run_make(&run);
	for (int i = 0; i < 300; i++) {
		char column[32];
		snprintf(column, sizeof column, "profile_field_%dx", i);
		problem_add(&run, i + 2, column, "t", "invalid_value");
	}
	char *page = page_of(&run);
	cr_expect_eq(count_of(page, "<h3>"), PROBLEM_CAUSES_MAX);
	cr_expect(says(page, "of 256 causes and more."));
	cr_expect(says(page, "... and 44 rows of further causes."));
	free(page);
}

Test(report, of_5000_problems_shows_the_first_thousand_rows_and_where_the_others_are)
{
	struct run run;
	run_make(&run);
	for (int i = 0; i < 5000; i++)
		problem_add(&run, i + 2, "course1", "SAFTEY", "course_not_found");
	char *page = page_of(&run);
	cr_expect_eq(count_of(page, "data-th=\"Line\""), PROBLEM_ROWS_MAX);
	cr_expect(says(page, "<summary>The first 1,000 of 5,000 rows</summary>"));
	cr_expect(says(page, "... and 4,000 more rows in <a href=\"./staff." RUN ".result.csv\">"));
	free(page);
}

/* Each letter becomes six bytes of the page. */
Test(report, is_never_too_large_whatever_cells_hold)
{
	struct run run;
	run_make(&run);
	static char cell[1000];
	memset(cell, '\'', sizeof cell - 1);
	for (int i = 0; i < 3000; i++) {
		char row[4096];
		int size = snprintf(row, sizeof row,
		    "%d,%s,profile_field_%d%.40sx,%d%.200s,error,invalid_value,%s,,\n", i + 2, cell,
		    i % 250, cell, i, cell, cell);
		problems_add(run.problems, (struct slice){row, (size_t)size});
	}
	static char why[4096];
	snprintf(why, sizeof why, "{\"by\":\"%.900s\",\"why\":\"%.900s\"}", cell, cell);
	run.summary.order = why;
	struct remarks remarks = {.count = REMARKS_MAX};
	for (size_t i = 0; i < REMARKS_MAX; i++)
		remarks.items[i] = (struct remark){REMARK_UNUSED_CELL, slice_of(cell), NULL, 0};
	run.summary.remarks = &remarks;
	char *page = page_of(&run);
	cr_expect(says(page, "rows of further causes"));
	cr_expect(says(page, "more rows in "));
	cr_expect(says(page, "Where this comes from"));
	free(page);
}

/* ---- hostile texts ---- */

Test(report, shows_what_comes_from_outside_and_never_becomes_it)
{
	static const char evil[] = "\\\"><script>alert(1)</script>\xE2\x80\xAE\xFF";
	static const char name[] = "javascript:\"><img src=x onerror=y>.csv";
	struct run run;
	run_make(&run);
	run.summary.feed = evil;
	run.summary.node = evil;
	run.summary.input_name = name;
	run.summary.files[0].name = "java\"script:<x>.result.csv";
	struct error reason = {.code = "c"};
	snprintf(reason.text, sizeof reason.text, "%s", evil);
	run.summary.refusal = &reason;
	problem_add(&run, 2, "course1", "<script>\xE2\x80\x8B", "<b>");
	char *page = page_of(&run);
	cr_expect_not(says(page, "<script"));
	cr_expect_not(says(page, "<img"));
	cr_expect_not(says(page, "\xE2\x80\xAE"));
	cr_expect_not(says(page, "href=\"javascript"));
	cr_expect(says(page, "&lt;script&gt;alert(1)&lt;/script&gt;&lt;U+202E&gt;\xEF\xBF\xBD"));
	cr_expect(says(page, "href=\"./java%22script%3A%3Cx%3E.result.csv\""));
	free(page);
}

Test(report, that_has_no_memory_is_known_as_such)
{
	struct run run;
	run_make(&run);
	struct buffer out = {.failed = true};
	report_format(&run.report, &out);
	cr_expect(out.failed);
	problems_free(run.problems);
	buffer_done(&out);
}
