/*
 * groups: cohorts, groups and groupings by what a file calls them, and who is in them. Those of a
 * course, and the cohorts of the site, are read once in a transaction: see roll.h.
 */
#include "work.h"

#include "roll.h"

#include "enrold/value.h"

#include <stdlib.h>

/* A text of at most 18 digits as the id that it may be. */
static int64_t id_of(struct slice text)
{
	char digits[24] = "";
	memcpy(digits, text.bytes, text.size);
	return strtoll(digits, NULL, 10);
}

static struct slice id_name(const int64_t *id)
{
	return (struct slice){(const char *)id, sizeof *id};
}

/* ---- the transaction's roll ---- */

static struct error begin(struct lms *lms)
{
	arena_reset(lms->scratch);
	if (lms->roll && roll_is_full(lms->roll)) {
		roll_free(lms->roll);
		lms->roll = NULL;
	}
	if (!lms->roll)
		lms->roll = roll_create();
	return lms->roll ? OK : error_memory("reading groups");
}

static void keep(struct lms *lms, bool is_kept)
{
	if (!is_kept)
		db_fail(lms->db, error_memory("reading groups"));
}

/* Asks for one more owner, known as `about`; false: it is nobody, or was asked for. */
static bool owner_ask(struct lms *lms, enum roll_kind kind, int64_t owner,
    struct db_questions *questions, size_t about)
{
	if (owner == 0 || roll_has_read(lms->roll, kind, owner))
		return false;
	keep(lms, roll_read(lms->roll, kind, owner));
	db_question(questions, about, DB_VALUES(db_int(owner)));
	return true;
}

void roll_made(struct lms *lms, enum roll_kind kind, int64_t owner, struct slice name, int64_t id)
{
	if (lms->roll)
		keep(lms, roll_note(lms->roll, kind, owner, name, id));
}

void roll_joined(struct lms *lms, int64_t grouping, int64_t group)
{
	roll_made(lms, ROLL_GROUPS_IN, grouping, id_name(&group), group);
}

/* ---- cohorts ---- */

static void cohorts_read(struct lms *lms)
{
	if (roll_has_read(lms->roll, ROLL_COHORTS, 0))
		return;
	keep(lms, roll_read(lms->roll, ROLL_COHORTS, 0));
	struct db_rows rows = db_scan(lms_db(lms),
	    "SELECT k.id, k.idnumber FROM {cohort} k JOIN {context} x ON x.id = k.contextid WHERE "
	    "k.idnumber <> ''");
	while (db_next(&rows))
		keep(lms, roll_add(lms->roll, ROLL_COHORTS, 0, db_column_text(&rows, 1),
		              db_column_int(&rows, 0)));
	db_rows_close(&rows);
}

static bool is_named(const struct cohort_facts *cohort)
{
	return !value_is_integer(cohort->text);
}

/* A number is an id; it has to be told when another has it as idnumber. */
static void numbers_look_at(struct lms *lms, struct cohort_facts *cohorts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t other;
		if (is_named(&cohorts[i]))
			continue;
		cohorts_read(lms);
		roll_find(lms->roll, ROLL_COHORTS, 0, cohorts[i].text, &other);
		cohorts[i].other = other == cohorts[i].id ? 0 : other;
	}
}

struct error lms_find_cohorts(
    struct lms *lms, struct cohort_facts *cohorts, size_t count, struct arena *arena)
{
	if (count == 0 || !lms_may(lms, DEED_SEE_COHORT))
		return OK;
	struct error error = begin(lms);
	if (is_error(&error))
		return error;
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		int64_t id;
		if (!is_named(&cohorts[i])) {
			id = id_of(cohorts[i].text);
		} else {
			cohorts_read(lms);
			cohorts[i].matches =
			    roll_find(lms->roll, ROLL_COHORTS, 0, cohorts[i].text, &id);
		}
		if (id != 0)
			db_question(&questions, i, DB_VALUES(db_int(id)));
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT k.id, k.component, x.id, x.contextlevel, x.instanceid, k.idnumber FROM "
	    "{each}{cohort} k "
	    "JOIN {context} x ON x.id = k.contextid WHERE k.id = ?1",
	    &questions);
	while (db_next(&rows)) {
		struct cohort_facts *cohort = &cohorts[rows.tag];
		cohort->id = db_column_int(&rows, 0);
		cohort->is_external = db_column_text(&rows, 1).size > 0;
		cohort->context = db_column_int(&rows, 2);
		cohort->level = db_column_int(&rows, 3);
		cohort->instance = db_column_int(&rows, 4);
		if (!is_named(cohort))
			cohort->idnumber =
			    value_form(arena_copy(arena, db_column_text(&rows, 5)), arena);
	}
	numbers_look_at(lms, cohorts, count);
	return arena_has_failed(arena) ? error_memory("looking up cohorts") : db_error(lms_db(lms));
}

/* ---- groups ---- */

static void group_add(struct lms *lms, int64_t course, const struct db_rows *rows)
{
	int64_t id = db_column_int(rows, 0);
	keep(lms, roll_add(lms->roll, ROLL_GROUPS, course, db_column_text(rows, 1), id));
	keep(lms, roll_add(lms->roll, ROLL_GROUP_NUMBERS, course, db_column_text(rows, 2), id));
}

static void groups_read(struct lms *lms, const struct group_facts *groups, size_t count)
{
	struct db_questions courses = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (owner_ask(lms, ROLL_GROUPS, groups[i].course_id, &courses, i))
			keep(lms, roll_read(lms->roll, ROLL_GROUP_NUMBERS, groups[i].course_id));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id, name, idnumber FROM {each}{groups} WHERE courseid = ?1", &courses);
	while (db_next(&rows))
		group_add(lms, groups[rows.tag].course_id, &rows);
}

/* Looks up those that no name has found: a number may be an id (lms/README 4.5). */
static void groups_by_id(struct lms *lms, struct group_facts *groups, size_t count)
{
	struct db_questions ids = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (groups[i].by == GROUP_BY_NAME_OR_ID && groups[i].matches == 0 &&
		    value_is_integer(groups[i].text))
			db_question(&ids, i,
			    DB_VALUES(db_int(groups[i].course_id), db_int(id_of(groups[i].text))));
	struct db_rows rows = db_ask(
	    lms_db(lms), "SELECT id FROM {each}{groups} WHERE courseid = ?1 AND id = ?2", &ids);
	while (db_next(&rows))
		if (groups[rows.tag].matches++ == 0)
			groups[rows.tag].id = db_column_int(&rows, 0);
}

/* The oldest of several with one name is meant when nobody is in the others: Moodle makes one more
 * while its cache does not know the first. */
static void spares_find(struct lms *lms, struct group_facts *groups, size_t count)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		groups[i].has_spares = groups[i].matches > 1 && groups[i].by != GROUP_BY_IDNUMBER;
		if (groups[i].has_spares)
			db_question(&questions, i,
			    DB_VALUES(db_int(groups[i].course_id), db_text(groups[i].text),
			        db_int(groups[i].id)));
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT g.id FROM {each}{groups} g WHERE g.courseid = ?1 AND {same g.name = ?2} AND "
	    "g.id <> ?3 AND EXISTS (SELECT 1 FROM {groups_members} m WHERE m.groupid = g.id)",
	    &questions);
	while (db_next(&rows))
		groups[rows.tag].has_spares = false;
}

struct error lms_find_groups(struct lms *lms, struct group_facts *groups, size_t count)
{
	if (count == 0 || !lms_may(lms, DEED_SEE_GROUP))
		return OK;
	struct error error = begin(lms);
	if (is_error(&error))
		return error;
	groups_read(lms, groups, count);
	for (size_t i = 0; i < count && !db_has_failed(lms->db); i++)
		groups[i].matches = roll_find(lms->roll,
		    groups[i].by == GROUP_BY_IDNUMBER ? ROLL_GROUP_NUMBERS : ROLL_GROUPS,
		    groups[i].course_id, groups[i].text, &groups[i].id);
	groups_by_id(lms, groups, count);
	spares_find(lms, groups, count);
	return db_error(lms_db(lms));
}

struct error lms_find_groupings(struct lms *lms, struct grouping_facts *groupings, size_t count)
{
	if (count == 0 || !lms_may(lms, DEED_SEE_GROUPING))
		return OK;
	struct error error = begin(lms);
	if (is_error(&error))
		return error;
	struct db_questions courses = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		owner_ask(lms, ROLL_GROUPINGS, groupings[i].course_id, &courses, i);
	struct db_rows rows = db_ask(
	    lms_db(lms), "SELECT id, name FROM {each}{groupings} WHERE courseid = ?1", &courses);
	while (db_next(&rows))
		keep(lms, roll_add(lms->roll, ROLL_GROUPINGS, groupings[rows.tag].course_id,
		              db_column_text(&rows, 1), db_column_int(&rows, 0)));
	for (size_t i = 0; i < count && !db_has_failed(lms->db); i++)
		groupings[i].matches = roll_find(lms->roll, ROLL_GROUPINGS, groupings[i].course_id,
		    groupings[i].name, &groupings[i].id);
	return db_error(lms_db(lms));
}

/* ---- who is in them ---- */

static bool is_known(const struct membership_facts *is, enum membership_kind kind)
{
	return is->kind == kind && is->who_id != 0 && is->target_id != 0;
}

static void people_search(struct lms *lms, struct membership_facts *memberships, size_t count,
    enum membership_kind kind, const char *sql)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (is_known(&memberships[i], kind))
			db_question(&questions, i,
			    DB_VALUES(
			        db_int(memberships[i].who_id), db_int(memberships[i].target_id)));
	struct db_rows rows = db_ask(lms_db(lms), sql, &questions);
	while (db_next(&rows)) {
		memberships[rows.tag].is_member = true;
		memberships[rows.tag].is_owned = db_column_text(&rows, 0).size > 0;
	}
}

/* There is no index of both group and grouping. */
static void groupings_search(struct lms *lms, struct membership_facts *memberships, size_t count)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (is_known(&memberships[i], GROUP_IN_GROUPING))
			owner_ask(lms, ROLL_GROUPS_IN, memberships[i].target_id, &questions, i);
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT groupid FROM {each}{groupings_groups} WHERE groupingid = ?1", &questions);
	while (db_next(&rows)) {
		int64_t group = db_column_int(&rows, 0);
		keep(lms, roll_add(lms->roll, ROLL_GROUPS_IN, memberships[rows.tag].target_id,
		              id_name(&group), group));
	}
	for (size_t i = 0; i < count && !db_has_failed(lms->db); i++) {
		struct membership_facts *is = &memberships[i];
		int64_t id;
		if (is_known(is, GROUP_IN_GROUPING))
			is->is_member = roll_find(lms->roll, ROLL_GROUPS_IN, is->target_id,
			                    id_name(&is->who_id), &id) > 0;
	}
}

struct error lms_load_memberships(
    struct lms *lms, struct membership_facts *memberships, size_t count)
{
	if (count == 0)
		return OK;
	struct error error = begin(lms);
	if (is_error(&error))
		return error;
	if (lms_may(lms, DEED_SEE_COHORT))
		people_search(lms, memberships, count, PERSON_IN_COHORT,
		    "SELECT '' FROM {each}{cohort_members} WHERE userid = ?1 AND cohortid = ?2");
	if (lms_may(lms, DEED_SEE_GROUP))
		people_search(lms, memberships, count, PERSON_IN_GROUP,
		    "SELECT component FROM {each}{groups_members} WHERE userid = ?1 AND groupid = "
		    "?2");
	if (lms_may(lms, DEED_SEE_GROUPING))
		groupings_search(lms, memberships, count);
	cohorts_leaving_load(lms, memberships, count);
	return db_error(lms_db(lms));
}

/* ---- who joins them ---- */

const struct db_table groups_members_table = {
    "groups_members", "groupid, userid, timeadded, component, itemid", 5};

static int id_compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

void groups_touch(struct work *work, int64_t *groups, size_t count)
{
	if (count > 0)
		qsort(groups, count, sizeof *groups, id_compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || groups[i] != groups[i - 1])
			db_run(work->lms->db, "UPDATE {groups} SET timemodified = ? WHERE id = ?",
			    DB_VALUES(db_int(work->effects->now), db_int(groups[i])));
}

void groups_touch_joined(struct work *work, const struct new_rows *members)
{
	int64_t *groups = arena_alloc(work->arena, (members->count + 1) * sizeof *groups);
	for (size_t i = 0; groups && i < members->count; i++)
		groups[i] = members->values[i * members->table->width].integer;
	if (groups)
		groups_touch(work, groups, members->count);
}
