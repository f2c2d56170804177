/* The pages of the outbox: what is said of runs and days, and that nothing of a file's name gets
 * out of its place. */
#include "enrold/pages.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#define RUN "20261127-020301-000001"

/* Fri 27 Nov 2026 */
enum { TODAY = 20784, MANY = 10000 };
static const int64_t now_us = INT64_C(1795745000) * 1000000;

static const struct page_moment moment = {
    .now_us = INT64_C(1795745000) * 1000000, .today = TODAY, .zone = {SLICE_INIT("Europe/Berlin")}};

static char *page_of(const struct page_feed *feed)
{
	struct buffer out = {0};
	pages_feed(&out, feed, &moment);
	buffer_add_char(&out, '\0');
	cr_assert_not(out.failed);
	return out.bytes;
}

static char *all_of(const struct page_feed *feeds, size_t count)
{
	struct buffer out = {0};
	pages_all(&out, feeds, count, &moment);
	buffer_add_char(&out, '\0');
	cr_assert_not(out.failed);
	return out.bytes;
}

static size_t times(const char *text, const char *what)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		count++;
	return count;
}

#define HAS(page, text) cr_expect(strstr(page, text), "no '%s' in:\n%s", text, page)
#define HAS_NOT(page, text) cr_expect_null(strstr(page, text), "'%s' in:\n%s", text, page)

/* Every tag is closed in its turn, and none is there that pages do not use. */
static void expect_balanced(const char *page)
{
	enum { DEPTH_MAX = 32, TAG_SIZE = 16 };
	static const char *const empty[] = {"meta", "br", "!doctype"};
	char open[DEPTH_MAX][TAG_SIZE];
	size_t depth = 0;
	for (const char *at = page; (at = strchr(at, '<')); at++) {
		char tag[TAG_SIZE] = "";
		bool is_end = at[1] == '/', is_empty = false;
		cr_assert_eq(sscanf(at + 1 + is_end, "%15[a-z0-9!]", tag), 1, "%.40s", at);
		for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
			is_empty |= strcmp(tag, empty[i]) == 0;
		if (is_empty)
			continue;
		cr_assert(is_end ? depth > 0 : depth < DEPTH_MAX, "%.40s", at);
		if (is_end)
			cr_assert_str_eq(open[--depth], tag, "%.60s", at);
		else
			memcpy(open[depth++], tag, sizeof tag);
	}
	cr_expect_eq(depth, 0);
}

static struct page_run run_of(enum run_state state)
{
	return (struct page_run){.run = RUN,
	    .file = SLICE("staff.csv"),
	    .started_us = now_us,
	    .state = state,
	    .rows = 1204,
	    .done = 31,
	    .unchanged = 1170};
}

static char *page_of_one(const struct page_run *run)
{
	struct page_feed feed = {.name = "hr", .runs = run, .runs_count = 1, .runs_all = 1};
	return page_of(&feed);
}

/* ---- runs ---- */

Test(pages, of_a_feed_without_a_run_says_where_to_drop_the_first_file)
{
	const struct page_feed hr = {.name = "hr"}, other = {.name = "default"};
	char *page = page_of(&hr);
	expect_balanced(page);
	HAS(page, "<code>inbox/hr/</code>");
	HAS(page, "<code>inbox/hr/preview/</code>");
	HAS_NOT(page, "<table");
	HAS(page, "0 runs on 0 of the last 90 days.");
	free(page);
	page = page_of(&other);
	HAS(page, "<code>inbox/</code>");
	HAS(page, "<code>inbox/preview/</code>");
	free(page);
}

Test(pages, a_run_says_what_became_of_it_and_links_to_its_answer)
{
	struct page_run run = run_of(RUN_APPLIED);
	run.rows_in_error = 3;
	run.links[PAGE_REPORT] = SLICE("staff." RUN ".report.html");
	run.links[PAGE_RESULT] = SLICE("staff." RUN ".result.csv.gz");
	run.links[PAGE_RETRY] = SLICE("staff." RUN ".retry.csv");
	char *page = page_of_one(&run);
	expect_balanced(page);
	HAS(page, "<tr id=\"" RUN "\">");
	HAS(page, "applied, with errors");
	HAS(page, ">1,204</td>");
	HAS(page, "href=\"./staff." RUN ".report.html\"");
	HAS(page, "href=\"./staff." RUN ".result.csv.gz\"");
	HAS(page, "href=\"./staff." RUN ".retry.csv\"");
	HAS(page, "report<span class=\"unseen\"> of run " RUN "</span>");
	HAS(page, "proves nothing");
	HAS(page, "enrolctl verify");
	HAS(page, "Made <time datetime=");
	free(page);
}

Test(pages, what_is_no_longer_there_has_no_link)
{
	struct page_run run = run_of(RUN_APPLIED);
	run.is_gone = true;
	char *page = page_of_one(&run);
	HAS_NOT(page, "href=");
	HAS(page, "no longer kept");
	free(page);
	run.is_gone = false;
	page = page_of_one(&run);
	HAS_NOT(page, "no longer kept");
	free(page);
}

struct state_case {
	enum run_state state;
	bool is_preview, waits;
	uint64_t rows_in_error;
	char words[64];
	enum page_outcome outcome;
};

ParameterizedTestParameters(pages, each_end_has_its_word_and_its_sign)
{
	static struct state_case cases[] = {
	    {RUN_APPLIED, false, false, 0, "</span> applied</div>", PAGE_CLEAN},
	    {RUN_APPLIED, false, false, 1, "</span> applied, with errors</div>", PAGE_PROBLEMS},
	    {RUN_APPLIED, false, true, 0, "</span> applied; <strong>waits for a person",
	        PAGE_CLEAN},
	    {RUN_PREVIEWED, true, false, 0, "</span> previewed</div>", PAGE_REHEARSED},
	    {RUN_PREVIEWED, true, false, 2, "</span> previewed, with errors</div>", PAGE_REHEARSED},
	    {RUN_REFUSED, false, false, 0, "</span> refused</div>", PAGE_REFUSED},
	    {RUN_REFUSED, true, false, 0, "</span> refused in a preview</div>", PAGE_REHEARSED},
	    {RUN_DISCARDED, false, false, 0, "</span> discarded</div>", PAGE_DISCARDED},
	    {RUN_HELD, false, false, 0, "</span> held</div>", PAGE_HELD},
	    {RUN_HELD, false, true, 0, "</span> held; <strong>waits for a person", PAGE_HELD},
	};
	return cr_make_param_array(struct state_case, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct state_case *expected, pages, each_end_has_its_word_and_its_sign)
{
	struct page_run run = run_of(expected->state);
	run.is_preview = expected->is_preview;
	run.waits = expected->waits;
	run.rows_in_error = expected->rows_in_error;
	cr_expect_eq(page_outcome(&run), expected->outcome);
	char *page = page_of_one(&run);
	expect_balanced(page);
	HAS(page, expected->words);
	free(page);
}

Test(pages, a_run_that_no_file_began_says_who_did)
{
	struct page_run run = run_of(RUN_APPLIED);
	run.file = SLICE("undo-" RUN ".csv");
	char *page = page_of_one(&run);
	HAS(page, "a person has taken back what a run did");
	free(page);
	run.file = SLICE("undo-everything.csv"); /* somebody's file */
	page = page_of_one(&run);
	HAS_NOT(page, "taken back");
	free(page);
}

/* ---- many ---- */

Test(pages, of_ten_thousand_runs_the_newest_thousand_are_shown_and_the_others_told_of)
{
	struct page_run *runs = calloc(MANY, sizeof *runs);
	for (size_t i = 0; i < MANY; i++)
		runs[i] = run_of(RUN_APPLIED);
	struct page_feed feed = {.name = "hr", .runs = runs, .runs_count = MANY, .runs_all = MANY};
	char *page = page_of(&feed);
	expect_balanced(page);
	cr_expect_eq(times(page, "<tr id="), PAGE_RUNS_MAX);
	HAS(page,
	    "These are the newest 1,000 of 10,000 runs. <code>enrolctl runs --feed hr</code>");
	cr_expect_lt(strlen(page), 1 << 20);
	free(page);
	feed.runs_count = feed.runs_all = PAGE_RUNS_MAX;
	page = page_of(&feed);
	HAS_NOT(page, "These are the newest");
	free(page);
	free(runs);
}

/* ---- names ---- */

struct name_case {
	char name[64], shown[96], link[96];
};

ParameterizedTestParameters(pages, a_name_stays_in_its_place)
{
	static struct name_case cases[] = {
	    {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;",
	        "./%3Cscript%3Ealert%281%29%3C/script%3E"},
	    {"a\"onclick=\"b'c", "a&quot;onclick=&quot;b&#39;c", "./a%22onclick%3D%22b%27c"},
	    {"\xE2\x80\xAE"
	     "vsc.csv",
	        "&lt;U+202E&gt;vsc.csv", "./%E2%80%AEvsc.csv"},
	    {"a\xFF"
	     "b.csv",
	        "a\xEF\xBF\xBD"
	        "b.csv",
	        "./a%FFb.csv"},
	    {"50% #1? a&b.csv", "50% #1? a&amp;b.csv", "./50%25%20%231%3F%20a%26b.csv"},
	    {"javascript:alert(1)", "javascript:alert(1)", "./javascript%3Aalert%281%29"},
	};
	return cr_make_param_array(struct name_case, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct name_case *expected, pages, a_name_stays_in_its_place)
{
	struct page_run run = run_of(RUN_APPLIED);
	run.file = run.links[PAGE_RESULT] = slice_of(expected->name);
	struct page_feed feed = {
	    .name = "hr", .runs = &run, .runs_count = 1, .runs_all = 1, .accepted = &run};
	char *page = page_of(&feed), *all = all_of(&feed, 1);
	expect_balanced(page);
	expect_balanced(all);
	HAS(page, expected->shown);
	HAS(all, expected->shown);
	char link[128];
	snprintf(link, sizeof link, "<a href=\"%s\">", expected->link);
	HAS(page, link);
	free(page);
	free(all);
}

/* ---- days ---- */

Test(pages, a_day_tells_how_many_runs_it_had_and_the_worst_of_them)
{
	struct page_feed feed = {.name = "hr"};
	feed.days[0].of[PAGE_CLEAN] = 2;
	feed.days[0].of[PAGE_REFUSED] = 1;
	feed.days[1].of[PAGE_PROBLEMS] = 1;
	feed.days[3].of[PAGE_REHEARSED] = 4;
	char *page = page_of(&feed);
	HAS(page, "title=\"Fri 27 Nov 2026: 3 runs, the worst refused\"");
	HAS(page, "<span class=\"unseen\">Fri 27 Nov 2026: 3 runs, the worst refused</span>");
	HAS(page, "Thu 26 Nov 2026: 1 run, applied with errors");
	HAS(page, "Wed 25 Nov 2026: no run");
	HAS(page, "Tue 24 Nov 2026: 4 runs, the worst previewed");
	HAS(page, "8 runs on 3 of the last 90 days: 1 refused, 1 applied with errors, 2 applied, 4 "
	          "previewed.");
	free(page);
}

Test(pages, there_are_ninety_days_and_the_first_stands_under_its_weekday)
{
	struct page_feed feed = {.name = "hr"};
	char *page = page_of(&feed);
	cr_expect_eq(times(page, "<li class=\"day "), PAGE_DAYS);
	HAS(page, "class=\"strip from7\""); /* 30 August 2026 is a Sunday */
	HAS(page, "Sun 30 Aug 2026 to Fri 27 Nov 2026");
	HAS(page, "time zone Europe/Berlin.");
	free(page);
}

Test(pages, every_outcome_is_in_the_legend_with_a_sign_of_its_own)
{
	struct page_feed feed = {.name = "hr"};
	char *page = page_of(&feed);
	HAS(page, ">\u2715</span> refused as a whole");
	HAS(page, ">?</span> held as a whole for a person");
	HAS(page, ">!</span> applied, some rows have an error");
	HAS(page, ">\u2013</span> discarded by a person");
	HAS(page, ">\u2713</span> applied, without an error");
	HAS(page, ">P</span> previews only");
	free(page);
}

/* ---- all feeds ---- */

Test(pages, of_all_feeds_link_to_each_and_say_what_is_to_be_done)
{
	const struct page_run last = run_of(RUN_APPLIED);
	struct page_feed feeds[] = {{.name = "default"}, {.name = "hr", .accepted = &last}};
	feeds[1].waits = 2;
	feeds[1].is_refused_since = true;
	feeds[1].days[6].of[PAGE_REFUSED] = 1;
	feeds[1].days[7].of[PAGE_REFUSED] = 5; /* a week ago */
	feeds[1].days[0].of[PAGE_PROBLEMS] = 3;
	feeds[1].days[0].of[PAGE_CLEAN] = 9;
	char *page = all_of(feeds, 2);
	expect_balanced(page);
	HAS(page, "<a href=\"default.html\">default</a>");
	HAS(page, "<a href=\"hr/index.html\">hr</a>");
	HAS(page, "none in the last 400 days");
	HAS(page, "1 feed has something that waits for a person: <code>enrolctl held</code>");
	HAS(page, "In 1 feed a file was refused, and none was applied since.");
	HAS(page, "staff.csv, <time datetime=");
	HAS(page, "a later one was refused");
	HAS(page, "data-th=\"With problems, 7 days\">4</td>");
	HAS(page, "data-th=\"Waits for a person\">2</td>");
	cr_expect_eq(times(page, "<li class=\"day "), 2 * PAGE_WEEK);
	free(page);
}

Test(pages, of_all_feeds_say_so_when_nothing_is_to_be_done)
{
	const struct page_feed feeds[] = {{.name = "default"}, {.name = "hr"}};
	char *page = all_of(feeds, 2);
	expect_balanced(page);
	HAS(page, "Nothing waits for a person");
	HAS_NOT(page, "enrolctl held");
	free(page);
}

Test(pages, a_buffer_without_memory_remembers_it)
{
	struct buffer out = {.failed = true};
	const struct page_feed feed = {.name = "hr"};
	pages_feed(&out, &feed, &moment);
	cr_expect(out.failed);
	cr_expect_eq(out.size, 0);
}
