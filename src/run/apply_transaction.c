/*
 * apply_transaction: the transactions of a file that is being applied: when one begins, when it has
 * had enough, and what it leaves in the ledger.
 */
#include "apply_loop.h"

#include "enrold/kept.h"

/* A transaction's time after its census, which may take as long again. What is written at its end
 * adds some tenths of a second. */
enum { TRANSACTION_US = 1000000 };
/* The same when nobody seems to wait: each transaction costs, and so does what a kill undoes. */
enum { TRANSACTION_ALONE_US = 4000000 };
/* A census that takes longer is dear. */
enum { CENSUS_US = 500000 };

bool apply_is_stopping(const struct apply_loop *loop)
{
	return run_has_to_stop(loop->run);
}

uint64_t transaction_records(const struct apply_loop *loop)
{
	const struct run_surroundings *shared = loop->run->runner->shared;
	return pace_records(shared->pace, shared->config->checkpoint_rows);
}

/* Removals behind the last row count as records. */
static uint64_t records_done(const struct apply_loop *loop)
{
	return loop->tally.rows + loop->tally.removals;
}

/* What was undone, the batch under way included. */
void transactions_shorten(struct apply_loop *loop)
{
	uint64_t records = records_done(loop) - loop->records_since;
	pace_shorten(loop->run->runner->shared->pace, records + loop->batch.records_count);
}

/* Nobody knows how many a resumed run has left: perhaps as many as are done. */
static uint64_t records_left(const struct apply_loop *loop)
{
	uint64_t rows = loop->run->rows, done = loop->records_since;
	uint64_t left = rows > done ? rows - done : done;
	return left < loop->expected ? left : loop->expected;
}

/* Where passwords are hashed a transaction ends with its batch. */
static uint64_t records_ahead(const struct apply_loop *loop)
{
	uint64_t left = records_left(loop);
	bool hashes = loop->records_max == HASHED_TOGETHER && !loop->mode->is_whole;
	return hashes && left > loop->records_max ? loop->records_max : left;
}

/* Accounts that may change are asked for one by one, but for what nobody is called. */
static struct error census_order(struct apply_loop *loop)
{
	if (loop->batch.header->is_of_groups || loop->is_behind_rows)
		return OK;
	return loop->batch.asks_accounts ? lms_prefetch_spellings(loop->lms, records_ahead(loop))
	                                 : lms_prefetch(loop->lms, records_left(loop));
}

/* A census cannot be interrupted: when it takes long and others wait, there is none. */
static bool census_is_dear(const struct apply_loop *loop)
{
	return loop->census_dearest_us > CENSUS_US &&
	       turnstile_is_wanted(loop->run->runner->shared->turnstile, TURNS);
}

struct error transaction_enter(struct apply_loop *loop)
{
	bool is_begun = loop->run->runner->has_turn; /* perhaps by another of its group */
	if (is_begun && loop->is_open)
		return OK;
	struct error error = is_begun ? OK : transaction_begin(loop->run);
	int64_t begun_us = run_clock_us();
	loop->is_open = !is_error(&error);
	if (loop->is_open && loop->mode->is_undone)
		lms_rehearse(loop->lms);
	loop->records_since = records_done(loop);
	if (!is_error(&error) && !census_is_dear(loop))
		error = census_order(loop);
	loop->begun_us = run_clock_us();
	loop->census_us = loop->begun_us - begun_us;
	if (loop->census_us > loop->census_dearest_us)
		loop->census_dearest_us = loop->census_us;
	return error;
}

/* A file that has not been in the database yet waits for it. */
static bool is_wanted(const struct apply_loop *loop)
{
	return turnstile_is_wanted(loop->run->runner->shared->turnstile, TURN_FIRST);
}

/* A census should be worth its time. */
static bool is_long(const struct apply_loop *loop)
{
	int64_t most = loop->census_us > TRANSACTION_US ? loop->census_us : TRANSACTION_US;
	return run_clock_us() - loop->begun_us >= most;
}

/* It has had its time, and is not alone. */
static bool is_awaited(struct apply_loop *loop)
{
	struct turnstile *turnstile = loop->run->runner->shared->turnstile;
	return is_long(loop) &&
	       (turnstile_is_wanted(turnstile, TURNS) || lms_is_awaited(loop->lms));
}

/* Whether it has all that one transaction may have. When small files come the next one will be
 * short, too: it is not worth reading the whole site for it. */
bool transaction_is_full(struct apply_loop *loop)
{
	uint64_t records = records_done(loop) - loop->records_since;
	bool wanted = !loop->mode->is_whole && is_wanted(loop);
	loop->was_wanted = wanted;
	if (loop->mode->is_whole)
		return false;
	if (loop->mode->is_undone && loop->mode->is_exact)
		return wanted || is_awaited(loop);
	loop->expected = wanted ? records : transaction_records(loop);
	return records >= transaction_records(loop) || wanted || apply_is_stopping(loop) ||
	       is_awaited(loop) || run_clock_us() - loop->begun_us >= TRANSACTION_ALONE_US;
}

/* What the ledger counts has to be durable first. */
static struct error answer_flush(struct apply_loop *loop, struct artefact_sizes *sizes)
{
	if (loop->run->is_joined)
		return answer_write(loop->answer, sizes);
	struct error error = answer_sync(loop->answer, sizes);
	if (!is_error(&error))
		error = chores_sync(&loop->chores);
	if (!is_error(&error))
		error = mentions_sync(&loop->mentions, records_done(loop));
	return is_error(&error) ? error : input_sync(loop->run);
}

static struct error progress_store(struct apply_loop *loop)
{
	struct run *run = loop->run;
	struct buffer counts = {0};
	struct artefact_sizes sizes;
	struct error error = answer_flush(loop, &sizes);
	if (is_error(&error))
		return error;
	tally_format(&loop->tally, &counts);
	if (counts.failed)
		arena_fail(run->arena);
	run->row.state = RUN_RUNNING;
	run->row.records = records_done(loop);
	run->row.sizes = sizes;
	run->row.counts = arena_copy(run->arena, buffer_slice(&counts));
	buffer_done(&counts);
	if (arena_has_failed(run->arena))
		return error_memory("storing a checkpoint");
	return ledger_store(lms_db(loop->lms), &run->row);
}

void transaction_send(struct apply_loop *loop)
{
	loop->is_doubtful = true;
}

struct error transaction_arrive(struct apply_loop *loop)
{
	loop->is_doubtful = loop->is_open = false;
	struct error error = mentions_commit(&loop->mentions);
	return is_error(&error) ? error : chores_commit(&loop->chores);
}

static struct error commit(struct apply_loop *loop)
{
	if (loop->run->is_joined)
		return OK; /* with the others of its group */
	transaction_send(loop);
	struct error error = transaction_commit(loop->run->runner);
	return is_error(&error) ? error : transaction_arrive(loop);
}

/* In the middle of the file. */
struct error transaction_end(struct apply_loop *loop)
{
	struct runner *runner = loop->run->runner;
	if (loop->mode->is_undone) {
		transaction_rollback(runner);
		loop->mode = &apply_modes[PREVIEW_INEXACT];
		return OK;
	}
	if (loop->run->is_joined)
		return error_collision("a file is too large to share a transaction");
	struct error error = progress_store(loop);
	if (!is_error(&error))
		error = commit(loop);
	if (is_error(&error))
		return error;
	loop->committed = loop->run->row;
	tries_forget(loop->run);
	pace_recover(runner->shared->pace);
	return OK;
}

/* A file that was cut short looks just like one whose last line has no newline. */
static void newline_remark(const struct apply_loop *loop, struct remarks *remarks)
{
	bool matters = loop->run->policy.final_newline == NEWLINE_WARN;
	if (!matters || reader_is_ended(&loop->reader))
		return;
	const char *end = records_shape(loop->reader.source).record_end;
	remark_add(remarks, REMARK_NO_FINAL_NEWLINE, NULL,
	    arena_print(remarks->arena,
	        "The last %s%s: the file may have been cut short; see that its last row, in line "
	        "%llu, is whole.",
	        end ? "record does not end with " : "line has no newline", end ? end : "",
	        (unsigned long long)loop->reader.line));
}

static void withheld_remarks(const struct run *run, struct remarks *remarks)
{
	for (enum limited kind = LIMITED_NOT + 1; kind < LIMITED_KINDS; kind++)
		if (run->withholds & 1U << kind)
			remark_add(remarks, REMARK_CHANGES_WITHHELD, NULL,
			    arena_print(remarks->arena, "Changes were withheld: %.*s.",
			        SLICE_ARG(run->withheld[kind])));
}

static struct error remarks_make(struct apply_loop *loop, struct remarks *remarks)
{
	newline_remark(loop, remarks);
	withheld_remarks(loop->run, remarks);
	if (loop->weighing && !loop->is_rehearsal)
		weigh_remark(loop->weighing, remarks);
	for (size_t i = 0; i < loop->run->content.remarks.count; i++)
		remark_add(remarks, loop->run->content.remarks.items[i].code, NULL,
		    loop->run->content.remarks.items[i].message);
	passwords_remark(loop->run, loop->reader.header, remarks);
	if (loop->tally.rows == 0)
		remark_add(remarks, REMARK_NO_ROWS, NULL,
		    SLICE("The file has a header and no row behind it."));
	if (!run_is_order(loop->run, ORDER_UNDO)) /* whose file is for people */
		header_remark(
		    loop->reader.header, &loop->run->policy, loop->tally.remarks, remarks);
	for (size_t i = 0; i < loop->remarks.count; i++)
		remark_add(
		    remarks, loop->remarks.items[i].code, NULL, loop->remarks.items[i].message);
	return arena_has_failed(remarks->arena) ? error_memory("finishing a run") : OK;
}

static bool has_withheld(const struct tally *tally)
{
	uint64_t count = 0;
	for (enum code code = 0; code < CODES; code++)
		count += outcome_code_is_withheld(code) ? tally->codes[code] : 0;
	return count > 0;
}

/* Retry files, and deltas beside full files, say nothing of what a file of the feed is like. */
static bool counts(const struct apply_loop *loop)
{
	const struct run *run = loop->run;
	bool is_told = run->policy.absence.action != ABSENCE_IGNORE ||
	               run->policy.absence.accounts != ABSENT_ACCOUNTS_IGNORE;
	bool is_delta = is_told && !run->is_full && !run->ordered.plan.is_of_full;
	return !is_delta && loop->reader.header->single[COLUMN_ERROR_LINE] == COLUMN_NONE;
}

/* Nor does what enrold makes itself. */
static bool is_measure(const struct apply_loop *loop)
{
	const struct run *run = loop->run;
	return !run->lane.is_preview && !run_is_made(run) && !has_withheld(&loop->tally) &&
	       counts(loop);
}

/* The summary says when all was done. held: why; NULL: it is not. */
static struct error end_store(struct apply_loop *loop, const struct error *held)
{
	struct run *run = loop->run;
	struct remarks remarks = {.arena = run->arena};
	struct run_result finish = {.tally = &loop->tally,
	    .remarks = &remarks,
	    .is_inexact = !loop->mode->is_exact,
	    .refusal = held,
	    .is_held = held,
	    .may_have_passwords = loop->reader.header->single[COLUMN_PASSWORD] != COLUMN_NONE,
	    .is_measure = !held && is_measure(loop),
	    .problems = answer_problems(loop->answer)};
	struct error error = answer_flush(loop, &finish.sizes);
	if (!is_error(&error))
		error = lms_flush(loop->lms);
	if (is_error(&error))
		return error;
	answer_hashes(loop->answer, &finish.hashes);
	if (held) { /* its rows are nobody's to send again: they wait */
		finish.sizes.of[ARTEFACT_RETRY] = 0;
		*finish.hashes.of[ARTEFACT_RETRY] = '\0';
	}
	if (held || (has_withheld(&loop->tally) && !run->lane.is_preview))
		error = plan_file_make(run, &finish, &remarks);
	if (!is_error(&error))
		error = order_store(run, &loop->tally, counts(loop), &remarks);
	/* What feeds have listed of an account goes with it. */
	if (!is_error(&error) && loop->tally.codes[CODE_ACCOUNT_DELETED] > 0 && !held &&
	    !run->lane.is_preview)
		error = kept_drop_all_claims(lms_db(loop->lms));
	if (!is_error(&error))
		error = remarks_make(loop, &remarks);
	return is_error(&error) ? error : finish_store(run, &finish);
}

/* What was undone has to be over before anything is asked as before the run. */
static struct error undone_end(struct apply_loop *loop)
{
	transaction_rollback(loop->run->runner);
	return transaction_begin(loop->run);
}

struct error transaction_finish(struct apply_loop *loop)
{
	struct error error = loop->mode->is_undone ? undone_end(loop) : OK;
	if (!is_error(&error) && loop->weighing)
		error = weigh_judge(loop);
	if (!is_error(&error))
		error = end_store(loop, NULL);
	return is_error(&error) ? error : commit(loop);
}

struct error transaction_end_rehearsal(struct apply_loop *loop)
{
	struct error error = undone_end(loop);
	if (!is_error(&error))
		error = weigh_judge(loop);
	const struct limits_verdict *verdict = &loop->weighing->verdict;
	if (is_error(&error) || !verdict->held_by) {
		transaction_rollback(loop->run->runner);
		return error;
	}
	struct error held = error_reject(verdict->held_by, 0, "%.*s", SLICE_ARG(verdict->reason));
	error = end_store(loop, &held);
	return is_error(&error) ? error : commit(loop);
}

const struct apply_mode apply_modes[APPLY_MODES] = {
    [BY_CHECKPOINTS] = {.has_checkpoints = true, .is_exact = true},
    [ATOMIC] = {.is_whole = true, .is_exact = true},
    [PREVIEW_EXACT] = {.is_undone = true, .is_exact = true},
    [PREVIEW_INEXACT] = {.is_undone = true},
};
