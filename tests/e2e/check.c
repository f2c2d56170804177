/*
 * enrolctl check on a machine with users of its own: /etc/passwd and /etc/group are the test's,
 * mounted where no other process sees them. What it says is compared with what people then can do.
 * Needs root.
 */
#include "fatal.h"
#include "law.h"
#include "program.h"
#include "reply.h"
#include "rig.h"
#include "scale.h"
#include "service.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENROLD = 61100, ANNA, PAUL, HR, PAY, LATE };

static const char feeds[] = "  default: {}\n"
                            "  hr: { drop_group: hr }\n"
                            "  pay: { drop_group: pay }\n";

static void mount_over(const struct rig *rig, const char *name, const char *more)
{
	struct path path = path_of("/etc/%s", name);
	struct path ours = path_of("%s/%s", rig->root.text, name);
	struct buffer text = files_read(path.text);
	buffer_print(&text, "%s", more);
	files_write(ours.text, text.bytes, text.size, 0644);
	buffer_done(&text);
	if (mount(ours.text, path.text, NULL, MS_BIND, NULL) < 0)
		fatal("cannot mount over %s", path.text);
}

/* Users of this process and those it starts. */
static void machine_make(const struct rig *rig, const char *groups)
{
	static const char users[] = "enrold:x:61100:61100::/:/bin/false\n"
	                            "anna:x:61101:61101::/:/bin/sh\n"
	                            "paul:x:61102:61102::/:/bin/sh\n"
	                            "zoe:x:61106:61100::/:/bin/sh\n"; /* of the daemon's group */
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		cr_skip_test("no mounts of one's own here");
	mount_over(rig, "passwd", users);
	mount_over(rig, "group", groups);
}

static const char groups[] = "enrold:x:61100:\n"
                             "hr:x:61103:anna,enrold\n"
                             "pay:x:61104:paul,enrold\n";

static void give(const char *path)
{
	if (lchown(path, ENROLD, ENROLD) < 0)
		fatal("cannot chown %s", path);
}

static void make(struct rig *rig, const struct rig_options *options, const char *more_groups)
{
	if (getuid() != 0)
		cr_skip_test("only root can be somebody else");
	rig_make(rig, options);
	struct path all = path_of("%s%s", groups, more_groups);
	machine_make(rig, all.text);
	cr_assert_eq(chmod(rig->root.text, 0751), 0);
	struct listing listing = files_list(rig->root.text);
	give(rig->root.text);
	for (size_t i = 0; i < listing.count; i++)
		give(path_of("%s/%s", rig->root.text, listing.entries[i].path).text);
	listing_done(&listing);
	cr_assert_eq(chmod(rig->directory.text, 0751), 0);
	/* Who acts as another user cannot be traced, and the sanitizer's leak check traces. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

static void usual(struct rig *rig)
{
	make(rig, &(struct rig_options){.feeds = feeds, .journal_mode = "delete"}, "");
}

static struct finished check(const struct rig *rig, const char *fix, int status)
{
	return program_expect(status, ARGV("enrolctl", "--config", rig->config.text, "check", fix));
}

static void fix(const struct rig *rig, int status)
{
	struct finished finished = check(rig, "--fix", status);
	finished_done(&finished);
}

static size_t lines_of(const struct finished *finished, const char *word)
{
	size_t count = 0;
	struct path start = path_of("%s ", word);
	for (const char *line = finished->out.bytes; *line;) {
		count += text_starts(line, start.text);
		const char *end = strchr(line, '\n');
		line = end ? end + 1 : line + strlen(line);
	}
	return count;
}

/* A line that begins so and holds these words. */
static bool says(const struct finished *finished, const char *start, const char *words)
{
	for (const char *line = finished->out.bytes; *line;) {
		const char *end = strchr(line, '\n');
		size_t length = end ? (size_t)(end - line) : strlen(line);
		if (text_starts(line, start) && memmem(line, length, words, strlen(words)))
			return true;
		line += length + (end != NULL);
	}
	return false;
}

static void expect_clean(const struct rig *rig)
{
	struct finished finished = check(rig, NULL, 0);
	cr_expect_eq(lines_of(&finished, "BAD"), 0, "%s", finished.out.bytes);
	finished_done(&finished);
}

/* Whether a shell's test comes true for a user with all of that user's groups. */
static bool can(const char *user, const char *what, const char *path)
{
	const struct passwd *found = getpwnam(user);
	cr_assert_not_null(found);
	pid_t pid = fork();
	if (pid == 0) {
		if (initgroups(user, found->pw_gid) < 0 || setgid(found->pw_gid) < 0 ||
		    setuid(found->pw_uid) < 0)
			_exit(2);
		execl("/bin/sh", "sh", "-c", what, path, (char *)NULL);
		_exit(2);
	}
	int status = 0;
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2, "%s: %s", what, path);
	return WEXITSTATUS(status) == 0;
}

static bool can_list(const struct rig *rig, const char *user, const char *name)
{
	return can(user, "ls \"$0\" >/dev/null 2>&1 || exit 1", rig_path(rig, "%s", name).text);
}

static bool can_read(const char *user, const char *path)
{
	return can(user, "cat \"$0\" >/dev/null 2>&1 || exit 1", path);
}

static bool can_drop(const struct rig *rig, const char *user, const char *name)
{
	return can(user,
	    "umask 0027; (printf 'username,course1\\np1,C1\\nnobody,C1\\n' >\"$0\") 2>/dev/null "
	    "|| exit 1",
	    rig_path(rig, "%s", name).text);
}

/* As the daemon's user with its groups. */
static void run_daemon(const struct rig *rig)
{
	struct path copy = path_of("%s/enrold", rig->root.text);
	files_copy(path_of("%s/enrold", program_directory()).text, copy.text);
	cr_assert_eq(chmod(copy.text, 0755), 0);
	struct finished finished = program_expect(
	    0, ARGV("/usr/bin/setpriv", "--reuid=enrold", "--regid=61100", "--init-groups",
	           copy.text, "--config", rig->config.text, "--once"));
	finished_done(&finished);
}

static struct stat stat_at(const struct path path)
{
	struct stat status;
	cr_assert_eq(lstat(path.text, &status), 0, "%s", path.text);
	return status;
}

/* ---- healthy ---- */

Test(check, makes_what_is_missing_and_finds_it_well_and_does_nothing_twice)
{
	struct rig rig;
	usual(&rig);
	struct finished finished = check(&rig, "--fix", 0);
	cr_expect(
	    says(&finished, "fixed", "inbox/hr/preview: was missing"), "%s", finished.out.bytes);
	cr_expect(says(&finished, "ok",
	              "feed hr: who is in the group hr may drop files and read "
	              "the answers, and nothing else: anna"),
	    "%s", finished.out.bytes);
	cr_expect_eq(lines_of(&finished, "BAD"), 0, "%s", finished.out.bytes);
	finished_done(&finished);
	finished = check(&rig, "--fix", 0);
	cr_expect_eq(lines_of(&finished, "fixed"), 0, "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, is_right_about_what_people_can_do)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	run_daemon(&rig);
	static const char *const closed[] = {"work", "held", "archive", "quarantine", "orders",
	    "inbox", "outbox", "inbox/pay", "outbox/pay", "inbox/pay/preview", "."};
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
		cr_expect_not(can_list(&rig, "anna", closed[i]), "%s", closed[i]);
	cr_expect(can_list(&rig, "anna", "inbox/hr"));
	cr_expect(can_list(&rig, "anna", "outbox/hr"));
	cr_expect_not(can_drop(&rig, "anna", "inbox/pay/x.csv"));
	cr_expect_not(can_drop(&rig, "anna", "inbox/x.csv"));
	cr_expect_not(can_drop(&rig, "anna", "outbox/hr/x.csv"));
	cr_expect_not(can_drop(&rig, "paul", "inbox/hr/x.csv"));
	cr_expect_not(can_read("anna", rig.database.text));
	cr_expect_not(can_read("anna", rig.config.text));
	cr_expect(can_drop(&rig, "anna", "inbox/hr/staff.csv"));
	cr_expect(can_drop(&rig, "anna", "inbox/hr/preview/staff.csv"));
	run_daemon(&rig);
	static const char *const ends[] = {
	    ".result.csv", ".retry.csv", ".summary.json", ".preview.retry.csv"};
	struct listing listing = files_list(rig_path(&rig, "outbox/hr").text);
	for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
		size_t found = 0;
		for (size_t i = 0; i < listing.count; i++) {
			struct path path = rig_path(&rig, "outbox/hr/%s", listing.entries[i].path);
			if (!text_ends(path.text, ends[e]))
				continue;
			found++;
			cr_expect(can_read("anna", path.text), "%s", path.text);
			cr_expect_not(can_read("paul", path.text), "%s", path.text);
			cr_expect_eq(stat_at(path).st_mode & 07777, 0640, "%s", path.text);
		}
		cr_expect_gt(found, 0, "%s", ends[e]);
	}
	listing_done(&listing);
	expect_clean(&rig);
	rig_remove(&rig);
}

/* ---- one fault each ---- */

struct fault {
	char name[64];
	char break_it[160]; /* of a shell in the spool */
	char start[40], words[80];
	bool is_mended;
};

static const struct fault faults[] = {
    {"a mode too open", "chmod 3777 inbox/hr", "BAD   inbox/hr:", "mode 3777, should be 3770",
        true},
    {"no sticky bit", "chmod 2770 inbox/hr", "BAD   inbox/hr:", "mode 2770, should be 3770", true},
    {"no setgid bit", "chmod g-s outbox/hr", "BAD   outbox/hr:", "should be 2750", true},
    {"inbox not sticky", "chgrp games inbox; setfacl -m g::rwx inbox; chmod 2770 inbox",
        "BAD   inbox:", "mode 2770, should be 3770", true},
    {"an archive for all", "chmod 755 archive", "BAD   archive:", "should be 0750", true},
    {"an archive for the droppers", "chgrp hr archive", "BAD   archive:", "should be enrold", true},
    {"another group", "chgrp pay inbox/hr/preview",
        "BAD   inbox/hr/preview:", "group pay, should be hr", true},
    {"root's folder", "chown root outbox/hr", "BAD   outbox/hr:", "owner root, should be enrold",
        true},
    {"a missing folder", "rmdir inbox/hr/preview", "BAD   inbox/hr/preview:", "it is missing",
        true},
    {"no way in", "setfacl -x g:hr inbox", "BAD   inbox:", "group hr cannot pass", true},
    {"no way to the answers", "setfacl -b outbox", "BAD   outbox:", "group pay cannot pass", true},
    {"a narrow mask", "setfacl -m m::- outbox", "BAD   outbox:", "group hr cannot pass", true},
    {"no way at all", "chmod 750 .", "BAD   spool:", "mode 0750, should be 0751", true},
    {"a list for the droppers", "setfacl -m g:hr:rx archive",
        "BAD   feed hr:", "the group hr could also read archive", false},
    {"a lock of root's", "touch .lock; chown root .lock", "BAD   .lock:", "owner root", true},
    {"a link", "rmdir inbox/hr/preview; ln -s /etc inbox/hr/preview",
        "BAD   inbox/hr/preview:", "symbolic link", false},
    {"a file in its place", "rmdir held; touch held", "BAD   held:", "ought to be a folder", false},
    {"settings that all may change", "chmod 666 ../enrold.yaml",
        "BAD   settings:", "others may change it", true},
    {"a key that all may read", "chmod 644 ../key", "BAD   key:", "chmod 0640", true},
    {"a mail password that all may read", "chmod 644 ../mail", "BAD   mail password:", "chmod 0640",
        true},
    {"a webhook's key for the droppers", "chgrp hr ../webhook; chmod 640 ../webhook",
        "BAD   feed hr:", "could also read the webhook key", false},
    {"a mail password that is away", "rm ../mail", "BAD   mail password:", "is not there", false},
    {"a secret behind a link", "mv ../mail ../m; chmod 644 ../m; ln -s m ../mail",
        "BAD   mail password:", "chmod 0640", false},
    {"a database that all may read", "chmod 644 ../lms.db", "BAD   database:", "chmod 0640", true},
    {"a database of root's", "chown root:root ../lms.db", "BAD   database:", "cannot write to it",
        true},
    {"a folder of the database's for all", "chmod 777 ..", "BAD   database:", "chmod o-w", false},
    {"answers of before",
        "touch outbox/hr/a.20260101-000000-000001.retry.csv; chown enrold: "
        "outbox/hr/a.*",
        "BAD   feed hr:", "1 answer in outbox/hr cannot be read", true},
};

ParameterizedTestParameters(check, finds)
{
	return cr_make_param_array(const struct fault, faults, sizeof faults / sizeof *faults);
}

ParameterizedTest(const struct fault *fault, check, finds)
{
	struct rig rig;
	usual(&rig);
	struct path key = path_of("%s/key", rig.root.text);
	struct finished finished = program_expect(
	    0, ARGV("enrolctl", "--config", rig.config.text, "key", "make", key.text));
	finished_done(&finished);
	struct buffer config = files_read(rig.config.text);
	struct path mail = path_of("%s/mail", rig.root.text);
	struct path webhook = path_of("%s/webhook", rig.root.text);
	files_write(mail.text, "anna:x\n", 7, 0640);
	files_write(webhook.text, "k\n", 2, 0640);
	buffer_print(&config,
	    "checkpoints: { key: %s }\nmail: { smtp: \"smtp://smtp.example.org:587\", from: "
	    "e@example.org, credential: %s }\nwebhook: { key: %s }\n",
	    key.text, mail.text, webhook.text);
	files_write(rig.config.text, config.bytes, config.size, 0640);
	buffer_done(&config);
	fix(&rig, 0);
	cr_assert_eq(chdir(rig.directory.text), 0);
	finished = program_expect(0, ARGV("/bin/sh", "-c", fault->break_it));
	finished_done(&finished);
	finished = check(&rig, NULL, 1);
	cr_expect(
	    says(&finished, fault->start, fault->words), "%s: %s", fault->name, finished.out.bytes);
	finished_done(&finished);
	finished = check(&rig, "--fix", fault->is_mended ? 0 : 1);
	cr_expect_eq(lines_of(&finished, "fixed") > 0, fault->is_mended, "%s: %s", fault->name,
	    finished.out.bytes);
	finished_done(&finished);
	if (fault->is_mended)
		expect_clean(&rig);
	cr_assert_eq(chdir("/"), 0);
	rig_remove(&rig);
}

/* ---- groups ---- */

Test(check, says_what_to_do_about_a_group_that_is_not_there)
{
	struct rig rig;
	make(&rig, &(struct rig_options){.feeds = "  default: {}\n  late: { drop_group: late }\n"},
	    "");
	struct finished finished = check(&rig, "--fix", 1);
	cr_expect(says(&finished,
	              "BAD   feed late:", "groupadd --system late && usermod -aG late enrold"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, notes_a_group_that_may_drop_though_no_setting_names_it)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	struct path command =
	    path_of("cd '%s' && chgrp games inbox && setfacl -m g::rwx inbox && chmod 3770 inbox",
	        rig.directory.text);
	struct finished finished = program_expect(0, ARGV("/bin/sh", "-c", command.text));
	finished_done(&finished);
	finished = check(&rig, NULL, 0);
	cr_expect(says(&finished, "note  feed default:", "though no drop_group says so"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, says_that_the_daemon_is_not_in_a_group_and_that_nobody_else_is)
{
	struct rig rig;
	make(&rig, &(struct rig_options){.feeds = "  default: {}\n  late: { drop_group: late }\n"},
	    "late:x:61105:\n");
	struct finished finished = check(&rig, "--fix", 1);
	cr_expect(says(&finished, "BAD   feed late:", "usermod -aG late enrold"), "%s",
	    finished.out.bytes);
	cr_expect(
	    says(&finished, "note  feed late:", "nobody but the daemon"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, names_a_member_who_may_more_by_another_group)
{
	struct rig rig;
	make(&rig, &(struct rig_options){.feeds = "  default: {}\n  late: { drop_group: late }\n"},
	    "late:x:61105:zoe,enrold\n");
	struct finished finished = check(&rig, "--fix", 1);
	cr_expect(says(&finished, "BAD   feed late:", "zoe, who is in the group late, could also"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, knows_that_a_group_of_two_feeds_may_both)
{
	struct rig rig;
	make(&rig,
	    &(struct rig_options){
	        .feeds = "  default: { drop_group: hr }\n  hr: { drop_group: hr }\n"},
	    "");
	fix(&rig, 0);
	cr_expect(can_drop(&rig, "anna", "inbox/hr/x.csv"));
	cr_expect(can_drop(&rig, "anna", "inbox/x.csv"));
	expect_clean(&rig);
	rig_remove(&rig);
}

Test(check, says_which_groups_of_other_settings_are_missing_or_empty)
{
	struct rig rig;
	make(&rig,
	    &(struct rig_options){
	        .settings = "socket_read: nosuch\n", .feeds = "  default: { approvers: daemon }\n"},
	    "");
	struct finished finished = check(&rig, "--fix", 1);
	cr_expect(says(&finished, "BAD   socket_read:", "groupadd --system nosuch"), "%s",
	    finished.out.bytes);
	cr_expect(says(&finished, "note  feed default:", "approvers"), "%s", finished.out.bytes);
	cr_expect(says(&finished, "ok    feed default:", "only enrold and root can drop"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

/* Its members may steer, and read all: no folder's mode can change that. */
Test(check, says_that_the_daemons_own_group_is_no_drop_group)
{
	struct rig rig;
	make(&rig,
	    &(struct rig_options){
	        .feeds = "  default: {}\n  hr: { drop_group: enrold }\n", .journal_mode = "delete"},
	    "");
	struct finished finished = check(&rig, "--fix", 1);
	cr_expect(
	    says(&finished, "BAD   feed hr:", "the daemon's own group"), "%s", finished.out.bytes);
	cr_expect_eq(lines_of(&finished, "BAD"), 1, "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

/* ---- people who would like root to do more ---- */

Test(check, does_not_take_over_a_folder_that_somebody_else_has_filled)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	struct path folder = rig_inbox(&rig, "hr/preview");
	struct path file = rig_inbox(&rig, "hr/preview/x.csv");
	files_remove(folder.text);
	files_make_directory(folder.text);
	files_write(file.text, "x\n", 2, 0644);
	cr_assert_eq(chown(folder.text, ANNA, ANNA), 0);
	cr_assert_eq(chmod(folder.text, 0755), 0);
	struct finished finished = check(&rig, "--fix", 1);
	cr_expect(says(&finished, "BAD   inbox/hr/preview:", "somebody else's"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	struct stat status = stat_at(folder);
	cr_expect_eq(status.st_uid, ANNA);
	cr_expect_eq(status.st_mode & 07777, 0755);
	files_remove(file.text);
	fix(&rig, 0);
	cr_expect_eq(stat_at(folder).st_uid, ENROLD);
	expect_clean(&rig);
	rig_remove(&rig);
}

/* Root's next mode would make valid again what the list names. */
Test(check, takes_over_an_empty_folder_without_whom_its_maker_has_named)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	struct path folder = rig_inbox(&rig, "hr/preview");
	files_remove(folder.text);
	files_make_directory(folder.text);
	cr_assert_eq(chown(folder.text, ANNA, ANNA), 0);
	struct finished finished = program_expect(
	    0, ARGV("/usr/bin/setfacl", "-m", "u:paul:rwx,g:pay:rwx,d:u:paul:rwx", folder.text));
	finished_done(&finished);
	fix(&rig, 0);
	cr_expect_eq(stat_at(folder).st_uid, ENROLD);
	cr_expect_not(can("paul", "test -w \"$0\" || exit 1", folder.text));
	finished = program_run(ARGV("/usr/bin/getfacl", "-cp", folder.text));
	cr_expect_not(strstr(finished.out.bytes, "paul"), "%s", finished.out.bytes);
	cr_expect_not(strstr(finished.out.bytes, "default"), "%s", finished.out.bytes);
	finished_done(&finished);
	cr_expect(can_drop(&rig, "anna", "inbox/hr/preview/staff.csv"));
	expect_clean(&rig);
	rig_remove(&rig);
}

Test(check, does_not_give_away_what_has_two_names_or_another_owner)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	struct path precious = path_of("%s/precious", rig.root.text);
	files_write(precious.text, "x\n", 2, 0600);
	cr_assert_eq(link(precious.text,
	                 rig_path(&rig, "outbox/hr/a.20260101-000000-000001.retry.csv").text),
	    0);
	cr_assert_eq(symlink(precious.text,
	                 rig_path(&rig, "outbox/hr/b.20260101-000000-000001.retry.csv").text),
	    0);
	give(precious.text);
	fix(&rig, 0);
	cr_expect_eq(stat_at(precious).st_mode & 07777, 0600);
	cr_expect_eq(stat_at(precious).st_gid, ENROLD);
	struct path lock = rig_path(&rig, ".lock");
	cr_assert_eq(link(precious.text, lock.text), 0);
	cr_assert_eq(chmod(precious.text, 0666), 0);
	fix(&rig, 1);
	cr_expect_eq(stat_at(precious).st_mode & 07777, 0666);
	rig_remove(&rig);
}

/* Somebody who may write into inbox/ goes on exchanging a folder for a link while root mends. */
Test(check, never_follows_a_link_that_is_put_there_meanwhile)
{
	struct rig rig;
	enum { ROUNDS = SCALE(100, 20) };
	usual(&rig);
	fix(&rig, 0);
	struct path target = path_of("%s/target", rig.root.text);
	struct path folder = rig_inbox(&rig, "hr"), aside = rig_inbox(&rig, ".aside");
	struct path bait = rig_inbox(&rig, ".bait");
	files_make_directory(target.text);
	cr_assert_eq(chown(target.text, 0, 0), 0);
	cr_assert_eq(chmod(target.text, 0700), 0);
	cr_assert_eq(symlink(target.text, bait.text), 0);
	pid_t rival = fork();
	while (rival == 0) {
		rename(folder.text, aside.text);
		rename(bait.text, folder.text);
		rename(folder.text, bait.text);
		rename(aside.text, folder.text);
		if (getppid() == 1)
			_exit(0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		struct finished finished =
		    program_run(ARGV("enrolctl", "--config", rig.config.text, "check", "--fix"));
		cr_expect(finished.status == 0 || finished.status == 1, "%s", finished.err.bytes);
		finished_done(&finished);
		cr_assert_eq(stat_at(target).st_uid, 0);
		cr_assert_eq(stat_at(target).st_mode & 07777, 0700);
		cr_assert_eq(access(path_of("%s/preview", target.text).text, F_OK), -1);
	}
	kill(rival, SIGKILL);
	waitpid(rival, NULL, 0);
	rig_remove(&rig);
}

/* ---- the machine ---- */

Test(check, says_that_a_disk_is_full_and_that_the_spool_is_on_two)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	struct path held = rig_path(&rig, "held");
	cr_assert_eq(mount("none", held.text, "tmpfs", 0, "mode=0750,uid=61100"), 0);
	struct finished finished = check(&rig, NULL, 1);
	cr_expect(says(&finished, "BAD   held:", "another file system"), "%s", finished.out.bytes);
	finished_done(&finished);
	umount(held.text);
	files_remove(rig.directory.text);
	files_make_directory(rig.directory.text);
	cr_assert_eq(
	    mount("none", rig.directory.text, "tmpfs", 0, "size=1m,mode=0751,uid=61100"), 0);
	finished = check(&rig, "--fix", 1);
	cr_expect(says(&finished, "BAD   disk:", "is full"), "%s", finished.out.bytes);
	cr_expect(
	    says(&finished, "ok    database disk:", "MiB are free"), "%s", finished.out.bytes);
	finished_done(&finished);
	umount(rig.directory.text);
	rig_remove(&rig);
}

/* A /dev of this process's own, with as little in it as will do. */
static void devices_make(const struct rig *rig)
{
	static const char *const names[] = {"null", "urandom", "shm"};
	struct path ours = path_of("%s/dev", rig->root.text);
	files_make_directory(ours.text);
	cr_assert_eq(mount("none", ours.text, "tmpfs", 0, NULL), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct path from = path_of("/dev/%s", names[i]);
		struct path to = path_of("%s/%s", ours.text, names[i]);
		if (strcmp(names[i], "shm") == 0)
			files_make_directory(to.text);
		else
			files_write(to.text, "", 0, 0666);
		cr_assert_eq(mount(from.text, to.text, NULL, MS_BIND, NULL), 0);
	}
	cr_assert_eq(mount(ours.text, "/dev", NULL, MS_MOVE, NULL), 0);
	files_remove(ours.text);
}

/* The test is the journal. */
Test(check, leaves_a_line_with_who_has_mended_in_the_log_of_the_system)
{
	struct rig rig;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	char line[1024] = "";
	usual(&rig);
	fix(&rig, 0);
	devices_make(&rig);
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(journal, (struct sockaddr *)&address, sizeof address), 0);
	cr_assert_eq(chmod(rig_path(&rig, "archive").text, 0777), 0);
	fix(&rig, 0);
	cr_expect_gt(recv(journal, line, sizeof line - 1, MSG_DONTWAIT), 0);
	cr_expect(strstr(line, "root"), "%s", line);
	cr_expect(strstr(line, " mended archive: mode 0777, should be 0750"), "%s", line);
	cr_expect_lt(recv(journal, line, sizeof line - 1, MSG_DONTWAIT), 0);
	close(journal);
	rig_remove(&rig);
}

/* ---- who asks ---- */

Test(check, mends_for_root_alone_and_tells_others_what_they_may_not_see)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	struct path copy = path_of("%s/enrolctl", rig.root.text);
	files_copy(path_of("%s/enrolctl", program_directory()).text, copy.text);
	cr_assert_eq(chmod(copy.text, 0755), 0);
	cr_assert_eq(chmod(rig.config.text, 0644), 0);
	struct finished finished = program_expect(
	    1, ARGV("/usr/bin/setpriv", "--reuid=anna", "--regid=61101", "--init-groups", copy.text,
	           "--config", rig.config.text, "check", "--fix"));
	cr_expect(strstr(finished.err.bytes, "sudo enrolctl check --fix"));
	finished_done(&finished);
	finished = program_expect(
	    0, ARGV("/usr/bin/setpriv", "--reuid=anna", "--regid=61101", "--init-groups", copy.text,
	           "--config", rig.config.text, "check"));
	cr_expect(says(&finished, "note  database:", "not looked at"), "%s", finished.out.bytes);
	finished_done(&finished);
	/* The daemon's own user sees all of it. */
	finished = program_expect(
	    0, ARGV("/usr/bin/setpriv", "--reuid=enrold", "--regid=61100", "--init-groups",
	           copy.text, "--config", rig.config.text, "check"));
	cr_expect(says(&finished, "ok    ledger:", "tables"), "%s", finished.out.bytes);
	cr_expect(
	    says(&finished, "ok    spool:", "owner, group and mode"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, says_the_same_as_json_and_leaves_with_78_where_the_settings_are_wrong)
{
	struct rig rig;
	usual(&rig);
	fix(&rig, 0);
	cr_assert_eq(chmod(rig_path(&rig, "archive").text, 0755), 0);
	struct finished finished =
	    program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "--json", "check"));
	cr_expect(
	    strstr(finished.out.bytes, "{\"finding\":\"BAD\",\"about\":\"archive\",\"text\":"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	files_write(rig.config.text, "nonsense: 1\n", 12, 0640);
	finished = check(&rig, NULL, 78);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(check, says_who_runs_and_what_is_missing_of_a_spool_that_is_not_there)
{
	struct rig rig;
	usual(&rig);
	struct path away = path_of("%s/away", rig.root.text);
	files_rename(rig.directory.text, away.text);
	struct finished finished = check(&rig, NULL, 1);
	cr_expect(says(&finished, "BAD   spool:", "it is missing"), "%s", finished.out.bytes);
	cr_expect(says(&finished, "note  daemon:", "none runs"), "%s", finished.out.bytes);
	finished_done(&finished);
	fix(&rig, 0);
	cr_expect_eq(stat_at(rig.directory).st_uid, ENROLD);
	cr_expect_eq(stat_at(rig.directory).st_mode & 07777, 0751);
	expect_clean(&rig);
	rig_remove(&rig);
}

/* ---- the daemon ---- */

/* It does not mend, and says so once; and sees that somebody has. */
Test(check, is_what_the_daemon_asks_for_when_folders_are_not_their_groups)
{
	struct rig rig;
	struct service service;
	if (getuid() != 0)
		cr_skip_test("only root can give a folder away");
	rig_make(
	    &rig, &(struct rig_options){.feeds = "  default: {}\n  hr: { drop_group: daemon }\n"});
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	service_start(&service, &rig);
	service_await_log(&service, "\"folders_differ\"");
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "status"));
	cr_expect(
	    strstr(finished.out.bytes, "sudo enrolctl check --fix"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_run(ARGV("enrolctl", "--config", rig.config.text, "check", "--fix"));
	cr_expect(says(&finished, "fixed", "outbox/hr"), "%s", finished.out.bytes);
	cr_expect(says(&finished, "note  daemon:", "it runs as root"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_drop(
	    &rig, "staff.csv", "username,course1\np1,C1\n"); /* it looks again after an answer */
	service_await_log(&service, "\"folders_right\"");
	service_stop(&service);
	law_close(&rig);
}
