/*
 * superseded: what is to be released may be settled by now: runs of the feed that came after the
 * plan, and were applied, have had their say about a person. Each of their answers tells whom it
 * names, as the people are called in the LMS, and in which course. Where it does not tell all
 * (result_rows: changes), or somebody has taken it away, the input tells whom it means: then
 * nothing of the plan is done to these, whatever course it is.
 *
 * Runs that enrold itself has made do not count: they say nothing new; but for a release of a later
 * file that was held as a whole, which says what that file does. What is left of a plan is as old
 * as the file that it is about.
 */
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/naming.h"
#include "enrold/packed.h"
#include "enrold/persons.h"
#include "enrold/plan_named.h"
#include "enrold/reader.h"
#include "enrold/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE = 500, RECORDS_TOGETHER = 500, REQUESTS_TOGETHER = 2000 };

struct searching {
	struct run *run;
	int plan;
	struct plan_named *named; /* NULL: nothing is later */
	struct arena *arena;      /* of a later run */
	struct ledger_run of;
	struct ledger_run input; /* the same; or of a release the run whose file it is about */
	struct policy policy;    /* its own */
	/* Its input, where that is read: */
	struct reader reader;
	struct batch batch;
};

static struct lms *lms_of(const struct searching *searching)
{
	return searching->run->runner->lms;
}

/* ---- by its answer ---- */

/* In the outbox, or not yet there. What cannot be opened does not tell, either: -1. */
static int answer_open_of(const struct searching *searching)
{
	const struct ledger_run *of = &searching->of;
	const struct spool *spool = searching->run->runner->shared->spool;
	char name[FILE_NAME_SIZE], path[FILE_NAME_SIZE + 64];
	const struct naming naming = {
	    of->name.bytes, of->run.bytes, artefact_kinds[ARTEFACT_RESULT].suffix, false};
	int outbox, file = -1;
	struct error error = spool_open_outbox(spool, searching->run->lane.feed, &outbox);
	if (!is_error(&error)) {
		naming_find(outbox, ".", &naming, name);
		error = packed_open(outbox, name, of->sizes.of[ARTEFACT_RESULT], &file);
		close(outbox);
	}
	if (!is_error(&error) && file >= 0)
		return file;
	snprintf(path, sizeof path, "work/%s/%s/%s", of->node.bytes, of->run.bytes,
	    artefact_kinds[ARTEFACT_RESULT].name);
	return openat(spool->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* *tells: it does; else nothing of it counts. */
static struct error answer_ask(struct searching *searching, bool *tells)
{
	const struct ledger_run *of = &searching->of;
	*tells = false;
	if (searching->policy.result_rows != ROWS_ALL)
		return OK;
	int file = answer_open_of(searching);
	if (file < 0)
		return OK;
	struct error error = plan_named_answer(
	    searching->named, file, of->sizes.of[ARTEFACT_RESULT], of->hashes[ARTEFACT_RESULT]);
	close(file);
	*tells = !is_error(&error);
	return error.class == ERROR_REJECT ? OK : error;
}

/* ---- by its input ---- */

static struct error people_name(struct searching *searching, struct person *persons, size_t count)
{
	struct error error =
	    lms_load_persons(lms_of(searching), persons, count, searching->batch.arena);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (persons[i].is_there)
			plan_named_person(searching->named, persons[i].username);
	return error;
}

/* All who are meant, or may be. */
static struct error people_find(struct searching *searching)
{
	struct batch *batch = &searching->batch;
	size_t count = 0;
	struct person *persons =
	    arena_alloc(batch->arena, (batch->keys_count * 2 + 1) * sizeof *persons);
	if (!persons)
		return error_memory("reading a later file");
	struct error error =
	    lms_find_users(lms_of(searching), batch->keys, batch->keys_count, batch->arena);
	for (size_t i = 0; i < batch->keys_count && !is_error(&error); i++)
		for (uint32_t k = 0; k < batch->keys[i].matches && k < 2; k++)
			persons[count++].user = batch->keys[i].ids[k];
	if (!is_error(&error))
		error = people_name(searching, persons, count);
	batch_reset(batch);
	atomic_fetch_add(searching->run->runner->shared->progress, 1);
	return error;
}

static struct error on_header(void *context, const struct header *header)
{
	struct searching *searching = context;
	return batch_init(&searching->batch, header, &searching->policy, searching->run->site);
}

/* Of a large record the first part tells who it is. */
static struct error large_add(struct searching *searching, const struct csvin_record *record)
{
	struct record_part part = {0};
	struct error error = people_find(searching);
	if (!is_error(&error))
		error = batch_add_part(&searching->batch, record, &part, REQUESTS_TOGETHER);
	if (!is_error(&error))
		error = people_find(searching);
	record_part_done(&part);
	return error;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct searching *searching = context;
	struct batch *batch = &searching->batch;
	if (record_is_large(batch, record, REQUESTS_TOGETHER))
		return large_add(searching, record);
	struct error error = batch_add(batch, record);
	bool is_full =
	    batch->records_count >= RECORDS_TOGETHER || batch->requests_count >= REQUESTS_TOGETHER;
	return is_error(&error) || !is_full ? error : people_find(searching);
}

static struct error input_ask(struct searching *searching)
{
	int file;
	struct runner *runner = searching->run->runner;
	const struct reader_visitor visitor = {on_header, on_record, searching};
	struct reader_terms terms = content_terms(searching->run);
	terms.policy = &searching->policy;
	struct error error =
	    policy_parse(searching->input.policy.bytes, searching->arena, &searching->policy);
	if (!is_error(&error))
		error = content_open_other(searching->run, &searching->input, &searching->policy,
		    &file, &terms.is_composed);
	if (is_error(&error))
		return error;
	error = reader_open(&searching->reader, &terms, visitor);
	if (!is_error(&error))
		error = input_read(&searching->reader, file, runner->chunk, RUN_CHUNK);
	if (!is_error(&error) && searching->batch.arena)
		error = people_find(searching);
	batch_done(&searching->batch);
	reader_close(&searching->reader);
	searching->batch = (struct batch){.header = NULL};
	close(file);
	return error;
}

/* ---- which runs ---- */

static struct slice source_of(const struct searching *searching)
{
	return searching->run->ordered.source.run;
}

/* Ids come in the order of time. */
static bool is_later(struct slice run, struct slice other)
{
	size_t size = run.size < other.size ? run.size : other.size;
	return memcmp(run.bytes, other.bytes, size) > 0;
}

/* As new as the file that was held, whenever it was released. */
static struct error released_find(struct searching *searching, bool *counts)
{
	struct stored_plan plan;
	char subject[RUN_ID_SIZE + 1];
	struct db *db = lms_db(lms_of(searching));
	*counts = false;
	if (!name_find_released(searching->of.name.bytes, subject))
		return OK;
	struct error error = plans_find(db, slice_of(subject), searching->arena, &plan);
	if (is_error(&error) || !is_later(plan.source, source_of(searching)))
		return error;
	error = ledger_find(db, plan.source, searching->arena, &searching->input);
	*counts = searching->input.state == RUN_HELD;
	return error;
}

static struct error counts_find(struct searching *searching, bool *counts)
{
	*counts = !name_is_due(searching->of.name.bytes);
	searching->input = searching->of;
	return summary_is_ordered(searching->of.summary) ? released_find(searching, counts) : OK;
}

static struct error later_ask(struct searching *searching)
{
	const struct ledger_run *of = &searching->of;
	bool tells;
	struct error error = policy_parse(of->policy.bytes, searching->arena, &searching->policy);
	if (!is_error(&error))
		error = answer_ask(searching, &tells);
	if (!is_error(&error) && !tells)
		error = input_ask(searching);
	if (error.class != ERROR_REJECT)
		return error;
	const char *how = of->answer_pruned.size > 0 || of->input_pruned.size > 0
	                      ? "discard the plan: what was pruned does not come back"
	                      : "put one back, or discard the plan";
	return error_reject("later_file_missing", 0,
	    "run %.*s, %.*s, came after the plan, and neither its answer in the outbox nor its "
	    "input in archive/ is there as it was: nobody can tell what of the plan it has "
	    "settled; %s",
	    SLICE_ARG(of->run), SLICE_ARG(of->name), how);
}

static struct error later_find(struct searching *searching, struct slice id)
{
	const struct stored_plan *plan = &searching->run->ordered.plan;
	arena_reset(searching->arena);
	bool counts = false;
	struct error error =
	    ledger_find(lms_db(lms_of(searching)), id, searching->arena, &searching->of);
	if (!is_error(&error))
		error = counts_find(searching, &counts);
	if (is_error(&error) || !counts)
		return error;
	searching->run->ordered.has_later = true;
	if (!searching->named)
		error = plan_named_open(searching->plan, plan->sha256.bytes, &searching->named);
	return is_error(&error) ? error : later_ask(searching);
}

static struct error page_find(
    struct searching *searching, const struct ledger_run *runs, size_t count)
{
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (runs[i].state == RUN_APPLIED &&
		    slice_is(runs[i].feed, slice_of(searching->run->lane.feed)))
			error = later_find(searching, runs[i].run);
	return error;
}

static struct error all_find(struct searching *searching, struct arena *arena)
{
	struct ledger_run *runs;
	size_t count = PAGE;
	struct error error = OK;
	struct ledger_page page = {.limit = PAGE};
	snprintf(page.after, sizeof page.after, "%.*s", SLICE_ARG(source_of(searching)));
	snprintf(page.before, sizeof page.before, "%s", searching->run->id);
	while (count == PAGE && !is_error(&error)) {
		arena_reset(arena);
		error = ledger_list_briefly(lms_db(lms_of(searching)), &page, arena, &runs, &count);
		if (!is_error(&error))
			error = page_find(searching, runs, count);
		if (!is_error(&error) && count > 0)
			snprintf(
			    page.after, sizeof page.after, "%.*s", SLICE_ARG(runs[count - 1].run));
	}
	return error;
}

struct error superseded_find(struct run *run, int plan, struct approval *superseded)
{
	struct searching searching = {.run = run, .plan = plan, .arena = arena_create()};
	struct arena *arena = arena_create();
	struct error error = arena && searching.arena ? all_find(&searching, arena)
	                                              : error_memory("reading later answers");
	if (!is_error(&error) && searching.named)
		error = plan_named_end(searching.named, superseded);
	plan_named_free(searching.named);
	arena_free(searching.arena);
	arena_free(arena);
	return error;
}
