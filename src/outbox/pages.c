/*
 * pages: what became of files, a row for each run. Knows neither disk nor database nor clock: what
 * is linked to was there when whoever asks has looked.
 *
 * The newest PAGE_RUNS_MAX runs are shown. Ten thousand rows would be 5 MB that a phone loads each
 * time to read the first ten; where the others are is said below.
 */
#include "enrold/pages.h"

#include "page_parts.h"

#include "enrold/html.h"
#include "enrold/spool.h"

#include <stdio.h>
#include <string.h>

enum page_outcome page_outcome(const struct page_run *run)
{
	if (run->is_preview || run->state == RUN_PREVIEWED)
		return PAGE_REHEARSED;
	switch (run->state) {
	case RUN_REFUSED: return PAGE_REFUSED;
	case RUN_DISCARDED: return PAGE_DISCARDED;
	case RUN_HELD: return PAGE_HELD;
	case RUN_UNKNOWN:
	case RUN_RUNNING:
	case RUN_APPLIED:
	case RUN_PREVIEWED:
	case RUN_STATES: break;
	}
	return run->rows_in_error > 0 ? PAGE_PROBLEMS : PAGE_CLEAN;
}

static bool is_default(const struct page_feed *feed)
{
	return strcmp(feed->name, "default") == 0;
}

/* ---- what was asked ---- */

/* Of a run that no file of anybody's has begun. */
static const char *verb_of(struct slice file)
{
	static const struct {
		const char *start, *verb;
	} verbs[] = {{"release-", "a person has released what a run withheld"},
	    {"discard-", "a person has discarded what a run withheld"},
	    {"undo-", "a person has taken back what a run did"},
	    {"due-", "enrold unenrols those whose grace is over"},
	    {"prune-", "enrold removes what is kept no longer"},
	    {"accept-", "a person has gone on without answers that the database had lost"}};
	char name[FILE_NAME_SIZE];
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(file));
	if (file.size >= sizeof name || !name_is_made(name))
		return NULL;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strncmp(name, verbs[i].start, strlen(verbs[i].start)) == 0)
			return verbs[i].verb;
	return NULL;
}

static void file_add(struct buffer *out, const struct page_run *run)
{
	const char *verb = verb_of(run->file);
	buffer_add_text(out, "<td class=\"file\" data-th=\"File\"><div>");
	html_text(out, run->file);
	if (verb)
		buffer_print(out, "<br><span class=\"muted\">%s</span>", verb);
	buffer_add_text(out, "</div></td>");
}

/* ---- what became of it ---- */

static const char *const states[RUN_STATES] = {[RUN_UNKNOWN] = "unknown",
    [RUN_RUNNING] = "under way",
    [RUN_APPLIED] = "applied",
    [RUN_PREVIEWED] = "previewed",
    [RUN_REFUSED] = "refused",
    [RUN_DISCARDED] = "discarded",
    [RUN_HELD] = "held"};

static void outcome_add(struct buffer *out, const struct page_run *run)
{
	enum page_outcome outcome = page_outcome(run);
	const char *state = run->state < RUN_STATES ? states[run->state] : states[RUN_UNKNOWN];
	buffer_print(out,
	    "<td data-th=\"Outcome\"><div><span class=\"day %s\" aria-hidden=\"true\">%s</span> %s",
	    page_looks[outcome].class, page_looks[outcome].sign, state);
	if (run->is_preview && run->state != RUN_PREVIEWED)
		buffer_add_text(out, " in a preview");
	if (run->rows_in_error > 0 && run->state != RUN_REFUSED)
		buffer_add_text(out, ", with errors");
	if (run->waits)
		buffer_add_text(out, "; <strong>waits for a person</strong>");
	buffer_add_text(out, "</div></td>");
}

static void number_add(struct buffer *out, const char *label, uint64_t count)
{
	buffer_print(out, "<td class=\"num\" data-th=\"%s\">", label);
	html_count(out, count);
	buffer_add_text(out, "</td>");
}

static void links_add(struct buffer *out, const struct page_run *run)
{
	static const char *const words[PAGE_LINKS] = {
	    [PAGE_REPORT] = "report", [PAGE_RESULT] = "result", [PAGE_RETRY] = "retry file"};
	const char *between = "";
	buffer_add_text(out, "<td data-th=\"Answer\"><div>");
	for (int link = 0; link < PAGE_LINKS; link++) {
		if (run->links[link].size == 0)
			continue;
		buffer_print(out, "%s<a href=\"", between);
		html_href(out, run->links[link]);
		/* A list of links by themselves has to tell them apart. */
		buffer_print(out, "\">%s<span class=\"unseen\"> of run %s</span></a>", words[link],
		    run->run);
		between = ", ";
	}
	if (!*between)
		buffer_add_text(out, run->is_coming ? "on its way"
		                     : run->is_gone ? "no longer kept"
		                                    : "none");
	buffer_add_text(out, "</div></td>");
}

static void run_add(struct buffer *out, const struct page_run *run)
{
	buffer_print(out, "<tr id=\"%s\"><th scope=\"row\">", run->run);
	html_time(out, run->started_us);
	buffer_print(out, "<br><code class=\"muted\">%s</code></th>", run->run);
	file_add(out, run);
	outcome_add(out, run);
	number_add(out, "Rows", run->rows);
	number_add(out, "In error", run->rows_in_error);
	number_add(out, "Changes", run->done);
	number_add(out, "Unchanged", run->unchanged);
	links_add(out, run);
	buffer_add_text(out, "</tr>\n");
}

/* ---- the parts of a page ---- */

static void accepted_add(struct buffer *out, const struct page_feed *feed)
{
	const struct page_run *run = feed->accepted;
	if (!run) {
		buffer_add_text(out, "none in the last 400 days");
		return;
	}
	html_text(out, run->file);
	buffer_add_text(out, ", ");
	html_time(out, run->started_us);
}

static void state_add(struct buffer *out, const struct page_feed *feed)
{
	buffer_add_text(out, "<p>The last file that was applied: ");
	accepted_add(out, feed);
	buffer_add_text(out, ".");
	if (feed->is_refused_since)
		buffer_add_text(out, " <strong>A later one was refused.</strong>");
	buffer_add_text(out, "</p>\n");
	if (feed->waits == 0)
		return;
	buffer_add_text(out, "<p><strong>");
	page_add_count(out, feed->waits, "plan waits", "plans wait");
	buffer_add_text(out, " for a person</strong>: <code>enrolctl held</code> shows what was "
	                     "withheld, and how to release or discard it.</p>\n");
}

static void empty_add(struct buffer *out, const struct page_feed *feed)
{
	struct lane lane = {.is_preview = false};
	char inbox[SPOOL_PATH_SIZE], preview[SPOOL_PATH_SIZE];
	snprintf(lane.feed, sizeof lane.feed, "%s", feed->name);
	spool_inbox(inbox, &lane);
	lane.is_preview = true;
	spool_inbox(preview, &lane);
	buffer_print(out,
	    "<p>No file has been dropped here yet, or none in the last 400 days. Put a CSV file "
	    "into <code>%s/</code>: write it "
	    "as <code>staff.csv.part</code>, then rename it to <code>staff.csv</code>, so that "
	    "nobody takes half of it. Its answer appears beside this page.</p>\n"
	    "<p>In <code>%s/</code> the same file is only rehearsed: the answer says what it would "
	    "do, and nothing is changed.</p>\n",
	    inbox, preview);
}

static void table_add(struct buffer *out, const struct page_feed *feed)
{
	size_t shown = feed->runs_count < PAGE_RUNS_MAX ? feed->runs_count : PAGE_RUNS_MAX;
	buffer_add_text(out,
	    "<table class=\"runs\">\n<caption class=\"unseen\">The runs of this feed, newest "
	    "first</caption>\n"
	    "<thead><tr><th scope=\"col\">Taken</th><th scope=\"col\">File</th><th "
	    "scope=\"col\">Outcome</th><th scope=\"col\" class=\"num\">Rows</th><th "
	    "scope=\"col\" class=\"num\">In error</th><th scope=\"col\" "
	    "class=\"num\">Changes</th><th scope=\"col\" class=\"num\">Unchanged</th><th "
	    "scope=\"col\">Answer</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < shown; i++)
		run_add(out, &feed->runs[i]);
	buffer_add_text(out, "</tbody>\n</table>\n");
	if (feed->runs_all <= shown)
		return;
	buffer_add_text(out, "<p>These are the newest ");
	html_count(out, shown);
	buffer_add_text(out, " of ");
	html_count(out, feed->runs_all);
	buffer_print(out,
	    " runs. <code>enrolctl runs --feed %s</code> tells of all; their answers lie beside "
	    "this page.</p>\n",
	    feed->name);
}

static void foot_add(struct buffer *out, const struct page_moment *moment)
{
	buffer_add_text(out, "<footer>\n<p>Made ");
	html_time(out, moment->now_us);
	buffer_add_text(out,
	    ", and made anew after each run. This page is for reading and proves nothing: the "
	    "summaries do, which <code>enrolctl verify</code> compares with the "
	    "database.</p>\n</footer>\n</main>\n");
	html_end(out);
}

void pages_feed(struct buffer *out, const struct page_feed *feed, const struct page_moment *moment)
{
	char title[FEED_NAME_MAX + 32];
	snprintf(title, sizeof title, "enrold: feed %s", feed->name);
	html_begin(out, slice_of(title));
	buffer_print(out,
	    "<main>\n<header class=\"top\">\n<p class=\"eyebrow\">What became of the files of</p>\n"
	    "<h1>feed %s</h1>\n",
	    feed->name);
	if (feed->runs_count == 0)
		empty_add(out, feed);
	else
		state_add(out, feed);
	buffer_add_text(out, "</header>\n<section>\n<h2>The last 90 days</h2>\n");
	page_add_strip(out, feed->days, moment);
	buffer_add_text(out, "</section>\n");
	if (feed->runs_count > 0) {
		buffer_add_text(out, "<section>\n<h2>Runs, newest first</h2>\n");
		table_add(out, feed);
		buffer_add_text(out, "</section>\n");
	}
	foot_add(out, moment);
}

/* ---- all feeds ---- */

static uint64_t problems_of_week(const struct page_feed *feed)
{
	uint64_t runs = 0;
	for (size_t i = 0; i < PAGE_WEEK; i++)
		runs += (uint64_t)feed->days[i].of[PAGE_PROBLEMS] + feed->days[i].of[PAGE_REFUSED] +
		        feed->days[i].of[PAGE_HELD];
	return runs;
}

/* "2 feeds have something that waits for a person (enrolctl held). In 1 feed the latest ..." */
static void all_say(struct buffer *out, const struct page_feed *feeds, size_t count)
{
	uint64_t waiting = 0, refused = 0;
	for (size_t i = 0; i < count; i++) {
		waiting += feeds[i].waits > 0;
		refused += feeds[i].is_refused_since;
	}
	buffer_add_text(out, "<p class=\"lead\">");
	if (waiting > 0) {
		page_add_count(out, waiting, "feed has", "feeds have");
		buffer_add_text(out, " something that waits for a person: <code>enrolctl "
		                     "held</code> shows it. ");
	}
	if (refused > 0) {
		buffer_add_text(out, "In ");
		page_add_count(out, refused, "feed", "feeds");
		buffer_add_text(out, " a file was refused, and none was applied since.");
	}
	if (waiting + refused == 0)
		buffer_add_text(out, "Nothing waits for a person, and where a file was refused "
		                     "one was applied since.");
	buffer_add_text(out, "</p>\n");
}

static void feed_row_add(
    struct buffer *out, const struct page_feed *feed, const struct page_moment *moment)
{
	const char *folder = is_default(feed) ? "" : feed->name;
	buffer_print(out, "<tr><th scope=\"row\"><a href=\"%s%s%s\">%s</a></th>", folder,
	    *folder ? "/" : "", *folder ? PAGE_FEED : PAGE_DEFAULT, feed->name);
	buffer_add_text(out, "<td class=\"file\" data-th=\"Last applied\"><div>");
	accepted_add(out, feed);
	if (feed->is_refused_since)
		buffer_add_text(out, "<br><strong>a later one was refused</strong>");
	buffer_add_text(out, "</div></td>");
	number_add(out, "With problems, 7 days", problems_of_week(feed));
	number_add(out, "Waits for a person", feed->waits);
	buffer_add_text(out, "<td data-th=\"Last 7 days\">");
	page_add_week(out, feed->days, moment);
	buffer_add_text(out, "</td></tr>\n");
}

void pages_all(struct buffer *out, const struct page_feed *feeds, size_t count,
    const struct page_moment *moment)
{
	html_begin(out, SLICE("enrold: all feeds"));
	buffer_add_text(out,
	    "<main>\n<header class=\"top\">\n<p class=\"eyebrow\">What became of the files of</p>\n"
	    "<h1>all feeds</h1>\n");
	all_say(out, feeds, count);
	buffer_add_text(out,
	    "</header>\n<section>\n<table class=\"runs\">\n<caption class=\"unseen\">The "
	    "feeds of this spool</caption>\n<thead><tr><th scope=\"col\">Feed</th><th "
	    "scope=\"col\">Last applied</th><th scope=\"col\" class=\"num\">With problems, 7 "
	    "days</th><th scope=\"col\" class=\"num\">Waits for a person</th><th "
	    "scope=\"col\">Last 7 days</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < count; i++)
		feed_row_add(out, &feeds[i], moment);
	buffer_add_text(out, "</tbody>\n</table>\n");
	page_add_legend(out);
	buffer_add_text(out, "</section>\n");
	foot_add(out, moment);
}
