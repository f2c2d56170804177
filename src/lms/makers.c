/*
 * makers: which accounts were made by a run of this feed. A retry file says so of its rows, and
 * anybody can write one; the ledger knows whether such a run was under way when the account was
 * made.
 */
#include "work.h"

#include "enrold/ledger.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

/* An id of the last moment of that second: the first 15 characters of a run's id are its time. */
static void id_behind(int64_t second, char id[RUN_ID_SIZE + 1])
{
	time_t seconds = (time_t)second;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(id, RUN_ID_SIZE + 1, "%Y%m%d-%H%M%S-999999", &tm);
}

/* Whether its summary says that the run was over before. */
static bool was_over(const struct ledger_run *run, int64_t second)
{
	char moment[24];
	time_t seconds = (time_t)second;
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%S", &tm);
	json_t *summary = json_loadb(run->summary.bytes, run->summary.size, 0, NULL);
	const char *finished = json_string_value(json_object_get(summary, "finished"));
	bool was = !finished || strncmp(finished, moment, strlen(moment)) < 0;
	json_decref(summary);
	return run->state != RUN_RUNNING && was;
}

/* The feed's newest run that had begun by then; the search ends after so many of other feeds. */
static struct slice run_then(struct lms *lms, struct slice feed, int64_t second)
{
	static const char sql[] =
	    "SELECT max(run) FROM (SELECT run, feed, state FROM {enrold_run} WHERE run <= ? "
	    "ORDER BY run DESC LIMIT 200) newest WHERE feed = ? AND state IN ('applied', "
	    "'running')";
	char id[RUN_ID_SIZE + 1];
	id_behind(second, id);
	struct db_rows rows = db_select(lms_db(lms), sql, DB_VALUES(db_string(id), db_text(feed)));
	struct slice run = {0};
	if (db_next(&rows))
		run = arena_copy(lms->scratch, db_column_text(&rows, 0));
	db_rows_close(&rows);
	return run;
}

static struct error maker_find(
    struct lms *lms, struct slice feed, int64_t since, struct account_facts *person)
{
	int64_t made = db_find(lms_db(lms), "SELECT timecreated FROM {user} WHERE id = ?", 0,
	    DB_VALUES(db_int(person->id)));
	person->is_of_feed = made > 0 && made >= since; /* by this very run */
	if (made <= 0 || person->is_of_feed)
		return db_error(lms->db);
	struct ledger_run run;
	struct slice id = run_then(lms, feed, made);
	if (id.size == 0)
		return db_error(lms->db);
	struct error error = ledger_find(lms_db(lms), id, lms->scratch, &run);
	person->is_of_feed = !is_error(&error) && run.state != RUN_UNKNOWN && !was_over(&run, made);
	return error;
}

struct error lms_load_makers(
    struct lms *lms, struct slice feed, int64_t since, struct account_facts *people, size_t count)
{
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		error = maker_find(lms, feed, since, &people[i]);
		arena_reset(lms->scratch);
	}
	return error;
}
