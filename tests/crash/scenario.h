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

enum { SCENARIOS = 28 };

extern const struct scenario scenarios[SCENARIOS];

const struct scenario *scenario_named(const char *name); /* fatal when there is none */

/* All of them, or the one that ENROLD_SCENARIO names. */
size_t *scenario_numbers(size_t *count);

/* A test of each scenario, `number`. A number, because parameters come from another process, where
 * functions lie elsewhere. */
#define SCENARIO_TEST(suite, name)                                                                 \
	ParameterizedTestParameters(suite, name)                                                   \
	{                                                                                          \
		size_t count, *numbers = scenario_numbers(&count);                                 \
		return cr_make_param_array(size_t, numbers, count);                                \
	}                                                                                          \
	ParameterizedTest(const size_t *number, suite, name)

/* scenario_archive.c: files of several kinds, packed as one. */
void prepare_archive(struct rig *rig, const char *journal_mode);
void prepare_archive_resumed(struct rig *rig, const char *journal_mode);

/* scenario_notes.c: checkpoints of the chain, which a command is given. */
void prepare_checkpoints(struct rig *rig, const char *journal_mode);
/* Fatal when the last run has no note, or the command was not given the last one. */
void notes_expect(const struct rig *rig, size_t runs);

/* scenario_notices.c: runs that people are told of. */
void prepare_notices(struct rig *rig, const char *journal_mode);
/* Fatal unless each run has one notice in the queue, and there is nothing else. */
void notices_expect(const struct rig *rig);

/* scenario_plans.c: what waits for a person, and what he says. */
void prepare_held(struct rig *rig, const char *journal_mode);
void prepare_released(struct rig *rig, const char *journal_mode);
void prepare_declined(struct rig *rig, const char *journal_mode);
void prepare_withheld(struct rig *rig, const char *journal_mode);
void prepare_withheld_released(struct rig *rig, const char *journal_mode);
void prepare_superseded(struct rig *rig, const char *journal_mode);
void prepare_removals_released(struct rig *rig, const char *journal_mode);
void prepare_undone(struct rig *rig, const char *journal_mode);
void prepare_pruned(struct rig *rig, const char *journal_mode);
void prepare_pruned_held(struct rig *rig, const char *journal_mode);

/* An undisturbed run: the LMS after it, and how many calls it made. */
struct expectation {
	struct buffer state;
	struct buffer chores; /* what Moodle is to do; ends with a NUL */
	long calls;
};

struct expectation scenario_expect(const struct scenario *scenario, bool reads);
void expectation_done(struct expectation *expectation);
/* Fatal when rig_state is another. */
void state_expect(const struct rig *rig, const struct buffer *expected);

/*
 * One mishap in one run of a scenario:
 *
 *     round_begin, round_name, round_trace, round_expect,
 *     whatever comes after the mishap, round_end
 */
struct round {
	const struct scenario *scenario;
	struct rig rig;
	struct path name; /* printed with whatever becomes fatal */
	struct finished finished;
};

void round_begin(struct round *round, const struct scenario *scenario, const char *journal_mode);
/* Behind the scenario's own name: "killed at call 7". */
void round_name(struct round *round, const char *format, ...) PRINTF_LIKE(2, 3);
/* Runs enrold, which `on_call` is told of, with what it reads or without; how it ended. */
int round_trace(struct round *round, tracer_on_call *on_call, void *context, bool reads);
/* Fatal, with what enrold said, when it has not ended well. */
void round_expect(const struct round *round, bool has_ended_well);
/* Starts enrold once more, undisturbed; all is done, once, and by the law. */
void round_end(struct round *round, const struct expectation *expectation);
/* The same without a look at it. */
void round_leave(struct round *round);

/* ENROLD_SWEEP in the environment says it: 1 is everything, however long it takes. */
int scenario_step(const struct scenario *scenario);

#endif
