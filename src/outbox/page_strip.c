/*
 * page_strip: the days of a page. Each day says in words how many runs it had and how the worst of
 * them ended, to who points at it and to who listens; its sign says so to who sees no colours.
 *
 * A column is a week, from Monday to Sunday: so what comes each night and stays away at weekends
 * shows a pattern, and thirteen columns fit on a phone. Pure.
 */
#include "page_parts.h"

#include "enrold/html.h"

#include <stdio.h>
#include <time.h>

const struct page_look page_looks[PAGE_OUTCOMES] = {
    [PAGE_REHEARSED] = {"rehearsed", "P", "previewed", "previews only: nothing was changed"},
    [PAGE_CLEAN] = {"clean", "\u2713", "applied", "applied, without an error"},
    [PAGE_DISCARDED] = {"discarded", "\u2013", "discarded", "discarded by a person"},
    [PAGE_PROBLEMS] = {"problems", "!", "applied with errors", "applied, some rows have an error"},
    [PAGE_HELD] = {"held", "?", "held", "held as a whole for a person"},
    [PAGE_REFUSED] = {"refused", "\u2715", "refused", "refused as a whole"},
};

enum { DAY_S = 86400, DATE_SIZE = 40, MONDAY_OFFSET = 3 /* 1970-01-01 was a Thursday */ };

void page_add_count(struct buffer *out, uint64_t count, const char *one, const char *many)
{
	html_count(out, count);
	buffer_print(out, " %s", count == 1 ? one : many);
}

/* Not strftime's: months have English names wherever the daemon runs. */
static void date_format(int64_t day, char text[DATE_SIZE])
{
	static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(day * DAY_S);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	snprintf(text, DATE_SIZE, "%s %d %s %d", weekdays[tm.tm_wday], tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900);
}

/* 0 is Monday. */
static int weekday_of(int64_t day)
{
	return (int)(((day + MONDAY_OFFSET) % PAGE_WEEK + PAGE_WEEK) % PAGE_WEEK);
}

static uint64_t runs_of(const struct page_day *day)
{
	uint64_t runs = 0;
	for (int o = 0; o < PAGE_OUTCOMES; o++)
		runs += day->of[o];
	return runs;
}

/* Of a day with a run. */
static enum page_outcome worst_of(const struct page_day *day)
{
	int worst = PAGE_OUTCOMES - 1;
	while (worst > 0 && day->of[worst] == 0)
		worst--;
	return (enum page_outcome)worst;
}

/* "Fri 27 Nov 2026: 3 runs, the worst refused" */
static void day_add_words(struct buffer *out, const struct page_day *day, int64_t date)
{
	char text[DATE_SIZE];
	uint64_t runs = runs_of(day);
	date_format(date, text);
	buffer_print(out, "%s: ", text);
	if (runs == 0) {
		buffer_add_text(out, "no run");
		return;
	}
	page_add_count(out, runs, "run", "runs");
	buffer_print(out, ", %s%s", runs == 1 ? "" : "the worst ", page_looks[worst_of(day)].word);
}

static void day_add(struct buffer *out, const struct page_day *day, int64_t date)
{
	bool has_runs = runs_of(day) > 0;
	const struct page_look *look = has_runs ? &page_looks[worst_of(day)] : NULL;
	buffer_print(out, "<li class=\"day %s\" title=\"", look ? look->class : "none");
	day_add_words(out, day, date);
	buffer_print(out, "\"><span aria-hidden=\"true\">%s</span><span class=\"unseen\">",
	    look ? look->sign : "");
	day_add_words(out, day, date);
	buffer_add_text(out, "</span></li>\n");
}

/* "41 runs on 35 of the last 90 days: 38 applied, 2 applied with errors, 1 refused." */
static void sum_add(struct buffer *out, const struct page_day days[PAGE_DAYS])
{
	struct page_day sum = {{0}};
	uint64_t with_runs = 0;
	for (size_t i = 0; i < PAGE_DAYS; i++) {
		with_runs += runs_of(&days[i]) > 0;
		for (int o = 0; o < PAGE_OUTCOMES; o++)
			sum.of[o] += days[i].of[o];
	}
	buffer_add_text(out, "<p>");
	page_add_count(out, runs_of(&sum), "run", "runs");
	buffer_print(out, " on %llu of the last %d days", (unsigned long long)with_runs, PAGE_DAYS);
	const char *between = ": ";
	for (int o = PAGE_OUTCOMES - 1; o >= 0; o--) {
		if (sum.of[o] == 0)
			continue;
		buffer_add_text(out, between);
		html_count(out, sum.of[o]);
		buffer_print(out, " %s", page_looks[o].word);
		between = ", ";
	}
	buffer_add_text(out, ".</p>\n");
}

void page_add_legend(struct buffer *out)
{
	buffer_add_text(out, "<ul class=\"legend\">\n");
	for (int o = PAGE_OUTCOMES - 1; o >= 0; o--)
		buffer_print(out,
		    "<li><span class=\"day %s\" aria-hidden=\"true\">%s</span> %s</li>\n",
		    page_looks[o].class, page_looks[o].sign, page_looks[o].meaning);
	buffer_add_text(out, "<li><span class=\"day none\" aria-hidden=\"true\"></span> no "
	                     "run</li>\n</ul>\n");
}

void page_add_strip(
    struct buffer *out, const struct page_day days[PAGE_DAYS], const struct page_moment *moment)
{
	char first[DATE_SIZE], last[DATE_SIZE];
	int64_t from = moment->today - PAGE_DAYS + 1;
	date_format(from, first);
	date_format(moment->today, last);
	sum_add(out, days);
	buffer_print(out,
	    "<div class=\"days\">\n<ol class=\"strip from%d\" aria-label=\"Day by day\">\n",
	    weekday_of(from) + 1);
	for (int i = PAGE_DAYS - 1; i >= 0; i--)
		day_add(out, &days[i], moment->today - i);
	buffer_add_text(out, "</ol>\n");
	page_add_legend(out);
	buffer_print(out,
	    "</div>\n<p class=\"muted\">%s to %s; a column is a week, Monday on top. A day shows "
	    "the worst that it had; days are those of the ",
	    first, last);
	buffer_add_text(out, moment->zone.size > 0 ? "time zone " : "site's time zone");
	html_text(out, moment->zone);
	buffer_add_text(out, ".</p>\n");
}

void page_add_week(
    struct buffer *out, const struct page_day days[PAGE_DAYS], const struct page_moment *moment)
{
	buffer_add_text(out, "<ol class=\"week\">\n");
	for (int i = PAGE_WEEK - 1; i >= 0; i--)
		day_add(out, &days[i], moment->today - i);
	buffer_add_text(out, "</ol>");
}
