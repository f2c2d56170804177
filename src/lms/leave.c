/*
 * leave: the changes that take away, in an order in which no later kind finds what an earlier one
 * of the same person was meant to take: roles, groups, cohorts, enrolments. A person's changes in
 * another order come in several portions: waves.c.
 */
#include "work.h"

/* Who leaves what by which changes of one kind. */
struct leavers {
	struct work *work;
	struct leaving *items;
	size_t *changes;
	size_t count;
	struct db_questions questions;
};

static size_t count_of(const struct work *work, enum change_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < work->effects->count; i++)
		count += work->effects->changes[i].kind == kind;
	return count;
}

static bool leavers_begin(struct leavers *all, struct work *work, enum change_kind kind)
{
	size_t room = count_of(work, kind);
	*all = (struct leavers){.work = work, .questions = db_questions_begin(work->arena)};
	if (room == 0)
		return false;
	all->items = arena_alloc(work->arena, room * sizeof *all->items);
	all->changes = arena_alloc(work->arena, room * sizeof *all->changes);
	return all->items && all->changes;
}

static struct leaving *leaver_add(struct leavers *all, size_t change, int64_t user)
{
	all->changes[all->count] = change;
	all->items[all->count] = (struct leaving){.user = user};
	return &all->items[all->count++];
}

static void leavers_end(struct leavers *all)
{
	for (size_t i = 0; i < all->count; i++)
		audit_move(all->work, all->changes[i], &all->items[i].told);
}

static const struct enrolment_facts *place_of(const struct work *work, const struct change *change)
{
	return &work->effects->enrolments[change->enrolment];
}

static int64_t user_of(const struct work *work, const struct enrolment_facts *is)
{
	return work->effects->people[is->person].id;
}

/* One role each, wherever. */
static void roles_leave(struct work *work)
{
	struct leavers all;
	if (!leavers_begin(&all, work, CHANGE_UNASSIGN_ROLE))
		return;
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		if (change->kind != CHANGE_UNASSIGN_ROLE)
			continue;
		const struct enrolment_facts *is = place_of(work, change);
		db_question(&all.questions, all.count,
		    DB_VALUES(
		        db_int(user_of(work, is)), db_int(is->context), db_int(change->role)));
		leaver_add(&all, i, user_of(work, is));
	}
	roles_take(work, roles_own, &all.questions, all.items);
	leavers_end(&all);
}

/* All manual ones of a course. */
static void manual_roles_leave(struct work *work)
{
	struct leavers all;
	if (!leavers_begin(&all, work, CHANGE_UNASSIGN_ALL))
		return;
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		if (change->kind != CHANGE_UNASSIGN_ALL)
			continue;
		const struct enrolment_facts *is = place_of(work, change);
		struct leaving *leaving = leaver_add(&all, i, user_of(work, is));
		leaving->course = is->course;
		leaving->context = is->context;
	}
	course_roles_take(work, all.items, all.count, ROLES_MANUAL);
	leavers_end(&all);
}

static const struct membership_facts *membership_of(
    const struct work *work, const struct change *change, enum membership_kind kind)
{
	const struct membership_facts *is =
	    change->kind == CHANGE_LEAVE ? &work->effects->memberships[change->target] : NULL;
	return is && is->kind == kind ? is : NULL;
}

static void groups_leave(struct work *work)
{
	const struct effects *effects = work->effects;
	struct leavers all;
	if (!leavers_begin(&all, work, CHANGE_LEAVE))
		return;
	for (size_t i = 0; i < effects->count; i++) {
		const struct membership_facts *is =
		    membership_of(work, &effects->changes[i], PERSON_IN_GROUP);
		if (!is)
			continue;
		int64_t user = effects->people[is->who].id;
		db_question(&all.questions, all.count,
		    DB_VALUES(db_int(user), db_int(effects->groups[is->target].id)));
		leaver_add(&all, i, user);
	}
	members_take_leave(work, members_of_group, &all.questions, all.items);
	leavers_end(&all);
}

static void cohort_members_leave(struct work *work)
{
	const struct effects *effects = work->effects;
	size_t room = count_of(work, CHANGE_LEAVE), count = 0;
	struct cohort_leaving *cohorts = arena_alloc(work->arena, (room + 1) * sizeof *cohorts);
	for (size_t i = 0; room > 0 && cohorts && i < effects->count; i++) {
		const struct membership_facts *is =
		    membership_of(work, &effects->changes[i], PERSON_IN_COHORT);
		if (is)
			cohorts[count++] = (struct cohort_leaving){.change = i,
			    .user = effects->people[is->who].id,
			    .cohort = &effects->cohorts[is->target]};
	}
	if (count > 0)
		cohorts_leave(work, cohorts, count);
}

static void enrolments_leave(struct work *work)
{
	size_t room = count_of(work, CHANGE_UNENROL), count = 0;
	struct unenrolment *items = arena_alloc(work->arena, (room + 1) * sizeof *items);
	for (size_t i = 0; room > 0 && items && i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		if (change->kind != CHANGE_UNENROL)
			continue;
		const struct enrolment_facts *is = place_of(work, change);
		items[count++] = (struct unenrolment){
		    .change = i, .user = user_of(work, is), .enrol = is->enrol};
	}
	if (count > 0)
		enrolments_take(work, items, count);
}

void leavings_write(struct work *work)
{
	roles_leave(work);
	manual_roles_leave(work);
	groups_leave(work);
	cohort_members_leave(work);
	enrolments_leave(work);
}
