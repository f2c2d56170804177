/*
 * audit: rows of logstore_standard_log, as Moodle's own events would have left them (lms/README
 * 6). They come after all else and in the order of the changes, because people read them by id.
 */
#include "work.h"

#include "php.h"

struct event {
	const char *name, *target, *action, *table, *crud;
};

static const struct event events[] = {
    [CHANGE_CREATE_ACCOUNT] = {"\\core\\event\\user_created", "user", "created", "user", "c"},
    [CHANGE_UPDATE_ACCOUNT] = {"\\core\\event\\user_updated", "user", "updated", "user", "u"},
    [CHANGE_RENAME_ACCOUNT] = {0}, /* leaves none, in Moodle too */
    [CHANGE_DELETE_ACCOUNT] = {0}, /* rows that were kept */
    [CHANGE_SET_INTERESTS] = {0},  /* the same */
    [CHANGE_ENROL] = {"\\core\\event\\user_enrolment_created", "user_enrolment", "created",
        "user_enrolments", "c"},
    [CHANGE_ENROLMENT] = {"\\core\\event\\user_enrolment_updated", "user_enrolment", "updated",
        "user_enrolments", "u"},
    [CHANGE_ASSIGN_ROLE] = {"\\core\\event\\role_assigned", "role", "assigned", "role", "c"},
    [CHANGE_UNASSIGN_ROLE] = {0}, /* rows that were kept, by what goes; so below */
    [CHANGE_CREATE_COHORT] = {"\\core\\event\\cohort_created", "cohort", "created", "cohort", "c"},
    [CHANGE_CREATE_GROUP] = {"\\core\\event\\group_created", "group", "created", "groups", "c"},
    [CHANGE_CREATE_GROUPING] = {"\\core\\event\\grouping_created", "grouping", "created",
        "groupings", "c"},
    [CHANGE_JOIN] = {0}, /* by what is joined */
    [CHANGE_UNASSIGN_ALL] = {0},
};

static const struct event joins[] = {
    [PERSON_IN_COHORT] = {"\\core\\event\\cohort_member_added", "cohort_member", "added", "cohort",
        "c"},
    [PERSON_IN_GROUP] = {"\\core\\event\\group_member_added", "group_member", "added", "groups",
        "c"},
    [GROUP_IN_GROUPING] = {"\\core\\event\\grouping_group_assigned", "grouping_group", "assigned",
        "groupings", "c"},
};

/* ---- rows on their way ---- */

static const struct db_table log_table = {"logstore_standard_log",
    "eventname, component, action, target, objecttable, objectid, crud, edulevel, contextid, "
    "contextlevel, contextinstanceid, userid, courseid, relateduserid, anonymous, other, "
    "timecreated, origin",
    18};

struct audit_log {
	struct work *work;
	struct new_rows rows;
	const int64_t *user_contexts; /* by change */
};

static void flush(struct audit_log *log)
{
	db_insert_all(log->work->lms->db, log->rows.table, log->rows.values, log->rows.count, NULL);
	log->rows.count = 0;
}

static void add(struct audit_log *log, const struct audit_row *row)
{
	const struct work *work = log->work;
	new_rows_add(&log->rows,
	    DB_VALUES(db_string(row->name), db_string("core"), db_string(row->action),
	        db_string(row->target), db_string(row->table), db_int(row->object),
	        db_string(row->crud), db_int(row->edulevel), db_int(row->context),
	        db_int(row->level), db_int(row->instance), db_int(work->lms->site.actor),
	        db_int(row->course),
	        row->related != 0 ? db_int(row->related) : db_text_or_null((struct slice){NULL, 0}),
	        db_int(0), db_text(row->other), db_int(work->effects->now), db_string("cli")));
	if (log->rows.count == log->rows.room)
		flush(log);
}

void audit_add(struct work *work, struct audit_rows *rows, struct audit_row row)
{
	struct audit_row *kept = arena_alloc(work->arena, sizeof *kept);
	if (!kept)
		return;
	*kept = row;
	if (rows->last)
		rows->last->next = kept;
	else
		rows->first = kept;
	rows->last = kept;
}

void audit_move(struct work *work, size_t change, struct audit_rows *rows)
{
	struct audit_rows *all = &work->audit[change];
	if (!rows->first)
		return;
	if (all->last)
		all->last->next = rows->first;
	else
		all->first = rows->first;
	all->last = rows->last;
	*rows = (struct audit_rows){NULL, NULL};
}

void audit_keep(struct work *work, size_t change, struct audit_row row)
{
	audit_add(work, &work->audit[change], row);
}

struct slice audit_other(struct work *work, json_t *data)
{
	return php_encode(data, work->lms->site.audit_json, work->arena);
}

json_t *audit_text(int64_t number)
{
	return json_sprintf("%lld", (long long)number);
}

static struct slice nothing(const struct work *work)
{
	return work->lms->site.audit_json ? SLICE("null") : SLICE("N;");
}

static struct slice other_of_enrolment(const struct work *work)
{
	return work->lms->site.audit_json ? SLICE("{\"enrol\":\"manual\"}")
	                                  : SLICE("a:1:{s:5:\"enrol\";s:6:\"manual\";}");
}

/* As PHP has the ids: numbers of what was just made, texts of what was read. */
static struct slice other_of_new_role(const struct work *work, int64_t id)
{
	return arena_print(work->arena,
	    work->lms->site.audit_json
	        ? "{\"id\":%lld,\"component\":\"\",\"itemid\":0}"
	        : "a:3:{s:2:\"id\";i:%lld;s:9:\"component\";s:0:\"\";s:6:\"itemid\";i:0;}",
	    (long long)id);
}

static void row_of_place(const struct work *work, size_t i, struct audit_row *row)
{
	const struct change *change = &work->effects->changes[i];
	const struct enrolment_facts *is = &work->effects->enrolments[change->enrolment];
	row->object = change->kind == CHANGE_ASSIGN_ROLE ? change->role : is->id;
	row->context = is->context;
	row->level = is->level;
	row->instance = is->instance;
	row->course = is->level == LEVEL_COURSE ? is->instance : 0;
	row->related = work->effects->people[is->person].id;
}

static int64_t account_of(const struct work *work, size_t i)
{
	return work->effects->people[work->effects->changes[i].person].id;
}

static void row_of_user(const struct audit_log *log, size_t i, struct audit_row *row)
{
	row->object = row->instance = row->related = account_of(log->work, i);
	row->level = LEVEL_USER;
	row->context = log->user_contexts[i];
}

static void row_of_cohort(const struct cohort_facts *cohort, struct audit_row *row)
{
	row->object = cohort->id;
	row->context = cohort->context;
	row->level = cohort->level;
	row->instance = cohort->instance;
}

static void row_of_course(int64_t object, int64_t course, int64_t context, struct audit_row *row)
{
	row->object = object;
	row->context = context;
	row->level = LEVEL_COURSE;
	row->instance = row->course = course;
}

static void row_of_group(const struct group_facts *group, struct audit_row *row)
{
	row_of_course(group->id, group->course_id, group->course_context, row);
}

static void row_of_grouping(const struct grouping_facts *grouping, struct audit_row *row)
{
	row_of_course(grouping->id, grouping->course_id, grouping->course_context, row);
}

static void row_of_join(struct work *work, size_t i, struct audit_row *row)
{
	const struct effects *effects = work->effects;
	const struct membership_facts *is = &effects->memberships[effects->changes[i].target];
	switch (is->kind) {
	case PERSON_IN_COHORT:
		row_of_cohort(&effects->cohorts[is->target], row);
		row->related = effects->people[is->who].id;
		break;
	case PERSON_IN_GROUP:
		row_of_group(&effects->groups[is->target], row);
		row->related = effects->people[is->who].id;
		row->other =
		    audit_other(work, json_pack("{s:s, s:i}", "component", "", "itemid", 0));
		break;
	case GROUP_IN_GROUPING:
		row_of_grouping(&effects->groupings[is->target], row);
		row->other = audit_other(
		    work, json_pack("{s:o}", "groupid",
		              json_sprintf("%lld", (long long)effects->groups[is->who].id)));
		break;
	}
}

static const struct event *event_of(const struct work *work, size_t i)
{
	const struct change *change = &work->effects->changes[i];
	if (change->kind == CHANGE_JOIN)
		return &joins[work->effects->memberships[change->target].kind];
	return &events[change->kind];
}

static void audit(struct audit_log *log, size_t i)
{
	struct work *work = log->work;
	const struct change *change = &work->effects->changes[i];
	const struct event *event = event_of(work, i);
	struct audit_row row = {.name = event->name,
	    .target = event->target,
	    .action = event->action,
	    .table = event->table,
	    .crud = event->crud,
	    .other = nothing(work)};
	switch (change->kind) {
	case CHANGE_RENAME_ACCOUNT:
	case CHANGE_DELETE_ACCOUNT:
	case CHANGE_SET_INTERESTS:
	case CHANGE_UNASSIGN_ROLE:
	case CHANGE_LEAVE:
	case CHANGE_UNENROL:
	case CHANGE_UNASSIGN_ALL: break;
	case CHANGE_CREATE_ACCOUNT:
	case CHANGE_UPDATE_ACCOUNT: row_of_user(log, i, &row); break;
	case CHANGE_ENROL:
	case CHANGE_ENROLMENT:
		row_of_place(work, i, &row);
		row.other = other_of_enrolment(work);
		break;
	case CHANGE_ASSIGN_ROLE:
		row_of_place(work, i, &row);
		row.other = other_of_new_role(work, work->ids[i]);
		break;
	case CHANGE_CREATE_COHORT:
		row_of_cohort(&work->effects->cohorts[change->target], &row);
		break;
	case CHANGE_CREATE_GROUP: row_of_group(&work->effects->groups[change->target], &row); break;
	case CHANGE_CREATE_GROUPING:
		row_of_grouping(&work->effects->groupings[change->target], &row);
		break;
	case CHANGE_JOIN: row_of_join(work, i, &row); break;
	}
	if (row.name)
		add(log, &row);
	for (const struct audit_row *kept = work->audit[i].first; kept; kept = kept->next)
		add(log, kept);
}

/* Of those whose accounts are made or changed; 0: it was never made. */
static int64_t *contexts_find(struct work *work)
{
	size_t count = work->effects->count;
	struct db_questions questions = db_questions_begin(work->arena);
	int64_t *contexts = arena_alloc(work->arena, count * sizeof *contexts);
	for (size_t i = 0; contexts && i < count; i++) {
		enum change_kind kind = work->effects->changes[i].kind;
		if (kind == CHANGE_CREATE_ACCOUNT || kind == CHANGE_UPDATE_ACCOUNT)
			db_question(&questions, i, DB_VALUES(db_int(account_of(work, i))));
	}
	struct db_rows rows = db_ask(work->lms->db,
	    "SELECT id FROM {each}{context} WHERE contextlevel = 30 AND instanceid = ?1",
	    &questions);
	while (contexts && db_next(&rows))
		contexts[rows.tag] = db_column_int(&rows, 0);
	return contexts;
}

struct audit_log *audit_begin(struct work *work, size_t changes)
{
	enum { ROWS_OF_A_CHANGE = 2, ROWS_LEAST = 64 }; /* as a rule */
	size_t wanted = changes * ROWS_OF_A_CHANGE + ROWS_LEAST;
	struct audit_log *log = arena_alloc(work->arena, sizeof *log);
	if (!log || !work->lms->site.audit)
		return NULL;
	*log = (struct audit_log){.work = work,
	    .rows =
	        new_rows_begin(work, &log_table, wanted < ROWS_TOGETHER ? wanted : ROWS_TOGETHER)};
	return log;
}

void audit_end(struct audit_log *log)
{
	flush(log);
}

static void entry_row(struct audit_log *log, const struct new_enrolment *entry,
    enum change_kind kind, struct slice other)
{
	const struct event *event = &events[kind];
	add(log, &(struct audit_row){.name = event->name,
	             .target = event->target,
	             .action = event->action,
	             .table = event->table,
	             .crud = event->crud,
	             .object = kind == CHANGE_ENROL ? entry->id : entry->role,
	             .context = entry->context,
	             .level = LEVEL_COURSE,
	             .instance = entry->course,
	             .course = entry->course,
	             .related = entry->user,
	             .other = other});
}

void audit_new_enrolment(struct audit_log *log, const struct new_enrolment *entry)
{
	if (entry->enrols)
		entry_row(log, entry, CHANGE_ENROL, other_of_enrolment(log->work));
	if (entry->role != 0)
		entry_row(log, entry, CHANGE_ASSIGN_ROLE,
		    other_of_new_role(log->work, entry->assignment));
}

void audit_all(struct work *work)
{
	struct audit_log *log = audit_begin(work, work->effects->count);
	if (!log)
		return;
	log->user_contexts = contexts_find(work);
	for (size_t i = 0; log->user_contexts && i < work->effects->count; i++)
		audit(log, i);
	audit_end(log);
}
