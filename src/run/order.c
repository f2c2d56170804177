/*
 * order: a person's word about another run R is carried out in a run of its own, which has its
 * answer, its place in the archive and its link of the chain like any other: release-R.csv,
 * discard-R.csv, undo-R.csv. The file of the first two is the plan as it was shown, so that the
 * summary's hash of the input is the plan's.
 *
 * A release plans R's own input again, by today's state and settings, and does what was approved
 * and nothing else. The word itself lies in work/<node>/R2/order as long as the run is under way:
 * the file in orders/ may be withdrawn by then.
 */
#include "apply_loop.h"

#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/plan_sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what it is about ---- */

static struct db *db_of(const struct run *run)
{
	return lms_db(run->runner->lms);
}

static struct slice subject_of(const struct run *run)
{
	return slice_of(run->ordered.order.subject);
}

/* The plan, and the run whose input it is about; or the run that is undone. */
static struct error subject_load(struct run *run)
{
	struct run_order *ordered = &run->ordered;
	struct error error = OK;
	if (run_is_record(run))
		return OK;
	if (!run_is_order(run, ORDER_UNDO))
		error = plans_find(db_of(run), subject_of(run), run->arena, &ordered->plan);
	struct slice source =
	    ordered->plan.source.size > 0 ? ordered->plan.source : subject_of(run);
	return is_error(&error) ? error
	                        : ledger_find(db_of(run), source, run->arena, &ordered->source);
}

/* Also one that ended before its file did; what has a plan then has only been rehearsed. */
static bool has_done(const struct ledger_run *of)
{
	bool is_broken_off = of->state == RUN_DISCARDED || of->state == RUN_REFUSED;
	return of->state == RUN_APPLIED || (is_broken_off && of->hashes[ARTEFACT_RESULT].size > 0 &&
	                                       of->hashes[ARTEFACT_PLAN].size == 0);
}

struct error order_stands_still(struct run *run, bool *stands)
{
	const struct run_order *ordered = &run->ordered;
	*stands = true;
	if (run_is_record(run))
		return OK;
	bool is_of_feed = slice_is(ordered->source.feed, slice_of(run->lane.feed));
	bool is_undone = run_is_order(run, ORDER_UNDO);
	*stands = is_of_feed &&
	          (is_undone ? has_done(&ordered->source) : ordered->plan.state == PLAN_OPEN);
	return OK;
}

/* Settings of today that take more than those under which the plan was shown do not count for it:
 * who was to be suspended is not unenrolled. */
struct error order_temper(struct run *run)
{
	struct policy *policy = &run->policy, shown;
	struct policy_absence *absence = &policy->absence;
	if (!run_is_order(run, ORDER_RELEASE))
		return OK;
	struct error error = policy_parse(run->ordered.source.policy.bytes, run->arena, &shown);
	if (is_error(&error))
		return row_is_altered(run, error);
	if (policy->removal > shown.removal)
		policy->removal = shown.removal;
	policy->purge_history &= shown.purge_history;
	if (absence->action > shown.absence.action)
		absence->action = shown.absence.action;
	if (absence->grace_ms < shown.absence.grace_ms)
		absence->grace_ms = shown.absence.grace_ms;
	return OK;
}

struct error order_check_open(const struct run *run)
{
	const struct stored_plan *plan = &run->ordered.plan;
	unsigned long long done = run->row.records;
	if (!run_is_order(run, ORDER_RELEASE) || plan->state == PLAN_OPEN)
		return OK;
	return error_reject("plan_closed", 0,
	    "the plan of run %s was closed (%s) while its release waited, with %llu row%s done, "
	    "which stay%s so",
	    run->ordered.order.subject, plan_state_name(plan->state), done, done == 1 ? "" : "s",
	    done == 1 ? "s" : "");
}

struct error order_take_text(struct run *run, struct slice text)
{
	order_parse(text, run->arena, &run->ordered.order);
	run->ordered.text = arena_copy(run->arena, text);
	return arena_has_failed(run->arena) ? error_memory("reading an order") : subject_load(run);
}

/* As it lies in work/: what it is, then what the order says. When the run has ended only a record
 * has something left to do about it. */
struct error order_open(struct run *run)
{
	struct slice made, text;
	struct order *order = &run->ordered.order;
	struct error error = disk_load(run->directory, RUN_MADE, run->arena, &made);
	if (is_error(&error) || !made.bytes)
		return error;
	struct slice line = slice_take(&made, '\n'), kind = slice_take(&line, ' ');
	while (order->kind < ORDER_KINDS - 1 &&
	       !slice_is(kind, slice_of(order_kind_name(order->kind))))
		order->kind++;
	if (run->row.state >= RUN_APPLIED && !order_is_record(order->kind)) {
		*order = (struct order){0};
		return OK;
	}
	snprintf(order->subject, sizeof order->subject, "%.*s", SLICE_ARG(line));
	error = disk_load(run->directory, RUN_ORDER, run->arena, &text);
	run->ordered.is_unmoved = !text.bytes;
	return is_error(&error) || !text.bytes ? error : order_take_text(run, text);
}

/* Whoever gives the word has seen what it does. */
void order_policy(struct policy *policy)
{
	policy->limits = (struct policy_limits){.has_rows_of_last = true};
	policy->review = false;
	policy->result_rows = ROWS_ALL;
}

/* ---- what is approved ---- */

struct error order_approve(struct apply_loop *loop)
{
	struct run *run = loop->run;
	const struct order *order = &run->ordered.order;
	const struct stored_plan *plan = &run->ordered.plan;
	struct slice *courses =
	    arena_alloc(run->arena, (order->courses_count + 1) * sizeof *courses);
	if (!courses)
		return error_memory("reading what was approved");
	for (size_t i = 0; i < order->courses_count; i++)
		courses[i] = slice_of(order->courses[i]);
	int file = openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_own(
		    error_errno("cannot open work/%s/" RUN_INPUT, run->id), OWNER_FILE);
	loop->approval.is_of_withheld = !plan->is_whole;
	struct error error = plan_sheet_approve(
	    file, plan->sha256.bytes, courses, order->courses_count, &loop->approval);
	if (!is_error(&error) && order->courses_count > 0)
		error = plan_sheet_approve(file, plan->sha256.bytes, NULL, 0, &loop->shown);
	if (!is_error(&error))
		error = superseded_find(run, file, &loop->superseded);
	close(file);
	return error;
}

/* What would be missed when it has begun. */
struct error order_check_release(struct run *run)
{
	int file;
	struct approval superseded = {0};
	struct error error = archive_open_input(run, &run->ordered.source, true, &file);
	if (is_error(&error))
		return error;
	close(file);
	file = openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_own(
		    error_errno("cannot open work/%s/" RUN_INPUT, run->id), OWNER_FILE);
	error = superseded_find(run, file, &superseded);
	approval_done(&superseded);
	close(file);
	return error;
}

/* ---- the end ---- */

static struct error release_store(
    struct run *run, const struct tally *tally, bool counts, struct remarks *remarks)
{
	const struct stored_plan *plan = &run->ordered.plan;
	uint64_t done = tally->outcomes[OUTCOME_DONE] + tally->outcomes[OUTCOME_WARNING];
	bool is_nothing = done == 0 && tally->codes[CODE_WITHHELD] == 0;
	/* What stands in its way may be mended, and the plan be released then. */
	if (is_nothing && !plan->is_whole && tally->outcomes[OUTCOME_ERROR] > 0) {
		remark_add(remarks, REMARK_NEW_PLAN, NULL,
		    SLICE("Nothing of the plan could be done, as its rows say: it stays open."));
		return OK;
	}
	if (is_nothing)
		remark_add(remarks, REMARK_PLAN_CLOSED, NULL,
		    SLICE("Nothing was left of the plan to be done (nothing_left)."));
	struct error error =
	    plans_close(db_of(run), subject_of(run), is_nothing ? PLAN_NOTHING_LEFT : PLAN_RELEASED,
	        run->row.run, slice_of(run->ordered.order.why));
	if (!is_error(&error) && counts && run->ordered.order.courses_count == 0)
		error = ledger_set_measure(db_of(run), plan->source);
	return error;
}

struct error order_store(
    struct run *run, const struct tally *tally, bool counts, struct remarks *remarks)
{
	if (run_is_order(run, ORDER_RELEASE))
		return release_store(run, tally, counts, remarks);
	if (run_is_order(run, ORDER_PRUNE))
		return prune_store(run);
	if (!run_is_order(run, ORDER_DECLINE))
		return OK;
	return plans_close(db_of(run), subject_of(run), PLAN_DISCARDED, run->row.run,
	    slice_of(run->ordered.order.why));
}

/* An answer with no rows. */
static struct error empty_answer(struct run *run, struct run_result *result)
{
	static const struct header none = {.key = 0};
	static const struct artefact_sizes nothing = {{0}};
	struct answer *answer;
	const struct answer_source source = {.file = run->row.name, .run = run->row.run};
	struct error error = answer_open(run->directory, &none, &source, &nothing, &answer);
	if (is_error(&error))
		return error;
	error = run_check_place(run);
	if (!is_error(&error))
		error = answer_begin(answer);
	if (!is_error(&error))
		error = answer_sync(answer, &result->sizes);
	if (!is_error(&error))
		answer_hashes(answer, &result->hashes);
	answer_close(answer);
	return error;
}

struct error order_end(struct run *run)
{
	struct tally tally = {0};
	struct remarks remarks = {.arena = run->arena};
	struct run_result result = {.tally = &tally, .remarks = &remarks};
	struct error error = empty_answer(run, &result);
	if (!is_error(&error))
		error = input_sync(run);
	if (!is_error(&error))
		error = transaction_begin(run);
	if (!is_error(&error))
		error = order_store(run, &tally, false, &remarks);
	if (!is_error(&error))
		error = finish_store(run, &result);
	if (!is_error(&error))
		error = transaction_commit(run->runner);
	transaction_rollback(run->runner);
	return error;
}
