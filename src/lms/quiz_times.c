/*
 * quiz_times: until when an open attempt at a quiz may go on, anew for those who have left a group
 * for which that quiz makes an exception, as mod_quiz does by an observer (lms/README 10.5).
 */
#include "work.h"

#include <stdlib.h>

/* One of the times: own exception, those of the person's groups, the quiz's. 0: no limit. */
struct quiz_time {
	bool has_own, has_group, is_group_unlimited;
	int64_t own, group, quiz;
};

struct attempt {
	int64_t id, user, quiz, start, grace; /* grace: what is overdue gets in addition */
	struct quiz_time close, limit;
};

struct attempts {
	struct attempt *items;
	size_t count, room;
};

static void attempt_add(struct work *work, struct attempts *all, const struct db_rows *rows)
{
	if (all->count == all->room) {
		size_t room = all->room * 2 + 64;
		all->items =
		    arena_grow(work->arena, all->items, all->count, room, sizeof *all->items);
		all->room = room;
	}
	if (arena_has_failed(work->arena))
		return;
	bool is_overdue = slice_is(db_column_text(rows, 4), SLICE("overdue"));
	all->items[all->count++] = (struct attempt){.id = db_column_int(rows, 0),
	    .user = db_column_int(rows, 1),
	    .quiz = db_column_int(rows, 2),
	    .start = db_column_int(rows, 3),
	    .grace = is_overdue ? db_column_int(rows, 5) : 0,
	    .close = {.quiz = db_column_int(rows, 6)},
	    .limit = {.quiz = db_column_int(rows, 7)}};
}

static int by_id(const void *a, const void *b)
{
	const struct attempt *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Each once, though several of the groups left may have an exception. */
static void attempts_find(
    struct work *work, const struct gone_members *gone, struct attempts *attempts)
{
	struct db_questions questions = db_questions_begin(work->arena);
	size_t used = 0;
	for (size_t i = 0; i < gone->count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(gone->items[i].user), db_int(gone->items[i].group)));
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT a.id, a.userid, a.quiz, a.timestart, a.state, q.graceperiod, q.timeclose, "
	    "q.timelimit FROM {each}{quiz_overrides} o JOIN {quiz_attempts} a ON a.quiz = o.quiz "
	    "JOIN {quiz} q ON q.id = a.quiz WHERE o.groupid = ?2 AND a.userid = ?1 AND {no_index "
	    "a.state} IN ('inprogress', 'overdue')",
	    &questions);
	while (db_next(&rows))
		attempt_add(work, attempts, &rows);
	if (attempts->count > 0)
		qsort(attempts->items, attempts->count, sizeof *attempts->items, by_id);
	for (size_t i = 0; i < attempts->count; i++)
		if (used == 0 || attempts->items[used - 1].id != attempts->items[i].id)
			attempts->items[used++] = attempts->items[i];
	attempts->count = used;
}

static void exception_note(struct quiz_time *time, const struct db_rows *rows, int column)
{
	bool is_own = db_column_int(rows, 0) != 0;
	int64_t value = db_column_int(rows, column);
	if (!db_column_text(rows, column).bytes)
		return; /* NULL: none of this time */
	if (is_own) {
		time->has_own = true;
		time->own = value > time->own ? value : time->own;
		return;
	}
	time->has_group = true;
	time->is_group_unlimited |= value == 0;
	time->group = value > time->group ? value : time->group;
}

static void exceptions_find(struct work *work, struct attempts *attempts)
{
	struct db_questions questions = db_questions_begin(work->arena);
	if (attempts->count == 0)
		return;
	for (size_t i = 0; i < attempts->count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(attempts->items[i].user), db_int(attempts->items[i].quiz)));
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT coalesce(o.userid, 0), o.timeclose, o.timelimit FROM {each}{quiz_overrides} o "
	    "WHERE o.quiz = ?2 AND ({no_index o.userid} = ?1 OR {no_index o.groupid} IN (SELECT "
	    "m.groupid FROM {groups_members} m WHERE m.userid = ?1))",
	    &questions);
	while (db_next(&rows)) {
		exception_note(&attempts->items[rows.tag].close, &rows, 1);
		exception_note(&attempts->items[rows.tag].limit, &rows, 2);
	}
}

static int64_t effective(const struct quiz_time *time)
{
	if (time->has_own)
		return time->own;
	if (!time->has_group)
		return time->quiz;
	return time->is_group_unlimited ? 0 : time->group;
}

/* 0: never. */
static int64_t check_time(const struct attempt *attempt)
{
	int64_t close = effective(&attempt->close), limit = effective(&attempt->limit);
	int64_t over = attempt->start + limit;
	if (limit == 0 && close == 0)
		return 0;
	if (limit == 0 || (close != 0 && close <= over))
		return close + attempt->grace;
	return over + attempt->grace;
}

void quiz_times_follow(struct work *work, const struct gone_members *gone)
{
	static const char *const tables[] = {"quiz", "quiz_overrides", "quiz_attempts"};
	struct attempts attempts = {0};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (!rights_has_table(&work->lms->rights, tables[i]))
			return;
	if (gone->count == 0)
		return;
	attempts_find(work, gone, &attempts);
	exceptions_find(work, &attempts);
	for (size_t i = 0; i < attempts.count; i++) {
		int64_t time = check_time(&attempts.items[i]);
		db_run(work->lms->db, "UPDATE {quiz_attempts} SET timecheckstate = ? WHERE id = ?",
		    DB_VALUES(time != 0 ? db_int(time) : db_text_or_null((struct slice){NULL, 0}),
		        db_int(attempts.items[i].id)));
	}
}
