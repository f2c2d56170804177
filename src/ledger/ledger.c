#include "enrold/ledger.h"

#include "enrold/db.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const state_names[] = {
    [RUN_UNKNOWN] = "unknown",
    [RUN_RUNNING] = "running",
    [RUN_APPLIED] = "applied",
    [RUN_PREVIEWED] = "previewed",
    [RUN_REFUSED] = "refused",
};

static enum run_state state_parse(struct slice name)
{
	for (enum run_state state = RUN_RUNNING; state <= RUN_REFUSED; state++)
		if (slice_is(name, slice_of(state_names[state])))
			return state;
	return RUN_UNKNOWN;
}

struct error ledger_find(
    struct db *db, struct slice run, struct arena *arena, struct ledger_run *found)
{
	*found = (struct ledger_run){.state = RUN_UNKNOWN, .run = run};
	struct db_rows rows = db_select(db,
	    "SELECT state, feed, name, node, sha256, policy, counts, summary, summary_sha256, "
	    "result_sha256, retry_sha256, bytes, started_us, today, records, result_bytes, "
	    "retry_bytes "
	    "FROM {enrold_run} WHERE run = ?",
	    DB_VALUES(db_text(run)));
	if (db_next(&rows)) {
		struct slice *texts[] = {&found->feed, &found->name, &found->node, &found->sha256,
		    &found->policy, &found->counts, &found->summary, &found->summary_sha256,
		    &found->result_sha256, &found->retry_sha256};
		found->state = state_parse(db_column_text(&rows, 0));
		for (int i = 0; i < 10; i++)
			*texts[i] = arena_copy(arena, db_column_text(&rows, i + 1));
		found->bytes = (uint64_t)db_column_int(&rows, 11);
		found->started_us = db_column_int(&rows, 12);
		found->today = db_column_int(&rows, 13);
		found->records = (uint64_t)db_column_int(&rows, 14);
		found->result_bytes = (uint64_t)db_column_int(&rows, 15);
		found->retry_bytes = (uint64_t)db_column_int(&rows, 16);
	}
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("reading the ledger") : db_error(db);
}

struct error ledger_check(struct db *db, const struct ledger_run *run)
{
	enum run_state state = RUN_UNKNOWN;
	uint64_t records = 0;
	struct db_rows rows = db_select(db, "SELECT state, records FROM {enrold_run} WHERE run = ?",
	    DB_VALUES(db_text(run->run)));
	if (db_next(&rows)) {
		state = state_parse(db_column_text(&rows, 0));
		records = (uint64_t)db_column_int(&rows, 1);
	}
	db_rows_close(&rows);
	struct error error = db_error(db);
	if (!is_error(&error) && (state != run->state || records != run->records))
		error = error_retry("run %.*s got on while we looked away", SLICE_ARG(run->run));
	return error;
}

struct error ledger_store(struct db *db, const struct ledger_run *run)
{
	db_run(db, "DELETE FROM {enrold_run} WHERE run = ?", DB_VALUES(db_text(run->run)));
	db_run(db,
	    "INSERT INTO {enrold_run} (run, state, feed, name, node, sha256, policy, counts, "
	    "summary, summary_sha256, result_sha256, retry_sha256, bytes, started_us, today, "
	    "records, result_bytes, retry_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
	    "?, ?, ?, ?)",
	    DB_VALUES(db_text(run->run), db_string(state_names[run->state]), db_text(run->feed),
	        db_text(run->name), db_text(run->node), db_text(run->sha256), db_text(run->policy),
	        db_text(run->counts), db_text(run->summary), db_text(run->summary_sha256),
	        db_text(run->result_sha256), db_text(run->retry_sha256),
	        db_int((int64_t)run->bytes), db_int(run->started_us), db_int(run->today),
	        db_int((int64_t)run->records), db_int((int64_t)run->result_bytes),
	        db_int((int64_t)run->retry_bytes)));
	/* The answer is what the ledger says in this very transaction. */
	return ledger_check(db, run);
}

struct error ledger_head(struct db *db, char head[HASH_TEXT_SIZE + 1])
{
	memset(head, '0', HASH_TEXT_SIZE);
	head[HASH_TEXT_SIZE] = '\0';
	struct db_rows rows =
	    db_select(db, "SELECT head FROM {enrold_head} WHERE id = 1 {lock}", DB_NONE);
	if (db_next(&rows)) {
		struct slice text = db_column_text(&rows, 0);
		if (text.size == HASH_TEXT_SIZE)
			memcpy(head, text.bytes, text.size);
	}
	db_rows_close(&rows);
	return db_error(db);
}

struct error ledger_set_head(struct db *db, const char *head, struct slice run)
{
	db_run(db,
	    "INSERT INTO {enrold_head} (id, head, run) VALUES (1, ?1, ?2) {conflict id} head = ?1, "
	    "run = ?2",
	    DB_VALUES(db_string(head), db_text(run)));
	return db_error(db);
}

static struct error run_select(struct db *db, const char *sql, char run[RUN_ID_SIZE + 1])
{
	memset(run, 0, RUN_ID_SIZE + 1);
	struct db_rows rows = db_select(db, sql, DB_NONE);
	if (db_next(&rows)) {
		struct slice text = db_column_text(&rows, 0);
		memcpy(run, text.bytes, text.size < RUN_ID_SIZE ? text.size : RUN_ID_SIZE);
	}
	db_rows_close(&rows);
	return db_error(db);
}

struct error ledger_newest(struct db *db, char run[RUN_ID_SIZE + 1])
{
	return run_select(db, "SELECT run FROM {enrold_head} WHERE id = 1", run);
}

struct error ledger_last_run(struct db *db, char run[RUN_ID_SIZE + 1])
{
	return run_select(db, "SELECT coalesce(max(run), '') FROM {enrold_run}", run);
}

/* ---- all that have ended ---- */

static int end_compare(const void *a, const void *b)
{
	const struct ledger_end *x = a, *y = b;
	return strcmp(x->run, y->run);
}

static struct ledger_end *end_add(struct ledger_end **ends, size_t *count, size_t *room)
{
	if (*count == *room) {
		*room = *room > 0 ? *room * 2 : 256;
		struct ledger_end *grown = reallocarray(*ends, *room, sizeof *grown);
		if (!grown)
			return NULL;
		*ends = grown;
	}
	return &(*ends)[(*count)++];
}

struct error ledger_ends(struct db *db, struct ledger_end **ends, size_t *count)
{
	size_t room = 0;
	struct error error = OK;
	*ends = NULL;
	*count = 0;
	struct db_rows rows =
	    db_scan(db, "SELECT run, summary_sha256 FROM {enrold_run} WHERE state <> 'running'");
	while (!is_error(&error) && db_next(&rows)) {
		struct ledger_end *end = end_add(ends, count, &room);
		if (!end) {
			error = error_memory("reading the ledger");
			break;
		}
		snprintf(end->run, sizeof end->run, "%.*s", SLICE_ARG(db_column_text(&rows, 0)));
		snprintf(end->summary_sha256, sizeof end->summary_sha256, "%.*s",
		    SLICE_ARG(db_column_text(&rows, 1)));
	}
	db_rows_close(&rows);
	if (*count > 1) /* not by the server, which may sort by a language */
		qsort(*ends, *count, sizeof **ends, end_compare);
	return is_error(&error) ? error : db_error(db);
}
