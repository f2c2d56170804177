/*
 * transaction: one at a time (the turnstile), and with gaps between them. A process that waits for
 * SQLite's write lock tries it every tenth of a second, at the longest; transactions straight after
 * one another would keep it out as long as there is work. When another process has the database
 * open, each second of work is followed by a gap long enough for it to get in.
 */
#include "run_state.h"

#include <time.h>

enum { HELD_US = 1000000, GAP_US = 110000 };

static void held_begin(struct pace *pace)
{
	pace->begun_us = run_clock_us();
	if (pace->begun_us - pace->ended_us >= GAP_US)
		pace->held_us = 0; /* there was a gap by itself */
}

static void held_end(struct runner *runner)
{
	static const struct timespec gap = {.tv_nsec = GAP_US * 1000L};
	struct pace *pace = runner->shared->pace;
	pace->ended_us = run_clock_us();
	pace->held_us += pace->ended_us - pace->begun_us;
	if (pace->held_us < HELD_US || !lms_is_polled(runner->lms))
		return;
	nanosleep(&gap, NULL);
	pace->held_us = 0;
}

static void turn_end(struct runner *runner)
{
	if (!runner->has_turn)
		return;
	held_end(runner);
	turnstile_leave(runner->shared->turnstile);
	runner->has_turn = false;
}

/* A run that was resumed has had one, too. */
static enum turn turn_of(const struct run *run)
{
	return run->has_had_turn || run->row.state != RUN_UNKNOWN ? TURN_AGAIN : TURN_FIRST;
}

struct error transaction_begin(struct run *run)
{
	struct runner *runner = run->runner;
	turnstile_enter(runner->shared->turnstile, turn_of(run));
	runner->has_turn = true;
	held_begin(runner->shared->pace);
	run->has_had_turn = true;
	atomic_fetch_add(runner->shared->progress, 1);
	struct error error = lms_begin(runner->lms);
	if (!is_error(&error))
		error = lease_check(runner->shared->lease, runner->lms, &run->hold);
	if (!is_error(&error))
		error = lms_recheck_site(runner->lms, run->lane.is_preview);
	/* A commit whose answer was lost may have come to pass after we looked. */
	if (!is_error(&error))
		error = ledger_check(lms_db(runner->lms), &run->row);
	if (is_error(&error))
		transaction_rollback(runner);
	return error;
}

struct error transaction_commit(struct runner *runner)
{
	struct error error = lms_commit(runner->lms);
	turn_end(runner);
	return error;
}

void transaction_rollback(struct runner *runner)
{
	lms_rollback(runner->lms);
	turn_end(runner);
}
