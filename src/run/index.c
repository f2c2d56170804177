/*
 * index: by it a person's rows are found in a large answer. It comes with an answer that was
 * written in one go; of others, as of a run that went on later, it is made when the worker has
 * nothing to do. None ever keeps a run from its end: what is missing is made when it is wanted.
 */
#include "run_state.h"

#include "enrold/answer_index.h"
#include "enrold/disk.h"
#include "enrold/packed.h"

#include <stdio.h>
#include <unistd.h>

/* The oldest are forgotten. */
static void note(struct run *run)
{
	struct runner *runner = run->runner;
	struct unindexed *next = &runner->unindexed[runner->unindexed_count % UNINDEXED_MAX];
	const struct ledger_run *row = &run->row;
	uint64_t bytes = row->sizes.of[ARTEFACT_RESULT];
	if (run->lane.is_preview || bytes < ANSWER_INDEX_MIN)
		return;
	*next = (struct unindexed){.bytes = bytes};
	memcpy(next->run, run->id, sizeof next->run);
	snprintf(next->feed, sizeof next->feed, "%.*s", SLICE_ARG(row->feed));
	run_name(run, artefact_kinds[ARTEFACT_RESULT].suffix, next->name);
	snprintf(
	    next->sha256, sizeof next->sha256, "%.*s", SLICE_ARG(row->hashes[ARTEFACT_RESULT]));
	runner->unindexed_count++;
}

void index_publish(struct run *run)
{
	int place;
	if (!disk_has(run->directory, ANSWER_INDEX)) {
		note(run);
		return;
	}
	struct error error = spool_open_index(run->runner->shared->spool, &place);
	if (is_error(&error))
		return;
	answer_index_publish(run->directory, run->id, place);
	close(place);
}

/* ---- when there is nothing else to do ---- */

static struct error make(
    const struct spool *spool, const struct unindexed *answer, const atomic_bool *is_wanted)
{
	int outbox, place;
	const struct indexed of = {
	    answer->run, answer->bytes, slice_of(answer->sha256), .has_renames = true};
	struct error error = spool_open_outbox(spool, answer->feed, &outbox);
	if (is_error(&error))
		return error;
	int result;
	error = packed_open(outbox, answer->name, answer->bytes, &result);
	close(outbox);
	if (is_error(&error) || result < 0)
		return error;
	error = spool_open_index(spool, &place);
	if (!is_error(&error)) {
		error = answer_index_make(result, &of, place, is_wanted);
		close(place);
	}
	close(result);
	return error;
}

void index_catch_up(struct runner *runner, const atomic_bool *is_wanted)
{
	if (runner->unindexed_count > UNINDEXED_MAX)
		runner->unindexed_count = UNINDEXED_MAX;
	while (runner->unindexed_count > 0 && !atomic_load(is_wanted)) {
		struct error error = make(runner->shared->spool,
		    &runner->unindexed[runner->unindexed_count - 1], is_wanted);
		if (is_error(&error) && atomic_load(is_wanted))
			break; /* it was broken off */
		runner->unindexed_count--;
	}
}
