/*
 * grades: those of somebody who has left a course for good go (lms/README 10.3): into the history,
 * with activities that were complete by them. Empty rows go as well; totals are not made again.
 */
#include "work.h"

#include "enrold/value.h"

/* A grade on its way out. */
struct grade {
	size_t leaving;
	int64_t id, item;
	bool is_overridden, has_feedback;
	struct slice final;           /* bytes NULL: none */
	struct audit_rows completion; /* told of before it */
};

struct grades {
	struct work *work;
	struct leaving *leavings;
	struct grade *items;
	size_t count, room;
};

static bool has_tables(const struct work *work, const char *const *tables, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!rights_has_table(&work->lms->rights, tables[i]))
			return false;
	return true;
}

/* As the column has it, five decimals, which SQLite does not keep. */
static struct slice five_decimals(struct arena *arena, struct slice number)
{
	enum { DECIMALS = 5 };
	const char *point = number.size > 0 ? memchr(number.bytes, '.', number.size) : NULL;
	if (!number.bytes)
		return number;
	size_t whole = point ? (size_t)(point - number.bytes) : number.size;
	size_t decimals = point ? number.size - whole - 1 : 0;
	int has = (int)(decimals < DECIMALS ? decimals : DECIMALS);
	return arena_print(arena, "%.*s.%.*s%.*s", (int)whole, number.bytes, has,
	    point ? point + 1 : "", DECIMALS - has, "00000");
}

static void grade_add(struct grades *all, const struct db_rows *rows)
{
	struct arena *arena = all->work->arena;
	if (all->count == all->room) {
		size_t room = all->room * 2 + 64;
		all->items = arena_grow(arena, all->items, all->count, room, sizeof *all->items);
		all->room = room;
	}
	if (arena_has_failed(arena))
		return;
	all->items[all->count++] = (struct grade){.leaving = rows->tag,
	    .id = db_column_int(rows, 0),
	    .item = db_column_int(rows, 1),
	    .is_overridden = db_column_int(rows, 2) != 0,
	    .has_feedback = db_column_text(rows, 3).size > 0,
	    .final = five_decimals(arena, db_column_text(rows, 4))};
}

static void grades_find(struct grades *all, size_t count)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < count; i++)
		if (!all->leavings[i].is_partial)
			db_question(&questions, i,
			    DB_VALUES(
			        db_int(all->leavings[i].user), db_int(all->leavings[i].course)));
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT g.id, g.itemid, g.overridden, g.feedback, g.finalgrade FROM "
	    "{each}{grade_items} i CROSS JOIN {grade_grades} g WHERE i.courseid = ?2 AND g.itemid "
	    "= i.id AND g.userid = ?1 ORDER BY g.id",
	    &questions);
	while (db_next(&rows))
		grade_add(all, &rows);
}

/* ---- activities that were complete by a grade ---- */

static void tell_incomplete(struct grades *all, size_t index, const struct db_rows *rows)
{
	struct work *work = all->work;
	struct grade *grade = &all->items[index];
	const struct leaving *leaving = &all->leavings[grade->leaving];
	json_t *data = json_pack("{s:o, s:n, s:i}", "relateduserid", audit_text(leaving->user),
	    "overrideby", "completionstate", 0);
	audit_add(work, &grade->completion,
	    (struct audit_row){.name = "\\core\\event\\course_module_completion_updated",
	        .target = "course_module_completion",
	        .action = "updated",
	        .table = "course_modules_completion",
	        .crud = "u",
	        .edulevel = 2,
	        .object = db_column_int(rows, 0),
	        .context = db_column_int(rows, 2),
	        .level = LEVEL_MODULE,
	        .instance = db_column_int(rows, 1),
	        .course = leaving->course,
	        .related = leaving->user,
	        .other = audit_other(work, data)});
}

/* What somebody has set to complete by hand stays so. */
static void completion_undo(struct grades *all)
{
	static const char *const tables[] = {
	    "course_modules", "modules", "course_modules_completion"};
	struct work *work = all->work;
	if (all->count == 0)
		return;
	struct db_questions questions = db_questions_begin(work->arena);
	if (!work->lms->completes || !has_tables(work, tables, sizeof tables / sizeof *tables))
		return;
	for (size_t i = 0; i < all->count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(all->items[i].item),
		        db_int(all->leavings[all->items[i].leaving].user)));
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT k.id, m.id, x.id FROM {each}{grade_items} i JOIN {course} c ON c.id = "
	    "i.courseid JOIN {modules} o ON o.name = i.itemmodule JOIN {course_modules} m ON "
	    "m.instance = i.iteminstance AND m.module = o.id AND m.course = c.id JOIN "
	    "{course_modules_completion} k ON k.coursemoduleid = m.id LEFT JOIN {context} x ON "
	    "x.contextlevel = 70 AND x.instanceid = m.id WHERE i.id = ?1 AND k.userid = ?2 AND "
	    "i.itemtype = 'mod' AND c.enablecompletion = 1 AND m.completion = 2 AND "
	    "m.completiongradeitemnumber = i.itemnumber AND k.completionstate <> 0 AND NOT "
	    "(k.completionstate = 1 AND k.overrideby IS NOT NULL) ORDER BY k.id",
	    &questions);
	while (db_next(&rows)) {
		tell_incomplete(all, rows.tag, &rows);
		db_run(work->lms->db,
		    "UPDATE {course_modules_completion} SET completionstate = 0, overrideby = "
		    "NULL, timemodified = ? WHERE id = ?",
		    DB_VALUES(db_int(work->effects->now), db_int(db_column_int(&rows, 0))));
	}
}

/* ---- the grades ---- */

/* Copied by the database, which alone has its numbers exactly. */
static void history_add(struct work *work, const struct grade *grade)
{
	db_run(work->lms->db,
	    "INSERT INTO {grade_grades_history} (action, oldid, source, timemodified, loggeduser, "
	    "itemid, userid, rawgrade, rawgrademax, rawgrademin, rawscaleid, usermodified, "
	    "finalgrade, hidden, locked, locktime, exported, overridden, excluded, feedback, "
	    "feedbackformat, information, informationformat) SELECT 3, id, 'userdelete', ?, ?, "
	    "itemid, userid, rawgrade, rawgrademax, rawgrademin, rawscaleid, usermodified, "
	    "finalgrade, hidden, locked, locktime, exported, overridden, excluded, feedback, "
	    "feedbackformat, information, informationformat FROM {grade_grades} WHERE id = ?",
	    DB_VALUES(
	        db_int(work->effects->now), db_int(work->lms->site.actor), db_int(grade->id)));
}

/* Moodle tells of it only where it has looked at the grade's item, which completion does. */
static void tell_deleted(struct grades *all, struct grade *grade)
{
	struct work *work = all->work;
	struct leaving *leaving = &all->leavings[grade->leaving];
	if (!work->lms->completes)
		return;
	for (struct audit_row *row = grade->completion.first, *next; row; row = next) {
		next = row->next;
		row->next = NULL;
		audit_add(work, &leaving->told, *row);
	}
	json_t *final =
	    grade->final.bytes ? json_stringn(grade->final.bytes, grade->final.size) : json_null();
	json_t *data = json_pack("{s:o, s:b, s:o}", "itemid", audit_text(grade->item), "overridden",
	    grade->is_overridden, "finalgrade", final);
	audit_add(work, &leaving->told,
	    (struct audit_row){.name = "\\core\\event\\grade_deleted",
	        .target = "grade",
	        .action = "deleted",
	        .table = "grade_grades",
	        .crud = "d",
	        .edulevel = 1,
	        .object = grade->id,
	        .context = leaving->context,
	        .level = LEVEL_COURSE,
	        .instance = leaving->course,
	        .course = leaving->course,
	        .related = leaving->user,
	        .other = audit_other(work, data)});
}

void grades_take(struct work *work, struct leaving *leavings, size_t count)
{
	static const char *const tables[] = {"grade_items", "grade_grades"};
	struct grades all = {.work = work, .leavings = leavings};
	if (!has_tables(work, tables, sizeof tables / sizeof *tables))
		return;
	grades_find(&all, count);
	completion_undo(&all);
	bool keeps_history =
	    work->lms->keeps_grades && rights_has_table(&work->lms->rights, "grade_grades_history");
	for (size_t i = 0; i < all.count && !arena_has_failed(work->arena); i++) {
		struct grade *grade = &all.items[i];
		const struct leaving *leaving = &leavings[grade->leaving];
		if (keeps_history)
			history_add(work, grade);
		db_run(work->lms->db, "DELETE FROM {grade_grades} WHERE id = ?",
		    DB_VALUES(db_int(grade->id)));
		if (grade->completion.first)
			chore_completion(work->lms, leaving->user, leaving->course);
		if (grade->has_feedback)
			chore_feedback(work->lms, grade->id);
		tell_deleted(&all, grade);
	}
}
