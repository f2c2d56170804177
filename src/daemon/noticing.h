/*
 * noticing: news of feeds are written into the queue of enrold-notify (notice.h) by a thread of
 * libuv's pool, one at a time, since a disk may take its time. What cannot be written waits for the
 * next call; that is said once. On the loop's thread.
 */
#ifndef DAEMON_NOTICING_H
#define DAEMON_NOTICING_H

#include "news.h"

#include "enrold/spool.h"

#include <uv.h>

struct noticing_work;

/* The first five are borrowed, for as long as there is a thread. */
struct noticing {
	uv_loop_t *loop;
	const struct spool *spool;
	void (*on_end)(void *context); /* the thread has come back */
	void *context;
	struct news_list waiting;
	struct noticing_work *work; /* under way; NULL: none */
	bool is_queue_bad;          /* which has been said */
};

/* Begins to write what waits, unless somebody writes. */
void noticing_begin(struct noticing *noticing, const char *node);
/* Nobody may be writing. */
void noticing_done(struct noticing *noticing);

#endif
