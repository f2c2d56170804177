#include "rival.h"

#include "fatal.h"
#include "movement.h"
#include "served.h"

#include "enrold/db.h"

#include <stdio.h>

/* Not by Criterion: this may be another thread. */
static void good(struct error error)
{
	if (is_error(&error))
		fatal("the rival: %s", error.text);
}

void rival_open(struct rival *rival, const struct lms_options *options)
{
	*rival = (struct rival){.deed = RIVAL_RESTS};
	good(db_open(options, DB_EXISTING, &rival->db));
	good(db_open(options, DB_EXISTING, &rival->watcher));
}

void rival_close(struct rival *rival)
{
	db_close(rival->db);
	db_close(rival->watcher);
}

void rival_say(struct rival *rival, const char *sql)
{
	db_script(rival->db, sql);
	good(db_error(rival->db));
}

/* Who waits for a lock in this database, and how many. */
static int64_t waiting(struct db *watcher)
{
	return db_find(watcher,
	    served_by_postgresql()
	        ? "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
	          "wait_event_type = 'Lock'"
	        : "SELECT variable_value FROM information_schema.global_status WHERE variable_name "
	          "= "
	          "'INNODB_ROW_LOCK_CURRENT_WAITS'",
	    0, DB_NONE);
}

static void await_waiting(struct db *watcher)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (waiting(watcher) == 0) {
		good(db_error(watcher));
		if (!movement_pause(&movement))
			fatal("nobody waits for a lock: %s", movement.reason);
	}
}

/* Of the one who waits: his statement, or all of it. */
static void waiting_end(struct rival *rival)
{
	static const char postgresql[] =
	    "SELECT pg_%s_backend(pid) FROM pg_stat_activity WHERE "
	    "datname = current_database() AND wait_event_type = 'Lock'";
	bool ends_session = rival->deed == RIVAL_ENDS_SESSION;
	char sql[sizeof rival->sql];
	await_waiting(rival->watcher);
	if (served_by_postgresql()) {
		snprintf(sql, sizeof sql, postgresql, ends_session ? "terminate" : "cancel");
	} else {
		int64_t id = db_find(rival->watcher,
		    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND "
		    "command = "
		    "'Query' AND id <> connection_id()",
		    0, DB_NONE);
		snprintf(
		    sql, sizeof sql, "KILL %s %lld", ends_session ? "" : "QUERY", (long long)id);
	}
	db_script(rival->watcher, sql);
	good(db_error(rival->watcher));
}

static void *rival_main(void *argument)
{
	struct rival *rival = argument;
	if (rival->deed == RIVAL_SPEAKS)
		rival_say(rival, rival->sql);
	else
		waiting_end(rival);
	return NULL;
}

void rival_start(struct rival *rival, enum rival_deed deed)
{
	rival->deed = deed;
	if (deed == RIVAL_RESTS)
		return;
	if (pthread_create(&rival->thread, NULL, rival_main, rival) != 0)
		fatal("the rival has no thread");
	if (deed == RIVAL_SPEAKS)
		await_waiting(rival->watcher);
}

void rival_finish(struct rival *rival)
{
	if (rival->deed != RIVAL_RESTS)
		pthread_join(rival->thread, NULL);
	rival->deed = RIVAL_RESTS;
}
