/*
 * sqlite_audit: rows of logstore_standard_log, as Moodle's own events would have left them (facts
 * 6). They come after all else and in the order of the changes, because people read them by id.
 */
#include "sqlite.h"

#include "site_rows.h"

#include <stdio.h>

struct event {
	const char *name, *target, *action, *table, *crud;
};

static const struct event events[] = {
    [CHANGE_CREATE_ACCOUNT] = {"\\core\\event\\user_created", "user", "created", "user", "c"},
    [CHANGE_UPDATE_ACCOUNT] = {"\\core\\event\\user_updated", "user", "updated", "user", "u"},
    [CHANGE_RENAME_ACCOUNT] = {0}, /* leaves none, in Moodle too */
    [CHANGE_DELETE_ACCOUNT] = {0}, /* rows that were kept */
    [CHANGE_ENROL] = {"\\core\\event\\user_enrolment_created", "user_enrolment", "created",
        "user_enrolments", "c"},
    [CHANGE_ENROLMENT] = {"\\core\\event\\user_enrolment_updated", "user_enrolment", "updated",
        "user_enrolments", "u"},
    [CHANGE_ASSIGN_ROLE] = {"\\core\\event\\role_assigned", "role", "assigned", "role", "c"},
};

int64_t audit_user_context(const struct work *work, int64_t user)
{
	return site_db_find(work->lms->db,
	    "SELECT id FROM {context} WHERE contextlevel = 30 AND instanceid = ?", 0,
	    DB_VALUES(db_int(user)));
}

void audit_write(struct work *work, const struct audit_row *row)
{
	site_db_run(work->lms->db,
	    "INSERT INTO {logstore_standard_log} (eventname, component, action, target, "
	    "objecttable, "
	    "objectid, crud, edulevel, contextid, contextlevel, contextinstanceid, userid, "
	    "courseid, "
	    "relateduserid, anonymous, other, timecreated, origin) VALUES (?1, 'core', ?2, ?3, ?4, "
	    "?5, "
	    "?6, 0, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, ?14, 'cli')",
	    DB_VALUES(db_string(row->name), db_string(row->action), db_string(row->target),
	        db_string(row->table), db_int(row->object), db_string(row->crud),
	        db_int(row->context), db_int(row->level), db_int(row->instance),
	        db_int(work->lms->site.actor), db_int(row->course), db_int(row->related),
	        db_text(row->other), db_int(work->effects->now)));
}

void audit_keep(struct work *work, size_t change, struct audit_row row)
{
	struct audit_row *kept = arena_alloc(work->arena, sizeof *kept);
	if (!kept)
		return;
	*kept = row;
	struct audit_row **end = &work->audit[change];
	while (*end)
		end = &(*end)->next;
	*end = kept;
}

static struct slice other_of(const struct work *work, size_t i, char *text, size_t size)
{
	bool json = work->lms->site.audit_json;
	const struct change *change = &work->effects->changes[i];
	if (change_is_of_account(change))
		return json ? SLICE("null") : SLICE("N;");
	if (change->kind != CHANGE_ASSIGN_ROLE)
		return json ? SLICE("{\"enrol\":\"manual\"}")
		            : SLICE("a:1:{s:5:\"enrol\";s:6:\"manual\";}");
	if (json)
		snprintf(text, size, "{\"id\":%lld,\"component\":\"\",\"itemid\":0}",
		    (long long)work->ids[i]);
	else
		snprintf(text, size,
		    "a:3:{s:2:\"id\";i:%lld;s:9:\"component\";s:0:\"\";s:6:\"itemid\";i:0;}",
		    (long long)work->ids[i]);
	return slice_of(text);
}

static void place_in_course(
    const struct work *work, const struct change *change, struct audit_row *row)
{
	const struct enrolment_facts *is = &work->effects->enrolments[change->enrolment];
	row->object = change->kind == CHANGE_ASSIGN_ROLE ? change->role : is->id;
	row->context = is->context;
	row->level = CONTEXT_COURSE;
	row->instance = row->course = is->course;
	row->related = work->effects->people[is->person].id;
}

static void place_at_user(
    const struct work *work, const struct change *change, struct audit_row *row)
{
	int64_t user = work->effects->people[change->person].id;
	row->object = row->instance = row->related = user;
	row->level = CONTEXT_USER;
	row->context = audit_user_context(work, user);
}

static void audit(struct work *work, size_t i)
{
	const struct change *change = &work->effects->changes[i];
	const struct event *event = &events[change->kind];
	char text[96];
	for (const struct audit_row *kept = work->audit ? work->audit[i] : NULL; kept;
	     kept = kept->next)
		audit_write(work, kept);
	if (!event->name)
		return;
	struct audit_row row = {.name = event->name,
	    .target = event->target,
	    .action = event->action,
	    .table = event->table,
	    .crud = event->crud,
	    .other = other_of(work, i, text, sizeof text)};
	if (change_is_of_account(change))
		place_at_user(work, change, &row);
	else
		place_in_course(work, change, &row);
	audit_write(work, &row);
}

void audit_all(struct work *work)
{
	for (size_t i = 0; work->lms->site.audit && i < work->effects->count; i++)
		audit(work, i);
}
