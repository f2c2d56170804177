/*
 * Encrypted files, from a dropped file to its answer, and the keys for them. The law sees to it
 * that the archive has the ciphertext; here every file of the spool is searched for a word of the
 * plaintext, which no answer shows.
 */
#include "keyring.h"
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SENDER "payroll <payroll@hr.example.org>"
#define MARK "zoe-was-here"
/* The column has no meaning, so that nothing of it comes into an answer. */
#define STAFF "username,course1,note\np1,C1," MARK "\np2,C2," MARK "\n"

/* A rig whose feed hr has a key that enrolctl made, and a sender. */
struct post {
	struct rig rig;
	struct path home, sender, plain;
	char ours[KEYRING_FINGERPRINT_SIZE], theirs[KEYRING_FINGERPRINT_SIZE];
	size_t dropped;
};

static struct finished ctl(const struct post *post, int status, const char *const *words)
{
	const char *argv[12] = {"enrolctl", "--config", post->rig.config.text};
	for (size_t i = 0; words[i]; i++)
		argv[3 + i] = words[i];
	return program_expect(status, argv);
}

static void said(const struct post *post, int status, const char *const *words, const char *wanted)
{
	struct finished finished = ctl(post, status, words);
	cr_expect(strstr(finished.out.bytes, wanted) || strstr(finished.err.bytes, wanted),
	    "%s\n%s", finished.out.bytes, finished.err.bytes);
	finished_done(&finished);
}

static void key_make(struct post *post)
{
	struct finished made = ctl(post, 0, ARGV("key", "pgp", "--feed", "hr"));
	files_write(path_of("%s.asc", post->sender.text).text, made.out.bytes, made.out.size, 0600);
	keyring_run(post->sender.text, "g --import '%s.asc'", post->sender.text);
	const char *at = strstr(made.err.bytes, "half of ");
	cr_assert(at, "%s", made.err.bytes);
	snprintf(post->ours, sizeof post->ours, "%.40s", at + strlen("half of "));
	finished_done(&made);
}

/* more: of pgp, "%s" being the sender's fingerprint. */
static void post_open(struct post *post, const char *more)
{
	static const struct keyring_wish any = {.ends = NULL};
	if (!keyring_is_possible())
		cr_skip_test("there is no gpg here");
	*post = (struct post){.home = path_of("/tmp/enrold-e2e-pgp-%d/home", (int)getpid()),
	    .sender = path_of("/tmp/enrold-e2e-pgp-%d/sender", (int)getpid()),
	    .plain = path_of("/tmp/enrold-e2e-pgp-%d/plain.csv", (int)getpid())};
	keyring_make(post->sender.text);
	keyring_add(post->sender.text, SENDER, &any, post->theirs);
	struct path rest = path_of("%s", "");
	const char *place = strstr(more, "FINGERPRINT");
	rest = place ? path_of("%.*s%s%s", (int)(place - more), more, post->theirs,
	                   place + strlen("FINGERPRINT"))
	             : path_of("%s", more);
	struct path feeds =
	    path_of("  default: {}\n  hr: { unknown_columns: ignore, pgp: { home: %s%s } }\n",
	        post->home.text, rest.text);
	rig_make(&post->rig, &(struct rig_options){.feeds = feeds.text});
	files_make_directory(rig_path(&post->rig, "inbox/hr").text);
	key_make(post);
	keyring_give(post->sender.text, SENDER, post->home.text);
}

/* Of what somebody has written into files of the spool, or where temporary files are. */
static void expect_nowhere(const struct post *post)
{
	struct listing listing = files_list(post->rig.directory.text);
	for (size_t i = 0; i < listing.count; i++) {
		if (!S_ISREG(listing.entries[i].mode))
			continue;
		struct path path = rig_path(&post->rig, "%s", listing.entries[i].path);
		struct buffer bytes = files_read(path.text);
		cr_expect_null(
		    memmem(bytes.bytes, bytes.size, MARK, strlen(MARK)), "%s", path.text);
		buffer_done(&bytes);
	}
	listing_done(&listing);
}

static void post_close(struct post *post)
{
	law_close(&post->rig);
	files_remove(path_of("/tmp/enrold-e2e-pgp-%d", (int)getpid()).text);
}

/* command: makes m out of plain.csv, $us being our key. */
static void drop(struct post *post, const char *name, const char *text, const char *command)
{
	files_write(post->plain.text, text, strlen(text), 0600);
	keyring_run(post->sender.text, "cd '%s/..'; rm -f m; us=%s; %s", post->sender.text,
	    post->ours, command);
	struct buffer bytes = files_read(path_of("%s/../m", post->sender.text).text);
	rig_drop_bytes(&post->rig, name, bytes.bytes, bytes.size);
	buffer_done(&bytes);
}

#define ENCRYPT "g -r $us -o m -e plain.csv"
#define SIGN "g -r $us -o m -s -e plain.csv"

static void expect_refused(struct post *post, const char *name, const char *code)
{
	struct reply reply;
	reply_open(&reply, &post->rig, name, 0);
	cr_expect_str_eq(reply_refusal(&reply), code);
	reply_close(&reply);
	expect_nowhere(post);
}

/* ---- from a dropped file to its answer ---- */

Test(pgp, an_encrypted_file_is_done_and_its_plaintext_is_nowhere)
{
	struct post post;
	post_open(&post, "");
	drop(&post, "hr/staff.csv.pgp", STAFF, ENCRYPT);
	rig_once(&post.rig);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	expect_nowhere(&post);
	drop(
	    &post, "hr/next.csv.asc", "username,course1\np3,C3\n", "g -a -r $us -o m -e plain.csv");
	rig_once(&post.rig);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "3\n");
	post_close(&post);
}

Test(pgp, a_feed_that_requires_it_refuses_what_is_plain)
{
	struct post post;
	post_open(&post, ", required: true");
	rig_drop(&post.rig, "hr/staff.csv", "username,course1\np1,C1\n");
	rig_once(&post.rig);
	expect_refused(&post, "hr/staff.csv", "pgp_not_encrypted");
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	post_close(&post);
}

Test(pgp, a_feed_that_requires_it_is_not_given_its_retry_file_in_plain)
{
	struct post post;
	post_open(&post, ", required: true");
	drop(&post, "hr/staff.csv.pgp", "username,course1\np1,C1\np2,NOPE\n", ENCRYPT);
	rig_once(&post.rig);
	said(&post, 1, ARGV("retry", "last"), "takes encrypted files only");
	said(&post, 0, ARGV("show", "last"), "let the sender correct and encrypt it");
	post_close(&post);
}

Test(pgp, what_was_altered_on_its_way_is_refused_and_its_plaintext_is_nowhere)
{
	struct post post;
	post_open(&post, "");
	drop(&post, "hr/staff.csv.pgp", STAFF,
	    "g -z 0 -r $us -o n -e plain.csv; head -c -5 n > m; rm n");
	rig_once(&post.rig);
	expect_refused(&post, "hr/staff.csv.pgp", "pgp_broken");
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	post_close(&post);
}

Test(pgp, who_has_to_sign_has_signed_lately)
{
	struct post post;
	post_open(&post, ", signed_by: [FINGERPRINT], signed_within: 1d");
	drop(&post, "hr/a.csv.pgp", "username,course1\np1,C1\n", SIGN);
	rig_once(&post.rig);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "1\n");
	drop(&post, "hr/b.csv.pgp", "username,course1\np2,C1\n", ENCRYPT);
	rig_once(&post.rig);
	expect_refused(&post, "hr/b.csv.pgp", "pgp_not_signed");
	drop(&post, "hr/c.csv.pgp", "username,course1\np3,C1\n", SIGN);
	rig_move_clock(&post.rig, CLOCK_MOVED, 3 * 86400);
	rig_once(&post.rig);
	program_preload(NULL);
	expect_refused(&post, "hr/c.csv.pgp", "pgp_signature_old");
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "1\n");
	post_close(&post);
}

Test(pgp, a_key_that_is_lost_is_said_and_the_file_is_dropped_again_when_it_is_back)
{
	struct post post;
	post_open(&post, "");
	struct path keys = path_of("%s/private-keys-v1.d", post.home.text);
	struct path away = path_of("%s.away", post.home.text);
	files_rename(keys.text, away.text);
	drop(&post, "hr/staff.csv.pgp", STAFF, ENCRYPT);
	rig_once(&post.rig);
	expect_refused(&post, "hr/staff.csv.pgp", "pgp_no_key");
	said(&post, 1, ARGV("check"), "there is no secret key in pgp.home");
	files_remove(keys.text);
	files_rename(away.text, keys.text);
	drop(&post, "hr/again.csv.pgp", STAFF, ENCRYPT);
	rig_once(&post.rig);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	post_close(&post);
}

/* As when its disk is not mounted: that is nobody's file's fault, however long it takes, and no
 * signature is too old by it. */
Test(pgp, files_wait_while_the_home_of_the_keys_is_away)
{
	struct post post;
	struct service service;
	post_open(&post, ", signed_by: [FINGERPRINT], signed_within: 1d");
	struct path away = path_of("%s.away", post.home.text);
	drop(&post, "hr/staff.csv.pgp", STAFF, SIGN);
	files_rename(post.home.text, away.text);
	service_start(&service, &post.rig);
	service_await_log(&service, "run_waits");
	service_stop(&service);
	law_holds(&post.rig, LAW_STOPPED);
	files_rename(away.text, post.home.text);
	rig_move_clock(&post.rig, CLOCK_MOVED, 3 * 86400);
	rig_once(&post.rig);
	program_preload(NULL);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	post_close(&post);
}

/* One more, and it would be the file that kills it. */
enum { KILLS = 2 };

Test(pgp, a_daemon_that_is_killed_in_the_middle_leaves_no_plaintext_and_no_gpg)
{
	struct post post;
	struct service service;
	post_open(&post, "");
	for (int i = 0; i < KILLS; i++) {
		service_start(&service, &post.rig);
		drop(&post, path_of("hr/staff%d.csv.pgp", i).text, STAFF, ENCRYPT);
		service_await_claim(&service, &post.rig);
		service_kill(&service);
		law_holds(&post.rig, LAW_STOPPED);
		expect_nowhere(&post);
	}
	rig_once(&post.rig);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	expect_nowhere(&post);
	post_close(&post);
}

/* ---- answers for the sender ---- */

Test(pgp, the_answer_is_for_the_sender_as_well_and_goes_with_the_plain_one)
{
	struct post post;
	struct reply reply;
	post_open(&post, ", answer_to: FINGERPRINT");
	drop(&post, "hr/staff.csv.pgp", "username,course1\np1,C1\nnobody,C1\n", ENCRYPT);
	rig_once(&post.rig);
	reply_open(&reply, &post.rig, "hr/staff.csv.pgp", 0);
	struct path result = path_of("%s.pgp", reply.result_path.text);
	struct path retry = path_of("%s.pgp", reply.retry_path.text);
	keyring_run(post.sender.text,
	    "g -d '%s' 2>/dev/null | cmp - '%s'; g -d '%s' 2>/dev/null | cmp - '%s'", result.text,
	    reply.result_path.text, retry.text, reply.retry_path.text);
	said(&post, 0, ARGV("verify"), "");
	law_holds(&post.rig, LAW_IDLE);
	rig_witness(&post.rig);
	rig_prune(&post.rig, "hr", 4000000000L);
	rig_once(&post.rig);
	cr_expect_not(files_exist(reply.result_path.text));
	cr_expect_not(files_exist(result.text));
	cr_expect_not(files_exist(retry.text));
	said(&post, 0, ARGV("verify"), "");
	reply_close(&reply);
	post_close(&post);
}

Test(pgp, an_answer_that_cannot_be_encrypted_is_given_all_the_same)
{
	struct post post;
	struct reply reply;
	post_open(&post, ", answer_to: 0123456789ABCDEF0123456789ABCDEF01234567");
	drop(&post, "hr/staff.csv.pgp", "username,course1\np1,C1\n", ENCRYPT);
	struct finished finished = rig_run(&post.rig, 0);
	cr_expect(strstr(finished.err.bytes, "answer_not_encrypted"), "%s", finished.err.bytes);
	finished_done(&finished);
	reply_open(&reply, &post.rig, "hr/staff.csv.pgp", 0);
	cr_expect(files_exist(reply.result_path.text));
	cr_expect_not(files_exist(path_of("%s.pgp", reply.result_path.text).text));
	reply_close(&reply);
	said(&post, 1, ARGV("check"), "of pgp.answer_to is no key in pgp.home");
	post_close(&post);
}

/* ---- keys ---- */

Test(pgp, two_keys_overlap_and_none_is_replaced)
{
	struct post post;
	post_open(&post, "");
	drop(&post, "hr/a.csv.pgp", "username,course1\np1,C1\n", ENCRYPT);
	struct path first = path_of("%s", post.ours);
	key_make(&post);
	cr_assert_str_neq(first.text, post.ours);
	drop(&post, "hr/b.csv.pgp", "username,course1\np2,C1\n", ENCRYPT);
	rig_once(&post.rig);
	rig_expect(&post.rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	said(&post, 0, ARGV("--json", "key", "pgp", "--days", "10"), "\"fingerprint\"");
	post_close(&post);
}

Test(pgp, check_says_what_is_wrong_with_keys_and_where_to_make_them)
{
	struct post post;
	post_open(&post, ", signed_by: [FINGERPRINT]");
	struct finished finished = ctl(&post, 0, ARGV("check"));
	cr_expect(strstr(finished.out.bytes, "none ends within 30 days"), "%s", finished.out.bytes);
	finished_done(&finished);
	cr_assert_eq(chmod(post.home.text, 0755), 0);
	said(&post, 1, ARGV("check"), "chmod 0700");
	cr_assert_eq(chmod(post.home.text, 0700), 0);
	keyring_run(post.home.text, "g --yes --delete-keys '=" SENDER "'");
	said(&post, 1, ARGV("check"), "of pgp.signed_by is no key in pgp.home");
	files_remove(post.home.text);
	said(&post, 1, ARGV("check"), "sudo enrolctl key pgp");
	said(&post, 78, ARGV("key", "pgp", "--feed", "default"), "has no pgp.home");
	said(&post, 78, ARGV("key", "pgp", "--feed", "nowhere"), "there is no feed nowhere");
	said(&post, 78, ARGV("key", "pgp", "--days", "0"), "--days is a number");
	post_close(&post);
}

Test(pgp, check_says_that_a_key_ends_soon)
{
	struct post post;
	post_open(&post, "");
	files_remove(post.home.text);
	said(&post, 0, ARGV("key", "pgp", "--days", "20"), "half of");
	said(&post, 0, ARGV("check"), "ends in 19 days");
	post_close(&post);
}
