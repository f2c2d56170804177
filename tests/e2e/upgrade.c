/* A site that is upgraded, or goes into maintenance, while the daemon runs on it. */
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

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
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (!has_logged(service, event, what))
		cr_assert(movement_pause(&movement), "the daemon never logged %s %s", event, what);
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
	struct rig rig;
	struct service service;
	struct buffer feeds = {0};
	feeds_write(&feeds);
	rig_make(&rig, &(struct rig_options){.feeds = feeds.bytes});
	service_start(&service, &rig);
	rig_drop(&rig, "before.csv", text);
	service_await(&service, &rig, "", 1);
	for (int i = 0; i < STEPS; i++) {
		char feed[16], name[32];
		snprintf(feed, sizeof feed, "\"step%d\"", i);
		snprintf(name, sizeof name, "step%d/staff.csv", i);
		rig_execute(&rig, steps[i]);
		rig_drop(&rig, name, "username,course1\np2,C1\n");
		await_log(&service, "\"run_waits\"", feed);
	}
	service_hear(&service,
	    "STATUS=8 feeds, 0 files waiting, 0 running, 1 answered (0 refused); "
	    "waiting: the site is being upgraded");
	cr_expect_eq(logged(&service, "\"run_waits\""), STEPS, "it is said once for each feed");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	for (int i = 0; i < STEPS; i++) {
		char name[32];
		snprintf(name, sizeof name, "step%d/staff.csv", i);
		cr_expect(files_exist(rig_inbox(&rig, name).text), "%s", name);
	}
	rig_execute(&rig, OVER);
	for (int i = 0; i < STEPS; i++) {
		char feed[16];
		snprintf(feed, sizeof feed, "step%d", i);
		service_await(&service, &rig, feed, 1);
		service_await_log(&service,
		    path_of("what feed %s waited for is over", feed).text); /* behind the answer */
	}
	service_await_idle(&service, &rig);
	cr_expect_eq(logged(&service, "\"run_goes_on\""), STEPS);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	service_stop(&service);
	buffer_done(&feeds);
	law_close(&rig);
}

Test(upgrade, or_maintenance_at_the_start_of_the_daemon_is_waited_for)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.settings = "stop_timeout: 1h\n"});
	rig_execute(
	    &rig, "INSERT INTO mdl_config (name, value) VALUES ('maintenance_enabled', '1')");
	rig_drop(&rig, "staff.csv", text);
	struct program program;
	program_start(&program, ARGV("enrold", "--config", rig.config.text, "--once"), NULL);
	const struct service seen = {.program = program};
	await_log(&seen, "\"site_away\"", "maintenance");
	rig_execute(&rig, SET("maintenance_enabled", "0"));
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	law_close(&rig);
}

enum { PEOPLE = 15000, CHECKPOINT = 10000 };

/* Everybody is enrolled, in two transactions; the statement comes with the first. */
static void large_make(struct rig *rig, const char *statement)
{
	rig_make(
	    rig, &(struct rig_options){.people = PEOPLE, .settings = "checkpoint_rows: 10000\n"});
	struct path trigger = path_of("CREATE TRIGGER upgrade AFTER INSERT ON enrold_run WHEN "
	                              "NEW.records > 0 BEGIN %s END",
	    statement);
	rig_execute(rig, trigger.text);
}

static void large_drop(struct rig *rig)
{
	struct buffer rows = {0};
	buffer_add_text(&rows, "username,course1\n");
	for (int i = 1; i <= PEOPLE; i++)
		buffer_print(&rows, "p%d,C1\n", i);
	rig_drop_bytes(rig, "staff.csv", rows.bytes, rows.size);
	buffer_done(&rows);
}

/* The upgrade begins, in the tests' own words, together with the first checkpoint. */
Test(upgrade, that_begins_in_the_middle_of_a_large_file_stops_it_at_its_next_transaction)
{
	struct rig rig;
	struct service service;
	large_make(&rig, SET("version", "2025022100.02"));
	service_start(&service, &rig);
	large_drop(&rig);
	await_log(&service, "\"run_waits\"", "staff.csv");
	int64_t records = rig_number(&rig, "SELECT max(records) FROM enrold_run");
	cr_expect(records > 0 && records <= CHECKPOINT, "%lld", (long long)records);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), records);
	rig_execute(
	    &rig, "DROP TRIGGER upgrade;" SET("version", "2025100606") SET("branch", "501"));
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), PEOPLE);
	service_stop(&service);
	law_close(&rig);
}

/* Between two transactions of a file, too fast to be seen: what is known of the site is outdated.
 */
Test(upgrade, that_is_over_before_anybody_looks_has_the_file_begin_anew_under_the_new_version)
{
	struct rig rig;
	struct service service;
	large_make(&rig, SET("version", "2025100606") SET("branch", "501"));
	service_start(&service, &rig);
	large_drop(&rig);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	cr_expect(has_logged(&service, "\"run_waits\"", "has been upgraded"));
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), PEOPLE);
	service_stop(&service);
	law_close(&rig);
}

Test(upgrade, to_a_moodle_that_is_not_known_keeps_the_files_and_is_an_error_in_the_log)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	rig_execute(&rig, SET("version", "2027041900") SET("branch", "504"));
	rig_drop(&rig, "staff.csv", text);
	await_log(&service, "\"run_waits\"", "\"error\"");
	service_hear(&service, "STATUS=1 feed, 0 files waiting, 0 running, 0 answered (0 refused); "
	                       "waiting: the site is Moodle");
	cr_expect_eq(reply_count(&rig, "staff.csv"), 0);
	cr_expect(files_exist(rig_inbox(&rig, "staff.csv").text));
	rig_execute(&rig, SET("version", "2026100500") SET("branch", "503"));
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	law_close(&rig);
}

/* ---- of enrold itself ---- */

/* As an enrold of before the reports left them, and one of before the checkpoints. */
#define TO_VERSION_5                                                                               \
	"ALTER TABLE enrold_run DROP COLUMN report_bytes; ALTER TABLE enrold_run DROP COLUMN "     \
	"report_sha256; UPDATE enrold_version SET version = 5;"
#define TO_VERSION_4                                                                               \
	TO_VERSION_5                                                                               \
	"ALTER TABLE enrold_run DROP COLUMN number; ALTER TABLE enrold_run DROP COLUMN "           \
	"archived_bytes; ALTER TABLE enrold_run DROP COLUMN archived_sha256; ALTER TABLE "         \
	"enrold_run DROP COLUMN input_pruned; ALTER TABLE enrold_run DROP COLUMN answer_pruned; "  \
	"ALTER TABLE enrold_head DROP COLUMN number; UPDATE enrold_version SET version = 4;"

static void upgrades_from(const char *version)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	rig_execute(&rig, version);
	rig_drop(&rig, "staff.csv", text);
	service_start(&service, &rig);
	service_await(&service, &rig, "", 1);
	cr_expect_eq(logged(&service, "\"site_upgraded\""), 1);
	service_stop(&service);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE report_bytes > 0"), 1);
	service_start(&service, &rig);
	cr_expect_eq(logged(&service, "\"site_upgraded\""), 0, "there is nothing left to do");
	service_stop(&service);
	law_close(&rig);
}

Test(upgrade, of_enrold_brings_its_own_tables_up_to_date_when_it_starts)
{
	upgrades_from(TO_VERSION_4);
}

Test(upgrade, of_enrold_adds_to_tables_of_the_last_version_what_they_have_not)
{
	upgrades_from(TO_VERSION_5);
}

Test(upgrade, of_enrold_waits_for_whoever_writes_to_its_tables)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	rig_execute(&rig, TO_VERSION_4);
	sqlite3 *other = rig_database(&rig);
	cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	service_begin(&service, ARGV("enrold", "--config", rig.config.text));
	await_log(&service, "\"site_away\"", "");
	cr_assert_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	service_hear(&service, "READY=1");
	cr_expect_eq(logged(&service, "\"site_upgraded\""), 1);
	service_stop(&service);
	law_close(&rig);
}
