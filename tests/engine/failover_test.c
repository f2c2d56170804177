/*
 * A PostgreSQL server and its standby (with_cluster.sh), which takes over when the first one dies.
 * Each test uses up a pair.
 */
#include "served.h"

#include "law.h"
#include "program.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { PEOPLE = 1000, COURSES = 40, ROWS = PEOPLE * COURSES };

static struct path script(const char *name)
{
	return path_of("%s/../%s", getenv("ENROLD_TEST_DIRECTORY"), name);
}

static void site_make(struct served *site)
{
	served_make(site,
	    &(struct rig_options){
	        .people = PEOPLE, .courses = COURSES, .settings = "checkpoint_rows: 10000\n"});
	site->rig.config = served_config(site, site->mirror.url);
}

static void everybody_drop(struct rig *rig)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < ROWS; i++)
		buffer_print(&text, "p%d,C%d\n", i % PEOPLE + 1, i / PEOPLE + 1);
	cr_assert(!text.failed);
	rig_drop_bytes(rig, "everybody.csv", text.bytes, text.size);
	buffer_done(&text);
}

Test(failover, in_the_middle_of_a_run_is_gone_on_behind)
{
	struct served site;
	struct service service;
	struct reply reply;
	site_make(&site);
	service_start(&service, &site.rig);
	everybody_drop(&site.rig);
	served_shell(path_of("until [ \"$(%s %s -At -c \"SELECT count(*) FROM enrold.enrold_run "
	                     "WHERE state = 'running'\")\" = 1 ]; do :; done",
	    getenv("ENROLD_TEST_CLIENT"), site.mirror.database)
	                 .text);
	served_shell(script("failover").text);
	service_await(&service, &site.rig, "", 1);
	service_await_idle(&service, &site.rig);
	service_stop(&service);
	reply_open(&reply, &site.rig, "everybody.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), ROWS);
	reply_close(&reply);
	served_close(&site);
}

static void once(const struct served *site)
{
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", site->rig.config.text, "--once"));
	finished_done(&finished);
}

/* What was answered last is in no standby. */
Test(failover, that_loses_the_last_commits_is_told)
{
	struct served site;
	site_make(&site);
	rig_drop(&site.rig, "kept.csv", "username,course1\np1,C1\n");
	once(&site);
	served_execute(&site, "ALTER SYSTEM SET synchronous_standby_names = '';"
	                      "SELECT pg_reload_conf();");
	served_shell(script("2/stop").text);
	rig_drop(&site.rig, "lost.csv", "username,course1\np2,C1\n");
	once(&site);
	/* In this order: else it would still be sent what is missing. */
	served_shell(script("1/kill").text);
	served_shell(script("2/start").text);
	served_shell(script("failover").text);
	rig_drop(&site.rig, "next.csv", "username,course1\np3,C1\n");
	struct finished finished = rig_run(&site.rig, 78);
	cr_expect(strstr(finished.err.bytes, "reconcile"), "%s", finished.err.bytes);
	finished_done(&finished);
	finished = program_run(ARGV("enrolctl", "--config", site.rig.config.text, "reconcile"));
	cr_expect(
	    strstr(finished.out.bytes, "lost."), "%s%s", finished.out.bytes, finished.err.bytes);
	cr_expect_null(strstr(finished.out.bytes, "kept."), "%s", finished.out.bytes);
	finished_done(&finished);
	mirror_close(&site.mirror);
	rig_remove(&site.rig); /* by the law it is lost */
}
