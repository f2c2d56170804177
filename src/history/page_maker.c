#include "enrold/page_maker.h"

#include "page_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ZONE_TEXT_SIZE = 64, PART_SIZE = 96, MODE_FEED_PAGE = 0640, MODE_ALL_PAGE = 0600 };

struct page_maker {
	struct page_runs runs;
	char zone[ZONE_TEXT_SIZE];     /* in which the days have been counted */
	int64_t today;                 /* for which the pages were made */
	bool is_all;                   /* pages without news are made, too */
	char (*told)[SPOOL_PATH_SIZE]; /* pages that could not be written, which was said */
	size_t told_count;
};

/* One call's. */
struct making {
	struct page_maker *maker;
	const struct page_place *place;
	struct held_plans plans;
	struct page_moment moment;
	char part[PART_SIZE];
	struct arena *arena;
	struct buffer text;
};

struct page_maker *page_maker_create(void)
{
	return calloc(1, sizeof(struct page_maker));
}

void page_maker_free(struct page_maker *maker)
{
	if (!maker)
		return;
	page_runs_forget(&maker->runs);
	free(maker->told);
	free(maker);
}

void page_maker_want_all(struct page_maker *maker)
{
	maker->is_all = true;
}

/* ---- what cannot be written ---- */

static size_t told_place(const struct page_maker *maker, const char *path)
{
	size_t i = 0;
	while (i < maker->told_count && strcmp(maker->told[i], path) != 0)
		i++;
	return i;
}

/* Without the memory to remember it, it is said once more. */
static void failure_tell(struct making *making, const char *path, const struct error *error)
{
	struct page_maker *maker = making->maker;
	if (told_place(maker, path) < maker->told_count)
		return;
	making->place->on_unwritten(making->place->context, path, error);
	void *grown = reallocarray(maker->told, maker->told_count + 1, sizeof *maker->told);
	if (!grown)
		return;
	maker->told = grown;
	snprintf(maker->told[maker->told_count++], sizeof *maker->told, "%s", path);
}

static void failure_forget(struct page_maker *maker, const char *path)
{
	size_t place = told_place(maker, path);
	if (place < maker->told_count)
		memcpy(maker->told[place], maker->told[--maker->told_count], sizeof *maker->told);
}

static void end_tell(struct making *making, const char *path, const struct error *error)
{
	if (is_error(error))
		failure_tell(making, path, error);
	else
		failure_forget(making->maker, path);
}

/* ---- writing ---- */

static struct error text_write(struct making *making, int directory, const char *name, mode_t mode)
{
	const struct page_name names = {name, making->part, mode};
	return making->text.failed
	           ? error_memory("making a page")
	           : page_file_write(directory, &names, buffer_slice(&making->text));
}

static struct error feed_make(struct making *making, struct feed_runs *feed, const char *name)
{
	struct page_feed page;
	bool is_whole = true;
	struct answers_place place = {-1, &making->plans, making->place->now_us};
	struct error error = spool_open_outbox(making->place->spool, feed->feed, &place.outbox);
	if (is_error(&error))
		return error;
	if (making->maker->is_all)
		page_parts_remove(place.outbox);
	error = page_facts(feed, place.plans, place.now_us, making->arena, &page);
	if (!is_error(&error))
		error = page_facts_runs(feed, &place, making->arena, &page, &is_whole);
	if (!is_error(&error)) {
		buffer_clear(&making->text);
		pages_feed(&making->text, &page, &making->moment);
		error = text_write(making, place.outbox, name, MODE_FEED_PAGE);
	}
	close(place.outbox);
	feed->is_changed = is_error(&error) || !is_whole;
	return error;
}

static void feed_write(struct making *making, struct feed_runs *feed)
{
	char path[SPOOL_PATH_SIZE], folder[SPOOL_PATH_SIZE - sizeof PAGE_DEFAULT];
	bool is_default = strcmp(feed->feed, "default") == 0;
	const char *name = is_default ? PAGE_DEFAULT : PAGE_FEED;
	snprintf(folder, sizeof folder, "outbox%s%s", is_default ? "" : "/",
	    is_default ? "" : feed->feed);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	arena_reset(making->arena);
	struct error error = feed_make(making, feed, name);
	end_tell(making, path, &error);
}

static struct error all_make(struct making *making)
{
	const struct config *config = making->place->config;
	arena_reset(making->arena);
	struct page_feed *pages =
	    arena_alloc(making->arena, (config->feeds_count + 1) * sizeof *pages);
	struct error error = pages ? OK : error_memory("making a page");
	for (size_t i = 0; i < config->feeds_count && !is_error(&error); i++) {
		const struct feed_runs *feed =
		    page_runs_feed(&making->maker->runs, slice_of(config->feeds[i].name));
		error = feed ? page_facts(feed, &making->plans, making->place->now_us,
		                   making->arena, &pages[i])
		             : error_memory("making a page");
	}
	if (is_error(&error))
		return error;
	buffer_clear(&making->text);
	pages_all(&making->text, pages, config->feeds_count, &making->moment);
	return text_write(making, making->place->spool->outbox, PAGE_ALL, MODE_ALL_PAGE);
}

/* Those of feeds of which there is news; and if there are any, that of all. */
static struct error write_changed(struct making *making)
{
	const struct config *config = making->place->config;
	bool is_changed = false;
	for (size_t i = 0; i < config->feeds_count; i++) {
		struct feed_runs *feed =
		    page_runs_feed(&making->maker->runs, slice_of(config->feeds[i].name));
		if (!feed)
			return error_memory("making a page");
		if (!feed->is_changed && !making->maker->is_all)
			continue;
		is_changed = true;
		feed_write(making, feed);
	}
	if (!is_changed)
		return OK;
	struct error error = all_make(making);
	end_tell(making, "outbox/" PAGE_ALL, &error);
	making->maker->is_all = false;
	return OK;
}

/* Days that were counted in another time zone are others now. */
static void zone_follow(struct page_maker *maker, const char *zone)
{
	if (strcmp(maker->zone, zone) == 0)
		return;
	page_runs_forget(&maker->runs);
	snprintf(maker->zone, sizeof maker->zone, "%s", zone);
}

static struct error work(struct making *making)
{
	const struct page_place *place = making->place;
	struct error error = page_runs_look(&making->maker->runs, place->db, place->now_us);
	if (!is_error(&error))
		error = held_load(place->spool->root, NULL, &making->plans);
	if (!is_error(&error))
		error = write_changed(making);
	held_free(&making->plans);
	return error;
}

struct error page_maker_work(struct page_maker *maker, const struct page_place *place)
{
	const char *zone = place->zone && strcmp(place->zone, "99") != 0 ? place->zone : "";
	struct making making = {.maker = maker,
	    .place = place,
	    .moment = {place->now_us, page_day_of(place->now_us), slice_of(zone)},
	    .arena = arena_create()};
	zone_follow(maker, zone);
	if (making.moment.today != maker->today)
		maker->is_all = true;
	maker->today = making.moment.today;
	snprintf(making.part, sizeof making.part, PAGE_PART "%s.part", place->config->node);
	struct error error = making.arena ? work(&making) : error_memory("making a page");
	buffer_done(&making.text);
	arena_free(making.arena);
	return error;
}
