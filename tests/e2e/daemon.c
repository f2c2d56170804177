/* The daemon, run as systemd runs it. Nothing here sleeps. */
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "scale.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define HEADER "username,course1\n"

Test(daemon, says_that_it_is_ready_answers_what_is_dropped_and_stops_when_told)
{
	struct rig rig;
	struct service service;
	struct reply reply;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	service_hear(&service, "STATUS=");
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	reply_open(&reply, &rig, "staff.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	service_stop(&service);
	law_close(&rig);
}

Test(daemon, takes_what_lay_in_the_inbox_before_it_came)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.feeds = "  hr: {}\n"});
	files_make_directory(rig_inbox(&rig, "hr").text);
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	rig_drop(&rig, "hr/staff.csv", HEADER "p2,C1\n");
	service_start(&service, &rig);
	service_await(&service, &rig, "", 1);
	service_await(&service, &rig, "hr", 1);
	service_stop(&service);
	law_close(&rig);
}

/*
 * With a long `settle` nothing but a writer's close vouches for a file: one that is still being
 * written stays where it is while another is answered, and is taken whole when it is closed.
 */
Test(daemon, takes_a_file_written_in_place_when_it_is_closed_and_not_before)
{
	static const char text[] = HEADER "p1,C1\np2,C1\n";
	struct rig rig;
	struct service service;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.settle = "1h"});
	service_start(&service, &rig);
	struct path slow = rig_inbox(&rig, "slow.csv");
	int file = open(slow.text, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	cr_assert_eq(write(file, text, 23), 23);
	rig_drop(&rig, "quick.csv", HEADER "p3,C1\n");
	service_await(&service, &rig, "", 1);
	cr_expect(files_exist(slow.text));
	cr_expect_eq(reply_count(&rig, "slow.csv"), 0);
	cr_assert_eq(write(file, text + 23, strlen(text) - 23), (ssize_t)strlen(text) - 23);
	close(file);
	rig_note(&rig, "slow.csv", text, strlen(text));
	service_await(&service, &rig, "", 2);
	reply_open(&reply, &rig, "slow.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 2);
	reply_close(&reply);
	service_stop(&service);
	law_close(&rig);
}

Test(daemon, takes_a_file_that_nobody_vouches_for_when_it_has_settled)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.settle = "1s", .rescan = "1s"});
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	service_start(&service, &rig);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(daemon, picks_up_an_inbox_that_was_removed_and_made_again)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.rescan = "1s"});
	service_start(&service, &rig);
	rig_drop(&rig, "1.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	files_remove(rig_path(&rig, "inbox").text);
	files_make_directory(rig_path(&rig, "inbox").text);
	rig_drop(&rig, "2.csv", HEADER "p2,C1\n");
	service_await(&service, &rig, "", 2);
	rig_drop(&rig, "3.csv", HEADER "p3,C1\n");
	service_await(&service, &rig, "", 3);
	service_stop(&service);
	law_close(&rig);
}

Test(daemon, picks_up_an_inbox_that_another_was_put_in_the_place_of)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.rescan = "1s"});
	service_start(&service, &rig);
	files_rename(rig_path(&rig, "inbox").text, rig_path(&rig, "former").text);
	files_make_directory(rig_path(&rig, "inbox").text);
	rig_drop(&rig, "1.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

/* ---- many ---- */

enum { PEOPLE = SCALE(500, 100), COURSES = 10, MANY = PEOPLE * COURSES };

static void many_drop(struct rig *rig, int from, int count)
{
	for (int i = from; i < from + count; i++) {
		struct path name = path_of("f%05d.csv", i);
		struct path text =
		    path_of(HEADER "p%d,C%d\n", i / COURSES % PEOPLE + 1, i % COURSES + 1);
		rig_drop(rig, name.text, text.text);
	}
}

Test(daemon, answers_each_of_thousands_of_files_that_come_at_once)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &rig);
	many_drop(&rig, 0, MANY);
	service_await(&service, &rig, "", MANY);
	service_stop(&service);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), MANY);
	law_close(&rig);
}

/* A leak shows a hundredfold. The connections of a worker and of a look at the database do not, nor
 * what SQLite keeps of one that was closed beside another, for the next. */
Test(daemon, has_no_more_descriptors_and_memory_after_hundreds_of_files_than_before)
{
	enum { SLACK = 10, MEMORY_SLACK = 4 << 20, GIVEN_BACK_MS = 15 * 1000 };
	int round = (int)scale_from_environment("ENROLD_FILES", 300);
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &rig);
	size_t descriptors = service_descriptors(&service);
	many_drop(&rig, 0, round);
	service_await(&service, &rig, "", (size_t)round);
	service_await_idle(&service, &rig);
	size_t memory = service_memory(&service);
	many_drop(&rig, round, round);
	service_await(&service, &rig, "", (size_t)2 * (size_t)round);
	service_await_idle(&service, &rig);
	cr_expect_leq(service_descriptors(&service), descriptors + SLACK);
#ifndef SCALE_SANITIZED
	if (getenv("ENROLD_PROGRAMS"))
		memory = SIZE_MAX / 2; /* a sanitizer's, which keeps books of its own */
	/* What made it faster is given back when it has nothing to do for a while. */
	struct movement movement;
	movement_start_below(&movement, service.program.pid, GIVEN_BACK_MS);
	while (service_memory(&service) > memory + MEMORY_SLACK && movement_pause(&movement))
		;
	cr_expect_leq(service_memory(&service), memory + MEMORY_SLACK);
#endif
	fprintf(stderr, "daemon: after %d files: %zu descriptors (%zu at READY), %zu KiB (%zu)\n",
	    2 * round, service_descriptors(&service), descriptors, service_memory(&service) / 1024,
	    memory / 1024);
	service_stop(&service);
	law_close(&rig);
}

/* ---- ends ---- */

/* Until so much of the run is behind a checkpoint. */
static void records_await(const struct rig *rig, int64_t least)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (rig_number(rig, "SELECT coalesce(max(records), 0) FROM enrold_run") < least)
		cr_assert(movement_pause(&movement), "never %lld records", (long long)least);
}

static void large_drop(struct rig *rig, int rows)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2\n");
	for (int i = 0; i < rows; i++)
		buffer_print(&text, "p%d,C%d,C%d\n", i / COURSES % PEOPLE + 1, i % COURSES + 1,
		    (i + 1) % COURSES + 1);
	rig_drop_bytes(rig, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

Test(daemon, answers_a_small_file_of_one_feed_while_another_has_a_giant)
{
	struct rig rig;
	struct service service;
	rig_make(&rig,
	    &(struct rig_options){.people = PEOPLE, .courses = COURSES, .feeds = "  hr: {}\n"});
	service_start(&service, &rig);
	large_drop(&rig, SCALE(200000, 60000));
	service_await_claim(&service, &rig);
	rig_drop(&rig, "hr/small.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "hr", 1);
	cr_expect_eq(reply_count(&rig, "large.csv"), 0, "the giant was not in the way at all");
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

static void expect_goes_on_after(void (*end)(struct service *service))
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &rig);
	large_drop(&rig, SCALE(200000, 10000));
	many_drop(&rig, 0, 20);
	service_await_claim(&service, &rig);
	end(&service);
	law_holds(&rig, LAW_STOPPED);
	service_start(&service, &rig);
	service_await(&service, &rig, "", 21);
	service_stop(&service);
	cr_expect_eq(reply_count(&rig, "large.csv"), 1);
	law_close(&rig);
}

Test(daemon, stopped_while_busy_leaves_everything_lawful_and_goes_on_when_started_again)
{
	expect_goes_on_after(service_stop);
}

Test(daemon, killed_while_busy_leaves_everything_lawful_and_goes_on_when_started_again)
{
	expect_goes_on_after(service_kill);
}

/* The result of the only answer to this file. */
static struct buffer result_of(const struct rig *rig, const char *name)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	struct buffer result = files_read(reply.result_path.text);
	reply_close(&reply);
	return result;
}

Test(daemon, killed_again_and_again_ends_with_the_bytes_of_an_undisturbed_run)
{
	struct rig calm, rough;
	struct service service;
	const struct rig_options options = {
	    .people = PEOPLE, .courses = COURSES, .settings = "checkpoint_rows: 10000\n"};
	int rows = (int)scale_from_environment("ENROLD_ROWS", SCALE(200000, 60000));
	int kills = (int)scale_from_environment("ENROLD_KILLS", 4);
	rig_make(&calm, &options);
	large_drop(&calm, rows);
	rig_once(&calm);
	rig_make(&rough, &options);
	large_drop(&rough, rows);
	for (int i = 0; i < kills; i++) {
		service_start(&service, &rough);
		/* Each round a checkpoint further: what it did is in the ledger. */
		records_await(&rough, (int64_t)rows / (kills + 1) * (i + 1));
		service_kill(&service);
	}
	rig_once(&rough);
	struct buffer expected = result_of(&calm, "large.csv"), is = result_of(&rough, "large.csv");
	cr_expect_eq(is.size, expected.size);
	cr_expect(is.size == expected.size && memcmp(is.bytes, expected.bytes, is.size) == 0);
	buffer_done(&expected);
	buffer_done(&is);
	law_close(&calm);
	law_close(&rough);
}

/* ---- manners ---- */

static void config_append(const struct rig *rig, const char *text)
{
	FILE *config = fopen(rig->config.text, "ae");
	cr_assert_not_null(config);
	fputs(text, config);
	fclose(config);
}

Test(daemon, takes_a_new_feed_on_a_hangup_and_goes_on_with_a_giant)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &rig);
	large_drop(&rig, SCALE(200000, 30000));
	service_await_claim(&service, &rig);
	files_make_directory(rig_inbox(&rig, "hr").text);
	files_make_directory(rig_path(&rig, "outbox/hr").text);
	rig_drop(&rig, "hr/small.csv", HEADER "p1,C1\n");
	config_append(&rig, "  hr: {}\n");
	program_signal(&service.program, SIGHUP);
	service_hear(&service, "RELOADING=1");
	service_await(&service, &rig, "hr", 1);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(daemon, keeps_the_old_configuration_when_the_new_one_is_bad)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	config_append(&rig, "nonsense: 1\n");
	program_signal(&service.program, SIGHUP);
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

/* The log is a file in memory, which nobody can be told of: it is read again and again. */
static void service_await_refusals(const struct service *service, size_t count)
{
	static const char event[] = "\"reload_refused\"";
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (size_t found = 0; found < count;) {
		struct buffer said = program_said(service->program.err);
		found = 0;
		for (const char *at = said.bytes; at && (at = strstr(at, event)); at++)
			found++;
		cr_assert(found >= count || movement_pause(&movement), "%s", said.bytes);
		buffer_done(&said);
	}
}

/* Each is one slip that YAML has nothing against. */
Test(daemon, keeps_the_old_configuration_whatever_a_list_was_taken_for)
{
	static const char *const slips[] = {"after_run: \"/usr/bin/php x\"", "after_run: []",
	    "after_run: {}", "after_run:", "after_run: [[a]]", "columns: {Person: nosuch}",
	    "columns: {A: username, B: username}", "username_template: \"%q\"", "dates: {a: b}",
	    "defaults: [city]", "csv: [comma]", "marker: !!binary aGk="};
	enum { SLIPS = sizeof slips / sizeof *slips };
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	struct buffer before = files_read(rig.config.text);
	service_start(&service, &rig);
	for (size_t i = 0; i < SLIPS; i++) {
		struct path line = path_of("  hr: { %s }\n", slips[i]),
		            name = path_of("%zu.csv", i);
		files_write(rig.config.text, before.bytes, before.size, 0640);
		config_append(&rig, line.text);
		program_signal(&service.program, SIGHUP);
		service_await_refusals(&service, i + 1);
		rig_drop(&rig, name.text, HEADER "p1,C1\n");
		service_await(&service, &rig, "", i + 1);
	}
	buffer_done(&before);
	service_stop(&service);
	law_close(&rig);
}

/* The note of a try is the last that is made before the work begins. */
static void kill_in_try(struct rig *rig, int number)
{
	struct service service;
	struct path work = rig_path(rig, "work/%s", RIG_NODE), note = path_of("/try.%d", number);
	struct listing runs = {0};
	service_start(&service, rig);
	for (bool is_noted = false; !is_noted;) {
		listing_done(&runs);
		runs = files_list(work.text);
		for (size_t k = 0; k < runs.count; k++)
			is_noted |= text_ends(runs.entries[k].path, note.text);
	}
	listing_done(&runs);
	service_kill(&service);
}

static void expect_killed_daemon(struct rig *rig, const char *reason)
{
	struct reply reply;
	struct service service;
	service_start(&service, rig);
	service_await(&service, rig, "", 1);
	service_stop(&service); /* the reason comes behind the summary */
	reply_open(&reply, rig, "large.csv", 0);
	cr_expect_str_eq(reply_refusal(&reply), "killed_daemon");
	struct path path = rig_path(rig, "quarantine/large.%s.csv.reason.txt", reply.run);
	struct buffer text = files_read(path.text);
	cr_expect(strstr(text.bytes, reason), "%s", text.bytes);
	buffer_done(&text);
	reply_close(&reply);
	law_close(rig);
}

Test(daemon, refuses_a_file_that_has_killed_it_three_times)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE, .courses = COURSES});
	large_drop(&rig, SCALE(400000, 60000));
	for (int i = 1; i <= 3; i++)
		kill_in_try(&rig, i);
	expect_killed_daemon(&rig, "Nothing in it was applied");
}

Test(daemon, says_what_it_had_done_of_a_file_that_it_refuses_behind_a_checkpoint)
{
	struct rig rig;
	struct service service;
	rig_make(&rig,
	    &(struct rig_options){
	        .people = PEOPLE, .courses = COURSES, .settings = "checkpoint_rows: 10000\n"});
	large_drop(&rig, SCALE(400000, 60000));
	service_start(&service, &rig);
	records_await(&rig, 10000);
	service_kill(&service); /* of this try the note remains */
	kill_in_try(&rig, 2);
	kill_in_try(&rig, 3);
	expect_killed_daemon(&rig, "rows had been applied");
}

/* Whoever can write to the database has put something else there. */
static void ledger_alter(const char *change, const char *reason)
{
	struct rig rig;
	struct service service;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE,
	                   .courses = COURSES,
	                   .settings = "checkpoint_rows: 10000\n",
	                   .feeds = "  default: {}\n"});
	large_drop(&rig, SCALE(400000, 60000));
	service_start(&service, &rig);
	records_await(&rig, 10000);
	service_kill(&service);
	rig_execute(&rig, change);
	service_start(&service, &rig);
	rig_drop(&rig, "next.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 2);
	service_stop(&service);
	reply_open(&reply, &rig, "large.csv", 0);
	cr_expect_str_eq(reply_status(&reply), "refused");
	struct path path = rig_path(&rig, "quarantine/large.%s.csv.reason.txt", reply.run);
	struct buffer text = files_read(path.text);
	cr_expect(strstr(text.bytes, reply.run), "%s", text.bytes);
	cr_expect(strstr(text.bytes, reason), "%s", text.bytes);
	cr_expect(strstr(text.bytes, "rows had been applied"), "%s", text.bytes);
	buffer_done(&text);
	reply_close(&reply);
	rig_remove(&rig); /* the law does not hold where the ledger lies */
}

Test(daemon, ends_a_run_whose_counts_were_altered_in_the_ledger_and_takes_the_next_file)
{
	ledger_alter("UPDATE enrold_run SET counts = 'rows=x'", "its counts are not as enrold");
}

Test(daemon, ends_a_run_whose_policy_was_altered_in_the_ledger_and_takes_the_next_file)
{
	ledger_alter("UPDATE enrold_run SET policy = 'colour=red'", "unknown key colour");
}

Test(daemon, tells_the_watchdog_that_it_lives)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	setenv("WATCHDOG_USEC", "100000", 1);
	service_start(&service, &rig);
	service_hear(&service, "WATCHDOG=1");
	service_stop(&service);
	law_close(&rig);
}

/* ---- what it refuses ---- */

Test(daemon, leaves_a_spool_that_another_one_has_and_names_it)
{
	struct rig rig;
	struct service service;
	char pid[16];
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	snprintf(pid, sizeof pid, "%d", (int)service.program.pid);
	struct finished daemon = program_expect(75, ARGV("enrold", "--config", rig.config.text));
	struct finished once = rig_run(&rig, 75);
	cr_expect(strstr(daemon.err.bytes, pid), "no %s in: %s", pid, daemon.err.bytes);
	cr_expect(strstr(once.err.bytes, pid), "no %s in: %s", pid, once.err.bytes);
	finished_done(&daemon);
	finished_done(&once);
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	law_close(&rig);
}

Test(daemon, says_file_line_and_column_of_a_bad_configuration)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct path config = path_of("%s/bad.yaml", rig.root.text);
	struct path place = path_of("%.900s:2:1", config.text);
	struct path text = path_of("spool: %.900s\nnonsense: 1\n", rig.directory.text);
	files_write(config.text, text.text, strlen(text.text), 0640);
	struct finished bad = program_expect(78, ARGV("enrold", "--config", config.text));
	cr_expect(strstr(bad.err.bytes, place.text), "no %s in: %s", place.text, bad.err.bytes);
	finished_done(&bad);
	bad = program_expect(78, ARGV("enrold", "--check", "--config", "/nonexistent.yaml"));
	cr_expect(strstr(bad.err.bytes, "/nonexistent.yaml"));
	finished_done(&bad);
	law_close(&rig);
}

Test(daemon, warns_with_check_of_what_has_no_effect_and_takes_it)
{
	struct rig rig;
	rig_make(
	    &rig, &(struct rig_options){
	              .feeds = "  hr: { compat: moodle, upload_type: add, match_by: email }\n"});
	struct finished check =
	    program_expect(0, ARGV("enrold", "--check", "--config", rig.config.text));
	cr_expect(strstr(check.err.bytes, "warning: feeds.hr.match_by has no effect"), "%s",
	    check.err.bytes);
	finished_done(&check);
	law_close(&rig);
}

Test(daemon, shows_with_check_a_configuration_that_it_would_take_itself)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct finished first =
	    program_expect(0, ARGV("enrold", "--check", "--config", rig.config.text));
	struct path config = path_of("%s/shown.yaml", rig.root.text);
	files_write(config.text, first.out.bytes, first.out.size, 0640);
	struct finished second =
	    program_expect(0, ARGV("enrold", "--check", "--config", config.text));
	cr_expect(strstr(first.out.bytes, rig.directory.text));
	cr_expect_str_eq(second.out.bytes, first.out.bytes);
	finished_done(&first);
	finished_done(&second);
	law_close(&rig);
}
