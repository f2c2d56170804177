/*
 * by_hand: what a daemon does with what the spool keeps (a record, orders.h), done by enrolctl
 * while none runs.
 */
#ifndef CTL_BY_HAND_H
#define CTL_BY_HAND_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/orders.h"
#include "enrold/runid.h"
#include "enrold/spool.h"

/* The spool is open, so no daemon has it, and the order stands. run "": there was nothing to do.
 * Whatever keeps it from its end, the next daemon goes on with it. On a spool that is shared it is
 * left to the daemons. */
struct error by_hand(const struct config *config, const struct spool *spool,
    const struct order *order, char run[RUN_ID_SIZE + 1]) MUST_CHECK;

#endif
