/*
 * paging: the pages of the outbox (page_maker.h) are made by a thread of libuv's pool, with a
 * connection of its own: no run waits for them, and none is in the way of a transaction.
 *
 *     wanted --PAGES_SOON_MS, or all is done--> a thread makes them --> made, or wanted again
 *
 * While files stream in they are made every so often, not for each. Before --once is over, and
 * before a stop, those that are wanted are made at once, and the end waits for that. What cannot be
 * made is said once, and is no failure of any run. On the loop's thread.
 */
#ifndef DAEMON_PAGING_H
#define DAEMON_PAGING_H

#include "enrold/config.h"
#include "enrold/packer.h"
#include "enrold/page_maker.h"
#include "enrold/spool.h"

#include <uv.h>

enum {
	PAGES_SOON_MS = 1000,
	PAGES_AGAIN_MS = 15000,     /* after a failure */
	PAGES_EVERY_MS = 15 * 60000 /* a new day may have begun */
};

struct paging_work;

/* The first six are borrowed, for as long as there is a thread. */
struct paging {
	uv_loop_t *loop;
	const struct spool *spool;
	const struct packer *packer;
	const char *zone;
	void (*on_end)(void *context); /* the thread has come back */
	void *context;
	struct page_maker *maker; /* the thread's, while there is one; NULL: none yet */
	struct paging_work *work; /* under way; NULL: none */
	int64_t at_ms;            /* when they are to be made, or looked at */
	bool is_wanted;           /* there is news */
	bool is_all;              /* of feeds without news, too */
	bool has_failed;          /* which has been said */
	unsigned packed;          /* how much had been packed when they were made last */
};

/* Other feeds are in force, or the first. */
void paging_begin(struct paging *paging);
/* An answer is out, so long after its file was taken. */
void paging_answered(struct paging *paging, uint64_t took_us);
/* Now and then: answers that have been packed have other names. */
void paging_look(struct paging *paging);
/* When paging_work is to be called; INT64_MAX: a thread is at it. */
int64_t paging_wake_at(const struct paging *paging);
/* Begins to make what is wanted, if it is time and no thread does. */
void paging_work(struct paging *paging, struct config_file *file, int64_t now_ms);
/* At the end, when all else is done: false: something is still made, wait for on_end. */
bool paging_is_over(struct paging *paging, struct config_file *file);
/* No thread may be at work. */
void paging_done(struct paging *paging);

#endif
