/*
 * site_connect: a connection to the database that has the site.
 */
#include "enrold/site.h"

#include "enrold/db.h"

struct error site_connect(const struct lms_options *options, enum db_mode mode, struct db **db)
{
	struct error error = db_open(options, mode, db);
	if (is_error(&error))
		return error;
	db_compare_as(*db, "user", "username");
	error = db_error(*db);
	if (is_error(&error)) {
		db_close(*db);
		*db = NULL;
	}
	return error;
}
