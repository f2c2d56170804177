/*
 * sqlite: what the SQLite engine's files share: one connection, the site as last loaded.
 */
#ifndef ENROLD_LMS_SQLITE_H
#define ENROLD_LMS_SQLITE_H

#include "enrold/lms.h"
#include "site_db.h"

struct lms {
	struct site_db *db;
	const struct lms_options *options;
	struct arena *arena; /* of the site's facts */
	struct site_facts site;
	int64_t guest;
	int64_t *admins;
	size_t admins_count;
	/* Short names of courses, for suggestions: read when the first is wanted. */
	struct slice *course_names;
	size_t course_names_count;
};

#endif
