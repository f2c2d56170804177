/*
 * enrolctl as root beside a daemon that is somebody else: whatever it makes is the daemon's. Needs
 * root, and a user to be: nobody.
 */
#include "answer.h"
#include "fatal.h"
#include "program.h"
#include "spool.h"

#include <criterion/criterion.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(sudo, .timeout = 300);

static const struct passwd *daemon_user(void)
{
	const struct passwd *user = getpwnam("nobody");
	if (getuid() != 0 || !user)
		cr_skip_test("only root can be somebody else");
	return user;
}

static void give(const char *path, const struct passwd *user)
{
	if (chown(path, user->pw_uid, user->pw_gid) < 0)
		fatal("cannot chown %s", path);
}

static void give_all(const struct spool *spool, const struct passwd *user)
{
	struct listing listing = files_list(spool->root.text);
	give(spool->root.text, user);
	for (size_t i = 0; i < listing.count; i++)
		give(path_of("%s/%s", spool->root.text, listing.entries[i].path).text, user);
	listing_done(&listing);
}

/* Who acts as another user cannot be traced, and the sanitizer's leak check traces. */
static void enrolctl(const struct spool *spool, const char *command, const char *more)
{
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", spool->config.text, command, more));
	unsetenv("ASAN_OPTIONS");
	finished_done(&finished);
}

/* As the daemon's user; the build need not be readable to it, the tests' folder is. */
static struct finished as_daemon(const struct spool *spool, int status)
{
	static const char script[] =
	    "exec setpriv --reuid=nobody --regid=nogroup --clear-groups \"$0\" --config \"$1\" "
	    "--once";
	struct path copy = path_of("%s/enrold", spool->root.text);
	files_copy(path_of("%s/enrold", program_directory()).text, copy.text);
	cr_assert_eq(chmod(copy.text, 0755), 0);
	return program_expect(status, ARGV("/bin/sh", "-c", script, copy.text, spool->config.text));
}

static void all_are(const struct spool *spool, const struct passwd *user)
{
	struct listing listing = files_list(spool->directory.text);
	struct stat status;
	for (size_t i = 0; i < listing.count; i++) {
		const char *name = listing.entries[i].path;
		cr_assert_eq(lstat(path_of("%s/%s", spool->directory.text, name).text, &status), 0);
		cr_expect(status.st_uid == user->pw_uid && status.st_gid == user->pw_gid,
		    "%s belongs to %u:%u", name, status.st_uid, status.st_gid);
	}
	listing_done(&listing);
}

Test(sudo, accepts_a_database_and_the_spool_stays_the_daemons)
{
	struct spool spool;
	const struct passwd *user = daemon_user();
	spool_make(&spool, &(struct spool_options){.journal_mode = "delete"});
	give_all(&spool, user);
	struct path backup = path_of("%s/backup.db", spool.root.text);
	files_copy(spool.database.text, backup.text);
	spool_drop(&spool, "staff.csv", "username,course1\np1,C1\n");
	give(spool_inbox(&spool, "staff.csv").text, user);
	struct finished finished = as_daemon(&spool, 0);
	finished_done(&finished);
	files_rename(backup.text, spool.database.text);
	give(spool.database.text, user);
	files_remove(spool_path(&spool, ".lock").text);
	enrolctl(&spool, "reconcile", "accept");
	all_are(&spool, user);
	cr_expect(files_exist(spool_path(&spool, ".accepted").text));
	/* And it goes on. */
	spool_drop(&spool, "again.csv", "username,course1\np1,C1\n");
	give(spool_inbox(&spool, "again.csv").text, user);
	finished = as_daemon(&spool, 0);
	finished_done(&finished);
	cr_expect_eq(answer_count(&spool, "again.csv"), 1);
	all_are(&spool, user);
	spool_remove(&spool);
}

Test(sudo, makes_a_database_that_is_its_folders_owners)
{
	struct spool spool;
	struct stat status;
	const struct passwd *user = daemon_user();
	spool_make(&spool, &(struct spool_options){.journal_mode = "delete"});
	give_all(&spool, user);
	files_remove(spool.database.text);
	enrolctl(&spool, "lms", "init");
	cr_assert_eq(stat(spool.database.text, &status), 0);
	cr_expect_eq(status.st_uid, user->pw_uid);
	cr_expect_eq(status.st_gid, user->pw_gid);
	struct finished finished = as_daemon(&spool, 0);
	finished_done(&finished);
	spool_remove(&spool);
}

/* What a sysadmin has to know to put it right. */
Test(sudo, made_a_database_that_the_daemon_may_not_open_and_it_says_so_with_owner_and_mode)
{
	struct spool spool;
	const struct passwd *user = daemon_user();
	spool_make(&spool, &(struct spool_options){.journal_mode = "delete"});
	give_all(&spool, user);
	cr_assert_eq(chown(spool.database.text, 0, 0), 0);
	cr_assert_eq(chmod(spool.database.text, 0640), 0);
	struct finished finished = as_daemon(&spool, 78);
	static const char *const words[] = {"nobody", "root:root", "0640", "lms.db"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect(strstr(finished.err.bytes, words[i]), "no %s in %s", words[i],
		    finished.err.bytes);
	finished_done(&finished);
	/* It may read it, but not write beside it. */
	give(spool.database.text, user);
	cr_assert_eq(chown(spool.root.text, 0, 0), 0);
	cr_assert_eq(chmod(spool.root.text, 0755), 0);
	finished = as_daemon(&spool, 78);
	cr_expect(strstr(finished.err.bytes, "0755"), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "nobody"), "%s", finished.err.bytes);
	finished_done(&finished);
	spool_remove(&spool);
}
