/*
 * unassign: role assignments that go (lms/README 10.4): each row is told of, duplicates as well,
 * and the person's sessions have to look again.
 */
#include "work.h"

#include "php.h"

#include <stdlib.h>

#define ROLES_THAT                                                                                 \
	"SELECT r.id, r.userid, r.roleid, r.component, r.itemid, x.id, x.contextlevel, "           \
	"x.instanceid, x.path FROM {each}{role_assignments} r JOIN {context} x ON x.id = "         \
	"r.contextid WHERE "
#define ROLES_ARE_MANUAL "{no_index r.component} = '' AND {no_index r.itemid} = 0"

const char roles_of_user[] = ROLES_THAT "r.userid = ?1 ORDER BY r.id";

/* A row on its way out. */
struct assignment {
	size_t leaving;
	int64_t id, user, role, item, context, level, instance, course;
	struct slice component, path;
};

struct assignments {
	struct work *work;
	struct assignment *items;
	size_t count, room;
};

static void assignment_add(struct assignments *all, struct assignment assignment)
{
	struct arena *arena = all->work->arena;
	if (all->count == all->room) {
		size_t room = all->room * 2 + 64;
		all->items = arena_grow(arena, all->items, all->count, room, sizeof *all->items);
		all->room = room;
	}
	if (!arena_has_failed(arena))
		all->items[all->count++] = assignment;
}

static void assignments_find(struct assignments *all, const char *sql,
    const struct db_questions *questions, const struct leaving *leavings)
{
	struct arena *arena = all->work->arena;
	struct db_rows rows = db_ask(all->work->lms->db, sql, questions);
	while (db_next(&rows)) {
		int64_t level = db_column_int(&rows, 6), instance = db_column_int(&rows, 7);
		assignment_add(all, (struct assignment){.leaving = rows.tag,
		                        .id = db_column_int(&rows, 0),
		                        .user = db_column_int(&rows, 1),
		                        .role = db_column_int(&rows, 2),
		                        .component = arena_copy(arena, db_column_text(&rows, 3)),
		                        .item = db_column_int(&rows, 4),
		                        .context = db_column_int(&rows, 5),
		                        .level = level,
		                        .instance = instance,
		                        .course = level == LEVEL_COURSE  ? instance
		                                  : level > LEVEL_COURSE ? leavings[rows.tag].course
		                                                         : 0,
		                        .path = arena_copy(arena, db_column_text(&rows, 8))});
	}
}

/* Which of the contexts above is a course's: of activities and blocks whose course is not known. */
static void courses_find(struct assignments *all)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	if (all->count == 0)
		return;
	for (size_t i = 0; i < all->count; i++) {
		const struct assignment *is = &all->items[i];
		if (is->level <= LEVEL_COURSE || is->course != 0)
			continue;
		for (const char *at = is->path.bytes; at && *at == '/';) {
			char *end;
			int64_t id = strtoll(at + 1, &end, 10);
			db_question(&questions, i, DB_VALUES(db_int(id)));
			at = end;
		}
	}
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT instanceid FROM {each}{context} WHERE id = ?1 AND contextlevel = 50",
	    &questions);
	while (db_next(&rows))
		all->items[rows.tag].course = db_column_int(&rows, 0);
}

static void tell(struct work *work, const struct assignment *is, struct audit_rows *told)
{
	struct php_writer out = {.as_json = work->lms->site.audit_json};
	php_open(&out, NULL, 3);
	php_add_number(&out, "id", is->id);
	php_add_text(&out, "component", is->component);
	php_add_number(&out, "itemid", is->item);
	php_close(&out);
	audit_add(work, told,
	    (struct audit_row){.name = "\\core\\event\\role_unassigned",
	        .target = "role",
	        .action = "unassigned",
	        .table = "role",
	        .crud = "d",
	        .object = is->role,
	        .context = is->context,
	        .level = is->level,
	        .instance = is->instance,
	        .course = is->course,
	        .related = is->user,
	        .other = php_take(&out, work->arena)});
}

void roles_take(struct work *work, const char *sql, const struct db_questions *questions,
    struct leaving *leavings)
{
	struct assignments all = {.work = work};
	assignments_find(&all, sql, questions, leavings);
	courses_find(&all);
	struct db_value *ids = arena_alloc(work->arena, (all.count + 1) * sizeof *ids);
	for (size_t i = 0; i < all.count && !arena_has_failed(work->arena); i++) {
		const struct assignment *is = &all.items[i];
		tell(work, is, &leavings[is->leaving].told);
		dirty_flag_set(work, DIRTY_USERS, is->user);
		ids[i] = db_int(is->id);
	}
	if (!arena_has_failed(work->arena))
		db_delete_all(
		    work->lms->db, "DELETE FROM {role_assignments} WHERE id = ?", ids, all.count);
}

const char roles_of_owner[] =
    ROLES_THAT "r.userid = ?1 AND {index_tail r.contextid} = ?2 AND {no_index r.itemid} = ?3 AND "
               "{no_index r.component} = ?4 ORDER BY r.id";
const char roles_own[] =
    ROLES_THAT "r.userid = ?1 AND {index_tail r.contextid} = ?2 AND {index_tail r.roleid} = ?3 "
               "AND " ROLES_ARE_MANUAL " ORDER BY r.id";

/* ---- in and below the contexts of courses ---- */

/* The paths of everything below their courses' contexts, for LIKE; a context without a path has
 * nothing below it. */
static void below_ask(
    struct work *work, const struct leaving *leavings, size_t count, struct db_questions *below)
{
	struct db_questions questions = db_questions_begin(work->arena);
	for (size_t i = 0; i < count; i++)
		if (!leavings[i].is_partial)
			db_question(&questions, i, DB_VALUES(db_int(leavings[i].context)));
	struct db_rows rows =
	    db_ask(work->lms->db, "SELECT path FROM {each}{context} WHERE id = ?1", &questions);
	while (db_next(&rows)) {
		struct slice path = db_column_text(&rows, 0);
		if (path.size > 0)
			db_question(below, rows.tag,
			    DB_VALUES(db_int(leavings[rows.tag].user),
			        db_text(arena_print(work->arena, "%.*s/%%", SLICE_ARG(path)))));
	}
}

void course_roles_take(
    struct work *work, struct leaving *leavings, size_t count, enum roles_taken which)
{
	static const char *const in_course[] = {
	    [ROLES_ALL] =
	        ROLES_THAT "r.userid = ?1 AND {index_tail r.contextid} = ?2 ORDER BY r.id",
	    [ROLES_MANUAL] =
	        ROLES_THAT "r.userid = ?1 AND {index_tail r.contextid} = ?2 AND " ROLES_ARE_MANUAL
	                   " ORDER BY r.id"};
	static const char *const below_course[] = {
	    [ROLES_ALL] = ROLES_THAT "r.userid = ?1 AND x.path LIKE ?2 ORDER BY r.id",
	    [ROLES_MANUAL] = ROLES_THAT "r.userid = ?1 AND x.path LIKE ?2 AND " ROLES_ARE_MANUAL
	                                " ORDER BY r.id"};
	struct db_questions own = db_questions_begin(work->arena),
	                    below = db_questions_begin(work->arena);
	for (size_t i = 0; i < count; i++)
		if (!leavings[i].is_partial)
			db_question(&own, i,
			    DB_VALUES(db_int(leavings[i].user), db_int(leavings[i].context)));
	roles_take(work, in_course[which], &own, leavings);
	below_ask(work, leavings, count, &below);
	roles_take(work, below_course[which], &below, leavings);
}
