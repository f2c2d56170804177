/*
 * Who drops into one feed is that feed and no other: enrold as a user of its own, and two users who
 * drop files, of whom one means harm. As the tmpfiles that are shipped make the folders.
 */
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Users and groups by number: none of them needs a name. */
enum { ENROLD = 61000, HR = 61001, MALLORY = 61002, GROUP_HR = 61011, GROUP_PAYROLL = 61012 };

static const char text[] = "username,course1\np1,C1\n";

/* The exit status of a command of somebody's. */
static int as(int user, int group, const char *command)
{
	struct path options =
	    path_of("setpriv --reuid=%d --regid=%d --groups=%d sh -c '%s' 2>/dev/null", user, user,
	        group, command);
	int status = system(options.text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int in_spool(const struct rig *rig, int user, int group, const char *command)
{
	return as(user, group, path_of("cd %s && %s", rig->directory.text, command).text);
}

static void root(const struct rig *rig, const char *command)
{
	if (system(path_of("cd %s && %s", rig->directory.text, command).text) != 0)
		fatal("%s", command);
}

static bool can_play(void)
{
	return geteuid() == 0 && system("command -v setpriv setfacl >/dev/null") == 0;
}

/* As systemd/enrold.tmpfiles does for two feeds, each with a group of its own. */
static void folders_make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = "  default: {}\n  hr: {}\n  payroll: {}\n"});
	root(rig, "mkdir -p inbox/hr inbox/payroll outbox/hr outbox/payroll");
	root(rig, "chown -R 61000:61000 .. && chmod 0751 .. . && chmod 3770 inbox");
	root(rig, "chgrp 61011 inbox/hr outbox/hr && chgrp 61012 inbox/payroll outbox/payroll");
	root(
	    rig, "chmod 3770 inbox/hr inbox/payroll && chmod 2750 outbox outbox/hr outbox/payroll");
	root(rig, "setfacl -m g:61011:--x -m g:61012:--x inbox outbox");
}

static void start(struct service *service, const struct rig *rig)
{
	struct path program = path_of("%s/enrold", program_directory());
	service_begin(
	    service, ARGV("/usr/bin/setpriv", "--reuid=61000", "--regid=61000",
	                 "--groups=61011,61012", program.text, "--config", rig->config.text));
	service_hear(service, "READY=1");
}

Test(identity, who_drops_reads_the_answers_of_that_feed_and_nothing_else)
{
	struct rig rig;
	struct service service;
	if (!can_play())
		cr_skip_test("only root can be somebody else");
	folders_make(&rig);
	start(&service, &rig);
	static const char mixed[] = "username,course1\np1,C1\nnobody,C1\n";
	rig_note(&rig, "hr/staff.csv", mixed, strlen(mixed));
	cr_assert_eq(in_spool(&rig, HR, GROUP_HR,
	                 "umask 027; printf \"username,course1\\np1,C1\\nnobody,C1\\n\" "
	                 ">inbox/hr/staff.part && mv inbox/hr/staff.part inbox/hr/staff.csv"),
	    0);
	service_await(&service, &rig, "hr", 1);
	service_await_idle(&service, &rig);
	cr_expect_eq(in_spool(&rig, HR, GROUP_HR,
	                 "cat outbox/hr/*.result.csv outbox/hr/*.retry.csv "
	                 "outbox/hr/*.summary.json | grep -q user_not_found"),
	    0);
	static const char *const forbidden[] = {"ls outbox", "ls inbox", "ls outbox/payroll",
	    "ls inbox/payroll", "ls archive", "ls work", "ls quarantine", "cat ../lms.db",
	    "touch inbox/x.csv", "touch inbox/payroll/x.csv", "touch outbox/hr/x",
	    "rm outbox/hr/*.csv", "mkdir inbox/mine"};
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		cr_expect_neq(in_spool(&rig, HR, GROUP_HR, forbidden[i]), 0, "%s", forbidden[i]);
	cr_expect_neq(in_spool(&rig, MALLORY, GROUP_PAYROLL, "cat outbox/hr/*.result.csv"), 0);
	service_stop(&service);
	law_close(&rig);
}

Test(identity, nobody_who_drops_into_one_feed_can_put_a_folder_in_the_place_of_anothers)
{
	struct rig rig;
	struct service service;
	if (!can_play())
		cr_skip_test("only root can be somebody else");
	folders_make(&rig);
	root(&rig, "setfacl -m g:61011:rwx inbox"); /* may drop into the default feed, too */
	start(&service, &rig);
	cr_expect_neq(in_spool(&rig, HR, GROUP_HR, "mv inbox/payroll inbox/.old"), 0);
	cr_expect_neq(in_spool(&rig, HR, GROUP_HR, "rmdir inbox/payroll"), 0);
	/* Its own folder for previews is no way out of it, either. */
	cr_expect_eq(in_spool(&rig, HR, GROUP_HR, "ln -s ../payroll inbox/hr/x.csv"), 0);
	rig_note(&rig, "staff.csv", text, strlen(text));
	cr_expect_eq(
	    in_spool(&rig, HR, GROUP_HR,
	        "umask 007; printf \"username,course1\\np1,C1\\n\" >inbox/staff.part && mv "
	        "inbox/staff.part inbox/staff.csv"),
	    0);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE feed = 'payroll'"), 0);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE feed = 'default'"), 1);
	root(&rig, "rm inbox/hr/x.csv");
	law_close(&rig);
}

/* Where the folder above was not sticky, and somebody has already swapped the feed's. */
Test(identity, a_folder_that_was_swapped_before_enrold_came_is_not_used)
{
	struct rig rig;
	struct service service;
	if (!can_play())
		cr_skip_test("only root can be somebody else");
	folders_make(&rig);
	root(&rig, "setfacl -m g:61011:rwx inbox && chmod 2770 inbox");
	cr_expect_eq(in_spool(&rig, HR, GROUP_HR,
	                 "mv inbox/payroll inbox/.old && mkdir -m 2777 inbox/payroll && printf "
	                 "\"username,course1\\np1,C1\\n\" >inbox/payroll/evil.csv"),
	    0);
	start(&service, &rig);
	service_await_log(&service, "inbox/payroll belongs to user 61001");
	service_stop(&service);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	root(&rig, "rm -r inbox/payroll && mv inbox/.old inbox/payroll");
	law_close(&rig);
}
