/*
 * enrolctl as root beside a daemon that is somebody else: whatever it makes is the daemon's. Needs
 * root, and a user to be: nobody.
 */
#include "fatal.h"
#include "program.h"
#include "reply.h"
#include "rig.h"

#include <criterion/criterion.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void give_all(const struct rig *rig, const struct passwd *user)
{
	struct listing listing = files_list(rig->root.text);
	give(rig->root.text, user);
	for (size_t i = 0; i < listing.count; i++)
		give(path_of("%s/%s", rig->root.text, listing.entries[i].path).text, user);
	listing_done(&listing);
}

/* Who acts as another user cannot be traced, and the sanitizer's leak check traces. */
static void enrolctl(const struct rig *rig, const char *command, const char *more)
{
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig->config.text, command, more));
	unsetenv("ASAN_OPTIONS");
	finished_done(&finished);
}

/* As the daemon's user; the build need not be readable to it, the tests' folder is. */
static struct finished as_daemon(const struct rig *rig, int status)
{
	static const char script[] =
	    "exec setpriv --reuid=nobody --regid=nogroup --clear-groups \"$0\" --config \"$1\" "
	    "--once";
	struct path copy = path_of("%s/enrold", rig->root.text);
	files_copy(path_of("%s/enrold", program_directory()).text, copy.text);
	cr_assert_eq(chmod(copy.text, 0755), 0);
	return program_expect(status, ARGV("/bin/sh", "-c", script, copy.text, rig->config.text));
}

static void all_are(const struct rig *rig, const struct passwd *user)
{
	struct listing listing = files_list(rig->directory.text);
	struct stat status;
	for (size_t i = 0; i < listing.count; i++) {
		const char *name = listing.entries[i].path;
		cr_assert_eq(lstat(path_of("%s/%s", rig->directory.text, name).text, &status), 0);
		cr_expect(status.st_uid == user->pw_uid && status.st_gid == user->pw_gid,
		    "%s belongs to %u:%u", name, status.st_uid, status.st_gid);
	}
	listing_done(&listing);
}

Test(sudo, accepts_a_database_and_the_spool_stays_the_daemons)
{
	struct rig rig;
	const struct passwd *user = daemon_user();
	rig_make(&rig, &(struct rig_options){.journal_mode = "delete"});
	give_all(&rig, user);
	struct path backup = path_of("%s/backup.db", rig.root.text);
	files_copy(rig.database.text, backup.text);
	rig_drop(&rig, "staff.csv", "username,course1\np1,C1\n");
	give(rig_inbox(&rig, "staff.csv").text, user);
	struct finished finished = as_daemon(&rig, 0);
	finished_done(&finished);
	files_rename(backup.text, rig.database.text);
	give(rig.database.text, user);
	files_remove(rig_path(&rig, ".lock").text);
	enrolctl(&rig, "reconcile", "accept");
	all_are(&rig, user);
	cr_expect(files_exist(rig_path(&rig, ".accepted").text));
	/* And it goes on. */
	rig_drop(&rig, "again.csv", "username,course1\np1,C1\n");
	give(rig_inbox(&rig, "again.csv").text, user);
	finished = as_daemon(&rig, 0);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "again.csv"), 1);
	all_are(&rig, user);
	rig_remove(&rig);
}

Test(sudo, makes_a_database_that_is_its_folders_owners)
{
	struct rig rig;
	struct stat status;
	const struct passwd *user = daemon_user();
	rig_make(&rig, &(struct rig_options){.journal_mode = "delete"});
	give_all(&rig, user);
	files_remove(rig.database.text);
	enrolctl(&rig, "lms", "init");
	cr_assert_eq(stat(rig.database.text, &status), 0);
	cr_expect_eq(status.st_uid, user->pw_uid);
	cr_expect_eq(status.st_gid, user->pw_gid);
	struct finished finished = as_daemon(&rig, 0);
	finished_done(&finished);
	rig_remove(&rig);
}

/* What a sysadmin has to know to put it right. */
Test(sudo, made_a_database_that_the_daemon_may_not_open_and_it_says_so_with_owner_and_mode)
{
	struct rig rig;
	const struct passwd *user = daemon_user();
	rig_make(&rig, &(struct rig_options){.journal_mode = "delete"});
	give_all(&rig, user);
	cr_assert_eq(chown(rig.database.text, 0, 0), 0);
	cr_assert_eq(chmod(rig.database.text, 0640), 0);
	struct finished finished = as_daemon(&rig, 78);
	static const char *const words[] = {"nobody", "root:root", "0640", "lms.db"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect(strstr(finished.err.bytes, words[i]), "no %s in %s", words[i],
		    finished.err.bytes);
	finished_done(&finished);
	/* It may read it, but not write beside it. */
	give(rig.database.text, user);
	cr_assert_eq(chown(rig.root.text, 0, 0), 0);
	cr_assert_eq(chmod(rig.root.text, 0755), 0);
	finished = as_daemon(&rig, 78);
	cr_expect(strstr(finished.err.bytes, "0755"), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "nobody"), "%s", finished.err.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}
