/*
 * sqlite_member: cohorts, groups and groupings, who joins them, and roles outside courses (facts
 * 5.6). What joining a cohort brings along, Moodle's cohort enrolment does at once, and so do we.
 */
#include "sqlite.h"

#include "php.h"
#include "site_rows.h"

static void cohort_make(struct work *work, const struct change *change)
{
	struct cohort_facts *cohort = &work->effects->cohorts[change->target];
	cohort->id = site_db_insert(work->lms->db,
	    "INSERT INTO {cohort} (contextid, name, idnumber, description, descriptionformat, "
	    "visible, "
	    "component, timecreated, timemodified, theme) VALUES (?1, ?2, ?2, '', 1, 1, '', ?3, "
	    "?3, '')",
	    DB_VALUES(db_int(cohort->context), db_text(cohort->text), db_int(work->effects->now)));
}

static void group_make(struct work *work, const struct change *change)
{
	struct group_facts *group = &work->effects->groups[change->target];
	group->id = site_db_insert(work->lms->db,
	    "INSERT INTO {groups} (courseid, idnumber, name, description, descriptionformat, "
	    "enrolmentkey, picture, visibility, participation, timecreated, timemodified) VALUES "
	    "(?1, "
	    "?2, ?3, ?4, 0, ?5, 0, 0, 1, ?6, ?6)",
	    DB_VALUES(db_int(group->course_id), db_text(change->group->idnumber),
	        db_text(group->text), db_text_or_null(change->group->description),
	        db_text_or_null(change->group->enrolmentkey), db_int(work->effects->now)));
}

static void grouping_make(struct work *work, const struct change *change)
{
	struct grouping_facts *grouping = &work->effects->groupings[change->target];
	grouping->id = site_db_insert(work->lms->db,
	    "INSERT INTO {groupings} (courseid, name, idnumber, description, descriptionformat, "
	    "timecreated, timemodified) VALUES (?1, ?2, '', NULL, 0, ?3, ?3)",
	    DB_VALUES(
	        db_int(grouping->course_id), db_text(grouping->name), db_int(work->effects->now)));
}

/* ---- what a cohort's members get (enrol_cohort) ---- */

/* One course that takes the cohort's members, and the one who becomes a member. */
struct sync {
	struct work *work;
	size_t change;
	int64_t user, enrol, course, role, group, context;
};

static json_t *text_of(int64_t number)
{
	return json_sprintf("%lld", (long long)number);
}

static void sync_tell(const struct sync *sync, const char *name, const char *target,
    const char *action, const char *table, const char *crud, int64_t object, json_t *other)
{
	audit_keep(sync->work, sync->change,
	    (struct audit_row){.name = name,
	        .target = target,
	        .action = action,
	        .table = table,
	        .crud = crud,
	        .object = object,
	        .context = sync->context,
	        .level = CONTEXT_COURSE,
	        .instance = sync->course,
	        .course = sync->course,
	        .related = sync->user,
	        .other = php_encode(other, sync->work->lms->site.audit_json, sync->work->arena)});
}

static void sync_enrol(const struct sync *sync)
{
	struct site_db *db = sync->work->lms->db;
	struct db_value now = db_int(sync->work->effects->now);
	struct db_value actor = db_int(sync->work->lms->site.actor);
	int64_t id =
	    site_db_find(db, "SELECT id FROM {user_enrolments} WHERE enrolid = ? AND userid = ?", 0,
	        DB_VALUES(db_int(sync->enrol), db_int(sync->user)));
	if (id == 0) {
		id = site_db_insert(db,
		    "INSERT INTO {user_enrolments} (status, enrolid, userid, timestart, timeend, "
		    "modifierid, timecreated, timemodified) VALUES (0, ?1, ?2, 0, 0, ?3, ?4, ?4)",
		    DB_VALUES(db_int(sync->enrol), db_int(sync->user), actor, now));
		sync_tell(sync, "\\core\\event\\user_enrolment_created", "user_enrolment",
		    "created", "user_enrolments", "c", id, json_pack("{s:s}", "enrol", "cohort"));
		return;
	}
	int64_t was_suspended =
	    site_db_find(db, "SELECT 1 FROM {user_enrolments} WHERE id = ? AND status <> 0", 0,
	        DB_VALUES(db_int(id)));
	if (was_suspended == 0)
		return;
	site_db_run(db,
	    "UPDATE {user_enrolments} SET status = 0, modifierid = ?, timemodified = ? WHERE id = "
	    "?",
	    DB_VALUES(actor, now, db_int(id)));
	sync_tell(sync, "\\core\\event\\user_enrolment_updated", "user_enrolment", "updated",
	    "user_enrolments", "u", id, json_pack("{s:s}", "enrol", "cohort"));
	flag_set(sync->work, "accesslib/dirtyusers", sync->user);
}

static void sync_role(const struct sync *sync)
{
	struct site_db *db = sync->work->lms->db;
	if (sync->role == 0 || site_db_find(db,
	                           "SELECT id FROM {role_assignments} WHERE userid = ? AND "
	                           "contextid = ? AND roleid = ? "
	                           "AND component = 'enrol_cohort' AND itemid = ?",
	                           0,
	                           DB_VALUES(db_int(sync->user), db_int(sync->context),
	                               db_int(sync->role), db_int(sync->enrol))) != 0)
		return;
	int64_t id = site_db_insert(db,
	    "INSERT INTO {role_assignments} (roleid, contextid, userid, timemodified, modifierid, "
	    "component, itemid, sortorder) VALUES (?, ?, ?, ?, ?, 'enrol_cohort', ?, 0)",
	    DB_VALUES(db_int(sync->role), db_int(sync->context), db_int(sync->user),
	        db_int(sync->work->effects->now), db_int(sync->work->lms->site.actor),
	        db_int(sync->enrol)));
	sync_tell(sync, "\\core\\event\\role_assigned", "role", "assigned", "role", "c", sync->role,
	    json_pack("{s:I, s:s, s:o}", "id", (json_int_t)id, "component", "enrol_cohort",
	        "itemid", text_of(sync->enrol)));
	flag_set(sync->work, "accesslib/dirtyusers", sync->user);
}

static void member_add(
    struct work *work, int64_t group, int64_t user, const char *component, int64_t item)
{
	struct db_value now = db_int(work->effects->now);
	site_db_run(work->lms->db,
	    "INSERT INTO {groups_members} (groupid, userid, timeadded, component, itemid) VALUES "
	    "(?, ?, "
	    "?, ?, ?)",
	    DB_VALUES(db_int(group), db_int(user), now, db_string(component), db_int(item)));
	site_db_run(work->lms->db, "UPDATE {groups} SET timemodified = ? WHERE id = ?",
	    DB_VALUES(now, db_int(group)));
}

static void sync_group(const struct sync *sync)
{
	if (sync->group == 0 ||
	    site_db_find(sync->work->lms->db,
	        "SELECT id FROM {groups_members} WHERE groupid = ? AND userid = ?", 0,
	        DB_VALUES(db_int(sync->group), db_int(sync->user))) != 0)
		return;
	member_add(sync->work, sync->group, sync->user, "enrol_cohort", sync->enrol);
	sync_tell(sync, "\\core\\event\\group_member_added", "group_member", "added", "groups", "c",
	    sync->group,
	    json_pack("{s:s, s:o}", "component", "enrol_cohort", "itemid", text_of(sync->enrol)));
}

static void cohort_sync(struct work *work, size_t change, int64_t cohort, int64_t user)
{
	if (!work->lms->syncs_cohorts)
		return;
	struct db_rows rows = site_db_select(work->lms->db,
	    "SELECT e.id, e.courseid, e.roleid, e.customint2, x.id FROM {enrol} e JOIN {context} x "
	    "ON "
	    "x.contextlevel = 50 AND x.instanceid = e.courseid WHERE e.enrol = 'cohort' AND "
	    "e.customint1 = ? AND e.status = 0 ORDER BY e.id",
	    DB_VALUES(db_int(cohort)));
	while (site_db_next(&rows)) {
		const struct sync sync = {.work = work,
		    .change = change,
		    .user = user,
		    .enrol = db_column_int(&rows, 0),
		    .course = db_column_int(&rows, 1),
		    .role = db_column_int(&rows, 2),
		    .group = db_column_int(&rows, 3),
		    .context = db_column_int(&rows, 4)};
		sync_enrol(&sync);
		sync_role(&sync);
		sync_group(&sync);
	}
}

/* ---- joining ---- */

static void join(struct work *work, size_t index)
{
	const struct effects *effects = work->effects;
	const struct membership_facts *is = &effects->memberships[effects->changes[index].target];
	struct db_value now = db_int(effects->now);
	switch (is->kind) {
	case PERSON_IN_COHORT:
		site_db_run(work->lms->db,
		    "INSERT INTO {cohort_members} (cohortid, userid, timeadded) VALUES (?, ?, ?)",
		    DB_VALUES(db_int(effects->cohorts[is->target].id),
		        db_int(effects->people[is->who].id), now));
		cohort_sync(
		    work, index, effects->cohorts[is->target].id, effects->people[is->who].id);
		break;
	case PERSON_IN_GROUP:
		member_add(
		    work, effects->groups[is->target].id, effects->people[is->who].id, "", 0);
		break;
	case GROUP_IN_GROUPING:
		site_db_run(work->lms->db,
		    "INSERT INTO {groupings_groups} (groupingid, groupid, timeadded) VALUES (?, ?, "
		    "?)",
		    DB_VALUES(db_int(effects->groupings[is->target].id),
		        db_int(effects->groups[is->who].id), now));
		break;
	}
}

/* ---- roles outside courses ---- */

static void role_move(struct work *work, size_t index)
{
	const struct change *change = &work->effects->changes[index];
	const struct enrolment_facts *is = &work->effects->enrolments[change->enrolment];
	int64_t user = work->effects->people[is->person].id;
	if (change->kind == CHANGE_ASSIGN_ROLE) {
		work->ids[index] = role_give(work, change->role, is->context, user);
		return;
	}
	const struct db_value values[] = {db_int(user), db_int(is->context), db_int(change->role)};
	work->ids[index] = site_db_find(work->lms->db,
	    "SELECT id FROM {role_assignments} WHERE userid = ? AND contextid = ? AND roleid = ? "
	    "AND "
	    "component = '' AND itemid = 0 ORDER BY id",
	    0, values, 3);
	site_db_run(work->lms->db,
	    "DELETE FROM {role_assignments} WHERE userid = ? AND contextid = ? AND roleid = ? AND "
	    "component = '' AND itemid = 0",
	    values, 3);
}

static bool is_outside_courses(const struct work *work, const struct change *change)
{
	return work->effects->enrolments[change->enrolment].course == 0;
}

void members_write(struct work *work)
{
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		switch (change->kind) {
		case CHANGE_CREATE_COHORT: cohort_make(work, change); break;
		case CHANGE_CREATE_GROUP: group_make(work, change); break;
		case CHANGE_CREATE_GROUPING: grouping_make(work, change); break;
		case CHANGE_JOIN: join(work, i); break;
		case CHANGE_UNASSIGN_ROLE: role_move(work, i); break;
		case CHANGE_ASSIGN_ROLE:
			if (is_outside_courses(work, change))
				role_move(work, i);
			break;
		case CHANGE_CREATE_ACCOUNT:
		case CHANGE_UPDATE_ACCOUNT:
		case CHANGE_RENAME_ACCOUNT:
		case CHANGE_DELETE_ACCOUNT:
		case CHANGE_ENROL:
		case CHANGE_ENROLMENT: break;
		}
	}
}
