/*
 * check: what the parts of a look at a site share.
 */
#ifndef SITE_CHECK_H
#define SITE_CHECK_H

#include "enrold/arena.h"
#include "enrold/config.h"
#include "enrold/db.h"
#include "enrold/deed.h"
#include "enrold/site.h"

struct look {
	struct db *db;
	const struct lms_options *options;
	deed_set deeds;     /* what the configured feeds can ask for */
	const char *person; /* our role */
	site_on_finding *on_finding;
	void *context;
	struct arena *arena; /* statements lie there as long as the connection */
};

/* What each feed may reach, and whom roles in the whole site protect (check_reach.c). All tables
 * must be there. */
void check_reach(const struct look *look, const struct config *config);
/* Which feeds keep details of people for ever (check_keep.c). */
void check_keep(const struct look *look, const struct config *config);

#endif
