#include "run_state.h"

#include "enrold/last_run.h"

static void file_add(struct summary *summary, char name[FILE_NAME_SIZE], const struct run *run,
    const char *suffix, uint64_t bytes, const char *sha256)
{
	if (*sha256 == '\0')
		return;
	struct summary_file *file = &summary->files[summary->files_count++];
	run_name(run, suffix, name);
	file->name = name;
	file->bytes = bytes;
	memcpy(file->sha256, sha256, sizeof file->sha256);
}

static struct error summary_make(const struct run *run, const struct run_result *finish,
    const char *previous, struct buffer *out, char chain[HASH_TEXT_SIZE + 1])
{
	char policy[HASH_TEXT_SIZE + 1], result[FILE_NAME_SIZE], retry[FILE_NAME_SIZE];
	struct error error = hash_text(run->row.policy, policy);
	if (is_error(&error))
		return error;
	struct summary summary = {
	    .run = run->id,
	    .feed = run->row.feed.bytes,
	    .mode = run->lane.is_preview ? "preview" : "apply",
	    .status = finish->refusal ? "refused" : "done",
	    .refusal = finish->refusal,
	    .exact = !finish->is_inexact,
	    .node = run->row.node.bytes,
	    .policy_sha256 = policy,
	    .input_name = run->row.name.bytes,
	    .input_bytes = run->row.bytes,
	    .input_sha256 = run->row.sha256.size > 0 ? run->row.sha256.bytes : "",
	    .tally = finish->tally,
	    .remarks = finish->remarks,
	    .started_us = run->row.started_us,
	    .finished_us = run_now_us(),
	    .previous = previous,
	};
	if (summary.finished_us < summary.started_us)
		summary.finished_us = summary.started_us; /* the clock was set back */
	file_add(&summary, result, run, ".result.csv", finish->result_bytes, finish->result_sha256);
	file_add(&summary, retry, run, ".retry.csv", finish->retry_bytes, finish->retry_sha256);
	return summary_format(&summary, out, chain);
}

static struct error row_fill(
    struct run *run, const struct run_result *finish, const struct buffer *summary)
{
	struct ledger_run *row = &run->row;
	struct buffer counts = {0};
	char sha256[HASH_TEXT_SIZE + 1];
	struct error error = hash_text(buffer_slice(summary), sha256);
	if (is_error(&error))
		return error;
	tally_format(finish->tally, &counts);
	if (counts.failed)
		arena_fail(run->arena);
	enum run_state done = run->lane.is_preview ? RUN_PREVIEWED : RUN_APPLIED;
	row->state = finish->refusal ? RUN_REFUSED : done;
	row->records = finish->tally->rows;
	row->result_bytes = finish->result_bytes;
	row->retry_bytes = finish->retry_bytes;
	row->counts = arena_copy(run->arena, buffer_slice(&counts));
	row->summary = arena_copy(run->arena, buffer_slice(summary));
	row->summary_sha256 = arena_copy(run->arena, slice_of(sha256));
	row->result_sha256 = arena_copy(run->arena, slice_of(finish->result_sha256));
	row->retry_sha256 = arena_copy(run->arena, slice_of(finish->retry_sha256));
	buffer_done(&counts);
	return arena_has_failed(run->arena) ? error_memory("finishing a run") : OK;
}

static struct error last_run_move(
    struct run *run, const struct run_result *finish, struct buffer *summary)
{
	struct lms *lms = run->runner->lms;
	char previous[HASH_TEXT_SIZE + 1], chain[HASH_TEXT_SIZE + 1];
	struct error error = ledger_head(lms_db(lms), previous);
	/* A database may be put back under an open connection. */
	if (!is_error(&error))
		error = last_run_expect(run->runner->shared->spool, lms, previous);
	if (!is_error(&error))
		error = summary_make(run, finish, previous, summary, chain);
	if (!is_error(&error))
		error = row_fill(run, finish, summary);
	if (!is_error(&error))
		error = ledger_store(lms_db(lms), &run->row);
	if (!is_error(&error))
		error = ledger_set_head(lms_db(lms), chain, slice_of(run->id));
	return error;
}

struct error finish_store(struct run *run, const struct run_result *finish)
{
	struct buffer summary = {0};
	struct error error = last_run_move(run, finish, &summary);
	buffer_done(&summary);
	return error;
}

/* The answer as the ledger knows it: nothing, or what belongs to the last checkpoint. */
static struct error answer_take(struct run *run, struct run_result *finish)
{
	const struct answer_sizes sizes = {run->row.result_bytes, run->row.retry_bytes};
	struct answer *answer;
	if (sizes.result == 0)
		return OK;
	struct error error =
	    answer_open(run->directory, NULL, &(struct answer_source){0}, sizes, &answer);
	if (is_error(&error))
		return error;
	error = run_check_place(run);
	if (!is_error(&error))
		error = answer_begin(answer);
	if (!is_error(&error)) {
		finish->result_bytes = sizes.result;
		finish->retry_bytes = sizes.retry;
		answer_hashes(answer, finish->result_sha256, finish->retry_sha256);
	}
	answer_close(answer);
	return error;
}

struct error finish_refused(struct run *run, const struct error *refusal)
{
	struct tally tally;
	struct run_result finish = {.tally = &tally, .refusal = refusal};
	struct error error = tally_parse(run->row.counts, &tally);
	if (is_error(&error))
		/* Even such a run ends; the number of rows it has done is known. */
		tally = (struct tally){.rows = run->row.records};
	error = answer_take(run, &finish);
	if (!is_error(&error))
		error = input_sync(run);
	if (!is_error(&error))
		error = transaction_begin(run);
	if (!is_error(&error))
		error = finish_store(run, &finish);
	if (!is_error(&error))
		error = transaction_commit(run->runner);
	transaction_rollback(run->runner);
	return error;
}
