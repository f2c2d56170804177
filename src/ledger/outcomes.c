/*
 * outcomes: what became of many runs, for pages that are read at a glance. Of a run's row the long
 * texts, its summary above all, are never read: SQLite keeps what lies behind them on pages of
 * their own, and ten thousand rows would be tens of megabytes.
 */
#include "enrold/ledger.h"

#include "enrold/db.h"

/* No run is behind it, by whatever language a server sorts. */
#define RUN_END "99999999-999999-999999"

/* Those in front of the summary. */
#define COLUMNS "state, run, feed, name, counts, started_us, result_bytes, retry_bytes"
#define PAGE(columns, order)                                                                       \
	"SELECT " columns " FROM {enrold_run} WHERE run > ?1 AND run < ?2 ORDER BY run " order     \
	" LIMIT ?3"

static void take(const struct db_rows *rows, struct arena *arena, struct ledger_brief *run)
{
	int at = 0;
	run->state = ledger_state_parse(db_column_text(rows, at++));
	run->run = arena_copy(arena, db_column_text(rows, at++));
	run->feed = arena_copy(arena, db_column_text(rows, at++));
	run->name = arena_copy(arena, db_column_text(rows, at++));
	run->counts = arena_copy(arena, db_column_text(rows, at++));
	run->started_us = db_column_int(rows, at++);
	run->result_bytes = (uint64_t)db_column_int(rows, at++);
	run->retry_bytes = (uint64_t)db_column_int(rows, at++);
	run->number = (uint64_t)db_column_int(rows, at);
}

static struct error list(struct db *db, const char *sql, const struct ledger_page *page,
    struct arena *arena, struct ledger_brief **runs, size_t *count)
{
	*count = 0;
	*runs = arena_alloc(arena, (page->limit + 1) * sizeof **runs);
	if (!*runs)
		return error_memory("reading the ledger");
	struct db_rows rows = db_select(db, sql,
	    DB_VALUES(db_string(page->after), db_string(*page->before ? page->before : RUN_END),
	        db_int(page->limit)));
	while (*count < page->limit && db_next(&rows))
		take(&rows, arena, &(*runs)[(*count)++]);
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("reading the ledger") : db_error(db);
}

struct error ledger_list_outcomes(struct db *db, const struct ledger_page *page,
    struct arena *arena, struct ledger_brief **runs, size_t *count)
{
	return list(db,
	    page->is_newest_first ? PAGE(COLUMNS ", 0", "DESC") : PAGE(COLUMNS ", 0", "ASC"), page,
	    arena, runs, count);
}

struct error ledger_list_numbered(struct db *db, const struct ledger_page *page,
    struct arena *arena, struct ledger_brief **runs, size_t *count)
{
	return list(db,
	    page->is_newest_first ? PAGE(COLUMNS ", number", "DESC")
	                          : PAGE(COLUMNS ", number", "ASC"),
	    page, arena, runs, count);
}
