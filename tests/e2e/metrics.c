/* The file for Prometheus, as the real daemon writes it. */
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct path file_of(const struct rig *rig)
{
	return path_of("%s/metrics/enrold.prom", rig->root.text);
}

static void configure(const struct rig *rig, const char *feeds, bool has_file)
{
	struct buffer old = files_read(rig->config.text), new = {0};
	const char *end = strstr(old.bytes, "metrics_file:");
	end = end ? end : strstr(old.bytes, "feeds:");
	cr_assert_not_null(end);
	buffer_add(&new, old.bytes, (size_t)(end - old.bytes));
	if (has_file)
		buffer_print(&new, "metrics_file: %s\n", file_of(rig).text);
	buffer_print(&new, "feeds:\n%s", feeds);
	files_write(rig->config.text, new.bytes, new.size, 0640);
	buffer_done(&old);
	buffer_done(&new);
}

static struct path folder_of(const struct rig *rig)
{
	return path_of("%s/metrics", rig->root.text);
}

static void rig_begin(struct rig *rig)
{
	rig_make(rig, NULL);
	configure(rig, "  hr: {}\n", true);
	files_make_directory(folder_of(rig).text);
	files_make_directory(rig_inbox(rig, "hr").text);
	files_make_directory(rig_inbox(rig, "preview").text);
}

/* -1: it is not told. */
static double value_of(const struct buffer *text, const char *sample)
{
	struct path wanted = path_of("\n%s ", sample);
	const char *at = strstr(text->bytes, wanted.text);
	return at ? strtod(at + strlen(wanted.text), NULL) : -1;
}

#define EXPECT_VALUE(text, sample, value)                                                          \
	cr_expect_eq(value_of((text), (sample)), (value), "%s is %g\n%s", (sample),                \
	    value_of((text), (sample)), (text)->bytes)

/* Each version of the file that is seen is a whole one. Given to the caller. */
static struct buffer metrics_await(const struct rig *rig, const char *sample, double value)
{
	struct path file = file_of(rig);
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		struct buffer text = {0};
		if (files_exist(file.text)) {
			text = files_read(file.text);
			cr_assert(text_starts(text.bytes, "# HELP enrold_build_info "));
			cr_assert(strstr(text.bytes, "\n# TYPE enrold_feed_last_success_"));
			if (value_of(&text, sample) == value)
				return text;
		}
		cr_assert(movement_pause(&movement), "%s: %s", sample, text.size ? text.bytes : "");
		buffer_done(&text);
	}
}

Test(metrics, tell_what_was_done_refused_and_previewed)
{
	struct rig rig;
	struct stat status;
	rig_begin(&rig);
	rig_drop(&rig, "good.csv", "username,course1,course2\np1,C1,C2\nnobody,C1,\n");
	rig_drop(&rig, "hr/bad.csv", "username,curse1\np1,C1\n");
	rig_drop(&rig, "preview/good.csv", "username,course1\np2,C1\n");
	rig_once(&rig);
	struct buffer text = files_read(file_of(&rig).text);
	EXPECT_VALUE(&text, "enrold_runs_total{feed=\"default\",status=\"done\"}", 1);
	EXPECT_VALUE(&text, "enrold_runs_total{feed=\"default\",status=\"previewed\"}", 1);
	EXPECT_VALUE(&text, "enrold_runs_total{feed=\"default\",status=\"refused\"}", 0);
	EXPECT_VALUE(&text, "enrold_runs_total{feed=\"hr\",status=\"refused\"}", 1);
	EXPECT_VALUE(&text, "enrold_records_total{feed=\"default\"}", 2);
	EXPECT_VALUE(&text, "enrold_records_in_error_total{feed=\"default\"}", 1);
	EXPECT_VALUE(&text, "enrold_rows_total{feed=\"default\",outcome=\"done\"}", 2);
	EXPECT_VALUE(&text, "enrold_codes_total{feed=\"default\",code=\"enrolled\"}", 2);
	EXPECT_VALUE(&text, "enrold_codes_total{feed=\"default\",code=\"user_not_found\"}", 1);
	EXPECT_VALUE(&text, "enrold_input_size_bytes_sum{feed=\"default\"}", 45);
	EXPECT_VALUE(&text, "enrold_input_size_bytes_count{feed=\"hr\"}", 0);
	EXPECT_VALUE(&text, "enrold_run_duration_seconds_count{feed=\"default\"}", 1);
	EXPECT_VALUE(&text, "enrold_feed_files_waiting{feed=\"default\"}", 0);
	EXPECT_VALUE(&text, "enrold_feed_running{feed=\"default\"}", 0);
	EXPECT_VALUE(&text, "enrold_feed_blocked{feed=\"default\"}", 0);
	EXPECT_VALUE(&text, "enrold_feed_refused{feed=\"hr\"}", 1);
	EXPECT_VALUE(&text, "enrold_feed_held{feed=\"hr\"}", 0);
	EXPECT_VALUE(&text, "enrold_feed_oldest_waiting_seconds{feed=\"hr\"}", 0);
	cr_expect_gt(
	    value_of(&text, "enrold_feed_last_success_timestamp_seconds{feed=\"default\"}"), 0);
	cr_expect_gt(value_of(&text, "enrold_run_duration_seconds_sum{feed=\"default\"}"), 0);
	cr_expect_null(strstr(text.bytes, "good.csv"));
	cr_expect(strstr(text.bytes, "engine=\"sqlite\",node=\"" RIG_NODE "\"} 1\n"));
	cr_expect(stat(file_of(&rig).text, &status) == 0 && (status.st_mode & 07777) == 0644, "%o",
	    status.st_mode);
	cr_expect_eq(files_count(folder_of(&rig).text, ""), 1);
	buffer_done(&text);
	law_close(&rig);
}

Test(metrics, are_written_at_the_start_after_each_run_and_at_the_end)
{
	struct rig rig;
	struct service service;
	rig_begin(&rig);
	service_start(&service, &rig);
	struct buffer text =
	    metrics_await(&rig, "enrold_runs_total{feed=\"hr\",status=\"done\"}", 0);
	buffer_done(&text);
	rig_drop(&rig, "hr/a.csv", "username,course1\np1,C1\n");
	text = metrics_await(&rig, "enrold_runs_total{feed=\"hr\",status=\"done\"}", 1);
	buffer_done(&text);
	/* A reload keeps what was counted, and tells of the new feed. */
	configure(&rig, "  hr: {}\n  lms: {}\n", true);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"event\":\"reloaded\"");
	rig_drop(&rig, "lms/b.csv", "username,course1\np2,C1\n");
	text = metrics_await(&rig, "enrold_runs_total{feed=\"lms\",status=\"done\"}", 1);
	EXPECT_VALUE(&text, "enrold_runs_total{feed=\"hr\",status=\"done\"}", 1);
	buffer_done(&text);
	/* The second before its last writing may not be over: the end writes it. */
	rig_drop(&rig, "hr/c.csv", "username,course1\np3,C1\n");
	service_await(&service, &rig, "hr", 2);
	service_await_idle(&service, &rig);
	service_stop(&service);
	text = files_read(file_of(&rig).text);
	EXPECT_VALUE(&text, "enrold_runs_total{feed=\"hr\",status=\"done\"}", 2);
	buffer_done(&text);
	law_close(&rig);
}

static size_t times_said(const char *log, const char *words)
{
	size_t count = 0;
	for (const char *at = log; (at = strstr(at, words)); at++)
		count++;
	return count;
}

Test(metrics, tell_of_the_database_the_disk_and_what_waits)
{
	struct rig rig;
	struct service service;
	rig_begin(&rig);
	rig_drop(&rig, "hr/a.csv", "username,course1\np1,C1\n");
	rig_drop(&rig, "hr/b.csv", "username,curse1\np1,C1\n");
	rig_once(&rig);
	configure(&rig, "  hr: {}\n  marked: { marker: .done }\n", true);
	files_make_directory(rig_inbox(&rig, "marked").text);
	service_start(&service, &rig);
	struct buffer text = metrics_await(&rig, "enrold_chain_height", 2);
	EXPECT_VALUE(&text, "enrold_database_up{engine=\"sqlite\"}", 1);
	EXPECT_VALUE(&text, "enrold_spool_quarantine_files", 1);
	EXPECT_VALUE(&text, "enrold_spool_held_files", 0);
	/* Of what came before the start the ledger knows. */
	EXPECT_VALUE(&text, "enrold_feed_refused{feed=\"hr\"}", 1);
	EXPECT_VALUE(&text, "enrold_feed_stale{feed=\"hr\"}", 0);
	cr_expect_gt(value_of(&text, "enrold_feed_last_success_timestamp_seconds{feed=\"hr\"}"), 0);
	double free = value_of(&text, "enrold_spool_free_bytes");
	cr_expect(free > 0 && free <= value_of(&text, "enrold_spool_size_bytes"), "%g", free);
	buffer_done(&text);
	rig_drop(&rig, "marked/c.csv", "username,course1\np1,C1\n");
	rig_drop(&rig, "hr/d.csv", "username,course1\np2,C1\n");
	text = metrics_await(&rig, "enrold_runs_total{feed=\"hr\",status=\"done\"}", 1);
	EXPECT_VALUE(&text, "enrold_feed_files_waiting{feed=\"marked\"}", 1);
	EXPECT_VALUE(&text, "enrold_feed_files_waiting{feed=\"hr\"}", 0);
	cr_expect_geq(value_of(&text, "enrold_feed_oldest_waiting_seconds{feed=\"marked\"}"), 0);
	buffer_done(&text);
	service_stop(&service);
	law_close(&rig);
}

Test(metrics, that_cannot_be_written_are_said_once_and_keep_no_file_waiting)
{
	struct rig rig;
	struct service service;
	rig_begin(&rig);
	files_remove(folder_of(&rig).text);
	service_start(&service, &rig);
	service_await_log(&service, "\"metrics_unwritten\"");
	rig_drop(&rig, "hr/a.csv", "username,course1\np1,C1\n");
	service_await(&service, &rig, "hr", 1);
	service_await_idle(&service, &rig);
	files_make_directory(folder_of(&rig).text);
	rig_drop(&rig, "hr/b.csv", "username,course1\np2,C1\n");
	struct buffer text =
	    metrics_await(&rig, "enrold_runs_total{feed=\"hr\",status=\"done\"}", 2);
	buffer_done(&text);
	struct buffer log = program_said(service.program.err);
	cr_expect_eq(times_said(log.bytes, "\"metrics_unwritten\""), 1, "%s", log.bytes);
	cr_expect(strstr(log.bytes, "enrold.prom.part"), "%s", log.bytes);
	buffer_done(&log);
	service_stop(&service);
	law_close(&rig);
}

Test(metrics, leave_no_file_behind_that_nobody_writes_any_more)
{
	struct rig rig;
	struct service service;
	rig_begin(&rig);
	service_start(&service, &rig);
	struct buffer text = metrics_await(&rig, "enrold_records_total{feed=\"hr\"}", 0);
	buffer_done(&text);
	configure(&rig, "  hr: {}\n", false);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"event\":\"reloaded\"");
	service_stop(&service);
	cr_expect_not(files_exist(file_of(&rig).text));
	law_close(&rig);
}

/* Whoever can write in the folder could have put links there. */
Test(metrics, replace_what_others_have_put_in_their_place)
{
	struct rig rig;
	rig_begin(&rig);
	struct path file = file_of(&rig), part = path_of("%s.part", file.text);
	struct path precious = path_of("%s/precious", rig.root.text);
	files_write(precious.text, "1", 1, 0600);
	cr_assert(symlink(precious.text, file.text) == 0 && symlink(precious.text, part.text) == 0);
	rig_once(&rig);
	struct buffer text = files_read(precious.text);
	cr_expect_str_eq(text.bytes, "1");
	buffer_done(&text);
	text = files_read(file.text);
	EXPECT_VALUE(&text, "enrold_records_total{feed=\"hr\"}", 0);
	buffer_done(&text);
	law_close(&rig);
}

Test(metrics, tell_that_a_start_waits_for_the_database)
{
	struct rig rig;
	struct service service;
	rig_begin(&rig);
	rig_execute(
	    &rig, "INSERT INTO mdl_config (name, value) VALUES ('maintenance_enabled', '1')");
	service_begin(&service, ARGV("enrold", "--config", rig.config.text));
	struct buffer text = metrics_await(&rig, "enrold_database_up{engine=\"sqlite\"}", 0);
	buffer_done(&text);
	rig_execute(&rig, "DELETE FROM mdl_config WHERE name = 'maintenance_enabled'");
	service_hear(&service, "READY=1");
	service_stop(&service);
	law_close(&rig);
}
