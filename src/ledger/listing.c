#include "enrold/listing.h"

#include "enrold/db.h"

#include <stdio.h>
#include <stdlib.h>

#define STATE "userid, enrolment, enrol, made, absences, absent_at, suspended_at, told"
enum { STATE_COLUMNS = 8 };
#define WHICH " WHERE feed = ? AND userid = ? AND enrolment = ?"

static struct listing listing_take(const struct db_rows *rows)
{
	return (struct listing){
	    .user = db_column_int(rows, 0),
	    .enrolment = db_column_int(rows, 1),
	    .enrol = db_column_int(rows, 2),
	    .is_made = db_column_int(rows, 3) != 0,
	    .absences = (int)db_column_int(rows, 4),
	    .absent_at = db_column_int(rows, 5),
	    .suspended_at = db_column_int(rows, 6),
	    .told = (int)db_column_int(rows, 7),
	};
}

/* So many at a time: a server gives an answer as a whole. */
enum { PAGE = 20000 };

/* Behind this one, in the order of the key. */
static struct error page_scan(struct db *db, struct slice feed, struct listing *last,
    listing_on_row *on_row, void *context, size_t *count)
{
	struct db_rows rows = db_select(db,
	    "SELECT " STATE
	    " FROM {enrold_listing} WHERE feed = ?1 AND userid >= ?2 AND (userid > ?2 OR (userid = "
	    "?2 AND enrolment > ?3)) ORDER BY userid, enrolment LIMIT ?4",
	    DB_VALUES(db_text(feed), db_int(last->user), db_int(last->enrolment), db_int(PAGE)));
	bool is_wanted = true;
	*count = 0;
	while (is_wanted && db_next(&rows)) {
		*last = listing_take(&rows);
		is_wanted = on_row(context, last);
		++*count;
	}
	if (!is_wanted)
		*count = 0;
	db_rows_close(&rows);
	return db_error(db);
}

struct error listing_scan(struct db *db, struct slice feed, listing_on_row *on_row, void *context)
{
	struct listing last = {.user = -1};
	size_t count;
	struct error error;
	do
		error = page_scan(db, feed, &last, on_row, context, &count);
	while (!is_error(&error) && count == PAGE);
	return error;
}

static const struct db_table table = {
    "enrold_listing", "feed, " STATE ", first_run, last_run, suspended_by", 12};

enum { ADDED_TOGETHER = 4000 };

struct error listing_add(struct db *db, struct slice feed, struct slice run,
    const struct listing *listings, size_t count)
{
	struct db_value *values = reallocarray(NULL, ADDED_TOGETHER * table.width, sizeof *values);
	if (!values)
		return error_memory("noting what a feed lists");
	for (size_t done = 0, some; done < count && !db_has_failed(db); done += some) {
		some = count - done < ADDED_TOGETHER ? count - done : ADDED_TOGETHER;
		for (size_t i = 0; i < some; i++) {
			const struct listing *is = &listings[done + i];
			const struct db_value row[] = {db_text(feed), db_int(is->user),
			    db_int(is->enrolment), db_int(is->enrol), db_int(is->is_made),
			    db_int(is->absences), db_int(is->absent_at), db_int(is->suspended_at),
			    db_int(is->told), db_text(run), db_string(""), db_string("")};
			memcpy(values + i * table.width, row, sizeof row);
		}
		db_insert_all(db, &table, values, some, NULL);
	}
	struct error error = db_error(db);
	free(values);
	return error;
}

struct error listing_store(struct db *db, struct slice feed, const struct listing *listing,
    struct slice last, struct slice by)
{
	db_run(db,
	    "UPDATE {enrold_listing} SET absences = ?, absent_at = ?, suspended_at = ?, told = "
	    "?" WHICH,
	    DB_VALUES(db_int(listing->absences), db_int(listing->absent_at),
	        db_int(listing->suspended_at), db_int(listing->told), db_text(feed),
	        db_int(listing->user), db_int(listing->enrolment)));
	if (last.size > 0)
		db_run(db, "UPDATE {enrold_listing} SET last_run = ?" WHICH,
		    DB_VALUES(db_text(last), db_text(feed), db_int(listing->user),
		        db_int(listing->enrolment)));
	if (by.size > 0)
		db_run(db, "UPDATE {enrold_listing} SET suspended_by = ?" WHICH,
		    DB_VALUES(db_text(by), db_text(feed), db_int(listing->user),
		        db_int(listing->enrolment)));
	return db_error(db);
}

struct error listing_tell(struct db *db, struct slice feed, const struct listing *listing)
{
	db_run(db, "UPDATE {enrold_listing} SET told = ?" WHICH,
	    DB_VALUES(db_int(listing->told), db_text(feed), db_int(listing->user),
	        db_int(listing->enrolment)));
	return db_error(db);
}

struct error listing_drop(struct db *db, struct slice feed, const struct listing *listing)
{
	db_run(db, "DELETE FROM {enrold_listing}" WHICH,
	    DB_VALUES(db_text(feed), db_int(listing->user), db_int(listing->enrolment)));
	return db_error(db);
}

/* ---- what absence has done ---- */

struct error listing_are_there(struct db *db, bool *are_there)
{
	*are_there = db_find(db, "SELECT 1 FROM {enrold_base} LIMIT 1", 0, DB_NONE) != 0;
	return db_error(db);
}

enum { FEEDS_MAX = 1000 };

static size_t feeds_load(struct db *db, struct arena *arena, struct slice *feeds)
{
	size_t count = 0;
	struct db_rows rows = db_select(db, "SELECT feed FROM {enrold_base}", DB_NONE);
	while (count < FEEDS_MAX && db_next(&rows))
		feeds[count++] = arena_copy(arena, db_column_text(&rows, 0));
	db_rows_close(&rows);
	return count;
}

static void marks_ask(
    struct db *db, struct slice feed, struct listing_mark *marks, size_t count, struct arena *arena)
{
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_text(feed), db_int(marks[i].user), db_int(marks[i].enrolment)));
	struct db_rows rows = db_ask(db,
	    "SELECT suspended_at FROM {each}{enrold_listing} WHERE feed = ?1 AND userid = ?2 AND "
	    "enrolment = ?3",
	    &questions);
	while (db_next(&rows)) {
		int64_t at = db_column_int(&rows, 0);
		if (at > marks[rows.tag].suspended_at)
			marks[rows.tag].suspended_at = at;
	}
}

struct error listing_find_marks(
    struct db *db, struct listing_mark *marks, size_t count, struct arena *arena)
{
	if (count == 0)
		return OK;
	struct slice *feeds = arena_alloc(arena, FEEDS_MAX * sizeof *feeds);
	size_t feeds_count = feeds ? feeds_load(db, arena, feeds) : 0;
	for (size_t i = 0; i < count; i++)
		marks[i].suspended_at = 0;
	for (size_t i = 0; i < feeds_count && !db_has_failed(db); i++)
		marks_ask(db, feeds[i], marks, count, arena);
	return arena_has_failed(arena) ? error_memory("asking what absence has done")
	                               : db_error(db);
}

/* ---- when it was listed ---- */

static int64_t time_of(struct slice run)
{
	char id[RUN_ID_SIZE + 1];
	int64_t epoch_us;
	snprintf(id, sizeof id, "%.*s", SLICE_ARG(run));
	return run_id_parse(id, &epoch_us) ? epoch_us / 1000000 : 0;
}

/* The newest full file that was accepted, of which what follows is not noted as absent. */
struct newest {
	int64_t at;
	bool is_ended; /* else it is being applied, and has moved ahead of its rows */
};

static struct newest newest_find(struct db *db, struct slice feed)
{
	struct newest newest = {0};
	struct db_rows rows = db_select(db,
	    "SELECT b.run, coalesce(r.state, 'running') FROM {enrold_base} b LEFT JOIN "
	    "{enrold_run} r ON r.run = b.run WHERE b.feed = ?",
	    DB_VALUES(db_text(feed)));
	if (db_next(&rows))
		newest = (struct newest){time_of(db_column_text(&rows, 0)),
		    !slice_is(db_column_text(&rows, 1), SLICE("running"))};
	db_rows_close(&rows);
	return newest;
}

/* Where removals of a single course are withheld its rows stay as they were, and nothing tells how
 * long. */
static int64_t last_of(
    const struct db_rows *rows, const struct newest *newest, const struct listing_last *last)
{
	if (db_column_int(rows, 0) != 0)
		return time_of(db_column_text(rows, 1));
	return last->is_absent && !newest->is_ended ? 0 : newest->at;
}

struct error listing_find_last(
    struct db *db, struct slice feed, struct listing_last *lasts, size_t count, struct arena *arena)
{
	const struct newest newest = newest_find(db, feed);
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++) {
		lasts[i].at = 0;
		db_question(&questions, i,
		    DB_VALUES(db_text(feed), db_int(lasts[i].user), db_int(lasts[i].enrolment)));
	}
	struct db_rows rows = db_ask(db,
	    "SELECT absent_at, last_run FROM {each}{enrold_listing} WHERE feed = ?1 AND userid = "
	    "?2 AND enrolment = ?3",
	    &questions);
	while (db_next(&rows))
		lasts[rows.tag].at = last_of(&rows, &newest, &lasts[rows.tag]);
	return arena_has_failed(arena) ? error_memory("asking what a feed has listed")
	                               : db_error(db);
}

/* ---- what absence has suspended ---- */

static void suspended_add(const struct db_rows *rows, struct slice feed, struct arena *arena,
    struct listing_suspended **found, size_t *count)
{
	struct listing_suspended *more =
	    arena_grow(arena, *found, *count, *count + 1, sizeof *more);
	if (!more)
		return;
	more[(*count)++] = (struct listing_suspended){.feed = feed,
	    .run = arena_copy(arena, db_column_text(rows, STATE_COLUMNS)),
	    .is = listing_take(rows)};
	*found = more;
}

/* Of a person, in each feed: a place is tagged by its feed. NULL: no memory. */
static struct slice *user_ask(
    struct db *db, int64_t user, struct arena *arena, struct db_questions *questions)
{
	struct slice *feeds = arena_alloc(arena, FEEDS_MAX * sizeof *feeds);
	*questions = db_questions_begin(arena);
	size_t count = feeds ? feeds_load(db, arena, feeds) : 0;
	for (size_t i = 0; i < count; i++)
		db_question(questions, i, DB_VALUES(db_text(feeds[i]), db_int(user)));
	return feeds;
}

struct error listing_find_suspended(struct db *db, int64_t user, struct arena *arena,
    struct listing_suspended **found, size_t *count)
{
	struct db_questions questions;
	const struct slice *feeds = user_ask(db, user, arena, &questions);
	*found = NULL;
	*count = 0;
	if (!feeds)
		return error_memory("asking what absence has done");
	struct db_rows rows = db_ask(db,
	    "SELECT " STATE ", suspended_by FROM {each}{enrold_listing} WHERE feed = ?1 AND userid "
	    "= ?2 AND suspended_at > 0",
	    &questions);
	while (db_next(&rows))
		suspended_add(&rows, feeds[rows.tag], arena, found, count);
	return arena_has_failed(arena) ? error_memory("asking what absence has done")
	                               : db_error(db);
}

static void known_add(const struct db_rows *rows, struct slice feed, struct arena *arena,
    struct listing_known **found, size_t *count)
{
	struct listing_known *grown = arena_grow(arena, *found, *count, *count + 1, sizeof *grown);
	if (!grown)
		return;
	grown[(*count)++] = (struct listing_known){
	    .feed = feed,
	    .is = listing_take(rows),
	    .first_run = arena_copy(arena, db_column_text(rows, STATE_COLUMNS)),
	    .last_run = arena_copy(arena, db_column_text(rows, STATE_COLUMNS + 1)),
	    .suspended_by = arena_copy(arena, db_column_text(rows, STATE_COLUMNS + 2)),
	};
	*found = grown;
}

struct error listing_find_of(
    struct db *db, int64_t user, struct arena *arena, struct listing_known **found, size_t *count)
{
	struct db_questions questions;
	const struct slice *feeds = user_ask(db, user, arena, &questions);
	*found = NULL;
	*count = 0;
	if (!feeds)
		return error_memory("asking what feeds have listed");
	struct db_rows rows = db_ask(db,
	    "SELECT " STATE ", first_run, last_run, suspended_by FROM {each}{enrold_listing} WHERE "
	    "feed = ?1 AND userid = ?2",
	    &questions);
	while (db_next(&rows))
		known_add(&rows, feeds[rows.tag], arena, found, count);
	return arena_has_failed(arena) ? error_memory("asking what feeds have listed")
	                               : db_error(db);
}

struct error listing_find_enrolment(struct db *db, int64_t enrolment, struct listing *found)
{
	*found = (struct listing){0};
	struct db_rows rows =
	    db_select(db, "SELECT userid, enrol FROM {enrold_listing} WHERE enrolment = ?",
	        DB_VALUES(db_int(enrolment)));
	if (db_next(&rows))
		*found = (struct listing){.user = db_column_int(&rows, 0),
		    .enrolment = enrolment,
		    .enrol = db_column_int(&rows, 1)};
	db_rows_close(&rows);
	return db_error(db);
}

struct error listing_count_waiting(
    struct db *db, struct slice feed, int64_t suspended_at, struct listing_waiting *waiting)
{
	*waiting = (struct listing_waiting){0};
	struct db_rows rows = db_select(db,
	    "SELECT count(DISTINCT CASE WHEN suspended_at <= ?2 THEN userid END), "
	    "coalesce(min(suspended_at), 0) FROM {enrold_listing} WHERE feed = ?1 AND enrolment <> "
	    "0 AND suspended_at > 0 AND absences >= ?3 AND told = 0",
	    DB_VALUES(db_text(feed), db_int(suspended_at), db_int(LISTING_ABSENCES_MAX)));
	if (db_next(&rows)) {
		waiting->people = (uint64_t)db_column_int(&rows, 0);
		waiting->earliest_at = db_column_int(&rows, 1);
	}
	db_rows_close(&rows);
	return db_error(db);
}

/* ---- the last accepted full file ---- */

struct error listing_load_base(
    struct db *db, struct slice feed, struct arena *arena, struct slice *text)
{
	*text = SLICE("");
	struct db_rows rows = db_select(
	    db, "SELECT base FROM {enrold_base} WHERE feed = ?", DB_VALUES(db_text(feed)));
	if (db_next(&rows))
		*text = arena_copy(arena, db_column_text(&rows, 0));
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("reading the last full file") : db_error(db);
}

struct error listing_store_base(
    struct db *db, struct slice feed, struct slice run, struct slice text)
{
	db_run(db,
	    "INSERT INTO {enrold_base} (feed, run, base) VALUES (?1, ?2, ?3) {conflict feed} run = "
	    "?2, base = ?3",
	    DB_VALUES(db_text(feed), db_text(run), db_text(text)));
	return db_error(db);
}
