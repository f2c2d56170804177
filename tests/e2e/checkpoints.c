/* Checkpoints: signed notes in outbox/checkpoints, and a command that takes them elsewhere. The law
 * looks at each of them: it tells what is so, and is signed by a key that lies beside it. */
#include "law.h"
#include "program.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";

#define DAY 86400L

static struct path beside(const char *name)
{
	return path_of("/tmp/enrold-checkpoints-%d-%s", (int)getpid(), name);
}

/* The key is made when there is a site. */
static void make(struct rig *rig, const char *more)
{
	static struct path settings;
	settings = path_of(
	    "checkpoints: { key: %s%s, origin: example.org/enrold }\n", beside("key").text, more);
	unlink(beside("key").text);
	unlink(beside("to.sh").text);
	rig_make(rig, &(struct rig_options){.settings = settings.text,
	                  .feeds = "  default: {}\n  hr: {}\n  lms: {}\n"});
}

static struct path key_make(const struct rig *rig, const char *name)
{
	struct finished finished = program_expect(
	    0, ARGV("enrolctl", "--config", rig->config.text, "key", "make", beside(name).text));
	struct path key =
	    path_of("%.*s", (int)strcspn(finished.out.bytes, "\n"), finished.out.bytes);
	cr_assert(strstr(finished.out.bytes, "\n-----BEGIN PUBLIC KEY-----\n"));
	cr_assert_null(strstr(finished.out.bytes, "PRIVATE"));
	finished_done(&finished);
	return key;
}

static void make_with_key(struct rig *rig, const char *more)
{
	make(rig, more);
	key_make(rig, "key");
}

static void to_write(const char *script)
{
	files_write(beside("to.sh").text, script, strlen(script), 0700);
}

static void end(struct rig *rig)
{
	static const char *const names[] = {"key", "key2", "to.sh", "given", "away", "text", "sig"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(beside(names[i]).text);
	law_close(rig);
}

static struct path note_path(const struct rig *rig, size_t number)
{
	return rig_path(rig, "outbox/checkpoints/%010zu.note", number);
}

static bool has_note(const struct rig *rig, size_t number)
{
	return files_exist(note_path(rig, number).text);
}

static size_t notes_count(const struct rig *rig)
{
	return files_count(rig_path(rig, "outbox/checkpoints").text, ".note");
}

static void runs_make(struct rig *rig, int first, int last)
{
	for (int i = first; i <= last; i++)
		rig_drop(rig, path_of("staff-%d.csv", i).text, text);
	rig_once(rig);
}

/* Whatever day it is: the notes that are there are of an earlier one. */
static void notes_age(const struct rig *rig)
{
	struct listing listing = files_list(rig_path(rig, "outbox/checkpoints").text);
	const struct timespec times[] = {
	    {.tv_sec = time(NULL) - 2 * DAY}, {.tv_sec = time(NULL) - 2 * DAY}};
	for (size_t i = 0; i < listing.count; i++)
		cr_assert_eq(
		    utimensat(AT_FDCWD,
		        rig_path(rig, "outbox/checkpoints/%s", listing.entries[i].path).text, times,
		        0),
		    0);
	listing_done(&listing);
}

Test(checkpoints, are_made_of_each_run_of_so_many_and_at_the_end_of_a_day)
{
	struct rig rig;
	make_with_key(&rig, ", every: 3");
	runs_make(&rig, 1, 1); /* there is none of this day */
	cr_expect(has_note(&rig, 1));
	runs_make(&rig, 2, 7);
	cr_expect(has_note(&rig, 3));
	cr_expect(has_note(&rig, 6));
	cr_expect_eq(notes_count(&rig), 3);
	rig_once(&rig);
	cr_expect_eq(notes_count(&rig), 3);
	notes_age(&rig);
	rig_once(&rig);
	cr_expect(has_note(&rig, 7));
	notes_age(&rig);
	rig_once(&rig); /* nothing has happened since */
	cr_expect_eq(notes_count(&rig), 4);
	end(&rig);
}

Test(checkpoints, are_made_of_every_run_by_several_workers_and_by_a_daemon)
{
	struct rig rig;
	struct service service;
	make_with_key(&rig, ", every: 1");
	service_start(&service, &rig);
	for (int i = 0; i < 20; i++)
		rig_drop(&rig,
		    path_of("%sstaff-%d.csv",
		        i % 3 == 0   ? ""
		        : i % 3 == 1 ? "hr/"
		                     : "lms/",
		        i)
		        .text,
		    text);
	service_await(&service, &rig, "", 7);
	service_await(&service, &rig, "hr", 7);
	service_await(&service, &rig, "lms", 6);
	service_await_idle(&service, &rig);
	service_stop(&service);
	cr_expect_eq(notes_count(&rig), 20);
	for (size_t i = 1; i <= 20; i++)
		cr_expect(has_note(&rig, i), "%zu", i);
	end(&rig);
}

/* As the manual says: without enrold. */
Test(checkpoints, are_verified_with_openssl_alone)
{
	struct rig rig;
	make_with_key(&rig, ", every: 1");
	runs_make(&rig, 1, 1);
	struct path public = rig_path(&rig, "outbox/checkpoints/*.pub");
	struct path script = path_of(
	    "head -n 3 %s >%s && tail -n 1 %s | cut -d' ' -f3 | base64 -d | tail -c 64 >%s && "
	    "openssl pkeyutl -verify -rawin -pubin -inkey %s -in %s -sigfile %s",
	    note_path(&rig, 1).text, beside("text").text, note_path(&rig, 1).text,
	    beside("sig").text, public.text, beside("text").text, beside("sig").text);
	struct finished finished = program_expect(0, ARGV("/bin/sh", "-c", script.text));
	finished_done(&finished);
	struct path forged = path_of("%s | sed 's/^1$/2/' >%s && openssl pkeyutl -verify -rawin "
	                             "-pubin -inkey %s -in %s -sigfile %s",
	    path_of("head -n 3 %s", note_path(&rig, 1).text).text, beside("text").text, public.text,
	    beside("text").text, beside("sig").text);
	finished = program_expect(1, ARGV("/bin/sh", "-c", forged.text));
	finished_done(&finished);
	end(&rig);
}

Test(checkpoints, keep_no_file_waiting_while_the_key_is_away)
{
	struct rig rig;
	make(&rig, ", every: 2");
	for (int i = 1; i <= 3; i++)
		rig_drop(&rig, path_of("staff-%d.csv", i).text, text);
	struct finished finished = rig_run(&rig, 0);
	const char *told = strstr(finished.err.bytes, "\"checkpoint_failed\"");
	cr_assert(told, "%s", finished.err.bytes);
	cr_expect_null(strstr(told + 1, "\"checkpoint_failed\""), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "cannot open the key of checkpoints"), "%s",
	    finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff-3.csv"), 1);
	cr_expect_eq(notes_count(&rig), 0);
	key_make(&rig, "key");
	rig_once(&rig);
	cr_expect(has_note(&rig, 3)); /* which tells of the second, too */
	cr_expect_eq(notes_count(&rig), 1);
	end(&rig);
}

static const struct {
	const char *bytes;
	mode_t mode;
	const char *why;
} no_keys[] = {
    {"nonsense\n", 0600, "it is no key for checkpoints"},
    {"", 0600, "it is empty"},
    {NULL, 0644, "can be read or written by anybody (mode 0644)"},
    {"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=\n"
     "-----END PUBLIC KEY-----\n",
        0600, "it is the public half"},
};

Test(checkpoints, are_not_signed_by_what_is_no_key_and_checks_say_so)
{
	for (size_t i = 0; i < sizeof no_keys / sizeof *no_keys; i++) {
		struct rig rig;
		make(&rig, "");
		if (no_keys[i].bytes)
			files_write(beside("key").text, no_keys[i].bytes, strlen(no_keys[i].bytes),
			    no_keys[i].mode);
		else
			key_make(&rig, "key");
		chmod(beside("key").text, no_keys[i].mode);
		rig_drop(&rig, "staff.csv", text);
		struct finished finished = rig_run(&rig, 0);
		cr_expect(strstr(finished.err.bytes, no_keys[i].why), "%s: %s", no_keys[i].why,
		    finished.err.bytes);
		finished_done(&finished);
		cr_expect_eq(notes_count(&rig), 0);
		finished = program_run(ARGV("enrold", "--config", rig.config.text, "--check"));
		cr_expect(strstr(finished.err.bytes, no_keys[i].why), "%s", finished.err.bytes);
		finished_done(&finished);
		finished =
		    program_run(ARGV("enrolctl", "--config", rig.config.text, "lms", "check"));
		cr_expect_eq(finished.status, 1);
		cr_expect(
		    strstr(finished.out.bytes, "BAD   checkpoints: "), "%s", finished.out.bytes);
		finished_done(&finished);
		end(&rig);
	}
}

Test(checkpoints, of_an_old_key_stay_when_there_is_a_new_one)
{
	struct rig rig;
	make(&rig, ", every: 1");
	struct path first = key_make(&rig, "key");
	runs_make(&rig, 1, 1);
	files_rename(beside("key").text, beside("away").text); /* it is lost */
	struct path second = key_make(&rig, "key");
	runs_make(&rig, 2, 2);
	cr_expect_str_neq(first.text, second.text);
	cr_expect_eq(files_count(rig_path(&rig, "outbox/checkpoints").text, ".pub"), 2);
	cr_expect_eq(notes_count(&rig), 2);
	end(&rig); /* each is signed by one of them */
}

Test(checkpoints, keys_are_made_for_their_owner_alone_and_never_over_another)
{
	struct rig rig;
	struct stat stat_;
	make(&rig, "");
	struct path key = key_make(&rig, "key");
	cr_expect(text_starts(key.text, "example.org/enrold+"), "%s", key.text);
	cr_assert_eq(stat(beside("key").text, &stat_), 0);
	cr_expect_eq(stat_.st_mode & 07777, 0600);
	struct buffer before = files_read(beside("key").text);
	struct finished finished = program_expect(
	    78, ARGV("enrolctl", "--config", rig.config.text, "key", "make", beside("key").text));
	cr_expect(strstr(finished.err.bytes, "is there already"), "%s", finished.err.bytes);
	finished_done(&finished);
	struct buffer after = files_read(beside("key").text);
	cr_expect_str_eq(after.bytes, before.bytes);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "key", "show"));
	cr_expect(text_starts(finished.out.bytes, key.text), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "--json", "key",
	                                 "show", beside("key").text));
	cr_expect(strstr(finished.out.bytes, "\"origin\":\"example.org/enrold\""), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	buffer_done(&before);
	buffer_done(&after);
	end(&rig);
}

Test(checkpoints, are_signed_by_a_credential)
{
	struct rig rig;
	rig_make(
	    &rig, &(struct rig_options){.settings = "checkpoints: { key: cp.key, every: 1 }\n"});
	struct path folder = path_of("%s/credentials", rig.root.text);
	files_make_directory(folder.text);
	struct path file = path_of("%s/cp.key", folder.text);
	struct finished finished = program_expect(
	    0, ARGV("enrolctl", "--config", rig.config.text, "key", "make", file.text));
	finished_done(&finished);
	rig_drop(&rig, "staff.csv", text);
	finished = rig_run(&rig, 0);
	cr_expect(
	    strstr(finished.err.bytes, "LoadCredential=cp.key:FILE"), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_assert_eq(setenv("CREDENTIALS_DIRECTORY", folder.text, 1), 0);
	rig_once(&rig);
	unsetenv("CREDENTIALS_DIRECTORY");
	cr_expect(has_note(&rig, 1));
	law_close(&rig);
}

/* ---- the command ---- */

static void make_with_command(struct rig *rig, const char *script)
{
	struct path more = path_of(
	    ", every: 1, to: [/bin/sh, %s, %s]", beside("to.sh").text, beside("given").text);
	make_with_key(rig, more.text);
	to_write(script);
	unlink(beside("given").text);
}

static void given_expect(const char *numbers)
{
	struct buffer given = files_read(beside("given").text);
	cr_expect_str_eq(given.bytes, numbers);
	buffer_done(&given);
}

/* The second line of each note. */
static const char take[] = "sed -n 2p >>\"$1\"\n";

Test(checkpoints, are_given_to_a_command_in_order_and_once)
{
	struct rig rig;
	make_with_command(&rig, take);
	runs_make(&rig, 1, 3);
	given_expect("1\n2\n3\n");
	runs_make(&rig, 4, 4);
	rig_once(&rig);
	given_expect("1\n2\n3\n4\n");
	end(&rig);
}

Test(checkpoints, that_a_command_does_not_take_are_given_again)
{
	struct rig rig;
	make_with_command(&rig, "exit 3\n");
	rig_drop(&rig, "staff-1.csv", text);
	rig_drop(&rig, "staff-2.csv", text);
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "was given 0000000001.note and ended with status 3"),
	    "%s", finished.err.bytes);
	finished_done(&finished);
	to_write(take);
	runs_make(&rig, 3, 3);
	given_expect("1\n2\n3\n");
	end(&rig);
}

Test(checkpoints, made_before_there_was_a_command_are_not_given)
{
	struct rig rig;
	make_with_command(&rig, take);
	runs_make(&rig, 1, 1);
	unlink(rig_path(&rig, "outbox/checkpoints/.given").text); /* as if it were new */
	unlink(beside("given").text);
	runs_make(&rig, 2, 3);
	given_expect("2\n3\n");
	end(&rig);
}

Test(checkpoints, are_told_in_the_status_with_what_is_wrong)
{
	struct rig rig;
	struct service service;
	make_with_command(&rig, "echo no; exit 1\n");
	service_start(&service, &rig);
	rig_drop(&rig, "staff.csv", text);
	service_await(&service, &rig, "", 1);
	service_await_log(&service, "\"checkpoint_not_given\"");
	struct finished finished =
	    program_run(ARGV("enrolctl", "--config", rig.config.text, "status", "--check"));
	cr_expect_eq(finished.status, 1);
	cr_expect(strstr(finished.out.bytes, "0000000001.note and ended with status 1"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	finished = program_run(ARGV("enrolctl", "--config", rig.config.text, "--json", "status"));
	cr_expect(
	    strstr(finished.out.bytes, "\"checkpoints\":{\"number\":1,"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_run(ARGV("enrolctl", "--config", rig.config.text, "status"));
	cr_expect(strstr(finished.out.bytes, "Newest checkpoint: of 1 run, made"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	service_stop(&service);
	finished = program_run(ARGV("enrolctl", "--config", rig.config.text, "--json", "status"));
	cr_expect(strstr(finished.out.bytes, "\"checkpoints\":{\"number\":1,"), "%s",
	    finished.out.bytes); /* no daemon runs */
	finished_done(&finished);
	end(&rig);
}

/* Their chain went on otherwise; the witness has heard of both. */
Test(checkpoints, of_a_chain_that_a_restored_database_does_not_have_step_aside)
{
	struct rig rig;
	make_with_command(&rig, take);
	runs_make(&rig, 1, 3);
	files_copy(rig.database.text, beside("away").text);
	runs_make(&rig, 4, 6);
	files_copy(beside("away").text, rig.database.text);
	struct buffer old = files_read(note_path(&rig, 4).text);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished); /* which is the fourth run now */
	rig_once(&rig);
	struct buffer new = files_read(note_path(&rig, 4).text);
	cr_expect_str_neq(new.bytes, old.bytes);
	cr_expect(files_exist(rig_path(&rig, "outbox/checkpoints/0000000004.note.1").text));
	cr_expect(files_exist(rig_path(&rig, "outbox/checkpoints/0000000006.note.1").text));
	cr_expect_not(has_note(&rig, 5));
	given_expect("1\n2\n3\n4\n5\n6\n4\n");
	buffer_done(&old);
	buffer_done(&new);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	finished_done(&finished);
	rig_remove(&rig); /* the law knows nothing of lost answers */
}

/* A stop does not wait for it, and what it was given is given again. */
Test(checkpoints, a_command_that_hangs_keeps_no_stop_waiting)
{
	struct rig rig;
	struct service service;
	make_with_command(&rig, "echo begun; exec sleep 1000\n");
	service_start(&service, &rig);
	rig_drop(&rig, "staff.csv", text);
	service_await_log(&service, "\"checkpoint_says\"");
	service_stop(&service);
	to_write(take);
	rig_once(&rig);
	given_expect("1\n");
	end(&rig);
}

Test(checkpoints, of_a_daemon_that_was_killed_are_made_by_the_next)
{
	struct rig rig;
	struct service service;
	make_with_command(&rig, take);
	service_start(&service, &rig);
	for (int i = 1; i <= 12; i++)
		rig_drop(&rig, path_of("staff-%d.csv", i).text, text);
	service_await(&service, &rig, "", 3);
	service_kill(&service);
	rig_once(&rig);
	cr_expect_eq(notes_count(&rig), 12);
	end(&rig);
}
