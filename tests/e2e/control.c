/* The control socket: status, pause and reload, where the socket is, and who is at it. */
#include "asker.h"
#include "fatal.h"
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "scale.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER "username,course1\n"

enum { PEOPLE = 200, COURSES = 20 };

#define GIANT SCALE(200000, 40000)

static const char feeds[] = "  default: {}\n  hr: {}\n  sap: { marker: .done }\n";

static void make(struct rig *rig, const char *settings)
{
	rig_make(
	    rig, &(struct rig_options){
	             .people = PEOPLE, .courses = COURSES, .feeds = feeds, .settings = settings});
}

/* ---- members ---- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static struct finished ctl(const struct rig *rig, int exit, const char *const words[5])
{
	return program_expect(exit, ARGV("enrolctl", "--config", rig->config.text, words[0],
	                                words[1], words[2], words[3], words[4]));
}

#define WORDS(...) ((const char *const[5]){__VA_ARGS__})

/* What it says, on either. */
static void ctl_expect(
    const struct rig *rig, int exit, const char *says, const char *const words[5])
{
	struct finished finished = ctl(rig, exit, words);
	bool is = strstr(finished.out.bytes, says) || strstr(finished.err.bytes, says);
	cr_expect(
	    is, "%s: no '%s' in %s%s", words[0], says, finished.out.bytes, finished.err.bytes);
	finished_done(&finished);
}

/* ---- status ---- */

Test(control, tells_how_it_stands_when_nothing_is_to_do)
{
	struct rig rig;
	struct service service;
	make(&rig, "");
	service_start(&service, &rig);
	ask_await_state(&rig, "default", "idle");
	json_t *status = ask_status(&rig);
	cr_expect_str_eq(text_of(status, "state"), "running");
	cr_expect_str_eq(text_of(status, "node"), RIG_NODE);
	cr_expect_str_eq(text_of(status, "spool"), rig.directory.text);
	cr_expect_eq(number_of(status, "pid"), service.program.pid);
	cr_expect_eq(json_array_size(json_object_get(status, "feeds")), 3);
	json_decref(status);
	ctl_expect(&rig, 0, "\"state\":\"running\"", WORDS("status", "--json"));
	ctl_expect(&rig, 0, "idle", WORDS("status"));
	service_stop(&service);
	law_close(&rig);
}

/* Of both lanes. */
static json_t *running_of(json_t *status, const char *feed, const char *mode)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(status_feed(status, feed), "running"), i, one)
	{
		if (strcmp(text_of(one, "mode"), mode) == 0)
			return one;
	}
	return NULL;
}

/* Until rows of it are done, but not all; how many there are. */
static json_int_t running_await(const struct rig *rig, const char *mode)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		json_t *status = ask_status(rig);
		const json_t *running = running_of(status, "default", mode);
		json_int_t rows = number_of(running, "rows"),
		           done = number_of(running, "rows_done");
		if (running)
			cr_expect_str_eq(text_of(running, "file"), "giant.csv");
		json_decref(status);
		if (done > 0 && done < rows)
			return rows;
		cr_assert(movement_pause(&movement), "no %s runs", mode);
	}
}

Test(control, tells_how_far_a_giant_is_and_when_it_is_gone_on_with)
{
	struct rig rig;
	struct service service;
	make(&rig, "checkpoint_rows: 5000\n");
	service_start(&service, &rig);
	rig_drop_giant(&rig, "giant.csv", GIANT);
	cr_expect_eq(running_await(&rig, "apply"), GIANT);
	service_kill(&service);
	json_int_t behind = (json_int_t)rig_number(&rig, "SELECT max(records) FROM enrold_run");
	service_start(&service, &rig);
	cr_expect_eq(running_await(&rig, "apply"), GIANT);
	json_t *status = ask_status(&rig);
	const json_t *running = running_of(status, "default", "apply");
	if (running && strcmp(text_of(running, "phase"), "applying") == 0)
		cr_expect_geq(number_of(running, "rows_done"), behind);
	json_decref(status);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(control, tells_how_far_a_preview_is)
{
	struct rig rig;
	struct service service;
	make(&rig, "");
	service_start(&service, &rig);
	rig_drop_giant(&rig, "preview/giant.csv", GIANT);
	cr_expect_eq(running_await(&rig, "preview"), GIANT);
	ctl_expect(&rig, 0, "giant.csv", WORDS("status"));
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(control, tells_what_a_file_waits_for)
{
	struct rig rig;
	struct service service;
	make(&rig, "");
	service_start(&service, &rig);
	rig_drop(&rig, "sap/staff.csv", HEADER "p1,C1\n");
	ask_await_state(&rig, "sap", "waits");
	json_t *status = ask_status(&rig);
	const json_t *waiting = json_object_get(status_feed(status, "sap"), "waiting");
	cr_expect_eq(number_of(waiting, "files"), 1);
	cr_expect_str_eq(text_of(json_object_get(waiting, "for"), "file"), "staff.csv.done");
	json_decref(status);
	ctl_expect(&rig, 0, "staff.csv.done", WORDS("status"));
	rig_drop(&rig, "sap/staff.csv.done", "");
	service_await(&service, &rig, "sap", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(control, tells_without_a_daemon_what_the_spool_tells)
{
	struct rig rig;
	make(&rig, "");
	rig_once(&rig);
	rig_drop(&rig, "hr/staff.csv", HEADER "p1,C1\n");
	ctl_expect(&rig, 0, "No daemon runs here", WORDS("pause", "hr"));
	ctl_expect(&rig, 69, "paused", WORDS("status"));
	ctl_expect(&rig, 69, "\"state\":\"not running\"", WORDS("status", "--json"));
	ctl_expect(&rig, 69, "\"up\":true,\"why\":\"\"", WORDS("status", "--json"));
	ctl_expect(&rig, 2, "CRITICAL", WORDS("status", "--check"));
	ctl_expect(&rig, 69, "no daemon runs", WORDS("reload"));
	rig_once(&rig); /* ends although a file lies there */
	cr_expect_eq(reply_count(&rig, "hr/staff.csv"), 0);
	ctl_expect(&rig, 0, "taken again", WORDS("resume", "hr"));
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "hr/staff.csv"), 1);
	law_close(&rig);
}

Test(control, tells_that_a_daemon_waits_for_its_database)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.feeds = feeds, .journal_mode = "delete"});
	rig_once(&rig);
	sqlite3 *database = rig_database(&rig);
	cr_assert_eq(sqlite3_exec(database, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	service_begin(&service, ARGV("enrold", "--config", rig.config.text));
	service_await_log(&service, "\"site_away\"");
	ctl_expect(&rig, 69, "\"state\":\"not answering\"", WORDS("status", "--json"));
	ctl_expect(&rig, 2, "CRITICAL", WORDS("status", "--check"));
	sqlite3_close(database);
	service_hear(&service, "READY=1");
	ctl_expect(&rig, 0, "\"state\":\"running\"", WORDS("status", "--json"));
	service_stop(&service);
	law_close(&rig);
}

Test(control, tells_a_monitor_what_needs_a_person)
{
	struct rig rig;
	struct service service;
	make(&rig, "checkpoint_rows: 5000\n");
	service_start(&service, &rig);
	ctl_expect(&rig, 0, "ENROLD OK", WORDS("status", "--check"));
	rig_drop_giant(&rig, "giant.csv", GIANT);
	struct path run = ask_await_running(&rig, "default");
	ctl_expect(&rig, 0, "It ends", WORDS("stop", run.text));
	ask_await_state(&rig, "default", "stopped");
	ctl_expect(&rig, 1, "ENROLD WARNING", WORDS("status", "--check"));
	ctl_expect(&rig, 0, run.text, WORDS("status"));
	ctl_expect(&rig, 0, "left as it is", WORDS("discard", run.text));
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	ctl_expect(&rig, 2, "ENROLD CRITICAL", WORDS("status", "--check"));
	law_close(&rig);
}

/* A daemon that is stuck is told from one that is away. */
/* Until so many things need a person, by what the database says. */
static void needs_await(const struct rig *rig, size_t count)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		json_t *status = ask_status(rig);
		size_t is = json_array_size(json_object_get(status, "needs"));
		const json_t *database = json_object_get(status, "database");
		bool is_known = json_is_true(json_object_get(database, "up"));
		json_decref(status);
		if (is_known && is == count)
			return;
		if (!movement_pause(&movement))
			fatal("%zu things need somebody, not %zu: %s", is, count, movement.reason);
	}
}

Test(control, needs_nobody_any_more_for_a_refused_file_that_was_seen_to)
{
	static const char old[] = "{\"by\":\"root\",\"why\":\"\",\"at\":1}\n";
	struct rig rig;
	struct service service;
	struct reply reply;
	make(&rig, "");
	service_start(&service, &rig);
	rig_drop(&rig, "bad.csv", "username,no such column\np1,C1\n");
	service_await(&service, &rig, "", 1);
	needs_await(&rig, 1);
	reply_open(&reply, &rig, "bad.csv", 0);
	ctl_expect(&rig, 1, "no run 20200101-000000-000000 waits",
	    WORDS("discard", "20200101-000000-000000"));
	ctl_expect(&rig, 0, reply.run, WORDS("discard", reply.run, "--why", "a test file"));
	needs_await(&rig, 0);
	/* It stays so, and a mark that nobody will ask for any more goes. */
	struct path mark = rig_path(&rig, "orders/discard.%s", reply.run);
	struct path gone = rig_path(&rig, "orders/discard.20200101-000000-000000");
	files_write(gone.text, old, sizeof old - 1, 0640);
	service_stop(&service);
	service_start(&service, &rig);
	cr_expect(files_exist(mark.text));
	cr_expect_not(files_exist(gone.text));
	needs_await(&rig, 0);
	service_stop(&service);
	reply_close(&reply);
	law_close(&rig);
}

/* Gets the lock in the middle of a giant, which may have come to its end before: then of the next
 * one. How many have been dropped. */
static int lock_amid_giant(struct rig *rig, sqlite3 *other)
{
	for (int dropped = 1;; dropped++) {
		rig_drop_giant(rig, path_of("giant-%d.csv", dropped).text, GIANT);
		ask_await_running(rig, "default");
		cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
		if (rig_number(rig, "SELECT count(*) FROM enrold_run WHERE state = 'applied'") <
		    dropped)
			return dropped;
		sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	}
}

/* It tries again and again, and is blocked all the while. */
Test(control, says_that_a_feed_is_blocked_until_its_run_gets_on)
{
	enum { LOOKS = 20 };
	struct rig rig;
	struct service service;
	struct movement movement;
	make(&rig, "checkpoint_rows: 5000\n");
	service_start(&service, &rig);
	sqlite3 *other = rig_database(&rig);
	sqlite3_busy_timeout(other, 60000);
	int dropped = lock_amid_giant(&rig, other);
	ask_await_state(&rig, "default", "blocked");
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (int i = 0; i < LOOKS && movement_pause(&movement); i++) {
		json_t *status = ask_status(&rig);
		cr_expect_str_eq(text_of(status_feed(status, "default"), "state"), "blocked");
		json_decref(status);
	}
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	service_await(&service, &rig, "", (size_t)dropped);
	ask_await_state(&rig, "default", "idle");
	service_stop(&service);
	law_close(&rig);
}

/* The zone is the whole process's: it waits for threads that look, and they for it. */
Test(control, follows_the_sites_time_zone_while_others_look_back)
{
	static const char ask[] = "{\"v\":1,\"command\":\"explain\",\"user\":\"p1\"}\n";
	enum { TIMES = 40 };
	struct rig rig;
	struct service service;
	struct asker asker;
	struct buffer asked = {0};
	make(&rig, "");
	service_start(&service, &rig);
	rig_drop(&rig, "a.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	rig_execute(&rig, "UPDATE mdl_config SET value = 'Asia/Tokyo' WHERE name = 'timezone'");
	for (int i = 0; i < TIMES; i++)
		buffer_add_text(&asked, ask);
	asker_open(&asker, asker_path(&rig).text);
	asker_send(&asker, asked.bytes, asked.size);
	rig_drop(&rig, "b.csv", HEADER "p1,C2\n");
	for (int ends = 0; ends < TIMES;) {
		json_t *line = asker_line(&asker);
		cr_assert_not_null(line);
		const json_t *exit = json_object_get(line, "exit");
		cr_expect(!exit || json_integer_value(exit) == 0 || json_integer_value(exit) == 75);
		ends += exit != NULL;
		json_decref(line);
	}
	service_await(&service, &rig, "", 2);
	service_await_log(&service, "\"event\":\"zone_changed\"");
	ask_expect(&rig, 0, "\"command\":\"explain\",\"user\":\"p1\"");
	asker_close(&asker);
	buffer_done(&asked);
	service_stop(&service);
	law_close(&rig);
}

Test(control, does_not_wait_for_ever_for_a_daemon_that_is_stuck)
{
	struct rig rig;
	struct service service;
	make(&rig, "");
	service_start(&service, &rig);
	program_signal(&service.program, SIGSTOP);
	ctl_expect(&rig, 2, "not answering", WORDS("status", "--check"));
	program_signal(&service.program, SIGCONT);
	service_stop(&service);
	law_close(&rig);
}

/* ---- pause ---- */

Test(control, pauses_a_feed_over_kill_and_reload_until_it_is_resumed)
{
	struct rig rig;
	struct service service;
	make(&rig, "");
	service_start(&service, &rig);
	ask_expect(&rig, 0, "\"command\":\"pause\",\"feed\":\"hr\",\"why\":\"term\"");
	ask_expect(&rig, 0, "\"command\":\"pause\",\"feed\":\"hr\"");
	ask_expect(&rig, 1, "\"command\":\"pause\",\"feed\":\"nobody\"");
	rig_drop(&rig, "hr/a.csv", HEADER "p1,C1\n");
	rig_drop(&rig, "b.csv", HEADER "p2,C1\n");
	service_await(&service, &rig, "", 1);
	ask_await_state(&rig, "hr", "paused");
	ask_expect(&rig, 0, "\"command\":\"reload\"");
	rig_drop(&rig, "c.csv", HEADER "p3,C1\n");
	service_await(&service, &rig, "", 2);
	ask_await_state(&rig, "hr", "paused");
	service_kill(&service);
	service_start(&service, &rig);
	rig_drop(&rig, "d.csv", HEADER "p4,C1\n");
	service_await(&service, &rig, "", 3);
	json_t *status = ask_status(&rig);
	json_t *hr = status_feed(status, "hr");
	cr_expect_str_eq(text_of(hr, "state"), "paused");
	cr_expect_str_eq(text_of(json_object_get(hr, "paused"), "why"), "term");
	cr_expect_eq(number_of(json_object_get(hr, "waiting"), "files"), 1);
	json_decref(status);
	cr_expect_eq(reply_count(&rig, "hr/a.csv"), 0);
	ask_expect(&rig, 0, "\"command\":\"resume\",\"feed\":\"hr\"");
	service_await(&service, &rig, "hr", 1);
	service_stop(&service);
	law_close(&rig);
}

/* Whoever takes the file away has taken the word back. */
Test(control, heeds_an_order_that_somebody_else_gives_and_takes_back)
{
	struct rig rig;
	struct service service;
	make(&rig, "");
	service_start(&service, &rig);
	files_write(rig_path(&rig, "orders/pause.hr").text, "", 0, 0640);
	ask_await_state(&rig, "hr", "paused");
	rig_drop(&rig, "hr/a.csv", HEADER "p1,C1\n");
	files_remove(rig_path(&rig, "orders/pause.hr").text);
	service_await(&service, &rig, "hr", 1);
	service_stop(&service);
	law_close(&rig);
}

/* ---- reload ---- */

static void config_add(const struct rig *rig, const char *text)
{
	FILE *config = fopen(rig->config.text, "ae");
	cr_assert_not_null(config);
	fputs(text, config);
	fclose(config);
}

Test(control, answers_a_reload_when_it_is_in_force_also_while_a_giant_runs)
{
	struct rig rig;
	struct service service;
	make(&rig, "checkpoint_rows: 5000\n");
	service_start(&service, &rig);
	rig_drop_giant(&rig, "giant.csv", GIANT);
	ask_await_running(&rig, "default");
	config_add(&rig, "  more: {}\n");
	ask_expect(&rig, 0, "\"command\":\"reload\"");
	json_t *status = ask_status(&rig);
	cr_expect_str_eq(text_of(status_feed(status, "more"), "feed"), "more");
	json_decref(status);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(control, answers_a_reload_of_bad_settings_with_what_is_bad_about_them)
{
	struct rig rig;
	struct service service;
	struct told told;
	make(&rig, "");
	service_start(&service, &rig);
	config_add(&rig, "nonsense: 1\n");
	ask_rig(&rig, "\"command\":\"reload\"", &told);
	cr_expect_eq(told.exit, 78);
	cr_expect(strstr(told.message, "nonsense"), "%s", told.message);
	told_done(&told);
	ctl_expect(&rig, 78, "nonsense", WORDS("reload"));
	rig_drop(&rig, "a.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}
