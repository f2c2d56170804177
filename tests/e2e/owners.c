/*
 * Whose an error is: what is wrong with one file ends that file, what is wrong with one feed's
 * folder takes that feed out of service, and neither keeps anybody else waiting.
 */
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";

/* How many answers lie below work/; each of them is that text. */
static size_t results_expect(const struct rig *rig, const char *expected)
{
	struct path work = rig_path(rig, "work");
	struct listing listing = files_list(work.text);
	size_t count = 0;
	for (size_t i = 0; i < listing.count; i++) {
		struct path path = path_of("%s/%s", work.text, listing.entries[i].path);
		if (!text_ends(path.text, "/result.csv"))
			continue;
		struct buffer result = files_read(path.text);
		cr_expect_str_eq(result.bytes, expected, "%s: %s", path.text, result.bytes);
		buffer_done(&result);
		count++;
	}
	listing_done(&listing);
	return count;
}

static void expect_refusal(const struct rig *rig, const char *file, const char *code)
{
	struct reply reply;
	reply_open(&reply, rig, file, 0);
	cr_expect_str_eq(reply_refusal(&reply), code);
	struct path reason = rig_path(
	    rig, "quarantine/%.*s.%s.csv.reason.txt", (int)strcspn(file, "."), file, reply.run);
	cr_expect(files_exist(reason.text), "%s", reason.text);
	reply_close(&reply);
}

static void both_drop(struct rig *rig)
{
	rig_drop(rig, "bad.csv", text);
	rig_drop(rig, "good.csv", "username,course1\np2,C2\n");
}

/* bad.csv stays in the inbox and is told about, good.csv is answered; when nothing happens any more
 * the other is, too. */
static void expect_left(struct rig *rig, tracer_on_call *on_call, void *context, const char *told)
{
	struct finished finished = tracer_once(rig, on_call, context, true);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, told), "%s", finished.err.bytes);
	cr_expect_not(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect(files_exist(rig_inbox(rig, "bad.csv").text));
	cr_expect_eq(reply_count(rig, "good.csv"), 1);
}

static void expect_taken(struct rig *rig)
{
	rig_once(rig);
	cr_expect_eq(reply_count(rig, "bad.csv"), 1);
	law_close(rig);
}

/* ---- one file ---- */

static void expect_ended_alone(struct failing failing, const char *code)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	both_drop(&rig);
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_gt(failing.times, 2, "it was tried %zu times", failing.times);
	finished_done(&finished);
	expect_refusal(&rig, "bad.csv", code);
	cr_expect_eq(reply_count(&rig, "good.csv"), 1);
	law_close(&rig);
}

Test(owners, a_file_that_cannot_be_opened_any_more_is_refused_and_the_next_one_runs)
{
	expect_ended_alone(
	    (struct failing){CALL_OPEN, "/work/", "/bad.csv", EACCES, 0, 0}, "unreadable");
}

Test(owners, a_file_that_the_disk_cannot_read_is_refused_and_the_next_one_runs)
{
	expect_ended_alone(
	    (struct failing){CALL_READ, "/work/", "/bad.csv", EIO, 0, 0}, "unreadable");
}

Test(owners, a_file_that_cannot_be_read_for_a_moment_is_applied_all_the_same)
{
	struct rig rig;
	struct failing failing = {CALL_READ, "/work/", "/bad.csv", EIO, 3, 0};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	rig_drop(&rig, "bad.csv", text);
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, 0);
	cr_expect_eq(failing.times, 3);
	finished_done(&finished);
	struct reply reply;
	reply_open(&reply, &rig, "bad.csv", 0);
	cr_expect_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
	law_close(&rig);
}

Test(owners, what_the_database_refuses_for_good_ends_the_file_that_asked_for_it)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: {}\n"});
	rig_execute(&rig, "CREATE TRIGGER no_roles BEFORE INSERT ON mdl_role_assignments WHEN "
	                  "NEW.roleid = (SELECT id FROM mdl_role WHERE shortname = 'teacher') "
	                  "BEGIN SELECT RAISE(ABORT, 'not here'); END");
	rig_drop(&rig, "bad.csv", "username,course1,role1\np1,C1,teacher\n");
	rig_drop(&rig, "good.csv", text);
	rig_once(&rig);
	expect_refusal(&rig, "bad.csv", "not_applicable");
	struct reply reply;
	reply_open(&reply, &rig, "good.csv", 0);
	cr_expect_eq(reply_number(&reply, "codes", "enrolled"), 1);
	reply_close(&reply);
	law_close(&rig);
}

Test(owners, a_long_name_of_wide_letters_is_told_about_like_any_other)
{
	struct rig rig;
	char name[FILENAME_MAX] = "a", sum[FILENAME_MAX + 8];
	rig_make(&rig, NULL);
	for (int i = 0; i < 60; i++)
		strcat(name, "\xC3\xA4");
	strcat(name, ".csv");
	snprintf(sum, sizeof sum, "%s.sha256", name);
	files_write(rig_inbox(&rig, sum).text, "bogus\nbogus\n", 12, 0640);
	rig_drop(&rig, name, text);
	rig_drop(&rig, "good.csv", text);
	rig_once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, name, 0);
	cr_expect_str_eq(reply_refusal(&reply), "checksum_unreadable");
	reply_close(&reply);
	cr_expect_eq(reply_count(&rig, "good.csv"), 1);
	law_close(&rig);
}

/* Room for a marker, but not for a checksum. */
Test(owners, a_name_too_long_for_a_checksum_has_none)
{
	struct rig rig;
	char name[256], marker[300];
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .done }\n"});
	memset(name, 'x', sizeof name);
	strcpy(name + 249 - 4, ".csv");
	snprintf(marker, sizeof marker, "%s.done", name);
	files_write(rig_inbox(&rig, marker).text, "", 0, 0640);
	rig_drop(&rig, name, text);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE state >= 2"), 1);
	law_close(&rig);
}

Test(owners, a_name_too_long_for_its_marker_is_told_and_left)
{
	struct rig rig;
	char name[256];
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .done }\n"});
	memset(name, 'x', sizeof name);
	strcpy(name + 252 - 4, ".csv");
	rig_drop(&rig, name, text);
	rig_drop(&rig, "good.csv", text);
	files_write(rig_inbox(&rig, "good.csv.done").text, "", 0, 0640);
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "\"file_left\""), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "shorten it"));
	finished_done(&finished);
	cr_expect(files_exist(rig_inbox(&rig, name).text));
	cr_expect_eq(reply_count(&rig, "good.csv"), 1);
	law_close(&rig);
}

Test(owners, a_checksum_that_may_not_be_read_keeps_its_file_in_the_inbox_and_no_other)
{
	struct rig rig;
	struct failing failing = {CALL_OPEN, "/inbox/", "bad.csv.sha256", EACCES, 0, 0};
	char hash[HASH_SIZE];
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	files_hash_bytes(text, strlen(text), hash);
	files_write(rig_inbox(&rig, "bad.csv.sha256").text, hash, strlen(hash), 0600);
	both_drop(&rig);
	expect_left(&rig, tracer_fail, &failing, "may not read its checksum");
	cr_expect(files_exist(rig_inbox(&rig, "bad.csv.sha256").text));
	expect_taken(&rig);
}

struct thief {
	const struct rig *rig;
	int strikes;
};

/* Its owner takes the row count back when the file is about to be claimed. */
static struct verdict take_back(void *context, const struct call *call)
{
	struct thief *thief = context;
	if (thief->strikes > 0 || call->kind != CALL_MKDIR || !strstr(call->path.text, "/work/"))
		return (struct verdict){VERDICT_GO, 0};
	thief->strikes++;
	files_remove(rig_inbox(thief->rig, "staff.csv.rows").text);
	return (struct verdict){VERDICT_GO, 0};
}

Test(owners, a_file_whose_required_row_count_goes_stays_with_all_that_lies_beside_it)
{
	static const char *const feeds = "  default: { marker: .done, require: [rows, sha256] }\n";
	struct rig rig;
	char hash[HASH_SIZE];
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_once(&rig); /* which makes the directories of its own */
	files_hash_bytes(text, strlen(text), hash);
	rig_drop(&rig, "staff.csv", text);
	files_write(rig_inbox(&rig, "staff.csv.sha256").text, hash, strlen(hash), 0640);
	files_write(rig_inbox(&rig, "staff.csv.rows").text, "1", 1, 0640);
	files_write(rig_inbox(&rig, "staff.csv.done").text, "", 0, 0640);
	struct thief thief = {.rig = &rig};
	struct finished finished = tracer_once(&rig, take_back, &thief, false);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(thief.strikes, 1);
	cr_expect(files_exist(rig_inbox(&rig, "staff.csv").text));
	cr_expect(files_exist(rig_inbox(&rig, "staff.csv.sha256").text));
	cr_expect(files_exist(rig_inbox(&rig, "staff.csv.done").text));
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	files_write(rig_inbox(&rig, "staff.csv.rows").text, "1", 1, 0640);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	law_close(&rig);
}

/* ---- what another daemon has taken over ---- */

struct heir {
	const struct rig *rig;
	int strikes;
};

static const char heirs_answer[] = "what the heir has written\n";

/* It moves the run to its own directory and goes on with it, while we are about to open the
 * answer: the names in the directory that we have open are his. */
static struct verdict take_over(void *context, const struct call *call)
{
	struct heir *heir = context;
	if (heir->strikes > 0 || call->kind != CALL_CREATE ||
	    !text_ends(call->path.text, "/result.csv"))
		return (struct verdict){VERDICT_GO, 0};
	heir->strikes++;
	struct path run = call->path;
	*strrchr(run.text, '/') = '\0';
	files_make_directory(rig_path(heir->rig, "work/other").text);
	struct path his = rig_path(heir->rig, "work/other%s", strrchr(run.text, '/'));
	files_rename(run.text, his.text);
	files_write(
	    path_of("%s/result.csv", his.text).text, heirs_answer, strlen(heirs_answer), 0640);
	return (struct verdict){VERDICT_GO, 0};
}

Test(owners, a_run_that_another_daemon_has_taken_over_is_not_written_to)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", text);
	struct heir heir = {.rig = &rig};
	struct finished finished = tracer_once(&rig, take_over, &heir, false);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(heir.strikes, 1);
	cr_expect_eq(results_expect(&rig, heirs_answer), 1);
	rig_remove(&rig);
}

/* ---- what is put in the place of a file in the moment of the claim ---- */

struct swap {
	const struct rig *rig;
	const char *name; /* in the inbox */
	int strikes;
	bool seals; /* and nobody may write into it any more */
};

/* A folder of the dropper's own, with a file in it, where his file was. */
static struct verdict swap_in(void *context, const struct call *call)
{
	struct swap *swap = context;
	struct path inbox = rig_inbox(swap->rig, swap->name);
	if (swap->strikes > 0 || call->kind != CALL_RENAME ||
	    strcmp(call->path.text, inbox.text) != 0)
		return (struct verdict){VERDICT_GO, 0};
	swap->strikes++;
	files_rename(inbox.text, rig_path(swap->rig, "inbox/.aside").text);
	files_make_directory(inbox.text);
	struct path file = path_of("%s/x.csv", inbox.text);
	files_write(file.text, text, strlen(text), 0644);
	chmod(inbox.text, swap->seals ? 0555 : 0777);
	return (struct verdict){VERDICT_GO, 0};
}

static void expect_folder_left(const char *name, const char *sum)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, &(struct rig_options){.feeds = "  default: {}\n  payroll: {}\n"});
	struct swap swap = {.rig = &rig, .name = *sum ? sum : name, .seals = true};
	rig_drop(&rig, name, text);
	if (*sum)
		files_write(rig_inbox(&rig, sum).text, "bogus\n", 6, 0640);
	struct finished finished = tracer_once(&rig, swap_in, &swap, false);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_eq(swap.strikes, 1);
	finished_done(&finished);
	cr_expect(files_exist(path_of("%s/x.csv", rig_inbox(&rig, swap.name).text).text));
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE feed = 'payroll'"), 0);
	cr_expect_eq(files_count(rig_path(&rig, "work/" RIG_NODE).text, ""), 0);
	files_remove(rig_inbox(&rig, swap.name).text);
	files_rename(rig_path(&rig, "inbox/.aside").text, rig_inbox(&rig, swap.name).text);
	rig_drop(&rig, "good.csv", text);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "good.csv"), 1);
	cr_expect_eq(reply_count(&rig, name), 1);
	law_close(&rig);
}

Test(owners, a_folder_in_the_place_of_a_file_is_not_taken_and_is_no_feed)
{
	expect_folder_left("payroll2", "");
}

Test(owners, a_folder_in_the_place_of_a_checksum_is_not_taken)
{
	expect_folder_left("staff.csv", "staff.csv.sha256");
}

Test(owners, a_box_in_work_that_enrold_did_not_make_is_not_entered)
{
	struct rig rig;
	if (geteuid() != 0)
		cr_skip_test("only root can give a folder away");
	rig_make(&rig, &(struct rig_options){.feeds = "  default: {}\n  payroll: {}\n",
	                   .settings = "stop_timeout: 1s\n"});
	struct path run = rig_path(&rig, "work/" RIG_NODE "/20240101-000000-000001");
	struct path box = path_of("%s/inbox/payroll", run.text);
	files_make_directory(box.text);
	files_write(path_of("%s/x.csv", box.text).text, text, strlen(text), 0644);
	cr_assert_eq(chown(box.text, 61001, 61001), 0);
	struct finished finished = rig_run(&rig, 75);
	cr_expect(
	    strstr(finished.err.bytes, "which enrold did not make"), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	rig_remove(&rig);
}

Test(owners, a_sparse_file_fills_no_disk_of_ours)
{
	struct rig rig;
	struct stat stat_of;
	enum { HOLE = 64 << 20 };
	rig_make(&rig, NULL);
	struct path hole = rig_path(&rig, "inbox/.hole");
	files_write(hole.text, "username,course1\n", 17, 0640);
	cr_assert_eq(truncate(hole.text, HOLE), 0);
	files_rename(hole.text, rig_inbox(&rig, "hole.csv").text);
	rig_once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, "hole.csv", 0);
	struct path kept = rig_path(&rig, "archive/%.4s/%.2s/%.2s/hole.%s.csv", reply.run,
	    reply.run + 4, reply.run + 6, reply.run);
	cr_assert_eq(stat(kept.text, &stat_of), 0, "%s", kept.text);
	cr_expect_eq(stat_of.st_size, HOLE);
	cr_expect_lt(stat_of.st_blocks, 4096, "%ld blocks", (long)stat_of.st_blocks);
	reply_close(&reply);
	rig_remove(&rig);
}

Test(owners, a_file_that_another_program_has_a_lease_on_is_left_at_once)
{
	struct rig rig;
	struct failing failing = {CALL_OPEN, "/inbox/", "/bad.csv", EAGAIN, 0, 0};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	both_drop(&rig);
	expect_left(&rig, tracer_fail, &failing, "holds a lease");
	cr_expect_eq(failing.times, 1, "tried %zu times", failing.times);
	expect_taken(&rig);
}

/* Between the claim and the copy, by who still has the file open. */
static struct verdict lease_take(void *context, const struct call *call)
{
	const int *file = context;
	if (call->kind == CALL_OPEN && strstr(call->path.text, "/work/") &&
	    text_ends(call->path.text, "/bad.csv") && fcntl(*file, F_SETLEASE, F_WRLCK) < 0)
		fatal("cannot take a lease");
	return (struct verdict){VERDICT_GO, 0};
}

Test(owners, a_lease_taken_after_the_claim_keeps_no_other_file_waiting)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	both_drop(&rig);
	int file = open(rig_inbox(&rig, "bad.csv").text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(file, 0);
	signal(SIGIO, SIG_IGN);
	if (fcntl(file, F_SETLEASE, F_WRLCK) < 0 || fcntl(file, F_SETLEASE, F_UNLCK) < 0)
		cr_skip_test("no leases here");
	expect_left(&rig, lease_take, &file, "holds a lease");
	close(file);
	expect_taken(&rig);
}

/* ---- one folder ---- */

static const char feeds[] = "  default: {}\n  hr: {}\n  payroll: {}\n";

/* Nothing of what lies elsewhere is touched, and the others go on. */
static void expect_out_of_service(struct rig *rig, const char *path, const char *why)
{
	struct service service;
	service_start(&service, rig);
	rig_drop(rig, "staff.csv", text);
	rig_drop(rig, "hr/staff.csv", text);
	service_await(&service, rig, "", 1);
	service_await(&service, rig, "hr", 1);
	service_await_log(&service, "\"feed_out_of_service\"");
	service_await_log(&service, path);
	service_await_log(&service, why);
	service_hear(&service, "STATUS=3 feeds");
	service_stop(&service);
	cr_expect_eq(rig_number(rig, "SELECT count(*) FROM enrold_run"), 2);
}

Test(owners, an_inbox_that_is_a_link_takes_its_feed_out_of_service)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	struct path elsewhere = path_of("%s/elsewhere", rig.root.text);
	struct path file = path_of("%s/preview/x.csv", elsewhere.text);
	files_make_directory(path_of("%s/preview", elsewhere.text).text);
	files_make_directory(rig_inbox(&rig, "hr").text);
	files_write(file.text, text, strlen(text), 0640);
	cr_assert_eq(symlink(elsewhere.text, rig_inbox(&rig, "payroll").text), 0);
	expect_out_of_service(&rig, "inbox/payroll", "symbolic link");
	cr_expect(files_exist(file.text));
	unlink(rig_inbox(&rig, "payroll").text);
	law_close(&rig);
}

Test(owners, a_folder_for_previews_that_is_a_link_stops_neither_its_feed_nor_a_reload)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	service_start(&service, &rig);
	files_rename(rig_inbox(&rig, "preview").text, rig_inbox(&rig, ".aside").text);
	cr_assert_eq(symlink("/etc", rig_inbox(&rig, "preview").text), 0);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"reloaded\"");
	service_await_log(&service, "its previews are out of service");
	rig_drop(&rig, "staff.csv", text);
	service_await(&service, &rig, "", 1);
	unlink(rig_inbox(&rig, "preview").text);
	files_rename(rig_inbox(&rig, ".aside").text, rig_inbox(&rig, "preview").text);
	service_await_log(&service, "\"feed_in_service\"");
	service_stop(&service);
	law_close(&rig);
}

Test(owners, an_inbox_that_belongs_to_somebody_else_is_not_believed)
{
	struct rig rig;
	if (geteuid() != 0)
		cr_skip_test("only root can give a folder away");
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	files_make_directory(rig_inbox(&rig, "hr").text);
	files_make_directory(rig_inbox(&rig, "payroll").text);
	rig_drop(&rig, "payroll/evil.csv", text);
	cr_assert_eq(chown(rig_inbox(&rig, "payroll").text, 61001, 61001), 0);
	expect_out_of_service(&rig, "inbox/payroll", "belongs to user 61001");
	law_close(&rig);
}

Test(owners, an_inbox_into_which_others_may_write_is_made_sticky)
{
	struct rig rig;
	struct stat stat_of;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	files_make_directory(rig_inbox(&rig, "hr").text);
	cr_assert_eq(chmod(rig_path(&rig, "inbox").text, 02770), 0);
	rig_drop(&rig, "hr/staff.csv", text);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "hr/staff.csv"), 1);
	cr_assert_eq(stat(rig_path(&rig, "inbox").text, &stat_of), 0);
	cr_expect_eq(stat_of.st_mode & 07777, 03770, "%o", stat_of.st_mode);
	law_close(&rig);
}

Test(owners, an_outbox_that_is_a_link_takes_its_feed_out_of_service)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	files_make_directory(rig_path(&rig, "outbox").text);
	files_make_directory(rig_inbox(&rig, "hr").text);
	cr_assert_eq(symlink("/tmp", rig_path(&rig, "outbox/payroll").text), 0);
	files_make_directory(rig_inbox(&rig, "payroll").text);
	rig_drop(&rig, "payroll/staff.csv", text);
	expect_out_of_service(&rig, "outbox", "payroll");
	unlink(rig_path(&rig, "outbox/payroll").text);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "payroll/staff.csv"), 1);
	law_close(&rig);
}

/* ---- the machine ---- */

Test(owners, a_disk_with_no_room_for_its_pid_does_not_stop_it)
{
	struct rig rig;
	struct failing failing = {CALL_WRITE, "", "/.lock", ENOSPC, 0, 0};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_eq(failing.times, 1);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	law_close(&rig);
}

/* Else the part that was written would keep the room from the files that have enough in the rest.
 */
Test(owners, an_answer_for_which_there_is_no_room_gives_back_what_it_took)
{
	struct rig rig;
	struct failing failing = {CALL_WRITE, "/work/", "/retry.csv", ENOSPC, 0, 0};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, &(struct rig_options){.settings = "stop_timeout: 1s\n",
	                   .feeds = "  default: { atomic: true }\n"});
	rig_drop(&rig, "staff.csv", "username,course1\np1,C1\nnobody,C1\n");
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, 75, "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_leq(results_expect(&rig, ""), 1);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	law_close(&rig);
}

Test(owners, a_hangup_while_the_database_is_awaited_changes_the_settings_and_ends_nothing)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	sqlite3 *other = rig_database(&rig);
	cr_assert_eq(sqlite3_exec(other,
	                 "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; "
	                 "CREATE TABLE held (id INTEGER); ROLLBACK; BEGIN EXCLUSIVE",
	                 NULL, NULL, NULL),
	    SQLITE_OK);
	service_begin(&service, ARGV("enrold", "--config", rig.config.text));
	service_await_log(&service, "\"site_away\"");
	struct buffer config = files_read(rig.config.text);
	struct path more = path_of("%s  late: {}\n", config.bytes);
	files_write(rig.config.text, more.text, strlen(more.text), 0640);
	buffer_done(&config);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"reloaded\"");
	files_write(rig.config.text, "nonsense: 1\n", 12, 0640);
	program_signal(&service.program, SIGHUP);
	service_await_log(&service, "\"reload_refused\"");
	sqlite3_close(other);
	service_hear(&service, "READY=1");
	service_hear(&service, "STATUS=2 feeds");
	files_write(rig.config.text, more.text, strlen(more.text), 0640);
	service_stop(&service);
	law_close(&rig);
}
