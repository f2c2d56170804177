/*
 * scenario: what enrold has before it when something goes wrong: a spool in which `enrold --once`
 * has one kind of work to do. The sweeps of this directory play each of them over and over, with
 * another mishap each time, and all end alike: started again undisturbed, enrold has done
 * everything once.
 */
#ifndef CRASH_SCENARIO_H
#define CRASH_SCENARIO_H

#include "rig.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct scenario {
	const char *name;
	void (*prepare)(struct rig *rig, const char *journal_mode);
	size_t answers, archived; /* that there will be in the end */
	int step; /* its runs are long: bounded sweeps try every step-th call only */
};

enum { SCENARIOS = 9 };

extern const struct scenario scenarios[SCENARIOS];

const struct scenario *scenario_named(const char *name); /* fatal when there is none */

/* A test of each scenario, `number`. A number, because parameters come from another process, where
 * functions lie elsewhere. */
#define SCENARIO_TEST(suite, name)                                                                 \
	ParameterizedTestParameters(suite, name)                                                   \
	{                                                                                          \
		static size_t numbers[SCENARIOS];                                                  \
		for (size_t i = 0; i < SCENARIOS; i++)                                             \
			numbers[i] = i;                                                            \
		return cr_make_param_array(size_t, numbers, SCENARIOS);                            \
	}                                                                                          \
	ParameterizedTest(const size_t *number, suite, name)

/* An undisturbed run: the LMS after it, and how many calls it made. */
struct expectation {
	struct buffer state;
	struct buffer chores; /* what Moodle is to do; ends with a NUL */
	long calls;
};

struct expectation scenario_expect(const struct scenario *scenario, bool reads);
void expectation_done(struct expectation *expectation);

/* Where the traced program is told on: the test's own directory. */
struct tracer scenario_tracer(const struct rig *rig, tracer_on_call *on_call, void *context);
struct finished scenario_run(const struct rig *rig, const struct tracer *tracer);

/* Starts enrold once more, undisturbed; all is done, once, and by the law. */
void scenario_end(
    const struct scenario *scenario, struct rig *rig, const struct expectation *expectation);

/* ENROLD_SWEEP in the environment says it: 1 is everything, however long it takes. */
int scenario_step(const struct scenario *scenario);

#endif
