/*
 * flag: rows of cache_flags. Moodle keeps them without a unique key: update, else insert.
 */
#include "parts.h"

#include <stdlib.h>

static const struct db_table cache_flags_table = {
    "cache_flags", "flagtype, name, timemodified, value, expiry", 5};

void flag_set(struct work *work, const char *type, int64_t user)
{
	if (work->flags_count == work->flags_room) {
		size_t room = work->flags_room * 2 + 64;
		work->flags = arena_grow(
		    work->arena, work->flags, work->flags_count, room, sizeof *work->flags);
		work->flags_room = room;
	}
	if (!arena_has_failed(work->arena))
		work->flags[work->flags_count++] = (struct flag){type, user};
}

static int flag_compare(const void *a, const void *b)
{
	const struct flag *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return strcmp(x->type, y->type);
}

/* Sorted, each once. */
static void flags_settle(struct work *work)
{
	size_t used = 0;
	qsort(work->flags, work->flags_count, sizeof *work->flags, flag_compare);
	for (size_t i = 0; i < work->flags_count; i++)
		if (used == 0 || flag_compare(&work->flags[i], &work->flags[used - 1]) != 0)
			work->flags[used++] = work->flags[i];
	work->flags_count = used;
}

void flags_write(struct work *work)
{
	struct db *db = work->lms->db;
	struct db_questions questions = db_questions(work->arena);
	struct db_value now = db_int(work->effects->now);
	struct db_value expiry = db_int(work->effects->now + work->lms->site.session_timeout);
	if (work->flags_count == 0)
		return;
	flags_settle(work);
	bool *is_there = arena_alloc(work->arena, work->flags_count * sizeof *is_there);
	for (size_t i = 0; i < work->flags_count; i++)
		db_question(&questions, i,
		    DB_VALUES(
		        db_text(arena_print(work->arena, "%lld", (long long)work->flags[i].user)),
		        db_string(work->flags[i].type)));
	struct db_rows rows = db_ask(db,
	    "SELECT id FROM {each}{cache_flags} WHERE name = ?1 AND {loose flagtype} = ?2",
	    &questions);
	while (is_there && db_next(&rows)) {
		is_there[rows.about] = true;
		db_run(db,
		    "UPDATE {cache_flags} SET timemodified = ?, value = '1', expiry = ? WHERE id = "
		    "?",
		    DB_VALUES(now, expiry, db_int(db_column_int(&rows, 0))));
	}
	struct new_rows new = new_rows(work, &cache_flags_table, work->flags_count);
	for (size_t i = 0; i < questions.count && is_there; i++)
		if (!is_there[i])
			new_rows_add(
			    &new, DB_VALUES(questions.values[2 * i + 1], questions.values[2 * i],
			              now, db_string("1"), expiry));
	new_rows_write(work, &new);
}

void people_flag(struct lms *lms, const int64_t *users, size_t count, int64_t now)
{
	const struct effects effects = {.now = now};
	struct work work = {.lms = lms, .effects = &effects, .arena = arena_create()};
	for (size_t i = 0; i < count && work.arena; i++) {
		flag_set(&work, "accesslib/dirtyusers", users[i]);
		if (work.flags_count < ROWS_TOGETHER && i + 1 < count)
			continue;
		flags_write(&work);
		if (arena_has_failed(work.arena))
			break;
		arena_reset(work.arena);
		work.flags = NULL;
		work.flags_count = work.flags_room = 0;
	}
	if (!work.arena || arena_has_failed(work.arena))
		db_fail(lms->db, error_memory("telling sessions to look again"));
	arena_free(work.arena);
}
