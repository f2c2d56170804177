/*
 * enrold --once, killed at random points spread over its whole run, and run again to the end: the
 * law holds after the kill and at the end, and the LMS is as if nothing had happened. Every third
 * time the recovery is killed, too. With the same seed the same moments are tried again; where
 * exactly the program is then is up to the machine.
 *
 *     ENROLD_KILLS=200 ENROLD_SEED=7 build/release/kill_once_test
 */
#include "law.h"
#include "moment.h"
#include "program.h"
#include "reply.h"
#include "scale.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ROWS = SCALE(30000, 3000),
	PEOPLE = 1000,
	COURSES = SCALE(30, 3),
	KILLS = SCALE(36, 12),
	ACCOUNTS = SCALE(3000, 300),
	FILES = 6,
};

#define FEEDS                                                                                      \
	"  default: { upload_type: add_or_update, update_details: file, allow_delete: true,"       \
	" allow_rename: true, " RIG_MAY_ALL " }\n"

static struct buffer large_make(void)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,role1\n");
	for (int i = 0; i < ROWS; i++)
		buffer_print(&text, "p%d,C%d,%s\n", i / COURSES + 1, i % COURSES + 1,
		    i % 97 == 0  ? "chef"
		    : i % 5 == 0 ? "editingteacher"
		                 : "");
	cr_assert(!text.failed);
	return text;
}

/* New people, each with a cohort, a course and a group of it. */
static struct buffer accounts_make(void)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,firstname,lastname,email,cohort1,course1,group1\n");
	for (int i = 0; i < ACCOUNTS; i++)
		buffer_print(&text, "new%d,New,Person,new%d@x.example,K%d,C%d,G%d\n", i, i, i % 7,
		    i % COURSES + 1, i % 11);
	cr_assert(!text.failed);
	return text;
}

static void site_make(struct rig *rig, int round)
{
	static struct buffer large, accounts;
	if (large.size == 0) {
		large = large_make();
		accounts = accounts_make();
	}
	rig_make(rig, &(struct rig_options){
	                  .people = PEOPLE,
	                  .courses = COURSES,
	                  .feeds = FEEDS,
	                  .journal_mode = round % 2 ? "delete" : "wal",
	              });
	rig_drop(rig, "1-small.csv", "username,course1\np1,C1\nnobody,C1\np2,C1\n");
	rig_drop(rig, "2-refused.csv", "username,course1\np3,\"C1\n");
	rig_drop_bytes(rig, "3-large.csv", large.bytes, large.size);
	rig_drop(rig, "4-small.csv", "username,course1,enrolstatus1\np1,C1,1\np2,C2,\n");
	rig_drop_bytes(rig, "5-accounts.csv", accounts.bytes, accounts.size);
	rig_drop(rig, "6-moves.csv",
	    "username,oldusername,deleted,suspended,sysrole1\nmoved1,new1,,,manager\nnew2,,1,,\n"
	    "new3,,,1,\nmoved1,,,,-manager\n");
}

/* Starts --once and kills it when the time is over. What it took when it came to its end before, or
 * 0. */
static int64_t once_kill(const struct rig *rig, int64_t delay_us)
{
	struct program program;
	int64_t start = moment_now_us();
	program_start(&program, ARGV("enrold", "--config", rig->config.text, "--once"), NULL);
	bool is_over = program_wait(&program, delay_us);
	int64_t took_us = moment_now_us() - start;
	program_signal(&program, SIGKILL);
	struct finished finished = program_finish(&program);
	cr_assert(finished.status == -SIGKILL || finished.status == 0, "it ended with %d:\n%s",
	    finished.status, finished.err.bytes);
	finished_done(&finished);
	return is_over ? took_us : 0;
}

static void answers_check(const struct rig *rig)
{
	static const char *const names[FILES] = {"1-small.csv", "2-refused.csv", "3-large.csv",
	    "4-small.csv", "5-accounts.csv", "6-moves.csv"};
	for (int i = 0; i < FILES; i++)
		cr_assert_eq(reply_count(rig, names[i]), 1, "answers to %s", names[i]);
}

/* What an undisturbed run does, and how long it takes. */
static int64_t undisturbed(struct buffer *state)
{
	struct rig rig;
	site_make(&rig, 0);
	int64_t start = moment_now_us();
	rig_once(&rig);
	int64_t duration = moment_now_us() - start;
	*state = rig_state(&rig);
	answers_check(&rig);
	law_close(&rig);
	return duration;
}

/* As once_kill. */
static int64_t round_play(
    int round, int64_t delay_us, unsigned int *seed, const struct buffer *expected)
{
	struct rig rig;
	site_make(&rig, round);
	int64_t took_us = once_kill(&rig, delay_us);
	law_holds(&rig, LAW_STOPPED);
	if (round % 3 == 2) {
		once_kill(&rig, rand_r(seed) % (delay_us + 1));
		law_holds(&rig, LAW_STOPPED);
	}
	rig_once(&rig);
	struct buffer state = rig_state(&rig);
	cr_assert(slice_is(buffer_slice(&state), buffer_slice(expected)),
	    "round %d: killed after %lld us, the LMS is not as after an undisturbed run", round,
	    (long long)delay_us);
	buffer_done(&state);
	answers_check(&rig);
	law_close(&rig);
	return took_us;
}

Test(kill_once, at_any_moment_and_what_is_done_is_done_exactly_once)
{
	unsigned int seed = (unsigned int)scale_from_environment("ENROLD_SEED", time(NULL));
	long kills = scale_from_environment("ENROLD_KILLS", KILLS), round = 0, hits = 0;
	struct buffer expected;
	fprintf(stderr, "kill_once: ENROLD_SEED=%u\n", seed);
	int64_t duration = undisturbed(&expected);
	for (; round < kills; round++) {
		int64_t slice = duration / kills;
		int64_t delay = round * 17 % kills * slice + rand_r(&seed) % (slice + 1);
		int64_t took_us = round_play((int)round, delay, &seed, &expected);
		hits += took_us == 0;
		if (took_us > 0 && took_us < duration) /* the machine was busy, and is not now */
			duration = took_us;
	}
	buffer_done(&expected);
	fprintf(stderr, "kill_once: %ld kills over %lld ms, %ld hit\n", round,
	    (long long)duration / 1000, hits);
	cr_expect_gt(hits, round / 4, "too few kills hit anything");
}
