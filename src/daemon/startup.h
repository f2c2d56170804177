/*
 * startup: what has to be so before the loop runs: the site's time zone, the newest run id, and the
 * runs that an earlier process left in work/.
 */
#ifndef DAEMON_STARTUP_H
#define DAEMON_STARTUP_H

#include "feeds.h"

/* The process's time zone becomes the site's, for times without a zone of their own. No other
 * thread may run, because of setenv. "99": as the process was started. */
void startup_zone(const char *zone);

/* One attempt; zone: the site's, as startup_zone has it; opened: the connection, the caller's to
 * close. RETRY: the database is away. CONFIG: it is no site, or the actor no admin. */
struct error startup_site(const struct spool *spool, const struct config *config,
    struct run_ids *ids, char zone[ZONE_SIZE], struct lms **opened) MUST_CHECK;
/* Forgets what was told of runs that have ended since. */
void startup_orders(const struct spool *spool);
struct error startup_runs(
    const struct spool *spool, struct run_ids *ids, struct feeds *feeds) MUST_CHECK;

#endif
