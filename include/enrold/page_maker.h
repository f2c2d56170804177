/*
 * page_maker: makes the pages of pages.h and puts them into the outbox: each feed's beside its
 * answers, for who may read those, and outbox/index.html of all feeds, for the operator.
 *
 * It keeps what it has read of the ledger: the first time the runs of 400 days, after that the
 * newest few hundred, so that a page costs milliseconds however many runs there were. What it
 * keeps is bounded by the feeds: PAGE_RUNS_MAX runs of each. A ledger that is not what it was is
 * read anew.
 *
 * A page is replaced in one step, so that nobody reads half of one; it need not outlast a power
 * cut, for it is made anew at each start. What has its name and is no file of ours stays as it is.
 *
 * On any one thread at a time.
 */
#ifndef ENROLD_PAGE_MAKER_H
#define ENROLD_PAGE_MAKER_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/spool.h"

#include <stdint.h>

struct db;
struct page_maker;

/* So long after its file was taken, an answer that is not there counts as on its way; who hears of
 * one that came later wants all pages. */
enum { PAGES_KNOWN_DAYS = 400, PAGES_COMING_S = 3600 };

struct page_maker *page_maker_create(void); /* NULL: no memory */
void page_maker_free(struct page_maker *maker);

/* All pages are to be written: what they link to is called otherwise, or there are other feeds. */
void page_maker_want_all(struct page_maker *maker);

/* Of one page that could not be written; path: below the spool. Told once, until it could. */
typedef void page_maker_tell(void *context, const char *path, const struct error *error);

/* Where pages come from and go to; all of it borrowed for the call. */
struct page_place {
	struct db *db;
	const struct config *config;
	const struct spool *spool;
	const char *zone; /* the site's; "99" or NULL: that of the machine */
	int64_t now_us;
	page_maker_tell *on_unwritten;
	void *context;
};

/* Reads what has ended since the last call, and writes the pages of these feeds and that of all.
 * RETRY: the ledger could not be read; nothing was written, and the next call does all. */
struct error page_maker_work(struct page_maker *maker, const struct page_place *place) MUST_CHECK;

#endif
