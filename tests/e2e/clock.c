/* Clocks that are wrong, and sites that move to another time zone, while enrold runs or before. */
#include "answer.h"
#include "law.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

TestSuite(clock, .timeout = 120);

static const char text[] = "username,course1\np1,C1\n";

#define DAY 86400L

/* From now on programs start under a clock that is so many seconds wrong. */
static void clock_set(const struct spool *spool, long seconds)
{
	struct path file = path_of("%s/clock", spool->root.text);
	struct path part = path_of("%s/clock.part", spool->root.text);
	struct path number = path_of("%ld", seconds);
	files_write(part.text, number.text, strlen(number.text), 0640);
	cr_assert_eq(rename(part.text, file.text), 0);
	setenv("CLOCK_MOVED", file.text, 1);
	setenv("LD_PRELOAD", CLOCK_MOVED, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
}

static void clock_leave(void)
{
	unsetenv("LD_PRELOAD");
	unsetenv("ASAN_OPTIONS");
}

static void site_make(struct spool *spool)
{
	spool_make(spool, &(struct spool_options){.settings = "stop_timeout: 1s\n"});
	spool_drop(spool, "first.csv", text);
	spool_once(spool);
	/* Written to long ago, as on a machine that has been at work for a while. */
	const struct timespec times[] = {
	    {.tv_sec = time(NULL) - 10 * DAY}, {.tv_sec = time(NULL) - 10 * DAY}};
	cr_assert_eq(utimensat(AT_FDCWD, spool->config.text, times, 0), 0);
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
		struct spool spool;
		struct answer first, second;
		site_make(&spool);
		spool_drop(&spool, "second.csv", text);
		clock_set(&spool, clocks[i].seconds);
		struct finished finished =
		    program_run(ARGV("enrold", "--config", spool.config.text, "--once"));
		clock_leave();
		cr_expect_eq(finished.status, clocks[i].is_believed ? 0 : 75, "case %zu: %s", i,
		    finished.err.bytes);
		bool is_told = strstr(finished.err.bytes, "this machine's clock says") != NULL;
		cr_expect_eq(
		    is_told, !clocks[i].is_believed, "case %zu: %s", i, finished.err.bytes);
		finished_done(&finished);
		cr_expect_eq(files_exist(spool_inbox(&spool, "second.csv").text),
		    !clocks[i].is_believed, "case %zu", i);
		spool_once(&spool); /* the clock is right again */
		answer_open(&first, &spool, "first.csv", 0);
		answer_open(&second, &spool, "second.csv", 0);
		cr_expect_lt(strcmp(first.run, second.run), 0, "case %zu", i);
		if (!clocks[i].is_believed)
			cr_expect_eq(strncmp(first.run, second.run, 2), 0, "%s", second.run);
		answer_close(&first);
		answer_close(&second);
		law_close(&spool);
	}
}

Test(clock, that_a_person_vouches_for_is_believed)
{
	struct spool spool;
	site_make(&spool);
	spool_drop(&spool, "second.csv", text);
	clock_set(&spool, 900 * DAY);
	const struct timespec times[] = {
	    {.tv_sec = time(NULL) + 900 * DAY}, {.tv_sec = time(NULL) + 900 * DAY}};
	cr_assert_eq(utimensat(AT_FDCWD, spool.config.text, times, 0), 0);
	spool_once(&spool);
	clock_leave();
	cr_expect_eq(answer_count(&spool, "second.csv"), 1);
	law_close(&spool);
}

Test(clock, that_jumps_under_the_daemon_is_waited_for_and_it_goes_on_by_itself)
{
	struct spool spool;
	struct service service;
	site_make(&spool);
	clock_set(&spool, 0);
	service_start(&service, &spool);
	clock_set(&spool, 73 * 365 * DAY);
	spool_drop(&spool, "second.csv", text);
	service_hear(&service, "STATUS=1 feed, 0 files waiting, 0 running, 0 answered (0 refused); "
	                       "waiting: this machine's clock says 20");
	cr_expect(files_exist(spool_inbox(&spool, "second.csv").text));
	clock_set(&spool, 0);
	service_await(&service, &spool, "", 2);
	service_await_idle(&service, &spool);
	service_stop(&service);
	clock_leave();
	cr_expect_eq(answer_count(&spool, "second.csv"), 1);
	law_close(&spool);
}

/* ---- time zones ---- */

static const struct {
	const char *zone;
	long start; /* of 2027-01-02 there */
} zones[] = {{"Asia/Tokyo", 1798815600}, {"America/New_York", 1798866000}, {"UTC", 1798848000},
    {"Europe/Berlin", 1798844400}};

Test(clock, of_the_site_is_followed_when_it_moves_to_another_zone)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		char *sql = sqlite3_mprintf(
		    "UPDATE mdl_config SET value = %Q WHERE name = 'timezone'", zones[i].zone);
		spool_execute(&spool, sql);
		sqlite3_free(sql);
		spool_drop(&spool, path_of("%zu.csv", i).text,
		    path_of("username,course1,enroltimestart1\np%zu,C1,2027-01-02\n", i + 1).text);
		service_await(&service, &spool, "", i + 1);
		service_await_idle(&service, &spool);
	}
	service_stop(&service);
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
		cr_expect_eq(
		    spool_number(&spool,
		        path_of("SELECT timestart FROM mdl_user_enrolments e JOIN mdl_user u ON "
		                "u.id = e.userid WHERE username = 'p%zu'",
		            i + 1)
		            .text),
		    zones[i].start, "%s", zones[i].zone);
	law_close(&spool);
}
