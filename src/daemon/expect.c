#include "expect.h"

#include "enrold/calendar.h"

#include <stdlib.h>
#include <time.h>

enum { DAY_S = 86400, WEEK = 7 };

/* ---- moments ---- */

static int64_t offset_at(int64_t moment)
{
	struct tm tm;
	time_t time = (time_t)moment;
	return localtime_r(&time, &tm) ? (int64_t)tm.tm_gmtoff : 0;
}

/* When the clocks were changed between the two, where they differ. */
static int64_t change_between(int64_t before, int64_t after)
{
	int64_t offset = offset_at(before);
	while (after - before > 1) {
		int64_t middle = before + (after - before) / 2;
		if (offset_at(middle) == offset)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/* The first moment when the clocks of the place have reached that: in a gap its end, of two the
 * first. `shown`: as if they were in Greenwich. */
static int64_t moment_of(int64_t shown)
{
	int64_t before = offset_at(shown - DAY_S), after = offset_at(shown + DAY_S);
	int64_t change = before == after ? INT64_MAX : change_between(shown - DAY_S, shown + DAY_S);
	if (shown - before < change)
		return shown - before;
	return shown - after > change ? shown - after : change;
}

static int64_t day_of(int64_t moment)
{
	int64_t shown = moment + offset_at(moment);
	return shown / DAY_S - (shown % DAY_S < 0);
}

/* ---- deadlines ---- */

struct schedule {
	int minutes[EXPECT_TIMES_MAX];
	size_t count;
	bool days[WEEK];
	struct calendar_span except[EXPECT_EXCEPTIONS_MAX];
	size_t except_count;
};

static int by_minutes(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static struct schedule schedule_of(const struct policy_expect *expect)
{
	struct schedule schedule = {0};
	for (size_t i = 0; i < expect->by.count && schedule.count < EXPECT_TIMES_MAX; i++)
		if (calendar_parse_time(expect->by.items[i], &schedule.minutes[schedule.count]))
			schedule.count++;
	if (schedule.count > 1)
		qsort(schedule.minutes, schedule.count, sizeof *schedule.minutes, by_minutes);
	for (int i = 0; i < WEEK; i++)
		schedule.days[i] = expect->days.count == 0;
	for (size_t i = 0; i < expect->days.count; i++) {
		int weekday;
		if (calendar_parse_weekday(expect->days.items[i], &weekday))
			schedule.days[weekday] = true;
	}
	for (size_t i = 0; i < expect->except.count && i < EXPECT_EXCEPTIONS_MAX; i++)
		if (calendar_parse_span(
		        expect->except.items[i], &schedule.except[schedule.except_count]))
			schedule.except_count++;
	return schedule;
}

static bool is_expected(const struct schedule *schedule, int64_t day)
{
	enum { THURSDAY = 4 }; /* 1970-01-01 */
	int64_t weekday = (day + THURSDAY) % WEEK;
	if (!schedule->days[weekday < 0 ? weekday + WEEK : weekday])
		return false;
	for (size_t i = 0; i < schedule->except_count; i++)
		if (schedule->except[i].first <= day && day <= schedule->except[i].last)
			return false;
	return true;
}

static int64_t deadline(const struct schedule *schedule, int64_t day, size_t i)
{
	return moment_of(day * DAY_S + INT64_C(60) * schedule->minutes[i]);
}

/* The first that is not before that moment; INT64_MAX: none for so many days. */
static int64_t deadline_from(const struct schedule *schedule, int64_t moment)
{
	int64_t first = day_of(moment);
	for (int64_t day = first; day <= first + EXPECT_DAYS_MAX && schedule->count > 0; day++) {
		if (!is_expected(schedule, day))
			continue;
		for (size_t i = 0; i < schedule->count; i++)
			if (deadline(schedule, day, i) >= moment)
				return deadline(schedule, day, i);
	}
	return INT64_MAX;
}

/* The last before it; INT64_MIN: none for so many days. */
static int64_t deadline_before(const struct schedule *schedule, int64_t moment)
{
	int64_t last = day_of(moment);
	for (int64_t day = last; day >= last - EXPECT_DAYS_MAX && schedule->count > 0; day--) {
		if (!is_expected(schedule, day))
			continue;
		for (size_t i = schedule->count; i > 0; i--)
			if (deadline(schedule, day, i - 1) < moment)
				return deadline(schedule, day, i - 1);
	}
	return INT64_MIN;
}

/* ---- the verdict ---- */

/* The first deadline that no file has met. */
static int64_t first_unmet(
    const struct schedule *schedule, const struct expect_history *history, int64_t now_s)
{
	int64_t oldest = now_s - (int64_t)EXPECT_DAYS_MAX * DAY_S;
	int64_t done = history->accepted_s > oldest ? history->accepted_s : oldest;
	if (history->accepted_s == 0) {
		int64_t known = history->known_s > oldest ? history->known_s : oldest;
		return deadline_from(schedule, known + 1);
	}
	int64_t met = deadline_from(schedule, done);
	return met == INT64_MAX ? met : deadline_from(schedule, met + 1);
}

static void late_judge(const struct schedule *schedule, const struct expect_history *history,
    int64_t now_s, struct expect_verdict *verdict)
{
	int64_t unmet = first_unmet(schedule, history, now_s);
	bool is_late = unmet < now_s;
	int64_t next = is_late ? deadline_from(schedule, now_s) : unmet;
	if (next != INT64_MAX) {
		verdict->next_s = next;
		verdict->wake_s = next + 1;
	}
	if (is_late) {
		verdict->late_s = unmet;
		verdict->missed_s = deadline_before(schedule, now_s);
	}
}

void expect_judge(const struct policy_expect *expect, const struct expect_history *history,
    int64_t now_s, struct expect_verdict *verdict)
{
	struct schedule schedule = schedule_of(expect);
	*verdict = (struct expect_verdict){.wake_s = INT64_MAX};
	if (schedule.count > 0)
		late_judge(&schedule, history, now_s, verdict);
	if (expect->fresh_ms == 0 || !history->is_repeated)
		return;
	int64_t stale_s = history->changed_s + (int64_t)(expect->fresh_ms + 999) / 1000;
	if (stale_s <= now_s)
		verdict->stale_s = stale_s;
	else if (stale_s < verdict->wake_s)
		verdict->wake_s = stale_s;
}

/* ---- what is news ---- */

static unsigned over_tell(struct expect_told *told, const struct expect_verdict *verdict)
{
	unsigned news = 0;
	if (told->missed_s > 0 && verdict->late_s == 0) {
		told->missed_s = 0;
		news |= EXPECT_ON_TIME;
	}
	if (told->is_stale && verdict->stale_s == 0) {
		told->is_stale = false;
		news |= EXPECT_FRESH;
	}
	return news;
}

unsigned expect_tell(
    struct expect_told *told, const struct expect_verdict *verdict, int64_t accepted_s)
{
	unsigned news = accepted_s != told->accepted_s ? over_tell(told, verdict) : 0;
	told->accepted_s = accepted_s;
	if (verdict->missed_s > told->missed_s) {
		told->missed_s = verdict->missed_s;
		news |= EXPECT_LATE;
	}
	if (verdict->stale_s > 0 && !told->is_stale) {
		told->is_stale = true;
		news |= EXPECT_STALE;
	}
	return news;
}
