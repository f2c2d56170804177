/*
 * page_runs: what pages know of each feed's runs, kept from one look at the ledger to the next.
 * Nobody outside of page_*.c includes it.
 */
#ifndef HISTORY_PAGE_RUNS_H
#define HISTORY_PAGE_RUNS_H

#include "enrold/arena.h"
#include "enrold/held.h"
#include "enrold/ledger.h"
#include "enrold/pages.h"

/* A power of two above PAGE_DAYS: a day's place is its number, cut. */
enum { KEPT_DAYS = 128 };

struct kept_run {
	char run[RUN_ID_SIZE + 1];
	char *file; /* owned */
	enum run_state state;
	bool is_preview, has_result, has_retry;
	int64_t started_us;
	uint64_t rows, rows_in_error, done, unchanged;
};

struct kept_day {
	int64_t day;
	struct page_day of;
};

struct feed_runs {
	char feed[FEED_NAME_MAX + 1];
	struct kept_run *runs; /* newest first, at most PAGE_RUNS_MAX */
	size_t count, room;
	uint64_t all;
	struct kept_day days[KEPT_DAYS];
	struct kept_run accepted;          /* its run "": none */
	char refused_run[RUN_ID_SIZE + 1]; /* the newest that was */
	bool is_changed;                   /* since its page was written */
};

struct page_runs {
	struct feed_runs **feeds;
	size_t count;
	struct ledger_head head; /* as far as runs are known */
	bool is_loaded;
};

void page_runs_forget(struct page_runs *runs);
/* NULL: no memory. What is new is empty, and changed. */
struct feed_runs *page_runs_feed(struct page_runs *runs, struct slice name);
/* What has ended since the last look; each is_changed of it is set. */
struct error page_runs_look(struct page_runs *runs, struct db *db, int64_t now_us) MUST_CHECK;

/* Of the time zone that the process has. */
int64_t page_day_of(int64_t time_us);

/* ---- page_facts.c ---- */

/* What pages.h shows of the feed, in the arena, but for its runs. */
struct error page_facts(const struct feed_runs *feed, const struct held_plans *plans,
    int64_t now_us, struct arena *arena, struct page_feed *page) MUST_CHECK;

/* The answers of a feed, and what waits; borrowed. */
struct answers_place {
	int outbox;
	const struct held_plans *plans;
	int64_t now_us;
};

/* And its runs. *is_whole: the answer of no run of the last hour is missing, as it is while it is
 * put into the outbox. */
struct error page_facts_runs(const struct feed_runs *feed, const struct answers_place *place,
    struct arena *arena, struct page_feed *page, bool *is_whole) MUST_CHECK;

/* ---- page_file.c ---- */

struct page_name {
	const char *name, *part; /* what it is called while it is written, by nobody else */
	mode_t mode;
};

#define PAGE_PART ".page-" /* how each node's begins */

/* What a kill has left of pages in the making, of whatever node. One that another daemon is at is
 * made once more by page_file_write. */
void page_parts_remove(int directory);

/* Replaces the page. REJECT: what is there is no file of ours, and stays. */
struct error page_file_write(
    int directory, const struct page_name *name, struct slice text) MUST_CHECK;

#endif
