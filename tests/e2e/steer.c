/* stop, release and discard of a run that is under way: by the socket and by enrolctl, with the
 * daemon there, away, or killed at each moment between the word and its end. */
#include "asker.h"
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "scale.h"
#include "service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "username,course1\n"

enum { PEOPLE = 200, COURSES = 20 };

static const char feeds[] = "  default: {}\n  whole: { atomic: true }\n";

static void make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.people = PEOPLE,
	                  .courses = COURSES,
	                  .feeds = feeds,
	                  .settings = "checkpoint_rows: 5000\n"});
}

#define GIANT SCALE(120000, 40000)

/* ---- pieces ---- */

static void order(const struct rig *rig, int exit, const char *command, const char *run)
{
	ask_expect(rig, exit, path_of("\"command\":\"%s\",\"run\":\"%s\"", command, run).text);
}

static void ctl(const struct rig *rig, int exit, const char *command, const char *about)
{
	struct finished finished =
	    program_expect(exit, ARGV("enrolctl", "--config", rig->config.text, command, about));
	finished_done(&finished);
}

/* The giant is dropped and stopped in the middle: its run. */
static struct path stopped(struct rig *rig, const char *name)
{
	const char *feed = text_starts(name, "whole/") ? "whole" : "default";
	rig_drop_giant(rig, name, GIANT);
	struct path run = ask_await_running(rig, feed);
	order(rig, 0, "stop", run.text);
	ask_await_state(rig, feed, "stopped");
	return run;
}

static json_int_t records(const struct rig *rig, const char *run)
{
	return (json_int_t)rig_number(rig,
	    path_of("SELECT coalesce(max(records), 0) FROM enrold_run WHERE run = '%s'", run).text);
}

/* What was only begun by somebody killed is no order, and goes an hour later. */
static void expect_no_orders(const struct rig *rig)
{
	struct path orders = rig_path(rig, "orders");
	cr_expect_eq(files_count(orders.text, ""), files_count(orders.text, ".tmp"));
}

static void expect_done(struct rig *rig, const char *name, const char *run)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), "done");
	cr_expect_str_eq(reply.run, run);
	cr_expect_eq(json_integer_value(json_object_get(reply.summary, "rows")), GIANT);
	reply_close(&reply);
	expect_no_orders(rig);
}

/* Its answer has what was applied, and no line more. */
static void expect_discarded(struct rig *rig, const char *name, const char *run, json_int_t done)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), "discarded");
	cr_expect_str_eq(reply_refusal(&reply), "discarded");
	cr_expect_str_eq(reply.run, run);
	cr_expect_eq(json_integer_value(json_object_get(reply.summary, "rows")), done);
	cr_expect_eq(*reply.result_path.text != '\0', done > 0);
	reply_close(&reply);
	expect_no_orders(rig);
}

/* ---- with the daemon there ---- */

Test(steer, lets_a_run_that_was_stopped_and_released_go_on_behind_its_checkpoint)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "giant.csv");
	json_int_t done = records(&rig, run.text);
	cr_expect(done > 0 && done < GIANT, "%lld rows", (long long)done);
	rig_drop(&rig, "small.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1); /* nobody waits for it */
	cr_expect_eq(records(&rig, run.text), done);
	order(&rig, 0, "release", run.text);
	service_await(&service, &rig, "", 2);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_done(&rig, "giant.csv", run.text);
	law_close(&rig);
}

Test(steer, ends_a_run_that_was_stopped_and_discarded_with_what_it_had_done)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "giant.csv");
	json_int_t done = records(&rig, run.text);
	ask_expect(&rig, 0,
	    path_of("\"command\":\"discard\",\"run\":\"%s\",\"why\":\"wrong term \\u00e4 \\u202e\"",
	        run.text)
	        .text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_discarded(&rig, "giant.csv", run.text, done);
	struct path path = rig_path(&rig, "quarantine/giant.%s.csv.reason.txt", run.text);
	struct buffer reason = files_read(path.text);
	cr_expect(strstr(reason.bytes, "wrong term \xc3\xa4"), "%s", reason.bytes);
	cr_expect(strstr(reason.bytes, " said to leave it"), "%s", reason.bytes);
	cr_expect_null(strstr(reason.bytes, "somebody"), "%s", reason.bytes);
	buffer_done(&reason);
	law_close(&rig);
}

Test(steer, stops_an_atomic_run_without_a_trace_and_does_all_of_it_when_released)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "whole/giant.csv");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	order(&rig, 0, "release", run.text);
	service_await(&service, &rig, "whole", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_done(&rig, "whole/giant.csv", run.text);
	law_close(&rig);
}

/* It has enrolled them: the next full file may miss them. */
Test(steer, keeps_what_a_discarded_run_has_listed)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE,
	                   .courses = COURSES,
	                   .feeds = "  default: { absence: { action: suspend } }\n",
	                   .settings = "checkpoint_rows: 5000\n"});
	service_start(&service, &rig);
	struct path run = stopped(&rig, "giant.csv");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_listing"), 0);
	order(&rig, 0, "discard", run.text);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	int64_t enrolled = rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments");
	cr_expect_gt(enrolled, 0);
	cr_expect_eq(
	    rig_number(&rig, "SELECT count(*) FROM enrold_listing l JOIN mdl_user_enrolments u ON "
	                     "u.id = l.enrolment AND u.userid = l.userid WHERE l.made = 1"),
	    enrolled);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_base"), 0);
	law_close(&rig);
}

Test(steer, ends_an_atomic_run_that_was_stopped_and_discarded_without_a_trace)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "whole/giant.csv");
	order(&rig, 0, "discard", run.text);
	service_await(&service, &rig, "whole", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	expect_discarded(&rig, "whole/giant.csv", run.text, 0);
	law_close(&rig);
}

Test(steer, stops_a_preview_and_discards_it)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "preview/giant.csv");
	order(&rig, 0, "discard", run.text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_discarded(&rig, "giant.csv", run.text, 0);
	law_close(&rig);
}

Test(steer, stops_a_preview_and_makes_it_when_released)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "preview/giant.csv");
	order(&rig, 0, "release", run.text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_done(&rig, "giant.csv", run.text);
	law_close(&rig);
}

/* ---- which may be given ---- */

Test(steer, says_which_run_cannot_be_told)
{
	static const char no_run[] = "20200101-000000-000000";
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	order(&rig, 1, "stop", no_run);
	order(&rig, 1, "release", no_run);
	rig_drop_giant(&rig, "giant.csv", GIANT);
	struct path run = ask_await_running(&rig, "default");
	order(&rig, 1, "release", run.text);
	order(&rig, 1, "discard", run.text); /* it has to be stopped first */
	order(&rig, 0, "stop", run.text);
	order(&rig, 0, "stop", run.text);
	ask_await_state(&rig, "default", "stopped");
	order(&rig, 0, "stop", run.text);
	order(&rig, 0, "release", run.text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	ask_await_state(&rig, "default", "idle"); /* its answer is out a little before */
	order(&rig, 1, "stop", run.text);         /* it has ended */
	order(&rig, 1, "release", run.text);
	service_stop(&service);
	expect_done(&rig, "giant.csv", run.text);
	law_close(&rig);
}

/* ---- with the daemon away ---- */

Test(steer, keeps_a_run_stopped_over_a_restart_and_a_kill)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "giant.csv");
	json_int_t done = records(&rig, run.text);
	service_kill(&service);
	service_start(&service, &rig);
	ask_await_state(&rig, "default", "stopped");
	service_stop(&service);
	rig_once(&rig); /* which ends although it waits */
	cr_expect_eq(records(&rig, run.text), done);
	law_holds(&rig, LAW_STOPPED);
	service_start(&service, &rig);
	ctl(&rig, 0, "release", run.text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_done(&rig, "giant.csv", run.text);
	law_close(&rig);
}

Test(steer, heeds_what_was_said_while_no_daemon_ran)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	rig_drop_giant(&rig, "giant.csv", GIANT);
	struct path run = ask_await_running(&rig, "default");
	service_kill(&service);
	json_int_t done = records(&rig, run.text);
	ctl(&rig, 0, "stop", run.text);
	rig_once(&rig);
	cr_expect_eq(records(&rig, run.text), done);
	ctl(&rig, 0, "discard", run.text);
	rig_once(&rig);
	expect_discarded(&rig, "giant.csv", run.text, done);
	law_close(&rig);
}

Test(steer, releases_what_was_stopped_while_no_daemon_ran)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path run = stopped(&rig, "giant.csv");
	service_stop(&service);
	ctl(&rig, 0, "release", run.text);
	ctl(&rig, 1, "release", run.text);
	rig_once(&rig);
	expect_done(&rig, "giant.csv", run.text);
	ctl(&rig, 1, "stop", run.text);
	law_close(&rig);
}

/* ---- killed at each moment between the word and its end ---- */

/* The word is given; the daemon dies so many milliseconds of its work later, or before it answers
 * when there are none. */
static void kill_behind(
    struct rig *rig, struct service *service, const char *command, const char *run, int log_lines)
{
	struct asker asker;
	asker_open(&asker, asker_path(rig).text);
	struct path line = path_of("{\"v\":1,\"command\":\"%s\",\"run\":\"%s\"}\n", command, run);
	asker_send(&asker, line.text, strlen(line.text));
	if (log_lines > 0)
		json_decref(asker_line(&asker));
	for (int i = 1; i < log_lines; i++)
		json_decref(ask_status(rig)); /* some turns of its loop */
	service_kill(service);
	asker_close(&asker);
	law_holds(rig, LAW_STOPPED);
}

Test(steer, stops_in_the_end_when_it_is_killed_behind_the_word)
{
	for (int moment = 0; moment < 4; moment++) {
		struct rig rig;
		struct service service;
		make(&rig);
		service_start(&service, &rig);
		rig_drop_giant(&rig, "giant.csv", GIANT);
		struct path run = ask_await_running(&rig, "default");
		kill_behind(&rig, &service, "stop", run.text, moment);
		service_start(&service, &rig);
		if (moment == 0) /* nobody has promised anything */
			order(&rig, 0, "stop", run.text);
		ask_await_state(&rig, "default", "stopped");
		cr_expect_lt(records(&rig, run.text), GIANT);
		order(&rig, 0, "release", run.text);
		service_await(&service, &rig, "", 1);
		service_await_idle(&service, &rig);
		service_stop(&service);
		expect_done(&rig, "giant.csv", run.text);
		law_close(&rig);
	}
}

Test(steer, discards_in_the_end_when_it_is_killed_behind_the_word)
{
	for (int moment = 0; moment < 6; moment++) {
		struct rig rig;
		struct service service;
		make(&rig);
		service_start(&service, &rig);
		struct path run = stopped(&rig, "giant.csv");
		json_int_t done = records(&rig, run.text);
		kill_behind(&rig, &service, "discard", run.text, moment);
		if (moment == 0)
			ctl(&rig, 0, "discard", run.text);
		service_start(&service, &rig);
		service_await(&service, &rig, "", 1);
		service_await_idle(&service, &rig);
		service_stop(&service);
		expect_discarded(&rig, "giant.csv", run.text, done);
		law_close(&rig);
	}
}

/* ---- a file that is only being copied ---- */

/* The copy is a file of work/ that grows. */
static struct path await_copy(const struct rig *rig)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		json_t *status = ask_status(rig);
		json_t *running =
		    json_array_get(json_object_get(status_feed(status, "default"), "running"), 0);
		const char *phase = json_string_value(json_object_get(running, "phase"));
		struct path run = {""};
		if (phase && strcmp(phase, "copying") == 0)
			run = path_of("%s", json_string_value(json_object_get(running, "run")));
		cr_assert(!phase || strcmp(phase, "applying") != 0, "it is copied already");
		json_decref(status);
		if (*run.text)
			return run;
		cr_assert(movement_pause(&movement), "nothing is copied");
	}
}

/* Nulls are copied fast and mean nothing: what is copied is refused. */
Test(steer, stops_a_file_that_is_only_copied_and_discards_it)
{
	enum { BYTES = SCALE(400, 100) << 20 };
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	char *bytes = malloc(BYTES);
	cr_assert_not_null(bytes);
	memset(bytes, 'x', BYTES);
	memcpy(bytes, HEADER, sizeof HEADER - 1);
	rig_drop_bytes(&rig, "giant.csv", bytes, BYTES);
	free(bytes);
	struct path run = await_copy(&rig);
	order(&rig, 0, "stop", run.text);
	ask_await_state(&rig, "default", "stopped");
	cr_expect_eq(records(&rig, run.text), 0);
	order(&rig, 0, "discard", run.text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_discarded(&rig, "giant.csv", run.text, 0);
	law_close(&rig);
}
