/* An inbox whose users are not to be trusted, or just live on another clock. */
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tracer.h"

#include "enrold/runid.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";
static const char more[] = "p2,C2\n";

Test(hostile, links_and_devices_are_never_opened_for_what_they_lead_to)
{
	struct rig rig;
	rig_make(&rig, NULL);
	cr_assert_eq(symlink("/dev/zero", rig_inbox(&rig, "zero.csv").text), 0);
	cr_assert_eq(symlink("/etc", rig_inbox(&rig, "etc.csv").text), 0);
	cr_assert_eq(symlink("preview", rig_inbox(&rig, "loop.csv").text), 0);
	cr_assert_eq(symlink("self.csv", rig_inbox(&rig, "self.csv").text), 0);
	/* Only root may make one; then it is tried. */
	int made = mknod(rig_inbox(&rig, "null.csv").text, S_IFCHR | 0666, makedev(1, 3));
	cr_assert(made == 0 || errno == EPERM);
	rig_drop(&rig, "zz.csv", text);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "zz.csv"), 1);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 1);
	law_close(&rig);
}

/* Put in the place of a file in the moment of the claim, and killed before that was seen. */
Test(hostile, what_is_no_file_goes_back_even_from_work)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct path link_box = rig_path(&rig, "work/" RIG_NODE "/20240101-000000-000001/inbox");
	struct path fifo_box = rig_path(&rig, "work/" RIG_NODE "/20240101-000000-000002/inbox");
	files_make_directory(link_box.text);
	files_make_directory(fifo_box.text);
	cr_assert_eq(symlink("/dev/zero", path_of("%s/zero.csv", link_box.text).text), 0);
	cr_assert_eq(mkfifo(path_of("%s/fifo.csv", fifo_box.text).text, 0600), 0);
	rig_drop(&rig, "staff.csv", text);
	rig_once(&rig);
	cr_expect(files_exist(rig_inbox(&rig, "zero.csv").text));
	cr_expect(files_exist(rig_inbox(&rig, "fifo.csv").text));
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 1);
	law_close(&rig);
}

static struct verdict deny(void *context, const struct call *call)
{
	size_t *times = context;
	bool is_it = call->kind == CALL_OPEN && text_ends(call->path.text, "/inbox/secret.csv");
	*times += is_it;
	return (struct verdict){is_it ? VERDICT_FAIL : VERDICT_GO, EACCES};
}

Test(hostile, a_file_that_may_not_be_read_stays_and_is_reported_once)
{
	struct rig rig;
	size_t times = 0;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	rig_drop(&rig, "secret.csv", text);
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = tracer_once(&rig, deny, &times, true);
	cr_expect_eq(finished.status, 0);
	cr_expect_eq(times, 1);
	const char *told = strstr(finished.err.bytes, "\"file_left\"");
	cr_expect(told && !strstr(told + 1, "\"file_left\""), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "give its user the right"));
	finished_done(&finished);
	cr_expect(files_exist(rig_inbox(&rig, "secret.csv").text));
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	rig_once(&rig);
	law_close(&rig);
}

/* Nobody fills the log by what he leaves in an inbox; how much it was is said all the same. */
Test(hostile, so_many_files_that_stay_are_told_of_and_then_how_many_more)
{
	enum { LEFT = 130, TOLD = 100 };
	struct rig rig;
	rig_make(&rig, NULL);
	rig_once(&rig);
	for (int i = 0; i < LEFT; i++) {
		struct path name = path_of("link-%d.csv", i);
		cr_assert_eq(symlink("/dev/zero", rig_inbox(&rig, name.text).text), 0);
	}
	struct finished finished = rig_run(&rig, 0);
	size_t told = 0;
	for (const char *at = finished.err.bytes; (at = strstr(at, "\"file_left\"")); at++)
		told++;
	cr_expect_eq(told, TOLD, "%zu lines", told);
	cr_expect(strstr(finished.err.bytes, "30 more times a file stayed in the inbox"));
	finished_done(&finished);
	law_close(&rig);
}

/* ---- a writer who is not done ---- */

struct writer {
	int file; /* open since before the file was taken */
	enum call_kind kind;
	const char *end; /* strikes before the first such call */
	void (*strike)(const struct writer *writer);
	const struct rig *rig;
	int strikes;
};

static struct verdict write_on(void *context, const struct call *call)
{
	struct writer *writer = context;
	if (writer->strikes == 0 && call->kind == writer->kind &&
	    text_ends(call->path.text, writer->end)) {
		writer->strikes++;
		writer->strike(writer);
	}
	return (struct verdict){VERDICT_GO, 0};
}

static void append(const struct writer *writer)
{
	if (pwrite(writer->file, more, strlen(more), (off_t)strlen(text)) != (ssize_t)strlen(more))
		fatal("cannot append");
}

static void shorten(const struct writer *writer)
{
	if (ftruncate(writer->file, (off_t)strlen("username,course1\n")) != 0)
		fatal("cannot truncate");
}

static void replace(const struct writer *writer)
{
	struct path other = path_of("%s/other", writer->rig->root.text);
	files_write(other.text, "username,course1\np3,C3\n", 23, 0640);
	files_rename(other.text, rig_inbox(writer->rig, "staff.csv").text);
}

/* Drops staff.csv, lets the writer strike once while it is being taken; how often it was answered,
 * and who is enrolled in the end. */
static void play(struct writer writer, size_t answers, const char *enrolled, bool is_held)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	struct path path = rig_inbox(&rig, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	writer.rig = &rig;
	writer.file = open(path.text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(writer.file, 0);
	struct finished finished = tracer_once(&rig, write_on, &writer, false);
	close(writer.file);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_eq(writer.strikes, 1);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), answers);
	struct buffer state = rig_query(&rig,
	    "SELECT u.username FROM mdl_user_enrolments e JOIN mdl_user u ON u.id = e.userid "
	    "ORDER BY 1");
	cr_expect_str_eq(state.bytes, enrolled);
	buffer_done(&state);
	cr_expect_eq(files_count(rig_path(&rig, "held").text, ""), is_held ? 1 : 0);
	rig_remove(&rig);
}

Test(hostile, a_file_appended_to_while_it_is_copied_is_taken_again_whole)
{
	play((struct writer){.kind = CALL_CREATE, .end = "/input.part", .strike = append}, 1,
	    "p1\np2\n", false);
}

Test(hostile, a_file_cut_short_while_it_is_copied_is_taken_again_as_it_is)
{
	play((struct writer){.kind = CALL_CREATE, .end = "/input.part", .strike = shorten}, 1, "",
	    false);
}

Test(hostile, what_is_appended_after_the_copy_is_held_for_a_person)
{
	play((struct writer){.kind = CALL_CREATE, .end = "/result.csv", .strike = append}, 1,
	    "p1\n", true);
}

Test(hostile, a_file_of_the_same_name_that_comes_meanwhile_is_another_one)
{
	play((struct writer){.kind = CALL_CREATE, .end = "/input.part", .strike = replace}, 2,
	    "p1\np3\n", false);
}

static void name_take(const struct writer *writer, const char *name)
{
	if (symlink("x", rig_inbox(writer->rig, name).text) != 0)
		fatal("cannot take %s", name);
}

/* Every name that can be foreseen on the way back, the run's own among them. */
static struct verdict names_take(void *context, const struct call *call)
{
	enum { NUMBERS = 10000 };
	struct writer *writer = context;
	if (writer->strikes > 0 || call->kind != CALL_CREATE ||
	    !text_ends(call->path.text, "/input.part"))
		return (struct verdict){VERDICT_GO, 0};
	writer->strikes++;
	const char *run = strstr(call->path.text, "/input.part") - RUN_ID_SIZE;
	name_take(writer, "staff.csv");
	for (int i = 1; i <= NUMBERS; i++)
		name_take(writer, path_of("staff.%d.csv", i).text);
	name_take(writer, path_of("staff.%.*s.csv", RUN_ID_SIZE, run).text);
	append(writer);
	return (struct verdict){VERDICT_GO, 0};
}

Test(hostile, a_file_goes_back_however_many_names_are_taken)
{
	struct rig rig;
	struct writer writer = {.rig = &rig};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	struct path path = rig_inbox(&rig, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	writer.file = open(path.text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(writer.file, 0);
	struct finished finished = tracer_once(&rig, names_take, &writer, false);
	close(writer.file);
	cr_expect_eq(writer.strikes, 1);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_not(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	rig_remove(&rig);
}

/* Also among what an earlier version held, named after its file alone. */
Test(hostile, what_is_held_carries_its_run_and_is_told)
{
	struct rig rig;
	struct writer writer = {
	    .kind = CALL_CREATE, .end = "/result.csv", .strike = append, .rig = &rig};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	files_make_directory(rig_path(&rig, "held").text);
	files_write(rig_path(&rig, "held/staff.csv").text, "", 0, 0640);
	for (int i = 1; i < 10000; i++)
		files_write(rig_path(&rig, "held/staff.%d.csv", i).text, "", 0, 0640);
	struct path path = rig_inbox(&rig, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	writer.file = open(path.text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(writer.file, 0);
	struct finished finished = tracer_once(&rig, write_on, &writer, false);
	close(writer.file);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	struct reply reply;
	reply_open(&reply, &rig, "staff.csv", 0);
	struct path held = path_of("held/staff.%s.csv", reply.run);
	cr_expect(files_exist(rig_path(&rig, "%s", held.text).text), "%s", held.text);
	cr_expect(strstr(finished.err.bytes, "\"file_held\""), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, held.text), "%s", finished.err.bytes);
	reply_close(&reply);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(hostile, files_that_are_gone_after_their_event_are_no_trouble)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	for (int i = 0; i < 300; i++) {
		struct path path = rig_inbox(&rig, path_of("gone%d.csv", i).text);
		files_write(path.text, text, strlen(text), 0640);
		files_remove(path.text);
	}
	rig_drop(&rig, "staff.csv", text);
	service_hear(&service, "STATUS=1 feed, 0 files waiting, 0 running");
	struct buffer said = program_said(service.program.err);
	cr_expect_not(strstr(said.bytes, "\"run_waits\""), "%s", said.bytes);
	buffer_done(&said);
	service_stop(&service);
	rig_once(&rig);
	cr_expect_geq(reply_count(&rig, "staff.csv"), 1);
	rig_remove(&rig);
}

/* Nothing here may read it through: hashing it would take an hour. */
Test(hostile, a_sparse_terabyte_is_refused_at_once)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct path path = path_of("%s/stage/huge", rig.root.text);
	int file = open(path.text, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	cr_assert_geq(file, 0);
	if (ftruncate(file, (off_t)1 << 40) != 0)
		cr_skip_test("this file system has no files of a terabyte");
	close(file);
	files_rename(path.text, rig_inbox(&rig, "huge.csv").text);
	rig_once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, "huge.csv", 0);
	cr_expect_str_eq(reply_refusal(&reply), "file_too_large");
	reply_close(&reply);
	cr_expect_eq(files_count(rig_path(&rig, "quarantine").text, ".csv"), 1);
	struct listing kept = files_list(rig_path(&rig, "quarantine").text);
	for (size_t i = 0; i < kept.count; i++)
		if (text_ends(kept.entries[i].path, ".reason.txt")) {
			struct buffer reason =
			    files_read(rig_path(&rig, "quarantine/%s", kept.entries[i].path).text);
			cr_expect(
			    strstr(reason.bytes, "the sender's own file"), "%s", reason.bytes);
			buffer_done(&reason);
		}
	listing_done(&kept);
	rig_remove(&rig);
}

Test(hostile, an_inbox_on_another_file_system_is_a_wrong_setting)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct path inbox = rig_path(&rig, "inbox");
	files_make_directory(inbox.text);
	if (mount("tmpfs", inbox.text, "tmpfs", 0, "size=1m") != 0) {
		rig_remove(&rig);
		cr_skip_test("mounting is not allowed here");
	}
	struct finished finished =
	    program_run(ARGV("enrold", "--config", rig.config.text, "--once"));
	umount(inbox.text);
	cr_expect_eq(finished.status, 78, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "another file system"), "%s", finished.err.bytes);
	finished_done(&finished);
	rig_once(&rig);
	law_close(&rig);
}

Test(hostile, a_clock_set_back_an_hour_gives_no_run_a_second_time)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "first.csv", text);
	rig_once(&rig);
	rig_drop(&rig, "second.csv", "username,course1\np2,C2\n");
	rig_move_clock(&rig, CLOCK_MOVED, -3600);
	rig_once(&rig);
	program_preload(NULL);
	struct reply first, second;
	reply_open(&first, &rig, "first.csv", 0);
	reply_open(&second, &rig, "second.csv", 0);
	cr_expect_lt(strcmp(first.run, second.run), 0, "%s, %s", first.run, second.run);
	cr_expect_lt(strcmp(json_string_value(json_object_get(second.summary, "finished")),
	                 json_string_value(json_object_get(first.summary, "finished"))),
	    0, "the clock was not set back");
	reply_close(&first);
	reply_close(&second);
	law_close(&rig);
}

Test(hostile, a_network_file_system_that_cannot_refuse_to_replace)
{
	static const char rows[] = "username,course1\np1,C1\nnobody,C1\n";
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .done }\n"});
	rig_drop(&rig, "staff.csv", rows);
	files_write(rig_inbox(&rig, "staff.csv.done").text, "", 0, 0640);
	rig_drop(&rig, "refused.csv", "username,curse1\np1,C1\n");
	files_write(rig_inbox(&rig, "refused.csv.done").text, "", 0, 0640);
	program_preload(NO_NOREPLACE);
	rig_once(&rig);
	program_preload(NULL);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	cr_expect_eq(reply_count(&rig, "refused.csv"), 1);
	law_close(&rig);
}
