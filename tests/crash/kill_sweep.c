/*
 * kill_sweep: every scenario, killed at the N-th call that changes a file, for every N there is:
 * nothing is lost and nothing comes twice, whether the call was the last that happened or the
 * first that did not.
 *
 *     ENROLD_SWEEP=1 build/release/kill_sweep_test      every N of the long ones, too
 */
#include "fatal.h"
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
	struct rig rig;
	scenario->prepare(&rig, journal_mode);
	struct tracer tracer = scenario_tracer(&rig, kill_at, &at);
	struct finished finished = scenario_run(&rig, &tracer);
	bool was_killed = finished.status == -SIGKILL;
	if (!was_killed && finished.status != 0)
		fatal("%s: it ended with %d:\n%s", scenario->name, finished.status,
		    finished.err.bytes);
	finished_done(&finished);
	struct path what = path_of("%s: killed at call %ld", scenario->name, at);
	fatal_about(what.text);
	law_holds(&rig, LAW_STOPPED);
	scenario_end(scenario, &rig, expectation);
	fatal_about(NULL);
	return was_killed;
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
