/*
 * lookback: the answers that are read from ledger and outbox, which takes its time: a thread of
 * libuv's pool reads, and writes line by line to the client itself, as fast as that reads.
 */
#ifndef DAEMON_LOOKBACK_H
#define DAEMON_LOOKBACK_H

#include "clients.h"

struct daemon;

/* So many at a time; more are told to come again. */
enum { LOOKBACKS_MAX = 2 };

struct lookbacks {
	size_t count;
	atomic_bool is_cancelled;
};

/* True: the request is kept, and the client ended later; else it has been ended. */
bool lookback_begin(struct daemon *daemon, struct client *client, struct protocol_request *request);
/* They end soon. */
static inline void lookback_cancel(struct lookbacks *lookbacks)
{
	atomic_store(&lookbacks->is_cancelled, true);
}

#endif
