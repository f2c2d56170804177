/* What enrold-notify is told without a run: a feed is late, stale, on time, and who is due soon;
 * and how long all that has waited, which the status says. */
#include "asker.h"
#include "law.h"
#include "movement.h"
#include "nightly.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define HOUR 3600L
#define DAY (24 * HOUR)
#define NOTIFY "notify: { mail: [hr@example.org] }"

static const char text[] = "username,course1\np1,C1\n";

/* A day's midnight in UTC, which the site keeps: the day after tomorrow. */
static long midnight(void)
{
	static long moment;
	if (moment == 0)
		moment = (long)time(NULL) / DAY * DAY + 2 * DAY;
	return moment;
}

static void clock_set(const struct rig *rig, long seconds)
{
	rig_move_clock(rig, CLOCK_MOVED, midnight() + seconds - (long)time(NULL));
}

static void site_make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_execute(rig, "UPDATE mdl_config SET value = 'UTC' WHERE name = 'timezone'");
	const struct timespec times[] = {{.tv_sec = midnight()}, {.tv_sec = midnight()}};
	cr_assert_eq(utimensat(AT_FDCWD, rig->config.text, times, 0), 0);
}

/* Waits for so many in the queue. */
static void queue_await(const struct service *service, const struct rig *rig, size_t count)
{
	files_make_directory(rig_path(rig, "notify/queue").text);
	cr_assert(
	    files_await(rig_path(rig, "notify/queue").text, ".json", count, service->program.pidfd),
	    "%zu notices do not come", count);
}

static struct path stamp_of(long moment)
{
	char shown[32];
	time_t at = (time_t)moment;
	struct tm tm;
	strftime(shown, sizeof shown, "%Y%m%dT%H%M%SZ", gmtime_r(&at, &tm));
	return path_of("%s", shown);
}

/* The one whose name starts so; for json_decref. */
static json_t *notice_named(const struct rig *rig, const char *start)
{
	json_t *notice = NULL;
	struct listing listing = files_list(rig_path(rig, "notify/queue").text);
	for (size_t i = 0; i < listing.count; i++) {
		if (!text_starts(listing.entries[i].path, start))
			continue;
		cr_assert_null(notice, "two start with %s", start);
		struct buffer said =
		    files_read(rig_path(rig, "notify/queue/%s", listing.entries[i].path).text);
		notice = json_loadb(said.bytes, said.size, 0, NULL);
		buffer_done(&said);
	}
	cr_assert_not_null(notice, "none starts with %s", start);
	listing_done(&listing);
	return notice;
}

static void says(const json_t *notice, const char *name, const char *value)
{
	const char *found = json_string_value(json_object_get(notice, name));
	cr_expect(found && strcmp(found, value) == 0, "%s is %s, not %s", name, found ? found : "-",
	    value);
}

static long long number(const json_t *notice, const char *name)
{
	return (long long)json_integer_value(json_object_get(notice, name));
}

Test(notices_told, that_a_feed_is_late_once_for_each_start_and_that_it_has_come)
{
	struct rig rig;
	struct service service;
	site_make(&rig, "  default: {}\n  mute: { expect: { by: [\"06:00\"] } }\n"
	                "  hr: { expect: { by: [\"06:00\"] }, " NOTIFY " }\n");
	clock_set(&rig, DAY + 6 * HOUR + 10);
	service_start(&service, &rig);
	queue_await(&service, &rig, 1);
	struct path late = path_of("late-hr-%s", stamp_of(midnight() + DAY + 6 * HOUR).text);
	json_t *notice = notice_named(&rig, late.text);
	says(notice, "id", late.text);
	says(notice, "kind", "late");
	says(notice, "feed", "hr");
	says(notice, "node", RIG_NODE);
	says(notice, "expected", "06:00");
	cr_expect_eq(number(notice, "since_us") / 1000000, midnight() + 6 * HOUR);
	json_decref(notice);
	service_stop(&service);

	service_start(&service, &rig);
	service_await_log(&service, "feed hr is late: no file was accepted so far");
	rig_drop(&rig, "hr/staff.csv", text);
	service_await(&service, &rig, "hr", 1);
	queue_await(&service, &rig, 3);
	notice = notice_named(&rig, "on_time-hr-");
	says(notice, "kind", "on_time");
	json_decref(notice);
	service_stop(&service);
	program_preload(NULL);
	cr_expect_eq(files_count(rig_path(&rig, "notify/queue").text, ""), 3);
	law_close(&rig);
}

Test(notices_told, that_a_feed_sends_nothing_new)
{
	struct rig rig;
	struct service service;
	site_make(&rig, "  default: {}\n  hr: { expect: { fresh: 1d }, " NOTIFY " }\n");
	clock_set(&rig, 0);
	service_start(&service, &rig);
	rig_drop(&rig, "hr/staff.csv", text);
	service_await(&service, &rig, "hr", 1);
	service_await_idle(&service, &rig);
	clock_set(&rig, DAY + HOUR);
	rig_drop(&rig, "hr/staff.csv", text);
	queue_await(&service, &rig, 3);
	json_t *notice = notice_named(&rig, "stale-hr-");
	says(notice, "kind", "stale");
	long long since = number(notice, "since_us") / 1000000;
	cr_expect(since >= midnight() && since < midnight() + HOUR, "%lld", since);
	cr_expect_null(json_object_get(notice, "expected"));
	json_decref(notice);
	service_stop(&service);
	program_preload(NULL);
	law_close(&rig);
}

Test(notices_told, who_is_due_within_three_days)
{
	struct nightly nightly;
	struct service service;
	nightly_make(
	    &nightly, "  default: { absence: { action: unenrol, grace: 2d }, " NOTIFY " }\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-48:C1");
	rig_execute(&nightly.rig,
	    "UPDATE mdl_user_enrolments SET timemodified = timemodified - 3600 WHERE status = 1;"
	    " UPDATE enrold_listing SET suspended_at = suspended_at - 3600 WHERE suspended_at > 0");
	nightly_send(&nightly, "staff-3.csv", "1-48:C1");
	service_start(&service, &nightly.rig);
	queue_await(&service, &nightly.rig, 4);
	json_t *notice = notice_named(&nightly.rig, "due-default-2");
	says(notice, "kind", "due");
	cr_expect_eq(number(notice, "people"), 2);
	char day[32];
	time_t first = time(NULL) - HOUR + 2 * DAY;
	struct tm tm;
	strftime(day, sizeof day, "%F", localtime_r(&first, &tm));
	says(notice, "day", day);
	json_decref(notice);
	service_stop(&service);
	nightly_leave(&nightly);
}

/* What cannot be written waits, and keeps nobody waiting. */
Test(notices_told, come_when_the_queue_can_be_had_again)
{
	struct rig rig;
	struct service service;
	site_make(&rig, "  default: {}\n  hr: { expect: { by: [\"06:00\"] }, " NOTIFY " }\n");
	files_write(rig_path(&rig, "notify").text, "", 0, 0640);
	clock_set(&rig, DAY + 6 * HOUR + 10);
	service_start(&service, &rig);
	service_await_log(&service, "nobody is told late-hr-");
	files_remove(rig_path(&rig, "notify").text);
	rig_drop(&rig, "other.csv", text); /* an answer has the daemon look again */
	service_await(&service, &rig, "", 1);
	queue_await(&service, &rig, 1);
	service_stop(&service);
	program_preload(NULL);
	json_decref(notice_named(&rig, "late-hr-"));
	law_close(&rig);
}

/* ---- the status ---- */

static bool is_need(const struct rig *rig)
{
	json_t *status = ask_status(rig);
	char *needs = json_dumps(json_object_get(status, "needs"), 0);
	bool is = strstr(needs, "1 notice waits that nobody has been told, for 3 hours");
	const json_t *notices = json_object_get(status, "notices");
	cr_expect(!is || number(notices, "waiting") == 1);
	cr_expect(!is || json_is_string(json_object_get(notices, "since")));
	free(needs);
	json_decref(status);
	return is;
}

Test(notices_told, of_what_has_waited_for_an_hour_is_in_the_status_with_and_without_a_daemon)
{
	struct rig rig;
	struct service service;
	site_make(&rig, "  default: { " NOTIFY " }\n");
	rig_drop(&rig, "staff.csv", text);
	rig_once(&rig);
	struct listing listing = files_list(rig_path(&rig, "notify/queue").text);
	cr_assert_eq(listing.count, 1);
	const time_t then = time(NULL) - 3 * HOUR - 60;
	const struct timespec times[] = {{.tv_sec = then}, {.tv_sec = then}};
	struct path file = rig_path(&rig, "notify/queue/%s", listing.entries[0].path);
	cr_assert_eq(utimensat(AT_FDCWD, file.text, times, 0), 0);
	listing_done(&listing);
	static const char *const words[] = {"1 notice waits that nobody has been told, for 3 hours",
	    "is enrold-notify running? journalctl -u enrold-notify",
	    "To be told by enrold-notify: 1, since "};
	struct finished finished =
	    program_expect(69, ARGV("enrolctl", "--config", rig.config.text, "status"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect(strstr(finished.out.bytes, words[i]), "%s", finished.out.bytes);
	finished_done(&finished);

	service_start(&service, &rig);
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (!is_need(&rig))
		cr_assert(movement_pause(&movement));
	finished =
	    program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "status", "--check"));
	cr_expect(strstr(finished.out.bytes, words[0]), "%s", finished.out.bytes);
	finished_done(&finished);
	service_stop(&service);
	law_close(&rig);
}
