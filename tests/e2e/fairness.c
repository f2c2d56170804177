/* Who waits for whom: nobody for a giant, and nobody while a password is hashed. What is compared
 * is the order of beginnings and ends in the summaries, not how long anything took. */
#include "law.h"
#include "program.h"
#include "reply.h"
#include "scale.h"
#include "service.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEADER "username,course1\n"

enum { PEOPLE = 100, COURSES = 10, GIANT = SCALE(400000, 30000) };

static void giant_drop(struct rig *rig, const char *name)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2\n");
	for (int i = 0; i < GIANT; i++)
		buffer_print(&text, "p%d,C%d,C%d\n", i / COURSES % PEOPLE + 1, i % COURSES + 1,
		    (i + 1) % COURSES + 1);
	rig_drop_bytes(rig, name, text.bytes, text.size);
	buffer_done(&text);
}

/* "started" or "finished"; such times compare as texts. */
static struct path moment_of(const struct rig *rig, const char *name, const char *which)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	struct path moment =
	    path_of("%s", json_string_value(json_object_get(reply.summary, which)));
	reply_close(&reply);
	return moment;
}

static void expect_order(const struct path *before, const struct path *after, const char *what)
{
	cr_expect(
	    strcmp(before->text, after->text) < 0, "%s: %s, %s", what, before->text, after->text);
}

static void claims_await(struct service *service, const struct rig *rig, size_t count)
{
	struct path work = rig_path(rig, "work/%s", RIG_NODE);
	cr_assert(files_await(work.text, "", count, service->program.pidfd));
}

Test(fairness, a_small_file_waits_neither_for_a_giant_nor_for_its_preview)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){
	                   .people = PEOPLE, .courses = COURSES, .feeds = "  a: {}\n  b: {}\n"});
	service_start(&service, &rig);
	giant_drop(&rig, "a/giant.csv");
	giant_drop(&rig, "a/preview/sketch.csv");
	claims_await(&service, &rig, 2);
	rig_drop(&rig, "b/small.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "b", 1);
	service_await(&service, &rig, "a", 2);
	service_stop(&service);
	struct path small = moment_of(&rig, "b/small.csv", "finished");
	struct path giant = moment_of(&rig, "a/giant.csv", "finished");
	struct path preview = moment_of(&rig, "a/preview/sketch.csv", "finished");
	expect_order(&small, &giant, "the giant was in the way");
	expect_order(&small, &preview, "the preview was in the way");
	law_close(&rig);
}

/* With checkpoints so close that a giant takes longer than its turn on any machine. */
Test(fairness, giants_share_a_worker_and_their_feeds_keep_their_order)
{
	struct rig rig;
	struct service service;
	struct path settings = path_of("workers: 1\ncheckpoint_rows: %d\n", SCALE(250, 25));
	rig_make(&rig, &(struct rig_options){.people = PEOPLE,
	                   .courses = COURSES,
	                   .settings = settings.text,
	                   .feeds = "  a: {}\n  c: {}\n"});
	service_start(&service, &rig);
	giant_drop(&rig, "a/giant.csv");
	claims_await(&service, &rig, 1);
	giant_drop(&rig, "c/giant.csv");
	rig_drop(&rig, "a/second.csv", HEADER "p1,C1\n");
	service_await(&service, &rig, "a", 2);
	service_await(&service, &rig, "c", 1);
	service_stop(&service);
	struct path c_started = moment_of(&rig, "c/giant.csv", "started");
	struct path a_finished = moment_of(&rig, "a/giant.csv", "finished");
	struct path second_started = moment_of(&rig, "a/second.csv", "started");
	expect_order(&c_started, &a_finished, "the first giant went to its end");
	expect_order(&a_finished, &second_started, "the feed's second file overtook its first");
	law_close(&rig);
}

/* ---- files that are not what they were, or not what they seem ---- */

#define SMALL HEADER "p1,C1\n"

enum { GROWN = SCALE(64, 8) << 20 };

/* Its owner has kept it open. */
static struct verdict grow(void *context, const struct call *call)
{
	bool *has_grown = context;
	if (call->kind == CALL_OPEN && !*has_grown && text_ends(call->path.text, "/grown.csv"))
		*has_grown = truncate(call->path.text, GROWN) == 0;
	return (struct verdict){VERDICT_GO, 0};
}

Test(fairness, what_has_grown_since_it_was_seen_is_no_small_file_any_more)
{
	struct rig rig;
	bool has_grown = false;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, &(struct rig_options){.people = PEOPLE,
	                   .courses = COURSES,
	                   .settings = "workers: 1\n",
	                   .feeds = "  a: {}\n  b: {}\n  c: {}\n"});
	rig_once(&rig);
	giant_drop(&rig, "a/preview/giant.csv");
	rig_drop(&rig, "b/grown.csv", SMALL);
	rig_drop(&rig, "c/small.csv", SMALL);
	struct path work = rig_path(&rig, "work");
	const struct tracer tracer = {
	    .reads = true, .below = work.text, .on_call = grow, .context = &has_grown};
	struct finished finished =
	    tracer_run(&tracer, ARGV("enrold", "--config", rig.config.text, "--once"));
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect(has_grown);
	finished_done(&finished);
	struct path small = moment_of(&rig, "c/small.csv", "finished");
	struct path grown = moment_of(&rig, "b/grown.csv", "finished");
	struct path giant = moment_of(&rig, "a/preview/giant.csv", "finished");
	expect_order(&small, &grown, "what has grown was in the way");
	expect_order(&small, &giant, "both were in the way");
	rig_remove(&rig);
}

/* Copying it takes more than a turn on any machine. */
#define HOLE ((off_t)7 << 29)
#define SMALL_HOLE ((off_t)SCALE(160, 32) << 20)

static void hole_drop(struct rig *rig, const char *name, off_t size)
{
	struct path hole = path_of("%s/stage/hole", rig->root.text);
	files_write(hole.text, SMALL, strlen(SMALL), 0640);
	cr_assert_eq(truncate(hole.text, size), 0);
	files_rename(hole.text, rig_inbox(rig, name).text);
}

/* Where the only run has it. */
static struct path hole_claimed(const struct rig *rig, const char *below)
{
	struct path work = rig_path(rig, "work/%s", RIG_NODE), found = {0};
	DIR *runs = opendir(work.text);
	const struct dirent *run;
	cr_assert(runs);
	while ((run = readdir(runs)))
		if (run->d_name[0] != '.')
			found = path_of("%s/%s/%s", work.text, run->d_name, below);
	closedir(runs);
	return found;
}

static void hole_shorten(const struct rig *rig, const char *name)
{
	struct path hole = hole_claimed(rig, path_of("inbox/%s", name).text);
	cr_assert_eq(truncate(hole.text, (off_t)strlen(SMALL)), 0, "%s", hole.text);
}

/* No small one any more. */
static void middle_drop(struct rig *rig, const char *name)
{
	struct buffer text = {0};
	buffer_add_text(&text, HEADER);
	while (text.size < 64 << 10)
		buffer_add_text(&text, "p1,C1\n");
	rig_drop_bytes(rig, name, text.bytes, text.size);
	buffer_done(&text);
}

Test(fairness, what_is_only_being_copied_yields)
{
	static const char *const names[] = {"a/hole.csv", "a/preview/hole.csv"};
	for (int i = 0; i < 2; i++) {
		struct rig rig;
		struct service service;
		rig_make(&rig, &(struct rig_options){
		                   .settings = "workers: 1\n", .feeds = "  a: {}\n  b: {}\n"});
		service_start(&service, &rig);
		hole_drop(&rig, names[i], HOLE);
		service_await_claim(&service, &rig);
		middle_drop(&rig, "b/middle.csv");
		service_await(&service, &rig, "b", 1);
		cr_expect_eq(reply_count(&rig, names[i]), 0, "%s was in the way", names[i]);
		service_await_log(&service, "\"run_done\"");
		hole_shorten(&rig, names[i]);
		service_await(&service, &rig, "a", 1);
		service_stop(&service);
		rig_remove(&rig);
	}
}

/* Each begins anew in its turn, and would never end if these did not grow. */
Test(fairness, two_that_are_copied_in_turns_come_to_their_end)
{
	struct rig rig;
	struct service service;
	rig_make(
	    &rig, &(struct rig_options){.settings = "workers: 1\n", .feeds = "  a: {}\n  b: {}\n"});
	service_start(&service, &rig);
	hole_drop(&rig, "a/hole.csv", SMALL_HOLE);
	hole_drop(&rig, "b/hole.csv", SMALL_HOLE);
	service_await(&service, &rig, "a", 1);
	service_await(&service, &rig, "b", 1);
	service_stop(&service);
	rig_remove(&rig);
}

Test(fairness, a_feed_with_previews_does_not_hold_all_workers)
{
	struct rig rig;
	rig_make(
	    &rig, &(struct rig_options){.settings = "workers: 2\n", .feeds = "  a: {}\n  b: {}\n"});
	rig_once(&rig);
	middle_drop(&rig, "a/middle.csv");
	middle_drop(&rig, "a/preview/seen.csv");
	middle_drop(&rig, "b/middle.csv");
	rig_once(&rig);
	struct path other = moment_of(&rig, "b/middle.csv", "started");
	struct path preview = moment_of(&rig, "a/preview/seen.csv", "started");
	struct path file = moment_of(&rig, "a/middle.csv", "started");
	bool is_preview_last = strcmp(file.text, preview.text) < 0;
	expect_order(&other, is_preview_last ? &preview : &file, "the feed had both workers");
	law_close(&rig);
}

static struct path try_noted(const struct rig *rig, int number)
{
	return hole_claimed(rig, path_of("try.%d", number).text);
}

/* Nor does it make anything of how often the daemon has died of that file. */
Test(fairness, a_stop_does_not_wait_for_a_copy_and_loses_nothing)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	hole_drop(&rig, "hole.csv", HOLE);
	service_await_claim(&service, &rig);
	service_stop(&service);
	cr_expect_eq(reply_count(&rig, "hole.csv"), 0);
	cr_expect_not(files_exist(hole_claimed(&rig, "input.csv").text), "it was copied");
	files_write(try_noted(&rig, 1).text, "", 0, 0640);
	files_write(try_noted(&rig, 2).text, "", 0, 0640);
	service_start(&service, &rig);
	struct path run = hole_claimed(&rig, "");
	cr_assert(files_await(run.text, "try.3", 1, service.program.pidfd));
	service_stop(&service);
	for (int i = 1; i <= 3; i++)
		cr_expect_eq(files_exist(try_noted(&rig, i).text), i < 3, "try.%d", i);
	hole_shorten(&rig, "hole.csv");
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "hole.csv"), 1);
	rig_remove(&rig);
}

Test(fairness, new_settings_do_not_wait_for_a_copy)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	hole_drop(&rig, "hole.csv", HOLE);
	service_await_claim(&service, &rig);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"reloaded\"");
	cr_expect_eq(reply_count(&rig, "hole.csv"), 0);
	cr_expect_not(files_exist(hole_claimed(&rig, "input.csv").text), "it was copied");
	hole_shorten(&rig, "hole.csv");
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	rig_remove(&rig);
}

/* ---- passwords ---- */

#define ACCOUNTS "username,firstname,lastname,email,password,deleted\n"
#define MAY_DELETE                                                                                 \
	"  default: { upload_type: add_or_update, update_details: file, allow_delete: true }\n"    \
	"  whole: { upload_type: add_or_update, allow_delete: true, atomic: true }\n"

static void expect_hash(const struct rig *rig, const char *name)
{
	struct path sql = path_of("SELECT count(*) FROM mdl_user WHERE username = '%s' AND "
	                          "password LIKE '$6$rounds=5000$%%'",
	    name);
	cr_expect_eq(rig_number(rig, sql.text), 1, "%s has no hash", name);
}

static void once_without_hashing(const struct rig *rig)
{
	program_preload(NO_CRYPT);
	rig_once(rig);
	program_preload(NULL);
}

Test(fairness, no_password_is_hashed_in_a_preview)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = MAY_DELETE});
	rig_once(&rig);
	rig_drop(&rig, "preview/a.csv", ACCOUNTS "nina,N,N,n@x.example,Sommer-2026,\n");
	once_without_hashing(&rig);
	reply_open(&reply, &rig, "preview/a.csv", 0);
	EXPECT(&reply, {2, "username", "done", "account_created"});
	reply_close(&reply);
	law_close(&rig);
}

/* Every night the same file: hashes cost a minute for nothing. */
Test(fairness, no_password_is_hashed_of_people_who_are_there)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = MAY_DELETE});
	rig_drop(&rig, "a.csv", ACCOUNTS "p1,,,,Sommer-2026,\np2,,,,Sommer-2026,\n");
	once_without_hashing(&rig);
	reply_open(&reply, &rig, "a.csv", 0);
	cr_expect_eq(reply_number(&reply, "codes", "account_unchanged"), 2);
	reply_close(&reply);
	law_close(&rig);
}

/* That nobody holds a transaction meanwhile is asserted where they are hashed. */
Test(fairness, a_password_is_hashed_of_an_account_that_the_file_itself_deletes_first)
{
	static const char text[] = ACCOUNTS "p1,,,,,1\np1,P,P,p@x.example,Sommer-2026,\n"
	                                    "nina,N,N,n@x.example,Winter-2026,\n";
	static const char *const names[] = {"a.csv", "whole/a.csv"};
	for (int i = 0; i < 2; i++) {
		struct rig rig;
		struct reply reply;
		rig_make(&rig, &(struct rig_options){.feeds = MAY_DELETE});
		rig_once(&rig);
		rig_drop(&rig, names[i], text);
		rig_once(&rig);
		reply_open(&reply, &rig, names[i], 0);
		EXPECT(&reply, {2, "deleted", "done", "account_deleted"},
		    {3, "username", "done", "account_created"},
		    {4, "username", "done", "account_created"});
		expect_hash(&rig, "p1");
		expect_hash(&rig, "nina");
		reply_close(&reply);
		law_close(&rig);
	}
}

Test(fairness, an_atomic_file_with_more_passwords_than_a_batch_has_each_its_own)
{
	enum { NEW = 250 };
	struct rig rig;
	struct buffer text = {0};
	rig_make(&rig, &(struct rig_options){.feeds = MAY_DELETE});
	rig_once(&rig);
	buffer_add_text(&text, ACCOUNTS);
	for (int i = 0; i < NEW; i++)
		buffer_print(&text, "new%d,N,N,n%d@x.example,Sommer-%d,\n", i, i, i);
	rig_drop_bytes(&rig, "whole/a.csv", text.bytes, text.size);
	buffer_done(&text);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(DISTINCT password) FROM mdl_user WHERE "
	                              "password LIKE '$6$rounds=5000$%'"),
	    NEW);
	law_close(&rig);
}
