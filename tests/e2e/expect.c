/* Feeds that are late or stale: what is told of them, once, and that it is over. */
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define HOUR 3600L
#define DAY (24 * HOUR)

static const char text[] = "username,course1\np1,C1\n";

/* A day's midnight in UTC, which the site keeps: the day after tomorrow. */
static long midnight(void)
{
	static long moment;
	if (moment == 0)
		moment = (long)time(NULL) / DAY * DAY + 2 * DAY;
	return moment;
}

/* So many seconds after it. */
static void clock_set(const struct rig *rig, long seconds)
{
	rig_move_clock(rig, CLOCK_MOVED, midnight() + seconds - (long)time(NULL));
}

static void site_make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_execute(rig, "UPDATE mdl_config SET value = 'UTC' WHERE name = 'timezone'");
}

/* An answer, of whatever feed, has the daemon look at the ledger. */
static void look_make(struct service *service, const struct rig *rig, size_t number)
{
	rig_drop((struct rig *)rig, path_of("other%zu.csv", number).text, text);
	service_await(service, rig, "", number);
}

static size_t times_logged(const struct service *service, const char *words)
{
	struct buffer said = program_said(service->program.err);
	size_t count = 0;
	for (const char *at = said.bytes; (at = strstr(at, words)); at++)
		count++;
	buffer_done(&said);
	return count;
}

/* The feed hr, as enrolctl status has it, which ends so. *status: the caller's. */
static json_t *status_of(const struct rig *rig, int ends, json_t **status)
{
	struct finished finished = program_expect(
	    ends, ARGV("enrolctl", "--config", rig->config.text, "--json", "status"));
	*status = json_loads(finished.out.bytes, 0, NULL);
	cr_assert_not_null(*status, "%s", finished.out.bytes);
	finished_done(&finished);
	size_t i;
	json_t *feed;
	json_array_foreach(json_object_get(*status, "feeds"), i,
	    feed) if (strcmp(json_string_value(json_object_get(feed, "feed")), "hr") ==
	              0) return feed;
	fatal("status has no feed hr");
}

static const char *time_of(long moment)
{
	static char texts[4][40];
	static unsigned next;
	char *shown = texts[next++ % 4];
	time_t at = (time_t)moment;
	struct tm tm;
	strftime(shown, sizeof *texts, "%FT%TZ", gmtime_r(&at, &tm));
	return shown;
}

/* NULL: null stands there. */
static void expect_member(const json_t *object, const char *name, const char *value)
{
	const char *found = json_string_value(json_object_get(object, name));
	if (!value)
		cr_expect(json_is_null(json_object_get(object, name)), "%s: %s", name, found);
	else
		cr_expect(found && strcmp(found, value) == 0, "%s: %s, not %s", name, found, value);
}

static void expect_needs(const json_t *status, const char *words)
{
	char *needs = json_dumps(json_object_get(status, "needs"), 0);
	if (*words)
		cr_expect(strstr(needs, words), "no '%s' in %s", words, needs);
	else
		cr_expect_str_eq(needs, "[]");
	free(needs);
}

Test(expect, of_a_late_feed_is_told_once_and_that_it_has_come)
{
	struct rig rig;
	struct service service;
	json_t *status, *hr;
	site_make(&rig, "  default: {}\n  hr: { expect: { by: [\"06:00\"] } }\n");
	const struct timespec times[] = {{.tv_sec = midnight()}, {.tv_sec = midnight()}};
	cr_assert_eq(utimensat(AT_FDCWD, rig.config.text, times, 0), 0);
	clock_set(&rig, 5 * HOUR + 1800);
	service_start(&service, &rig);
	rig_drop(&rig, "hr/staff.csv", text);
	service_await(&service, &rig, "hr", 1);
	look_make(&service, &rig, 1);
	service_await_idle(&service, &rig);

	/* In time for the first; then none comes for the next. */
	clock_set(&rig, DAY + 6 * HOUR + 10);
	look_make(&service, &rig, 2);
	service_await_log(&service, "feed hr is late: no file was accepted since ");
	clock_set(&rig, DAY + 7 * HOUR);
	look_make(&service, &rig, 3);
	hr = status_of(&rig, 0, &status);
	expect_member(json_object_get(hr, "late"), "since", time_of(midnight() + DAY + 6 * HOUR));
	expect_member(json_object_get(hr, "late"), "missed", time_of(midnight() + DAY + 6 * HOUR));
	expect_member(hr, "due", time_of(midnight() + 2 * DAY + 6 * HOUR));
	expect_member(json_object_get(hr, "accepted"), "file", "staff.csv");
	expect_needs(status, "ask who sends it");
	json_decref(status);

	/* One that is refused is no file; and the next deadline passes, too. */
	rig_drop(&rig, "hr/bad.csv", "username,no such column\np1,C1\n");
	service_await(&service, &rig, "hr", 2);
	clock_set(&rig, 2 * DAY + 6 * HOUR + 10);
	look_make(&service, &rig, 4);
	service_await_log(&service, "one was refused: enrolctl show ");
	cr_expect_eq(times_logged(&service, "\"feed_late\""), 2);
	cr_expect_eq(times_logged(&service, "\"feed_on_time\""), 0);

	rig_drop(&rig, "hr/staff.csv", text);
	service_await(&service, &rig, "hr", 3);
	service_await_log(&service, "feed hr was late, and has sent a file now");
	hr = status_of(&rig, 0, &status);
	expect_member(hr, "late", NULL);
	expect_member(hr, "due", time_of(midnight() + 4 * DAY + 6 * HOUR));
	expect_needs(status, "");
	json_decref(status);
	service_stop(&service);
	program_preload(NULL);
	cr_expect_eq(times_logged(&service, "\"feed_stale\""), 0);
	law_close(&rig);
}

Test(expect, of_a_stale_feed_is_told_and_a_start_makes_no_feed_younger)
{
	struct rig rig;
	struct service service;
	json_t *status, *hr;
	site_make(&rig, "  default: {}\n  never: { expect: { by: [\"06:00\"] } }\n"
	                "  hr: { expect: { fresh: 1d } }\n");
	clock_set(&rig, 0);
	service_start(&service, &rig);
	service_await_log(&service, "feed never is late: no file was accepted so far, and by ");
	rig_drop(&rig, "hr/staff.csv", text);
	service_await(&service, &rig, "hr", 1);
	service_await_idle(&service, &rig);
	clock_set(&rig, DAY + HOUR);
	rig_drop(&rig, "hr/staff.csv", text);
	service_await(&service, &rig, "hr", 2);
	service_await_log(&service, "feed hr is stale: all its files since ");
	hr = status_of(&rig, 0, &status);
	cr_expect(json_is_object(json_object_get(hr, "stale")));
	expect_member(hr, "due", NULL);
	expect_needs(status, "byte for byte");
	json_decref(status);
	rig_drop(&rig, "hr/staff.csv", "username,course1\np2,C1\n");
	service_await_log(&service, "feed hr was stale, and has sent something new");
	cr_expect_eq(times_logged(&service, "\"feed_stale\""), 1);
	service_stop(&service);
	program_preload(NULL);
	law_close(&rig);
}

Test(expect, of_the_last_accepted_file_is_told_without_a_daemon)
{
	struct rig rig;
	json_t *status, *hr;
	site_make(&rig, "  default: {}\n  hr: {}\n");
	rig_once(&rig); /* which makes its folder */
	rig_drop(&rig, "hr/staff.csv", text);
	rig_once(&rig);
	rig_drop(&rig, "hr/bad.csv", "username,no such column\np1,C1\n");
	rig_once(&rig);
	hr = status_of(&rig, 69, &status);
	expect_member(json_object_get(hr, "accepted"), "file", "staff.csv");
	cr_expect_not_null(json_object_get(json_object_get(hr, "accepted"), "finished"));
	json_decref(status);
	law_close(&rig);
}
