/*
 * apply: the changes of a batch, written at once or, in a large transaction, left to the
 * write_behind. Audit rows come last and in the order of the plan, because people read them by id.
 */
#include "work.h"

#include "census.h"
#include "write_behind.h"

#include <stdlib.h>

/* ---- changes ---- */

static void update(struct work *work, const struct change *change)
{
	db_run(work->lms->db,
	    "UPDATE {user_enrolments} SET status = ?, timestart = ?, timeend = ?, modifierid = ?, "
	    "timemodified = ? WHERE id = ?",
	    DB_VALUES(db_int(change->status), db_int(change->timestart), db_int(change->timeend),
	        db_int(work->lms->site.actor), db_int(work->effects->now),
	        db_int(work->effects->enrolments[change->enrolment].id)));
}

/* Writes entries into courses; members_write does the roles elsewhere. */
static void courses_enter(struct work *work)
{
	const struct effects *effects = work->effects;
	struct new_enrolment *entries = arena_alloc(work->arena, effects->count * sizeof *entries);
	size_t count = 0;
	for (size_t i = 0; i < effects->count && entries; i++)
		if (change_is_new_enrolment(effects, i))
			new_enrolment_add(entries, &count, effects, i);
	if (count == 0)
		return;
	new_enrolments_write(work, entries, count);
	for (size_t i = 0; i < count; i++) {
		const struct change *change = &effects->changes[entries[i].enrol_change];
		if (entries[i].enrols)
			effects->enrolments[change->enrolment].id = entries[i].id;
		if (entries[i].role != 0)
			work->ids[entries[i].role_change] = entries[i].assignment;
	}
}

/* An enrolment alone flags nobody: the role that comes with it does, and so does an update. What
 * takes away flags by itself. */
static bool is_flagging(const struct change *change)
{
	return change->kind == CHANGE_ENROLMENT || change->kind == CHANGE_ASSIGN_ROLE;
}

static void flags_set(struct work *work)
{
	for (size_t i = 0; i < work->effects->count; i++) {
		const struct change *change = &work->effects->changes[i];
		if (is_flagging(change))
			dirty_flag_set(work, DIRTY_USERS,
			    work->effects
			        ->people[work->effects->enrolments[change->enrolment].person]
			        .id);
	}
}

/* What is given, then what is taken away. */
static void portion_write(struct work *work)
{
	courses_enter(work);
	for (size_t i = 0; i < work->effects->count; i++)
		if (work->effects->changes[i].kind == CHANGE_ENROLMENT)
			update(work, &work->effects->changes[i]);
	members_write(work);
	leavings_write(work);
}

static void changes_write(struct work *work)
{
	accounts_write(work);
	interests_write(work);
	waves_write(work, portion_write);
	flags_set(work);
	dirty_flags_write(work);
	audit_all(work);
}

static struct error work_init(struct work *work, struct lms *lms, const struct effects *effects)
{
	*work = (struct work){.lms = lms, .effects = effects, .arena = lms->writing};
	work->ids = calloc(effects->count, sizeof *work->ids);
	work->audit = calloc(effects->count, sizeof *work->audit);
	return work->ids && work->audit ? OK : error_memory("applying a batch");
}

static void work_done(struct work *work)
{
	free(work->ids);
	free(work->audit);
	arena_reset(work->arena);
}

static void write_now(struct lms *lms, const struct effects *effects)
{
	struct work work;
	struct error error = work_init(&work, lms, effects);
	if (is_error(&error)) {
		db_fail(lms->db, error);
	} else {
		changes_write(&work);
		if (arena_has_failed(work.arena))
			db_fail(lms->db, error_memory("applying a batch"));
	}
	work_done(&work);
}

/* ---- with a census ---- */

static int64_t id_find(struct lms *lms, const struct enrolment_facts *is)
{
	return db_find(lms->db, "SELECT id FROM {user_enrolments} WHERE enrolid = ? AND userid = ?",
	    0, DB_VALUES(db_int(is->enrol), db_int(is->user)));
}

/* Fills in ids of enrolments that were decided on before they were known; an id too large for the
 * census is asked for. */
static void ids_recall(struct lms *lms, const struct effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		if (effects->changes[i].kind != CHANGE_ENROLMENT)
			continue;
		struct enrolment_facts *is = &effects->enrolments[effects->changes[i].enrolment];
		if (is->id != ENROLMENT_PLANNED)
			continue;
		int64_t id = census_find_id(lms->census, is);
		is->id = id != 0 ? id : id_find(lms, is);
	}
}

static bool is_for_census(enum change_kind kind)
{
	return kind == CHANGE_ENROL || kind == CHANGE_ENROLMENT || kind == CHANGE_ASSIGN_ROLE;
}

/* Keeps the census true, or drops it. */
static void census_follow(struct lms *lms, const struct effects *effects)
{
	bool is_true = true;
	for (size_t i = 0; i < effects->count && is_true; i++) {
		const struct change *change = &effects->changes[i];
		is_true = is_for_census(change->kind) &&
		          census_note(lms->census, change, &effects->enrolments[change->enrolment]);
	}
	if (is_true)
		return;
	/* The database must have what the census knew before it is asked again. */
	write_behind_finish(lms->write_behind);
	census_free(lms->census);
	lms->census = NULL;
}

struct error lms_apply(struct lms *lms, const struct effects *effects)
{
	chores_begin(lms);
	if (effects->count == 0)
		return OK;
	holders_follow(lms, effects);
	bool has_census = census_knows_enrolments(lms->census);
	if (has_census && write_behind_takes(effects)) {
		if (!write_behind_add(lms->write_behind, effects))
			return error_memory("applying a batch");
		chores_note(lms, effects);
		census_follow(lms, effects);
		return OK;
	}
	write_behind_finish(lms->write_behind);
	if (has_census)
		ids_recall(lms, effects);
	write_now(lms, effects);
	chores_note(lms, effects);
	if (has_census)
		census_follow(lms, effects);
	return db_error(lms->db);
}
