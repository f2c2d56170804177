/*
 * cohort_sync: what joining a cohort brings along (enrol_cohort, lms/README 5.6): each course that
 * takes the cohort's members enrols the newcomer, with the instance's role and group.
 */
#include "work.h"

#include <stdlib.h>

/* One course that takes the cohort's members, and one new member. */
struct sync {
	size_t change;
	int64_t user, enrol, course, role, group, context;
	int64_t enrolment; /* 0: none yet */
	bool is_suspended, has_role, has_group;
};

struct syncs {
	struct work *work;
	struct sync *items;
	size_t count, room;
};

struct event {
	const char *name, *target, *action, *table, *crud;
};

static void tell(const struct syncs *syncs, const struct sync *sync, const struct event *event,
    int64_t object, json_t *other)
{
	struct work *work = syncs->work;
	audit_keep(work, sync->change,
	    (struct audit_row){.name = event->name,
	        .target = event->target,
	        .action = event->action,
	        .table = event->table,
	        .crud = event->crud,
	        .object = object,
	        .context = sync->context,
	        .level = LEVEL_COURSE,
	        .instance = sync->course,
	        .course = sync->course,
	        .related = sync->user,
	        .other = audit_other(work, other)});
}

/* ---- what there is ---- */

static void sync_add(struct syncs *syncs, struct sync sync)
{
	if (syncs->count == syncs->room) {
		size_t room = syncs->room * 2 + 64;
		syncs->items = arena_grow(
		    syncs->work->arena, syncs->items, syncs->count, room, sizeof *syncs->items);
		syncs->room = room;
	}
	if (!arena_has_failed(syncs->work->arena))
		syncs->items[syncs->count++] = sync;
}

static void instances_find(struct syncs *syncs, const struct joining *joinings, size_t count)
{
	struct db_questions questions = db_questions_begin(syncs->work->arena);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_int(joinings[i].cohort)));
	struct db_rows rows = db_ask(syncs->work->lms->db,
	    "SELECT e.id, e.courseid, e.roleid, e.customint2, x.id FROM {each}{enrol} e JOIN "
	    "{context} x ON x.contextlevel = 50 AND x.instanceid = e.courseid WHERE e.enrol = "
	    "'cohort' AND e.customint1 = ?1 AND e.status = 0 ORDER BY e.id",
	    &questions);
	while (db_next(&rows))
		sync_add(syncs, (struct sync){.change = joinings[rows.tag].change,
		                    .user = joinings[rows.tag].user,
		                    .enrol = db_column_int(&rows, 0),
		                    .course = db_column_int(&rows, 1),
		                    .role = db_column_int(&rows, 2),
		                    .group = db_column_int(&rows, 3),
		                    .context = db_column_int(&rows, 4)});
}

static void enrolments_find(struct syncs *syncs)
{
	struct db_questions questions = db_questions_begin(syncs->work->arena);
	for (size_t i = 0; i < syncs->count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(syncs->items[i].enrol), db_int(syncs->items[i].user)));
	struct db_rows rows = db_ask(syncs->work->lms->db,
	    "SELECT id, status FROM {each}{user_enrolments} WHERE enrolid = ?1 AND userid = ?2",
	    &questions);
	while (db_next(&rows)) {
		syncs->items[rows.tag].enrolment = db_column_int(&rows, 0);
		syncs->items[rows.tag].is_suspended = db_column_int(&rows, 1) != 0;
	}
}

static void roles_find(struct syncs *syncs)
{
	struct db_questions questions = db_questions_begin(syncs->work->arena);
	for (size_t i = 0; i < syncs->count; i++) {
		const struct sync *sync = &syncs->items[i];
		if (sync->role != 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(sync->user), db_int(sync->context), db_int(sync->role),
			        db_int(sync->enrol)));
	}
	struct db_rows rows = db_ask(syncs->work->lms->db,
	    "SELECT id FROM {each}{role_assignments} WHERE userid = ?1 AND {index_tail contextid} "
	    "= ?2 "
	    "AND "
	    "{index_tail roleid} = ?3 AND {no_index component} = 'enrol_cohort' AND {no_index "
	    "itemid} = ?4",
	    &questions);
	while (db_next(&rows))
		syncs->items[rows.tag].has_role = true;
}

static int by_group(const void *a, const void *b)
{
	const struct sync *x = *(struct sync *const *)a, *y = *(struct sync *const *)b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->change < y->change ? -1 : x->change > y->change;
}

/* When two cohorts bring somebody into the same group, the first does it. */
static void groups_find(struct syncs *syncs)
{
	struct db_questions questions = db_questions_begin(syncs->work->arena);
	struct sync **sorted =
	    arena_alloc(syncs->work->arena, (syncs->count + 1) * sizeof(struct sync *));
	for (size_t i = 0; sorted && i < syncs->count; i++)
		sorted[i] = &syncs->items[i];
	if (sorted)
		qsort(sorted, syncs->count, sizeof *sorted, by_group);
	for (size_t i = 1; sorted && i < syncs->count; i++)
		sorted[i]->has_group = sorted[i]->group == sorted[i - 1]->group &&
		                       sorted[i]->user == sorted[i - 1]->user;
	for (size_t i = 0; i < syncs->count; i++)
		if (syncs->items[i].group != 0)
			db_question(&questions, i,
			    DB_VALUES(db_int(syncs->items[i].group), db_int(syncs->items[i].user)));
	struct db_rows rows = db_ask(syncs->work->lms->db,
	    "SELECT id FROM {each}{groups_members} WHERE groupid = ?1 AND userid = ?2", &questions);
	while (db_next(&rows))
		syncs->items[rows.tag].has_group = true;
}

/* ---- what becomes of it ---- */

static void enrol_all(struct syncs *syncs)
{
	struct work *work = syncs->work;
	const struct db_value now = db_int(work->effects->now),
	                      actor = db_int(work->lms->site.actor), zero = db_int(0);
	struct new_rows rows = new_rows_begin(work, &user_enrolments_table, syncs->count);
	for (size_t i = 0; i < syncs->count; i++) {
		const struct sync *sync = &syncs->items[i];
		if (sync->enrolment == 0)
			new_rows_add(&rows, DB_VALUES(zero, db_int(sync->enrol), db_int(sync->user),
			                        zero, zero, actor, now, now));
		else if (sync->is_suspended)
			db_run(work->lms->db,
			    "UPDATE {user_enrolments} SET status = 0, modifierid = ?, timemodified "
			    "= ? WHERE id = ?",
			    DB_VALUES(actor, now, db_int(sync->enrolment)));
	}
	new_rows_write(work, &rows);
	size_t used = 0;
	for (size_t i = 0; i < syncs->count && used < rows.count; i++)
		if (syncs->items[i].enrolment == 0)
			syncs->items[i].enrolment = -rows.ids[used++]; /* new */
}

/* The ids of the new assignments, by sync; 0: there is one already, or the course gives none. */
static int64_t *assign_all(struct syncs *syncs)
{
	struct work *work = syncs->work;
	struct new_rows rows = new_rows_begin(work, &role_assignments_table, syncs->count);
	int64_t *ids = arena_alloc(work->arena, (syncs->count + 1) * sizeof *ids);
	for (size_t i = 0; i < syncs->count; i++) {
		const struct sync *sync = &syncs->items[i];
		if (sync->role != 0 && !sync->has_role)
			new_rows_add(&rows,
			    DB_VALUES(db_int(sync->role), db_int(sync->context), db_int(sync->user),
			        db_int(work->effects->now), db_int(work->lms->site.actor),
			        db_string("enrol_cohort"), db_int(sync->enrol), db_int(0)));
	}
	new_rows_write(work, &rows);
	size_t used = 0;
	for (size_t i = 0; ids && i < syncs->count && used < rows.count; i++)
		if (syncs->items[i].role != 0 && !syncs->items[i].has_role)
			ids[i] = rows.ids[used++];
	return ids;
}

static bool joins_group(const struct sync *sync)
{
	return sync->group != 0 && !sync->has_group;
}

static void group_all(struct syncs *syncs)
{
	struct work *work = syncs->work;
	struct new_rows rows = new_rows_begin(work, &groups_members_table, syncs->count);
	for (size_t i = 0; i < syncs->count; i++)
		if (joins_group(&syncs->items[i]))
			new_rows_add(
			    &rows, DB_VALUES(db_int(syncs->items[i].group),
			               db_int(syncs->items[i].user), db_int(work->effects->now),
			               db_string("enrol_cohort"), db_int(syncs->items[i].enrol)));
	new_rows_write(work, &rows);
	groups_touch_joined(work, &rows);
	chats_join(work, &rows);
}

static void tell_enrolment(const struct syncs *syncs, const struct sync *sync)
{
	static const struct event created = {"\\core\\event\\user_enrolment_created",
	    "user_enrolment", "created", "user_enrolments", "c"};
	static const struct event updated = {"\\core\\event\\user_enrolment_updated",
	    "user_enrolment", "updated", "user_enrolments", "u"};
	bool is_new = sync->enrolment < 0;
	if (!is_new && !sync->is_suspended)
		return;
	tell(syncs, sync, is_new ? &created : &updated, is_new ? -sync->enrolment : sync->enrolment,
	    json_pack("{s:s}", "enrol", "cohort"));
	if (!is_new)
		dirty_flag_set(syncs->work, DIRTY_USERS, sync->user);
}

static void tell_role(const struct syncs *syncs, const struct sync *sync, int64_t id)
{
	static const struct event assigned = {
	    "\\core\\event\\role_assigned", "role", "assigned", "role", "c"};
	tell(syncs, sync, &assigned, sync->role,
	    json_pack("{s:I, s:s, s:o}", "id", (json_int_t)id, "component", "enrol_cohort",
	        "itemid", audit_text(sync->enrol)));
	dirty_flag_set(syncs->work, DIRTY_USERS, sync->user);
}

static void tell_group(const struct syncs *syncs, const struct sync *sync)
{
	static const struct event added = {
	    "\\core\\event\\group_member_added", "group_member", "added", "groups", "c"};
	tell(syncs, sync, &added, sync->group,
	    json_pack(
	        "{s:s, s:o}", "component", "enrol_cohort", "itemid", audit_text(sync->enrol)));
}

void cohorts_sync(struct work *work, const struct joining *joinings, size_t count)
{
	struct syncs syncs = {.work = work};
	if (!work->lms->syncs_cohorts || count == 0)
		return;
	instances_find(&syncs, joinings, count);
	if (syncs.count == 0)
		return;
	enrolments_find(&syncs);
	roles_find(&syncs);
	groups_find(&syncs);
	enrol_all(&syncs);
	const int64_t *roles = assign_all(&syncs);
	group_all(&syncs);
	for (size_t i = 0; roles && i < syncs.count; i++) {
		tell_enrolment(&syncs, &syncs.items[i]);
		const struct sync *sync = &syncs.items[i];
		if (roles[i] != 0) {
			tell_role(&syncs, sync, roles[i]);
			chore_role(work->lms, sync->user, sync->course, sync->role);
		}
		if (joins_group(sync)) {
			tell_group(&syncs, sync);
			chore_member(work->lms, sync->user);
		}
	}
}
