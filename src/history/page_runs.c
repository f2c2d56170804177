/*
 * page_runs: which runs have ended, feed by feed.
 *
 * Every run that ends gets the next number of the chain. So after a look at the newest rows it is
 * known whether one was missed: as many must have new numbers as the head has gone on by. If not,
 * because the database was put back to an earlier day, or a run that began long ago has ended among
 * hundreds of others, all is read anew.
 */
#include "page_runs.h"

#include "enrold/names.h"
#include "enrold/page_maker.h"
#include "enrold/summary.h"
#include "enrold/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WINDOW = 500, READ_RUNS = 2000, DAY_S = 86400, SECOND_US = 1000000 };

/* ---- days ---- */

/* Days since 1970-01-01 of what the clock on the wall shows. */
int64_t page_day_of(int64_t time_us)
{
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm tm;
	localtime_r(&seconds, &tm);
	struct tm date = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday};
	return (int64_t)timegm(&date) / DAY_S;
}

static void day_count(struct feed_runs *feed, const struct page_run *run)
{
	int64_t day = page_day_of(run->started_us);
	struct kept_day *kept = &feed->days[day & (KEPT_DAYS - 1)];
	if (day < kept->day)
		return; /* longer ago than a page shows */
	if (day > kept->day)
		*kept = (struct kept_day){.day = day};
	kept->of.of[page_outcome(run)]++;
}

/* ---- feeds ---- */

static void feed_free(struct feed_runs *feed)
{
	for (size_t i = 0; i < feed->count; i++)
		free(feed->runs[i].file);
	free(feed->accepted.file);
	free(feed->runs);
	free(feed);
}

void page_runs_forget(struct page_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++)
		feed_free(runs->feeds[i]);
	free(runs->feeds);
	*runs = (struct page_runs){0};
}

struct feed_runs *page_runs_feed(struct page_runs *runs, struct slice name)
{
	for (size_t i = 0; i < runs->count; i++)
		if (slice_is(name, slice_of(runs->feeds[i]->feed)))
			return runs->feeds[i];
	struct feed_runs **feeds = reallocarray(runs->feeds, runs->count + 1, sizeof *feeds);
	if (!feeds)
		return NULL;
	runs->feeds = feeds;
	struct feed_runs *feed = calloc(1, sizeof *feed);
	if (!feed)
		return NULL;
	snprintf(feed->feed, sizeof feed->feed, "%.*s", SLICE_ARG(name));
	feed->is_changed = true;
	feeds[runs->count++] = feed;
	return feed;
}

/* ---- a run ---- */

/* Where it stands, or would. */
static size_t place_of(const struct feed_runs *feed, const char *run)
{
	size_t low = 0, high = feed->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(feed->runs[middle].run, run) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_run(const struct feed_runs *feed, const char *run)
{
	size_t place = place_of(feed, run);
	return place < feed->count && strcmp(feed->runs[place].run, run) == 0;
}

static bool make_room(struct feed_runs *feed)
{
	if (feed->count < feed->room)
		return true;
	size_t room = feed->room == 0 ? 8 : feed->room * 2;
	room = room > PAGE_RUNS_MAX ? PAGE_RUNS_MAX : room;
	struct kept_run *grown = reallocarray(feed->runs, room, sizeof *grown);
	if (!grown)
		return false;
	feed->runs = grown;
	feed->room = room;
	return true;
}

/* Among the newest, of which the oldest gives way. */
static struct error run_insert(struct feed_runs *feed, const struct kept_run *run)
{
	size_t place = place_of(feed, run->run);
	if (place == PAGE_RUNS_MAX)
		return OK;
	struct kept_run copy = *run;
	copy.file = strdup(run->file);
	if (!copy.file)
		return error_memory("making a page");
	if (feed->count == PAGE_RUNS_MAX)
		free(feed->runs[--feed->count].file);
	if (!make_room(feed)) {
		free(copy.file);
		return error_memory("making a page");
	}
	struct kept_run *at = feed->runs + place;
	memmove(at + 1, at, (feed->count - place) * sizeof *at);
	*at = copy;
	feed->count++;
	return OK;
}

/* It is a file that somebody has sent, and no more of one that was there. */
static bool is_delivery(const struct kept_run *run)
{
	char file[FILE_NAME_SIZE], origin[RUN_ID_SIZE + 1];
	return !name_is_made(run->file) && !name_find_origin(run->file, file, origin);
}

static struct error accepted_note(struct feed_runs *feed, const struct kept_run *run)
{
	if (run->is_preview || !is_delivery(run))
		return OK;
	if (run->state == RUN_REFUSED && strcmp(run->run, feed->refused_run) > 0)
		memcpy(feed->refused_run, run->run, sizeof feed->refused_run);
	if (run->state != RUN_APPLIED || strcmp(run->run, feed->accepted.run) < 0)
		return OK;
	char *file = strdup(run->file);
	if (!file)
		return error_memory("making a page");
	free(feed->accepted.file);
	feed->accepted = *run;
	feed->accepted.file = file;
	return OK;
}

/* A preview that was refused is told from its summary alone; there are few. */
static struct error preview_find(
    struct db *db, const struct ledger_brief *brief, struct arena *arena, bool *is_preview)
{
	struct ledger_run row;
	*is_preview = brief->state == RUN_PREVIEWED;
	if (brief->state != RUN_REFUSED && brief->state != RUN_DISCARDED)
		return OK;
	struct error error = ledger_find(db, brief->run, arena, &row);
	*is_preview = !is_error(&error) && summary_is_preview(row.summary);
	return error;
}

static struct kept_run run_of(const struct ledger_brief *brief, bool is_preview)
{
	struct tally tally;
	struct error ignored = tally_parse(brief->counts, &tally);
	(void)ignored; /* as far as it could be read */
	struct kept_run run = {.file = (char *)brief->name.bytes,
	    .state = brief->state,
	    .is_preview = is_preview,
	    .has_result = brief->result_bytes > 0,
	    .has_retry = brief->retry_bytes > 0,
	    .started_us = brief->started_us,
	    .rows = tally.rows,
	    .rows_in_error = tally.rows_in_error,
	    .done = tally.outcomes[OUTCOME_DONE] + tally.outcomes[OUTCOME_WARNING],
	    .unchanged = tally.outcomes[OUTCOME_UNCHANGED]};
	snprintf(run.run, sizeof run.run, "%.*s", SLICE_ARG(brief->run));
	return run;
}

/* Of one that has ended; once or twice is the same. */
static struct error run_take(
    struct page_runs *runs, struct db *db, const struct ledger_brief *brief, struct arena *arena)
{
	bool is_preview;
	struct feed_runs *feed = page_runs_feed(runs, brief->feed);
	if (!feed)
		return error_memory("making a page");
	if (has_run(feed, brief->run.bytes))
		return OK;
	struct error error = preview_find(db, brief, arena, &is_preview);
	if (is_error(&error))
		return error;
	struct kept_run run = run_of(brief, is_preview);
	error = run_insert(feed, &run);
	if (!is_error(&error))
		error = accepted_note(feed, &run);
	if (is_error(&error))
		return error;
	const struct page_run counted = {.started_us = run.started_us,
	    .state = run.state,
	    .is_preview = is_preview,
	    .rows_in_error = run.rows_in_error};
	day_count(feed, &counted);
	feed->all++;
	feed->is_changed = true;
	return OK;
}

/* ---- the first look ---- */

static struct error page_take(struct page_runs *runs, struct db *db, struct ledger_page *page,
    struct arena *arena, bool *is_last)
{
	struct ledger_brief *found;
	size_t count;
	struct error error = ledger_list_outcomes(db, page, arena, &found, &count);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (found[i].state != RUN_RUNNING)
			error = run_take(runs, db, &found[i], arena);
	*is_last = count < page->limit;
	if (!is_error(&error) && count > 0)
		snprintf(
		    page->before, sizeof page->before, "%.*s", SLICE_ARG(found[count - 1].run));
	return error;
}

/* The newest first, so that what a page has no room for is never kept. */
static struct error load(struct page_runs *runs, struct db *db, int64_t now_us, struct arena *arena)
{
	struct ledger_page page = {.is_newest_first = true, .limit = READ_RUNS};
	bool is_last = false;
	run_id_format(now_us - (int64_t)PAGES_KNOWN_DAYS * DAY_S * SECOND_US, page.after);
	struct error error = ledger_read_head(db, &runs->head);
	while (!is_error(&error) && !is_last) {
		arena_reset(arena);
		error = page_take(runs, db, &page, arena, &is_last);
	}
	runs->is_loaded = !is_error(&error);
	return error;
}

/* ---- the next looks ---- */

/* *is_all: none has ended that is not among them. */
static struct error follow(struct page_runs *runs, struct db *db, const struct ledger_head *head,
    struct arena *arena, bool *is_all)
{
	const struct ledger_page page = {.is_newest_first = true, .limit = WINDOW};
	struct ledger_brief *found;
	size_t count;
	uint64_t ended = 0;
	struct error error = ledger_list_numbered(db, &page, arena, &found, &count);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		bool is_new =
		    found[i].number > runs->head.number && found[i].number <= head->number;
		if (found[i].state == RUN_RUNNING || !is_new)
			continue;
		ended++;
		error = run_take(runs, db, &found[i], arena);
	}
	*is_all = ended == head->number - runs->head.number;
	return error;
}

/* The run that was the newest end is still that of its number, and others came behind it. */
static struct error is_continued(const struct page_runs *runs, struct db *db,
    const struct ledger_head *head, struct arena *arena, bool *is)
{
	struct ledger_run row;
	*is = head->number > runs->head.number;
	if (!*is || *runs->head.run == '\0')
		return OK;
	struct error error = ledger_find(db, slice_of(runs->head.run), arena, &row);
	*is = row.state > RUN_RUNNING && row.number == runs->head.number;
	return error;
}

static struct error load_anew(
    struct page_runs *runs, struct db *db, int64_t now_us, struct arena *arena)
{
	struct page_runs fresh = {0};
	struct error error = load(&fresh, db, now_us, arena);
	if (is_error(&error)) {
		page_runs_forget(&fresh);
		return error;
	}
	page_runs_forget(runs);
	*runs = fresh;
	return OK;
}

static struct error look(struct page_runs *runs, struct db *db, int64_t now_us, struct arena *arena)
{
	struct ledger_head head;
	bool is = runs->is_loaded;
	struct error error = is ? ledger_read_head(db, &head) : OK;
	if (is && !is_error(&error) && strcmp(head.chain, runs->head.chain) == 0)
		return OK;
	if (is && !is_error(&error))
		error = is_continued(runs, db, &head, arena, &is);
	if (is && !is_error(&error))
		error = follow(runs, db, &head, arena, &is);
	if (is && !is_error(&error))
		runs->head = head;
	return is || is_error(&error) ? error : load_anew(runs, db, now_us, arena);
}

struct error page_runs_look(struct page_runs *runs, struct db *db, int64_t now_us)
{
	struct arena *arena = arena_create();
	struct error error = arena ? look(runs, db, now_us, arena) : error_memory("making a page");
	arena_free(arena);
	return error;
}
