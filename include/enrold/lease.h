/*
 * lease: this daemon's part among several that share the spool and the database. Each feed is
 * served by one at a time; a daemon that is silent for the time of a lease is taken for dead, and
 * what it had begun goes on elsewhere.
 *
 *     enter a feed: ours already, or nobody's --> users++ --> leave: users--
 *     idle for a beat, nothing in work/ of ours --> the feed is anybody's again
 *     another daemon silent --> its token goes --> its runs move to our work/
 *                                              --> its feeds are ours
 *
 * A thread of its own beats, watches and inherits. All calls are for any thread, and NULL, which is
 * a spool that nobody else shares, is right everywhere.
 */
#ifndef ENROLD_LEASE_H
#define ENROLD_LEASE_H

#include "enrold/config.h"
#include "enrold/lms.h"
#include "enrold/nodes.h"
#include "enrold/runid.h"
#include "enrold/spool.h"

struct lease;

/* Called on the lease's thread when there is something for lease_next_run. */
typedef void lease_on_run(void *context);

/* Joins; all are borrowed until stop. RETRY: the database is away. */
struct error lease_start(const struct config *config, const struct spool *spool,
    struct run_ids *ids, lease_on_run *on_run, void *context, struct lease **result) MUST_CHECK;
void lease_stop(struct lease *lease);
/* Between two configurations: lets the old one go; the daemon keeps its row and its feeds. */
void lease_pause(struct lease *lease);
struct error lease_resume(struct lease *lease, const struct config *config) MUST_CHECK;

/* What entitles a run to a feed of ours. */
struct lease_hold {
	char feed[FEED_NAME_MAX + 1]; /* "": none */
	char token[NODE_TOKEN_SIZE + 1];
};

/* Whether lease_acquire will have to ask the database for the feed, should nothing change. */
bool lease_asks(struct lease *lease, const char *name);
/* *is_ours false: another daemon serves the feed. Else to be left. */
struct error lease_acquire(struct lease *lease, struct lms *lms, const char *name,
    struct lease_hold *hold, bool *is_ours) MUST_CHECK;
void lease_release(struct lease *lease, struct lease_hold *hold);
/* Inside a transaction: RETRY when somebody has taken us for dead. */
struct error lease_check(
    const struct lease *lease, struct lms *lms, const struct lease_hold *hold) MUST_CHECK;

/* The spool is no longer surely ours: this process must end, and another may begin. */
bool lease_has_lost_spool(const struct lease *lease);

/* A run that came from a dead daemon and lies in our work/ now; false: none. */
bool lease_next_run(struct lease *lease, char run[RUN_ID_SIZE + 1]);

#endif
