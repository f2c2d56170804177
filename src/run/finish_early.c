/*
 * finish_early: a run that ends before its file does: refused, perhaps after some checkpoints, or
 * left because a person has said so. What it has done stays, is answered, and is its feed's.
 */
#include "run_state.h"

#include "enrold/orders.h"

/* The answer as the ledger knows it: nothing (NULL), or what belongs to the last checkpoint. */
static struct error answer_take(struct run *run, struct run_result *result, struct answer **taken)
{
	struct answer *answer;
	*taken = NULL;
	if (run->row.sizes.of[ARTEFACT_RESULT] == 0)
		return OK;
	struct error error =
	    answer_open(run->directory, NULL, &(struct answer_source){0}, &run->row.sizes, &answer);
	if (is_error(&error))
		return error;
	*taken = answer;
	error = run_check_place(run);
	if (!is_error(&error))
		error = answer_begin(answer);
	if (is_error(&error))
		return error;
	result->sizes = run->row.sizes;
	result->problems = answer_problems(answer);
	answer_hashes(answer, &result->hashes);
	return OK;
}

static struct error finish_here(struct run *run, struct run_result result)
{
	struct tally tally;
	struct error error = tally_parse(run->row.counts, &tally);
	result.tally = &tally;
	if (is_error(&error))
		/* Even such a run ends; the number of rows it has done is known. */
		tally = (struct tally){.rows = run->row.records};
	struct answer *answer;
	error = answer_take(run, &result, &answer);
	if (!is_error(&error))
		error = input_sync(run);
	if (!is_error(&error))
		error = transaction_begin(run);
	if (!is_error(&error))
		error = absence_end_early(run);
	if (!is_error(&error))
		error = finish_store(run, &result);
	if (!is_error(&error))
		error = transaction_commit(run->runner);
	transaction_rollback(run->runner);
	answer_close(answer);
	return error;
}

struct error finish_refused(struct run *run, const struct error *refusal)
{
	return finish_here(
	    run, (struct run_result){.refusal = refusal, .may_have_passwords = true});
}

/* Who it was, and why, is in the order. */
struct error finish_discarded(struct run *run)
{
	struct order order;
	order_read(run->runner->shared->spool->orders, ORDER_DISCARD, run->id, &order);
	uint64_t done = run->row.records;
	struct error reason = error_reject("discarded", 0,
	    "%s said to leave it, with %llu row%s applied, which stay%s so: %s",
	    *order.by ? order.by : "somebody", (unsigned long long)done, done == 1 ? "" : "s",
	    done == 1 ? "s" : "", *order.why ? order.why : "no reason was given");
	return finish_here(
	    run, (struct run_result){
	             .refusal = &reason, .is_discarded = true, .may_have_passwords = true});
}
