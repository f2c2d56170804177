/*
 * runs: the newest runs that fit, one object each.
 */
#include "history.h"

#include <fnmatch.h>
#include <stdio.h>

static bool status_fits(
    const struct history *history, const struct past_run *run, const char *status)
{
	return !status || strcmp(status, run_status(history, run)) == 0 ||
	       (strcmp(status, "preview") == 0 && run->is_preview);
}

static bool fits(const struct history *history, const struct past_run *run)
{
	const struct history_query *query = history->query;
	return (!query->feed || slice_is(run->row.feed, slice_of(query->feed))) &&
	       (!query->file || fnmatch(query->file, run->row.name.bytes, 0) == 0) &&
	       status_fits(history, run, query->status);
}

/* Ids are the times at which files were taken. */
static struct past_range range_of(const struct history_query *query)
{
	struct past_range range = {.is_newest_first = true};
	if (query->since_us > 0)
		run_id_format(query->since_us - 1, range.after);
	if (query->until_us > 0)
		run_id_format(query->until_us, range.before);
	return range;
}

struct error history_runs(struct history *history)
{
	struct past *past = NULL;
	const struct past_run *run = NULL;
	const struct history_query *query = history->query;
	struct past_range range = range_of(query);
	struct error error = past_open(history, &range, &past);
	if (!is_error(&error) && !history->lms)
		error = history_give(history, json_pack("{s:s, s:s, s:s}", "kind", "note", "source",
		                                  "outbox", "text", history->away.text));
	for (uint32_t given = 0; !is_error(&error) && !history->is_over &&
	                         (query->limit == 0 || given < query->limit);) {
		error = past_next(past, &run);
		if (is_error(&error) || !run)
			break;
		if (fits(history, run)) {
			error = history_give(history, run_json(history, run));
			given++;
		}
	}
	past_close(past);
	return error;
}
