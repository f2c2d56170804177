/*
 * delivery: what waits in out/ is sent, a few at a time, and each as often as it takes.
 *
 * A destination is the mail server, or the webhook of a feed. One that is away is asked again by
 * one message at a time, each time another, after pauses that grow; that it is away, and back, is
 * said once. Destinations in trouble never have more than half of the places, so that nobody waits
 * for somebody else's server. How often something was tried is not remembered beyond the process;
 * since when it waits is, and after a day it is given up (fate.h).
 *
 * The one window: the other side has taken a message and we die before that is noted. Then it is
 * sent again, with the same Message-ID or Idempotency-Key.
 */
#ifndef NOTIFY_DELIVERY_H
#define NOTIFY_DELIVERY_H

#include "post.h"
#include "settings.h"
#include "store.h"

struct delivery;

/* The calendar's time, by which a message has its age, and one that nobody sets, by which it is
 * waited. */
struct moment {
	int64_t wall_ms, steady_ms;
};

/* Borrows all of them. */
struct error delivery_create(struct delivery **delivery, const struct settings *settings,
    const struct store *store, struct post *post, const struct pace *pace) MUST_CHECK;
void delivery_free(struct delivery *delivery);

/* Notes what is new in out/. RETRY. */
struct error delivery_load(struct delivery *delivery, int64_t steady_ms) MUST_CHECK;
/* Begins what is due. RETRY. */
struct error delivery_start(struct delivery *delivery, struct moment now) MUST_CHECK;
/* Notes what has come to an end. RETRY: it is out of out/ only when the disk is well again. */
struct error delivery_settle(struct delivery *delivery, struct moment now) MUST_CHECK;

/* How many wait, or are under way. */
size_t delivery_count(const struct delivery *delivery);
/* Of the mail server and the webhooks: how many are away. */
size_t delivery_count_away(const struct delivery *delivery);
/* None waits but those that were tried since the start, and those of a destination that is away. */
bool delivery_has_tried_all(const struct delivery *delivery);
/* When something is due next, after now, both steady; INT64_MAX: nothing waits but for what is
 * under way. */
int64_t delivery_next_ms(const struct delivery *delivery, int64_t steady_ms);

#endif
