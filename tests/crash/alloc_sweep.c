/*
 * alloc_sweep: every scenario, with the N-th allocation failing, alone or as the first of several:
 * enrold waits and tries again, or ends with 75. It never dies of it, and started again with memory
 * enough it has done everything once.
 *
 *     ENROLD_SWEEP=1 build/release/alloc_sweep_test     at every N
 */
#include "fatal.h"
#include "law.h"
#include "program.h"
#include "scale.h"
#include "scenario.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_TRY_LATER = 75, ROUNDS = SCALE(120, 25), ROUNDS_MIN = 4 };

static void number_set(const char *name, long number)
{
	setenv(name, path_of("%ld", number).text, 1);
}

/* How it ended, and how many allocations there were. */
static struct finished scarce_run(const struct rig *rig, long at, long count, long *calls)
{
	char text[32] = "";
	struct path tell = path_of("%s/allocations", rig->root.text);
	struct program program;
	int file = open(tell.text, O_RDWR | O_CREAT | O_TRUNC, 0600); /* inherited */
	if (file < 0)
		fatal("cannot make %s", tell.text);
	number_set("SCARCE_TELL", file);
	number_set("SCARCE_AT", at);
	number_set("SCARCE_COUNT", count);
	program_preload(SCARCE);
	program_start(&program, ARGV("enrold", "--config", rig->config.text, "--once"), NULL);
	program_preload(NULL);
	struct finished finished = program_finish(&program);
	if (pread(file, text, sizeof text - 1, 0) > 0)
		*calls = strtol(text, NULL, 10);
	close(file);
	files_remove(tell.text);
	return finished;
}

static void round_play(
    const struct scenario *scenario, long at, long count, const struct expectation *expectation)
{
	struct round round;
	long calls;
	round_begin(&round, scenario, at % 2 ? "wal" : "delete");
	round_name(&round, "%ld allocations fail from the %ldth on", count, at);
	round.finished = scarce_run(&round.rig, at, count, &calls);
	int status = round.finished.status;
	round_expect(&round, status == 0 || status == EXIT_TRY_LATER);
	law_holds(&round.rig, status == 0 ? LAW_IDLE : LAW_STOPPED);
	round_end(&round, expectation);
}

SCENARIO_TEST(alloc_sweep, at_every_allocation)
{
	const struct scenario *scenario = &scenarios[*number];
	if (!tracer_works())
		cr_skip_test("no ptrace here, by which one of the scenarios is prepared");
	struct expectation expectation = scenario_expect(scenario, false);
	struct round calm;
	long calls = 0, rounds = 0;
	round_begin(&calm, scenario, "wal");
	calm.finished = scarce_run(&calm.rig, 0, 0, &calls);
	round_expect(&calm, calm.finished.status == 0);
	round_end(&calm, &expectation);
	long wanted = ROUNDS / (scenario->step + scenario->step / 5);
	long step = scale_from_environment(
	    "ENROLD_SWEEP", calls / (wanted > ROUNDS_MIN ? wanted : ROUNDS_MIN) + 1);
	for (long at = 1 + step / 2; at <= calls; at += step, rounds++)
		round_play(scenario, at, rounds % 4 == 3 ? 5 : 1, &expectation);
	fprintf(stderr, "alloc_sweep: %s: %ld rounds, %ld allocations in one run\n", scenario->name,
	    rounds, calls);
	cr_expect_gt(rounds, 2);
	expectation_done(&expectation);
}
