/* A server's database that was put back to an earlier day: rows set back play the backup. */
#include "served.h"

#include "program.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Of the two answers the second is known only as it was at a checkpoint. */
static void second_set_back(const struct served *site)
{
	const char *schema = served_by_postgresql() ? "enrold." : "";
	struct reply reply;
	reply_open(&reply, &site->rig, "first.csv", 0);
	const char *chain = json_string_value(json_object_get(reply.summary, "chain"));
	struct buffer sql = {0};
	buffer_print(&sql,
	    "UPDATE %senrold_run SET state = 'running', summary = '', summary_sha256 = '',"
	    " records = 0, result_bytes = 0, retry_bytes = 0 WHERE name = 'second.csv';\n"
	    "UPDATE %senrold_head SET head = '%s', run = '%s';\n",
	    schema, schema, chain, reply.run);
	buffer_add_char(&sql, '\0');
	served_execute(site, sql.bytes);
	buffer_done(&sql);
	reply_close(&reply);
}

static void two_answered(struct served *site, struct service *service)
{
	served_make(site, &(struct rig_options){.people = 20, .courses = 5});
	site->rig.config = served_config(site, site->mirror.url);
	service_start(service, &site->rig);
	rig_drop(&site->rig, "first.csv", "username,course1\np1,C1\n");
	service_await(service, &site->rig, "", 1);
	rig_drop(&site->rig, "second.csv", "username,course1\np2,C2\n");
	service_await(service, &site->rig, "", 2);
	service_await_idle(service, &site->rig);
}

static struct finished reconcile(const struct served *site, int status)
{
	return program_expect(
	    status, ARGV("enrolctl", "--config", site->rig.config.text, "reconcile"));
}

static void accept_and_drop_again(struct served *site)
{
	struct finished finished = reconcile(site, 1);
	cr_expect(strstr(finished.out.bytes, "second.csv"), "%s", finished.out.bytes);
	cr_expect_not(strstr(finished.out.bytes, "first.csv"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(
	    0, ARGV("enrolctl", "--config", site->rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	finished = reconcile(site, 0);
	finished_done(&finished);
	rig_drop(&site->rig, "again.csv", "username,course1\np2,C2\n");
	rig_once(&site->rig);
	cr_expect_eq(reply_count(&site->rig, "again.csv"), 1);
}

static void removed(struct served *site)
{
	mirror_close(&site->mirror);
	rig_remove(&site->rig); /* the law knows nothing of backups */
}

Test(restored, behind_an_answer_of_which_it_has_a_checkpoint_it_is_not_gone_on_with)
{
	struct served site;
	struct service service;
	two_answered(&site, &service);
	service_stop(&service);
	second_set_back(&site);
	struct finished finished = rig_run(&site.rig, 78);
	cr_expect(strstr(finished.err.bytes, "enrolctl reconcile"), "%s", finished.err.bytes);
	finished_done(&finished);
	accept_and_drop_again(&site);
	removed(&site);
}

/* Its connection is the one it had before. */
Test(restored, under_a_running_daemon_it_ends_no_run_more)
{
	struct served site;
	struct service service;
	two_answered(&site, &service);
	second_set_back(&site);
	rig_drop(&site.rig, "third.csv", "username,course1\np3,C3\n");
	service_await_log(&service, "older backup");
	cr_expect_eq(reply_count(&site.rig, "third.csv"), 0);
	service_stop(&service);
	accept_and_drop_again(&site);
	cr_expect_eq(reply_count(&site.rig, "third.csv"), 1);
	removed(&site);
}
