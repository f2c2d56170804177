/* The daemon, run as systemd runs it. Nothing here sleeps. */
#include "answer.h"
#include "law.h"
#include "moment.h"
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

TestSuite(daemon, .timeout = 600);

#define HEADER "username,course1\n"

Test(daemon, says_that_it_is_ready_answers_what_is_dropped_and_stops_when_told)
{
	struct spool spool;
	struct service service;
	struct answer answer;
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	service_hear(&service, "STATUS=");
	spool_drop(&spool, "staff.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "", 1);
	answer_open(&answer, &spool, "staff.csv", 0);
	EXPECT(&answer, {2, "course1", "done", "enrolled"});
	answer_close(&answer);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, takes_what_lay_in_the_inbox_before_it_came)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.feeds = "  hr: {}\n"});
	files_make_directory(spool_inbox(&spool, "hr").text);
	spool_drop(&spool, "staff.csv", HEADER "p1,C1\n");
	spool_drop(&spool, "hr/staff.csv", HEADER "p2,C1\n");
	service_start(&service, &spool);
	service_await(&service, &spool, "", 1);
	service_await(&service, &spool, "hr", 1);
	service_stop(&service);
	law_close(&spool);
}

/*
 * With a long `settle` nothing but a writer's close vouches for a file: one that is still being
 * written stays where it is while another is answered, and is taken whole when it is closed.
 */
Test(daemon, takes_a_file_written_in_place_when_it_is_closed_and_not_before)
{
	static const char text[] = HEADER "p1,C1\np2,C1\n";
	struct spool spool;
	struct service service;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){.settle = "1h"});
	service_start(&service, &spool);
	struct path slow = spool_inbox(&spool, "slow.csv");
	int file = open(slow.text, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	cr_assert_eq(write(file, text, 23), 23);
	spool_drop(&spool, "quick.csv", HEADER "p3,C1\n");
	service_await(&service, &spool, "", 1);
	cr_expect(files_exist(slow.text));
	cr_expect_eq(answer_count(&spool, "slow.csv"), 0);
	cr_assert_eq(write(file, text + 23, strlen(text) - 23), (ssize_t)strlen(text) - 23);
	close(file);
	spool_note(&spool, "slow.csv", text, strlen(text));
	service_await(&service, &spool, "", 2);
	answer_open(&answer, &spool, "slow.csv", 0);
	cr_expect_eq(answer_number(&answer, "outcomes", "done"), 2);
	answer_close(&answer);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, takes_a_file_that_nobody_vouches_for_when_it_has_settled)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.settle = "1s", .rescan = "1s"});
	spool_drop(&spool, "staff.csv", HEADER "p1,C1\n");
	service_start(&service, &spool);
	service_await(&service, &spool, "", 1);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, picks_up_an_inbox_that_was_removed_and_made_again)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.rescan = "1s"});
	service_start(&service, &spool);
	spool_drop(&spool, "1.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "", 1);
	files_remove(spool_path(&spool, "inbox").text);
	files_make_directory(spool_path(&spool, "inbox").text);
	spool_drop(&spool, "2.csv", HEADER "p2,C1\n");
	service_await(&service, &spool, "", 2);
	spool_drop(&spool, "3.csv", HEADER "p3,C1\n");
	service_await(&service, &spool, "", 3);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, picks_up_an_inbox_that_another_was_put_in_the_place_of)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.rescan = "1s"});
	service_start(&service, &spool);
	files_rename(spool_path(&spool, "inbox").text, spool_path(&spool, "former").text);
	files_make_directory(spool_path(&spool, "inbox").text);
	spool_drop(&spool, "1.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "", 1);
	service_stop(&service);
	law_close(&spool);
}

/* ---- many ---- */

enum { PEOPLE = SCALE(500, 100), COURSES = 10, MANY = PEOPLE * COURSES };

static void many_drop(struct spool *spool, int from, int count)
{
	for (int i = from; i < from + count; i++) {
		struct path name = path_of("f%05d.csv", i);
		struct path text =
		    path_of(HEADER "p%d,C%d\n", i / COURSES % PEOPLE + 1, i % COURSES + 1);
		spool_drop(spool, name.text, text.text);
	}
}

Test(daemon, answers_each_of_thousands_of_files_that_come_at_once)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &spool);
	many_drop(&spool, 0, MANY);
	service_await(&service, &spool, "", MANY);
	service_stop(&service);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), MANY);
	law_close(&spool);
}

/* A leak shows a hundredfold; what the last file has not yet given back does not. */
Test(daemon, has_no_more_descriptors_and_memory_after_hundreds_of_files_than_before)
{
	enum { SLACK = 4, MEMORY_SLACK = 4 << 20 };
	int round = (int)scale_from_environment("ENROLD_FILES", 300);
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &spool);
	size_t descriptors = service_descriptors(&service);
	many_drop(&spool, 0, round);
	service_await(&service, &spool, "", (size_t)round);
	service_await_idle(&service, &spool);
	size_t memory = service_memory(&service);
	many_drop(&spool, round, round);
	service_await(&service, &spool, "", (size_t)2 * (size_t)round);
	service_await_idle(&service, &spool);
	cr_expect_leq(service_descriptors(&service), descriptors + SLACK);
#ifndef SCALE_SANITIZED
	if (getenv("ENROLD_PROGRAMS"))
		memory = SIZE_MAX / 2; /* a sanitizer's, which keeps books of its own */
	/* What made it faster is given back when it has nothing to do for a while. */
	const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
	for (int i = 0; i < 100 && service_memory(&service) > memory + MEMORY_SLACK; i++)
		nanosleep(&pause, NULL);
	cr_expect_leq(service_memory(&service), memory + MEMORY_SLACK);
#endif
	fprintf(stderr, "daemon: after %d files: %zu descriptors (%zu at READY), %zu KiB (%zu)\n",
	    2 * round, service_descriptors(&service), descriptors, service_memory(&service) / 1024,
	    memory / 1024);
	service_stop(&service);
	law_close(&spool);
}

/* ---- ends ---- */

static void large_drop(struct spool *spool, int rows)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2\n");
	for (int i = 0; i < rows; i++)
		buffer_print(&text, "p%d,C%d,C%d\n", i / COURSES % PEOPLE + 1, i % COURSES + 1,
		    (i + 1) % COURSES + 1);
	spool_drop_bytes(spool, "large.csv", text.bytes, text.size);
	buffer_done(&text);
}

Test(daemon, answers_a_small_file_of_one_feed_while_another_has_a_giant)
{
	struct spool spool;
	struct service service;
	spool_make(&spool,
	    &(struct spool_options){.people = PEOPLE, .courses = COURSES, .feeds = "  hr: {}\n"});
	service_start(&service, &spool);
	large_drop(&spool, SCALE(200000, 60000));
	service_await_claim(&service, &spool);
	spool_drop(&spool, "hr/small.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "hr", 1);
	cr_expect_eq(answer_count(&spool, "large.csv"), 0, "the giant was not in the way at all");
	service_await(&service, &spool, "", 1);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, stopped_while_busy_leaves_everything_lawful_and_goes_on_when_started_again)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &spool);
	large_drop(&spool, SCALE(200000, 10000));
	many_drop(&spool, 0, 20);
	service_await_claim(&service, &spool);
	service_stop(&service);
	law_holds(&spool, LAW_STOPPED);
	service_start(&service, &spool);
	service_await(&service, &spool, "", 21);
	service_stop(&service);
	cr_expect_eq(answer_count(&spool, "large.csv"), 1);
	law_close(&spool);
}

Test(daemon, killed_while_busy_leaves_everything_lawful_and_goes_on_when_started_again)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &spool);
	large_drop(&spool, SCALE(200000, 10000));
	many_drop(&spool, 0, 20);
	service_await_claim(&service, &spool);
	service_kill(&service);
	law_holds(&spool, LAW_STOPPED);
	service_start(&service, &spool);
	service_await(&service, &spool, "", 21);
	service_stop(&service);
	cr_expect_eq(answer_count(&spool, "large.csv"), 1);
	law_close(&spool);
}

/* The result of the only answer to this file. */
static struct buffer result_of(const struct spool *spool, const char *name)
{
	struct answer answer;
	answer_open(&answer, spool, name, 0);
	struct buffer result = files_read(answer.result_path.text);
	answer_close(&answer);
	return result;
}

Test(daemon, killed_again_and_again_ends_with_the_bytes_of_an_undisturbed_run)
{
	struct spool calm, rough;
	struct service service;
	const struct spool_options options = {
	    .people = PEOPLE, .courses = COURSES, .settings = "checkpoint_rows: 10000\n"};
	int rows = (int)scale_from_environment("ENROLD_ROWS", SCALE(200000, 60000));
	int kills = (int)scale_from_environment("ENROLD_KILLS", 4);
	spool_make(&calm, &options);
	large_drop(&calm, rows);
	spool_once(&calm);
	spool_make(&rough, &options);
	large_drop(&rough, rows);
	for (int i = 0; i < kills; i++) {
		service_start(&service, &rough);
		/* Each round a checkpoint further: what it did is in the ledger. */
		while (spool_number(&rough, "SELECT coalesce(max(records), 0) FROM enrold_run") <
		       (int64_t)rows / (kills + 1) * (i + 1))
			;
		service_kill(&service);
	}
	spool_once(&rough);
	struct buffer expected = result_of(&calm, "large.csv"), is = result_of(&rough, "large.csv");
	cr_expect_eq(is.size, expected.size);
	cr_expect(is.size == expected.size && memcmp(is.bytes, expected.bytes, is.size) == 0);
	buffer_done(&expected);
	buffer_done(&is);
	law_close(&calm);
	law_close(&rough);
}

/* ---- manners ---- */

static void config_append(const struct spool *spool, const char *text)
{
	FILE *config = fopen(spool->config.text, "ae");
	cr_assert_not_null(config);
	fputs(text, config);
	fclose(config);
}

Test(daemon, takes_a_new_feed_on_a_hangup_and_goes_on_with_a_giant)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE, .courses = COURSES});
	service_start(&service, &spool);
	large_drop(&spool, SCALE(200000, 30000));
	service_await_claim(&service, &spool);
	files_make_directory(spool_inbox(&spool, "hr").text);
	files_make_directory(spool_path(&spool, "outbox/hr").text);
	spool_drop(&spool, "hr/small.csv", HEADER "p1,C1\n");
	config_append(&spool, "  hr: {}\n");
	program_signal(&service.program, SIGHUP);
	service_hear(&service, "RELOADING=1");
	service_await(&service, &spool, "hr", 1);
	service_await(&service, &spool, "", 1);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, keeps_the_old_configuration_when_the_new_one_is_bad)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	config_append(&spool, "nonsense: 1\n");
	program_signal(&service.program, SIGHUP);
	spool_drop(&spool, "staff.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "", 1);
	service_stop(&service);
	law_close(&spool);
}

/* The log is a file in memory, which nobody can be told of: it is read again and again. */
static void service_await_refusals(const struct service *service, size_t count)
{
	static const char event[] = "\"reload_refused\"";
	int64_t until_ms = moment_now_ms() + SERVICE_DEADLINE_MS;
	for (size_t found = 0; found < count;) {
		struct buffer said = program_said(service->program.err);
		found = 0;
		for (const char *at = said.bytes; at && (at = strstr(at, event)); at++)
			found++;
		cr_assert(found >= count || moment_now_ms() < until_ms, "%s", said.bytes);
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
	struct spool spool;
	struct service service;
	spool_make(&spool, NULL);
	struct buffer before = files_read(spool.config.text);
	service_start(&service, &spool);
	for (size_t i = 0; i < SLIPS; i++) {
		struct path line = path_of("  hr: { %s }\n", slips[i]),
		            name = path_of("%zu.csv", i);
		files_write(spool.config.text, before.bytes, before.size, 0640);
		config_append(&spool, line.text);
		program_signal(&service.program, SIGHUP);
		service_await_refusals(&service, i + 1);
		spool_drop(&spool, name.text, HEADER "p1,C1\n");
		service_await(&service, &spool, "", i + 1);
	}
	buffer_done(&before);
	service_stop(&service);
	law_close(&spool);
}

/* The note of a try is the last that is made before the work begins. */
static void kill_in_try(struct spool *spool, int number)
{
	struct service service;
	struct path work = spool_path(spool, "work/%s", SPOOL_NODE),
	            note = path_of("/try.%d", number);
	struct listing runs = {0};
	service_start(&service, spool);
	for (bool is_noted = false; !is_noted;) {
		listing_done(&runs);
		runs = files_list(work.text);
		for (size_t k = 0; k < runs.count; k++)
			is_noted |= text_ends(runs.entries[k].path, note.text);
	}
	listing_done(&runs);
	service_kill(&service);
}

static void expect_killed_daemon(struct spool *spool, const char *reason)
{
	struct answer answer;
	struct service service;
	service_start(&service, spool);
	service_await(&service, spool, "", 1);
	service_stop(&service); /* the reason comes behind the summary */
	answer_open(&answer, spool, "large.csv", 0);
	cr_expect_str_eq(answer_refusal(&answer), "killed_daemon");
	struct path path = spool_path(spool, "quarantine/large.%s.csv.reason.txt", answer.run);
	struct buffer text = files_read(path.text);
	cr_expect(strstr(text.bytes, reason), "%s", text.bytes);
	buffer_done(&text);
	answer_close(&answer);
	law_close(spool);
}

Test(daemon, refuses_a_file_that_has_killed_it_three_times)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE, .courses = COURSES});
	large_drop(&spool, SCALE(400000, 60000));
	for (int i = 1; i <= 3; i++)
		kill_in_try(&spool, i);
	expect_killed_daemon(&spool, "Nothing in it was applied");
}

Test(daemon, says_what_it_had_done_of_a_file_that_it_refuses_behind_a_checkpoint)
{
	struct spool spool;
	struct service service;
	spool_make(&spool,
	    &(struct spool_options){
	        .people = PEOPLE, .courses = COURSES, .settings = "checkpoint_rows: 10000\n"});
	large_drop(&spool, SCALE(400000, 60000));
	service_start(&service, &spool);
	while (spool_number(&spool, "SELECT coalesce(max(records), 0) FROM enrold_run") < 10000)
		;
	service_kill(&service); /* of this try the note remains */
	kill_in_try(&spool, 2);
	kill_in_try(&spool, 3);
	expect_killed_daemon(&spool, "rows had been applied");
}

/* Whoever can write to the database has put something else there. */
static void ledger_alter(const char *change, const char *reason)
{
	struct spool spool;
	struct service service;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){.people = PEOPLE,
	                       .courses = COURSES,
	                       .settings = "checkpoint_rows: 10000\n",
	                       .feeds = "  default: {}\n"});
	large_drop(&spool, SCALE(400000, 60000));
	service_start(&service, &spool);
	while (spool_number(&spool, "SELECT coalesce(max(records), 0) FROM enrold_run") < 10000)
		;
	service_kill(&service);
	spool_execute(&spool, change);
	service_start(&service, &spool);
	spool_drop(&spool, "next.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "", 2);
	service_stop(&service);
	answer_open(&answer, &spool, "large.csv", 0);
	cr_expect_str_eq(answer_status(&answer), "refused");
	struct path path = spool_path(&spool, "quarantine/large.%s.csv.reason.txt", answer.run);
	struct buffer text = files_read(path.text);
	cr_expect(strstr(text.bytes, answer.run), "%s", text.bytes);
	cr_expect(strstr(text.bytes, reason), "%s", text.bytes);
	cr_expect(strstr(text.bytes, "rows had been applied"), "%s", text.bytes);
	buffer_done(&text);
	answer_close(&answer);
	spool_remove(&spool); /* the law does not hold where the ledger lies */
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
	struct spool spool;
	struct service service;
	spool_make(&spool, NULL);
	setenv("WATCHDOG_USEC", "100000", 1);
	service_start(&service, &spool);
	service_hear(&service, "WATCHDOG=1");
	service_stop(&service);
	law_close(&spool);
}

/* ---- what it refuses ---- */

Test(daemon, leaves_a_spool_that_another_one_has_and_names_it)
{
	struct spool spool;
	struct service service;
	char pid[16];
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	snprintf(pid, sizeof pid, "%d", (int)service.program.pid);
	struct finished daemon = program_expect(75, ARGV("enrold", "--config", spool.config.text));
	struct finished once =
	    program_expect(75, ARGV("enrold", "--config", spool.config.text, "--once"));
	cr_expect(strstr(daemon.err.bytes, pid), "no %s in: %s", pid, daemon.err.bytes);
	cr_expect(strstr(once.err.bytes, pid), "no %s in: %s", pid, once.err.bytes);
	finished_done(&daemon);
	finished_done(&once);
	spool_drop(&spool, "staff.csv", HEADER "p1,C1\n");
	service_await(&service, &spool, "", 1);
	service_stop(&service);
	law_close(&spool);
}

Test(daemon, says_file_line_and_column_of_a_bad_configuration)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct path config = path_of("%s/bad.yaml", spool.root.text);
	struct path place = path_of("%.900s:2:1", config.text);
	struct path text = path_of("spool: %.900s\nnonsense: 1\n", spool.directory.text);
	files_write(config.text, text.text, strlen(text.text), 0640);
	struct finished bad = program_expect(78, ARGV("enrold", "--config", config.text));
	cr_expect(strstr(bad.err.bytes, place.text), "no %s in: %s", place.text, bad.err.bytes);
	finished_done(&bad);
	bad = program_expect(78, ARGV("enrold", "--check", "--config", "/nonexistent.yaml"));
	cr_expect(strstr(bad.err.bytes, "/nonexistent.yaml"));
	finished_done(&bad);
	law_close(&spool);
}

Test(daemon, warns_with_check_of_what_has_no_effect_and_takes_it)
{
	struct spool spool;
	spool_make(
	    &spool, &(struct spool_options){
	                .feeds = "  hr: { compat: moodle, upload_type: add, match_by: email }\n"});
	struct finished check =
	    program_expect(0, ARGV("enrold", "--check", "--config", spool.config.text));
	cr_expect(strstr(check.err.bytes, "warning: feeds.hr.match_by has no effect"), "%s",
	    check.err.bytes);
	finished_done(&check);
	law_close(&spool);
}

Test(daemon, shows_with_check_a_configuration_that_it_would_take_itself)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct finished first =
	    program_expect(0, ARGV("enrold", "--check", "--config", spool.config.text));
	struct path config = path_of("%s/shown.yaml", spool.root.text);
	files_write(config.text, first.out.bytes, first.out.size, 0640);
	struct finished second =
	    program_expect(0, ARGV("enrold", "--check", "--config", config.text));
	cr_expect(strstr(first.out.bytes, spool.directory.text));
	cr_expect_str_eq(second.out.bytes, first.out.bytes);
	finished_done(&first);
	finished_done(&second);
	law_close(&spool);
}
