/*
 * startup: what has to be so before the loop runs: the site's time zone, the newest run id, and the
 * runs that an earlier process left in work/.
 */
#ifndef DAEMON_STARTUP_H
#define DAEMON_STARTUP_H

#include "feeds.h"

/* One attempt. RETRY: the database is away. CONFIG: it is no site, or the actor no admin. */
struct error startup_site(
    const struct spool *spool, const struct config *config, struct run_ids *ids) MUST_CHECK;
struct error startup_runs(
    const struct spool *spool, struct run_ids *ids, struct feeds *feeds) MUST_CHECK;

#endif
