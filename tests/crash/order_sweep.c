/*
 * order_sweep: a daemon that is told to pause, resume and discard, with a mishap at the N-th call
 * that touches a file, for every N there is: killed, or the call fails. What it has answered with 0
 * stands, whatever comes after; nobody waits for an answer for ever; nothing is lost.
 *
 *     ENROLD_SWEEP=1 build/release/order_sweep_test     every N, every mishap
 */
#include "asker.h"
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "scale.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRY_LATER = 75, CONFIG = 78, PART_OLD_S = 3700 };

/* What the client was told, step by step; -1: nothing. In memory that both have. */
enum step { STEP_STATUS, STEP_PAUSE, STEP_DISCARD, STEP_RUNS, STEP_RESUME, STEPS };

struct told_steps {
	int exit[STEPS];
};

/* ---- the client ---- */

static pid_t pid_of(const struct told *told)
{
	const json_t *pid = json_object_get(json_array_get(told->data, 0), "pid");
	return (pid_t)json_integer_value(pid);
}

static void client_run(const struct rig *rig, const char *run, struct told_steps *steps)
{
	const struct path members[STEPS] = {path_of("\"command\":\"status\""),
	    path_of("\"command\":\"pause\",\"feed\":\"hr\",\"why\":\"swept\""),
	    path_of("\"command\":\"discard\",\"run\":\"%s\"", run), path_of("\"command\":\"runs\""),
	    path_of("\"command\":\"resume\",\"feed\":\"hr\"")};
	struct asker asker;
	struct timespec pause = {.tv_nsec = 1000000};
	pid_t daemon = 0;
	while (!asker_try(&asker, asker_path(rig).text))
		nanosleep(&pause, NULL); /* until it is there, or we are ended */
	for (enum step step = 0; step < STEPS; step++) {
		struct told told;
		asker_ask(&asker, members[step].text, &told);
		steps->exit[step] = told.exit;
		daemon = step == STEP_STATUS ? pid_of(&told) : daemon;
		if (told.exit < 0)
			_exit(0); /* it is dead */
	}
	kill(daemon, SIGTERM);
	_exit(0);
}

static pid_t client_start(const struct rig *rig, const char *run, struct told_steps *steps)
{
	pid_t pid = fork();
	if (pid < 0)
		fatal("cannot fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	client_run(rig, run, steps);
	_exit(1);
}

/* ---- what it has before it ---- */

static struct verdict kill_at_result(void *context, const struct call *call)
{
	(void)context;
	bool is = call->kind == CALL_WRITE && text_ends(call->path.text, "/result.csv");
	return (struct verdict){.kind = is ? VERDICT_KILL : VERDICT_GO};
}

/* A run that was cut short and stopped: its id. */
static struct path prepare(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = "  default: {}\n  hr: {}\n"});
	rig_drop(rig, "staff.csv", "username,course1\np1,C1\nnobody,C1\np2,C2\n");
	struct finished finished = tracer_once(rig, kill_at_result, NULL, false);
	if (finished.status != -SIGKILL)
		fatal("it was not killed, but ended with %d", finished.status);
	finished_done(&finished);
	struct listing work = files_list(rig_path(rig, "work/" RIG_NODE).text);
	struct path run = {""};
	for (size_t i = 0; i < work.count && !*run.text; i++)
		if (!strchr(work.entries[i].path, '/'))
			run = path_of("%s", work.entries[i].path);
	listing_done(&work);
	finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig->config.text, "stop", run.text));
	finished_done(&finished);
	return run;
}

/* ---- a round ---- */

struct mishap {
	const char *name;
	enum verdict_kind kind;
	int error;
	long at;
	bool has_struck;
	struct path call; /* that it struck */
};

static struct verdict strike(void *context, const struct call *call)
{
	struct mishap *mishap = context;
	if (call->number != mishap->at)
		return (struct verdict){VERDICT_GO, 0};
	mishap->has_struck = true;
	mishap->call = path_of("%s of %.900s", call->name, call->path.text);
	return (struct verdict){mishap->kind, mishap->error};
}

static bool stands(const struct rig *rig, const char *order)
{
	return files_exist(rig_path(rig, "orders/%s", order).text);
}

/* Answered with 0, it has happened, or will. */
static void promises_check(const struct rig *rig, const struct told_steps *steps)
{
	bool is_paused = stands(rig, "pause.hr");
	if (steps->exit[STEP_PAUSE] == 0 && steps->exit[STEP_RUNS] < 0)
		cr_expect(is_paused, "the pause is lost");
	if (steps->exit[STEP_RESUME] == 0)
		cr_expect_not(is_paused, "it is paused again");
}

/* What was only begun by somebody killed is no order, and goes when it is old. */
static void parts_age(const struct rig *rig)
{
	const struct timespec old[2] = {
	    {.tv_sec = time(NULL) - PART_OLD_S}, {.tv_sec = time(NULL) - PART_OLD_S}};
	struct listing listing = files_list(rig_path(rig, "orders").text);
	for (size_t i = 0; i < listing.count; i++) {
		struct path path = rig_path(rig, "orders/%s", listing.entries[i].path);
		if (text_ends(path.text, ".tmp"))
			cr_assert_eq(utimensat(AT_FDCWD, path.text, old, 0), 0);
	}
	listing_done(&listing);
}

static void end_check(struct rig *rig, const char *run, const struct told_steps *steps)
{
	struct reply reply;
	struct finished finished;
	if (steps->exit[STEP_DISCARD] != 0) {
		finished =
		    program_run(ARGV("enrolctl", "--config", rig->config.text, "discard", run));
		finished_done(&finished);
	}
	finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig->config.text, "resume", "hr"));
	finished_done(&finished);
	parts_age(rig);
	rig_once(rig);
	reply_open(&reply, rig, "staff.csv", 0);
	if (strcmp(reply_status(&reply), "discarded") != 0)
		fatal("it was stopped, and is %s", reply_status(&reply));
	reply_close(&reply);
	cr_expect_eq(reply_count(rig, "staff.csv"), 1);
	law_close(rig);
}

static bool is_right_end(const struct finished *finished, const struct mishap *mishap)
{
	int status = finished->status;
	if (mishap->kind == VERDICT_KILL)
		return status == -SIGKILL || status == 0;
	return status == 0 || ((status == TRY_LATER || status == CONFIG) && finished->err.size > 0);
}

/* False: there was no such call. */
static bool round_play(struct mishap *mishap, struct told_steps *steps)
{
	struct rig rig;
	struct path run = prepare(&rig);
	struct path name;
	const struct tracer tracer = {.reads = mishap->kind != VERDICT_KILL,
	    .below = rig.root.text,
	    .on_call = strike,
	    .context = mishap};
	for (enum step step = 0; step < STEPS; step++)
		steps->exit[step] = -1;
	pid_t client = client_start(&rig, run.text, steps);
	struct finished finished = tracer_run(&tracer, ARGV("enrold", "--config", rig.config.text));
	kill(client, SIGKILL);
	waitpid(client, NULL, 0);
	name = path_of("%s at call %ld, %.900s", mishap->name, mishap->at,
	    mishap->has_struck ? mishap->call.text : "none");
	fatal_about(name.text);
	if (!is_right_end(&finished, mishap))
		fatal("it ended with %d:\n%s", finished.status, finished.err.bytes);
	law_holds(&rig, LAW_STOPPED);
	promises_check(&rig, steps);
	end_check(&rig, run.text, steps);
	finished_done(&finished);
	fatal_about(NULL);
	return mishap->has_struck;
}

static void sweep(const char *name, enum verdict_kind kind, int error, int step)
{
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	struct told_steps *steps =
	    mmap(NULL, sizeof *steps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(steps, MAP_FAILED);
	long rounds = 0, told = 0;
	struct mishap mishap = {.name = name, .kind = kind, .error = error, .at = 1};
	step = (int)scale_from_environment("ENROLD_SWEEP", step);
	for (; round_play(&mishap, steps); mishap.at += step) {
		mishap.has_struck = false;
		rounds++;
		told += steps->exit[STEP_DISCARD] == 0;
	}
	fprintf(
	    stderr, "order_sweep: %s: %ld rounds, %ld of them were answered\n", name, rounds, told);
	cr_expect_gt(rounds, 5);
	munmap(steps, sizeof *steps);
}

Test(order_sweep, killed_at_every_call)
{
	sweep("killed", VERDICT_KILL, 0, SCALE(1, 7));
}

Test(order_sweep, without_room_at_every_call)
{
	sweep("ENOSPC", VERDICT_FAIL, ENOSPC, SCALE(5, 23));
}

Test(order_sweep, without_descriptors_at_every_call)
{
	sweep("EMFILE", VERDICT_FAIL, EMFILE, SCALE(7, 29));
}

Test(order_sweep, with_a_disk_that_fails_at_every_call)
{
	sweep("EIO", VERDICT_FAIL, EIO, SCALE(6, 31));
}
