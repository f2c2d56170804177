/* What a run withheld, or was held for: how it is told, who may say what becomes of it, and with a
 * daemon there or away; and that what a run did is taken back. */
#include "asker.h"
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER "username,course1\n"

static const char reviewed[] = "  default: {}\n  hr: { review: true }\n";

static void make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_once(rig);
}

/* ---- pieces ---- */

static struct finished ctl(const struct rig *rig, int exit, const char *const words[8])
{
	return program_expect(
	    exit, ARGV("enrolctl", "--config", rig->config.text, words[0], words[1], words[2],
	              words[3], words[4], words[5], words[6], words[7]));
}

#define WORDS(...) ((const char *const[8]){__VA_ARGS__})

/* What it says, on either. */
static void ctl_expect(
    const struct rig *rig, int exit, const char *says, const char *const words[8])
{
	struct finished finished = ctl(rig, exit, words);
	bool is = strstr(finished.out.bytes, says) || strstr(finished.err.bytes, says);
	cr_expect(
	    is, "%s: no '%s' in %s%s", words[0], says, finished.out.bytes, finished.err.bytes);
	finished_done(&finished);
}

/* A file of the feed hr is held: its run. */
static struct path held(struct rig *rig, const char *text)
{
	struct reply reply;
	rig_drop(rig, "hr/staff.csv", text);
	rig_once(rig);
	reply_open(&reply, rig, "hr/staff.csv", reply_count(rig, "hr/staff.csv") - 1);
	cr_assert_str_eq(reply_status(&reply), "held");
	struct path run = path_of("%s", reply.run);
	reply_close(&reply);
	return run;
}

static int64_t enrolled(const struct rig *rig)
{
	return rig_number(rig, "SELECT count(*) FROM mdl_user_enrolments WHERE status = 0");
}

static bool stands(const struct rig *rig, const char *kind, const char *run)
{
	return files_exist(rig_path(rig, "orders/%s.%s", kind, run).text);
}

/* ---- told ---- */

Test(approval, of_a_held_file_is_asked_for_everywhere)
{
	struct rig rig;
	struct service service;
	make(&rig, reviewed);
	struct path run = held(&rig, HEADER "p1,C1\np2,C1\np2,C2\n");
	cr_expect_eq(enrolled(&rig), 0);
	ctl_expect(&rig, 69, "is held as a whole", WORDS("status"));
	ctl_expect(&rig, 69, run.text, WORDS("status"));
	service_start(&service, &rig);
	ask_await_state(&rig, "hr", "held");
	ctl_expect(&rig, 1, "ENROLD WARNING - hr: staff.csv is held", WORDS("status", "--check"));
	ctl_expect(&rig, 0, "\"whole\":true", WORDS("status", "--json"));
	ctl_expect(&rig, 0, "held", WORDS("runs", "--status", "held"));
	ctl_expect(&rig, 0, "no such run", WORDS("runs", "--status", "refused"));
	ctl_expect(&rig, 0, "held/hr/staff.", WORDS("show", run.text));
	ctl_expect(&rig, 0, "C1 (2), C2 (1)", WORDS("show", run.text));
	ctl_expect(&rig, 0, "enrolctl release", WORDS("show", run.text));
	ctl_expect(&rig, 0, "\"state\":\"open\"", WORDS("show", run.text, "--json"));
	ctl_expect(&rig, 0, "\"people_losing\":0", WORDS("show", run.text, "--json"));
	service_stop(&service);
	law_close(&rig);
}

/* ---- said ---- */

Test(approval, releases_with_a_daemon_and_is_told_once)
{
	struct rig rig;
	struct service service;
	make(&rig, reviewed);
	struct path run = held(&rig, HEADER "p1,C1\np2,C1\n");
	service_start(&service, &rig);
	ctl_expect(&rig, 64, "--why", WORDS("release", run.text));
	ctl_expect(&rig, 1, "nothing of the course C9",
	    WORDS("release", run.text, "--why", "seen", "--course", "C9"));
	ctl_expect(&rig, 0, "of its own", WORDS("release", run.text, "--why", "seen"));
	service_await(&service, &rig, "hr", 2);
	service_await_idle(&service, &rig);
	ctl_expect(&rig, 1, "closed or superseded", WORDS("release", run.text, "--why", "again"));
	ctl_expect(&rig, 1, "no plan of it", WORDS("discard", run.text, "--why", "no"));
	ctl_expect(&rig, 0, "was released by run", WORDS("show", run.text));
	ctl_expect(&rig, 0, "\"why\":\"seen\"", WORDS("show", "last", "--json"));
	service_stop(&service);
	cr_expect_eq(enrolled(&rig), 2);
	law_close(&rig);
}

/* As user enrolctl's request says he has logged in; the process behind it has never. */
static void release_as(
    const struct rig *rig, uid_t user, unsigned login, const char *run, int exit, const char *says)
{
	struct asker asker;
	struct told told;
	cr_assert_eq(seteuid(user), 0);
	asker_open(&asker, asker_path(rig).text);
	cr_assert_eq(seteuid(0), 0);
	asker_ask(&asker,
	    path_of(
	        "\"command\":\"release\",\"run\":\"%s\",\"why\":\"seen\",\"login\":%u", run, login)
	        .text,
	    &told);
	asker_close(&asker);
	cr_expect_eq(told.exit, exit, "%d: %s", told.exit, told.message);
	cr_expect(strstr(told.message, says), "%s", told.message);
	told_done(&told);
}

static struct path dropped_by(struct rig *rig, uid_t owner, const char *text)
{
	rig_drop(rig, "hr/staff.csv", text);
	cr_assert_eq(chown(rig_inbox(rig, "hr/staff.csv").text, owner, 0), 0);
	rig_once(rig);
	struct reply reply;
	reply_open(&reply, rig, "hr/staff.csv", reply_count(rig, "hr/staff.csv") - 1);
	cr_assert_str_eq(reply_status(&reply), "held");
	struct path run = path_of("%s", reply.run);
	reply_close(&reply);
	return run;
}

/* A daemon in its unit cannot see as whom the user behind a sudo has logged in: enrolctl says it,
 * and is believed when it is root's. */
Test(approval, is_not_for_who_dropped_the_file_whoever_he_became_meanwhile)
{
	enum { ANNA = 61101, PAUL };
	struct rig rig;
	struct service service;
	if (getuid() != 0)
		cr_skip_test("only root can be somebody else");
	make(&rig, "  default: {}\n  hr: { review: true, approvers: root }\n");
	cr_assert_eq(chmod(rig.root.text, 0755), 0);
	cr_assert_eq(chmod(rig.directory.text, 0755), 0);
	struct path run = dropped_by(&rig, ANNA, HEADER "p1,C1\n");
	service_start(&service, &rig);
	release_as(&rig, 0, ANNA, run.text, 1, "you dropped this file");
	release_as(&rig, PAUL, ANNA, run.text, 0, "");
	service_await(&service, &rig, "hr", 2);
	service_stop(&service);
	run = dropped_by(&rig, ANNA, HEADER "p2,C1\n");
	service_start(&service, &rig);
	release_as(&rig, 0, PAUL, run.text, 0, "");
	service_await_log(&service, "root (login uid 61102) said");
	service_await(&service, &rig, "hr", 4);
	service_stop(&service);
	cr_expect_eq(enrolled(&rig), 2);
	law_close(&rig);
}

Test(approval, discards_while_no_daemon_runs_and_not_also_releases)
{
	struct rig rig;
	make(&rig, reviewed);
	struct path run = held(&rig, HEADER "p1,C1\n");
	ctl_expect(&rig, 64, "--why", WORDS("discard", run.text));
	ctl_expect(&rig, 0, "No daemon runs here", WORDS("discard", run.text, "--why", "wrong"));
	cr_expect(stands(&rig, "decline", run.text));
	ctl_expect(&rig, 1, "is discarded already", WORDS("discard", run.text, "--why", "wrong"));
	ctl_expect(&rig, 1, "is discarded already", WORDS("release", run.text, "--why", "right"));
	cr_expect_not(stands(&rig, "release", run.text));
	ctl_expect(&rig, 0, "has said what becomes of its plan", WORDS("show", run.text));
	rig_once(&rig);
	cr_expect_not(stands(&rig, "decline", run.text));
	ctl_expect(&rig, 0, "was discarded by run", WORDS("show", run.text));
	cr_expect_eq(enrolled(&rig), 0);
	law_close(&rig);
}

Test(approval, of_runs_without_a_plan_is_no_order)
{
	struct rig rig;
	struct service service;
	make(&rig, reviewed);
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	rig_once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, "staff.csv", 0);
	for (int with = 0; with < 2; with++) {
		if (with)
			service_start(&service, &rig);
		const char *const runs[] = {reply.run, "20200101-000000-000000"};
		for (size_t i = 0; i < 2; i++) {
			ctl_expect(&rig, 1, "and no plan of it",
			    WORDS("release", runs[i], "--why", "seen"));
			ctl_expect(&rig, 1, "quarantine/", WORDS("discard", runs[i], "--why", "x"));
		}
		ctl_expect(&rig, 1, "no run 20200101-000000-000000 has ended",
		    WORDS("undo", "20200101-000000-000000"));
	}
	service_stop(&service);
	reply_close(&reply);
	cr_expect_eq(files_count(rig_path(&rig, "orders").text, ""), 0);
	law_close(&rig);
}

/* The law knows of no undoing: what is so after it is looked at here. */

/* ---- asked ---- */

/* At a terminal, on which somebody types: what is said there. */
static struct finished typed(const struct rig *rig, const char *words, const char *line)
{
	struct path programs = path_of("%s", program_directory());
	return program_run(ARGV("/bin/sh", "-c",
	    path_of("echo %s | script -qec '%s/enrolctl --config %s %s' /dev/null", line,
	        programs.text, rig->config.text, words)
	        .text));
}

static void typed_expect(
    const struct rig *rig, const char *words, const char *line, int exit, const char *says)
{
	struct finished finished = typed(rig, words, line);
	cr_expect_eq(finished.status, exit, "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, says), "no '%s' in %s", says, finished.out.bytes);
	finished_done(&finished);
}

Test(approval, asks_at_a_terminal_before_somebody_loses_something)
{
	struct rig rig;
	struct reply reply;
	make(&rig, reviewed);
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	struct path words = path_of("undo %s --why wrong", reply.run);
	typed_expect(&rig, words.text, "no", 1, "Nothing was ordered");
	typed_expect(&rig, words.text, "", 1, "Nothing was ordered");
	typed_expect(&rig, words.text, "yesterday", 1, "Nothing was ordered");
	cr_expect_not(stands(&rig, "undo", reply.run));
	typed_expect(&rig, words.text, "yes", 0, "It is taken back in a run of its own");
	cr_expect(stands(&rig, "undo", reply.run));
	reply_close(&reply);
	/* Nobody loses anything. */
	struct path run = held(&rig, HEADER "p2,C1\n");
	words = path_of("release %s --why seen", run.text);
	typed_expect(&rig, words.text, "no", 0, "It is done in a run of its own");
	rig_remove(&rig);
}

/* ---- undone ---- */

Test(approval, undoes_a_run_after_it_has_said_what_that_takes_back)
{
	struct rig rig;
	make(&rig, reviewed);
	rig_drop(&rig, "staff.csv", HEADER "p1,C1\np2,C1\n");
	rig_once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, "staff.csv", 0);
	cr_expect_eq(enrolled(&rig), 2);
	ctl_expect(&rig, 0, "2  enrolled", WORDS("undo", reply.run, "--preview"));
	ctl_expect(&rig, 0, "enrolctl pause default", WORDS("undo", reply.run, "--preview"));
	ctl_expect(&rig, 0, "\"undone\":{\"enrolled\":2}",
	    WORDS("undo", reply.run, "--preview", "--json"));
	cr_expect_not(stands(&rig, "undo", reply.run));
	ctl_expect(&rig, 0, "No daemon runs here", WORDS("undo", reply.run, "--why", "wrong"));
	ctl_expect(&rig, 1, "is undone already", WORDS("undo", reply.run));
	rig_once(&rig);
	cr_expect_not(stands(&rig, "undo", reply.run));
	cr_expect_eq(enrolled(&rig), 0);
	ctl_expect(&rig, 0, "undone", WORDS("explain", "p1"));
	reply_close(&reply);
	rig_remove(&rig);
}
