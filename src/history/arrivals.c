#include "enrold/arrivals.h"

#include "enrold/arena.h"
#include "enrold/db.h"
#include "enrold/ledger.h"
#include "enrold/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 500, PAGE_RUNS = 2000, OPEN_MAX = 1000, DAY_S = 86400, SECOND_US = 1000000 };

/* Run ids as the times that they are. */
struct id_list {
	int64_t *ids; /* sorted */
	size_t count, room;
};

struct feed_arrival {
	struct arrival public;
	char first[RUN_ID_SIZE + 1];   /* of the last ones with the same bytes, if so pending */
	char pending[RUN_ID_SIZE + 1]; /* when it was done is not known yet; "": it is */
	uint64_t ended;                /* of its runs */
};

struct arrivals {
	struct feed_arrival *feeds; /* sorted */
	size_t count, room;
	char head[RUN_ID_SIZE + 1]; /* of the chain, at the last look */
	struct id_list seen;        /* of the window: taken */
	struct id_list open;        /* were under way */
	bool is_loaded;
};

/* ---- lists of ids ---- */

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static bool id_is_in(const struct id_list *list, int64_t id)
{
	return list->count > 0 && bsearch(&id, list->ids, list->count, sizeof id, by_id);
}

static struct error id_add(struct id_list *list, int64_t id)
{
	if (list->count == list->room) {
		size_t room = list->room * 2 + 64;
		int64_t *ids = reallocarray(list->ids, room, sizeof *ids);
		if (!ids)
			return error_memory("reading the ledger");
		list->ids = ids;
		list->room = room;
	}
	list->ids[list->count++] = id;
	if (list->count > 1 && list->ids[list->count - 2] > id)
		qsort(list->ids, list->count, sizeof id, by_id);
	return OK;
}

static void id_drop(struct id_list *list, int64_t id)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->ids[i] != id)
			list->ids[kept++] = list->ids[i];
	list->count = kept;
}

/* ---- feeds ---- */

struct arrivals *arrivals_create(void)
{
	return calloc(1, sizeof(struct arrivals));
}

static void forget(struct arrivals *arrivals)
{
	free(arrivals->feeds);
	free(arrivals->seen.ids);
	free(arrivals->open.ids);
	*arrivals = (struct arrivals){0};
}

void arrivals_free(struct arrivals *arrivals)
{
	if (arrivals)
		forget(arrivals);
	free(arrivals);
}

/* Where it stands, or would. */
static size_t feed_place(const struct arrivals *arrivals, const char *name)
{
	size_t low = 0, high = arrivals->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (strcmp(arrivals->feeds[middle].public.feed, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NULL: no memory. */
static struct feed_arrival *feed_of(struct arrivals *arrivals, struct slice feed_name)
{
	char name[FEED_NAME_MAX + 1];
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(feed_name));
	size_t place = feed_place(arrivals, name);
	struct feed_arrival *feed = arrivals->feeds + place;
	if (place < arrivals->count && strcmp(feed->public.feed, name) == 0)
		return feed;
	if (arrivals->count == arrivals->room) {
		size_t room = arrivals->room * 2 + 8;
		struct feed_arrival *feeds = reallocarray(arrivals->feeds, room, sizeof *feeds);
		if (!feeds)
			return NULL;
		arrivals->feeds = feeds;
		arrivals->room = room;
	}
	feed = arrivals->feeds + place;
	memmove(feed + 1, feed, (arrivals->count - place) * sizeof *feed);
	arrivals->count++;
	*feed = (struct feed_arrival){0};
	memcpy(feed->public.feed, name, sizeof name);
	return feed;
}

/* ---- a run that has ended ---- */

static void accepted_take(struct feed_arrival *feed, const struct ledger_run *run)
{
	struct arrival *arrival = &feed->public;
	char sha256[HASH_TEXT_SIZE + 1];
	snprintf(sha256, sizeof sha256, "%.*s", SLICE_ARG(run->sha256));
	snprintf(feed->pending, sizeof feed->pending, "%.*s", SLICE_ARG(run->run));
	if (run->started_us / SECOND_US > arrival->accepted_s)
		arrival->accepted_s = run->started_us / SECOND_US; /* or later */
	if (strcmp(feed->pending, arrival->run) < 0)
		return; /* begun before the newest, and ended after it */
	arrival->is_repeated = *arrival->run && strcmp(sha256, arrival->sha256) == 0;
	if (!arrival->is_repeated) {
		memcpy(feed->first, feed->pending, sizeof feed->first);
		arrival->changed_s = run->started_us / SECOND_US; /* or later */
	}
	memcpy(arrival->run, feed->pending, sizeof arrival->run);
	memcpy(arrival->sha256, sha256, sizeof sha256);
	snprintf(arrival->file, sizeof arrival->file, "%.*s", SLICE_ARG(run->name));
	arrival->rows = run->records;
	if (strcmp(arrival->refused_run, arrival->run) < 0) {
		arrival->refused = 0;
		*arrival->refused_run = '\0';
	}
}

static void refused_take(struct arrival *arrival, const struct ledger_run *run)
{
	char id[RUN_ID_SIZE + 1];
	snprintf(id, sizeof id, "%.*s", SLICE_ARG(run->run));
	if (strcmp(id, arrival->run) < 0)
		return;
	arrival->refused++;
	if (strcmp(id, arrival->refused_run) > 0)
		memcpy(arrival->refused_run, id, sizeof id);
}

/* It brings nothing: it repeats what failed, or is enrold's own. */
static bool brings_nothing(const struct ledger_run *run)
{
	char name[FILE_NAME_SIZE], file[FILE_NAME_SIZE], origin[FILE_NAME_SIZE];
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(run->name));
	return name_find_origin(name, file, origin) || name_is_made(name);
}

/* Of a feed that has files at all. */
static void ended_count(struct arrivals *arrivals, const struct ledger_run *run)
{
	char name[FEED_NAME_MAX + 1];
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(run->feed));
	size_t place = feed_place(arrivals, name);
	bool is_there =
	    place < arrivals->count && strcmp(arrivals->feeds[place].public.feed, name) == 0;
	if (is_there && run->state != RUN_RUNNING)
		arrivals->feeds[place].ended++;
}

static struct error run_take(struct arrivals *arrivals, const struct ledger_run *run)
{
	if ((run->state != RUN_APPLIED && run->state != RUN_REFUSED) || brings_nothing(run))
		return OK;
	struct feed_arrival *feed = feed_of(arrivals, run->feed);
	if (!feed)
		return error_memory("reading the ledger");
	if (run->state == RUN_APPLIED)
		accepted_take(feed, run);
	else
		refused_take(&feed->public, run);
	return OK;
}

/* A file that was held as a whole has come to something when it is released: that counts as its
 * being accepted. */
static struct error released_find(
    struct db *db, const struct ledger_run *run, struct arena *arena, struct ledger_run *counts)
{
	char name[FILE_NAME_SIZE], released[RUN_ID_SIZE + 1];
	struct ledger_run held;
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(run->name));
	*counts = *run;
	if (run->state != RUN_APPLIED || !name_find_released(name, released))
		return OK;
	struct error error = ledger_find(db, slice_of(released), arena, &held);
	if (!is_error(&error) && held.state == RUN_HELD) {
		counts->name = held.name;
		counts->sha256 = held.sha256;
	}
	return error;
}

static struct error take(
    struct arrivals *arrivals, struct db *db, const struct ledger_run *run, struct arena *arena)
{
	struct ledger_run counts;
	struct error error = released_find(db, run, arena, &counts);
	if (!is_error(&error))
		error = run_take(arrivals, &counts);
	if (!is_error(&error))
		ended_count(arrivals, run);
	return error;
}

/* ---- the first look ---- */

/* Of one that the window may see again, or that is under way. */
static struct error note(struct arrivals *arrivals, const struct ledger_run *run)
{
	int64_t id;
	if (!run_id_parse(run->run.bytes, &id))
		return OK;
	if (run->state != RUN_RUNNING)
		return id_add(&arrivals->seen, id);
	return arrivals->open.count < OPEN_MAX ? id_add(&arrivals->open, id) : OK;
}

static void seen_trim(struct arrivals *arrivals)
{
	struct id_list *seen = &arrivals->seen;
	if (seen->count <= WINDOW)
		return;
	memmove(seen->ids, seen->ids + seen->count - WINDOW, WINDOW * sizeof *seen->ids);
	seen->count = WINDOW;
}

static struct error page_load(struct arrivals *arrivals, struct db *db, struct ledger_page *page,
    struct arena *arena, bool *is_last)
{
	struct ledger_run *runs;
	size_t count;
	struct error error = ledger_list_briefly(db, page, arena, &runs, &count);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		error = take(arrivals, db, &runs[i], arena);
		if (!is_error(&error))
			error = note(arrivals, &runs[i]);
	}
	if (!is_error(&error) && count > 0)
		snprintf(page->after, sizeof page->after, "%.*s", SLICE_ARG(runs[count - 1].run));
	*is_last = count < page->limit;
	seen_trim(arrivals);
	return error;
}

static struct error load(
    struct arrivals *arrivals, struct db *db, int64_t now_s, struct arena *arena)
{
	struct ledger_page page = {.limit = PAGE_RUNS};
	struct error error = OK;
	bool is_last = false;
	run_id_format((now_s - (int64_t)ARRIVALS_DAYS * DAY_S) * SECOND_US, page.after);
	while (!is_error(&error) && !is_last) {
		arena_reset(arena);
		error = page_load(arrivals, db, &page, arena, &is_last);
	}
	db_rest(db); /* that was more than is looked at later */
	return error;
}

/* ---- the next looks ---- */

static struct error one_follow(
    struct arrivals *arrivals, struct db *db, int64_t id, struct arena *arena)
{
	char text[RUN_ID_SIZE + 1];
	struct ledger_run run;
	run_id_format(id, text);
	struct error error = ledger_find(db, slice_of(text), arena, &run);
	if (is_error(&error) || run.state == RUN_RUNNING)
		return error;
	id_drop(&arrivals->open, id);
	run.run = slice_of(text);
	return take(arrivals, db, &run, arena);
}

/* What was under way and lies behind the window by now, and the head. */
static struct error old_follow(struct arrivals *arrivals, struct db *db, const char *head,
    int64_t window_from, struct arena *arena)
{
	int64_t id;
	struct error error = OK;
	bool is_old = run_id_parse(head, &id) && id < window_from && !id_is_in(&arrivals->open, id);
	for (size_t i = arrivals->open.count; i > 0 && !is_error(&error); i--)
		if (arrivals->open.ids[i - 1] < window_from)
			error = one_follow(arrivals, db, arrivals->open.ids[i - 1], arena);
	if (!is_error(&error) && is_old)
		error = one_follow(arrivals, db, id, arena);
	return error;
}

/* One of the window: taken if it has ended since. */
static struct error one_look(
    struct arrivals *arrivals, struct db *db, const struct ledger_run *run, struct arena *arena)
{
	int64_t id;
	if (!run_id_parse(run->run.bytes, &id) || id_is_in(&arrivals->seen, id))
		return OK;
	if (run->state == RUN_RUNNING && id_is_in(&arrivals->open, id))
		return OK;
	if (run->state != RUN_RUNNING)
		id_drop(&arrivals->open, id);
	struct error error = take(arrivals, db, run, arena);
	return is_error(&error) ? error : note(arrivals, run);
}

static struct error follow(
    struct arrivals *arrivals, struct db *db, const char *head, struct arena *arena)
{
	const struct ledger_page page = {.is_newest_first = true, .limit = WINDOW};
	struct ledger_run *runs;
	size_t count;
	int64_t window_from = INT64_MIN;
	struct error error = ledger_list_briefly(db, &page, arena, &runs, &count);
	if (is_error(&error))
		return error;
	if (count == WINDOW && !run_id_parse(runs[count - 1].run.bytes, &window_from))
		window_from = INT64_MIN;
	error = old_follow(arrivals, db, head, window_from, arena);
	for (size_t i = count; i > 0 && !is_error(&error); i--)
		error = one_look(arrivals, db, &runs[i - 1], arena);
	seen_trim(arrivals);
	return error;
}

/* The run that ended last when we looked is still there. */
static struct error is_continued(
    const struct arrivals *arrivals, struct db *db, struct arena *arena, bool *is)
{
	struct ledger_run run;
	*is = arrivals->is_loaded;
	if (!*is || *arrivals->head == '\0')
		return OK;
	struct error error = ledger_find(db, slice_of(arrivals->head), arena, &run);
	*is = run.state > RUN_RUNNING;
	return error;
}

/* ---- when the newest were done ---- */

static struct error finished_find(struct db *db, const char *id, struct arena *arena, int64_t *at_s)
{
	struct ledger_run run;
	struct error error = ledger_find(db, slice_of(id), arena, &run);
	int64_t finished_us = is_error(&error) ? 0 : summary_find_finished(run.summary);
	*at_s = (finished_us > 0 ? finished_us : run.started_us) / SECOND_US;
	return error;
}

static struct error both_finished_find(
    struct feed_arrival *feed, struct db *db, struct arena *arena)
{
	struct arrival *arrival = &feed->public;
	int64_t accepted_s, changed_s;
	struct error error = finished_find(db, feed->pending, arena, &accepted_s);
	if (!is_error(&error) && *feed->first)
		error = finished_find(db, feed->first, arena, &changed_s);
	if (is_error(&error))
		return error;
	if (*feed->first)
		arrival->changed_s = changed_s;
	if (accepted_s > arrival->accepted_s || strcmp(feed->pending, arrival->run) == 0)
		arrival->accepted_s = accepted_s;
	*feed->first = *feed->pending = '\0';
	return OK;
}

static struct error all_finished_find(struct arrivals *arrivals, struct db *db, struct arena *arena)
{
	struct error error = OK;
	for (size_t i = 0; i < arrivals->count && !is_error(&error); i++) {
		if (!*arrivals->feeds[i].pending)
			continue;
		arena_reset(arena);
		error = both_finished_find(&arrivals->feeds[i], db, arena);
	}
	return error;
}

/* What was found before stays until all is read anew. */
static struct error load_anew(
    struct arrivals *arrivals, struct db *db, int64_t now_s, struct arena *arena)
{
	struct arrivals fresh = {0};
	struct error error = load(&fresh, db, now_s, arena);
	if (is_error(&error)) {
		forget(&fresh);
		return error;
	}
	forget(arrivals);
	*arrivals = fresh;
	arrivals->is_loaded = true;
	return OK;
}

static struct error look(
    struct arrivals *arrivals, struct db *db, int64_t now_s, struct arena *arena)
{
	char head[RUN_ID_SIZE + 1];
	bool is_same_ledger;
	struct error error = ledger_newest(db, head);
	if (is_error(&error) || (arrivals->is_loaded && strcmp(head, arrivals->head) == 0))
		return error;
	error = is_continued(arrivals, db, arena, &is_same_ledger);
	if (is_error(&error))
		return error;
	error = is_same_ledger ? follow(arrivals, db, head, arena)
	                       : load_anew(arrivals, db, now_s, arena);
	if (!is_error(&error))
		error = all_finished_find(arrivals, db, arena);
	if (is_error(&error))
		arrivals->is_loaded = false; /* nothing is to count twice */
	else
		memcpy(arrivals->head, head, sizeof head);
	return error;
}

struct error arrivals_look(struct arrivals *arrivals, struct db *db, int64_t now_s)
{
	struct arena *arena = arena_create();
	struct error error =
	    arena ? look(arrivals, db, now_s, arena) : error_memory("reading the ledger");
	arena_free(arena);
	return error;
}

/* ---- telling ---- */

uint64_t arrivals_count_ended(const struct arrivals *arrivals, const char *feed)
{
	size_t place = feed_place(arrivals, feed);
	bool is_there =
	    place < arrivals->count && strcmp(arrivals->feeds[place].public.feed, feed) == 0;
	return is_there ? arrivals->feeds[place].ended : 0;
}

struct error arrivals_list(const struct arrivals *arrivals, struct arrival **list, size_t *count)
{
	*count = arrivals->count;
	*list = calloc(arrivals->count + 1, sizeof **list);
	if (!*list)
		return error_memory("reading the ledger");
	for (size_t i = 0; i < arrivals->count; i++)
		(*list)[i] = arrivals->feeds[i].public;
	return OK;
}

static int by_feed(const void *name, const void *arrival)
{
	return strcmp(name, ((const struct arrival *)arrival)->feed);
}

const struct arrival *arrival_find(const struct arrival *list, size_t count, const char *feed)
{
	return count > 0 ? bsearch(feed, list, count, sizeof *list, by_feed) : NULL;
}
