/*
 * errno_sweep: every scenario, with the N-th call that touches a file failing, or doing only half
 * of what it was asked: enrold waits and tries again, or does not start and says why. It neither
 * dies nor spins, and started again undisturbed it has done everything once.
 *
 *     ENROLD_SWEEP=1 build/release/errno_sweep_test     every errno at every call
 */
#include "law.h"
#include "reply.h"
#include "scale.h"
#include "scenario.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHORT = -1, EXIT_TRY_LATER = 75, EXIT_CONFIG = 78 };

/* is_lasting: somebody has to do something about it, so that not to start is an answer. is_narrow:
 * it can strike a single file, for which the others do not wait. */
static const struct mishap {
	int error;
	const char *name;
	bool is_lasting, is_narrow;
} mishaps[] = {
    {EIO, "EIO", false, true},
    {SHORT, "half done", false, false},
    {ENOSPC, "ENOSPC", false, false},
    {EACCES, "EACCES", true, true},
    {EINTR, "EINTR", false, false},
    {EMFILE, "EMFILE", false, false},
    {EROFS, "EROFS", true, false},
    {ENOMEM, "ENOMEM", false, false},
};

enum { MISHAPS = sizeof mishaps / sizeof *mishaps };

struct strike {
	long at;
	const struct mishap *mishap;
	const char *hit; /* the call, NULL: none yet */
	struct path path;
};

static struct verdict strike_at(void *context, const struct call *call)
{
	struct strike *strike = context;
	if (call->number != strike->at)
		return (struct verdict){VERDICT_GO, 0};
	strike->hit = call->name;
	strike->path = call->path;
	if (strike->mishap->error == SHORT)
		return (struct verdict){VERDICT_SHORT, 0};
	return (struct verdict){VERDICT_FAIL, strike->mishap->error};
}

static bool is_right_end(const struct finished *finished, const struct mishap *mishap)
{
	bool may_be = finished->status == EXIT_TRY_LATER ||
	              (finished->status == EXIT_CONFIG && mishap->is_lasting);
	return finished->status == 0 || (may_be && finished->err.size > 0);
}

/* A word that nobody may read is none; it stays for when it can be read. */
static bool is_unheard(const struct strike *strike)
{
	return strike->mishap->is_lasting && strstr(strike->path.text, "/spool/orders/");
}

/* Of what is to be pruned, what cannot be read or removed is left for the next list. NULL: nothing
 * is. */
static const char *left_by(const struct scenario *scenario, const struct strike *strike)
{
	bool is_kept = strstr(strike->path.text, "/spool/");
	bool is_pruned = text_starts(scenario->name, "pruned");
	bool is_its = strike->mishap->is_narrow || strike->mishap->is_lasting;
	return is_pruned && is_kept && is_its ? strike->path.text : NULL;
}

/* False: the program came to its end before there was such a call. */
static bool round_play(const struct scenario *scenario, long at, const struct mishap *mishap,
    const struct expectation *expectation)
{
	struct round round;
	struct strike strike = {.at = at, .mishap = mishap};
	round_begin(&round, scenario, at % 2 ? "wal" : "delete");
	int status = round_trace(&round, strike_at, &strike, true);
	round_name(&round, "%s at call %ld, %s of %.200s", mishap->name, at,
	    strike.hit ? strike.hit : "none", strike.path.text);
	round_expect(&round, is_right_end(&round.finished, mishap));
	round.rig.spared = left_by(scenario, &strike);
	law_holds(&round.rig, status == 0 && !is_unheard(&strike) ? LAW_IDLE : LAW_STOPPED);
	round_end(&round, expectation);
	return strike.hit;
}

SCENARIO_TEST(errno_sweep, at_every_call)
{
	const struct scenario *scenario = &scenarios[*number];
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	struct expectation expectation = scenario_expect(scenario, true);
	bool is_whole = getenv("ENROLD_SWEEP");
	long step = is_whole ? 1 : scenario_step(scenario) * 5, strikes = 0;
	long first = is_whole ? 1 : 1 + scale_from_environment("ENROLD_SEED", 0) % step;
	bool was_hit = true;
	for (long at = first; was_hit; at += step)
		for (int i = 0; i < (is_whole ? MISHAPS : 1) && was_hit; i++) {
			/* Neighbours meet different ones. */
			const struct mishap *mishap = &mishaps[(at / step + i) % MISHAPS];
			was_hit = round_play(scenario, at, mishap, &expectation);
			strikes += was_hit;
		}
	fprintf(stderr, "errno_sweep: %s: %ld strikes, %ld calls in one run\n", scenario->name,
	    strikes, expectation.calls);
	cr_expect_gt(strikes, expectation.calls / step / 2);
	expectation_done(&expectation);
}

/* ---- for as long as it lasts: one file, one folder, or everything ---- */

struct reach {
	const char *name;
	const char *within, *end; /* of the paths that are struck */
	bool is_all;              /* everybody waits; else the other feed goes on */
};

static const struct reach reaches[] = {
    {"a dropped file", "", "/hr/staff.csv", false},
    {"a feed's inbox", "/spool/inbox/hr", "", false},
    {"a feed's outbox", "/outbox/hr", "", false},
    {"everything", "", "", true},
};

struct siege {
	const struct reach *reach;
	int error;
	long strikes;
};

static struct verdict besiege(void *context, const struct call *call)
{
	struct siege *siege = context;
	const struct reach *reach = siege->reach;
	bool is_it =
	    strstr(call->path.text, reach->within) && text_ends(call->path.text, reach->end);
	siege->strikes += is_it;
	return (struct verdict){is_it ? VERDICT_FAIL : VERDICT_GO, siege->error};
}

static void siege_play(const struct scenario *scenario, const struct reach *reach, int error)
{
	struct round round;
	struct siege siege = {reach, error, 0};
	round_begin(&round, scenario, "wal");
	round_name(&round, "%s with %s", reach->name, strerror(error));
	int status = round_trace(&round, besiege, &siege, true);
	round_expect(&round, status == 0 || status == EXIT_TRY_LATER || status == EXIT_CONFIG);
	cr_expect_gt(siege.strikes, 0, "%s", round.name.text);
	/* Wherever it is met, a full disk is everybody's. */
	if (!reach->is_all && error != ENOSPC)
		cr_expect_eq(reply_count(&round.rig, "staff.csv"), 1, "%s", round.name.text);
	law_holds(&round.rig, LAW_STOPPED);
	/* When it is over each file has its answer, were it that it could not be read. */
	rig_once(&round.rig);
	cr_expect_eq(rig_number(&round.rig, "SELECT count(*) FROM enrold_run WHERE state >= 2"), 3,
	    "%s", round.name.text);
	law_holds(&round.rig, LAW_IDLE);
	round_leave(&round);
}

Test(errno_sweep, of_one_file_one_folder_and_everything)
{
	static const int errors[] = {EACCES, EIO, ENOSPC};
	const struct scenario *scenario = scenario_named("two feeds");
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	for (size_t i = 0; i < sizeof reaches / sizeof *reaches; i++)
		for (size_t k = 0; k < sizeof errors / sizeof *errors; k++)
			siege_play(scenario, &reaches[i], errors[k]);
}
