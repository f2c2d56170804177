/*
 * apply: the batches of one file. A batch is planned on what the LMS says inside the transaction
 * that changes it; its effects, its place in the result and the count of records done commit
 * together, so that a killed run goes on exactly behind its last checkpoint.
 *
 * How batches and transactions go together is the file's way:
 *
 *     by checkpoints   begin batch, batch, ... checkpoint commit, ... begin batch ... end commit
 *     atomic           begin batch, batch, ...                                  end commit
 *     rehearsed        begin batch, batch, ... rollback             begin       end commit
 *     sketched         begin batch, batch, ... rollback, ...        begin       end commit
 *
 * The last three are never in the ledger before their end: after trouble they start afresh. A batch
 * is written when the next record finds it full: the last one is never empty unless the file is.
 */
#include "parts.h"
#include "password.h"
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* What memory is for. */
enum { BATCH_RECORDS = 2500, BATCH_REQUESTS = 5000, BATCH_BYTES = 24 << 20 };
/* The more a transaction holds the less each row costs; but others want to write as well, and what
 * a kill undoes has to be done again. */
enum { TRANSACTION_US = 10000000, TRANSACTION_MIN = 10000, BATCHES_MIN = 4 };
/* A password takes some milliseconds to hash, which is what hashing is for. */
enum { BATCH_PASSWORDS = 100 };

enum way { BY_CHECKPOINTS, ATOMIC, REHEARSED, SKETCHED };

struct applying {
	struct run *run;
	struct lms *lms;
	enum way way;
	struct reader reader;
	struct batch batch;
	size_t records_max;     /* of a batch */
	uint64_t records_since; /* the transaction's records begin behind so many */
	uint64_t expected;      /* how many there will be in the next one */
	int64_t begun_us;
	struct answer *answer;
	struct tally tally;
};

/* What the LMS says of the places that the batch names. */
static struct error places_find(struct applying *applying)
{
	struct batch *batch = &applying->batch;
	struct lms *lms = applying->lms;
	/* One more, because nothing is no size for an allocation. */
	batch->courses =
	    arena_alloc(batch->arena, (batch->courses_count + 1) * sizeof *batch->courses);
	if (!batch->courses)
		return error_memory("looking up courses");
	struct error error =
	    lms_find_courses(lms, batch->course_keys, batch->courses_count, batch->courses);
	if (is_error(&error))
		return error;
	batch_settle_places(batch);
	error = lms_find_categories(lms, batch->categories, batch->categories_count);
	if (!is_error(&error))
		error = lms_find_cohorts(lms, batch->cohorts, batch->cohorts_count);
	if (!is_error(&error))
		error = lms_find_groups(lms, batch->groups, batch->groups_count);
	if (!is_error(&error))
		error = lms_find_groupings(lms, batch->groupings, batch->groupings_count);
	batch_settle_places(batch);
	return error;
}

/* What the LMS says of people whom it was not asked about yet. */
static struct error people_find(struct applying *applying)
{
	struct batch *batch = &applying->batch;
	size_t asked = batch->keys_asked;
	struct error error =
	    lms_find_users(applying->lms, batch->keys + asked, batch->keys_count - asked);
	if (!is_error(&error))
		error = batch_meet(batch);
	size_t loaded = batch->people_loaded;
	batch->people_loaded = batch->people_count;
	if (is_error(&error) || !batch->asks_accounts)
		return error;
	return lms_load_accounts(
	    applying->lms, batch->people + loaded, batch->people_count - loaded, batch->arena);
}

static struct error enrolments_find(struct applying *applying)
{
	struct batch *batch = &applying->batch;
	struct error error = batch_pair(batch);
	size_t loaded = batch->enrolments_loaded;
	batch->enrolments_loaded = batch->enrolments_count;
	size_t asked = batch->memberships_loaded;
	batch->memberships_loaded = batch->memberships_count;
	if (!is_error(&error))
		error = lms_load_enrolments(applying->lms, batch->enrolments + loaded,
		    batch->enrolments_count - loaded, batch->arena);
	if (!is_error(&error))
		error = lms_load_memberships(
		    applying->lms, batch->memberships + asked, batch->memberships_count - asked);
	return error;
}

/* As many records as can be decided on together: nearly always all of them. */
static struct error round_write(struct applying *applying, int64_t now)
{
	struct batch *batch = &applying->batch;
	struct plan plan;
	struct error error = people_find(applying);
	if (!is_error(&error))
		error = enrolments_find(applying);
	if (!is_error(&error))
		error = plan_batch(batch, now, applying->run->row.today, &plan);
	if (!is_error(&error))
		error = passwords_hash(&plan, batch->arena);
	const struct effects effects = {.changes = plan.changes,
	    .count = plan.changes_count,
	    .people = batch->people,
	    .enrolments = batch->enrolments,
	    .cohorts = batch->cohorts,
	    .groups = batch->groups,
	    .groupings = batch->groupings,
	    .memberships = batch->memberships,
	    .now = now};
	if (!is_error(&error))
		error = lms_apply(applying->lms, &effects);
	if (!is_error(&error))
		error = answer_add(applying->answer, batch, &plan, &applying->tally);
	return error;
}

/* Decides and writes; inside a transaction. */
static struct error batch_write(struct applying *applying)
{
	struct batch *batch = &applying->batch;
	int64_t now = (int64_t)time(NULL);
	if (batch->records_count == 0)
		return OK;
	struct error error = places_find(applying);
	while (!is_error(&error) && batch->planned < batch->records_count) {
		atomic_fetch_add(applying->run->runner->shared->progress, 1);
		error = round_write(applying, now);
	}
	return error;
}

/* What the ledger counts has to be durable first. */
static struct error answer_flush(struct applying *applying, struct answer_sizes *sizes)
{
	struct error error = answer_sync(applying->answer, sizes);
	return is_error(&error) ? error : input_sync(applying->run);
}

static struct error progress_store(struct applying *applying)
{
	struct run *run = applying->run;
	struct buffer counts = {0};
	struct answer_sizes sizes;
	struct error error = answer_flush(applying, &sizes);
	if (is_error(&error))
		return error;
	tally_format(&applying->tally, &counts);
	if (counts.failed)
		arena_fail(run->arena);
	run->row.state = RUN_RUNNING;
	run->row.records = applying->tally.rows;
	run->row.result_bytes = sizes.result;
	run->row.retry_bytes = sizes.retry;
	run->row.counts = arena_copy(run->arena, buffer_slice(&counts));
	buffer_done(&counts);
	if (arena_has_failed(run->arena))
		return error_memory("storing a checkpoint");
	return ledger_store(applying->lms, &run->row);
}

/* The summary says when all was done. */
static struct error end_store(struct applying *applying)
{
	struct answer_sizes sizes;
	struct error error = answer_flush(applying, &sizes);
	if (!is_error(&error))
		error = lms_flush(applying->lms);
	if (is_error(&error))
		return error;
	struct finish finish = {.tally = &applying->tally,
	    .is_inexact = applying->way == SKETCHED,
	    .result_bytes = sizes.result,
	    .retry_bytes = sizes.retry};
	answer_hashes(applying->answer, finish.result_sha256, finish.retry_sha256);
	return finish_store(applying->run, &finish);
}

/* ---- transactions ---- */

static bool is_stopping(const struct applying *applying)
{
	return atomic_load(applying->run->runner->shared->is_stopping);
}

static uint64_t transaction_max(const struct applying *applying)
{
	const struct runner *runner = applying->run->runner;
	uint64_t configured = runner->shared->config->checkpoint_rows;
	return runner->rows_max > 0 && runner->rows_max < configured ? runner->rows_max
	                                                             : configured;
}

static void transactions_shorten(struct applying *applying)
{
	uint64_t rows = transaction_max(applying) / 4;
	applying->run->runner->rows_max = rows > TRANSACTION_MIN ? rows : TRANSACTION_MIN;
}

/* Of a run that was resumed nobody knows how many there are: as many as are done, perhaps. */
static uint64_t records_left(const struct applying *applying)
{
	uint64_t rows = applying->run->rows, done = applying->records_since;
	uint64_t left = rows > done ? rows - done : done;
	return left < applying->expected ? left : applying->expected;
}

/* Accounts that may change are asked for one by one. */
static struct error census_order(struct applying *applying)
{
	if (applying->batch.asks_accounts || applying->batch.header->is_of_groups)
		return OK;
	return lms_expect(applying->lms, records_left(applying));
}

static struct error batch_begin(struct applying *applying)
{
	if (applying->run->runner->has_turn)
		return OK;
	struct error error = transaction_begin(applying->run);
	applying->records_since = applying->tally.rows;
	applying->begun_us = run_now_us();
	return is_error(&error) ? error : census_order(applying);
}

/* Whether it has all that one transaction may have. When somebody waits the next one is short, too:
 * it is not worth reading the whole site for it. */
static bool transaction_is_full(struct applying *applying)
{
	uint64_t records = applying->tally.rows - applying->records_since;
	bool is_long = run_now_us() - applying->begun_us >= TRANSACTION_US;
	bool is_wanted = turnstile_is_wanted(applying->run->runner->shared->turnstile) &&
	                 records >= BATCHES_MIN * applying->records_max;
	applying->expected = is_long || is_wanted ? records : transaction_max(applying);
	return records >= transaction_max(applying) || is_long || is_wanted ||
	       is_stopping(applying);
}

/* In the middle of the file. */
static struct error transaction_end(struct applying *applying)
{
	struct runner *runner = applying->run->runner;
	if (applying->way == SKETCHED)
		transaction_rollback(runner);
	if (applying->way != BY_CHECKPOINTS)
		return OK;
	struct error error = progress_store(applying);
	if (!is_error(&error))
		error = transaction_commit(runner);
	if (is_error(&error))
		return error;
	tries_forget(applying->run);
	runner->rows_max *= 2; /* 0 remains 0 */
	return OK;
}

/* A full batch in the middle of the file. */
static struct error batch_flush(struct applying *applying)
{
	struct runner *runner = applying->run->runner;
	struct error error = batch_begin(applying);
	if (!is_error(&error))
		error = batch_write(applying);
	if (!is_error(&error) && transaction_is_full(applying))
		error = transaction_end(applying);
	if (is_error(&error))
		return error;
	batch_reset(&applying->batch);
	bool may_stop = applying->way != BY_CHECKPOINTS || !runner->has_turn;
	applying->run->is_stopped = may_stop && is_stopping(applying);
	return applying->run->is_stopped ? error_retry("stopping between two batches") : OK;
}

/* The last batch, and the end of the run. */
static struct error end(struct applying *applying)
{
	struct runner *runner = applying->run->runner;
	struct error error = batch_begin(applying);
	if (!is_error(&error))
		error = batch_write(applying);
	if (!is_error(&error) && applying->way >= REHEARSED) {
		transaction_rollback(runner);
		error = transaction_begin(applying->run);
	}
	if (!is_error(&error))
		error = end_store(applying);
	return is_error(&error) ? error : transaction_commit(runner);
}

static enum way way_of(const struct run *run)
{
	if (!run->lane.is_preview)
		return run->policy.atomic ? ATOMIC : BY_CHECKPOINTS;
	return run->rows <= run->runner->shared->config->preview_rows ? REHEARSED : SKETCHED;
}

/* ---- records ---- */

/* Without the record that is to come, of which at least its cells will be kept. */
static bool is_full(const struct applying *applying, const struct csvin_record *record)
{
	const struct batch *batch = &applying->batch;
	size_t bytes = arena_used(batch->arena);
	for (size_t i = 0; i < record->cells_count; i++)
		bytes += record->cells[i].size;
	return batch->records_count > 0 &&
	       (batch->records_count >= applying->records_max ||
	           batch->requests_count >= BATCH_REQUESTS || bytes >= BATCH_BYTES);
}

/* Not in the middle of the file: a checkpoint counts whole records. */
static struct error part_flush(struct applying *applying)
{
	struct error error = batch_begin(applying);
	if (!is_error(&error))
		error = batch_write(applying);
	batch_reset(&applying->batch);
	return error;
}

/* A record that asks for more than a batch should hold. */
static struct error large_apply(struct applying *applying, const struct csvin_record *record)
{
	struct record_part part = {0};
	struct error error = applying->batch.records_count > 0 ? batch_flush(applying) : OK;
	while (!is_error(&error) && !part.is_last) {
		error = batch_add_part(&applying->batch, record, &part, BATCH_REQUESTS);
		if (!is_error(&error))
			error = part.is_last ? batch_flush(applying) : part_flush(applying);
	}
	record_part_done(&part);
	return error;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct applying *applying = context;
	if (applying->reader.records <= applying->run->row.records)
		return OK; /* before the checkpoint */
	if (is_full(applying, record)) {
		struct error error = batch_flush(applying);
		if (is_error(&error))
			return error;
	}
	if (record_is_large(&applying->batch, record, BATCH_REQUESTS))
		return large_apply(applying, record);
	return batch_add(&applying->batch, record);
}

static bool asks_languages(const struct header *header, const struct policy *policy)
{
	bool has = false;
	for (size_t i = 0; i < header->columns_count; i++)
		has |= header->columns[i].id == COLUMN_DETAIL &&
		       columns_detail(header->columns[i].index)->detail.kind == DETAIL_LANGUAGE;
	return has &&
	       (policy->update_details != DETAILS_NONE || policy->upload_type != UPLOAD_UPDATE);
}

static struct error on_header(void *context, const struct header *header)
{
	struct applying *applying = context;
	struct run *run = applying->run;
	struct answer_sizes sizes = {run->row.result_bytes, run->row.retry_bytes};
	struct error error = answer_open(run->directory, header, sizes, &applying->answer);
	if (is_error(&error))
		return error;
	if (asks_languages(header, &run->policy))
		error = lms_load_languages(applying->lms);
	if (is_error(&error))
		return error;
	bool hashes = header->single[COLUMN_PASSWORD] != COLUMN_NONE;
	applying->records_max = hashes ? BATCH_PASSWORDS : BATCH_RECORDS;
	error = batch_init(&applying->batch, header, &run->policy, run->site);
	applying->batch.now = run->row.started_us / 1000000;
	applying->batch.today = run->row.today;
	return error;
}

static struct error read_all(struct applying *applying, int file)
{
	char *chunk = applying->run->runner->chunk;
	for (;;) {
		ssize_t size = read(file, chunk, RUN_CHUNK);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_own(error_errno("cannot read " RUN_INPUT), OWNER_FILE);
		if (size == 0)
			return reader_finish(&applying->reader);
		struct error error = reader_feed(&applying->reader, chunk, (size_t)size);
		if (is_error(&error))
			return error;
	}
}

static struct error apply(struct applying *applying, int file)
{
	struct run *run = applying->run;
	struct reader_visitor visitor = {on_header, on_record, applying};
	const struct reader_terms terms = {
	    .policy = &run->policy,
	    .site = run->site,
	    .field_max = run->runner->shared->config->max_field,
	};
	struct error error = reader_open(&applying->reader, &terms, visitor);
	if (!is_error(&error))
		error = read_all(applying, file);
	if (error.class == ERROR_REJECT) {
		/* It passed this very check when it was copied. */
		error = error_config("work/%s/" RUN_INPUT " was altered: %s", run->id, error.text);
		error.owner = OWNER_FILE;
	}
	return is_error(&error) ? error : end(applying);
}

struct error run_apply(struct run *run)
{
	struct applying applying = {.run = run, .lms = run->runner->lms, .way = way_of(run)};
	applying.expected = transaction_max(&applying);
	struct error error = tally_parse(run->row.counts, &applying.tally);
	if (is_error(&error))
		return row_is_altered(run, error);
	int file = openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_own(
		    error_errno("cannot open work/%s/" RUN_INPUT, run->id), OWNER_FILE);
	error = apply(&applying, file);
	if (error.class == ERROR_RETRY && !run->is_stopped)
		transactions_shorten(&applying);
	transaction_rollback(run->runner);
	batch_done(&applying.batch);
	answer_close(applying.answer);
	reader_close(&applying.reader);
	close(file);
	return run->is_stopped ? OK : error;
}
