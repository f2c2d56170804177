/*
 * orders: what a person has told enrold to do, in <spool>/orders/, one file each, so that it
 * outlasts every crash, holds for all daemons of the spool, and can be given while none runs.
 *
 *     pause.hr     feed hr takes no file
 *     stop.R       run R ends at its next checkpoint and waits for a person
 *     discard.R    run R, which waits, ends where it is; or, of a refused one: a person knows
 *
 * In a file: {"by","uid","why","at"}. That it is there is the order; what it says is for people.
 */
#ifndef ENROLD_ORDERS_H
#define ENROLD_ORDERS_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/runid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum order_kind { ORDER_PAUSE, ORDER_STOP, ORDER_DISCARD, ORDER_KINDS };

enum { ORDER_SUBJECT_MAX = FEED_NAME_MAX, ORDER_BY_SIZE = 128, ORDER_WHY_SIZE = 256 };
enum { ORDERS_MAX = 10000 }; /* of each kind, that are read */

struct order {
	enum order_kind kind;
	char subject[ORDER_SUBJECT_MAX + 1]; /* a feed's name or a run's id */
	char by[ORDER_BY_SIZE], why[ORDER_WHY_SIZE];
	int64_t at_s;
};

struct orders {
	struct order *items;
	size_t count;
};

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
/* Durable when it returns; one that stands already stays as it is. */
struct error order_give(int directory, const struct order *order) MUST_CHECK;
struct error order_withdraw(int directory, enum order_kind kind, const char *subject) MUST_CHECK;

/* Whether there are such orders to give: the run is in work/ of whichever daemon. */
struct error orders_find_run(int root, const char *run, bool *is_in_work) MUST_CHECK;

#endif
