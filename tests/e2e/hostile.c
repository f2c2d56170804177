/* An inbox whose users are not to be trusted, or just live on another clock. */
#include "answer.h"
#include "fatal.h"
#include "law.h"
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

TestSuite(hostile, .timeout = 120);

static const char text[] = "username,course1\np1,C1\n";
static const char more[] = "p2,C2\n";

static struct finished once_traced(
    const struct spool *spool, bool reads, tracer_on_call *on_call, void *context)
{
	const struct tracer tracer = {
	    .reads = reads, .below = spool->root.text, .on_call = on_call, .context = context};
	return tracer_run(&tracer, ARGV("enrold", "--config", spool->config.text, "--once"));
}

Test(hostile, links_and_devices_are_never_opened_for_what_they_lead_to)
{
	struct spool spool;
	spool_make(&spool, NULL);
	cr_assert_eq(symlink("/dev/zero", spool_inbox(&spool, "zero.csv").text), 0);
	cr_assert_eq(symlink("/etc", spool_inbox(&spool, "etc.csv").text), 0);
	cr_assert_eq(symlink("preview", spool_inbox(&spool, "loop.csv").text), 0);
	cr_assert_eq(symlink("self.csv", spool_inbox(&spool, "self.csv").text), 0);
	/* Only root may make one; then it is tried. */
	int made = mknod(spool_inbox(&spool, "null.csv").text, S_IFCHR | 0666, makedev(1, 3));
	cr_assert(made == 0 || errno == EPERM);
	spool_drop(&spool, "zz.csv", text);
	spool_once(&spool);
	cr_expect_eq(answer_count(&spool, "zz.csv"), 1);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM enrold_run"), 1);
	law_close(&spool);
}

/* Put in the place of a file in the moment of the claim, and killed before that was seen. */
Test(hostile, what_is_no_file_goes_back_even_from_work)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct path link_box =
	    spool_path(&spool, "work/" SPOOL_NODE "/20240101-000000-000001/inbox");
	struct path fifo_box =
	    spool_path(&spool, "work/" SPOOL_NODE "/20240101-000000-000002/inbox");
	files_make_directory(link_box.text);
	files_make_directory(fifo_box.text);
	cr_assert_eq(symlink("/dev/zero", path_of("%s/zero.csv", link_box.text).text), 0);
	cr_assert_eq(mkfifo(path_of("%s/fifo.csv", fifo_box.text).text, 0600), 0);
	spool_drop(&spool, "staff.csv", text);
	spool_once(&spool);
	cr_expect(files_exist(spool_inbox(&spool, "zero.csv").text));
	cr_expect(files_exist(spool_inbox(&spool, "fifo.csv").text));
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM enrold_run"), 1);
	law_close(&spool);
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
	struct spool spool;
	size_t times = 0;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	spool_make(&spool, NULL);
	spool_drop(&spool, "secret.csv", text);
	spool_drop(&spool, "staff.csv", text);
	struct finished finished = once_traced(&spool, true, deny, &times);
	cr_expect_eq(finished.status, 0);
	cr_expect_eq(times, 1);
	const char *told = strstr(finished.err.bytes, "\"file_left\"");
	cr_expect(told && !strstr(told + 1, "\"file_left\""), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "give its user the right"));
	finished_done(&finished);
	cr_expect(files_exist(spool_inbox(&spool, "secret.csv").text));
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	spool_once(&spool);
	law_close(&spool);
}

/* Nobody fills the log by what he leaves in an inbox; how much it was is said all the same. */
Test(hostile, so_many_files_that_stay_are_told_of_and_then_how_many_more)
{
	enum { LEFT = 130, TOLD = 100 };
	struct spool spool;
	spool_make(&spool, NULL);
	spool_once(&spool);
	for (int i = 0; i < LEFT; i++) {
		struct path name = path_of("link-%d.csv", i);
		cr_assert_eq(symlink("/dev/zero", spool_inbox(&spool, name.text).text), 0);
	}
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", spool.config.text, "--once"));
	size_t told = 0;
	for (const char *at = finished.err.bytes; (at = strstr(at, "\"file_left\"")); at++)
		told++;
	cr_expect_eq(told, TOLD, "%zu lines", told);
	cr_expect(strstr(finished.err.bytes, "30 more times a file stayed in the inbox"));
	finished_done(&finished);
	law_close(&spool);
}

/* ---- a writer who is not done ---- */

struct writer {
	int file; /* open since before the file was taken */
	enum call_kind kind;
	const char *end; /* strikes before the first such call */
	void (*strike)(const struct writer *writer);
	const struct spool *spool;
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
	struct path other = path_of("%s/other", writer->spool->root.text);
	files_write(other.text, "username,course1\np3,C3\n", 23, 0640);
	files_rename(other.text, spool_inbox(writer->spool, "staff.csv").text);
}

/* Drops staff.csv, lets the writer strike once while it is being taken; how often it was answered,
 * and who is enrolled in the end. */
static void play(struct writer writer, size_t answers, const char *enrolled, bool is_held)
{
	struct spool spool;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	spool_make(&spool, NULL);
	struct path path = spool_inbox(&spool, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	writer.spool = &spool;
	writer.file = open(path.text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(writer.file, 0);
	struct finished finished = once_traced(&spool, false, write_on, &writer);
	close(writer.file);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_eq(writer.strikes, 1);
	finished_done(&finished);
	cr_expect_eq(answer_count(&spool, "staff.csv"), answers);
	struct buffer state = spool_query(&spool,
	    "SELECT u.username FROM mdl_user_enrolments e JOIN mdl_user u ON u.id = e.userid "
	    "ORDER BY 1");
	cr_expect_str_eq(state.bytes, enrolled);
	buffer_done(&state);
	cr_expect_eq(files_count(spool_path(&spool, "held").text, ""), is_held ? 1 : 0);
	spool_remove(&spool);
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
	if (symlink("x", spool_inbox(writer->spool, name).text) != 0)
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
	struct spool spool;
	struct writer writer = {.spool = &spool};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	spool_make(&spool, NULL);
	struct path path = spool_inbox(&spool, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	writer.file = open(path.text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(writer.file, 0);
	struct finished finished = once_traced(&spool, false, names_take, &writer);
	close(writer.file);
	cr_expect_eq(writer.strikes, 1);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_not(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	spool_remove(&spool);
}

/* Also among what an earlier version held, named after its file alone. */
Test(hostile, what_is_held_carries_its_run_and_is_told)
{
	struct spool spool;
	struct writer writer = {
	    .kind = CALL_CREATE, .end = "/result.csv", .strike = append, .spool = &spool};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	spool_make(&spool, NULL);
	files_make_directory(spool_path(&spool, "held").text);
	files_write(spool_path(&spool, "held/staff.csv").text, "", 0, 0640);
	for (int i = 1; i < 10000; i++)
		files_write(spool_path(&spool, "held/staff.%d.csv", i).text, "", 0, 0640);
	struct path path = spool_inbox(&spool, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	writer.file = open(path.text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(writer.file, 0);
	struct finished finished = once_traced(&spool, false, write_on, &writer);
	close(writer.file);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	struct answer answer;
	answer_open(&answer, &spool, "staff.csv", 0);
	struct path held = path_of("held/staff.%s.csv", answer.run);
	cr_expect(files_exist(spool_path(&spool, "%s", held.text).text), "%s", held.text);
	cr_expect(strstr(finished.err.bytes, "\"file_held\""), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, held.text), "%s", finished.err.bytes);
	answer_close(&answer);
	finished_done(&finished);
	spool_remove(&spool);
}

Test(hostile, files_that_are_gone_after_their_event_are_no_trouble)
{
	struct spool spool;
	struct service service;
	spool_make(&spool, NULL);
	service_start(&service, &spool);
	for (int i = 0; i < 300; i++) {
		struct path path = spool_inbox(&spool, path_of("gone%d.csv", i).text);
		files_write(path.text, text, strlen(text), 0640);
		files_remove(path.text);
	}
	spool_drop(&spool, "staff.csv", text);
	service_hear(&service, "STATUS=1 feed, 0 files waiting, 0 running");
	struct buffer said = program_said(service.program.err);
	cr_expect_not(strstr(said.bytes, "\"run_waits\""), "%s", said.bytes);
	buffer_done(&said);
	service_stop(&service);
	spool_once(&spool);
	cr_expect_geq(answer_count(&spool, "staff.csv"), 1);
	spool_remove(&spool);
}

/* Nothing here may read it through: hashing it would take an hour. */
Test(hostile, a_sparse_terabyte_is_refused_at_once)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct path path = path_of("%s/stage/huge", spool.root.text);
	int file = open(path.text, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	cr_assert_geq(file, 0);
	if (ftruncate(file, (off_t)1 << 40) != 0)
		cr_skip_test("this file system has no files of a terabyte");
	close(file);
	files_rename(path.text, spool_inbox(&spool, "huge.csv").text);
	spool_once(&spool);
	struct answer answer;
	answer_open(&answer, &spool, "huge.csv", 0);
	cr_expect_str_eq(answer_refusal(&answer), "file_too_large");
	answer_close(&answer);
	cr_expect_eq(files_count(spool_path(&spool, "quarantine").text, ".csv"), 1);
	struct listing kept = files_list(spool_path(&spool, "quarantine").text);
	for (size_t i = 0; i < kept.count; i++)
		if (text_ends(kept.entries[i].path, ".reason.txt")) {
			struct buffer reason = files_read(
			    spool_path(&spool, "quarantine/%s", kept.entries[i].path).text);
			cr_expect(
			    strstr(reason.bytes, "the sender's own file"), "%s", reason.bytes);
			buffer_done(&reason);
		}
	listing_done(&kept);
	spool_remove(&spool);
}

Test(hostile, an_inbox_on_another_file_system_is_a_wrong_setting)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct path inbox = spool_path(&spool, "inbox");
	files_make_directory(inbox.text);
	if (mount("tmpfs", inbox.text, "tmpfs", 0, "size=1m") != 0) {
		spool_remove(&spool);
		cr_skip_test("mounting is not allowed here");
	}
	struct finished finished =
	    program_run(ARGV("enrold", "--config", spool.config.text, "--once"));
	umount(inbox.text);
	cr_expect_eq(finished.status, 78, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "another file system"), "%s", finished.err.bytes);
	finished_done(&finished);
	spool_once(&spool);
	law_close(&spool);
}

Test(hostile, a_clock_set_back_an_hour_gives_no_run_a_second_time)
{
	struct spool spool;
	spool_make(&spool, NULL);
	spool_drop(&spool, "first.csv", text);
	spool_once(&spool);
	spool_drop(&spool, "second.csv", "username,course1\np2,C2\n");
	setenv("LD_PRELOAD", HOUR_BACK, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	spool_once(&spool);
	unsetenv("LD_PRELOAD");
	unsetenv("ASAN_OPTIONS");
	struct answer first, second;
	answer_open(&first, &spool, "first.csv", 0);
	answer_open(&second, &spool, "second.csv", 0);
	cr_expect_lt(strcmp(first.run, second.run), 0, "%s, %s", first.run, second.run);
	cr_expect_lt(strcmp(json_string_value(json_object_get(second.summary, "finished")),
	                 json_string_value(json_object_get(first.summary, "finished"))),
	    0, "the clock was not set back");
	answer_close(&first);
	answer_close(&second);
	law_close(&spool);
}

Test(hostile, a_network_file_system_that_cannot_refuse_to_replace)
{
	static const char rows[] = "username,course1\np1,C1\nnobody,C1\n";
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { marker: .done }\n"});
	spool_drop(&spool, "staff.csv", rows);
	files_write(spool_inbox(&spool, "staff.csv.done").text, "", 0, 0640);
	spool_drop(&spool, "refused.csv", "username,curse1\np1,C1\n");
	files_write(spool_inbox(&spool, "refused.csv.done").text, "", 0, 0640);
	setenv("LD_PRELOAD", NO_NOREPLACE, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	spool_once(&spool);
	unsetenv("LD_PRELOAD");
	unsetenv("ASAN_OPTIONS");
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	cr_expect_eq(answer_count(&spool, "refused.csv"), 1);
	law_close(&spool);
}
