/*
 * page_facts: what a page shows of a feed: the runs that are known, and what of their answers lies
 * in the outbox by now. The disk is asked, not the ledger: what was packed has another name, what
 * was pruned has none, and a link leads somewhere or is not there.
 */
#include "page_runs.h"

#include "enrold/artefact.h"
#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/names.h"
#include "enrold/naming.h"
#include "enrold/packed.h"
#include "enrold/page_maker.h"

#include <stdio.h>
#include <stdlib.h>

#define SUMMARY_SUFFIX ".summary.json"

enum { SUFFIX_SIZE = 64 };

static const int64_t coming_us = INT64_C(1000000) * PAGES_COMING_S;

struct search {
	int outbox;
	struct arena *arena;
};

/* ---- what lies there ---- */

/* "staff.R.preview.result.csv.gz", if that is there; else empty. */
static struct slice file_find(
    const struct search *search, const struct kept_run *run, const char *suffix)
{
	char name[FILE_NAME_SIZE], whole[SUFFIX_SIZE];
	snprintf(whole, sizeof whole, "%s%s", run->is_preview ? ".preview" : "", suffix);
	naming_find(search->outbox, ".",
	    &(struct naming){.input = run->file, .run = run->run, .suffix = whole}, name);
	if (disk_has(search->outbox, name))
		return arena_copy(search->arena, slice_of(name));
	size_t size = strlen(name);
	if (size + strlen(PACKED_SUFFIX) >= sizeof name)
		return (struct slice){NULL, 0};
	snprintf(name + size, sizeof name - size, PACKED_SUFFIX);
	return disk_has(search->outbox, name) ? arena_copy(search->arena, slice_of(name))
	                                      : (struct slice){NULL, 0};
}

/* False: its summary, which comes last, is not there. */
static bool links_find(
    const struct search *search, const struct kept_run *run, struct page_run *page)
{
	page->links[PAGE_REPORT] = file_find(search, run, artefact_kinds[ARTEFACT_REPORT].suffix);
	if (run->has_result)
		page->links[PAGE_RESULT] =
		    file_find(search, run, artefact_kinds[ARTEFACT_RESULT].suffix);
	if (run->has_retry)
		page->links[PAGE_RETRY] =
		    file_find(search, run, artefact_kinds[ARTEFACT_RETRY].suffix);
	bool is_out = file_find(search, run, SUMMARY_SUFFIX).size > 0;
	page->is_gone = !is_out || (run->has_result && page->links[PAGE_RESULT].size == 0);
	return is_out;
}

static int by_feed_and_run(const void *a, const void *b)
{
	const struct held_plan *x = a, *y = b;
	int order = strcmp(x->feed, y->feed);
	return order != 0 ? order : strcmp(x->run, y->run);
}

static bool waits(const struct held_plans *plans, const char *feed, const char *run)
{
	struct held_plan key = {.is_whole = false};
	snprintf(key.feed, sizeof key.feed, "%s", feed);
	snprintf(key.run, sizeof key.run, "%s", run);
	return plans->count > 0 &&
	       bsearch(&key, plans->items, plans->count, sizeof key, by_feed_and_run);
}

static struct page_run run_show(const struct kept_run *run)
{
	return (struct page_run){.run = run->run,
	    .file = slice_of(run->file),
	    .started_us = run->started_us,
	    .state = run->state,
	    .is_preview = run->is_preview,
	    .rows = run->rows,
	    .rows_in_error = run->rows_in_error,
	    .done = run->done,
	    .unchanged = run->unchanged};
}

/* ---- the feed ---- */

static void days_show(const struct feed_runs *feed, int64_t today, struct page_feed *page)
{
	for (int i = 0; i < PAGE_DAYS; i++) {
		const struct kept_day *kept = &feed->days[(today - i) & (KEPT_DAYS - 1)];
		if (kept->day == today - i)
			page->days[i] = kept->of;
	}
}

static void plans_count(const struct held_plans *plans, struct page_feed *page)
{
	for (size_t i = 0; i < plans->count; i++)
		page->waits += strcmp(plans->items[i].feed, page->name) == 0;
}

struct error page_facts(const struct feed_runs *feed, const struct held_plans *plans,
    int64_t now_us, struct arena *arena, struct page_feed *page)
{
	*page = (struct page_feed){
	    .name = feed->feed, .runs_count = feed->count, .runs_all = feed->all};
	struct page_run *accepted = arena_alloc(arena, sizeof *accepted);
	if (accepted && *feed->accepted.run) {
		*accepted = run_show(&feed->accepted);
		page->accepted = accepted;
	}
	page->is_refused_since = strcmp(feed->refused_run, feed->accepted.run) > 0;
	days_show(feed, page_day_of(now_us), page);
	plans_count(plans, page);
	return arena_has_failed(arena) ? error_memory("making a page") : OK;
}

struct error page_facts_runs(const struct feed_runs *feed, const struct answers_place *place,
    struct arena *arena, struct page_feed *page, bool *is_whole)
{
	const struct search search = {place->outbox, arena};
	struct page_run *runs = arena_alloc(arena, (feed->count + 1) * sizeof *runs);
	*is_whole = true;
	for (size_t i = 0; runs && i < feed->count; i++) {
		runs[i] = run_show(&feed->runs[i]);
		bool is_out = links_find(&search, &feed->runs[i], &runs[i]);
		runs[i].waits = waits(place->plans, feed->feed, runs[i].run);
		runs[i].is_coming = !is_out && place->now_us - runs[i].started_us < coming_us;
		*is_whole &= !runs[i].is_coming;
	}
	page->runs = runs;
	return arena_has_failed(arena) ? error_memory("making a page") : OK;
}
