/* enrolctl submit, preview and retry: what they put where, and what they wait for. */
#include "fatal.h"
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good[] = "username,course1\np1,C1\n",
                  bad[] = "username,course1\np3,C1\np2,nowhere\n";
static const char feeds[] = "  default: {}\n  hr: { marker: .done }\n";

/* A rig whose folders are there, and beside it a folder of the user's. */
static void make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_once(rig);
	files_make_directory(path_of("%s/home", rig->root.text).text);
}

static struct path home(const struct rig *rig, const char *name)
{
	return path_of("%.500s/home/%s", rig->root.text, name);
}

static struct path home_write(const struct rig *rig, const char *name, const char *text)
{
	struct path path = home(rig, name);
	files_write(path.text, text, strlen(text), 0640);
	return path;
}

/* enrolctl with up to five words, which must end so. Given to the caller. */
static struct finished enrolctl(const struct rig *rig, int status, const char *const words[5])
{
	return program_expect(status, ARGV("enrolctl", "--config", rig->config.text, words[0],
	                                  words[1], words[2], words[3], words[4]));
}

#define WORDS(...) ((const char *const[5]){__VA_ARGS__})

static void expect(const struct rig *rig, int status, const char *says, const char *const words[5])
{
	struct finished finished = enrolctl(rig, status, words);
	const char *said = status == 0 ? finished.out.bytes : finished.err.bytes;
	cr_expect(strstr(said, says), "no '%s' in %s", says, said);
	finished_done(&finished);
}

/* Nothing but folders. */
static void expect_empty_inbox(const struct rig *rig)
{
	struct listing listing = files_list(rig_path(rig, "inbox").text);
	for (size_t i = 0; i < listing.count; i++)
		cr_expect(S_ISDIR(listing.entries[i].mode), "%s", listing.entries[i].path);
	listing_done(&listing);
}

/* By it a full file is told from an older one. */
Test(submit, keeps_the_time_of_the_file)
{
	struct rig rig;
	struct stat before, after;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	struct finished touched =
	    program_expect(0, ARGV("/bin/touch", "-d", "2026-01-01", file.text));
	finished_done(&touched);
	expect(&rig, 0, "staff.csv waits in ", WORDS("submit", file.text));
	cr_assert_eq(stat(file.text, &before), 0);
	cr_assert_eq(stat(rig_inbox(&rig, "staff.csv").text, &after), 0);
	cr_expect_eq(before.st_mtime, after.st_mtime);
	rig_note(&rig, "staff.csv", good, sizeof good - 1);
	rig_once(&rig);
	law_close(&rig);
}

Test(submit, puts_a_file_into_the_inbox_where_it_is_taken)
{
	struct rig rig;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	expect(&rig, 0, "staff.csv waits in ", WORDS("submit", file.text));
	expect(&rig, 75, "staff.csv waits in ", WORDS("submit", file.text));
	rig_note(&rig, "staff.csv", good, strlen(good));
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	cr_expect(files_exist(file.text));
	law_close(&rig);
}

Test(submit, brings_what_lies_beside_a_file_and_its_marker)
{
	struct rig rig;
	struct reply reply;
	char hash[HASH_SIZE];
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	files_hash_bytes(bad, strlen(bad), hash);
	home_write(&rig, "staff.csv.sha256", path_of("%s  staff.csv\n", hash).text);
	home_write(&rig, "staff.csv.rows", "1\n");
	expect(&rig, 0, "inbox/hr; the daemon is not running",
	    WORDS("submit", "--feed", "hr", file.text));
	cr_expect(files_exist(rig_inbox(&rig, "hr/staff.csv.done").text));
	cr_expect(files_exist(rig_inbox(&rig, "hr/staff.csv.rows").text));
	rig_note(&rig, "hr/staff.csv", good, strlen(good));
	rig_once(&rig);
	reply_open(&reply, &rig, "hr/staff.csv", 0);
	cr_expect_str_eq(reply_refusal(&reply), "checksum_mismatch");
	reply_close(&reply);
	expect_empty_inbox(&rig);
	law_close(&rig);
}

Test(submit, says_as_json_what_it_did)
{
	struct rig rig;
	char hash[HASH_SIZE];
	make(&rig);
	struct path file = home_write(&rig, "stäff.csv", good);
	struct finished finished = enrolctl(&rig, 0, WORDS("--json", "preview", file.text));
	json_t *object = json_loads(finished.out.bytes, 0, NULL);
	const char *name, *feed, *mode, *place, *sha256;
	int size, daemon;
	cr_assert_eq(json_unpack(object, "{s:s, s:s, s:s, s:s, s:i, s:s, s:b}", "file", &name,
	                 "feed", &feed, "mode", &mode, "place", &place, "bytes", &size, "sha256",
	                 &sha256, "daemon", &daemon),
	    0, "%s", finished.out.bytes);
	files_hash_bytes(good, strlen(good), hash);
	cr_expect_str_eq(name, "stäff.csv");
	cr_expect_str_eq(feed, "default");
	cr_expect_str_eq(mode, "preview");
	cr_expect_str_eq(place, rig_inbox(&rig, "preview").text);
	cr_expect_str_eq(sha256, hash);
	cr_expect_eq(size, (int)strlen(good));
	cr_expect_not(daemon);
	json_decref(object);
	finished_done(&finished);
	rig_remove(&rig);
}

/* Status and what is said of each; nothing of it stays in the inbox. */
static const struct refused {
	int status;
	const char *words[3], *says;
} refused[] = {
    {64, {"--feed", "hrr", "staff.csv"}, "there is no feed hrr; did you mean hr?"},
    {64, {"--feed", "payroll", "staff.csv"}, "there is no feed payroll: "},
    {1, {"missing.csv"}, "there is no file "},
    {1, {"folder"}, "is not a regular file"},
    {1, {"fifo"}, "give - as the file"},
    {1, {"empty.csv"}, "empty.csv is empty"},
    {1, {"staff.csv.part"}, "would never be taken"},
    {1, {".staff.csv"}, "would never be taken"},
    {1, {"new\nline.csv"}, "new_line.csv would never be taken, for its name: it is not UTF-8"},
    {1, {"hr"}, "it is that of a folder"},
    {1, {"--feed", "hr", "staff.csv.done"}, "would never be taken"},
    {1, {"beside.csv"}, "beside.csv.sha256 is not a regular file"},
};

Test(submit, refuses_what_would_never_be_taken)
{
	struct rig rig;
	make(&rig);
	home_write(&rig, "staff.csv", good);
	home_write(&rig, "beside.csv", good);
	files_make_directory(home(&rig, "beside.csv.sha256").text);
	for (size_t i = 5; i < sizeof refused / sizeof *refused; i++) {
		const struct refused *it = &refused[i];
		home_write(&rig, it->words[it->words[2] ? 2 : 0], i == 5 ? "" : good);
	}
	files_make_directory(home(&rig, "folder").text);
	cr_assert_eq(mkfifo(home(&rig, "fifo").text, 0600), 0);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		const struct refused *it = &refused[i];
		struct path file = home(&rig, it->words[it->words[2] ? 2 : 0]);
		if (it->words[2])
			expect(&rig, it->status, it->says,
			    WORDS("submit", it->words[0], it->words[1], file.text));
		else
			expect(&rig, it->status, it->says, WORDS("submit", file.text));
		expect_empty_inbox(&rig);
	}
	rig_remove(&rig);
}

Test(submit, takes_the_standard_input_and_nothing_of_an_empty_one)
{
	struct rig rig;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	static const char script[] = "exec \"$0\" --config \"$1\" submit - <\"$2\"";
	struct path program = path_of("%s/enrolctl", program_directory());
	struct finished finished = program_expect(
	    0, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text));
	char name[64];
	cr_assert_eq(sscanf(finished.out.bytes, "%60s waits", name), 1);
	cr_expect(text_starts(name, "stdin-20") && text_ends(name, ".csv"), "%s", name);
	finished_done(&finished);
	rig_note(&rig, name, good, strlen(good));
	finished = program_expect(
	    1, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, "/dev/null"));
	cr_expect(strstr(finished.err.bytes, "is empty"));
	finished_done(&finished);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, name), 1);
	law_close(&rig);
}

Test(submit, takes_the_standard_input_under_the_name_that_is_said)
{
	struct rig rig;
	struct reply reply;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	static const char script[] = "exec \"$0\" --config \"$1\" submit - --as \"$3\" <\"$2\"";
	struct path program = path_of("%s/enrolctl", program_directory());
	static const char *const wrong[] = {"", "hr/night.csv", "../night.csv"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct finished no = program_expect(64, ARGV("/bin/sh", "-c", script, program.text,
		                                            rig.config.text, file.text, wrong[i]));
		cr_expect(strstr(no.err.bytes, "without folders"), "%s", no.err.bytes);
		finished_done(&no);
	}
	struct finished finished = program_expect(1,
	    ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text, ".night.csv"));
	cr_expect(strstr(finished.err.bytes, "begins with a dot"), "%s", finished.err.bytes);
	finished_done(&finished);
	finished = program_expect(0,
	    ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text, "night.csv"));
	cr_expect(text_starts(finished.out.bytes, "night.csv waits"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_note(&rig, "night.csv", good, strlen(good));
	rig_once(&rig);
	reply_open(&reply, &rig, "night.csv", 0);
	cr_expect_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
	law_close(&rig);
}

/* A disk that is full, as far as a process can make one. */
Test(submit, that_cannot_write_all_of_it_leaves_nothing)
{
	static char large[8192];
	struct rig rig;
	make(&rig);
	memset(large, 'x', sizeof large - 1);
	struct path file = home_write(&rig, "large.csv", large);
	struct finished finished = program_run(ARGV("/bin/sh", "-c",
	    "trap '' XFSZ; ulimit -f 1; exec \"$0\" --config \"$1\" submit \"$2\"",
	    path_of("%s/enrolctl", program_directory()).text, rig.config.text, file.text));
	cr_expect(finished.status == 1 || finished.status == 75, "%d", finished.status);
	cr_expect(strstr(finished.err.bytes, "large.csv: cannot write"), "%s", finished.err.bytes);
	finished_done(&finished);
	expect_empty_inbox(&rig);
	rig_remove(&rig);
}

Test(submit, that_is_killed_leaves_nothing_that_is_taken)
{
	struct rig rig;
	struct program program;
	make(&rig);
	struct path fifo = home(&rig, "fifo");
	cr_assert_eq(mkfifo(fifo.text, 0600), 0);
	program_start(&program,
	    ARGV("/bin/sh", "-c", "exec \"$0\" --config \"$1\" submit - <\"$2\"",
	        path_of("%s/enrolctl", program_directory()).text, rig.config.text, fifo.text),
	    NULL);
	int pipe = open(fifo.text, O_WRONLY | O_CLOEXEC);
	static char part[256 << 10]; /* more than a pipe holds: it has been read */
	memset(part, 'x', sizeof part);
	for (size_t i = 0; i < 8; i++)
		cr_assert_eq(write(pipe, part, sizeof part), (ssize_t)sizeof part);
	program_signal(&program, SIGKILL);
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, -SIGKILL);
	finished_done(&finished);
	close(pipe);
	expect_empty_inbox(&rig);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	rig_remove(&rig);
}

Test(submit, does_not_take_over_what_somebody_else_has_put_beside_it)
{
	struct rig rig;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	home_write(&rig, "staff.csv.rows", "1\n");
	files_write(rig_inbox(&rig, "staff.csv.rows").text, "2\n", 2, 0640);
	expect(&rig, 75, "staff.csv.rows lies in", WORDS("submit", file.text));
	cr_expect_not(files_exist(rig_inbox(&rig, "staff.csv").text));
	/* The same bytes serve as well as ours: somebody was killed. */
	files_write(rig_inbox(&rig, "staff.csv.rows").text, "1\n", 2, 0640);
	expect(&rig, 0, "waits", WORDS("submit", file.text));
	/* Nor does it leave its own there when its file cannot come. */
	files_remove(rig_inbox(&rig, "staff.csv.rows").text);
	expect(&rig, 75, "staff.csv waits", WORDS("submit", file.text));
	cr_expect_not(files_exist(rig_inbox(&rig, "staff.csv.rows").text));
	rig_remove(&rig);
}

static struct path of_root(const struct rig *rig, const char *name)
{
	struct path copy = path_of("%s/%s", rig->root.text, name);
	files_copy(path_of("%s/%s", program_directory(), name).text, copy.text);
	cr_assert_eq(chmod(copy.text, 0755), 0);
	return copy;
}

static void give(const char *path, uid_t user, gid_t group, mode_t mode)
{
	cr_assert_eq(chown(path, user, group), 0, "%s", path);
	cr_assert_eq(chmod(path, mode), 0, "%s", path);
}

/* The daemon is nobody, whoever drops has the feed's group only. */
Test(submit, works_for_whoever_may_write_into_the_folder)
{
	static const char script[] = "exec setpriv --reuid=65533 --regid=65533 --groups=65532 "
	                             "\"$0\" --config \"$1\" submit --feed hr $3 \"$2\"";
	const struct passwd *user = getpwnam("nobody");
	struct rig rig;
	struct stat status;
	if (getuid() != 0 || !user)
		cr_skip_test("only root can be somebody else");
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good), program = of_root(&rig, "enrolctl");
	struct path inbox = rig_inbox(&rig, "hr"), dropped = rig_inbox(&rig, "hr/staff.csv");
	give(rig.root.text, user->pw_uid, user->pw_gid, 0755);
	give(home(&rig, "").text, 65533, 65533, 0700);
	give(file.text, 65533, 65533, 0600);
	give(rig.config.text, user->pw_uid, user->pw_gid, 0644);
	give(rig.directory.text, user->pw_uid, user->pw_gid, 0751);
	give(rig_path(&rig, "outbox").text, user->pw_uid, user->pw_gid, 0750);
	give(rig_path(&rig, "inbox").text, user->pw_uid, user->pw_gid, 03771);
	for (int is_setgid = 0; is_setgid < 2; is_setgid++) {
		give(inbox.text, user->pw_uid, 65532, is_setgid ? 02730 : 0730);
		struct finished finished = program_expect(
		    0, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text, ""));
		finished_done(&finished);
		cr_assert_eq(stat(dropped.text, &status), 0);
		cr_expect_eq(status.st_uid, 65533);
		cr_expect_eq(status.st_gid, 65532);
		cr_expect_eq(status.st_mode & 0777, 0640);
		files_remove(dropped.text);
		files_remove(rig_inbox(&rig, "hr/staff.csv.done").text);
	}
	struct finished finished = program_expect(
	    1, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text, "--wait"));
	cr_expect(
	    strstr(finished.err.bytes, "you may not read the answers"), "%s", finished.err.bytes);
	finished_done(&finished);
	give(inbox.text, user->pw_uid, user->pw_gid, 0770);
	finished = program_expect(
	    1, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text, ""));
	cr_expect(strstr(finished.err.bytes, "Permission denied"), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_not(files_exist(dropped.text));
	/* Somebody else's folder in the place of the feed's. */
	give(inbox.text, 65533, 65533, 0770);
	finished = program_expect(
	    1, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text, ""));
	cr_expect(strstr(finished.err.bytes, "belongs to user 65533"), "%s", finished.err.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(submit, as_root_makes_what_is_the_daemons)
{
	const struct passwd *user = getpwnam("nobody");
	struct rig rig;
	struct stat status;
	if (getuid() != 0 || !user)
		cr_skip_test("only root can be somebody else");
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	give(home(&rig, "").text, 0, 0, 0700);
	give(rig.root.text, user->pw_uid, user->pw_gid, 0755);
	give(rig.directory.text, user->pw_uid, user->pw_gid, 0750);
	give(rig_path(&rig, "inbox").text, user->pw_uid, user->pw_gid, 01770);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	expect(&rig, 0, "waits", WORDS("submit", file.text));
	unsetenv("ASAN_OPTIONS");
	cr_assert_eq(stat(rig_inbox(&rig, "staff.csv").text, &status), 0);
	cr_expect_eq(status.st_uid, user->pw_uid);
	rig_remove(&rig);
}

/* ---- waiting ---- */

Test(waiting, ends_with_the_answer)
{
	struct rig rig;
	struct service service;
	make(&rig);
	service_start(&service, &rig);
	struct path file = home_write(&rig, "staff.csv", good);
	for (int again = 0; again < 2; again++) {
		rig_note(&rig, "staff.csv", good, strlen(good));
		expect(&rig, 0, again ? "1: 1 unchanged\n" : "1: 1 done\n",
		    WORDS("submit", "--wait", file.text));
	}
	rig_note(&rig, "preview/staff.csv", good, strlen(good));
	expect(&rig, 0, "(a preview: nothing was changed)", WORDS("preview", "--wait", file.text));
	file = home_write(&rig, "staff.csv", bad);
	rig_note(&rig, "hr/staff.csv", bad, strlen(bad));
	struct finished finished =
	    enrolctl(&rig, 1, WORDS("submit", "--wait", "--feed", "hr", file.text));
	cr_expect(strstr(finished.out.bytes, "2: 1 done, 1 error\n"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "course_not_found"), "%s", finished.out.bytes);
	finished_done(&finished);
	file = home_write(&rig, "other.csv", "username,nonsense\np1,C1\n");
	rig_note(&rig, "other.csv", "username,nonsense\np1,C1\n", 24);
	finished = enrolctl(&rig, 1, WORDS("--json", "submit", "--wait", file.text));
	cr_expect(strstr(finished.out.bytes, "\"status\":\"refused\""), "%s", finished.out.bytes);
	finished_done(&finished);
	service_stop(&service);
	law_close(&rig);
}

Test(waiting, ends_without_a_daemon_and_the_file_stays)
{
	struct rig rig;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	expect(&rig, 69, "the daemon is not running", WORDS("submit", "--wait", file.text));
	cr_expect(files_exist(rig_inbox(&rig, "staff.csv").text));
	rig_remove(&rig);
}

/* Of a spool that is root's, with the group of one feed. */
Test(waiting, tells_who_may_read_one_feeds_answers_what_is_in_them)
{
	static const char script[] = "exec setpriv --reuid=65533 --regid=65533 --groups=65532 "
	                             "\"$0\" --config \"$1\" submit --feed hr --wait \"$2\"";
	static const char cut[] = "username,course1\np1,C1\nnobody,C1";
	struct rig rig;
	struct service service;
	if (getuid() != 0)
		cr_skip_test("only root can be somebody else");
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", cut), program = of_root(&rig, "enrolctl");
	give(rig.root.text, 0, 0, 0755);
	give(home(&rig, "").text, 0, 0, 0755);
	give(file.text, 65533, 65533, 0600);
	give(rig.config.text, 0, 0, 0644);
	give(rig.directory.text, 0, 0, 0751);
	give(rig_path(&rig, "inbox").text, 0, 0, 01771);
	give(rig_path(&rig, "outbox").text, 0, 0, 0751);
	give(rig_inbox(&rig, "hr").text, 0, 65532, 02770);
	give(rig_path(&rig, "outbox/hr").text, 0, 65532, 02750);
	service_start(&service, &rig);
	struct finished finished = program_expect(
	    1, ARGV("/bin/sh", "-c", script, program.text, rig.config.text, file.text));
	cr_expect(strstr(finished.out.bytes, "2 rows: 1 done, 1 error, 1 skipped.\n"), "%s",
	    finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "\n  The last line"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "/outbox/hr/staff."), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_note(&rig, "hr/staff.csv", cut, strlen(cut));
	service_stop(&service);
	law_close(&rig);
}

/* It is said while the program goes on. */
static void await_word(const struct program *program, const char *word)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	do {
		struct buffer said = program_said(program->err);
		bool is_said = strstr(said.bytes, word) != NULL;
		buffer_done(&said);
		if (is_said)
			return;
	} while (movement_pause(&movement));
	fatal("not a word of '%s'; %s", word, movement.reason);
}

Test(waiting, says_that_the_feed_is_paused)
{
	struct rig rig;
	struct service service;
	struct program program;
	make(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	service_start(&service, &rig);
	expect(&rig, 0, "", WORDS("pause", "default"));
	program_start(&program,
	    ARGV("enrolctl", "--config", rig.config.text, "submit", "--wait", file.text), NULL);
	rig_note(&rig, "staff.csv", good, strlen(good));
	await_word(&program, "the feed is paused: enrolctl resume default.");
	expect(&rig, 0, "", WORDS("resume", "default"));
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, 0);
	finished_done(&finished);
	service_stop(&service);
	law_close(&rig);
}

/* An older answer to the same bytes is not the one. */
Test(waiting, begins_before_the_daemon_does)
{
	struct rig rig;
	struct program program;
	struct service service;
	make(&rig);
	rig_drop(&rig, "staff.csv", good);
	rig_once(&rig);
	struct path file = home_write(&rig, "staff.csv", good);
	rig_note(&rig, "staff.csv", good, strlen(good));
	program_start(&program,
	    ARGV("enrolctl", "--config", rig.config.text, "submit", "--wait", file.text), NULL);
	service_start(&service, &rig);
	struct finished finished = program_finish(&program);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect(strstr(finished.out.bytes, "1: 1 unchanged\n"), "%s", finished.out.bytes);
	finished_done(&finished);
	service_stop(&service);
	law_close(&rig);
}

/* ---- retry ---- */

static char *retry_file(const struct rig *rig, const char *name)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	char *path = strdup(reply.retry_path.text);
	reply_close(&reply);
	return path;
}

Test(retry, drops_a_retry_file_again_under_its_own_name)
{
	struct rig rig;
	make(&rig);
	expect(&rig, 1, "the outbox has no answer", WORDS("retry", "last"));
	rig_drop(&rig, "staff.csv", bad);
	rig_once(&rig);
	char *path = retry_file(&rig, "staff.csv");
	struct buffer bytes = files_read(path);
	rig_execute(&rig, "UPDATE mdl_course SET shortname = 'nowhere' WHERE shortname = 'C2'");
	expect(&rig, 0, ".retry.csv waits in", WORDS("retry", "last"));
	rig_note(&rig, path_base(path), bytes.bytes, bytes.size);
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, path_base(path)), 1);
	expect(&rig, 1, "no row of it is left to do", WORDS("retry", "last"));
	expect(&rig, 1, "the outbox has no answer of the run 20", WORDS("retry", "2026"));
	expect(&rig, 64, "there is no feed hrr", WORDS("retry", "--feed", "hrr", "last"));
	expect(&rig, 1, "the outbox has no answer", WORDS("retry", "--feed", "hr", "last"));
	buffer_done(&bytes);
	free(path);
	law_close(&rig);
}

/* A cell with a line break is in one row. */
Test(retry, brings_what_its_feed_requires_and_submit_asks_for_it)
{
	static const char two[] = "username,course1,city\np1,nowhere,\"two\nlines\"\np2,nowhere,\n";
	struct rig rig;
	char hash[HASH_SIZE];
	rig_make(
	    &rig, &(struct rig_options){
	              .feeds = "  default: { require: [sha256, rows], upload_type: update }\n"});
	rig_once(&rig);
	files_make_directory(home(&rig, "").text);
	struct path file = home_write(&rig, "staff.csv", two);
	expect(&rig, 1, "without its checksum: put staff.csv.sha256", WORDS("submit", file.text));
	files_hash_bytes(two, strlen(two), hash);
	home_write(&rig, "staff.csv.sha256", path_of("%s  staff.csv\n", hash).text);
	expect(&rig, 1, "put staff.csv.rows", WORDS("submit", file.text));
	home_write(&rig, "staff.csv.rows", "2\n");
	expect(&rig, 0, "waits", WORDS("submit", file.text));
	rig_note(&rig, "staff.csv", two, strlen(two));
	rig_once(&rig);
	char *path = retry_file(&rig, "staff.csv");
	struct buffer bytes = files_read(path);
	expect(&rig, 0, "waits", WORDS("retry", "last"));
	rig_note(&rig, path_base(path), bytes.bytes, bytes.size);
	rig_once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, path_base(path), 0);
	cr_expect_str_eq(reply_status(&reply), "done");
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 2);
	reply_close(&reply);
	buffer_done(&bytes);
	free(path);
	law_close(&rig);
}

Test(retry, finds_a_run_of_any_feed_and_a_rehearsal_stays_one)
{
	struct rig rig;
	make(&rig);
	files_make_directory(rig_inbox(&rig, "hr/preview").text);
	rig_drop(&rig, "hr/preview/staff.csv", bad);
	files_write(rig_inbox(&rig, "hr/preview/staff.csv.done").text, "", 0, 0640);
	rig_once(&rig);
	struct buffer run = rig_query(&rig, "SELECT run FROM enrold_run");
	expect(&rig, 0, "inbox/hr/preview", WORDS("retry", path_of("%.22s", run.bytes).text));
	buffer_done(&run);
	rig_remove(&rig);
}

Test(retry, refuses_a_file_that_is_no_longer_as_enrold_wrote_it)
{
	struct rig rig;
	make(&rig);
	rig_drop(&rig, "staff.csv", bad);
	rig_drop(&rig, "unread.csv", "username,nonsense\np1,C1\n");
	rig_once(&rig);
	struct listing listing = files_list(rig_path(&rig, "quarantine").text);
	char *path = retry_file(&rig, "staff.csv"), *run = strchr(path_base(path), '.') + 1;
	run[22] = '\0';
	char *id = strdup(run);
	run[22] = '.';
	files_write(path, good, strlen(good), 0600);
	expect(&rig, 1, "not as enrold wrote it", WORDS("retry", id));
	files_remove(path);
	expect(&rig, 1, "cannot open staff.", WORDS("retry", id));
	expect_empty_inbox(&rig);
	listing_done(&listing);
	free(path);
	free(id);
	rig_remove(&rig);
}

/* ---- the command line ---- */

Test(command_line, that_is_none_says_what_it_would_have_to_be)
{
	static const struct {
		const char *words[5], *says;
	} cases[] = {
	    {{NULL}, "enrolctl: no command; enrolctl --help lists them\n"},
	    {{"stats"}, "there is no command stats; did you mean status?\n"},
	    {{"fro\nb"}, "there is no command fro_b; enrolctl --help lists them\n"},
	    {{"submit"}, "] submit FILE [--feed F] [--wait] [--as NAME]\n"},
	    {{"submit", "a", "b"}, "] submit FILE [--feed F] [--wait] [--as NAME]\n"},
	    {{"lms", "check", "--wait"}, "usage: enrolctl [--config FILE] [--json] lms check\n"},
	    {{"lms"}, "] lms init\nusage: enrolctl [--config FILE] [--json] lms check\n"},
	    {{"submit", "--bogus"}, "'--bogus'\nenrolctl --help"},
	};
	struct rig rig;
	rig_make(&rig, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(&rig, 64, cases[i].says, cases[i].words);
	rig_remove(&rig);
}
