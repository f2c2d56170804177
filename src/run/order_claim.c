/*
 * order_claim: what carries out an order gets its directory in work/ and its file: the plan as it
 * was shown, or of an undo a list of what will be taken back.
 */
#include "apply_loop.h"

#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/log.h"
#include "enrold/naming.h"
#include "enrold/packed.h"

#include "undo.h"

#include <stdio.h>
#include <unistd.h>

static struct slice subject_of(const struct run *run)
{
	return slice_of(run->ordered.order.subject);
}

/* Where one may lie. */
struct copy {
	int place;
	char name[FILE_NAME_SIZE];
	uint64_t bytes;
};

/* What is not there, or not ours to read, is no copy. */
static struct error copy_open(const struct run *run, const struct copy *copy, int *file)
{
	struct error error = packed_open(copy->place, copy->name, copy->bytes, file);
	if (!is_error(&error) || error.class == ERROR_REJECT || error.is_lasting)
		return OK;
	return error_wrap(error, "the plan of run %s", run->ordered.order.subject);
}

/* One that is as it was shown is what is looked for; *file is what has been found so far. */
static struct error copy_look(const struct run *run, const struct copy *where, int *file)
{
	char sha256[HASH_TEXT_SIZE + 1];
	int copy;
	struct error error = copy_open(run, where, &copy);
	if (is_error(&error) || copy < 0)
		return error;
	error = archive_hash(run, copy, sha256);
	bool is_it = !is_error(&error) && slice_is(run->ordered.plan.sha256, slice_of(sha256));
	bool is_taken = !is_error(&error) && (is_it || *file < 0);
	int other = is_taken ? *file : copy;
	if (other >= 0)
		close(other);
	if (is_taken)
		*file = copy;
	return error.is_lasting ? OK : error;
}

/* As it was shown: that beside the answer will do, should that in held/ not be what it was. None:
 * -1, and the run is refused when it has begun. */
static struct error plan_open(const struct run *run, int *file)
{
	const struct spool *spool = run->runner->shared->spool;
	const struct ledger_run *of = &run->ordered.source;
	struct ledger_run row = *of;
	struct copy copy;
	struct error error = OK;
	if (!slice_is(subject_of(run), of->run))
		error = ledger_find(lms_db(run->runner->lms), subject_of(run), run->arena, &row);
	if (is_error(&error))
		return error;
	const struct naming naming = {row.name.bytes, run->ordered.order.subject, HELD_PLAN, false};
	copy.bytes = row.sizes.of[ARTEFACT_PLAN];
	error = spool_open_outbox(spool, run->lane.feed, &copy.place);
	if (is_error(&error))
		return error;
	naming_find(copy.place, ".", &naming, copy.name);
	error = copy_look(run, &copy, file);
	close(copy.place);
	if (!is_error(&error))
		error = held_open(spool->root, run->lane.feed, &copy.place);
	if (is_error(&error))
		return error;
	naming_find(copy.place, ".", &naming, copy.name);
	error = copy_look(run, &copy, file);
	close(copy.place);
	return error;
}

static struct error plan_claim(struct run *run, const char *name)
{
	int plan = -1;
	struct error error = plan_open(run, &plan);
	if (!is_error(&error))
		error = order_take(run, name, SLICE(""), plan);
	if (plan >= 0)
		close(plan);
	return error;
}

static void name_find(const struct run *run, char name[FILE_NAME_SIZE])
{
	const struct order *order = &run->ordered.order;
	const char *word = order->kind == ORDER_DECLINE ? "discard" : order_kind_name(order->kind);
	snprintf(name, FILE_NAME_SIZE, "%s-%s.csv", word, order->subject);
}

/* The plan is closed, or there is nothing to take back. */
static struct error order_end_in_vain(const struct run *run)
{
	const struct order *order = &run->ordered.order;
	log_event(LOG_WARNING, "order_in_vain",
	    json_pack("{s:s, s:s}", "run", order->subject, "feed", run->lane.feed),
	    order->kind == ORDER_UNDO
	        ? "run %s has changed nothing that could be taken back: what was said of it ends "
	          "here"
	        : "the plan of run %s is not open any more: what was said of it ends here",
	    order->subject);
	return order_withdraw(run->runner->shared->spool->orders, order->kind, order->subject);
}

struct error order_claim(struct run *run, enum order_kind kind, const char *subject)
{
	char name[FILE_NAME_SIZE];
	struct slice text;
	bool stands = false;
	const struct feed *feed = run_feed(run);
	struct order *order = &run->ordered.order;
	struct error error =
	    order_load_text(run->runner->shared->spool->orders, kind, subject, run->arena, &text);
	if (is_error(&error) || !text.bytes || !feed)
		return error;
	order->kind = kind;
	snprintf(order->subject, sizeof order->subject, "%s", subject);
	run->policy = feed->policy;
	order_policy(&run->policy);
	error = order_take_text(run, text);
	if (!is_error(&error) && order_is_record(kind))
		return record_claim(run);
	if (!is_error(&error))
		error = order_stands_still(run, &stands);
	if (!is_error(&error) && !stands)
		return order_end_in_vain(run);
	if (is_error(&error))
		return error;
	name_find(run, name);
	return kind == ORDER_UNDO ? order_take(run, name, SLICE(UNDO_HEADER), -1)
	                          : plan_claim(run, name);
}

/* As it was shown. */
static struct error plan_check(struct run *run)
{
	const struct stored_plan *plan = &run->ordered.plan;
	const char *shown = run->ordered.order.plan;
	if (run->row.bytes == 0)
		return error_reject("plan_missing", 0,
		    "the plan of run %s is neither in held/ nor in the outbox: nothing was done",
		    run->ordered.order.subject);
	if (!slice_is(plan->sha256, run->row.sha256) ||
	    (*shown && !slice_is(plan->sha256, slice_of(shown))))
		return error_reject("plan_altered", 0,
		    "the plan of run %s, in held/ and in the outbox, is not the one that was made: "
		    "nothing was done",
		    run->ordered.order.subject);
	return order_check_release(run);
}

/* What is not wanted may be gone as well: else nothing would ever close it. */
struct error order_check(struct run *run)
{
	if (run_is_order(run, ORDER_UNDO))
		return undo_check(run);
	run->rows = run->ordered.source.records;
	return run_is_order(run, ORDER_RELEASE) ? plan_check(run) : OK;
}
