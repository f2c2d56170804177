/* The page for people beside each answer: it says what the other files say, is named and hashed
 * like them, and whatever a file holds it stays a page. */
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tamper.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define GOOD "username,course1\np1,C1\np2,C1\n"

/* ---- pieces ---- */

/* Of the nth answer to a file of that name; given to the caller. */
static struct buffer page_of(const struct rig *rig, const char *name, size_t nth)
{
	struct reply reply;
	reply_open(&reply, rig, name, nth);
	size_t i;
	json_t *file;
	struct buffer page = {0};
	const char *slash = strrchr(name, '/');
	bool has_feed = slash && strncmp(name, "preview/", 8) != 0;
	json_array_foreach(json_object_get(reply.summary, "files"), i, file)
	{
		const char *found = json_string_value(json_object_get(file, "name"));
		if (!strstr(found, ".report.html"))
			continue;
		char hash[HASH_SIZE];
		page = files_read(rig_path(rig, "outbox/%.*s%s%s",
		    has_feed ? (int)(slash - name) : 0, name, has_feed ? "/" : "", found)
		                      .text);
		files_hash_bytes(page.bytes, page.size, hash);
		cr_expect_str_eq(json_string_value(json_object_get(file, "sha256")), hash);
		cr_expect_eq(
		    json_integer_value(json_object_get(file, "bytes")), (json_int_t)page.size);
	}
	cr_assert(page.bytes, "the summary of %s names no report", name);
	reply_close(&reply);
	return page;
}

static void says(const struct buffer *page, const char *text)
{
	cr_expect(strstr(page->bytes, text), "the report does not say: %s", text);
}

static void never_says(const struct buffer *page, const char *text)
{
	cr_expect_not(strstr(page->bytes, text), "the report says: %s", text);
}

/* ---- ends ---- */

Test(report, of_a_file_without_faults_says_that_nothing_is_to_be_done)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", GOOD);
	rig_once(&rig);
	struct buffer page = page_of(&rig, "staff.csv", 0);
	says(&page, "Applied</span> All of it was applied: 2 changes were made.");
	says(&page, "Nothing is to be done.");
	says(&page, ".result.csv\">");
	says(&page, "<dt>Number in the chain</dt><dd>1</dd>");
	never_says(&page, ".retry.csv");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, of_errors_groups_them_and_shows_their_rows)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", "username,course1\np1,SAFTEY\np2,SAFTEY\nnobody,C1\np3,C1\n");
	rig_once(&rig);
	struct buffer page = page_of(&rig, "staff.csv", 0);
	says(&page, "3 of 4 rows are in error; all else was applied.");
	says(&page, "Begin with <code>course_not_found</code> in the column <code>course1</code>");
	says(&page, "the target is <code>SAFTEY</code>");
	says(&page, "data-th=\"Line\">4</th><td data-th=\"User\"><span>nobody</span>");
	says(&page, ".retry.csv\">");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, of_a_refused_file_has_its_reason)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", "name,strange\np1,C1\n");
	rig_once(&rig);
	struct buffer page = page_of(&rig, "staff.csv", 0);
	says(&page, "Refused</span> The file was refused as a whole: nothing in it was applied.");
	says(&page, "<strong>Why:</strong>");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, of_a_preview_says_that_nothing_was_changed)
{
	struct rig rig;
	rig_make(&rig, NULL);
	files_make_directory(rig_inbox(&rig, "preview").text);
	rig_drop(&rig, "preview/staff.csv", GOOD "nobody,C1\n");
	rig_once(&rig);
	struct buffer page = page_of(&rig, "preview/staff.csv", 0);
	says(&page, "Preview</span> Nothing was changed");
	says(&page, "<b>2</b> would be done");
	says(&page, ".preview.retry.csv\">");
	never_says(&page, "enrolctl undo");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, of_a_held_file_and_of_its_release_say_who_waits_and_whose_word_it_was)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { review: true }\n"});
	rig_drop(&rig, "staff.csv", GOOD);
	rig_once(&rig);
	struct buffer page = page_of(&rig, "staff.csv", 0);
	says(&page, "Held</span>");
	says(&page, ".plan.csv\">");
	says(&page, "(2 people, 2 rows)");
	buffer_done(&page);
	struct path run = rig_order(&rig, "release", "staff.csv");
	rig_once(&rig);
	page = page_of(&rig, path_of("release-%s.csv", run.text).text, 0);
	says(&page, "All of it was applied: 2 changes were made.");
	says(&page, "<h2>By whose word</h2>");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, of_withheld_changes_names_the_plan_and_how_many)
{
	struct rig rig;
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: { allow_unenrol: true, limits: { by_cell: "
	                                   "{ count: 1, share: 0%, most: 1 } } }\n"});
	rig_drop(&rig, "staff.csv", GOOD);
	rig_once(&rig);
	rig_drop(&rig, "leave.csv", "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,\n");
	rig_once(&rig);
	struct buffer page = page_of(&rig, "leave.csv", 0);
	says(&page, "Applied, in part withheld");
	says(&page, "<dt>Withheld: not done</dt><dd>2</dd>");
	says(&page, "enrolctl release");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, of_an_undo_says_what_was_taken_back)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", GOOD);
	rig_once(&rig);
	struct path run = rig_order(&rig, "undo", "staff.csv");
	rig_once(&rig);
	struct buffer page = page_of(&rig, path_of("undo-%s.csv", run.text).text, 0);
	says(&page, "It was taken back: 2 changes were made.");
	says(&page, "<dt>Taken back</dt>");
	says(&page, "<h2>By whose word</h2>");
	buffer_done(&page);
	law_close(&rig);
}

/* ---- whatever a file holds ---- */

Test(report, shows_hostile_cells_as_what_they_are)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff<b>.csv",
	    "username,course1\n"
	    "\"<script>alert(1)</script>\",C1\n"
	    "p1,\"\"\"><img src=x onerror=alert(1)>\"\n"
	    "p2,exe\xE2\x80\xAEvsc.C1\n"
	    "p3,=HYPERLINK(1)\n");
	rig_once(&rig);
	struct buffer page = page_of(&rig, "staff<b>.csv", 0);
	never_says(&page, "<script");
	never_says(&page, "<img");
	never_says(&page, "<b>.csv");
	never_says(&page, "\xE2\x80\xAE");
	says(&page, "&lt;img src=x onerror=alert(1)&gt;");
	says(&page, "&lt;U+202E&gt;");
	says(&page, "<span>=HYPERLINK(1)</span>");
	buffer_done(&page);
	law_close(&rig);
}

/* ---- as an answer's file ---- */

/* large.csv comes to its last checkpoint, and no further. */
static void almost_ended(struct rig *rig)
{
	struct service service;
	rig_make(rig, &(struct rig_options){.people = 5000, .settings = "checkpoint_rows: 1000\n"});
	rig_drop_long(rig, 5);
	rig_execute(rig, "CREATE TRIGGER no_insert BEFORE INSERT ON enrold_head BEGIN SELECT "
	                 "RAISE(FAIL, 'no'); END; CREATE TRIGGER no_update BEFORE UPDATE ON "
	                 "enrold_head BEGIN SELECT RAISE(FAIL, 'no'); END;");
	service_start(&service, rig);
	service_await_log(&service, "run_waits");
	service_stop(&service);
	rig_execute(rig, "DROP TRIGGER no_insert; DROP TRIGGER no_update");
	cr_assert_gt(rig_number(rig, "SELECT records FROM enrold_run WHERE state = 'running'"), 0);
}

/* Those rows were answered by a process before. */
Test(report, of_a_resumed_run_counts_what_was_wrong_before_once)
{
	struct rig rig;
	almost_ended(&rig);
	rig_once(&rig);
	struct buffer page = page_of(&rig, "large.csv", 0);
	says(&page, "20,000 of 25,000 rows are in error");
	says(&page, "The first 1,000 of 20,000 rows");
	says(&page, "... and 19,000 more rows in <a href=\"./large.");
	buffer_done(&page);
	law_close(&rig);
}

Test(report, that_somebody_has_touched_is_named)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", GOOD);
	rig_once(&rig);
	tamper_byte(tamper_file(&rig, "staff.csv", "outbox", ".report.html").text, 900);
	struct finished finished =
	    program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	cr_expect(strstr(finished.out.bytes, "altered"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, ".report.html"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "show", "last"));
	cr_expect(strstr(finished.out.bytes, "ALTERED"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(report, of_a_run_that_an_older_enrold_began_is_made_at_its_end)
{
	struct rig rig;
	almost_ended(&rig);
	rig_execute(&rig, "ALTER TABLE enrold_run DROP COLUMN report_bytes;"
	                  "ALTER TABLE enrold_run DROP COLUMN report_sha256;"
	                  "UPDATE enrold_version SET version = 5;");
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "lms", "init"));
	finished_done(&finished);
	rig_once(&rig);
	struct buffer page = page_of(&rig, "large.csv", 0);
	says(&page, "20,000 of 25,000 rows are in error");
	buffer_done(&page);
	law_close(&rig);
}
