/*
 * member: cohorts, groups and groupings, who joins them, and roles outside courses
 * (lms/README 5.6).
 */
#include "work.h"

/* ---- what is new ---- */

static const struct db_table cohort_table = {"cohort",
    "contextid, name, idnumber, description, descriptionformat, visible, component, timecreated, "
    "timemodified, theme",
    10};

static const struct db_table groups_table = {"groups",
    "courseid, idnumber, name, description, descriptionformat, enrolmentkey, picture, visibility, "
    "participation, timecreated, timemodified",
    11};

static const struct db_table groupings_table = {
    "groupings", "courseid, name, idnumber, descriptionformat, timecreated, timemodified", 6};

static size_t count_of(const struct work *work, enum change_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < work->effects->count; i++)
		count += work->effects->changes[i].kind == kind;
	return count;
}

static void cohort_add(struct work *work, const struct change *change, struct new_rows *rows)
{
	const struct cohort_facts *cohort = &work->effects->cohorts[change->target];
	const struct db_value now = db_int(work->effects->now), nothing = db_string("");
	new_rows_add(
	    rows, DB_VALUES(db_int(cohort->context), db_text(cohort->text), db_text(cohort->text),
	              nothing, db_int(1), db_int(1), nothing, now, now, nothing));
}

static void group_add(struct work *work, const struct change *change, struct new_rows *rows)
{
	const struct group_facts *group = &work->effects->groups[change->target];
	const struct db_value now = db_int(work->effects->now), zero = db_int(0);
	new_rows_add(rows,
	    DB_VALUES(db_int(group->course_id), db_text(change->group->idnumber),
	        db_text(group->text), db_text_or_null(change->group->description), zero,
	        db_text_or_null(change->group->enrolmentkey), zero, zero, db_int(1), now, now));
}

static void grouping_add(struct work *work, const struct change *change, struct new_rows *rows)
{
	const struct grouping_facts *grouping = &work->effects->groupings[change->target];
	const struct db_value now = db_int(work->effects->now);
	new_rows_add(rows, DB_VALUES(db_int(grouping->course_id), db_text(grouping->name),
	                       db_string(""), db_int(0), now, now));
}

static int64_t *id_of(const struct effects *effects, const struct change *change)
{
	if (change->kind == CHANGE_CREATE_COHORT)
		return &effects->cohorts[change->target].id;
	if (change->kind == CHANGE_CREATE_GROUP)
		return &effects->groups[change->target].id;
	return &effects->groupings[change->target].id;
}

/* Later batches of the transaction find it. */
static void made(struct work *work, const struct change *change)
{
	const struct effects *effects = work->effects;
	struct lms *lms = work->lms;
	if (change->kind == CHANGE_CREATE_COHORT) {
		const struct cohort_facts *cohort = &effects->cohorts[change->target];
		roll_made(lms, ROLL_COHORTS, 0, cohort->text, cohort->id);
	} else if (change->kind == CHANGE_CREATE_GROUP) {
		const struct group_facts *group = &effects->groups[change->target];
		roll_made(lms, ROLL_GROUPS, group->course_id, group->text, group->id);
		roll_made(
		    lms, ROLL_GROUP_NUMBERS, group->course_id, change->group->idnumber, group->id);
	} else {
		const struct grouping_facts *grouping = &effects->groupings[change->target];
		roll_made(lms, ROLL_GROUPINGS, grouping->course_id, grouping->name, grouping->id);
	}
}

static void make_all(struct work *work, enum change_kind kind, const struct db_table *table,
    void (*add)(struct work *work, const struct change *change, struct new_rows *rows))
{
	const struct effects *effects = work->effects;
	struct new_rows rows = new_rows_begin(work, table, count_of(work, kind));
	for (size_t i = 0; i < effects->count; i++)
		if (effects->changes[i].kind == kind)
			add(work, &effects->changes[i], &rows);
	new_rows_write(work, &rows);
	size_t used = 0;
	for (size_t i = 0; i < effects->count && used < rows.count; i++) {
		if (effects->changes[i].kind != kind)
			continue;
		*id_of(effects, &effects->changes[i]) = rows.ids[used++];
		made(work, &effects->changes[i]);
	}
}

/* ---- joining ---- */

static const struct db_table cohort_members_table = {
    "cohort_members", "cohortid, userid, timeadded", 3};
static const struct db_table groupings_groups_table = {
    "groupings_groups", "groupingid, groupid, timeadded", 3};

/* All the joining of a batch, each kind on its way into its own table. */
struct joins {
	struct new_rows in_cohorts, in_groups, in_groupings;
	struct joining *joinings; /* of cohorts */
};

static void join(struct work *work, size_t index, struct joins *joins)
{
	const struct effects *effects = work->effects;
	const struct membership_facts *is = &effects->memberships[effects->changes[index].target];
	struct db_value now = db_int(effects->now);
	int64_t user = is->kind == GROUP_IN_GROUPING ? 0 : effects->people[is->who].id;
	switch (is->kind) {
	case PERSON_IN_COHORT:
		joins->joinings[joins->in_cohorts.count] =
		    (struct joining){index, effects->cohorts[is->target].id, user};
		new_rows_add(&joins->in_cohorts,
		    DB_VALUES(db_int(effects->cohorts[is->target].id), db_int(user), now));
		break;
	case PERSON_IN_GROUP:
		new_rows_add(&joins->in_groups, DB_VALUES(db_int(effects->groups[is->target].id),
		                                    db_int(user), now, db_string(""), db_int(0)));
		break;
	case GROUP_IN_GROUPING:
		new_rows_add(
		    &joins->in_groupings, DB_VALUES(db_int(effects->groupings[is->target].id),
		                              db_int(effects->groups[is->who].id), now));
		roll_joined(
		    work->lms, effects->groupings[is->target].id, effects->groups[is->who].id);
		break;
	}
}

static void join_all(struct work *work)
{
	size_t room = count_of(work, CHANGE_JOIN);
	struct joins joins = {.in_cohorts = new_rows_begin(work, &cohort_members_table, room),
	    .in_groups = new_rows_begin(work, &groups_members_table, room),
	    .in_groupings = new_rows_begin(work, &groupings_groups_table, room),
	    .joinings = arena_alloc(work->arena, (room + 1) * sizeof *joins.joinings)};
	if (room == 0 || arena_has_failed(work->arena))
		return;
	for (size_t i = 0; i < work->effects->count; i++)
		if (work->effects->changes[i].kind == CHANGE_JOIN)
			join(work, i, &joins);
	new_rows_write(work, &joins.in_cohorts);
	new_rows_write(work, &joins.in_groups);
	groups_touch_joined(work, &joins.in_groups);
	chats_join(work, &joins.in_groups);
	new_rows_write(work, &joins.in_groupings);
	cohorts_sync(work, joins.joinings, joins.in_cohorts.count);
}

/* ---- roles outside courses ---- */

static bool is_outside_courses(const struct work *work, const struct change *change)
{
	return change->kind == CHANGE_ASSIGN_ROLE &&
	       work->effects->enrolments[change->enrolment].course == 0;
}

static void roles_assign(struct work *work)
{
	const struct effects *effects = work->effects;
	struct new_rows rows =
	    new_rows_begin(work, &role_assignments_table, count_of(work, CHANGE_ASSIGN_ROLE));
	for (size_t i = 0; i < effects->count; i++) {
		const struct change *change = &effects->changes[i];
		if (!is_outside_courses(work, change))
			continue;
		const struct enrolment_facts *is = &effects->enrolments[change->enrolment];
		new_rows_add(
		    &rows, DB_VALUES(db_int(change->role), db_int(is->context),
		               db_int(effects->people[is->person].id), db_int(effects->now),
		               db_int(work->lms->site.actor), db_string(""), db_int(0), db_int(0)));
	}
	new_rows_write(work, &rows);
	size_t used = 0;
	for (size_t i = 0; i < effects->count && used < rows.count; i++)
		if (is_outside_courses(work, &effects->changes[i]))
			work->ids[i] = rows.ids[used++];
}

void members_write(struct work *work)
{
	make_all(work, CHANGE_CREATE_COHORT, &cohort_table, cohort_add);
	make_all(work, CHANGE_CREATE_GROUP, &groups_table, group_add);
	make_all(work, CHANGE_CREATE_GROUPING, &groupings_table, grouping_add);
	join_all(work);
	roles_assign(work);
}
