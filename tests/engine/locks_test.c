/*
 * Somebody else, a rival, has rows locked that enrold needs, and things go badly: a deadlock, or
 * the server ends enrold's statement or its session while it waits. (That a lock is waited for too
 * long is the same to us, and takes too long to test.) What was done is undone, the error says that
 * another attempt may do, and the next attempt, which as in src/run/run.c is made by a new
 * connection, does all of it once.
 *
 * The tests run one after the other: MariaDB counts those who wait on all of the server.
 */
#include "fixture.h"
#include "program.h"
#include "rival.h"
#include "served.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

/* p1 changes in C1 and comes into C2; then, in the same transaction, p2 changes in C1, while the
 * rival does what he does. */
static struct error attempt(struct fixture *fixture, struct rival *rival, enum rival_deed deed)
{
	static const struct change first[] = {
	    {.kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1},
	    {.kind = CHANGE_ENROL, .enrolment = 2}};
	static const struct change second = {.kind = CHANGE_ENROLMENT, .enrolment = 1, .status = 1};
	fixture_open(fixture);
	good(lms_begin(fixture->lms));
	fixture_load(fixture, FIXTURE_ENROLMENTS);
	good(fixture_apply(fixture, first, 2, NOW));
	rival_start(rival, deed);
	struct error error = fixture_apply(fixture, &second, 1, NOW),
	             ended = lms_commit(fixture->lms);
	lms_rollback(fixture->lms);
	rival_finish(rival);
	return is_error(&error) ? error : ended;
}

/* p1 and p2 are in C1. */
static void site_make(struct fixture *fixture, struct rival *rival)
{
	static const struct change enrol[] = {
	    {.kind = CHANGE_ENROL, .enrolment = 0}, {.kind = CHANGE_ENROL, .enrolment = 1}};
	fixture_make(fixture, "C1 C2", "SELECT 1");
	rival_open(rival, &fixture->database.options);
	fixture_open(fixture);
	good(lms_begin(fixture->lms));
	fixture_load(fixture, FIXTURE_ENROLMENTS);
	good(fixture_apply(fixture, enrol, 2, NOW));
	good(lms_commit(fixture->lms));
}

/* p2's row in C1. A transaction with many rows is not the one that MariaDB chooses to undo, nor
 * PostgreSQL one that looks out for deadlocks later. */
static void rival_lock(struct rival *rival, const struct fixture *fixture)
{
	struct buffer sql = {0};
	if (served_by_postgresql())
		buffer_add_text(&sql, "SET deadlock_timeout = '1h';");
	buffer_add_text(&sql, "START TRANSACTION;");
	for (int i = 0; i < 100; i++)
		buffer_print(&sql,
		    "INSERT INTO {user_preferences} (userid, name, value) VALUES (2, 'x%d', '');",
		    i);
	buffer_print(&sql, "UPDATE {user_enrolments} SET timemodified = 7 WHERE id = %lld",
	    (long long)fixture->enrolments[1].id);
	buffer_add_char(&sql, '\0');
	rival_say(rival, sql.bytes);
	buffer_done(&sql);
	snprintf(rival->sql, sizeof rival->sql,
	    "UPDATE {user_enrolments} SET timemodified = 7 WHERE id = %lld",
	    (long long)fixture->enrolments[0].id);
}

/* All of it, or nothing: as site_make left it. */
static void expect_done(struct fixture *fixture, bool is_done)
{
	fixture_expect(fixture,
	    "SELECT userid, status, count(*) FROM mdl_user_enrolments GROUP BY userid, status "
	    "ORDER BY userid, status",
	    is_done ? "3|0|1\n3|1|1\n4|1|1\n" : "3|0|1\n4|0|1\n");
	cr_expect_eq(
	    database_number(&fixture->database, "SELECT count(*) FROM mdl_logstore_standard_log"),
	    is_done ? 5 : 2);
}

static void expect_again(struct fixture *fixture, struct rival *rival, const struct error *error)
{
	cr_expect_eq(error->class, ERROR_RETRY, "%s", error->text);
	expect_done(fixture, false);
	good(attempt(fixture, rival, RIVAL_RESTS));
	expect_done(fixture, true);
}

Test(locks, that_make_a_deadlock_are_given_back_and_all_is_done_again)
{
	struct fixture fixture;
	struct rival rival;
	site_make(&fixture, &rival);
	rival_lock(&rival, &fixture);
	struct error error = attempt(&fixture, &rival, RIVAL_SPEAKS);
	cr_expect(strstr(error.text, "eadlock"), "%s", error.text);
	rival_say(&rival, "COMMIT");
	expect_again(&fixture, &rival, &error);
	rival_close(&rival);
	fixture_remove(&fixture);
}

ParameterizedTestParameters(locks, that_are_waited_for_when_it_is_ended_are_tried_again)
{
	static enum rival_deed deeds[] = {RIVAL_ENDS_STATEMENT, RIVAL_ENDS_SESSION};
	return cr_make_param_array(enum rival_deed, deeds, 2);
}

ParameterizedTest(
    const enum rival_deed *deed, locks, that_are_waited_for_when_it_is_ended_are_tried_again)
{
	struct fixture fixture;
	struct rival rival;
	site_make(&fixture, &rival);
	rival_lock(&rival, &fixture);
	struct error error = attempt(&fixture, &rival, *deed);
	rival_say(&rival, "ROLLBACK");
	expect_again(&fixture, &rival, &error);
	rival_close(&rival);
	fixture_remove(&fixture);
}

/* ---- the same to the whole program ---- */

Test(locks, that_are_waited_for_by_the_daemon_when_its_session_is_ended_cost_it_nothing)
{
	struct served site;
	struct rival rival;
	struct program program;
	served_make(&site,
	    &(struct rig_options){.people = 3, .courses = 1, .settings = "stop_timeout: 1h\n"});
	rival_open(&rival, &site.mirror.server);
	rival_say(&rival, "START TRANSACTION; INSERT INTO {user_enrolments} (enrolid, userid) "
	                  "SELECT e.id, u.id FROM {enrol} e, {user} u WHERE e.enrol = 'manual' AND "
	                  "u.username = 'p2'");
	struct path config = served_config(&site, site.mirror.url);
	rig_drop(&site.rig, "staff.csv", "username,course1\np1,C1\np2,C1\np3,C1\n");
	program_start(&program, ARGV("enrold", "--config", config.text, "--once"), NULL);
	rival_start(&rival, RIVAL_ENDS_SESSION);
	rival_finish(&rival);
	rival_say(&rival, "ROLLBACK");
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, 0);
	cr_expect(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	rival_close(&rival);
	mirror_pull(&site.mirror);
	cr_expect_eq(rig_number(&site.rig, "SELECT count(*) FROM mdl_user_enrolments"), 3);
	served_close(&site);
}
