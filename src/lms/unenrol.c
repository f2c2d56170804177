/*
 * unenrol: enrolments that end, with all that Moodle takes away along with them
 * (lms/README 10.1): what the method owns, and with the person's last enrolment in the course
 * nearly everything that the person has there. They end in the order given, by whatever change,
 * so that it is clear which is the last.
 */
#include "work.h"

#include "php.h"

#include <stdlib.h>

struct unenrolments {
	struct work *work;
	struct unenrolment *items;
	struct leaving *leavings; /* by item */
	size_t count;
};

/* ---- what there is ---- */

enum { ROW_ID, ROW_METHOD = ENROLMENT_COLUMNS, ROW_COURSE, ROW_CONTEXT };

struct enrolment_row enrolment_read(const struct db_rows *rows, struct arena *arena)
{
	struct enrolment_row row = {
	    .method = arena_copy(arena, db_column_text(rows, ROW_METHOD)),
	    .course = db_column_int(rows, ROW_COURSE),
	};
	for (int i = 0; i < ENROLMENT_COLUMNS; i++)
		row.columns[i] = db_column_int(rows, i);
	return row;
}

/* Every column as a text, and where the enrolment was. */
struct slice enrolment_other(struct work *work, const struct enrolment_row *row, bool is_last)
{
	static const char *const names[ENROLMENT_COLUMNS] = {"id", "status", "enrolid", "userid",
	    "timestart", "timeend", "modifierid", "timecreated", "timemodified"};
	struct php_writer out = {.as_json = work->lms->site.audit_json};
	php_open(&out, NULL, 2);
	php_open(&out, "userenrolment", ENROLMENT_COLUMNS + 3);
	for (size_t i = 0; i < ENROLMENT_COLUMNS; i++)
		php_add_number(&out, names[i], row->columns[i]);
	php_add_number(&out, "courseid", row->course);
	php_add_text(&out, "enrol", row->method);
	php_add_bool(&out, "lastenrol", is_last);
	php_close(&out);
	php_add_text(&out, "enrol", row->method);
	php_close(&out);
	return php_take(&out, work->arena);
}

static void rows_find(struct unenrolments *all)
{
	struct arena *arena = all->work->arena;
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < all->count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(all->items[i].enrol), db_int(all->items[i].user)));
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT u.id, u.status, u.enrolid, u.userid, u.timestart, u.timeend, u.modifierid, "
	    "u.timecreated, u.timemodified, e.enrol, e.courseid, x.id FROM "
	    "{each}{user_enrolments} u JOIN {enrol} e ON e.id = u.enrolid LEFT JOIN {context} x "
	    "ON x.contextlevel = 50 AND x.instanceid = e.courseid WHERE u.enrolid = ?1 AND "
	    "u.userid = ?2",
	    &questions);
	while (db_next(&rows)) {
		struct unenrolment *item = &all->items[rows.tag];
		struct leaving *leaving = &all->leavings[rows.tag];
		item->row = enrolment_read(&rows, arena);
		item->id = item->row.columns[ROW_ID];
		item->component = arena_print(arena, "enrol_%.*s", SLICE_ARG(item->row.method));
		leaving->course = item->row.course;
		leaving->context = db_column_int(&rows, ROW_CONTEXT);
	}
}

static int by_person_and_course(const void *a, const void *b)
{
	const struct unenrolment *x = *(struct unenrolment *const *)a,
	                         *y = *(struct unenrolment *const *)b;
	const struct leaving *in_x = x->leaving, *in_y = y->leaving;
	if (in_x->user != in_y->user)
		return in_x->user < in_y->user ? -1 : 1;
	if (in_x->course != in_y->course)
		return in_x->course < in_y->course ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* How many there are in each of the courses, by any method. */
static size_t *totals_find(struct unenrolments *all)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	size_t *totals = arena_alloc(all->work->arena, (all->count + 1) * sizeof *totals);
	for (size_t i = 0; totals && i < all->count; i++)
		if (all->items[i].id != 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(all->items[i].user), db_int(all->leavings[i].course)));
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT n.id FROM {each}{enrol} e CROSS JOIN {user_enrolments} n WHERE e.courseid = "
	    "?2 AND n.enrolid = e.id AND n.userid = ?1",
	    &questions);
	while (totals && db_next(&rows))
		totals[rows.tag]++;
	return totals;
}

/* The last is that before which all others have gone. */
static void lasts_find(struct unenrolments *all)
{
	const size_t *totals = totals_find(all);
	struct unenrolment **sorted =
	    arena_alloc(all->work->arena, (all->count + 1) * sizeof(struct unenrolment *));
	size_t count = 0, gone = 0;
	if (!totals || !sorted)
		return;
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].id != 0)
			sorted[count++] = &all->items[i];
	if (count > 0)
		qsort(sorted, count, sizeof *sorted, by_person_and_course);
	for (size_t i = 0; i < count; i++) {
		struct leaving *leaving = sorted[i]->leaving;
		bool is_same = i > 0 && sorted[i - 1]->leaving->user == leaving->user &&
		               sorted[i - 1]->leaving->course == leaving->course;
		gone = is_same ? gone + 1 : 1;
		leaving->is_partial = gone < totals[sorted[i] - all->items];
	}
}

/* ---- what goes ---- */

static void owned_groups_take(struct unenrolments *all)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].id != 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(all->items[i].user), db_int(all->items[i].enrol),
			        db_text(all->items[i].component)));
	members_take_leave(all->work, members_of_owner, &questions, all->leavings);
}

static void owned_roles_take(struct unenrolments *all)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].id != 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(all->items[i].user), db_int(all->leavings[i].context),
			        db_int(all->items[i].enrol), db_text(all->items[i].component)));
	roles_take(all->work, roles_of_owner, &questions, all->leavings);
}

static void groups_take(struct unenrolments *all)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < all->count; i++)
		if (!all->leavings[i].is_partial)
			db_question(&questions, i,
			    DB_VALUES(db_int(all->items[i].user), db_int(all->leavings[i].course)));
	members_take_leave(all->work, members_of_course, &questions, all->leavings);
}

static void rows_delete(struct unenrolments *all)
{
	struct db_value *ids = arena_alloc(all->work->arena, (all->count + 1) * sizeof *ids);
	size_t count = 0;
	for (size_t i = 0; ids && i < all->count; i++)
		if (all->items[i].id != 0)
			ids[count++] = db_int(all->items[i].id);
	db_delete_all(all->work->lms->db, "DELETE FROM {user_enrolments} WHERE id = ?", ids, count);
}

/* Rows that nothing tells of. */
static void traces_take(struct unenrolments *all)
{
	static const struct {
		const char *table, *sql;
	} traces[] = {
	    {"user_lastaccess", "DELETE FROM {user_lastaccess} WHERE userid = ? AND courseid = ?"},
	    {"forum_digests", "DELETE FROM {forum_digests} WHERE userid = ? AND forum IN (SELECT "
	                      "id FROM {forum} WHERE course = ?)"},
	    {"forum_subscriptions",
	        "DELETE FROM {forum_subscriptions} WHERE userid = ? AND forum IN (SELECT id FROM "
	        "{forum} WHERE course = ?)"},
	    {"forum_track_prefs", "DELETE FROM {forum_track_prefs} WHERE userid = ? AND forumid "
	                          "IN (SELECT id FROM {forum} WHERE course = ?)"},
	    {"forum_read", "DELETE FROM {forum_read} WHERE userid = ? AND forumid IN (SELECT id "
	                   "FROM {forum} WHERE course = ?)"},
	};
	const struct rights *rights = &all->work->lms->rights;
	for (size_t t = 0; t < sizeof traces / sizeof *traces; t++) {
		bool is_of_forums = strncmp(traces[t].table, "forum", 5) == 0;
		if (!rights_has_table(rights, traces[t].table) ||
		    (is_of_forums && !rights_has_table(rights, "forum")))
			continue;
		for (size_t i = 0; i < all->count; i++)
			if (!all->leavings[i].is_partial)
				db_run(all->work->lms->db, traces[t].sql,
				    DB_VALUES(db_int(all->items[i].user),
				        db_int(all->leavings[i].course)));
	}
}

static void tell(struct work *work, struct unenrolment *item, struct leaving *leaving)
{
	audit_add(work, &leaving->told,
	    (struct audit_row){.name = "\\core\\event\\user_enrolment_deleted",
	        .target = "user_enrolment",
	        .action = "deleted",
	        .table = "user_enrolments",
	        .crud = "d",
	        .object = item->id,
	        .context = leaving->context,
	        .level = LEVEL_COURSE,
	        .instance = leaving->course,
	        .course = leaving->course,
	        .related = item->user,
	        .other = enrolment_other(work, &item->row, !leaving->is_partial)});
	dirty_flag_set(work, DIRTY_USERS, item->user);
}

void enrolments_take(struct work *work, struct unenrolment *items, size_t count)
{
	struct unenrolments all = {.work = work, .items = items, .count = count};
	all.leavings = arena_alloc(work->arena, (count + 1) * sizeof *all.leavings);
	if (!all.leavings || count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		all.leavings[i] = (struct leaving){.user = items[i].user, .is_partial = true};
		items[i].leaving = &all.leavings[i];
	}
	rows_find(&all);
	lasts_find(&all);
	owned_groups_take(&all);
	owned_roles_take(&all);
	rows_delete(&all);
	course_roles_take(work, all.leavings, count, ROLES_ALL);
	groups_take(&all);
	grades_take(work, all.leavings, count);
	traces_take(&all);
	for (size_t i = 0; i < count; i++) {
		if (items[i].id != 0)
			tell(work, &items[i], &all.leavings[i]);
		audit_move(work, items[i].change, &all.leavings[i].told);
	}
}
