/* A spool on a file server, played by a library that is preloaded (file_server.c). */
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char text[] = "username,course1\np1,C1\n";

enum { EXIT_TRY_LATER = 75 };

static void server_begin(const char *way)
{
	program_preload(FILE_SERVER);
	setenv("FILE_SERVER", way, 1);
}

static void server_end(void)
{
	program_preload(NULL);
	unsetenv("FILE_SERVER");
	unsetenv("FILE_SERVER_STALE");
}

/* Nobody tells of the file, and `rescan` is five minutes. */
Test(network, is_noticed_and_looked_into_every_two_seconds)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	server_begin("");
	service_start(&service, &rig);
	server_end();
	service_await_log(&service, "\"spool_on_network\"");
	rig_drop(&rig, "staff.csv", text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_stop(&service);
	law_close(&rig);
}

Test(network, loses_the_answer_to_a_rename_and_the_file_is_taken_all_the_same)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", text);
	server_begin("lost-answer");
	struct finished finished = rig_run(&rig, 0);
	server_end();
	cr_expect_not(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	law_close(&rig);
}

static struct verdict kill_when_archived(void *context, const struct call *call)
{
	(void)context;
	bool is_archive = call->kind == CALL_RENAME && strstr(call->to.text, "/archive/");
	return (struct verdict){.kind = is_archive ? VERDICT_KILL : VERDICT_GO};
}

/* The heir of a run that has been answered looks, and does not see the answer. */
Test(network, hides_an_answer_that_is_out_and_it_is_not_given_twice)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = tracer_once(&rig, kill_when_archived, NULL, false);
	cr_assert_eq(finished.status, -SIGKILL);
	finished_done(&finished);
	cr_assert_eq(files_count(rig_path(&rig, "outbox").text, ".json"), 1);
	server_begin("old-look");
	rig_once(&rig);
	server_end();
	cr_expect_eq(files_count(rig_path(&rig, "outbox").text, ".json"), 1);
	law_close(&rig);
}

Test(network, goes_stale_and_the_daemon_ends_to_be_started_anew)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	struct path flag = path_of("%s/stale", rig.root.text);
	server_begin("");
	setenv("FILE_SERVER_STALE", flag.text, 1);
	service_start(&service, &rig);
	server_end();
	rig_drop(&rig, "before.csv", text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	files_write(flag.text, "", 0, 0600);
	struct finished finished = service_await_end(&service);
	cr_expect_eq(
	    finished.status, EXIT_TRY_LATER, "%d: %s", finished.status, finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "\"spool_lost\""), "%s", finished.err.bytes);
	finished_done(&finished);
	law_close(&rig);
}
