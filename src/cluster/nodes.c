#include "enrold/nodes.h"

#include "enrold/db.h"

/* For calls between two beats: a daemon that waits for long is taken for dead. */
enum { BEAT_PATIENCE_S = 1 };

/* ---- a daemon's own row ---- */

/* The smallest that no other daemon has. */
static uint32_t slot_find(struct db *db, const char *node)
{
	uint64_t taken = 0;
	struct db_rows rows = db_select(
	    db, "SELECT slot FROM {enrold_node} WHERE node <> ?", DB_VALUES(db_string(node)));
	while (db_next(&rows))
		taken |= UINT64_C(1) << (db_column_int(&rows, 0) % NODE_SLOTS);
	for (uint32_t slot = 0; slot < NODE_SLOTS; slot++)
		if (!(taken & (UINT64_C(1) << slot)))
			return slot;
	return 0;
}

struct error nodes_join(struct db *db, const char *node, const char *token, uint32_t *slot)
{
	db_begin_alone(db, DB_PATIENCE_S);
	*slot = slot_find(db, node);
	db_run(db, "DELETE FROM {enrold_node} WHERE node = ?", DB_VALUES(db_string(node)));
	db_run(db, "INSERT INTO {enrold_node} (node, slot, token, beat) VALUES (?, ?, ?, 0)",
	    DB_VALUES(db_string(node), db_int(*slot), db_string(token)));
	return db_end(db);
}

static bool is_ours(struct db *db, const char *node, const char *token)
{
	return db_find(db, "SELECT 1 FROM {enrold_node} WHERE node = ? AND token = ?", 0,
	           DB_VALUES(db_string(node), db_string(token))) == 1;
}

struct error nodes_heartbeat(
    struct db *db, const char *node, const char *token, bool *is_still_ours)
{
	db_begin(db);
	db_run(db, "UPDATE {enrold_node} SET beat = beat + 1 WHERE node = ? AND token = ?",
	    DB_VALUES(db_string(node), db_string(token)));
	*is_still_ours = is_ours(db, node, token);
	return db_end(db);
}

struct error nodes_check(struct db *db, const char *node, const char *token)
{
	bool is_still_ours = is_ours(db, node, token);
	struct error error = db_error(db);
	if (!is_error(&error) && !is_still_ours)
		error = error_retry("this daemon was silent for so long that another one has taken "
		                    "over its work");
	return error;
}

struct error nodes_list(struct db *db, struct arena *arena, struct node **nodes, size_t *count)
{
	size_t room = 0;
	*nodes = NULL;
	*count = 0;
	struct db_rows rows =
	    db_select(db, "SELECT node, token, beat FROM {enrold_node} ORDER BY node", DB_NONE);
	while (db_next(&rows)) {
		if (*count == room) {
			*nodes = arena_grow(arena, *nodes, *count, room * 2 + 8, sizeof **nodes);
			room = room * 2 + 8;
		}
		if (arena_has_failed(arena))
			break;
		(*nodes)[(*count)++] = (struct node){arena_copy(arena, db_column_text(&rows, 0)),
		    arena_copy(arena, db_column_text(&rows, 1)), db_column_int(&rows, 2)};
	}
	db_rows_close(&rows);
	struct error error = db_error(db);
	db_rollback(db); /* of an error; a look leaves nothing */
	return arena_has_failed(arena) ? error_memory("looking at the other daemons") : error;
}

/* ---- feeds ---- */

struct error nodes_list_feeds(
    struct db *db, struct arena *arena, struct node_feed **feeds, size_t *count)
{
	size_t room = 0;
	*feeds = NULL;
	*count = 0;
	struct db_rows rows =
	    db_select(db, "SELECT feed, node FROM {enrold_feed} ORDER BY feed", DB_NONE);
	while (db_next(&rows)) {
		if (*count == room) {
			*feeds = arena_grow(arena, *feeds, *count, room * 2 + 8, sizeof **feeds);
			room = room * 2 + 8;
		}
		if (arena_has_failed(arena))
			break;
		(*feeds)[(*count)++] =
		    (struct node_feed){arena_copy(arena, db_column_text(&rows, 0)),
		        arena_copy(arena, db_column_text(&rows, 1))};
	}
	db_rows_close(&rows);
	struct error error = db_error(db);
	db_rollback(db); /* of an error; a look leaves nothing */
	return arena_has_failed(arena) ? error_memory("looking at the other daemons") : error;
}

struct error nodes_take_feed(struct db *db, const char *node, const char *feed,
    struct slice *holder, struct arena *arena, char last[RUN_ID_SIZE + 1])
{
	*holder = SLICE("");
	db_begin_alone(db, DB_PATIENCE_S);
	struct db_rows rows = db_select(
	    db, "SELECT node FROM {enrold_feed} WHERE feed = ?", DB_VALUES(db_string(feed)));
	bool is_known = db_next(&rows);
	if (is_known)
		*holder = arena_copy(arena, db_column_text(&rows, 0));
	db_rows_close(&rows);
	if (slice_is(*holder, slice_of(node)))
		*holder = SLICE("");
	if (!is_known)
		db_run(db, "INSERT INTO {enrold_feed} (feed, node) VALUES (?, ?)",
		    DB_VALUES(db_string(feed), db_string(node)));
	else if (holder->size == 0)
		db_run(db, "UPDATE {enrold_feed} SET node = ? WHERE feed = ?",
		    DB_VALUES(db_string(node), db_string(feed)));
	struct error error = ledger_last_run(db, last);
	struct error ended = db_end(db);
	if (!is_error(&error) && arena_has_failed(arena))
		error = error_memory("taking a feed");
	return is_error(&error) ? error : ended;
}

struct error nodes_free_feed(struct db *db, const char *node, const char *feed)
{
	db_begin_alone(db, BEAT_PATIENCE_S);
	db_run(db, "UPDATE {enrold_feed} SET node = '' WHERE feed = ? AND node = ?",
	    DB_VALUES(db_string(feed), db_string(node)));
	return db_end(db);
}

/* ---- the dead ---- */

/* A token that nobody has; should we die now, another daemon may fence the same one again. */
static const char fenced[] = "condemned";

struct error nodes_fence(struct db *db, const struct node *dead, bool *is_done)
{
	const struct db_value name = db_text(dead->name);
	db_begin_alone(db, BEAT_PATIENCE_S);
	*is_done =
	    db_find(db, "SELECT 1 FROM {enrold_node} WHERE node = ? AND token = ? AND beat = ?", 0,
	        DB_VALUES(name, db_text(dead->token), db_int(dead->beat))) == 1;
	if (*is_done)
		db_run(db, "UPDATE {enrold_node} SET token = ?, beat = beat + 1 WHERE node = ?",
		    DB_VALUES(db_string(fenced), name));
	return db_end(db);
}

struct error nodes_take_over(struct db *db, const char *dead, const char *heir)
{
	db_begin_alone(db, BEAT_PATIENCE_S);
	if (db_find(db, "SELECT 1 FROM {enrold_node} WHERE node = ? AND token = ?", 0,
	        DB_VALUES(db_string(dead), db_string(fenced))) == 1) {
		db_run(db, "UPDATE {enrold_feed} SET node = ? WHERE node = ?",
		    DB_VALUES(db_string(heir), db_string(dead)));
		db_run(db, "DELETE FROM {enrold_node} WHERE node = ?", DB_VALUES(db_string(dead)));
	}
	return db_end(db);
}
