/*
 * ordering: an order that somebody gives over the control socket, written down on a thread: a disk,
 * and whoever knows the names of people and groups, may take their time. The client is told when it
 * is durable.
 */
#ifndef DAEMON_ORDERING_H
#define DAEMON_ORDERING_H

#include "daemon_state.h"

enum ordering_kind {
	ORDERING_PLAIN,    /* about a feed, or a run in work/ */
	ORDERING_OF_ENDED, /* about a run that has ended, if there is one: plan_order.h */
};

/* Of a request that may be given. */
void ordering_begin(struct daemon *daemon, struct client *client,
    const struct protocol_request *request, enum ordering_kind kind);

#endif
