/* Which feed is late, which is stale, and until when that stays so: by the clocks of Berlin. */
#include "../../src/daemon/expect.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void zone_set(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* "2026-11-23 06:00" there, seconds may follow; "" is never. "+": the second time that it comes. */
static int64_t at(const char *text)
{
	struct tm tm = {.tm_isdst = -1};
	if (*text == '\0')
		return 0;
	int read = sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	    &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	cr_assert_geq(read, 5, "%s", text);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	bool is_second = strchr(text, '+');
	if (is_second)
		tm.tm_isdst = 0;
	else if (strchr(text, '!'))
		tm.tm_isdst = 1; /* the first */
	return (int64_t)mktime(&tm);
}

static const char *shown(int64_t moment)
{
	static char texts[8][40];
	static unsigned next;
	struct tm tm;
	time_t time = (time_t)moment;
	char *text = texts[next++ % 8];
	localtime_r(&time, &tm);
	if (moment == 0 || moment == INT64_MAX)
		snprintf(text, sizeof *texts, "never");
	else
		strftime(text, sizeof *texts, "%F %T %Z", &tm);
	return text;
}

/* Lists with commas. */
struct words {
	char text[128];
	const char *items[32];
};

static struct text_list list_of(struct words *words, const char *text)
{
	struct text_list list = {.items = words->items, .is_given = *text != '\0'};
	snprintf(words->text, sizeof words->text, "%s", text);
	for (char *rest = words->text, *item; (item = strsep(&rest, ","));)
		if (*item)
			words->items[list.count++] = item;
	return list;
}

struct expected {
	const char *by, *days, *except;
	const char *accepted; /* "": none, and the feed known since 2026-11-01 12:00 */
	const char *now;
	const char *late, *missed, *next;
};

static void expect_late(const struct expected *expected, size_t number)
{
	struct words by, days, except;
	struct expect_verdict verdict;
	const struct policy_expect policy = {.by = list_of(&by, expected->by),
	    .days = list_of(&days, expected->days),
	    .except = list_of(&except, expected->except)};
	const struct expect_history history = {
	    .known_s = at("2026-11-01 12:00"), .accepted_s = at(expected->accepted)};
	expect_judge(&policy, &history, at(expected->now), &verdict);
	cr_expect_eq(verdict.late_s, at(expected->late), "case %zu: late since %s", number,
	    shown(verdict.late_s));
	cr_expect_eq(verdict.missed_s, at(expected->missed), "case %zu: missed %s", number,
	    shown(verdict.missed_s));
	cr_expect_eq(
	    verdict.next_s, at(expected->next), "case %zu: next %s", number, shown(verdict.next_s));
	int64_t wake_s = verdict.next_s ? verdict.next_s + 1 : INT64_MAX;
	cr_expect_eq(verdict.wake_s, wake_s, "case %zu: wakes %s", number, shown(verdict.wake_s));
	cr_expect_eq(verdict.stale_s, 0);
}

#define SIX "06:00"
#define WEEK "mon,tue,wed,thu,fri"
#define HOLIDAYS "2026-12-24..2027-01-06"
/* 2026-11-23 is a Monday. */
#define MON "2026-11-23 "
#define TUE "2026-11-24 "
#define WED "2026-11-25 "
#define FRI "2026-11-27 "
#define SAT "2026-11-28 "
#define NEXT_MON "2026-11-30 "

static const struct expected cases[] = {
    /* Every day. */
    {SIX, "", "", MON "05:00", MON "05:30", "", "", TUE SIX},
    {SIX, "", "", MON "05:00", TUE "05:59", "", "", TUE SIX},
    {SIX, "", "", MON "05:00", TUE "06:00:00", "", "", TUE SIX},
    {SIX, "", "", MON "05:00", TUE "06:00:01", TUE SIX, TUE SIX, WED SIX},
    {SIX, "", "", MON "05:00", WED "07:00", TUE SIX, WED SIX, "2026-11-26 06:00"},
    {SIX, "", "", MON "06:00:00", TUE "06:00:01", TUE SIX, TUE SIX,
        WED SIX},                                                   /* in time for Monday */
    {SIX, "", "", MON "06:00:01", TUE "06:00:01", "", "", WED SIX}, /* too late for it */
    {SIX, "", "", TUE "08:00", TUE "08:01", "", "", "2026-11-26 06:00"},
    /* A weekend. */
    {SIX, WEEK, "", FRI "05:00", SAT "12:00", "", "", NEXT_MON SIX},
    {SIX, WEEK, "", FRI "05:00", NEXT_MON "06:01", NEXT_MON SIX, NEXT_MON SIX, "2026-12-01 06:00"},
    {SIX, WEEK, "", SAT "12:00", NEXT_MON "06:01", "", "", "2026-12-01 06:00"},
    {SIX, WEEK, "", "2026-11-26 05:00", SAT "12:00", FRI SIX, FRI SIX, NEXT_MON SIX},
    {SIX, "sun", "", "2026-11-22 05:00", SAT "23:59", "", "", "2026-11-29 06:00"},
    /* Holidays, a year's end among them, and a single day. */
    {SIX, WEEK, HOLIDAYS, "2026-12-23 05:00", "2027-01-06 23:59", "", "", "2027-01-07 06:00"},
    {SIX, WEEK, HOLIDAYS, "2026-12-23 05:00", "2027-01-07 06:01", "2027-01-07 06:00",
        "2027-01-07 06:00", "2027-01-08 06:00"},
    {SIX, WEEK, HOLIDAYS, "2026-12-22 05:00", "2026-12-31 23:59", "2026-12-23 06:00",
        "2026-12-23 06:00", "2027-01-07 06:00"},
    {SIX, "", "", "2026-12-31 05:00", "2027-01-01 06:01", "2027-01-01 06:00", "2027-01-01 06:00",
        "2027-01-02 06:00"},
    {SIX, "", "2026-11-24", MON "05:00", WED "05:00", "", "", WED SIX},
    {SIX, "", "2026-11-24,2026-11-25", MON "05:00", WED "12:00", "", "", "2026-11-26 06:00"},
    /* Several times, in any order. */
    {"18:30,06:00", "", "", MON "05:00", MON "18:00", "", "", MON "18:30"},
    {"18:30,06:00", "", "", MON "05:00", MON "18:31", MON "18:30", MON "18:30", TUE SIX},
    {"18:30,06:00", "", "", MON "07:00", TUE "05:00", "", "", TUE SIX},
    {"18:30,06:00", "", "", MON "07:00", TUE "20:00", TUE SIX, TUE "18:30", WED SIX},
    {"00:00", "", "", MON "12:00", TUE "00:00:01", "", "", WED "00:00"},
    {"23:59", "", "", MON "12:00", TUE "23:59:01", TUE "23:59", TUE "23:59", WED "23:59"},
    /* Never a file. */
    {SIX, "", "", "", "2026-11-01 12:00", "", "", "2026-11-02 06:00"},
    {SIX, "", "", "", "2026-11-02 06:00", "", "", "2026-11-02 06:00"},
    {SIX, "", "", "", "2026-11-02 06:01", "2026-11-02 06:00", "2026-11-02 06:00",
        "2026-11-03 06:00"},
    {"12:00", "", "", "", "2026-11-01 13:00", "", "", "2026-11-02 12:00"},
    {SIX, WEEK, "", "", MON "12:00", "2026-11-02 06:00", MON SIX, TUE SIX},
    /* The clock was set back: the file is of tomorrow. */
    {SIX, "", "", WED "05:00", MON "12:00", "", "", "2026-11-26 06:00"},
    /* Nothing to be late for. */
    {"", "", "", MON "05:00", "2027-05-01 12:00", "", "", ""},
    {"", "mon", "2026-11-24", "", "2027-05-01 12:00", "", "", ""},
    {SIX, "", "2026-01-01..2029-12-31", MON "05:00", "2027-05-01 12:00", "", "", ""},
    {SIX, "", "2026-11-25..2029-12-31", MON "05:00", "2027-05-01 12:00", TUE SIX, TUE SIX, ""},
    /* Summer time begins on 2027-03-28: from 02:00 to 03:00 there is no time. */
    {"02:30", "", "", "2027-03-27 01:00", "2027-03-28 01:59:59", "", "", "2027-03-28 03:00"},
    {"02:30", "", "", "2027-03-27 01:00", "2027-03-28 03:00", "", "", "2027-03-28 03:00"},
    {"02:30", "", "", "2027-03-27 01:00", "2027-03-28 03:00:01", "2027-03-28 03:00",
        "2027-03-28 03:00", "2027-03-29 02:30"},
    {SIX, "", "", "2027-03-27 05:00", "2027-03-28 06:01", "2027-03-28 06:00", "2027-03-28 06:00",
        "2027-03-29 06:00"},
    {"02:00,02:59,03:00", "", "", "2027-03-27 04:00", "2027-03-28 03:00:01", "", "",
        "2027-03-29 02:00"},
    /* It ends on 2026-10-25: from 02:00 to 03:00 it is twice. */
    {"02:30", "", "", "2026-10-24 01:00", "2026-10-25 02:30:00!", "", "", "2026-10-25 02:30!"},
    {"02:30", "", "", "2026-10-24 01:00", "2026-10-25 02:30:01!", "2026-10-25 02:30!",
        "2026-10-25 02:30!", "2026-10-26 02:30"},
    {"02:30", "", "", "2026-10-24 01:00", "2026-10-25 02:29:00+", "2026-10-25 02:30!",
        "2026-10-25 02:30!", "2026-10-26 02:30"},
    {"02:30", "", "", "2026-10-25 02:15!", "2026-10-25 02:45+", "", "", "2026-10-26 02:30"},
    {"02:30", "", "", "2026-10-25 02:15+", "2026-10-25 12:00", "", "", "2026-10-27 02:30"},
};

Test(expect, says_which_deadline_was_missed_and_which_is_next)
{
	zone_set("Europe/Berlin");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_late(&cases[i], i);
}

/* Where clocks change at midnight, and where a whole day was left out. */
Test(expect, knows_other_places)
{
	static const struct expected at_midnight = {
	    "00:30", "", "", "2026-09-05 12:00", "2026-09-06 01:00:01", "", "", "2026-09-07 00:30"};
	static const struct expected left_out = {SIX, "", "2026-01-01", "2011-12-29 05:00",
	    "2011-12-31 06:01", "2011-12-31 00:00", "2011-12-31 06:00", "2012-01-01 06:00"};
	zone_set("America/Santiago");
	expect_late(&at_midnight, 0);
	zone_set("Pacific/Apia");
	expect_late(&left_out, 1);
}

static const struct {
	uint32_t fresh_ms;
	const char *changed;
	bool is_repeated;
	const char *now, *stale, *wake;
} fresh[] = {
    {3 * 86400000U, MON "05:00", true, TUE "05:00", "", "2026-11-26 05:00"},
    {3 * 86400000U, MON "05:00", true, "2026-11-26 04:59:59", "", "2026-11-26 05:00"},
    {3 * 86400000U, MON "05:00", true, "2026-11-26 05:00", "2026-11-26 05:00", ""},
    {3 * 86400000U, MON "05:00", true, "2027-11-26 05:00", "2026-11-26 05:00", ""},
    {3 * 86400000U, MON "05:00", false, "2027-11-26 05:00", "", ""}, /* only one file */
    {0, MON "05:00", true, "2027-11-26 05:00", "", ""},
    {1500, MON "05:00", true, MON "05:00:01", "", MON "05:00:02"},
};

Test(expect, calls_stale_what_has_sent_only_the_same_for_so_long)
{
	zone_set("Europe/Berlin");
	for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++) {
		struct expect_verdict verdict;
		const struct policy_expect policy = {.fresh_ms = fresh[i].fresh_ms};
		const struct expect_history history = {.accepted_s = at(fresh[i].now),
		    .changed_s = at(fresh[i].changed),
		    .is_repeated = fresh[i].is_repeated};
		expect_judge(&policy, &history, at(fresh[i].now), &verdict);
		cr_expect_eq(
		    verdict.stale_s, at(fresh[i].stale), "case %zu: %s", i, shown(verdict.stale_s));
		cr_expect_eq(verdict.wake_s, *fresh[i].wake ? at(fresh[i].wake) : INT64_MAX,
		    "case %zu: %s", i, shown(verdict.wake_s));
		cr_expect_eq(verdict.late_s, 0);
	}
}

/* Between two wakings nothing changes: for a year, hour by hour. */
Test(expect, is_not_asked_again_before_something_can_change)
{
	enum { HOUR = 3600, YEAR = 366 * 24 };
	struct words by, days, except;
	zone_set("Europe/Berlin");
	const struct policy_expect policy = {.by = list_of(&by, "02:30,18:30"),
	    .days = list_of(&days, WEEK),
	    .except = list_of(&except, HOLIDAYS),
	    .fresh_ms = 20 * 86400000U};
	struct expect_history history = {.known_s = at("2026-09-30 12:00")};
	struct expect_verdict last = {.wake_s = 0};
	for (int64_t hour = 0, now = at("2026-10-01 00:00"); hour < YEAR; hour++, now += HOUR) {
		struct expect_verdict verdict;
		bool is_file = hour % 100 == 99;
		if (is_file) {
			history.accepted_s = now;
			history.changed_s = hour < 1000 ? now : history.changed_s;
			history.is_repeated = hour >= 1000;
		}
		expect_judge(&policy, &history, now, &verdict);
		cr_expect_gt(verdict.wake_s, now);
		if (now < last.wake_s && !is_file)
			cr_expect(
			    verdict.late_s == last.late_s && verdict.missed_s == last.missed_s &&
			        verdict.stale_s == last.stale_s && verdict.next_s == last.next_s,
			    "at %s", shown(now));
		last = verdict;
	}
}

/* ---- what is said ---- */

static const struct {
	int64_t missed_s, stale_s, accepted_s;
	unsigned news;
} said[] = {
    {0, 0, 10, 0},
    {100, 0, 10, EXPECT_LATE},
    {100, 0, 10, 0},
    {200, 0, 10, EXPECT_LATE}, /* the next deadline */
    {0, 0, 10, 0},             /* the clock was set back, or today is a holiday after all */
    {200, 0, 10, 0},
    {0, 0, 10, 0},
    {0, 0, 220, EXPECT_ON_TIME},
    {0, 0, 230, 0},
    {300, 250, 230, EXPECT_LATE | EXPECT_STALE},
    {300, 250, 230, 0},
    {0, 250, 310, EXPECT_ON_TIME}, /* the same bytes again */
    {0, 0, 320, EXPECT_FRESH},
    {0, 330, 320, EXPECT_STALE},
    {0, 0, 340, EXPECT_FRESH},
};

Test(expect, is_told_once_and_so_is_its_end)
{
	struct expect_told told = {0};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		const struct expect_verdict verdict = {.late_s = said[i].missed_s,
		    .missed_s = said[i].missed_s,
		    .stale_s = said[i].stale_s};
		cr_expect_eq(
		    expect_tell(&told, &verdict, said[i].accepted_s), said[i].news, "step %zu", i);
	}
}
