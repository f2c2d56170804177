/*
 * pages: what became of a feed's files, for whoever may read its answers, as one page: the outcomes
 * of the last 90 days, day by day, and the newest runs. And one of all feeds, for the operator.
 *
 * A page proves nothing and says so: it is made of what the ledger says, and made anew after each
 * run. It names no person; file names are shown as html_text shows them.
 *
 * Pure: plain facts in, text into a buffer, which remembers that it failed. The days are those of
 * the site's time zone; whoever gives them has counted.
 */
#ifndef ENROLD_PAGES_H
#define ENROLD_PAGES_H

#include "enrold/buffer.h"
#include "enrold/ledger.h"
#include "enrold/names.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PAGE_DAYS = 90,
	PAGE_WEEK = 7,
	PAGE_RUNS_MAX = 1000 /* in full; a page of them is some 500 KB, and a browser scrolls it */
};

/* Where a feed's page lies: in its folder of the outbox. That of the feed default is the outbox
 * itself, where the page of all feeds lies, too. */
#define PAGE_FEED "index.html"
#define PAGE_DEFAULT "default.html"
#define PAGE_ALL "index.html"

/* What became of a run, for colour, sign and word; the worst of a day is the last of these. */
enum page_outcome {
	PAGE_REHEARSED, /* a preview, whatever it found: nobody waits for it */
	PAGE_CLEAN,
	PAGE_DISCARDED,
	PAGE_PROBLEMS, /* applied, and rows have an error */
	PAGE_HELD,     /* for a person, who has not said anything yet or has: see `waits` */
	PAGE_REFUSED,
	PAGE_OUTCOMES
};

/* What lies beside the page. */
enum page_link { PAGE_REPORT, PAGE_RESULT, PAGE_RETRY, PAGE_LINKS };

/* A run that has ended. */
struct page_run {
	const char *run;
	struct slice file; /* as it was dropped, any bytes */
	int64_t started_us;
	enum run_state state;
	bool is_preview;
	uint64_t rows, rows_in_error, done, unchanged; /* done: changes that were made */
	bool waits;     /* something of it, or all, waits for a person (enrolctl held) */
	bool is_coming; /* its answer is not out yet */
	bool is_gone;   /* its answer is not there any more: pruned, as a rule */
	struct slice links[PAGE_LINKS]; /* names of files; empty: there is none */
};

enum page_outcome page_outcome(const struct page_run *run);

struct page_day {
	uint32_t of[PAGE_OUTCOMES]; /* runs */
};

struct page_feed {
	const char *name;
	const struct page_run *runs; /* newest first */
	size_t runs_count;
	uint64_t runs_all;               /* that are known of, with those not given */
	struct page_day days[PAGE_DAYS]; /* [0] is today */
	const struct page_run *accepted; /* the last file that was applied; NULL: none is known */
	uint64_t waits;                  /* plans that wait for a person */
	bool is_refused_since;           /* later than `accepted` */
};

/* When and where a page is made. */
struct page_moment {
	int64_t now_us;
	int64_t today;     /* days since 1970-01-01 in the site's time zone */
	struct slice zone; /* "Europe/Berlin"; empty: that of the machine */
};

void pages_feed(struct buffer *out, const struct page_feed *feed, const struct page_moment *moment);
void pages_all(struct buffer *out, const struct page_feed *feeds, size_t count,
    const struct page_moment *moment);

#endif
