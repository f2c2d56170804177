/*
 * kill_sweep: every scenario, killed at the N-th call that changes a file, for every N there is:
 * nothing is lost and nothing comes twice, whether the call was the last that happened or the
 * first that did not.
 *
 *     ENROLD_SWEEP=1 build/release/kill_sweep_test      every N of the long ones, too
 */
#include "law.h"
#include "scenario.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

static struct verdict kill_at(void *context, const struct call *call)
{
	const long *at = context;
	return (struct verdict){.kind = call->number == *at ? VERDICT_KILL : VERDICT_GO};
}

/* False: the program came to its end before there was such a call. */
static bool round_play(const struct scenario *scenario, long at, const char *journal_mode,
    const struct expectation *expectation)
{
	struct round round;
	round_begin(&round, scenario, journal_mode);
	round_name(&round, "killed at call %ld", at);
	int status = round_trace(&round, kill_at, &at, false);
	round_expect(&round, status == -SIGKILL || status == 0);
	law_holds(&round.rig, LAW_STOPPED);
	round_end(&round, expectation);
	return status == -SIGKILL;
}

SCENARIO_TEST(kill_sweep, at_every_call)
{
	const struct scenario *scenario = &scenarios[*number];
	static const char *const modes[] = {"wal", "delete"};
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	struct expectation expectation = scenario_expect(scenario, false);
	long kills = 0;
	for (int i = 0; i < 2; i++) {
		/* The two modes begin apart, so that strides meet different calls. */
		long at = 1 + i;
		while (round_play(scenario, at, modes[i], &expectation)) {
			at += scenario_step(scenario);
			kills++;
		}
	}
	fprintf(stderr, "kill_sweep: %s: %ld kills, %ld calls in one run\n", scenario->name, kills,
	    expectation.calls);
	cr_expect_gt(kills, expectation.calls / scenario_step(scenario));
	expectation_done(&expectation);
}
