/*
 * sqlite_flag: rows of cache_flags. Moodle keeps them without a unique key: update, else insert.
 */
#include "sqlite.h"

#include <stdio.h>

void flag_set(struct work *work, const char *type, int64_t user)
{
	char name[24];
	snprintf(name, sizeof name, "%lld", (long long)user);
	struct site_db *db = work->lms->db;
	struct db_value now = db_int(work->effects->now);
	struct db_value expiry = db_int(work->effects->now + work->lms->site.session_timeout);
	int64_t id =
	    site_db_find(db, "SELECT id FROM {cache_flags} WHERE name = ? AND +flagtype = ?", 0,
	        DB_VALUES(db_string(name), db_string(type)));
	if (id != 0)
		site_db_run(db,
		    "UPDATE {cache_flags} SET timemodified = ?, value = '1', expiry = ? WHERE id = "
		    "?",
		    DB_VALUES(now, expiry, db_int(id)));
	else
		site_db_run(db,
		    "INSERT INTO {cache_flags} (flagtype, name, timemodified, value, expiry) "
		    "VALUES "
		    "(?, ?, ?, '1', ?)",
		    DB_VALUES(db_string(type), db_string(name), now, expiry));
}
