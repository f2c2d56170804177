/*
 * lookups: courses and categories by what a file calls them, and who is enrolled in them.
 */
#include "work.h"

#include "census.h"

#include "enrold/nearest.h"
#include "enrold/value.h"

/* ---- courses ---- */

/* A site of more courses gets no suggestions. So many looks for all words of a batch take some
 * milliseconds, which others may be kept waiting. */
enum { NAMES_MAX = 20000, LOOKS_MAX = 1000000 };
/* So many blanks may follow a name that looks the same. */
enum { BLANKS_MAX = 2 };

/* From 5.3 on a course is deleted by a task of Moodle's; until then it is there by name only. */
#define REMAINS "coalesce(c.deletioninprogress, 0) = 0"

void course_names_drop(struct lms *lms)
{
	for (size_t by = 0; by < sizeof lms->course_names / sizeof *lms->course_names; by++) {
		nearest_free(lms->course_names[by]);
		lms->course_names[by] = NULL;
	}
}

#define NAMES(column)                                                                              \
	{                                                                                          \
		"SELECT " column " FROM {course} ORDER BY id",                                     \
		    "SELECT c." column " FROM {course} c WHERE " REMAINS " ORDER BY c.id"          \
	}

static void names_load(struct lms *lms, enum course_key_by by)
{
	static const char *const questions[][2] = {
	    [COURSE_BY_SHORTNAME] = NAMES("shortname"), [COURSE_BY_IDNUMBER] = NAMES("idnumber")};
	struct nearest *names = lms->course_names[by] = nearest_create();
	bool is_kept = names;
	if (is_kept &&
	    db_find(lms_db(lms), "SELECT count(*) FROM {course}", 0, DB_NONE) > NAMES_MAX)
		return;
	struct db_rows rows = db_select(lms_db(lms), questions[by][lms->deletes_slowly], DB_NONE);
	while (is_kept && db_next(&rows))
		is_kept = nearest_add(names, db_column_text(&rows, 0));
	db_rows_close(&rows);
	if (!is_kept)
		db_fail(lms->db, error_memory("looking up courses"));
}

/* For names that no course has. */
static void suggest(
    struct lms *lms, const struct course_key *keys, size_t count, struct course_facts *courses)
{
	size_t budget = LOOKS_MAX;
	for (size_t i = 0; i < count && !db_has_failed(lms->db); i++) {
		if (courses[i].matches > 0)
			continue;
		if (!lms->course_names[keys[i].by])
			names_load(lms, keys[i].by);
		struct nearest *names = lms->course_names[keys[i].by];
		if (names && !nearest_find(names, keys[i].text, &budget, &courses[i].nearest))
			db_fail(lms->db, error_memory("looking up courses"));
	}
}

#define COURSES(name, where)                                                                       \
	"SELECT c.id, x.id, c.category, c." name " FROM {each}{course} c LEFT JOIN {context} x "   \
	"ON "                                                                                      \
	"x.contextlevel = 50 AND x.instanceid = c.id WHERE " where

static const char *course_question(const struct lms *lms, enum course_key_by by)
{
	static const char *const questions[2][2] = {
	    {[COURSE_BY_SHORTNAME] = COURSES("shortname", "{same c.shortname = ?1}"),
	        [COURSE_BY_IDNUMBER] = COURSES("idnumber", "{same c.idnumber = ?1}")},
	    {[COURSE_BY_SHORTNAME] = COURSES("shortname", "{same c.shortname = ?1} AND " REMAINS),
	        [COURSE_BY_IDNUMBER] = COURSES("idnumber", "{same c.idnumber = ?1} AND " REMAINS)},
	};
	return questions[lms->deletes_slowly][by];
}

/* Other ways in which a name that nobody has to the letter may be stored: with its letters taken
 * apart, and with blanks at the end. */
static void alikes_ask(
    struct lms *lms, struct db_questions *questions, size_t about, struct slice name)
{
	struct slice apart = value_decompose(name, lms->scratch);
	const struct slice ways[] = {name, apart};
	db_question(questions, about,
	    DB_VALUES(db_text(arena_print(lms->scratch, "%.*s" NO_BREAK_SPACE, SLICE_ARG(name)))));
	for (size_t way = 0; way < (slice_is(name, apart) ? 1 : 2); way++)
		for (int blanks = way == 0; blanks <= BLANKS_MAX; blanks++)
			db_question(questions, about,
			    DB_VALUES(db_text(arena_print(
			        lms->scratch, "%.*s%*s", SLICE_ARG(ways[way]), blanks, ""))));
}

/* alikes: for those not found to the letter, who looks the same; where their names go. */
struct way {
	enum course_key_by by;
	struct arena *alikes;
};

static void courses_search(struct lms *lms, const struct course_key *keys, size_t count,
    const struct way *way, struct course_facts *courses)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		if (keys[i].by == way->by && !way->alikes)
			db_question(&questions, i, DB_VALUES(db_text(keys[i].text)));
		else if (keys[i].by == way->by && courses[i].matches == 0)
			alikes_ask(lms, &questions, i, keys[i].text);
	}
	struct db_rows rows = db_ask(lms_db(lms), course_question(lms, way->by), &questions);
	while (db_next(&rows)) {
		struct course_facts *course = &courses[rows.tag];
		course->matches++;
		course->id = db_column_int(&rows, 0);
		course->context = db_column_int(&rows, 1);
		course->is_site = db_column_int(&rows, 2) == 0;
		if (way->alikes)
			course->stored = arena_copy(way->alikes, db_column_text(&rows, 3));
	}
}

/* The first manual instance by sortorder, also a disabled one (lms/README 4.3). */
static void instances_load(struct lms *lms, struct course_facts *courses, size_t count)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++)
		if (courses[i].matches == 1)
			db_question(&questions, i, DB_VALUES(db_int(courses[i].id)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT id, roleid, enrolperiod FROM {each}{enrol} WHERE courseid = ?1 AND enrol = "
	    "'manual' ORDER BY sortorder, id",
	    &questions);
	while (db_next(&rows)) {
		struct course_facts *course = &courses[rows.tag];
		if (course->enrol != 0)
			continue;
		course->enrol = db_column_int(&rows, 0);
		course->enrol_role = db_column_int(&rows, 1);
		course->enrol_period = db_column_int(&rows, 2);
	}
}

static void courses_ask(struct lms *lms, const struct course_key *keys, size_t count,
    struct course_facts *courses, struct arena *arena)
{
	const struct way ways[] = {{COURSE_BY_SHORTNAME, NULL}, {COURSE_BY_IDNUMBER, NULL},
	    {COURSE_BY_SHORTNAME, arena}, {COURSE_BY_IDNUMBER, arena}};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		courses_search(lms, keys, count, &ways[i], courses);
	instances_load(lms, courses, count);
	suggest(lms, keys, count, courses);
}

/* A large transaction asks for each course once. */
static struct error courses_recall(struct lms *lms, const struct course_key *keys, size_t count,
    struct course_facts *courses, struct arena *arena)
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
	courses_ask(lms, new_keys, asked, found, arena);
	for (size_t i = 0; i < asked && !db_has_failed(lms_db(lms)); i++) {
		courses[places[i]] = found[i];
		census_keep_course(lms->census, &new_keys[i], &found[i]);
	}
	return db_error(lms_db(lms));
}

struct error lms_find_courses(struct lms *lms, const struct course_key *keys, size_t count,
    struct course_facts *courses, struct arena *arena)
{
	arena_reset(lms->scratch);
	for (size_t i = 0; i < count; i++)
		courses[i] = (struct course_facts){0};
	if (lms->census)
		return courses_recall(lms, keys, count, courses, arena);
	courses_ask(lms, keys, count, courses, arena);
	return db_error(lms_db(lms));
}

/* ---- categories ---- */

static void categories_search(
    struct lms *lms, struct category_facts *categories, size_t count, bool is_alike)
{
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		if (!is_alike)
			db_question(&questions, i, DB_VALUES(db_text(categories[i].idnumber)));
		else if (categories[i].matches == 0)
			alikes_ask(lms, &questions, i, categories[i].idnumber);
	}
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT c.id, x.id FROM {each}{course_categories} c LEFT JOIN {context} x ON "
	    "x.contextlevel = 40 AND x.instanceid = c.id WHERE {same c.idnumber = ?1}",
	    &questions);
	while (db_next(&rows)) {
		categories[rows.tag].matches++;
		categories[rows.tag].id = db_column_int(&rows, 0);
		categories[rows.tag].context = db_column_int(&rows, 1);
	}
}

struct error lms_find_categories(struct lms *lms, struct category_facts *categories, size_t count)
{
	if (count == 0 || !lms_may(lms, DEED_SEE_CATEGORY))
		return OK;
	arena_reset(lms->scratch);
	categories_search(lms, categories, count, false);
	categories_search(lms, categories, count, true);
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
		struct enrolment_facts *is = &enrolments[rows.tag];
		is->id = db_column_int(&rows, 0);
		is->status = db_column_int(&rows, 1);
		is->timestart = db_column_int(&rows, 2);
		is->timeend = db_column_int(&rows, 3);
	}
}

/* From the course's methods to the person, not from the person's other courses: SQLite guesses, but
 * keeps the order of a CROSS JOIN. */
static void any_search(
    struct lms *lms, struct enrolment_facts *enrolments, const struct db_questions *questions)
{
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT 1 FROM {each}{enrol} e CROSS JOIN {user_enrolments} u WHERE e.courseid = ?2 "
	    "AND u.enrolid = e.id AND u.userid = ?1",
	    questions);
	while (db_next(&rows))
		enrolments[rows.tag].is_any = true;
}

/* Moodle keeps role_assignments without a unique key: a role may stand there twice. */
static void roles_search(struct lms *lms, struct enrolment_facts *enrolments,
    const struct db_questions *questions, struct arena *arena)
{
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT roleid FROM {each}{role_assignments} WHERE userid = ?1 AND {index_tail "
	    "contextid} = "
	    "?2 AND {no_index component} = '' AND {no_index itemid} = 0",
	    questions);
	while (db_next(&rows))
		enrolment_add_role(&enrolments[rows.tag], db_column_int(&rows, 0), arena);
}

struct error lms_load_enrolments(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	struct db_questions own = db_questions_begin(lms->scratch),
	                    any = db_questions_begin(lms->scratch),
	                    roles = db_questions_begin(lms->scratch);
	bool is_known = census_knows_enrolments(lms->census);
	if (is_known)
		census_load_enrolments(lms->census, enrolments, count, arena);
	for (size_t i = 0; i < count; i++) {
		struct enrolment_facts *is = &enrolments[i];
		struct db_value user = db_int(is->user);
		if (is->user == 0)
			continue; /* an account that was planned: the plan knows all */
		if (!is_known)
			db_question(&roles, i, DB_VALUES(user, db_int(is->context)));
		if (!is_known && is->enrol != 0)
			db_question(&own, i, DB_VALUES(db_int(is->enrol), user));
		if (is->asks_any && is->course != 0)
			db_question(&any, i, DB_VALUES(user, db_int(is->course)));
	}
	if (arena_has_failed(arena))
		return error_memory("loading enrolments");
	leaving_load(lms, enrolments, count, arena);
	if (is_known && any.count == 0)
		return arena_has_failed(arena) ? error_memory("loading enrolments")
		                               : db_error(lms->db);
	enrolments_search(lms, enrolments, &own);
	any_search(lms, enrolments, &any);
	roles_search(lms, enrolments, &roles, arena);
	return arena_has_failed(arena) ? error_memory("loading enrolments") : db_error(lms->db);
}
