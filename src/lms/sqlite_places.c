/*
 * sqlite_places: courses, categories, cohorts and groups by what a file calls them, and who is in
 * them.
 */
#include "sqlite.h"

#include "enrold/value.h"

#include "nearest.h"

/* ---- courses ---- */

/* The first manual instance by sortorder, also a disabled one (facts 4.3). */
static void instance_load(struct lms *lms, struct course_facts *course)
{
	struct db_rows rows = site_db_select(lms->db,
	    "SELECT id, roleid, enrolperiod FROM {enrol} WHERE courseid = ? AND enrol = 'manual' "
	    "ORDER BY sortorder, id LIMIT 1",
	    DB_VALUES(db_int(course->id)));
	if (site_db_next(&rows)) {
		course->enrol = db_column_int(&rows, 0);
		course->enrol_role = db_column_int(&rows, 1);
		course->enrol_period = db_column_int(&rows, 2);
	}
	site_db_leave(&rows);
}

enum { NAMES_MAX = 20000, SUGGESTIONS_MAX = 50 };

/* A site of more courses gets no suggestions. */
static void names_load(struct lms *lms)
{
	int64_t count = site_db_find(lms->db, "SELECT count(*) FROM {course}", 0, DB_NONE);
	lms->course_names = arena_alloc(lms->arena, ((size_t)count + 1) * sizeof(struct slice));
	if (!lms->course_names || count > NAMES_MAX)
		return;
	struct db_rows rows =
	    site_db_select(lms->db, "SELECT shortname FROM {course} ORDER BY id", DB_NONE);
	while (lms->course_names_count < (size_t)count && site_db_next(&rows))
		lms->course_names[lms->course_names_count++] =
		    arena_copy(lms->arena, db_column_text(&rows, 0));
	site_db_leave(&rows);
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

static const char *course_question(enum course_key_by by)
{
	return by == COURSE_BY_SHORTNAME
	           ? "SELECT c.id, x.id, c.category FROM {course} c LEFT JOIN {context} x ON "
	             "x.contextlevel = 50 AND x.instanceid = c.id WHERE c.shortname = ?"
	           : "SELECT c.id, x.id, c.category FROM {course} c LEFT JOIN {context} x ON "
	             "x.contextlevel = 50 AND x.instanceid = c.id WHERE c.idnumber = ?";
}

struct error lms_find_courses(
    struct lms *lms, const struct course_key *keys, size_t count, struct course_facts *courses)
{
	for (size_t i = 0; i < count; i++) {
		struct course_facts *course = &courses[i];
		*course = (struct course_facts){0};
		struct db_rows rows = site_db_select(
		    lms->db, course_question(keys[i].by), DB_VALUES(db_text(keys[i].text)));
		while (site_db_next(&rows)) {
			course->matches++;
			course->id = db_column_int(&rows, 0);
			course->context = db_column_int(&rows, 1);
			course->is_site = db_column_int(&rows, 2) == 0;
		}
		if (course->matches == 1)
			instance_load(lms, course);
	}
	suggest(lms, keys, count, courses);
	return site_db_error(lms->db);
}

/* ---- categories, cohorts, groups ---- */

struct error lms_find_categories(struct lms *lms, struct category_facts *categories, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct db_rows rows = site_db_select(lms->db,
		    "SELECT c.id, x.id FROM {course_categories} c LEFT JOIN {context} x ON "
		    "x.contextlevel = 40 AND x.instanceid = c.id WHERE c.idnumber = ?",
		    DB_VALUES(db_text(categories[i].idnumber)));
		while (site_db_next(&rows)) {
			categories[i].matches++;
			categories[i].id = db_column_int(&rows, 0);
			categories[i].context = db_column_int(&rows, 1);
		}
	}
	return site_db_error(lms->db);
}

struct error lms_find_cohorts(struct lms *lms, struct cohort_facts *cohorts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cohort_facts *cohort = &cohorts[i];
		bool by_id = value_is_integer(cohort->text);
		struct db_rows rows = site_db_select(lms->db,
		    by_id
		        ? "SELECT k.id, k.component, x.id, x.contextlevel, x.instanceid FROM "
		          "{cohort} "
		          "k JOIN {context} x ON x.id = k.contextid WHERE k.id = CAST(? AS INTEGER)"
		        : "SELECT k.id, k.component, x.id, x.contextlevel, x.instanceid FROM "
		          "{cohort} "
		          "k JOIN {context} x ON x.id = k.contextid WHERE k.idnumber = ? ORDER BY "
		          "k.id",
		    DB_VALUES(db_text(cohort->text)));
		if (site_db_next(&rows)) {
			cohort->id = db_column_int(&rows, 0);
			cohort->is_external = db_column_text(&rows, 1).size > 0;
			cohort->context = db_column_int(&rows, 2);
			cohort->level = db_column_int(&rows, 3);
			cohort->instance = db_column_int(&rows, 4);
		}
		site_db_leave(&rows);
	}
	return site_db_error(lms->db);
}

static void group_search(struct lms *lms, struct group_facts *group, const char *question)
{
	struct db_rows rows = site_db_select(
	    lms->db, question, DB_VALUES(db_int(group->course_id), db_text(group->text)));
	while (site_db_next(&rows)) {
		if (group->matches++ == 0)
			group->id = db_column_int(&rows, 0);
	}
}

struct error lms_find_groups(struct lms *lms, struct group_facts *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct group_facts *group = &groups[i];
		if (group->by == GROUP_BY_IDNUMBER)
			group_search(lms, group,
			    "SELECT id FROM {groups} WHERE courseid = ? AND idnumber = ? ORDER BY "
			    "id");
		else
			group_search(lms, group,
			    "SELECT id FROM {groups} WHERE courseid = ? AND name = ? ORDER BY id");
		if (group->by == GROUP_BY_NAME_OR_ID && group->matches == 0 &&
		    value_is_integer(group->text))
			group_search(lms, group,
			    "SELECT id FROM {groups} WHERE courseid = ? AND id = CAST(? AS "
			    "INTEGER)");
	}
	return site_db_error(lms->db);
}

struct error lms_find_groupings(struct lms *lms, struct grouping_facts *groupings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct db_rows rows = site_db_select(lms->db,
		    "SELECT id FROM {groupings} WHERE courseid = ? AND name = ? ORDER BY id",
		    DB_VALUES(db_int(groupings[i].course_id), db_text(groupings[i].name)));
		while (site_db_next(&rows)) {
			if (groupings[i].matches++ == 0)
				groupings[i].id = db_column_int(&rows, 0);
		}
	}
	return site_db_error(lms->db);
}

static const char *membership_question(enum membership_kind kind)
{
	switch (kind) {
	case PERSON_IN_COHORT:
		return "SELECT 1 FROM {cohort_members} WHERE userid = ? AND cohortid = ?";
	case PERSON_IN_GROUP:
		return "SELECT 1 FROM {groups_members} WHERE userid = ? AND groupid = ?";
	case GROUP_IN_GROUPING: break;
	}
	return "SELECT 1 FROM {groupings_groups} WHERE groupid = ? AND groupingid = ?";
}

struct error lms_load_memberships(
    struct lms *lms, struct membership_facts *memberships, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct membership_facts *is = &memberships[i];
		if (is->who_id != 0 && is->target_id != 0)
			is->is_member =
			    site_db_find(lms->db, membership_question(is->kind), 0,
			        DB_VALUES(db_int(is->who_id), db_int(is->target_id))) != 0;
	}
	return site_db_error(lms->db);
}

/* ---- enrolments and roles ---- */

/* Moodle keeps role_assignments without a unique key: a role may stand there twice. */
static void roles_of(struct lms *lms, struct enrolment_facts *is, struct arena *arena)
{
	int64_t last = 0;
	struct db_rows rows = site_db_select(lms->db,
	    "SELECT roleid FROM {role_assignments} WHERE userid = ? AND contextid = ? AND "
	    "component = "
	    "'' AND itemid = 0 ORDER BY roleid",
	    DB_VALUES(db_int(is->user), db_int(is->context)));
	while (site_db_next(&rows)) {
		int64_t role = db_column_int(&rows, 0);
		if (is->roles_count > 0 && role == last)
			continue;
		int64_t *roles = arena_grow(
		    arena, is->roles, is->roles_count, is->roles_count + 1, sizeof *roles);
		if (!roles)
			break;
		roles[is->roles_count++] = last = role;
		is->roles = roles;
	}
	site_db_leave(&rows);
}

struct error lms_load_enrolments(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct enrolment_facts *is = &enrolments[i];
		if (is->user == 0)
			continue; /* an account that was planned: the plan knows all */
		struct db_rows rows = site_db_select(lms->db,
		    "SELECT id, status, timestart, timeend FROM {user_enrolments} WHERE enrolid = "
		    "? AND "
		    "userid = ?",
		    DB_VALUES(db_int(is->enrol), db_int(is->user)));
		if (site_db_next(&rows)) {
			is->id = db_column_int(&rows, 0);
			is->status = db_column_int(&rows, 1);
			is->timestart = db_column_int(&rows, 2);
			is->timeend = db_column_int(&rows, 3);
		}
		site_db_leave(&rows);
		if (is->asks_any && is->course != 0)
			is->is_any =
			    site_db_find(lms->db,
			        "SELECT 1 FROM {user_enrolments} u JOIN {enrol} e ON e.id = "
			        "u.enrolid WHERE u.userid = ? AND e.courseid = ?",
			        0, DB_VALUES(db_int(is->user), db_int(is->course))) != 0;
		roles_of(lms, is, arena);
	}
	return arena_has_failed(arena) ? error_memory("loading enrolments")
	                               : site_db_error(lms->db);
}
