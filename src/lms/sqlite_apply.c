/*
 * sqlite_apply: the changes of a batch, written in the order of the indexes they go into: two
 * sorted passes are more than twice as fast as one in file order (pitfalls 3). Audit rows come last
 * and in the order of the plan, because people read them by id.
 */
#include "sqlite.h"

#include <stdio.h>
#include <stdlib.h>

struct work {
	struct lms *lms;
	const struct change *changes;
	struct enrolment_facts *enrolments;
	int64_t now;
	int64_t *ids; /* by change: the new role_assignments.id */
};

/* A change with the key it is sorted by. */
struct item {
	int64_t high, low;
	size_t change;
};

static int item_compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->change < y->change ? -1 : x->change > y->change;
}

static size_t items_collect(
    const struct work *work, size_t count, enum change_kind kind, struct item *items)
{
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		const struct enrolment_facts *is = &work->enrolments[work->changes[i].enrolment];
		if (work->changes[i].kind == kind && kind == CHANGE_ENROL)
			items[used++] = (struct item){is->enrol, is->user, i};
		else if (work->changes[i].kind == kind)
			items[used++] = (struct item){is->user, is->context, i};
	}
	if (used > 0)
		qsort(items, used, sizeof *items, item_compare);
	return used;
}

static void enrol(struct work *work, const struct item *item)
{
	const struct change *change = &work->changes[item->change];
	struct enrolment_facts *is = &work->enrolments[change->enrolment];
	is->id = site_db_insert(work->lms->db,
	    "INSERT INTO {user_enrolments} (status, enrolid, userid, timestart, timeend, "
	    "modifierid, "
	    "timecreated, timemodified) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
	    DB_VALUES(db_int(change->status), db_int(is->enrol), db_int(is->user),
	        db_int(change->timestart), db_int(change->timeend), db_int(work->lms->site.actor),
	        db_int(work->now)));
}

static void update(struct work *work, const struct change *change)
{
	site_db_run(work->lms->db,
	    "UPDATE {user_enrolments} SET status = ?, timestart = ?, timeend = ?, modifierid = ?, "
	    "timemodified = ? WHERE id = ?",
	    DB_VALUES(db_int(change->status), db_int(change->timestart), db_int(change->timeend),
	        db_int(work->lms->site.actor), db_int(work->now),
	        db_int(work->enrolments[change->enrolment].id)));
}

static void assign(struct work *work, const struct item *item)
{
	const struct change *change = &work->changes[item->change];
	work->ids[item->change] = site_db_insert(work->lms->db,
	    "INSERT INTO {role_assignments} (roleid, contextid, userid, timemodified, modifierid, "
	    "component, itemid, sortorder) VALUES (?, ?, ?, ?, ?, '', 0, 0)",
	    DB_VALUES(db_int(change->role), db_int(item->low), db_int(item->high),
	        db_int(work->now), db_int(work->lms->site.actor)));
}

/* Tells the person's live sessions to look again (facts 5.10). No unique key: update, else insert.
 */
static void flag(struct work *work, int64_t user)
{
	char name[24];
	snprintf(name, sizeof name, "%lld", (long long)user);
	struct db_value expiry = db_int(work->now + work->lms->site.session_timeout);
	int64_t id = site_db_find(work->lms->db,
	    "SELECT id FROM {cache_flags} WHERE name = ? AND flagtype = 'accesslib/dirtyusers'", 0,
	    DB_VALUES(db_string(name)));
	if (id != 0)
		site_db_run(work->lms->db,
		    "UPDATE {cache_flags} SET timemodified = ?, value = '1', expiry = ? WHERE id = "
		    "?",
		    DB_VALUES(db_int(work->now), expiry, db_int(id)));
	else
		site_db_run(work->lms->db,
		    "INSERT INTO {cache_flags} (flagtype, name, timemodified, value, expiry) "
		    "VALUES "
		    "('accesslib/dirtyusers', ?, ?, '1', ?)",
		    DB_VALUES(db_string(name), db_int(work->now), expiry));
}

/* An enrolment alone flags nobody: the role that comes with it does, and so does an update. */
static void flags_set(struct work *work, size_t count, struct item *items)
{
	size_t used = 0;
	for (size_t i = 0; i < count; i++)
		if (work->changes[i].kind != CHANGE_ENROL)
			items[used++].high = work->enrolments[work->changes[i].enrolment].user;
	for (size_t i = 0; i < used; i++)
		items[i].low = 0, items[i].change = 0;
	if (used > 0)
		qsort(items, used, sizeof *items, item_compare);
	for (size_t i = 0; i < used; i++)
		if (i == 0 || items[i].high != items[i - 1].high)
			flag(work, items[i].high);
}

/* ---- audit rows (facts 6) ---- */

struct event {
	const char *name, *target, *action, *table, *crud;
};

static const struct event events[] = {
    [CHANGE_ENROL] = {"\\core\\event\\user_enrolment_created", "user_enrolment", "created",
        "user_enrolments", "c"},
    [CHANGE_ENROLMENT] = {"\\core\\event\\user_enrolment_updated", "user_enrolment", "updated",
        "user_enrolments", "u"},
    [CHANGE_ASSIGN_ROLE] = {"\\core\\event\\role_assigned", "role", "assigned", "role", "c"},
};

static const char *event_data(const struct work *work, size_t i, char *text, size_t size)
{
	bool json = work->lms->site.audit_json;
	if (work->changes[i].kind != CHANGE_ASSIGN_ROLE)
		return json ? "{\"enrol\":\"manual\"}" : "a:1:{s:5:\"enrol\";s:6:\"manual\";}";
	if (json)
		snprintf(text, size, "{\"id\":%lld,\"component\":\"\",\"itemid\":0}",
		    (long long)work->ids[i]);
	else
		snprintf(text, size,
		    "a:3:{s:2:\"id\";i:%lld;s:9:\"component\";s:0:\"\";s:6:\"itemid\";i:0;}",
		    (long long)work->ids[i]);
	return text;
}

static void audit(struct work *work, size_t i)
{
	const struct change *change = &work->changes[i];
	const struct enrolment_facts *is = &work->enrolments[change->enrolment];
	const struct event *event = &events[change->kind];
	char text[96];
	site_db_run(work->lms->db,
	    "INSERT INTO {logstore_standard_log} (eventname, component, action, target, "
	    "objecttable, "
	    "objectid, crud, edulevel, contextid, contextlevel, contextinstanceid, userid, "
	    "courseid, "
	    "relateduserid, anonymous, other, timecreated, origin) VALUES (?1, 'core', ?2, ?3, ?4, "
	    "?5, "
	    "?6, 0, ?7, 50, ?8, ?9, ?8, ?10, 0, ?11, ?12, 'cli')",
	    DB_VALUES(db_string(event->name), db_string(event->action), db_string(event->target),
	        db_string(event->table),
	        db_int(change->kind == CHANGE_ASSIGN_ROLE ? change->role : is->id),
	        db_string(event->crud), db_int(is->context), db_int(is->course),
	        db_int(work->lms->site.actor), db_int(is->user),
	        db_string(event_data(work, i, text, sizeof text)), db_int(work->now)));
}

static void changes_write(struct work *work, size_t count, struct item *items)
{
	size_t used = items_collect(work, count, CHANGE_ENROL, items);
	for (size_t i = 0; i < used; i++)
		enrol(work, &items[i]);
	for (size_t i = 0; i < count; i++)
		if (work->changes[i].kind == CHANGE_ENROLMENT)
			update(work, &work->changes[i]);
	used = items_collect(work, count, CHANGE_ASSIGN_ROLE, items);
	for (size_t i = 0; i < used; i++)
		assign(work, &items[i]);
	flags_set(work, count, items);
	for (size_t i = 0; work->lms->site.audit && i < count; i++)
		audit(work, i);
}

struct error lms_apply(struct lms *lms, const struct change *changes, size_t count,
    struct enrolment_facts *enrolments, int64_t now)
{
	if (count == 0)
		return OK;
	struct work work = {.lms = lms, .changes = changes, .enrolments = enrolments, .now = now};
	work.ids = calloc(count, sizeof *work.ids);
	struct item *items = calloc(count, sizeof *items);
	struct error error = error_memory("applying a batch");
	if (work.ids && items) {
		changes_write(&work, count, items);
		error = site_db_error(lms->db);
	}
	free(work.ids);
	free(items);
	return error;
}
