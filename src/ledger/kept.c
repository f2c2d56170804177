#include "enrold/kept.h"

#include "enrold/buffer.h"
#include "enrold/db.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- ids ---- */

struct error kept_add(struct kept_ids *ids, struct arena *arena, struct slice run)
{
	if (ids->count == ids->room) {
		size_t room = ids->room > 0 ? ids->room * 2 : 256;
		ids->items = arena_grow(arena, ids->items, ids->count, room, sizeof *ids->items);
		ids->room = ids->items ? room : 0;
		ids->count = ids->items ? ids->count : 0;
		if (!ids->items)
			return error_memory("listing runs");
	}
	snprintf(ids->items[ids->count++], sizeof *ids->items, "%.*s", SLICE_ARG(run));
	return OK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void kept_sort(struct kept_ids *ids)
{
	if (ids->count > 1)
		qsort(ids->items, ids->count, sizeof *ids->items, compare);
}

bool kept_has(const struct kept_ids *ids, const char *run)
{
	return ids->count > 0 && bsearch(run, ids->items, ids->count, sizeof *ids->items, compare);
}

/* ---- reading ---- */

static void run_take(const struct db_rows *rows, struct arena *arena, struct kept_run *kept)
{
	int at = 0;
	struct ledger_run *run = &kept->is;
	run->state = ledger_state_parse(db_column_text(rows, at++));
	run->run = arena_copy(arena, db_column_text(rows, at++));
	run->feed = arena_copy(arena, db_column_text(rows, at++));
	run->name = arena_copy(arena, db_column_text(rows, at++));
	run->sha256 = arena_copy(arena, db_column_text(rows, at++));
	run->bytes = (uint64_t)db_column_int(rows, at++);
	run->archived_sha256 = arena_copy(arena, db_column_text(rows, at++));
	run->archived_bytes = (uint64_t)db_column_int(rows, at++);
	run->summary_sha256 = arena_copy(arena, db_column_text(rows, at++));
	for (enum artefact a = 0; a < ARTEFACTS; a++) {
		run->hashes[a] = arena_copy(arena, db_column_text(rows, at++));
		run->sizes.of[a] = (uint64_t)db_column_int(rows, at++);
	}
	run->number = (uint64_t)db_column_int(rows, at++);
	run->input_pruned = arena_copy(arena, db_column_text(rows, at++));
	run->answer_pruned = arena_copy(arena, db_column_text(rows, at++));
	kept->has_texts = db_column_int(rows, at++) != 0;
}

/* The summary shows a cell of its file (summary_quotes_cells), and is not in the outbox any more:
 * what is there need not go from here. In its texts quotation marks are escaped. */
#define QUOTES                                                                                     \
	"(answer_pruned <> '' AND summary <> '' AND (summary NOT LIKE '%\"refusal\":null,%' OR "   \
	"summary LIKE '%\"code\":\"words_not_mapped\"%'))"

struct error kept_list(struct db *db, struct slice feed, const struct ledger_page *page,
    struct arena *arena, struct kept_run **runs, size_t *count)
{
	*count = 0;
	*runs = arena_alloc(arena, (page->limit + 1) * sizeof **runs);
	if (!*runs)
		return error_memory("reading the ledger");
	struct db_rows rows = db_select(db,
	    "SELECT state, run, feed, name, sha256, bytes, archived_sha256, archived_bytes, "
	    "summary_sha256, result_sha256, result_bytes, retry_sha256, retry_bytes, plan_sha256, "
	    "plan_bytes, report_sha256, report_bytes, number, input_pruned, answer_pruned, CASE "
	    "WHEN counts = '' AND NOT " QUOTES
	    " THEN 0 ELSE 1 END FROM {enrold_run} WHERE run > ?1 AND run < ?2 AND feed = ?3 ORDER "
	    "BY run LIMIT ?4",
	    DB_VALUES(db_string(page->after), db_string(page->before), db_text(feed),
	        db_int(page->limit)));
	while (*count < page->limit && db_next(&rows))
		run_take(&rows, arena, &(*runs)[(*count)++]);
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("reading the ledger") : db_error(db);
}

/* The first column, and if more are wanted the second. */
static struct error ids_take(
    struct db *db, struct db_rows *rows, struct arena *arena, struct kept_ids *ids[2])
{
	struct error error = OK;
	while (!is_error(&error) && db_next(rows))
		for (int i = 0; i < 2 && ids[i] && !is_error(&error); i++)
			error = kept_add(ids[i], arena, db_column_text(rows, i));
	db_rows_close(rows);
	return is_error(&error) ? error : db_error(db);
}

struct error kept_find_plans(struct db *db, struct slice feed, struct arena *arena,
    struct kept_ids *runs, struct kept_ids *sources)
{
	struct db_rows rows = db_select(db,
	    "SELECT run, source FROM {enrold_plan} WHERE feed = ? AND state = 'open' ORDER BY run",
	    DB_VALUES(db_text(feed)));
	return ids_take(db, &rows, arena, (struct kept_ids *[2]){runs, sources});
}

struct error kept_find_suspended(
    struct db *db, struct slice feed, int64_t since_s, struct arena *arena, struct kept_ids *runs)
{
	struct db_rows rows = db_select(db,
	    "SELECT DISTINCT suspended_by FROM {enrold_listing} WHERE feed = ? AND suspended_at > "
	    "?",
	    DB_VALUES(db_text(feed), db_int(since_s)));
	struct error error = ids_take(db, &rows, arena, (struct kept_ids *[2]){runs, NULL});
	kept_sort(runs);
	return error;
}

static struct error measure_find(struct db *db, const char *sql, const struct db_value *values,
    size_t count, struct arena *arena, struct kept_ids *runs)
{
	struct db_rows rows = db_select(db, sql, values, count);
	return ids_take(db, &rows, arena, (struct kept_ids *[2]){runs, NULL});
}

struct error kept_find_measures(
    struct db *db, struct slice feed, struct arena *arena, struct kept_ids *runs)
{
	struct error error = measure_find(db,
	    "SELECT run FROM {enrold_run} WHERE feed = ? AND is_measure = 1 ORDER BY run DESC "
	    "LIMIT 1",
	    DB_VALUES(db_text(feed)), arena, runs);
	if (!is_error(&error))
		error = measure_find(db,
		    "SELECT run FROM {enrold_run} WHERE feed = ? AND state = 'applied' AND name "
		    "NOT "
		    "LIKE 'prune-________.csv' ORDER BY run DESC LIMIT 1",
		    DB_VALUES(db_text(feed)), arena, runs);
	if (!is_error(&error))
		error = measure_find(db, "SELECT run FROM {enrold_base} WHERE feed = ?",
		    DB_VALUES(db_text(feed)), arena, runs);
	if (!is_error(&error))
		error = measure_find(
		    db, "SELECT run FROM {enrold_head} WHERE id = 1", DB_NONE, arena, runs);
	kept_sort(runs);
	return error;
}

/* ---- writing ---- */

static const char *const set[KEPT_MARKS] = {
    [KEPT_INPUT] = "UPDATE {enrold_run} SET input_pruned = ?1 WHERE ",
    [KEPT_ANSWER] = "UPDATE {enrold_run} SET answer_pruned = ?1 WHERE ",
    [KEPT_TEXTS] = ("UPDATE {enrold_run} SET counts = '', summary = CASE WHEN " QUOTES
                    " THEN '' ELSE summary END WHERE "),
    /* Nobody has said that it is not wanted: the same may be asked again. */
    [KEPT_PLAN] = ("UPDATE {enrold_plan} SET state = 'discarded', closed_by = ?1, why = ?2, base = "
                   "'', content = '' WHERE state = 'open' AND "),
};

/* So many in one statement. */
enum { TOGETHER = 500 };

/* Ids are digits and hyphens. */
static void some_name(struct buffer *sql, const char *head, const struct kept_ids *ids, size_t from)
{
	buffer_clear(sql);
	buffer_print(sql, "%srun IN (", head);
	for (size_t i = from; i < ids->count && i < from + TOGETHER; i++)
		buffer_print(sql, "%s'%s'", i > from ? ", " : "", ids->items[i]);
	buffer_print(sql, ")%c", '\0');
}

static struct error all_run(struct db *db, const char *head, const struct kept_ids *ids,
    const struct db_value *values, size_t count)
{
	struct buffer sql = {0};
	for (size_t i = 0; i < ids->count && !sql.failed; i += TOGETHER) {
		some_name(&sql, head, ids, i);
		if (!sql.failed)
			db_run_once(db, sql.bytes, values, count);
	}
	bool has_failed = sql.failed;
	buffer_done(&sql);
	return has_failed ? error_memory("noting what is pruned") : db_error(db);
}

struct error kept_store(struct db *db, enum kept_mark mark, const struct kept_ids *ids,
    struct slice by, struct slice why)
{
	if (mark == KEPT_PLAN)
		return all_run(db, set[mark], ids, DB_VALUES(db_text(by), db_text(why)));
	if (mark != KEPT_TEXTS)
		return all_run(db, set[mark], ids, DB_VALUES(db_text(by)));
	struct error error = all_run(db, set[mark], ids, DB_NONE);
	if (!is_error(&error))
		error = all_run(db,
		    "UPDATE {enrold_plan} SET why = '', base = '' WHERE state <> 'open' AND ", ids,
		    DB_NONE);
	return error;
}

#define OF_DELETED "userid IN (SELECT id FROM {user} WHERE deleted = 1)"
#define OF_FEED "FROM {enrold_listing} WHERE feed = ? AND " OF_DELETED

struct error kept_has_claims(struct db *db, struct slice feed, bool *has)
{
	*has = db_find(db, "SELECT 1 " OF_FEED " LIMIT 1", 0, DB_VALUES(db_text(feed))) != 0;
	return db_error(db);
}

struct error kept_drop_claims(struct db *db, struct slice feed)
{
	db_run(db, "DELETE " OF_FEED, DB_VALUES(db_text(feed)));
	return db_error(db);
}

struct error kept_drop_all_claims(struct db *db)
{
	db_run(db, "DELETE FROM {enrold_listing} WHERE " OF_DELETED, DB_NONE);
	return db_error(db);
}
