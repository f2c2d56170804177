#include "run_state.h"

#include "enrold/last_run.h"

typedef char file_names[ARTEFACTS][FILE_NAME_SIZE];

static void file_add(struct summary *summary, file_names names, const struct run *run,
    const struct run_result *result, enum artefact artefact)
{
	if (*result->hashes.of[artefact] == '\0')
		return;
	struct summary_file *file = &summary->files[summary->files_count++];
	run_name(run, artefact_kinds[artefact].suffix, names[artefact]);
	file->name = names[artefact];
	file->bytes = result->sizes.of[artefact];
	memcpy(file->sha256, result->hashes.of[artefact], sizeof file->sha256);
}

static enum run_state state_of(const struct run *run, const struct run_result *result)
{
	if (result->is_discarded)
		return RUN_DISCARDED;
	if (result->is_held)
		return RUN_HELD;
	if (result->refusal)
		return RUN_REFUSED;
	return run->lane.is_preview ? RUN_PREVIEWED : RUN_APPLIED;
}

/* What is put aside stays as it was dropped: whoever corrects it needs all of it. */
static void archived_decide(struct run *run, const struct run_result *result)
{
	enum run_state state = state_of(run, result);
	if (state != RUN_REFUSED && state != RUN_DISCARDED)
		return;
	run->row.archived_bytes = 0;
	run->row.archived_sha256 = SLICE("");
}

/* Behind the head, which it moves. */
static struct error summary_make(
    const struct run *run, struct run_result *result, struct ledger_head *head, struct buffer *out)
{
	char previous[HASH_TEXT_SIZE + 1];
	char policy[HASH_TEXT_SIZE + 1];
	file_names names;
	struct error error = hash_text(run->row.policy, policy);
	if (is_error(&error))
		return error;
	struct summary summary = {
	    .run = run->id,
	    .feed = run->row.feed.bytes,
	    .mode = run->lane.is_preview ? "preview" : "apply",
	    .status = run_end_word(result),
	    .refusal = result->refusal,
	    .exact = !result->is_inexact,
	    .node = run->row.node.bytes,
	    .policy_sha256 = policy,
	    .input_name = run->row.name.bytes,
	    .input_bytes = run->row.bytes,
	    .input_sha256 = run->row.sha256.size > 0 ? run->row.sha256.bytes : "",
	    .archived_bytes = run->row.archived_bytes,
	    .archived_sha256 =
	        run->row.archived_sha256.size > 0 ? run->row.archived_sha256.bytes : NULL,
	    .preset = run->content.preset,
	    .members = run->content.members,
	    .members_count = run->content.members_count,
	    .tally = result->tally,
	    .remarks = result->remarks,
	    .started_us = run->row.started_us,
	    .finished_us = run_now_us(),
	    .plan_rows = result->plan_rows,
	    .plan_people = result->plan_people,
	    .order = run->ordered.text.size > 0 ? run->ordered.text.bytes : NULL,
	    .number = ++head->number,
	    .previous = previous,
	};
	memcpy(previous, head->chain, sizeof previous);
	memcpy(head->run, run->id, sizeof head->run);
	if (summary.finished_us < summary.started_us)
		summary.finished_us = summary.started_us; /* the clock was set back */
	for (enum artefact a = 0; a < ARTEFACT_REPORT; a++)
		file_add(&summary, names, run, result, a);
	error = report_file_make(run, &summary, result);
	file_add(&summary, names, run, result, ARTEFACT_REPORT);
	return is_error(&error) ? error : summary_format(&summary, out, head->chain);
}

static struct error row_fill(
    struct run *run, const struct run_result *result, const struct buffer *summary)
{
	struct ledger_run *row = &run->row;
	struct buffer counts = {0};
	char sha256[HASH_TEXT_SIZE + 1];
	struct error error = hash_text(buffer_slice(summary), sha256);
	if (is_error(&error))
		return error;
	tally_format(result->tally, &counts);
	if (counts.failed)
		arena_fail(run->arena);
	row->state = state_of(run, result);
	row->records = result->tally->rows; /* of the file: removals count while it runs */
	row->sizes = result->sizes;
	row->is_measure = result->is_measure;
	row->counts = arena_copy(run->arena, buffer_slice(&counts));
	row->summary = arena_copy(run->arena, buffer_slice(summary));
	row->summary_sha256 = arena_copy(run->arena, slice_of(sha256));
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		row->hashes[a] = arena_copy(run->arena, slice_of(result->hashes.of[a]));
	buffer_done(&counts);
	return arena_has_failed(run->arena) ? error_memory("finishing a run") : OK;
}

static struct error last_run_move(
    struct run *run, struct run_result *result, struct buffer *summary)
{
	struct lms *lms = run->runner->lms;
	struct ledger_head head;
	struct error error = ledger_find_head(lms_db(lms), &head);
	/* A database may be put back under an open connection. */
	if (!is_error(&error))
		error = last_run_expect(run->runner->shared->spool, lms, head.chain);
	if (!is_error(&error))
		error = summary_make(run, result, &head, summary);
	if (!is_error(&error))
		error = row_fill(run, result, summary);
	run->row.number = head.number;
	if (!is_error(&error))
		error = run_notice_store(run, result);
	if (!is_error(&error))
		error = ledger_store(lms_db(lms), &run->row);
	if (!is_error(&error))
		error = ledger_set_head(lms_db(lms), &head);
	return error;
}

struct error finish_store(struct run *run, struct run_result *result)
{
	struct buffer summary = {0};
	archived_decide(run, result);
	struct error error = last_run_move(run, result, &summary);
	buffer_done(&summary);
	return error;
}
