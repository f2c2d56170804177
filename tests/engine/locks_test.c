/*
 * Somebody else, a rival, has rows locked that enrold needs, and things go badly: a deadlock, or
 * the server ends enrold's statement or its session while it waits. (That a lock is waited for too
 * long is the same to us, and takes too long to test.) What was done is undone, the error says that
 * another attempt may do, and the next attempt, which as in run.c is made by a new connection, does
 * all of it once.
 *
 * The tests run one after the other: MariaDB counts those who wait on all of the server.
 */
#include "database.h"
#include "program.h"
#include "rival.h"
#include "served.h"

#include "enrold/lms.h"
#include "enrold/site.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

enum { NOW = 1800000000, ENROLMENTS = 3 };

static void good(struct error error)
{
	cr_assert_not(is_error(&error), "%s", error.text);
}

struct fixture {
	struct database database;
	struct lms *lms;
	struct arena *arena;
	struct enrolment_facts enrolments[ENROLMENTS]; /* p1 and p2 in C1, p1 in C2 */
	struct rival rival;
};

static void lms_begin_anew(struct fixture *fixture)
{
	const struct site_facts *site;
	lms_close(fixture->lms);
	fixture->lms = NULL;
	good(lms_open(&fixture->database.options, &fixture->lms));
	good(lms_load_site(fixture->lms, &site));
}

static void enrolments_load(struct fixture *fixture)
{
	static const struct course_key keys[] = {
	    {COURSE_BY_SHORTNAME, {"C1", 2}}, {COURSE_BY_SHORTNAME, {"C2", 2}}};
	struct course_facts courses[2];
	good(lms_find_courses(fixture->lms, keys, 2, courses, fixture->arena));
	for (uint32_t i = 0; i < ENROLMENTS; i++) {
		const struct course_facts *course = &courses[i / 2];
		fixture->enrolments[i] = (struct enrolment_facts){.person = i % 2,
		    .user = 3 + i % 2,
		    .course = course->id,
		    .enrol = course->enrol,
		    .context = course->context,
		    .level = 50,
		    .instance = course->id};
	}
	good(lms_load_enrolments(fixture->lms, fixture->enrolments, ENROLMENTS, fixture->arena));
}

static struct error apply(struct fixture *fixture, const struct change *changes, size_t count)
{
	static struct account_facts people[] = {{.id = 3}, {.id = 4}};
	const struct effects effects = {.changes = changes,
	    .count = count,
	    .people = people,
	    .enrolments = fixture->enrolments,
	    .now = NOW};
	return lms_apply(fixture->lms, &effects);
}

/* p1 changes in C1 and comes into C2; then, in the same transaction, p2 changes in C1, while the
 * rival does what he does. */
static struct error attempt(struct fixture *fixture, enum rival_deed deed)
{
	static const struct change first[] = {
	    {.kind = CHANGE_ENROLMENT, .enrolment = 0, .status = 1},
	    {.kind = CHANGE_ENROL, .enrolment = 2}};
	static const struct change second = {.kind = CHANGE_ENROLMENT, .enrolment = 1, .status = 1};
	lms_begin_anew(fixture);
	good(lms_begin(fixture->lms));
	enrolments_load(fixture);
	good(apply(fixture, first, 2));
	rival_start(&fixture->rival, deed);
	struct error error = apply(fixture, &second, 1), ended = lms_commit(fixture->lms);
	lms_rollback(fixture->lms);
	rival_finish(&fixture->rival);
	return is_error(&error) ? error : ended;
}

static void fixture_make(struct fixture *fixture)
{
	static const struct change enrol[] = {
	    {.kind = CHANGE_ENROL, .enrolment = 0}, {.kind = CHANGE_ENROL, .enrolment = 1}};
	const struct course_row courses[] = {
	    {.shortname = SLICE("C1")}, {.shortname = SLICE("C2")}};
	struct site_answer answers[2];
	bool made;
	*fixture = (struct fixture){.arena = arena_create()};
	database_make(&fixture->database);
	good(site_init(&fixture->database.options, &made));
	good(site_add_courses(&fixture->database.options, courses, 2, answers));
	database_execute(&fixture->database,
	    "INSERT INTO mdl_user (auth, confirmed, mnethostid, username) VALUES "
	    "('manual', 1, 1, 'p1'), ('manual', 1, 1, 'p2')");
	database_move(&fixture->database);
	rival_open(&fixture->rival, &fixture->database.options);
	lms_begin_anew(fixture);
	good(lms_begin(fixture->lms));
	enrolments_load(fixture);
	good(apply(fixture, enrol, 2));
	good(lms_commit(fixture->lms));
}

static void fixture_remove(struct fixture *fixture)
{
	rival_close(&fixture->rival);
	lms_close(fixture->lms);
	arena_free(fixture->arena);
	database_remove(&fixture->database);
}

/* p2's row in C1. A transaction with many rows is not the one that MariaDB chooses to undo, nor
 * PostgreSQL one that looks out for deadlocks later. */
static void rival_lock(struct fixture *fixture)
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
	rival_say(&fixture->rival, sql.bytes);
	buffer_done(&sql);
	snprintf(fixture->rival.sql, sizeof fixture->rival.sql,
	    "UPDATE {user_enrolments} SET timemodified = 7 WHERE id = %lld",
	    (long long)fixture->enrolments[0].id);
}

/* All of it, or nothing: as fixture_make left it. */
static void expect_done(struct fixture *fixture, bool is_done)
{
	cr_expect_str_eq(database_rows(&fixture->database,
	                     "SELECT userid, status, count(*) FROM mdl_user_enrolments GROUP BY "
	                     "userid, status ORDER BY userid, status"),
	    is_done ? "3|0|1\n3|1|1\n4|1|1\n" : "3|0|1\n4|0|1\n");
	cr_expect_eq(
	    database_number(&fixture->database, "SELECT count(*) FROM mdl_logstore_standard_log"),
	    is_done ? 5 : 2);
}

static void expect_again(struct fixture *fixture, const struct error *error)
{
	cr_expect_eq(error->class, ERROR_RETRY, "%s", error->text);
	expect_done(fixture, false);
	good(attempt(fixture, RIVAL_RESTS));
	expect_done(fixture, true);
}

Test(locks, that_make_a_deadlock_are_given_back_and_all_is_done_again)
{
	struct fixture fixture;
	fixture_make(&fixture);
	rival_lock(&fixture);
	struct error error = attempt(&fixture, RIVAL_SPEAKS);
	cr_expect(strstr(error.text, "eadlock"), "%s", error.text);
	rival_say(&fixture.rival, "COMMIT");
	expect_again(&fixture, &error);
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
	fixture_make(&fixture);
	rival_lock(&fixture);
	struct error error = attempt(&fixture, *deed);
	rival_say(&fixture.rival, "ROLLBACK");
	expect_again(&fixture, &error);
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
