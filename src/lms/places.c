/*
 * places: courses, categories, cohorts and groups by what a file calls them, and who is in them.
 */
#include "parts.h"

#include "enrold/value.h"

#include "census.h"
#include "nearest.h"

#include <stdlib.h>

/* A text of at most 18 digits as the id that it may be. */
static int64_t id_of(struct slice text)
{
	char digits[24] = "";
	memcpy(digits, text.bytes, text.size);
	return strtoll(digits, NULL, 10);
}

/* ---- courses ---- */

enum { NAMES_MAX = 20000, SUGGESTIONS_MAX = 50 };

/* From 5.3 on a course is deleted by a task of Moodle's; until then it is there by name only. */
#define REMAINS "coalesce(c.deletioninprogress, 0) = 0"

/* A site of more courses gets no suggestions. */
static void names_load(struct lms *lms)
{
	int64_t count = db_find(lms_db(lms), "SELECT count(*) FROM {course}", 0, DB_NONE);
	lms->course_names = arena_alloc(lms->arena, ((size_t)count + 1) * sizeof(struct slice));
	if (!lms->course_names || count > NAMES_MAX)
		return;
	struct db_rows rows = db_select(lms_db(lms),
	    lms->deletes_slowly ? "SELECT c.shortname FROM {course} c WHERE " REMAINS
	                          " ORDER BY c.id"
	                        : "SELECT shortname FROM {course} ORDER BY id",
	    DB_NONE);
	while (lms->course_names_count < (size_t)count && db_next(&rows))
		lms->course_names[lms->course_names_count++] =
		    arena_copy(lms->arena, db_column_text(&rows, 0));
	db_leave(&rows);
}

/* In one batch a wrong name is a slip, a thousand are another catalogue. */
static void suggest(
    struct lms *lms, const struct course_key *keys, size_t count, struct course_facts *courses)
{
	size_t suggestions = 0;
	for (size_t i = 0; i < count && suggestions < SUGGESTIONS_MAX; i++) {
		if (courses[i].matches > 0 || keys[i].by != COURSE_BY_SHORTNAME)
			continue;
		if (!lms->course_names)
			names_load(lms);
		courses[i].nearest =
		    nearest_find(lms->course_names, lms->course_names_count, keys[i].text);
		suggestions++;
	}
}

#define COURSES(where)                                                                             \
	"SELECT c.id, x.id, c.category FROM {each}{course} c LEFT JOIN {context} x ON "            \
	"x.contextlevel = 50 AND x.instanceid = c.id WHERE " where

static const char *course_question(const struct lms *lms, enum course_key_by by)
{
	static const char *const questions[2][2] = {
	    {[COURSE_BY_SHORTNAME] = COURSES("{same c.shortname = ?1}"),
	        [COURSE_BY_IDNUMBER] = COURSES("{same c.idnumber = ?1}")},
	    {[COURSE_BY_SHORTNAME] = COURSES("{same c.shortname = ?1} AND " REMAINS),
	        [COURSE_BY_IDNUMBER] = COURSES("{same c.idnumber = ?1} AND " REMAINS)},
	};
	return questions[lms->deletes_slowly][by];
}

static void courses_search(struct lms *lms, const struct course_key *keys, size_t count,
    enum course_key_by by, struct course_facts *courses)
{
	struct db_questions questions = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (keys[i].by == by)
			db_question(&questions, i, DB_VALUES(db_text(keys[i].text)));
	struct db_rows rows = db_ask(lms_db(lms), course_question(lms, by), &questions);
	while (db_next(&rows)) {
		struct course_facts *course = &courses[rows.about];
		course->matches++;
		course->id = db_column_int(&rows, 0);
		course->context = db_column_int(&rows, 1);
		course->is_site = db_column_int(&rows, 2) == 0;
	}
}

/* The first manual instance by sortorder, also a disabled one (facts 4.3). */
static void instances_load(struct lms *lms, struct course_facts *courses, size_t count)
{
	struct db_questions questions = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (courses[i].matches == 1)
			db_question(&questions, i, DB_VALUES(db_int(courses[i].id)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id, roleid, enrolperiod FROM {each}{enrol} WHERE courseid = ?1 AND enrol = "
	    "'manual' ORDER BY sortorder, id",
	    &questions);
	while (db_next(&rows)) {
		struct course_facts *course = &courses[rows.about];
		if (course->enrol != 0)
			continue;
		course->enrol = db_column_int(&rows, 0);
		course->enrol_role = db_column_int(&rows, 1);
		course->enrol_period = db_column_int(&rows, 2);
	}
}

static void courses_ask(
    struct lms *lms, const struct course_key *keys, size_t count, struct course_facts *courses)
{
	courses_search(lms, keys, count, COURSE_BY_SHORTNAME, courses);
	courses_search(lms, keys, count, COURSE_BY_IDNUMBER, courses);
	instances_load(lms, courses, count);
	suggest(lms, keys, count, courses);
}

/* A large transaction asks for each course once. */
static struct error courses_recall(
    struct lms *lms, const struct course_key *keys, size_t count, struct course_facts *courses)
{
	struct course_key *new_keys = arena_alloc(lms->scratch, (count + 1) * sizeof *new_keys);
	struct course_facts *found = arena_alloc(lms->scratch, (count + 1) * sizeof *found);
	size_t *places = arena_alloc(lms->scratch, (count + 1) * sizeof *places), asked = 0;
	if (!new_keys || !found || !places)
		return error_memory("looking up courses");
	for (size_t i = 0; i < count; i++) {
		if (census_find_course(lms->census, &keys[i], &courses[i]))
			continue;
		new_keys[asked] = keys[i];
		places[asked++] = i;
	}
	if (asked == 0)
		return OK;
	courses_ask(lms, new_keys, asked, found);
	for (size_t i = 0; i < asked && !db_has_failed(lms_db(lms)); i++) {
		courses[places[i]] = found[i];
		census_keep_course(lms->census, &new_keys[i], &found[i]);
	}
	return db_error(lms_db(lms));
}

struct error lms_find_courses(
    struct lms *lms, const struct course_key *keys, size_t count, struct course_facts *courses)
{
	arena_reset(lms->scratch);
	for (size_t i = 0; i < count; i++)
		courses[i] = (struct course_facts){0};
	if (lms->census)
		return courses_recall(lms, keys, count, courses);
	courses_ask(lms, keys, count, courses);
	return db_error(lms_db(lms));
}

/* ---- categories, cohorts, groups ---- */

struct error lms_find_categories(struct lms *lms, struct category_facts *categories, size_t count)
{
	if (count == 0)
		return OK;
	arena_reset(lms->scratch);
	struct db_questions questions = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i, DB_VALUES(db_text(categories[i].idnumber)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT c.id, x.id FROM {each}{course_categories} c LEFT JOIN {context} x ON "
	    "x.contextlevel = 40 AND x.instanceid = c.id WHERE {same c.idnumber = ?1}",
	    &questions);
	while (db_next(&rows)) {
		categories[rows.about].matches++;
		categories[rows.about].id = db_column_int(&rows, 0);
		categories[rows.about].context = db_column_int(&rows, 1);
	}
	return db_error(lms_db(lms));
}

static void cohorts_search(struct lms *lms, struct cohort_facts *cohorts, size_t count, bool by_id)
{
	struct db_questions questions = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		const struct slice text = cohorts[i].text;
		if (value_is_integer(text) == by_id)
			db_question(
			    &questions, i, DB_VALUES(by_id ? db_int(id_of(text)) : db_text(text)));
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    by_id ? "SELECT k.id, k.component, x.id, x.contextlevel, x.instanceid FROM "
	            "{each}{cohort} k JOIN {context} x ON x.id = k.contextid WHERE k.id = ?1"
	          : "SELECT k.id, k.component, x.id, x.contextlevel, x.instanceid FROM "
	            "{each}{cohort} k JOIN {context} x ON x.id = k.contextid WHERE {same "
	            "k.idnumber = ?1} ORDER BY k.id",
	    &questions);
	while (db_next(&rows)) {
		struct cohort_facts *cohort = &cohorts[rows.about];
		if (cohort->id != 0)
			continue;
		cohort->id = db_column_int(&rows, 0);
		cohort->is_external = db_column_text(&rows, 1).size > 0;
		cohort->context = db_column_int(&rows, 2);
		cohort->level = db_column_int(&rows, 3);
		cohort->instance = db_column_int(&rows, 4);
	}
}

struct error lms_find_cohorts(struct lms *lms, struct cohort_facts *cohorts, size_t count)
{
	if (count == 0)
		return OK;
	arena_reset(lms->scratch);
	cohorts_search(lms, cohorts, count, true);
	cohorts_search(lms, cohorts, count, false);
	return db_error(lms_db(lms));
}

/* Those that are asked for are the questions; the first that answers is the group. */
static void groups_search(struct lms *lms, struct group_facts *groups, const char *sql,
    const struct db_questions *questions)
{
	struct db_rows rows = db_ask(lms_db(lms), sql, questions);
	while (db_next(&rows))
		if (groups[rows.about].matches++ == 0)
			groups[rows.about].id = db_column_int(&rows, 0);
}

struct error lms_find_groups(struct lms *lms, struct group_facts *groups, size_t count)
{
	if (count == 0)
		return OK;
	arena_reset(lms->scratch);
	struct db_questions names = db_questions(lms->scratch),
	                    idnumbers = db_questions(lms->scratch),
	                    ids = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++)
		db_question(groups[i].by == GROUP_BY_IDNUMBER ? &idnumbers : &names, i,
		    DB_VALUES(db_int(groups[i].course_id), db_text(groups[i].text)));
	groups_search(lms, groups,
	    "SELECT id FROM {each}{groups} WHERE courseid = ?1 AND {same idnumber = ?2} ORDER BY "
	    "id",
	    &idnumbers);
	groups_search(lms, groups,
	    "SELECT id FROM {each}{groups} WHERE courseid = ?1 AND {same name = ?2} ORDER BY id",
	    &names);
	for (size_t i = 0; i < count; i++)
		if (groups[i].by == GROUP_BY_NAME_OR_ID && groups[i].matches == 0 &&
		    value_is_integer(groups[i].text))
			db_question(&ids, i,
			    DB_VALUES(db_int(groups[i].course_id), db_int(id_of(groups[i].text))));
	groups_search(
	    lms, groups, "SELECT id FROM {each}{groups} WHERE courseid = ?1 AND id = ?2", &ids);
	return db_error(lms_db(lms));
}

struct error lms_find_groupings(struct lms *lms, struct grouping_facts *groupings, size_t count)
{
	if (count == 0)
		return OK;
	arena_reset(lms->scratch);
	struct db_questions questions = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++)
		db_question(&questions, i,
		    DB_VALUES(db_int(groupings[i].course_id), db_text(groupings[i].name)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id FROM {each}{groupings} WHERE courseid = ?1 AND {same name = ?2} ORDER BY id",
	    &questions);
	while (db_next(&rows))
		if (groupings[rows.about].matches++ == 0)
			groupings[rows.about].id = db_column_int(&rows, 0);
	return db_error(lms_db(lms));
}

/* ---- who is in them ---- */

static const char *membership_question(enum membership_kind kind)
{
	switch (kind) {
	case PERSON_IN_COHORT:
		return "SELECT 1 FROM {each}{cohort_members} WHERE userid = ?1 AND cohortid = ?2";
	case PERSON_IN_GROUP:
		return "SELECT 1 FROM {each}{groups_members} WHERE userid = ?1 AND groupid = ?2";
	case GROUP_IN_GROUPING: break;
	}
	return "SELECT 1 FROM {each}{groupings_groups} WHERE groupid = ?1 AND groupingid = ?2";
}

static void memberships_search(
    struct lms *lms, struct membership_facts *memberships, size_t count, enum membership_kind kind)
{
	struct db_questions questions = db_questions(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		const struct membership_facts *is = &memberships[i];
		if (is->kind == kind && is->who_id != 0 && is->target_id != 0)
			db_question(
			    &questions, i, DB_VALUES(db_int(is->who_id), db_int(is->target_id)));
	}
	struct db_rows rows = db_ask(lms_db(lms), membership_question(kind), &questions);
	while (db_next(&rows))
		memberships[rows.about].is_member = true;
}

struct error lms_load_memberships(
    struct lms *lms, struct membership_facts *memberships, size_t count)
{
	if (count == 0)
		return OK;
	arena_reset(lms->scratch);
	memberships_search(lms, memberships, count, PERSON_IN_COHORT);
	memberships_search(lms, memberships, count, PERSON_IN_GROUP);
	memberships_search(lms, memberships, count, GROUP_IN_GROUPING);
	return db_error(lms_db(lms));
}

/* ---- enrolments and roles ---- */

static void enrolments_search(
    struct lms *lms, struct enrolment_facts *enrolments, const struct db_questions *questions)
{
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id, status, timestart, timeend FROM {each}{user_enrolments} WHERE enrolid = ?1 "
	    "AND userid = ?2",
	    questions);
	while (db_next(&rows)) {
		struct enrolment_facts *is = &enrolments[rows.about];
		is->id = db_column_int(&rows, 0);
		is->status = db_column_int(&rows, 1);
		is->timestart = db_column_int(&rows, 2);
		is->timeend = db_column_int(&rows, 3);
	}
}

static void any_search(
    struct lms *lms, struct enrolment_facts *enrolments, const struct db_questions *questions)
{
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT 1 FROM {each}{user_enrolments} u JOIN {enrol} e ON e.id = u.enrolid WHERE "
	    "u.userid = ?1 AND e.courseid = ?2",
	    questions);
	while (db_next(&rows))
		enrolments[rows.about].is_any = true;
}

/* Moodle keeps role_assignments without a unique key: a role may stand there twice. */
static void roles_search(struct lms *lms, struct enrolment_facts *enrolments,
    const struct db_questions *questions, struct arena *arena)
{
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT roleid FROM {each}{role_assignments} WHERE userid = ?1 AND {then contextid} = "
	    "?2 AND {loose component} = '' AND {loose itemid} = 0",
	    questions);
	while (db_next(&rows))
		enrolment_add_role(&enrolments[rows.about], db_column_int(&rows, 0), arena);
}

struct error lms_load_enrolments(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	struct db_questions own = db_questions(lms->scratch), any = db_questions(lms->scratch),
	                    roles = db_questions(lms->scratch);
	bool is_known = census_knows_enrolments(lms->census);
	for (size_t i = 0; i < count; i++) {
		struct enrolment_facts *is = &enrolments[i];
		struct db_value user = db_int(is->user);
		if (is->user == 0)
			continue; /* an account that was planned: the plan knows all */
		if (is_known)
			census_load_enrolment(lms->census, is, arena);
		else
			db_question(&roles, i, DB_VALUES(user, db_int(is->context)));
		if (!is_known && is->enrol != 0)
			db_question(&own, i, DB_VALUES(db_int(is->enrol), user));
		if (is->asks_any && is->course != 0)
			db_question(&any, i, DB_VALUES(user, db_int(is->course)));
	}
	if (arena_has_failed(arena))
		return error_memory("loading enrolments");
	if (is_known && any.count == 0)
		return OK;
	enrolments_search(lms, enrolments, &own);
	any_search(lms, enrolments, &any);
	roles_search(lms, enrolments, &roles, arena);
	return arena_has_failed(arena) ? error_memory("loading enrolments") : db_error(lms->db);
}
