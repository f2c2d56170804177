/*
 * cohort_leave: cohorts that people leave, and what the courses that take their members do about
 * it at once (enrol_cohort, lms/README 10.6): all of them, the disabled ones as well, and even
 * while the plugin is switched off.
 */
#include "work.h"

/* One course that has taken the person in as a member of the cohort. */
struct sync {
	size_t cohort; /* which leaving */
	int64_t enrol, enrolment, course, context;
	bool is_suspended;
};

struct syncs {
	struct work *work;
	const struct cohort_leaving *cohorts;
	struct sync *items;
	size_t count, room;
};

static void tell_left(struct work *work, const struct cohort_leaving *leaving)
{
	const struct cohort_facts *cohort = leaving->cohort;
	audit_keep(work, leaving->change,
	    (struct audit_row){.name = "\\core\\event\\cohort_member_removed",
	        .target = "cohort_member",
	        .action = "removed",
	        .table = "cohort",
	        .crud = "d",
	        .object = cohort->id,
	        .context = cohort->context,
	        .level = cohort->level,
	        .instance = cohort->instance,
	        .related = leaving->user,
	        .other = audit_other(work, json_null())});
}

static void sync_add(struct syncs *all, const struct db_rows *rows)
{
	struct arena *arena = all->work->arena;
	if (all->count == all->room) {
		size_t room = all->room * 2 + 64;
		all->items = arena_grow(arena, all->items, all->count, room, sizeof *all->items);
		all->room = room;
	}
	if (arena_has_failed(arena))
		return;
	all->items[all->count++] = (struct sync){.cohort = rows->tag,
	    .enrol = db_column_int(rows, 0),
	    .enrolment = db_column_int(rows, 1),
	    .is_suspended = db_column_int(rows, 2) != 0,
	    .course = db_column_int(rows, 3),
	    .context = db_column_int(rows, 4)};
}

static void syncs_find(struct syncs *all, size_t count)
{
	struct db_questions questions = db_questions_begin(all->work->arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(all->cohorts[i].cohort->id), db_int(all->cohorts[i].user)));
	struct db_rows rows = db_ask(all->work->lms->db,
	    "SELECT e.id, u.id, u.status, e.courseid, x.id FROM {each}{enrol} e JOIN "
	    "{user_enrolments} u ON u.enrolid = e.id LEFT JOIN {context} x ON x.contextlevel = 50 "
	    "AND x.instanceid = e.courseid WHERE e.enrol = 'cohort' AND e.customint1 = ?1 AND "
	    "u.userid = ?2 ORDER BY e.id",
	    &questions);
	while (db_next(&rows))
		sync_add(all, &rows);
}

static void unenrol_all(struct syncs *all)
{
	struct unenrolment *items = arena_alloc(all->work->arena, (all->count + 1) * sizeof *items);
	for (size_t i = 0; items && i < all->count; i++)
		items[i] = (struct unenrolment){.change = all->cohorts[all->items[i].cohort].change,
		    .user = all->cohorts[all->items[i].cohort].user,
		    .enrol = all->items[i].enrol};
	if (items)
		enrolments_take(all->work, items, all->count);
}

static void suspend(struct work *work, const struct sync *sync, struct leaving *leaving)
{
	db_run(work->lms->db,
	    "UPDATE {user_enrolments} SET status = 1, modifierid = ?, timemodified = ? WHERE id = "
	    "?",
	    DB_VALUES(db_int(work->lms->site.actor), db_int(work->effects->now),
	        db_int(sync->enrolment)));
	audit_add(work, &leaving->told,
	    (struct audit_row){.name = "\\core\\event\\user_enrolment_updated",
	        .target = "user_enrolment",
	        .action = "updated",
	        .table = "user_enrolments",
	        .crud = "u",
	        .object = sync->enrolment,
	        .context = sync->context,
	        .level = LEVEL_COURSE,
	        .instance = sync->course,
	        .course = sync->course,
	        .related = leaving->user,
	        .other = audit_other(work, json_pack("{s:s}", "enrol", "cohort"))});
	dirty_flag_set(work, DIRTY_USERS, leaving->user);
}

/* Those that are suspended already keep what roles they have. */
static void suspend_all(struct syncs *all, bool takes_roles)
{
	struct work *work = all->work;
	struct leaving *leavings = arena_alloc(work->arena, (all->count + 1) * sizeof *leavings);
	struct db_questions owned = db_questions_begin(work->arena);
	for (size_t i = 0; leavings && i < all->count; i++) {
		const struct sync *sync = &all->items[i];
		leavings[i] = (struct leaving){.user = all->cohorts[sync->cohort].user,
		    .course = sync->course,
		    .context = sync->context};
		if (sync->is_suspended)
			continue;
		suspend(work, sync, &leavings[i]);
		db_question(&owned, i,
		    DB_VALUES(db_int(leavings[i].user), db_int(sync->context), db_int(sync->enrol),
		        db_string("enrol_cohort")));
	}
	if (!leavings)
		return;
	if (takes_roles)
		roles_take(work, roles_of_owner, &owned, leavings);
	for (size_t i = 0; i < all->count; i++)
		audit_move(work, all->cohorts[all->items[i].cohort].change, &leavings[i].told);
}

void cohorts_leave(struct work *work, const struct cohort_leaving *cohorts, size_t count)
{
	struct syncs all = {.work = work, .cohorts = cohorts};
	for (size_t i = 0; i < count; i++) {
		db_run(work->lms->db,
		    "DELETE FROM {cohort_members} WHERE cohortid = ? AND userid = ?",
		    DB_VALUES(db_int(cohorts[i].cohort->id), db_int(cohorts[i].user)));
		tell_left(work, &cohorts[i]);
	}
	syncs_find(&all, count);
	if (work->lms->cohort_unenrols == COHORT_UNENROL)
		unenrol_all(&all);
	else
		suspend_all(&all, work->lms->cohort_unenrols == COHORT_SUSPEND_NO_ROLES);
}
