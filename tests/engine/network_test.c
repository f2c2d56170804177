/*
 * A network between enrold and the server: slow, silent, or with one of two ways to the server
 * dead. All of it is a wire (tests/crash), a port of 127.0.0.1.
 */
#include "served.h"

#include "law.h"
#include "program.h"
#include "reply.h"
#include "service.h"
#include "wire.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE = 600, COURSES = 5, ROWS = PEOPLE * COURSES };

static struct wire *wire_lay(void)
{
	return wire_start(NULL, getenv("ENROLD_TEST_SOCKET"));
}

static struct path config_through(
    const struct served *site, const struct wire *first, const struct wire *second)
{
	const char *who = served_by_postgresql() ? "postgresql://admin" : "mariadb://root";
	struct path hosts = path_of("127.0.0.1:%u", wire_port(first));
	if (second)
		hosts = path_of("%s,127.0.0.1:%u", hosts.text, wire_port(second));
	struct path url =
	    path_of("%s@%s/%s?sslmode=disable", who, hosts.text, site->mirror.database);
	return served_config(site, url.text);
}

/* The lease beats twice a second with FREQUENT, and not at all with SELDOM. */
#define STOPS "stop_timeout: 1s\n"
#define FREQUENT STOPS "lease: 3s\n"
#define SELDOM STOPS "lease: 1h\n"

static void site_make(struct served *site, const char *settings)
{
	served_make(site,
	    &(struct rig_options){.people = PEOPLE, .courses = COURSES, .settings = settings});
}

/* Its rig's configuration leads through the wire. */
static struct wire *wired_make(struct served *site, const char *settings)
{
	site_make(site, settings);
	struct wire *wire = wire_lay();
	site->rig.config = config_through(site, wire, NULL);
	return wire;
}

/* Everybody into every course, and so many strangers after each of them. */
static void enrolments_drop(struct rig *rig, int strangers)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < ROWS; i++) {
		buffer_print(&text, "p%d,C%d\n", i / COURSES + 1, i % COURSES + 1);
		for (int k = 0; k < strangers; k++)
			buffer_print(&text, "nobody%d,C1\n", k);
	}
	cr_assert(!text.failed);
	rig_drop_bytes(rig, "everybody.csv", text.bytes, text.size);
	buffer_done(&text);
}

static void expect_everybody_enrolled_once(struct served *site, int strangers)
{
	struct reply reply;
	cr_expect_eq(reply_count(&site->rig, "everybody.csv"), 1);
	reply_open(&reply, &site->rig, "everybody.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), ROWS);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), ROWS * strangers);
	reply_close(&reply);
	mirror_pull(&site->mirror);
	cr_expect_eq(rig_number(&site->rig, "SELECT count(*) FROM mdl_user_enrolments"), ROWS);
}

static struct buffer once(const struct path *config)
{
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", config->text, "--once"));
	buffer_done(&finished.out);
	return finished.err;
}

static long turns_of_once(struct wire *wire, const struct path *config)
{
	wire_cut_at(wire, 0, WIRE_WHOLE);
	struct buffer said = once(config);
	buffer_done(&said);
	return wire_turns(wire);
}

/* ---- slow ---- */

/*
 * A file costs round trips for its connections (three: the start's, with which the first worker
 * goes on, the lease's, that of the pages), of which the first asks what tables and rights there
 * are; for what the site is like (twice), for its feed and its end; a batch costs one for its
 * begin, each kind of question, each table written, its checkpoint and its commit. Together 74
 * (PostgreSQL) and 90 (MariaDB) when this was written. What they do not depend on is how many rows
 * a batch has: 3000 instead of one took some 30 (PostgreSQL) to 45 (MariaDB) more, for the site is
 * looked at as a whole and rows are written in pieces.
 */
enum { TURNS_MAX = 110, TURNS_MORE_MAX = 50, DELAY_MS = 20 };

Test(network, that_is_slow_is_not_asked_more_often_for_more_rows)
{
	struct served site;
	struct wire *wire = wired_make(&site, SELDOM);
	rig_drop(&site.rig, "one.csv", "username,course1\np1,C1\n");
	long of_one = turns_of_once(wire, &site.rig.config);
	wire_delay(wire, DELAY_MS);
	enrolments_drop(&site.rig, 0);
	long of_all = turns_of_once(wire, &site.rig.config);
	fprintf(stderr, "network: %ld round trips for 1 row, %ld for %d\n", of_one, of_all, ROWS);
	cr_expect_leq(of_one, TURNS_MAX);
	cr_expect_leq(of_all, of_one + TURNS_MORE_MAX);
	wire_stop(wire);
	mirror_pull(&site.mirror);
	cr_expect_eq(rig_number(&site.rig, "SELECT count(*) FROM mdl_user_enrolments"), ROWS);
	served_close(&site);
}

/* ---- silent ---- */

enum { STOP_QUIET_MS = 10 * 1000 };
/* A file at whose run enrold dies so often is quarantined; LATE messages after its start it is at
 * work. */
enum { TRIES_MAX = 3, LATE = 50 };

/* SIGTERM, while the server hangs: it is to end by its own, not when some time is over. */
static void expect_stop(struct service *service)
{
	program_signal(&service->program, SIGTERM);
	struct movement movement;
	movement_start_below(&movement, service->program.pid, STOP_QUIET_MS);
	cr_assert(
	    program_ends(&service->program, &movement), "it does not end while the server hangs");
	service_stop(service);
}

/* From the connection of the worker to the last commit. */
ParameterizedTestParameters(network, that_falls_silent_does_not_keep_enrold_from_stopping)
{
	static long messages[] = {1, 15, 40, 55};
	return cr_make_param_array(long, messages, sizeof messages / sizeof *messages);
}

ParameterizedTest(
    const long *message, network, that_falls_silent_does_not_keep_enrold_from_stopping)
{
	struct served site;
	struct service service;
	struct wire *wire = wired_make(&site, STOPS);
	service_start(&service, &site.rig);
	wire_cut_at(wire, *message, WIRE_SILENT);
	enrolments_drop(&site.rig, 0);
	wire_await_cut(wire);
	expect_stop(&service);
	mirror_pull(&site.mirror);
	law_holds(&site.rig, LAW_STOPPED);
	/* What had been sent arrives now, perhaps a commit. */
	wire_cut_at(wire, 0, WIRE_WHOLE);
	struct buffer said = once(&site.rig.config);
	buffer_done(&said);
	wire_stop(wire);
	expect_everybody_enrolled_once(&site, 0);
	served_close(&site);
}

/* Which is not its fault. */
Test(network, that_is_silent_whenever_enrold_is_stopped_does_not_cost_the_file)
{
	struct served site;
	struct service service;
	struct wire *wire = wired_make(&site, STOPS);
	enrolments_drop(&site.rig, 0);
	for (int i = 0; i < TRIES_MAX + 1; i++) {
		wire_cut_at(wire, 0, WIRE_WHOLE);
		service_start(&service, &site.rig);
		wire_cut_at(wire, LATE, WIRE_SILENT);
		wire_await_cut(wire);
		expect_stop(&service);
	}
	wire_cut_at(wire, 0, WIRE_WHOLE);
	struct buffer said = once(&site.rig.config);
	buffer_done(&said);
	wire_stop(wire);
	expect_everybody_enrolled_once(&site, 0);
	served_close(&site);
}

Test(network, that_falls_silent_does_not_keep_an_idle_enrold_from_stopping)
{
	struct served site;
	struct service service;
	struct wire *wire = wired_make(&site, FREQUENT);
	service_start(&service, &site.rig);
	wire_cut_at(wire, 1, WIRE_SILENT);
	wire_await_cut(wire); /* by the lease's beat */
	expect_stop(&service);
	wire_stop(wire);
	served_close(&site);
}

/* ---- dead ---- */

/* Beyond what a file of one row costs: in the second of four batches. */
enum { STRANGERS = 12, DIES_BEHIND = 20 };

/* Messages of a file that changes nothing. */
static long messages_of_nobody(struct served *site, struct wire *wire, const struct path *config)
{
	rig_drop(&site->rig, "nobody.csv", "username,course1\nnobody,C1\n");
	wire_cut_at(wire, 0, WIRE_WHOLE);
	struct buffer said = once(config);
	buffer_done(&said);
	return wire_messages(wire);
}

Test(network, that_dies_in_the_middle_of_a_run_is_left_for_the_next_host)
{
	struct served site;
	site_make(&site, STOPS);
	struct wire *first = wire_lay(), *second = wire_lay();
	struct path config = config_through(&site, first, second);
	long dies_at = messages_of_nobody(&site, first, &config) + DIES_BEHIND;
	enrolments_drop(&site.rig, STRANGERS);
	wire_cut_at(first, dies_at, WIRE_DEAD);
	struct buffer said = once(&config);
	cr_expect(strstr(said.bytes, "\"run_waits\""), "it was over before:\n%s", said.bytes);
	buffer_done(&said);
	cr_expect_geq(wire_messages(first), dies_at);
	cr_expect_gt(wire_messages(second), 0);
	fprintf(
	    stderr, "network: first %ld second %ld\n", wire_messages(first), wire_messages(second));
	wire_stop(first);
	wire_stop(second);
	expect_everybody_enrolled_once(&site, STRANGERS);
	served_close(&site);
}

/* ---- closed while nobody needs it ---- */

Test(network, that_is_hung_up_while_enrold_rests_is_nothing_to_warn_of)
{
	struct served site;
	struct service service;
	struct wire *wire = wired_make(&site, STOPS "workers: 1\n");
	service_start(&service, &site.rig);
	rig_drop(&site.rig, "first.csv", "username,course1\np1,C1\n");
	service_await(&service, &site.rig, "", 1);
	service_await_idle(&service, &site.rig);
	wire_hang_up(wire);
	rig_drop(&site.rig, "second.csv", "username,course1\np2,C1\n");
	service_await(&service, &site.rig, "", 2);
	service_await_idle(&service, &site.rig);
	struct buffer said = program_said(service.program.err);
	cr_expect_null(strstr(said.bytes, "\"run_waits\""), "%s", said.bytes);
	buffer_done(&said);
	service_stop(&service);
	wire_stop(wire);
	served_close(&site);
}

/* ---- another server ---- */

/* To MySQL what MariaDB's comments hold is a comment. */
Test(network, that_leads_to_mysql_is_refused_with_a_sentence)
{
	struct served site;
	if (served_by_postgresql())
		cr_skip_test("it has no such cousin");
	struct wire *wire = wired_make(&site, STOPS);
	wire_garble(wire, "/*M!", "/*M ");
	struct finished finished = rig_run(&site.rig, 78);
	cr_expect(strstr(finished.err.bytes, "MariaDB, not MySQL"), "%s", finished.err.bytes);
	finished_done(&finished);
	wire_stop(wire);
	served_close(&site);
}
