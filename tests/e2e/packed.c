/* Old answers are packed where they lie, and everybody who reads answers reads them as before. */
#include "law.h"
#include "reply.h"
#include "service.h"
#include "undoing.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT_ONCE "  default: { compress: 0, " RIG_MAY_ALL " }\n"

static struct path packed_path(const struct path *plain)
{
	return path_of("%s.gz", plain->text);
}

static void expect_packed(const struct path *plain)
{
	cr_expect_not(files_exist(plain->text), "%s", plain->text);
	cr_expect(files_exist(packed_path(plain).text), "%s", plain->text);
}

static void expect_plain(const struct path *plain)
{
	cr_expect(files_exist(plain->text), "%s", plain->text);
	cr_expect_not(files_exist(packed_path(plain).text), "%s", plain->text);
}

static struct finished ask(const struct rig *rig, int status, const char *const *words)
{
	const char *argv[12] = {"enrolctl", "--config", rig->config.text};
	for (size_t i = 0; words[i]; i++)
		argv[3 + i] = words[i];
	return program_expect(status, argv);
}

static void expect_says(
    const struct rig *rig, const char *const *words, const char *wanted, const char *unwanted)
{
	struct finished finished = ask(rig, 0, words);
	cr_expect(strstr(finished.out.bytes, wanted), "%s", finished.out.bytes);
	cr_expect_not(unwanted && strstr(finished.out.bytes, unwanted), "%s", finished.out.bytes);
	finished_done(&finished);
}

/* ---- which ---- */

Test(packed, an_answer_is_packed_when_it_is_old_enough)
{
	struct rig rig;
	struct reply old, young;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { compress: 1h }\n"});
	reply_to(&old, &rig, "old.csv", "username,course1\np1,C1\nnobody,C1\n");
	expect_plain(&old.result_path);
	rig_move_clock(&rig, CLOCK_MOVED, 2 * 3600);
	reply_to(&young, &rig, "young.csv", "username,course1\np2,C1\nnobody,C1\n");
	expect_packed(&old.result_path);
	expect_packed(&old.retry_path);
	expect_plain(&young.result_path);
	expect_plain(&young.retry_path);
	program_preload(NULL);
	reply_close(&old);
	reply_close(&young);
	law_close(&rig);
}

Test(packed, it_keeps_mode_group_and_time_and_is_always_the_same)
{
	struct rig rig;
	struct reply reply;
	struct stat before, after;
	char first[HASH_SIZE], second[HASH_SIZE];
	rig_make(&rig, &(struct rig_options){0});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	struct path packed = packed_path(&reply.result_path);
	cr_assert_eq(stat(reply.result_path.text, &before), 0);
	struct buffer plain = files_read(reply.result_path.text);
	struct buffer settings = files_read(rig.config.text);
	char *feeds = strstr(settings.bytes, "default: {}");
	cr_assert(feeds, "%s", settings.bytes);
	struct path text = path_of(
	    "%.*sdefault: { compress: 0 }\n", (int)(feeds - settings.bytes), settings.bytes);
	files_write(rig.config.text, text.text, strlen(text.text), 0600);
	rig_once(&rig);
	expect_packed(&reply.result_path);
	cr_assert_eq(stat(packed.text, &after), 0);
	cr_expect_eq(after.st_mode, before.st_mode);
	cr_expect_eq(after.st_gid, before.st_gid);
	cr_expect_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	files_hash(packed.text, first);
	/* As if the kill had come between the two; then as if it had come before. */
	files_write(reply.result_path.text, plain.bytes, plain.size, 0640);
	rig_once(&rig);
	expect_packed(&reply.result_path);
	cr_assert_eq(unlink(packed.text), 0);
	files_write(reply.result_path.text, plain.bytes, plain.size, 0640);
	rig_once(&rig);
	expect_packed(&reply.result_path);
	files_hash(packed.text, second);
	cr_expect_str_eq(first, second);
	buffer_done(&plain);
	buffer_done(&settings);
	reply_close(&reply);
	law_close(&rig);
}

/* Nor does it keep younger ones from being packed. */
Test(packed, what_cannot_be_removed_stays_and_is_told)
{
	struct rig rig;
	struct reply reply, later;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { compress: 1h }\n"});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	reply_to(&later, &rig, "b.csv", "username,course1\np1,C2\n");
	if (files_immutable(reply.result_path.text, true)) {
		rig_move_clock(&rig, CLOCK_MOVED, 2 * 3600);
		struct finished finished = rig_run(&rig, 0);
		files_immutable(reply.result_path.text, false);
		cr_expect(
		    strstr(finished.err.bytes, "answer_not_packed"), "%s", finished.err.bytes);
		finished_done(&finished);
		cr_expect(files_exist(reply.result_path.text));
		expect_packed(&later.result_path);
		rig_once(&rig);
		program_preload(NULL);
		expect_packed(&reply.result_path);
	}
	reply_close(&reply);
	reply_close(&later);
	law_close(&rig);
}

Test(packed, what_is_not_as_the_ledger_has_it_stays_and_is_told)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { compress: 1h }\n"});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	struct buffer text = files_read(reply.result_path.text);
	text.bytes[text.size - 2] ^= 1;
	files_write(reply.result_path.text, text.bytes, text.size, 0640);
	/* A stranger's, under such a name. */
	struct path other = rig_path(&rig, "outbox/b.%s.result.csv", reply.run);
	files_write(other.text, "x\n", 2, 0640);
	rig_move_clock(&rig, CLOCK_MOVED, 2 * 3600);
	struct finished finished = rig_run(&rig, 0);
	program_preload(NULL);
	cr_expect(strstr(finished.err.bytes, "answer_not_packed"), "%s", finished.err.bytes);
	cr_expect(
	    strstr(finished.err.bytes, "is not as the ledger has it"), "%s", finished.err.bytes);
	finished_done(&finished);
	expect_plain(&reply.result_path);
	expect_plain(&other);
	text.bytes[text.size - 2] ^= 1;
	files_write(reply.result_path.text, text.bytes, text.size, 0640);
	cr_assert_eq(unlink(other.text), 0);
	buffer_done(&text);
	reply_close(&reply);
	law_close(&rig);
}

/* A file of somebody else's that has the packed one's name steps aside. */
Test(packed, nothing_is_replaced)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { compress: 1h }\n"});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\n");
	files_write(packed_path(&reply.result_path).text, "mine", 4, 0640);
	rig_move_clock(&rig, CLOCK_MOVED, 2 * 3600);
	rig_once(&rig);
	program_preload(NULL);
	expect_packed(&reply.result_path);
	struct listing listing = files_list(rig_path(&rig, "outbox").text);
	size_t strangers = 0;
	for (size_t i = 0; i < listing.count; i++) {
		struct path path = rig_path(&rig, "outbox/%s", listing.entries[i].path);
		struct stat status;
		strangers += stat(path.text, &status) == 0 && status.st_size == 4;
		if (status.st_size == 4)
			cr_assert_eq(unlink(path.text), 0);
	}
	listing_done(&listing);
	cr_expect_eq(strangers, 1);
	reply_close(&reply);
	law_close(&rig);
}

/* ---- who reads them ---- */

Test(packed, show_and_explain_tell_the_same)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = AT_ONCE});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\nnobody,C1\n");
	expect_packed(&reply.result_path);
	expect_packed(&reply.retry_path);
	expect_says(&rig, ARGV("show", reply.run), "result.csv.gz", "altered");
	expect_says(&rig, ARGV("--json", "show", reply.run), ".retry.csv.gz", "not_checked");
	expect_says(&rig, ARGV("--json", "show", reply.run), "user_not_found", "missing");
	expect_says(&rig, ARGV("--json", "explain", "p1"), "\"enrolled\"", "\"gap\"");
	/* Whoever puts another one there is seen. */
	struct buffer other = {0};
	buffer_add_text(&other, "username,outcome\n");
	files_write(packed_path(&reply.result_path).text, other.bytes, other.size, 0640);
	expect_says(&rig, ARGV("--json", "show", reply.run), "altered", NULL);
	expect_says(&rig, ARGV("--json", "explain", "p1"), "\"altered\"", "\"enrolled\"");
	cr_assert_eq(unlink(packed_path(&reply.result_path).text), 0);
	expect_says(&rig, ARGV("--json", "explain", "p1"), "\"missing\"", NULL);
	buffer_done(&other);
	reply_close(&reply);
	rig_remove(&rig);
}

Test(packed, a_large_one_is_found_by_its_index)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = AT_ONCE, .people = 50});
	rig_drop_long(&rig, 1000);
	rig_once(&rig);
	reply_open(&reply, &rig, "large.csv", 0);
	expect_packed(&reply.result_path);
	expect_says(&rig, ARGV("--json", "explain", "p7"), "\"enrolled\"", "\"gap\"");
	/* Whom the index does not know is not looked for in it. */
	struct stat status;
	struct path packed = packed_path(&reply.result_path);
	cr_assert_eq(stat(packed.text, &status), 0);
	cr_assert_eq(truncate(packed.text, 100), 0);
	const struct timespec times[] = {status.st_atim, status.st_mtim};
	cr_assert_eq(utimensat(AT_FDCWD, packed.text, times, 0), 0);
	expect_says(&rig, ARGV("--json", "explain", "p50"), "\"account\"", "\"gap\"");
	expect_says(&rig, ARGV("--json", "explain", "p7"), "\"altered\"", "\"enrolled\"");
	reply_close(&reply);
	rig_remove(&rig);
}

Test(packed, what_was_done_is_taken_back_and_failed_rows_are_tried_again)
{
	struct rig rig;
	struct reply reply, undone;
	rig_make(&rig, &(struct rig_options){.feeds = AT_ONCE});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\nnobody,C1\n");
	expect_packed(&reply.result_path);
	undo_run(&rig, reply.run, &undone);
	EXPECT(&undone, {2, "course1", "done", "undone"});
	reply_close(&undone);
	struct finished finished = ask(&rig, 0, ARGV("retry", reply.run));
	finished_done(&finished);
	struct path waiting = rig_path(&rig, "inbox/a.%s.retry.csv", reply.run);
	struct buffer dropped = files_read(waiting.text);
	cr_expect(strstr(dropped.bytes, "nobody,C1"), "%s", dropped.bytes);
	buffer_done(&dropped);
	cr_assert_eq(unlink(waiting.text), 0);
	reply_close(&reply);
	law_close(&rig);
}

#define CAREFUL                                                                                    \
	"  default: { compress: 0, allow_unenrol: true, removal: unenrol, limits: { by_cell: { "   \
	"count: 1, share: 0%, most: 1 } }, " RIG_MAY_ALL " }\n"

Test(packed, a_plan_is_released_when_its_copy_beside_the_answer_is_all_there_is)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = CAREFUL});
	reply_to(&reply, &rig, "a.csv", "username,course1\np1,C1\np2,C1\np3,C1\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\n");
	struct path plan = rig_path(&rig, "outbox/b.%s.plan.csv", reply.run);
	struct path held = rig_path(&rig, "held/default/b.%s.plan.csv", reply.run);
	expect_packed(&plan);
	expect_says(&rig, ARGV("--json", "show", reply.run), "\"people_losing\":3", NULL);
	cr_assert_eq(unlink(held.text), 0);
	rig_order(&rig, "release", "b.csv");
	rig_once(&rig);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	reply_close(&reply);
	rig_remove(&rig);
}

/* ---- when ---- */

Test(packed, the_daemon_packs_while_it_has_nothing_to_do)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.feeds = AT_ONCE});
	service_start(&service, &rig);
	rig_drop(&rig, "a.csv", "username,course1\np1,C1\n");
	service_await(&service, &rig, "", 1);
	service_await_log(&service, "answers_packed");
	service_stop(&service);
	struct reply reply;
	reply_open(&reply, &rig, "a.csv", 0);
	expect_packed(&reply.result_path);
	reply_close(&reply);
	law_close(&rig);
}
