#include "parts.h"

static void turn_end(struct runner *runner)
{
	if (runner->has_turn)
		turnstile_leave(runner->shared->turnstile);
	runner->has_turn = false;
}

struct error transaction_begin(const struct run *run)
{
	struct runner *runner = run->runner;
	turnstile_enter(runner->shared->turnstile);
	runner->has_turn = true;
	atomic_fetch_add(runner->shared->progress, 1);
	struct error error = lms_begin(runner->lms);
	if (!is_error(&error))
		error = lease_check(runner->shared->lease, runner->lms, &run->hold);
	if (!is_error(&error))
		error = lms_recheck_site(runner->lms, run->lane.is_preview);
	/* A commit whose answer was lost may have come to pass after we looked. */
	if (!is_error(&error))
		error = ledger_check(runner->lms, &run->row);
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
