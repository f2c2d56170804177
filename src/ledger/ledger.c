#include "enrold/ledger.h"

#include "enrold/db.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * The columns of enrold_run, besides `run` and `state`, and where each is kept in struct
 * ledger_run: what is read and what is written come from here.
 */
#define COLUMNS(TEXT, COUNT, TIME)                                                                 \
	TEXT(feed, feed)                                                                           \
	TEXT(name, name)                                                                           \
	TEXT(node, node)                                                                           \
	TEXT(sha256, sha256)                                                                       \
	TEXT(policy, policy)                                                                       \
	TEXT(counts, counts)                                                                       \
	TEXT(summary, summary)                                                                     \
	TEXT(summary_sha256, summary_sha256)                                                       \
	TEXT(result_sha256, hashes[ARTEFACT_RESULT])                                               \
	TEXT(retry_sha256, hashes[ARTEFACT_RETRY])                                                 \
	TEXT(plan_sha256, hashes[ARTEFACT_PLAN])                                                   \
	TEXT(report_sha256, hashes[ARTEFACT_REPORT])                                               \
	COUNT(bytes, bytes)                                                                        \
	TIME(started_us, started_us)                                                               \
	TIME(today, today)                                                                         \
	COUNT(records, records)                                                                    \
	COUNT(result_bytes, sizes.of[ARTEFACT_RESULT])                                             \
	COUNT(retry_bytes, sizes.of[ARTEFACT_RETRY])                                               \
	COUNT(plan_bytes, sizes.of[ARTEFACT_PLAN])                                                 \
	COUNT(report_bytes, sizes.of[ARTEFACT_REPORT])                                             \
	COUNT(people, people)                                                                      \
	COUNT(owner, owner)                                                                        \
	COUNT(is_measure, is_measure)                                                              \
	COUNT(number, number)                                                                      \
	COUNT(archived_bytes, archived_bytes)                                                      \
	TEXT(archived_sha256, archived_sha256)                                                     \
	TEXT(input_pruned, input_pruned)                                                           \
	TEXT(answer_pruned, answer_pruned)

#define ONE(column, field) +1 /* NOLINT(bugprone-macro-parentheses): a sum is made of them */
/* In a list, where `run` stands behind all others. */
enum { RUN_COLUMN = 1 COLUMNS(ONE, ONE, ONE) };

#define NAME(column, field) ", " #column
#define MARK(column, field) ", ?"
#define TAKE_TEXT(column, field) found->field = arena_copy(arena, db_column_text(rows, at++));
#define TAKE_COUNT(column, field) found->field = (uint64_t)db_column_int(rows, at++);
#define TAKE_TIME(column, field) found->field = db_column_int(rows, at++);
#define GIVE_TEXT(column, field) , db_text(run->field)
#define GIVE_COUNT(column, field) , db_int((int64_t)run->field)
#define GIVE_TIME(column, field) , db_int(run->field)

static void run_take(const struct db_rows *rows, struct arena *arena, struct ledger_run *found)
{
	int at = 0;
	found->state = ledger_state_parse(db_column_text(rows, at++));
	COLUMNS(TAKE_TEXT, TAKE_COUNT, TAKE_TIME)
}

struct error ledger_find(
    struct db *db, struct slice run, struct arena *arena, struct ledger_run *found)
{
	*found = (struct ledger_run){.state = RUN_UNKNOWN, .run = run};
	struct db_rows rows = db_select(db,
	    "SELECT state" COLUMNS(NAME, NAME, NAME) " FROM {enrold_run} WHERE run = ?",
	    DB_VALUES(db_text(run)));
	if (db_next(&rows))
		run_take(&rows, arena, found);
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("reading the ledger") : db_error(db);
}

#define PAGE(order)                                                                                \
	"SELECT state" COLUMNS(NAME, NAME, NAME) ", run FROM {enrold_run} WHERE run > ?1 AND "     \
	                                         "run < ?2 ORDER BY run " order " LIMIT ?3"

/* No run is behind it, by whatever language a server sorts. */
#define RUN_END "99999999-999999-999999"

struct error ledger_list(struct db *db, const struct ledger_page *page, struct arena *arena,
    struct ledger_run **runs, size_t *count)
{
	*count = 0;
	*runs = arena_alloc(arena, (page->limit + 1) * sizeof **runs);
	if (!*runs)
		return error_memory("reading the ledger");
	struct db_rows rows = db_select(db, page->is_newest_first ? PAGE("DESC") : PAGE("ASC"),
	    DB_VALUES(db_string(page->after), db_string(*page->before ? page->before : RUN_END),
	        db_int(page->limit)));
	while (*count < page->limit && db_next(&rows)) {
		struct ledger_run *run = &(*runs)[(*count)++];
		*run = (struct ledger_run){.state = RUN_UNKNOWN};
		run_take(&rows, arena, run);
		run->run = arena_copy(arena, db_column_text(&rows, RUN_COLUMN));
	}
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("reading the ledger") : db_error(db);
}

/* The short columns, which stand in front of the long ones. */
#define BRIEF_PAGE(order)                                                                          \
	"SELECT state, run, feed, name, sha256, bytes, started_us, records FROM {enrold_run} "     \
	"WHERE run > ?1 AND run < ?2 ORDER BY run " order " LIMIT ?3"

static void brief_take(const struct db_rows *rows, struct arena *arena, struct ledger_run *run)
{
	int at = 0;
	run->state = ledger_state_parse(db_column_text(rows, at++));
	run->run = arena_copy(arena, db_column_text(rows, at++));
	run->feed = arena_copy(arena, db_column_text(rows, at++));
	run->name = arena_copy(arena, db_column_text(rows, at++));
	run->sha256 = arena_copy(arena, db_column_text(rows, at++));
	run->bytes = (uint64_t)db_column_int(rows, at++);
	run->started_us = db_column_int(rows, at++);
	run->records = (uint64_t)db_column_int(rows, at++);
}

struct error ledger_list_briefly(struct db *db, const struct ledger_page *page, struct arena *arena,
    struct ledger_run **runs, size_t *count)
{
	*count = 0;
	*runs = arena_alloc(arena, (page->limit + 1) * sizeof **runs);
	if (!*runs)
		return error_memory("reading the ledger");
	struct db_rows rows =
	    db_select(db, page->is_newest_first ? BRIEF_PAGE("DESC") : BRIEF_PAGE("ASC"),
	        DB_VALUES(db_string(page->after), db_string(*page->before ? page->before : RUN_END),
	            db_int(page->limit)));
	while (*count < page->limit && db_next(&rows)) {
		struct ledger_run *run = &(*runs)[(*count)++];
		*run = (struct ledger_run){.state = RUN_UNKNOWN};
		brief_take(&rows, arena, run);
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
		state = ledger_state_parse(db_column_text(&rows, 0));
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
	    "INSERT INTO {enrold_run} (run, state" COLUMNS(
	        NAME, NAME, NAME) ") VALUES (?, ?" COLUMNS(MARK, MARK, MARK) ")",
	    DB_VALUES(db_text(run->run), db_string(ledger_state_name(run->state))
	                                     COLUMNS(GIVE_TEXT, GIVE_COUNT, GIVE_TIME)));
	/* What is answered is what the ledger says, in this very transaction. */
	return ledger_check(db, run);
}

/* Cut to its size; what is longer somebody else has written. */
static void text_take(const struct db_rows *rows, int column, char *text, size_t size)
{
	snprintf(text, size, "%.*s", SLICE_ARG(db_column_text(rows, column)));
}

static struct error head_select(struct db *db, const char *sql, struct ledger_head *head)
{
	*head = (struct ledger_head){.number = 0};
	memset(head->chain, '0', HASH_TEXT_SIZE);
	struct db_rows rows = db_select(db, sql, DB_NONE);
	if (db_next(&rows)) {
		text_take(&rows, 0, head->chain, sizeof head->chain);
		text_take(&rows, 1, head->run, sizeof head->run);
		head->number = (uint64_t)db_column_int(&rows, 2);
	}
	db_rows_close(&rows);
	return db_error(db);
}

struct error ledger_find_head(struct db *db, struct ledger_head *head)
{
	return head_select(
	    db, "SELECT head, run, number FROM {enrold_head} WHERE id = 1 {lock}", head);
}

struct error ledger_read_head(struct db *db, struct ledger_head *head)
{
	return head_select(db, "SELECT head, run, number FROM {enrold_head} WHERE id = 1", head);
}

struct error ledger_set_head(struct db *db, const struct ledger_head *head)
{
	db_run(db,
	    "INSERT INTO {enrold_head} (id, head, run, number) VALUES (1, ?1, ?2, ?3) "
	    "{conflict id} head = ?1, run = ?2, number = ?3",
	    DB_VALUES(db_string(head->chain), db_string(head->run), db_int((int64_t)head->number)));
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

struct error ledger_sum(struct db *db, const char *since, struct ledger_growth *growth)
{
	*growth = (struct ledger_growth){0};
	struct db_rows rows = db_select(db,
	    "SELECT count(*), coalesce(sum(bytes), 0), coalesce(sum(result_bytes + retry_bytes), "
	    "0) "
	    "FROM {enrold_run} WHERE run >= ?",
	    DB_VALUES(db_string(since)));
	if (db_next(&rows))
		*growth = (struct ledger_growth){(uint64_t)db_column_int(&rows, 0),
		    (uint64_t)db_column_int(&rows, 1), (uint64_t)db_column_int(&rows, 2)};
	db_rows_close(&rows);
	return db_error(db);
}

struct error ledger_has_applied(struct db *db, struct slice feed, bool *has)
{
	*has =
	    db_find(db, "SELECT 1 FROM {enrold_run} WHERE feed = ? AND state = 'applied' LIMIT 1",
	        0, DB_VALUES(db_text(feed))) != 0;
	return db_error(db);
}

struct error ledger_has_name(
    struct db *db, struct slice feed, const char *name, const char *since, bool *has)
{
	*has = db_find(db,
	           "SELECT count(*) FROM {enrold_run} WHERE run >= ? AND feed = ? AND name = ?", 0,
	           DB_VALUES(db_string(since), db_text(feed), db_string(name))) != 0;
	return db_error(db);
}

struct error ledger_find_same(struct db *db, struct slice feed, struct slice sha256,
    struct slice before, char run[RUN_ID_SIZE + 1])
{
	memset(run, 0, RUN_ID_SIZE + 1);
	struct db_rows rows = db_select(db,
	    "SELECT coalesce(max(run), '') FROM {enrold_run} WHERE feed = ? AND state = 'applied' "
	    "AND sha256 = ? AND run < ?",
	    DB_VALUES(db_text(feed), db_text(sha256), db_text(before)));
	if (db_next(&rows)) {
		struct slice text = db_column_text(&rows, 0);
		memcpy(run, text.bytes, text.size < RUN_ID_SIZE ? text.size : RUN_ID_SIZE);
	}
	db_rows_close(&rows);
	return db_error(db);
}

struct error ledger_find_measure(struct db *db, struct slice feed, struct ledger_measure *measure)
{
	*measure = (struct ledger_measure){.has_last = false};
	struct db_rows rows = db_select(db,
	    "SELECT records, people FROM {enrold_run} WHERE feed = ? AND is_measure = 1 ORDER BY "
	    "run DESC LIMIT 1",
	    DB_VALUES(db_text(feed)));
	measure->has_last = db_next(&rows);
	if (measure->has_last) {
		measure->rows = (uint64_t)db_column_int(&rows, 0);
		measure->people = (uint64_t)db_column_int(&rows, 1);
	}
	db_rows_close(&rows);
	return db_error(db);
}

struct error ledger_find_largest(
    struct db *db, struct slice feed, const char *since, uint64_t *people)
{
	*people = (uint64_t)db_find(db,
	    "SELECT coalesce(max(people), 0) FROM {enrold_run} WHERE feed = ? AND is_measure = 1 "
	    "AND run >= ?",
	    0, DB_VALUES(db_text(feed), db_string(since)));
	return db_error(db);
}

struct error ledger_set_measure(struct db *db, struct slice run)
{
	db_run(db, "UPDATE {enrold_run} SET is_measure = 1 WHERE run = ?", DB_VALUES(db_text(run)));
	return db_error(db);
}

/* ---- all that have ended ---- */

struct error ledger_count(struct db *db, uint64_t *ended)
{
	struct db_rows rows =
	    db_scan(db, "SELECT count(*) FROM {enrold_run} WHERE state <> 'running'");
	*ended = db_next(&rows) ? (uint64_t)db_column_int(&rows, 0) : 0;
	db_rows_close(&rows);
	return db_error(db);
}

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
