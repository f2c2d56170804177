/*
 * store: enrold-notify's directories, in which nothing gets lost and nothing is done twice.
 *
 *     <spool>/notify/queue/        notices, from the daemon (notice.h)
 *     <spool>/notify/state/FEED.json   told.h
 *     <spool>/notify/out/          messages that are to be sent (outgoing.h)
 *     <spool>/notify/sent/         empty files: what was sent, or is not wanted any more
 *     <spool>/notify/failed/       what could not be sent, and what is no notice, for a person
 *     <spool>/notify/.lock
 *
 * The order is the promise: a notice's messages are written, then the state that knows of it, then
 * the notice goes. Whoever is killed between does it again, and finds what is there under the same
 * names. A message goes from out/ to sent/ in one step.
 */
#ifndef NOTIFY_STORE_H
#define NOTIFY_STORE_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include "told.h"

#include "enrold/config.h"

struct store {
	int root, queue, state, out, sent, failed, lock;
};

#define STORE_CLOSED ((struct store){-1, -1, -1, -1, -1, -1, -1})

/* Makes what is missing, removes what somebody killed has left half written. CONFIG, RETRY. */
struct error store_open(struct store *store, const char *spool) MUST_CHECK;
/* *is_ours false: another process works there, perhaps on another machine. */
struct error store_lock(struct store *store, bool *is_ours) MUST_CHECK;
void store_close(struct store *store);

/* Names that end in .json, oldest first; they belong to the arena. */
struct store_names {
	const char **items;
	size_t count;
};
struct error store_list(int directory, struct arena *arena, struct store_names *names) MUST_CHECK;

/* bytes NULL: it is gone, or it is too large to be one of ours. */
struct error store_load(
    int directory, const char *name, struct arena *arena, struct slice *text) MUST_CHECK;
struct error store_load_told(
    const struct store *store, const char *feed, struct arena *arena, struct told *told) MUST_CHECK;
struct error store_save_told(
    const struct store *store, const char *feed, const struct told *told) MUST_CHECK;

/* Unless it waits, was sent or has failed already. Durable after store_flush. */
struct error store_put(const struct store *store, const char *name, struct slice text) MUST_CHECK;
struct error store_flush(const struct store *store) MUST_CHECK;
struct error store_remove_notice(const struct store *store, const char *name) MUST_CHECK;
/* What is no notice. */
struct error store_reject_notice(const struct store *store, const char *name) MUST_CHECK;
/* It was sent (its text is not kept), or has failed. */
struct error store_settle(const struct store *store, const char *name, bool is_sent) MUST_CHECK;
/* What was sent 8 days ago, and what failed 90 days ago. */
struct error store_prune(const struct store *store, int64_t now_s) MUST_CHECK;

#endif
