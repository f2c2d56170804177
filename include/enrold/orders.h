/*
 * orders: what a person has told enrold to do, in <spool>/orders/, one file each, so that it
 * outlasts every crash, holds for all daemons of the spool, and can be given while none runs.
 *
 *     pause.hr     feed hr takes no file
 *     stop.R       run R ends at its next checkpoint and waits for a person
 *     discard.R    run R, which waits, ends where it is; or, of a refused one: a person knows
 *     release.R    the plan of R is approved as it was shown (held.h)
 *     decline.R    the plan of R is not wanted
 *     undo.R       what R did is taken back
 *     prune.hr     what feed hr keeps no longer goes (prune.h); the daemon gives it, too, each day
 *     accept.default   the database is taken as it is, without answers that it does not hold
 *                  (accepted.h)
 *
 * In a file: {"by","uid","loginuid","why","at"}, of the last five also "feed", whose daemon
 * carries them out in a run of their own, and of a release "plan", the hash of what was shown, and
 * "courses", if only some are meant; of a prune "before", if whatever is older goes. Of the first
 * three that it is there is the order; what it says is for people. One of the last five counts for
 * nothing without a feed, or with courses that cannot be read.
 */
#ifndef ENROLD_ORDERS_H
#define ENROLD_ORDERS_H

#include "enrold/arena.h"
#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/runid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum order_kind {
	ORDER_PAUSE,
	ORDER_STOP,
	ORDER_DISCARD,
	ORDER_RELEASE,
	ORDER_DECLINE,
	ORDER_UNDO,
	ORDER_PRUNE,
	ORDER_ACCEPT,
	ORDER_KINDS
};

enum { ORDER_SUBJECT_MAX = FEED_NAME_MAX, ORDER_BY_SIZE = 128, ORDER_WHY_SIZE = 256 };
enum { ORDER_COURSES_MAX = 100, ORDER_COURSE_SIZE = 256 };
enum { ORDERS_MAX = 10000 }; /* of each kind, that are read */

struct order {
	enum order_kind kind;
	char subject[ORDER_SUBJECT_MAX + 1]; /* a feed's name or a run's id */
	char by[ORDER_BY_SIZE], why[ORDER_WHY_SIZE];
	int64_t at_s;
	int64_t uid, loginuid;         /* -1: not known */
	char feed[FEED_NAME_MAX + 1];  /* "": of none */
	char plan[HASH_TEXT_SIZE + 1]; /* "": none was shown */
	/* Owned by whoever made it; NULL: all courses. Kept by order_give and order_load_text, not
	 * by orders_load. */
	char (*courses)[ORDER_COURSE_SIZE];
	size_t courses_count;
	int64_t before_s; /* of a prune; 0: what the feed's settings say */
};

/* Carried out by a run of its own: run_order. */
static inline bool order_is_for_run(enum order_kind kind)
{
	return kind >= ORDER_RELEASE;
}
/* About what enrold keeps, not about a run: recorded in the chain by a run that changes nothing in
 * the LMS. */
static inline bool order_is_record(enum order_kind kind)
{
	return kind == ORDER_PRUNE || kind == ORDER_ACCEPT;
}
/* About a feed, not a run. */
static inline bool order_is_about_feed(enum order_kind kind)
{
	return kind == ORDER_PAUSE || kind == ORDER_PRUNE || kind == ORDER_ACCEPT;
}
const char *order_kind_name(enum order_kind kind); /* "release" */

struct orders {
	struct order *items;
	size_t count;
};

/* What the order's file is called. */
enum { ORDER_NAME_SIZE = 64 };
void order_file_name(enum order_kind kind, const char *subject, char name[ORDER_NAME_SIZE]);
/* Opens <spool>/orders, made when it is missing. root: the spool's. */
struct error orders_open(int root, int *directory) MUST_CHECK;
/* All of them; nothing that is not an order counts. Given to the caller, for orders_free. */
struct error orders_load(int directory, struct orders *orders) MUST_CHECK;
void orders_free(struct orders *orders);
/* Removes what somebody left who was killed in the middle of giving one. */
void orders_tidy(int directory);
const struct order *orders_find(
    const struct orders *orders, enum order_kind kind, const char *subject);

/* Never "no" because it could not be seen: that is an error. */
struct error order_stands(
    int directory, enum order_kind kind, const char *subject, bool *stands) MUST_CHECK;
/* Of one that stands; texts are "" when they cannot be read. */
void order_read(int directory, enum order_kind kind, const char *subject, struct order *order);
/* What the file of one says that is for a run, all that enrold has understood of it, for the run to
 * keep: one JSON object. *text bytes NULL: there is none any more. In the arena. */
struct error order_load_text(int directory, enum order_kind kind, const char *subject,
    struct arena *arena, struct slice *text) MUST_CHECK;
/* What such a text says, kind and subject aside, which stay as they are; courses lie in the arena.
 * What it does not say is "" or -1. */
void order_parse(struct slice text, struct arena *arena, struct order *order);
/* Durable when it returns; one that stands already stays as it is. REJECT: a course that is named
 * cannot be one. */
struct error order_give(int directory, const struct order *order) MUST_CHECK;
/* The same; of several who give it at once one is told that it is his. */
struct error order_give_first(int directory, const struct order *order, bool *is_given) MUST_CHECK;
struct error order_withdraw(int directory, enum order_kind kind, const char *subject) MUST_CHECK;

/* Whether there are such orders to give: the run is in work/ of whichever daemon. */
struct error orders_find_run(int root, const char *run, bool *is_in_work) MUST_CHECK;
/* Whether a run that is in work/ of whichever daemon carries out such an order: it has taken the
 * order's file with it. */
struct error orders_find_under_way(
    int root, enum order_kind kind, const char *subject, bool *is_under_way) MUST_CHECK;
/* In such a run's directory: "release R". */
#define ORDERS_MADE "made"

#endif
