/*
 * plan_order: what a person says about a run that has ended: its plan is released or not wanted, a
 * refused file has been seen to, or what it did is taken back. Whether there is such a thing,
 * whether he may say so, and the order that comes of it; the same in the daemon and in enrolctl
 * where none runs. Reads the spool alone: the run that carries the order out asks the ledger, and
 * can find that it comes too late.
 */
#ifndef ENROLD_PLAN_ORDER_H
#define ENROLD_PLAN_ORDER_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/orders.h"
#include "enrold/spool.h"

#include <sys/types.h>

/* Who says it, as the kernel knows him. */
struct plan_speaker {
	int64_t uid, loginuid; /* -1: not known */
	const gid_t *groups;   /* all of his */
	size_t groups_count;
};

struct plan_place {
	const struct config *config;
	const struct spool *spool; /* root, orders and quarantine are open */
};

/*
 * Gives ORDER_RELEASE, ORDER_DECLINE or ORDER_UNDO, of which subject, by, why and at_s are set, and
 * courses; the rest is filled in. A decline of a run without a plan whose file lies in quarantine/
 * becomes ORDER_DISCARD. REJECT, with a sentence: bad_request, not_found (no such plan, it is
 * closed or superseded; no such run), not_allowed, ordered_already.
 */
struct error plan_order_give(const struct plan_place *place, const struct plan_speaker *speaker,
    struct order *order) MUST_CHECK;

/* The feed of a run that has changed something, and its file: by its answer in the outbox. REJECT
 * not_found: there is none. */
struct error plan_order_find_run(
    int root, const char *run, char feed[FEED_NAME_MAX + 1]) MUST_CHECK;

#endif
