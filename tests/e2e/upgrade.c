/* A site that is upgraded, or goes into maintenance, while the daemon runs on it. */
#include "answer.h"
#include "law.h"
#include "moment.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(upgrade, .timeout = 300);

#define SET(name, value) "UPDATE mdl_config SET value = '" value "' WHERE name = '" name "';"
#define RUNNING                                                                                    \
	"INSERT INTO mdl_config (name, value) VALUES ('upgraderunning', strftime('%s') + 300)"     \
	" ON CONFLICT DO UPDATE SET value = strftime('%s') + 300;"
#define OVER "DELETE FROM mdl_config WHERE name = 'upgraderunning';"

static const char text[] = "username,course1\np1,C1\n";

/* Polls what the daemon has logged: a line that has both. */
static bool has_logged(const struct service *service, const char *event, const char *what)
{
	struct buffer said = program_said(service->program.err);
	bool is_there = false;
	for (char *line = said.bytes, *end; !is_there && (end = strchr(line, '\n'));
	     line = end + 1) {
		*end = '\0';
		is_there = strstr(line, event) && strstr(line, what);
	}
	buffer_done(&said);
	return is_there;
}

static void await_log(const struct service *service, const char *event, const char *what)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	for (int64_t until = moment_now_ms() + SERVICE_DEADLINE_MS; moment_now_ms() < until;) {
		if (has_logged(service, event, what))
			return;
		nanosleep(&pause, NULL);
	}
	cr_assert_fail("the daemon never logged %s %s", event, what);
}

static size_t logged(const struct service *service, const char *event)
{
	struct buffer said = program_said(service->program.err);
	size_t count = 0;
	for (const char *at = said.bytes; (at = strstr(at, event)); at++)
		count++;
	buffer_done(&said);
	return count;
}

/* What admin/cli/upgrade.php was seen to write on its way from 4.5.6 to 5.1.6. */
static const char *const steps[] = {
    RUNNING,
    SET("version", "2025022100.02"),
    SET("version", "2025090200.01"),
    SET("version", "2025100603.07"),
    RUNNING SET("version", "2025100606"),
    SET("branch", "501"),
    RUNNING,
};

enum { STEPS = sizeof steps / sizeof *steps };

/* A feed for each step: its file shows that the daemon has looked at the site as it then is. */
static void feeds_write(struct buffer *feeds)
{
	buffer_add_text(feeds, "  default: {}\n");
	for (int i = 0; i < STEPS; i++)
		buffer_print(feeds, "  step%d: {}\n", i);
	buffer_add_char(feeds, '\0');
}

Test(upgrade, of_a_site_underneath_the_daemon_is_waited_for_from_its_first_step_to_its_last)
{
	struct spool spool;
	struct service service;
	struct buffer feeds = {0};
	feeds_write(&feeds);
	spool_make(&spool, &(struct spool_options){.feeds = feeds.bytes});
	service_start(&service, &spool);
	spool_drop(&spool, "before.csv", text);
	service_await(&service, &spool, "", 1);
	for (int i = 0; i < STEPS; i++) {
		char feed[16], name[32];
		snprintf(feed, sizeof feed, "\"step%d\"", i);
		snprintf(name, sizeof name, "step%d/staff.csv", i);
		spool_execute(&spool, steps[i]);
		spool_drop(&spool, name, "username,course1\np2,C1\n");
		await_log(&service, "\"run_waits\"", feed);
	}
	service_hear(&service,
	    "STATUS=8 feeds, 0 files waiting, 0 running, 1 answered (0 refused); "
	    "waiting: the site is being upgraded");
	cr_expect_eq(logged(&service, "\"run_waits\""), STEPS, "it is said once for each feed");
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	for (int i = 0; i < STEPS; i++) {
		char name[32];
		snprintf(name, sizeof name, "step%d/staff.csv", i);
		cr_expect(files_exist(spool_inbox(&spool, name).text), "%s", name);
	}
	spool_execute(&spool, OVER);
	for (int i = 0; i < STEPS; i++) {
		char feed[16];
		snprintf(feed, sizeof feed, "step%d", i);
		service_await(&service, &spool, feed, 1);
		service_await_log(&service,
		    path_of("what feed %s waited for is over", feed).text); /* behind the answer */
	}
	service_await_idle(&service, &spool);
	cr_expect_eq(logged(&service, "\"run_goes_on\""), STEPS);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	service_stop(&service);
	buffer_done(&feeds);
	law_close(&spool);
}

Test(upgrade, or_maintenance_at_the_start_of_the_daemon_is_waited_for)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.settings = "stop_timeout: 1m\n"});
	spool_execute(
	    &spool, "INSERT INTO mdl_config (name, value) VALUES ('maintenance_enabled', '1')");
	spool_drop(&spool, "staff.csv", text);
	struct program program;
	program_start(&program, ARGV("enrold", "--config", spool.config.text, "--once"), NULL);
	const struct service seen = {.program = program};
	await_log(&seen, "\"site_away\"", "maintenance");
	spool_execute(&spool, SET("maintenance_enabled", "0"));
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	law_close(&spool);
}

/* The upgrade begins, in the tests' own words, together with the first checkpoint. */
Test(upgrade, that_begins_in_the_middle_of_a_large_file_stops_it_at_its_next_transaction)
{
	enum { PEOPLE = 15000, CHECKPOINT = 10000 };
	struct spool spool;
	struct service service;
	struct buffer rows = {0};
	spool_make(&spool,
	    &(struct spool_options){.people = PEOPLE, .settings = "checkpoint_rows: 10000\n"});
	spool_execute(&spool,
	    "CREATE TRIGGER upgrade AFTER INSERT ON enrold_run WHEN NEW.records > 0 BEGIN"
	    " UPDATE mdl_config SET value = '2025022100.02' WHERE name = 'version'; END");
	buffer_add_text(&rows, "username,course1\n");
	for (int i = 1; i <= PEOPLE; i++)
		buffer_print(&rows, "p%d,C1\n", i);
	service_start(&service, &spool);
	spool_drop_bytes(&spool, "staff.csv", rows.bytes, rows.size);
	await_log(&service, "\"run_waits\"", "staff.csv");
	cr_expect_eq(spool_number(&spool, "SELECT max(records) FROM enrold_run"), CHECKPOINT);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), CHECKPOINT);
	spool_execute(
	    &spool, "DROP TRIGGER upgrade;" SET("version", "2025100606") SET("branch", "501"));
	service_await(&service, &spool, "", 1);
	service_await_idle(&service, &spool);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), PEOPLE);
	service_stop(&service);
	buffer_done(&rows);
	law_close(&spool);
}

/* Between two transactions of a file, too fast to be seen: what is known of the site is outdated.
 */
Test(upgrade, that_is_over_before_anybody_looks_has_the_file_begin_anew_under_the_new_version)
{
	enum { PEOPLE = 15000 };
	struct spool spool;
	struct service service;
	struct buffer rows = {0};
	spool_make(&spool,
	    &(struct spool_options){.people = PEOPLE, .settings = "checkpoint_rows: 10000\n"});
	spool_execute(&spool,
	    "CREATE TRIGGER upgrade AFTER INSERT ON enrold_run WHEN NEW.records > 0 BEGIN"
	    " UPDATE mdl_config SET value = '2025100606' WHERE name = 'version';"
	    " UPDATE mdl_config SET value = '501' WHERE name = 'branch'; END");
	buffer_add_text(&rows, "username,course1\n");
	for (int i = 1; i <= PEOPLE; i++)
		buffer_print(&rows, "p%d,C1\n", i);
	service_start(&service, &spool);
	spool_drop_bytes(&spool, "staff.csv", rows.bytes, rows.size);
	service_await(&service, &spool, "", 1);
	service_await_idle(&service, &spool);
	cr_expect(has_logged(&service, "\"run_waits\"", "has been upgraded"));
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), PEOPLE);
	service_stop(&service);
	buffer_done(&rows);
	law_close(&spool);
}

Test(upgrade, to_a_moodle_that_is_not_known_keeps_the_files_and_is_an_error_in_the_log)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	spool_execute(&spool, SET("version", "2027041900") SET("branch", "504"));
	spool_drop(&spool, "staff.csv", text);
	await_log(&service, "\"run_waits\"", "\"error\"");
	service_hear(&service, "STATUS=1 feed, 0 files waiting, 0 running, 0 answered (0 refused); "
	                       "waiting: the site is Moodle");
	cr_expect_eq(answer_count(&spool, "staff.csv"), 0);
	cr_expect(files_exist(spool_inbox(&spool, "staff.csv").text));
	spool_execute(&spool, SET("version", "2026100500") SET("branch", "503"));
	service_await(&service, &spool, "", 1);
	service_await_idle(&service, &spool);
	service_stop(&service);
	law_close(&spool);
}
