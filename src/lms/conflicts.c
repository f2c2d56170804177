#include "conflicts.h"

#include "census.h"
#include "work.h"

#include "enrold/site.h"

#include <stdlib.h>
#include <time.h>

/* Clocks of hosts differ. Whoever was deleted earlier is not in the census, and does no harm. */
enum { CLOCKS_DIFFER_S = 300 };

void conflicts_expect(struct lms *lms)
{
	if (!lms->census || !db_is_server(lms->db))
		return;
	lms->assignments_before =
	    db_find(lms->db, "SELECT max(id) FROM {role_assignments}", 0, DB_NONE);
	lms->begun = (int64_t)time(NULL) - CLOCKS_DIFFER_S;
	lms->session = db_session(lms->db);
}

static bool assigned_twice(struct lms *lms)
{
	bool is_twice = false;
	struct db_rows rows = db_select(lms->observer,
	    "SELECT userid, contextid, roleid FROM {role_assignments} WHERE id > ?1 AND {no_index "
	    "component} = '' AND {no_index itemid} = 0",
	    DB_VALUES(db_int(lms->assignments_before)));
	while (!is_twice && db_next(&rows))
		is_twice = census_has_assigned(lms->census, db_column_int(&rows, 0),
		    db_column_int(&rows, 1), db_column_int(&rows, 2));
	db_rows_close(&rows);
	return is_twice;
}

/* By the index of `deleted`, which serves no <>; by no index of ids, which every account is in. */
static bool entered_deleted(struct lms *lms)
{
	struct buffer ids = {0};
	struct db_rows rows = db_select(lms->observer,
	    "SELECT id FROM {user} WHERE (deleted > 0 OR deleted < 0) AND timemodified >= ?1",
	    DB_VALUES(db_int(lms->begun)));
	while (db_next(&rows)) {
		const int64_t id = db_column_int(&rows, 0);
		buffer_add(&ids, &id, sizeof id);
	}
	if (ids.failed)
		db_fail(lms->db, error_memory("looking at who was deleted"));
	if (ids.size > 0)
		qsort(ids.bytes, ids.size / sizeof(int64_t), sizeof(int64_t), census_compare_ids);
	bool is_there = ids.size > 0 &&
	                census_has_entered(lms->census, (const int64_t *)(const void *)ids.bytes,
	                    ids.size / sizeof(int64_t));
	buffer_done(&ids);
	return is_there;
}

static void observer_close(struct lms *lms)
{
	db_close(lms->observer);
	lms->observer = NULL;
}

static struct error observer_open(struct lms *lms)
{
	if (lms->observer &&
	    !db_is_alive(lms->observer)) /* it may have been closed between two looks */
		observer_close(lms);
	return lms->observer ? OK : site_connect(lms->options, DB_EXISTING, &lms->observer);
}

bool lms_is_polled(const struct lms *lms)
{
	return lms && !db_is_server(lms->db) && db_is_awaited(lms->db, NULL, 0);
}

bool lms_is_awaited(struct lms *lms)
{
	struct error error = db_is_server(lms->db) ? observer_open(lms) : OK;
	if (is_error(&error))
		return false; /* whoever cannot be seen has to wait */
	/* Asked for before the write_behind had the connection, or now that it has none. */
	if (lms->session == 0)
		lms->session = db_session(lms_db(lms));
	bool is_awaited = db_is_awaited(lms->db, lms->observer, lms->session);
	if (lms->observer && db_has_failed(lms->observer))
		observer_close(lms);
	return is_awaited;
}

void conflicts_check(struct lms *lms)
{
	if (!lms->census || !db_is_server(lms->db) || db_has_failed(lms->db))
		return;
	if (!census_has_noted(lms->census))
		return; /* what nobody was given nobody else can have given */
	struct error error = observer_open(lms);
	if (is_error(&error)) {
		db_fail(lms->db, error);
		return;
	}
	if (assigned_twice(lms))
		db_fail(lms->db,
		    error_collision("somebody else has given a role that this file gives"));
	else if (entered_deleted(lms))
		db_fail(lms->db, error_collision("somebody was deleted whom this file enrols"));
	error = db_error(lms->observer);
	if (!is_error(&error))
		return;
	db_fail(lms->db, error);
	observer_close(lms);
}
