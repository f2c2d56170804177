/*
 * dirty_flags: rows of cache_flags. Moodle keeps them without a unique key: update, else insert.
 */
#include "work.h"

#include "census.h"

#include "enrold/value.h"

#include <stdlib.h>

#define FLAG_AGAIN "UPDATE {cache_flags} SET timemodified = ?, value = '1', expiry = ? WHERE id = ?"

static const struct db_table cache_flags_table = {
    "cache_flags", "flagtype, name, timemodified, value, expiry", 5};

void dirty_flag_set(struct work *work, const char *type, int64_t user)
{
	if (work->flags_count == work->flags_room) {
		size_t room = work->flags_room * 2 + 64;
		work->flags = arena_grow(
		    work->arena, work->flags, work->flags_count, room, sizeof *work->flags);
		work->flags_room = room;
	}
	if (!arena_has_failed(work->arena))
		work->flags[work->flags_count++] = (struct dirty_flag){type, user};
}

static int flag_compare(const void *a, const void *b)
{
	const struct dirty_flag *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return strcmp(x->type, y->type);
}

/* Sorted, each once. */
static void flags_dedup(struct work *work)
{
	size_t used = 0;
	qsort(work->flags, work->flags_count, sizeof *work->flags, flag_compare);
	for (size_t i = 0; i < work->flags_count; i++)
		if (used == 0 || flag_compare(&work->flags[i], &work->flags[used - 1]) != 0)
			work->flags[used++] = work->flags[i];
	work->flags_count = used;
}

static struct db_value number_text(struct work *work, int64_t number)
{
	return db_text(arena_print(work->arena, "%lld", (long long)number));
}

static int64_t number_read(struct slice text)
{
	int64_t number;
	return value_parse_whole(text, &number) ? number : 0;
}

void dirty_flags_write(struct work *work)
{
	struct db *db = work->lms->db;
	struct db_questions questions = db_questions_begin(work->arena);
	struct db_value now = db_int(work->effects->now);
	struct db_value expiry = db_int(work->effects->now + work->lms->site.session_timeout);
	if (work->flags_count == 0 || arena_has_failed(work->arena))
		return;
	flags_dedup(work);
	bool *is_there = arena_alloc(work->arena, work->flags_count * sizeof *is_there);
	for (size_t i = 0; i < work->flags_count; i++)
		db_question(&questions, i,
		    DB_VALUES(
		        number_text(work, work->flags[i].user), db_string(work->flags[i].type)));
	struct db_rows rows = db_ask(db,
	    "SELECT id FROM {each}{cache_flags} WHERE name = ?1 AND {no_index flagtype} = ?2",
	    &questions);
	while (is_there && db_next(&rows)) {
		is_there[rows.tag] = true;
		db_run(db, FLAG_AGAIN, DB_VALUES(now, expiry, db_int(db_column_int(&rows, 0))));
	}
	struct new_rows new = new_rows_begin(work, &cache_flags_table, work->flags_count);
	for (size_t i = 0; i < questions.count && is_there; i++)
		if (!is_there[i])
			new_rows_add(
			    &new, DB_VALUES(questions.values[2 * i + 1], questions.values[2 * i],
			              now, db_string("1"), expiry));
	db_insert_all(db, new.table, new.values, new.count, NULL);
}

/* ---- of many at once ---- */

/* Rows that are there already, and whose they are. */
struct flagged {
	const int64_t *users; /* ascending */
	size_t count;
	bool *has; /* by user */
	int64_t *rows;
	size_t rows_count, rows_room;
	bool has_failed;
};

static void flagged_find(struct flagged *flagged, int64_t row, int64_t user)
{
	const int64_t *found =
	    bsearch(&user, flagged->users, flagged->count, sizeof user, census_compare_ids);
	if (!found)
		return;
	flagged->has[found - flagged->users] = true;
	if (flagged->rows_count == flagged->rows_room) {
		size_t room = flagged->rows_room * 2 + 1024;
		int64_t *grown = reallocarray(flagged->rows, room, sizeof *grown);
		if (!grown) {
			flagged->has_failed = true;
			return;
		}
		flagged->rows = grown;
		flagged->rows_room = room;
	}
	flagged->rows[flagged->rows_count++] = row;
}

/* Reads all there are: as a rule fewer than the people who get one. */
static void flagged_scan(struct db *db, struct flagged *flagged)
{
	struct db_rows rows = db_scan(
	    db, "SELECT id, name FROM {cache_flags} WHERE {no_index flagtype} = '" DIRTY_USERS "'");
	while (db_next(&rows))
		flagged_find(
		    flagged, db_column_int(&rows, 0), number_read(db_column_text(&rows, 1)));
	db_rows_close(&rows);
}

static void flagged_ask(struct work *work, struct flagged *flagged)
{
	for (size_t i = 0; i < flagged->count; i += ROWS_TOGETHER) {
		struct db_questions questions = db_questions_begin(work->arena);
		for (size_t k = i; k < flagged->count && k < i + ROWS_TOGETHER; k++)
			db_question(&questions, k, DB_VALUES(number_text(work, flagged->users[k])));
		struct db_rows rows = db_ask(work->lms->db,
		    "SELECT id FROM {each}{cache_flags} WHERE name = ?1 AND {no_index flagtype} = "
		    "'" DIRTY_USERS "'",
		    &questions);
		while (db_next(&rows))
			flagged_find(flagged, db_column_int(&rows, 0), flagged->users[rows.tag]);
		if (arena_has_failed(work->arena))
			return;
		arena_reset(work->arena);
	}
}

static void flagged_write(struct work *work, const struct flagged *flagged)
{
	struct db *db = work->lms->db;
	const struct db_value now = db_int(work->effects->now);
	const struct db_value expiry = db_int(work->effects->now + work->lms->site.session_timeout);
	for (size_t i = 0; i < flagged->rows_count; i++)
		db_run(db, FLAG_AGAIN, DB_VALUES(now, expiry, db_int(flagged->rows[i])));
	size_t room = flagged->count < ROWS_TOGETHER ? flagged->count : ROWS_TOGETHER;
	struct new_rows new = new_rows_begin(work, &cache_flags_table, room);
	for (size_t i = 0; i < flagged->count; i++) {
		if (!flagged->has[i])
			new_rows_add(&new,
			    DB_VALUES(db_string(DIRTY_USERS), number_text(work, flagged->users[i]),
			        now, db_string("1"), expiry));
		if (new.count < new.room && i + 1 < flagged->count)
			continue;
		db_insert_all(db, new.table, new.values, new.count, NULL);
		new.count = 0;
	}
}

void people_mark_dirty(struct lms *lms, const int64_t *users, size_t count, int64_t now)
{
	const struct effects effects = {.now = now};
	struct work work = {.lms = lms, .effects = &effects, .arena = arena_create()};
	struct flagged flagged = {
	    .users = users, .count = count, .has = calloc(count, sizeof(bool))};
	flagged.has_failed = !work.arena || !flagged.has;
	if (!flagged.has_failed && census_is_worth(lms->db, CENSUS_OF_FLAGS, count))
		flagged_scan(lms->db, &flagged);
	else if (!flagged.has_failed)
		flagged_ask(&work, &flagged);
	if (!flagged.has_failed)
		flagged_write(&work, &flagged);
	if (flagged.has_failed || arena_has_failed(work.arena))
		db_fail(lms->db, error_memory("telling sessions to look again"));
	free(flagged.has);
	free(flagged.rows);
	arena_free(work.arena);
}
