#include "history.h"

#include "enrold/summary.h"
#include "enrold/tally.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGE_RUNS = 64 };

/* From the ledger page by page, so that neither its rows nor a snapshot of the database are held
 * while answers are read; from the outbox one by one. */
struct past {
	struct history *history;
	struct past_range range;
	struct arena *arena; /* of the page, or of the run */
	struct ledger_run *page;
	size_t page_count, next;
	bool is_last_page;
	struct outbox_run *outbox;
	size_t outbox_count, outbox_next;
	struct past_run run;
};

struct error past_open(
    struct history *history, const struct past_range *range, struct past **result)
{
	struct past *past = calloc(1, sizeof *past);
	struct error error = OK;
	if (!past)
		return error_memory("reading the ledger");
	*past = (struct past){.history = history, .range = *range, .arena = arena_create()};
	if (!past->arena)
		error = error_memory("reading the ledger");
	else if (!history->lms)
		error = outbox_list(history, &past->outbox, &past->outbox_count);
	if (is_error(&error)) {
		past_close(past);
		return error;
	}
	*result = past;
	return OK;
}

static void run_drop(struct past *past)
{
	json_decref(past->run.summary);
	past->run = (struct past_run){.row = {.state = RUN_UNKNOWN}};
}

void past_close(struct past *past)
{
	if (!past)
		return;
	run_drop(past);
	outbox_free(past->outbox, past->outbox_count);
	arena_free(past->arena);
	free(past);
}

/* ---- by the ledger ---- */

static struct error page_load(struct past *past)
{
	struct ledger_page page = {
	    .is_newest_first = past->range.is_newest_first, .limit = PAGE_RUNS};
	memcpy(page.after, past->range.after, sizeof page.after);
	memcpy(page.before, past->range.before, sizeof page.before);
	arena_reset(past->arena);
	past->next = 0;
	struct error error = ledger_list(
	    lms_db(past->history->lms), &page, past->arena, &past->page, &past->page_count);
	past->is_last_page = past->page_count < PAGE_RUNS;
	if (is_error(&error) || past->page_count == 0)
		return error;
	char *edge = page.is_newest_first ? past->range.before : past->range.after;
	snprintf(edge, RUN_ID_SIZE + 1, "%.*s", SLICE_ARG(past->page[past->page_count - 1].run));
	return OK;
}

static void run_take(struct past *past, const struct ledger_run *row)
{
	struct tally tally;
	struct past_run *run = &past->run;
	run->row = *row;
	if (row->summary.size > 0)
		run->summary = json_loadb(row->summary.bytes, row->summary.size, 0, NULL);
	run->is_preview = row->state == RUN_PREVIEWED || summary_is_preview(row->summary);
	struct error error = tally_parse(row->counts, &tally);
	run->has_rows_in_error = !is_error(&error);
	run->rows_in_error = tally.rows_in_error;
	run->has_renames =
	    is_error(&error) || tally.codes[CODE_ACCOUNT_RENAMED] + tally.codes[CODE_UNDONE] > 0;
}

static struct error ledger_next(struct past *past)
{
	struct error error = OK;
	if (past->next == past->page_count && !past->is_last_page)
		error = page_load(past);
	if (!is_error(&error) && past->next < past->page_count)
		run_take(past, &past->page[past->next++]);
	return error;
}

/* ---- by the outbox ---- */

static bool is_within(const struct past_range *range, const char *run)
{
	return strcmp(run, range->after) > 0 &&
	       (*range->before == '\0' || strcmp(run, range->before) < 0);
}

static struct error outbox_step(struct past *past)
{
	struct error error = OK;
	while (!is_error(&error) && past->run.row.state == RUN_UNKNOWN &&
	       past->outbox_next < past->outbox_count) {
		size_t at = past->outbox_next++;
		if (past->range.is_newest_first)
			at = past->outbox_count - 1 - at;
		arena_reset(past->arena);
		if (is_within(&past->range, past->outbox[at].run))
			error =
			    outbox_load(past->history, &past->outbox[at], past->arena, &past->run);
	}
	return error;
}

struct error past_next(struct past *past, const struct past_run **run)
{
	struct error error = history_check(past->history);
	*run = NULL;
	run_drop(past);
	if (!is_error(&error))
		error = past->history->lms ? ledger_next(past) : outbox_step(past);
	if (!is_error(&error) && past->run.row.state != RUN_UNKNOWN)
		*run = &past->run;
	return error;
}
