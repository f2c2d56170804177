/*
 * apply: the batches of one file. A batch is planned on what the LMS says inside the transaction
 * that changes it; its effects, its place in the result and the count of records done commit
 * together, so that a killed run goes on exactly behind its last checkpoint.
 *
 * How batches and transactions go together is the file's mode:
 *
 *     by checkpoints    begin batch, batch, ... checkpoint commit, ... begin batch ... end commit
 *     atomic            begin batch, batch, ...                                  end commit
 *     exact preview     begin batch, batch, ... rollback             begin       end commit
 *     inexact preview   begin batch, batch, ... rollback, ...        begin       end commit
 *
 * The last three are never in the ledger before their end: after trouble they start afresh. A batch
 * is written when the next record finds it full: the last one is never empty unless the file is.
 *
 * Nobody is kept waiting by that: not the other files (the turnstile), and not those who write to
 * the database by other ways, whom one sees only now and then. So a transaction has a second, and
 * ends sooner when somebody is seen to wait. A file by checkpoints that has had its turn yields its
 * worker at one. An exact preview that somebody waits for goes on inexactly. Atomic files are
 * exempt. What collides with others is undone, and done again at once, with less at a time
 * (pace.h).
 */
#include "absence.h"

#include "enrold/names.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* While small files come: how long a batch takes, and the fewest records worth one. */
enum { BATCH_WANTED_US = 250000, BATCH_FIT_MIN = 50 };
/* What a batch may hold in memory. */
enum { BATCH_RECORDS = 2500, BATCH_REQUESTS = 5000, BATCH_BYTES = 24 << 20 };
/* A run keeps its worker for so long when others wait; and, because the way back to its checkpoint
 * costs time, for so many times that way. */
enum { TURN_US = 1000000, TURN_WAYS = 4 };
/* Collisions in a row, without a checkpoint: nine lead from PACE_FREE to one record. */
enum { COLLISIONS_MAX = 12 };

/* As many records as can be decided on together: nearly always all of them. */
static struct error round_write(struct apply_loop *loop, int64_t now)
{
	struct batch *batch = &loop->batch;
	struct plan plan;
	struct error error = look_people(loop->lms, batch);
	if (!is_error(&error))
		error = look_enrolments(loop->lms, batch);
	if (!is_error(&error))
		error = plan_batch(batch, now, loop->run->row.today, &plan);
	if (!is_error(&error) && !hashes_suffice(&plan)) {
		if (loop->hashing.wants_all)
			return error_config("a password that cannot be hashed");
		loop->hashing.wants_all = true;
		return error_collision("a password is wanted after all");
	}
	if (!is_error(&error) && loop->weighing &&
	    !limits_count_add(loop->weighing->count, batch, &plan))
		error = error_memory("weighing a file");
	if (!is_error(&error))
		error = plan_write(loop, batch, &plan, now);
	atomic_store(&loop->run->runner->progress.rows_done, loop->tally.rows);
	return error;
}

/* Decides and writes; inside a transaction. */
static struct error batch_write(struct apply_loop *loop)
{
	struct batch *batch = &loop->batch;
	int64_t now = (int64_t)time(NULL);
	if (batch->records_count == 0)
		return OK;
	struct error error = look_places(loop->lms, batch);
	while (!is_error(&error) && batch->planned < batch->records_count) {
		atomic_fetch_add(loop->run->runner->shared->progress, 1);
		error = round_write(loop, now);
	}
	return error;
}

/* ---- batches ---- */

/* Passwords are hashed while there is no transaction. */
static struct error batch_hash(struct apply_loop *loop)
{
	struct batch *batch = &loop->batch;
	size_t count;
	struct error error = hashes_foresee(&loop->hashing, batch, loop->tally.rows, &count);
	if (is_error(&error) || count == 0)
		return error;
	if (loop->run->runner->has_turn)
		error = transaction_end(loop);
	return is_error(&error) ? error : hashes_make(&loop->hashing, batch);
}

static struct error batch_apply(struct apply_loop *loop)
{
	struct error error = batch_hash(loop);
	if (!is_error(&error))
		error = transaction_enter(loop);
	return is_error(&error) ? error : batch_write(loop);
}

/* The run has had its turn, and others wait for a worker. */
static bool should_yield(const struct apply_loop *loop)
{
	int64_t way_us = loop->turn_us - loop->entered_us;
	int64_t most = way_us * TURN_WAYS > TURN_US ? way_us * TURN_WAYS : TURN_US;
	return loop->mode->has_checkpoints && atomic_load(loop->run->runner->shared->is_crowded) &&
	       run_clock_us() - loop->turn_us >= most;
}

/* While small files come, a batch is as large as this database does in a moment; else as large as
 * memory allows. */
static void records_fit(struct apply_loop *loop)
{
	uint64_t done = loop->tally.rows - loop->records_since;
	uint64_t took_us = (uint64_t)(run_clock_us() - loop->begun_us) + 1;
	uint64_t fit =
	    loop->was_wanted ? done * BATCH_WANTED_US / took_us : (uint64_t)loop->records_fit * 2;
	fit = fit < BATCH_RECORDS ? fit : BATCH_RECORDS;
	loop->records_fit = fit > BATCH_FIT_MIN ? (size_t)fit : BATCH_FIT_MIN;
}

/* A full batch in the middle of the file. */
static struct error batch_flush(struct apply_loop *loop)
{
	struct runner *runner = loop->run->runner;
	struct error error = batch_apply(loop);
	if (!is_error(&error) && transaction_is_full(loop)) {
		error = transaction_end(loop);
		records_fit(loop);
	}
	if (is_error(&error))
		return error;
	batch_reset(&loop->batch);
	bool may_stop = !loop->mode->has_checkpoints || !runner->has_turn;
	loop->run->is_stopped = may_stop && (apply_is_stopping(loop) || should_yield(loop));
	return loop->run->is_stopped ? error_retry("stopping between two batches") : OK;
}

/* A file that is older than the last, or done in part, does not take its place: whom the last
 * lists is there. */
static struct error release_apply(struct apply_loop *loop)
{
	const struct run_order *ordered = &loop->run->ordered;
	if (!ordered->plan.is_whole)
		return absence_release(loop);
	struct error error = absence_run(loop);
	bool is_part = ordered->has_later || ordered->order.courses_count > 0;
	return is_error(&error) || !is_part ? error : mentions_note_part(&loop->mentions);
}

/* What stands behind the rows. */
static struct error rest_apply(struct apply_loop *loop)
{
	const struct run *run = loop->run;
	if (run->is_due)
		return due_apply(loop);
	if (run_is_order(run, ORDER_UNDO))
		return undo_apply(loop);
	return run_is_order(run, ORDER_RELEASE) ? release_apply(loop) : absence_run(loop);
}

/* The last batch, and the end of the run. */
static struct error end(struct apply_loop *loop)
{
	struct error error = batch_apply(loop);
	if (!is_error(&error))
		error = rest_apply(loop);
	if (!is_error(&error) && loop->is_rehearsal)
		return transaction_end_rehearsal(loop);
	return is_error(&error) ? error : transaction_finish(loop);
}

static const struct apply_mode *mode_of(const struct run *run, bool is_rehearsal)
{
	uint32_t exact_max = run->runner->shared->config->preview_rows;
	if (run->lane.is_preview || is_rehearsal)
		return &apply_modes[run->rows <= exact_max ? PREVIEW_EXACT : PREVIEW_INEXACT];
	return &apply_modes[run->policy.atomic ? ATOMIC : BY_CHECKPOINTS];
}

/* ---- records ---- */

/* Whether the next record is too much: at least its cells would be kept. */
static bool is_full(const struct apply_loop *loop, const struct csvin_record *record)
{
	const struct batch *batch = &loop->batch;
	size_t most = loop->records_max, bytes = arena_used(batch->arena);
	if (loop->records_fit < most)
		most = loop->records_fit;
	/* What collides gets smaller, to one record if need be. */
	bool is_by_pieces = loop->mode->has_checkpoints || !loop->mode->is_exact;
	if (is_by_pieces && transaction_records(loop) < most)
		most = (size_t)transaction_records(loop);
	for (size_t i = 0; i < record->cells_count; i++)
		bytes += record->cells[i].size;
	return batch->records_count > 0 &&
	       (batch->records_count >= most || batch->requests_count >= BATCH_REQUESTS ||
	           bytes >= BATCH_BYTES);
}

/* Not in the middle of the file: a checkpoint counts whole records. */
static struct error part_flush(struct apply_loop *loop)
{
	struct error error = batch_apply(loop);
	batch_reset(&loop->batch);
	return error;
}

/* A record that asks for more than a batch should hold. */
static struct error large_apply(struct apply_loop *loop, const struct csvin_record *record)
{
	struct record_part part = {0};
	struct error error = loop->batch.records_count > 0 ? batch_flush(loop) : OK;
	while (!is_error(&error) && !part.is_last) {
		error = batch_add_part(&loop->batch, record, &part, BATCH_REQUESTS);
		if (!is_error(&error))
			error = part.is_last ? batch_flush(loop) : part_flush(loop);
	}
	record_part_done(&part);
	return error;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct apply_loop *loop = context;
	if (loop->run->is_due || run_is_order(loop->run, ORDER_UNDO))
		return OK; /* it is for people to read */
	if (loop->reader.records <= loop->run->row.records)
		return OK; /* before the checkpoint */
	if (loop->turn_us == 0)
		loop->turn_us = run_clock_us();
	if (is_full(loop, record)) {
		struct error error = batch_flush(loop);
		if (is_error(&error))
			return error;
	}
	if (record_is_large(&loop->batch, record, BATCH_REQUESTS))
		return large_apply(loop, record);
	return batch_add(&loop->batch, record);
}

static bool has_detail(const struct header *header, enum detail_kind kind)
{
	for (size_t i = 0; i < header->columns_count; i++)
		if (header->columns[i].id == COLUMN_DETAIL &&
		    columns_detail(header->columns[i].index)->detail.kind == kind)
			return true;
	return false;
}

/* Only files with such columns need these lists. */
static struct error lists_load(
    struct lms *lms, const struct header *header, const struct policy *policy)
{
	struct error error = OK;
	if (policy->update_details == DETAILS_NONE && policy->upload_type == UPLOAD_UPDATE)
		return OK;
	if (has_detail(header, DETAIL_LANGUAGE))
		error = lms_load_languages(lms);
	if (!is_error(&error) && has_detail(header, DETAIL_TIMEZONE))
		error = lms_load_zones(lms);
	return error;
}

/* What the file was called whose rows come back: "staff.R.retry.csv" may be of staff.zip. */
static struct error origin_find(struct run *run, struct lms *lms, struct answer_source *source)
{
	struct ledger_run origin;
	char file[FILE_NAME_SIZE], id[RUN_ID_SIZE + 1];
	if (!name_find_origin(run->name, file, id))
		return OK;
	source->origin_run = arena_copy(run->arena, slice_of(id));
	struct error error = ledger_find(lms_db(lms), source->origin_run, run->arena, &origin);
	bool is_known = !is_error(&error) && origin.state != RUN_UNKNOWN;
	source->origin_file = is_known ? origin.name : arena_copy(run->arena, slice_of(file));
	return error;
}

static struct error on_header(void *context, const struct header *header)
{
	struct apply_loop *loop = context;
	struct run *run = loop->run;
	struct answer_source source = {
	    .file = run->row.name, .run = slice_of(run->id), .wants_index = !run->lane.is_preview};
	struct error error = origin_find(run, loop->lms, &source);
	if (!is_error(&error))
		error =
		    answer_open(run->directory, header, &source, &run->row.sizes, &loop->answer);
	if (!is_error(&error))
		error = run_check_place(run);
	if (!is_error(&error))
		error = answer_begin(loop->answer);
	if (is_error(&error))
		return error;
	error = lists_load(loop->lms, header, &run->policy);
	if (is_error(&error))
		return error;
	bool hashes = header->single[COLUMN_PASSWORD] != COLUMN_NONE;
	loop->records_max = hashes ? HASHED_TOGETHER : BATCH_RECORDS;
	error = batch_init(&loop->batch, header, &run->policy, run->site);
	loop->batch.now = run->row.started_us / 1000000;
	loop->batch.today = run->row.today;
	loop->batch.is_preview = loop->mode->is_undone;
	loop->batch.withholds = run->withholds;
	loop->batch.approval = run_is_order(run, ORDER_RELEASE) ? &loop->approval : NULL;
	loop->batch.superseded = &loop->superseded;
	loop->batch.feed = slice_of(run->lane.feed);
	loop->batch.has_aftercare = run->runner->shared->config->lms.aftercare;
	loop->batch.asks_mentions = absence_is_told(run->runner->shared->config, &run->policy);
	bool is_noted = loop->batch.asks_mentions && !header->is_of_groups && !run->is_due &&
	                (!run_is_made(run) || run->ordered.plan.is_whole);
	if (is_error(&error) || !is_noted)
		return error;
	return mentions_open(
	    &loop->mentions, run, header->single[COLUMN_ERROR_LINE] != COLUMN_NONE);
}

static struct error apply(struct apply_loop *loop, int file)
{
	struct run *run = loop->run;
	struct reader_visitor visitor = {on_header, on_record, loop};
	const struct reader_terms terms = content_terms(run);
	struct error error = reader_open(&loop->reader, &terms, visitor);
	if (!is_error(&error) && loop->mode->is_whole)
		error = hashes_prepare(&loop->hashing, file);
	if (!is_error(&error))
		error = input_read(&loop->reader, file, run->runner->chunk, RUN_CHUNK);
	if (error.class == ERROR_REJECT) {
		/* It passed this very check when it was copied. */
		error = error_config("work/%s/" RUN_INPUT " was altered: %s", run->id, error.text);
		error.owner = OWNER_FILE;
	}
	return is_error(&error) ? error : end(loop);
}

/* What the loop reads, and what of it is approved. */
static struct error source_open(struct apply_loop *loop, int *file)
{
	struct run *run = loop->run;
	struct error error = run_is_order(run, ORDER_RELEASE) ? order_approve(loop) : OK;
	return is_error(&error) ? run_lacks(run, error) : content_open(run, file);
}

static void loop_begin(struct apply_loop *loop, struct run *run, struct weighing *weighing)
{
	bool is_rehearsal = weighing && !run->lane.is_preview;
	*loop = (struct apply_loop){.run = run,
	    .lms = run->runner->lms,
	    .input = -1,
	    .weighing = weighing,
	    .is_rehearsal = is_rehearsal,
	    .mode = is_rehearsal && weighing->is_inexact ? &apply_modes[PREVIEW_INEXACT]
	                                                 : mode_of(run, is_rehearsal),
	    .entered_us = run_clock_us() - run->way_us,
	    .committed = run->row,
	    .records_fit = BATCH_RECORDS,
	    .hashing = {run, run->runner->lms, false, -1},
	    .chores = {.file = -1},
	    .mentions = {.file = -1},
	    .remarks = {.arena = run->arena}};
	loop->expected = transaction_records(loop);
}

/* From the last checkpoint on, to the end. */
static struct error loop_run(struct apply_loop *loop)
{
	struct run *run = loop->run;
	progress_apply(&run->runner->progress, run->rows, run->row.records);
	struct error error = tally_parse(run->row.counts, &loop->tally);
	if (is_error(&error))
		return row_is_altered(run, error);
	error = source_open(loop, &loop->input);
	if (!is_error(&error))
		error = chores_open(&loop->chores, run, loop->mode->is_undone);
	return is_error(&error) ? error : apply(loop, loop->input);
}

/* What went wrong is undone. */
static void loop_end(struct apply_loop *loop, const struct error *error)
{
	struct run *run = loop->run;
	/* What a group's transaction was too much for says nothing of its files. */
	bool was_alone = loop->is_open && !run->is_joined;
	if (error->class == ERROR_RETRY && was_alone && !run->is_stopped)
		transactions_shorten(loop);
	if (is_error(error))
		run->row = loop->committed;
	transaction_rollback(run->runner);
	hashes_done(&loop->hashing);
	batch_done(&loop->batch);
	if (is_error(error) && !loop->is_doubtful) {
		answer_cut(loop->answer, &run->row.sizes);
		chores_cut(&loop->chores);
		mentions_cut(&loop->mentions);
	}
	mentions_close(&loop->mentions);
	chores_close(&loop->chores);
	answer_close(loop->answer);
	reader_close(&loop->reader);
	approval_done(&loop->approval);
	approval_done(&loop->superseded);
	approval_done(&loop->shown);
	if (loop->input >= 0)
		close(loop->input);
}

static struct error attempt(struct run *run, bool *wants_all_hashes, struct weighing *weighing)
{
	struct apply_loop loop;
	loop_begin(&loop, run, weighing);
	loop.hashing.wants_all = *wants_all_hashes;
	struct error error = loop_run(&loop);
	*wants_all_hashes = loop.hashing.wants_all;
	loop_end(&loop, &error);
	return error;
}

struct error run_join(struct run *run, struct apply_loop **result)
{
	struct apply_loop *loop = malloc(sizeof *loop);
	*result = NULL;
	if (!loop)
		return error_memory("applying a file");
	run->is_joined = true;
	loop_begin(loop, run, NULL);
	struct error error = loop_run(loop);
	if (is_error(&error))
		run_part(loop, &error);
	else
		*result = loop;
	return error;
}

void run_part(struct apply_loop *loop, const struct error *error)
{
	loop_end(loop, error);
	loop->run->is_joined = false;
	free(loop);
}

static struct error attempts(struct run *run, struct weighing *weighing)
{
	bool wants_all_hashes = false;
	struct error error;
	unsigned collisions = 0;
	do {
		uint64_t records = run->row.records;
		if (weighing)
			limits_count_clear(weighing->count);
		error = attempt(run, &wants_all_hashes, weighing);
		collisions = run->row.records > records ? 1 : collisions + 1;
		/* The whole file may be more than one transaction may have. */
		if (weighing)
			weighing->is_inexact = true;
	} while (error.is_collision && collisions < COLLISIONS_MAX && !run_has_to_stop(run));
	return run->is_stopped ? OK : error;
}

struct error run_rehearse(struct run *run, struct weighing *weighing)
{
	return attempts(run, weighing);
}

struct error run_apply(struct run *run)
{
	struct weighing weighing = {.count = NULL};
	bool is_weighed =
	    run->lane.is_preview && (run->needs_rehearsal || run->could_make || run->could_miss);
	if (is_weighed)
		weighing.count = limits_count_create();
	if (is_weighed && !weighing.count)
		return error_memory("weighing a file");
	struct error error = attempts(run, is_weighed ? &weighing : NULL);
	limits_count_free(weighing.count);
	return error;
}
