/* Clocks that are wrong, and sites that move to another time zone, while enrold runs or before. */
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static const char text[] = "username,course1\np1,C1\n";

#define DAY 86400L

static void site_make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.settings = "stop_timeout: 1s\n"});
	rig_drop(rig, "first.csv", text);
	rig_once(rig);
	/* Written to long ago, as on a machine that has been at work for a while. */
	const struct timespec times[] = {
	    {.tv_sec = time(NULL) - 10 * DAY}, {.tv_sec = time(NULL) - 10 * DAY}};
	cr_assert_eq(utimensat(AT_FDCWD, rig->config.text, times, 0), 0);
}

static const struct {
	long seconds;
	bool is_believed;
} clocks[] = {
    {-3600, true}, /* set back */
    {-400 * DAY, true},
    {DAY / 2, true},
    {30 * DAY, true}, /* the machine slept for a month */
    {399 * DAY, true},
    {402 * DAY, false},
    {73 * 365 * DAY, false},
};

Test(clock, that_is_far_ahead_of_all_runs_takes_no_file)
{
	for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		struct rig rig;
		struct reply first, second;
		site_make(&rig);
		rig_drop(&rig, "second.csv", text);
		rig_move_clock(&rig, CLOCK_MOVED, clocks[i].seconds);
		struct finished finished =
		    program_run(ARGV("enrold", "--config", rig.config.text, "--once"));
		program_preload(NULL);
		cr_expect_eq(finished.status, clocks[i].is_believed ? 0 : 75, "case %zu: %s", i,
		    finished.err.bytes);
		bool is_told = strstr(finished.err.bytes, "this machine's clock says") != NULL;
		cr_expect_eq(
		    is_told, !clocks[i].is_believed, "case %zu: %s", i, finished.err.bytes);
		finished_done(&finished);
		cr_expect_eq(files_exist(rig_inbox(&rig, "second.csv").text),
		    !clocks[i].is_believed, "case %zu", i);
		rig_once(&rig); /* the clock is right again */
		reply_open(&first, &rig, "first.csv", 0);
		reply_open(&second, &rig, "second.csv", 0);
		cr_expect_lt(strcmp(first.run, second.run), 0, "case %zu", i);
		if (!clocks[i].is_believed)
			cr_expect_eq(strncmp(first.run, second.run, 2), 0, "%s", second.run);
		reply_close(&first);
		reply_close(&second);
		law_close(&rig);
	}
}

Test(clock, that_a_person_vouches_for_is_believed)
{
	struct rig rig;
	site_make(&rig);
	rig_drop(&rig, "second.csv", text);
	rig_move_clock(&rig, CLOCK_MOVED, 900 * DAY);
	const struct timespec times[] = {
	    {.tv_sec = time(NULL) + 900 * DAY}, {.tv_sec = time(NULL) + 900 * DAY}};
	cr_assert_eq(utimensat(AT_FDCWD, rig.config.text, times, 0), 0);
	rig_once(&rig);
	program_preload(NULL);
	cr_expect_eq(reply_count(&rig, "second.csv"), 1);
	law_close(&rig);
}

Test(clock, that_jumps_under_the_daemon_is_waited_for_and_it_goes_on_by_itself)
{
	struct rig rig;
	struct service service;
	site_make(&rig);
	rig_move_clock(&rig, CLOCK_MOVED, 0);
	service_start(&service, &rig);
	rig_move_clock(&rig, CLOCK_MOVED, 73 * 365 * DAY);
	rig_drop(&rig, "second.csv", text);
	service_hear(&service, "STATUS=1 feed, 0 files waiting, 0 running, 0 answered (0 refused); "
	                       "waiting: this machine's clock says 20");
	cr_expect(files_exist(rig_inbox(&rig, "second.csv").text));
	rig_move_clock(&rig, CLOCK_MOVED, 0);
	service_await(&service, &rig, "", 2);
	service_await_idle(&service, &rig);
	service_stop(&service);
	program_preload(NULL);
	cr_expect_eq(reply_count(&rig, "second.csv"), 1);
	law_close(&rig);
}

/* ---- time zones ---- */

static const struct {
	const char *zone;
	long start; /* of 2027-01-02 there */
} zones[] = {{"Asia/Tokyo", 1798815600}, {"America/New_York", 1798866000}, {"UTC", 1798848000},
    {"Europe/Berlin", 1798844400}};

Test(clock, of_the_site_is_followed_when_it_moves_to_another_zone)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		char *sql = sqlite3_mprintf(
		    "UPDATE mdl_config SET value = %Q WHERE name = 'timezone'", zones[i].zone);
		rig_execute(&rig, sql);
		sqlite3_free(sql);
		rig_drop(&rig, path_of("%zu.csv", i).text,
		    path_of("username,course1,enroltimestart1\np%zu,C1,2027-01-02\n", i + 1).text);
		service_await(&service, &rig, "", i + 1);
		service_await_idle(&service, &rig);
	}
	service_stop(&service);
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		cr_expect_eq(
		    rig_number(&rig,
		        path_of("SELECT timestart FROM mdl_user_enrolments e JOIN mdl_user u ON "
		                "u.id = e.userid WHERE username = 'p%zu'",
		            i + 1)
		            .text),
		    zones[i].start, "%s", zones[i].zone);
	law_close(&rig);
}
