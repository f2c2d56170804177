#include "enrold/plans.h"

#include "enrold/db.h"

static const char *const state_names[PLAN_STATES] = {
    [PLAN_UNKNOWN] = "unknown",
    [PLAN_OPEN] = "open",
    [PLAN_RELEASED] = "released",
    [PLAN_DISCARDED] = "discarded",
    [PLAN_SUPERSEDED] = "superseded",
    [PLAN_NOTHING_LEFT] = "nothing_left",
};

const char *plan_state_name(enum plan_state state)
{
	return state_names[state];
}

static enum plan_state state_parse(struct slice name)
{
	for (enum plan_state state = PLAN_OPEN; state < PLAN_STATES; state++)
		if (slice_is(name, slice_of(state_names[state])))
			return state;
	return PLAN_UNKNOWN;
}

struct error plans_add(struct db *db, const struct stored_plan *plan)
{
	db_run(db, "DELETE FROM {enrold_plan} WHERE run = ?", DB_VALUES(db_text(plan->run)));
	db_run(db,
	    "INSERT INTO {enrold_plan} (run, feed, sha256, content, whole, of_full, state, "
	    "closed_by, why, source, base) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	    DB_VALUES(db_text(plan->run), db_text(plan->feed), db_text(plan->sha256),
	        db_text(plan->content), db_int(plan->is_whole), db_int(plan->is_of_full),
	        db_string(state_names[plan->state]), db_text(plan->closed_by), db_text(plan->why),
	        db_text(plan->source), db_text(plan->base)));
	return db_error(db);
}

#define COLUMNS "run, feed, sha256, content, whole, of_full, state, closed_by, why, source, base"

static void plan_take(const struct db_rows *rows, struct arena *arena, struct stored_plan *plan)
{
	int at = 0;
	plan->run = arena_copy(arena, db_column_text(rows, at++));
	plan->feed = arena_copy(arena, db_column_text(rows, at++));
	plan->sha256 = arena_copy(arena, db_column_text(rows, at++));
	plan->content = arena_copy(arena, db_column_text(rows, at++));
	plan->is_whole = db_column_int(rows, at++) != 0;
	plan->is_of_full = db_column_int(rows, at++) != 0;
	plan->state = state_parse(db_column_text(rows, at++));
	plan->closed_by = arena_copy(arena, db_column_text(rows, at++));
	plan->why = arena_copy(arena, db_column_text(rows, at++));
	plan->source = arena_copy(arena, db_column_text(rows, at++));
	plan->base = arena_copy(arena, db_column_text(rows, at++));
}

static struct error plan_end(
    struct db *db, struct db_rows *rows, struct arena *arena, struct stored_plan *plan)
{
	*plan = (struct stored_plan){.state = PLAN_UNKNOWN};
	if (db_next(rows))
		plan_take(rows, arena, plan);
	db_rows_close(rows);
	return arena_has_failed(arena) ? error_memory("reading the ledger") : db_error(db);
}

struct error plans_find(
    struct db *db, struct slice run, struct arena *arena, struct stored_plan *plan)
{
	struct db_rows rows = db_select(
	    db, "SELECT " COLUMNS " FROM {enrold_plan} WHERE run = ?", DB_VALUES(db_text(run)));
	return plan_end(db, &rows, arena, plan);
}

struct error plans_find_discarded(struct db *db, struct slice feed, struct slice content,
    struct arena *arena, struct stored_plan *found)
{
	struct db_rows rows = db_select(db,
	    "SELECT " COLUMNS " FROM {enrold_plan} WHERE feed = ? AND content = ? AND "
	    "state = 'discarded' ORDER BY run DESC LIMIT 1",
	    DB_VALUES(db_text(feed), db_text(content)));
	return plan_end(db, &rows, arena, found);
}

struct error plans_need_input(struct db *db, struct slice source, bool *needs)
{
	*needs =
	    db_find(db, "SELECT count(*) FROM {enrold_plan} WHERE source = ? AND state = 'open'", 0,
	        DB_VALUES(db_text(source))) > 0;
	return db_error(db);
}

struct error plans_close(
    struct db *db, struct slice run, enum plan_state state, struct slice by, struct slice why)
{
	bool is_open =
	    db_find(db, "SELECT count(*) FROM {enrold_plan} WHERE run = ? AND state = 'open'", 0,
	        DB_VALUES(db_text(run))) != 0;
	db_run(db,
	    "UPDATE {enrold_plan} SET state = ?, closed_by = ?, why = ? WHERE run = ? AND "
	    "state = 'open'",
	    DB_VALUES(db_string(state_names[state]), db_text(by), db_text(why), db_text(run)));
	struct error error = db_error(db);
	if (!is_error(&error) && !is_open)
		error = error_retry("the plan of run %.*s is not open any more", SLICE_ARG(run));
	return error;
}

struct error plans_supersede(struct db *db, struct slice feed, struct slice before, struct slice by)
{
	db_run(db,
	    "UPDATE {enrold_plan} SET state = 'superseded', closed_by = ? WHERE feed = ? AND "
	    "state = 'open' AND of_full = 1 AND run < ?",
	    DB_VALUES(db_text(by), db_text(feed), db_text(before)));
	return db_error(db);
}
