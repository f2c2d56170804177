#include "enrold/today.h"

#include "work.h"

/* ---- who ---- */

static int64_t key_person(const struct user_key *key)
{
	if (key->matches == 1)
		return key->ids[0];
	return key->matches == 0 && key->alikes_count == 1 ? key->alikes[0].id : 0;
}

struct error lms_find_person(
    struct lms *lms, struct slice text, struct arena *arena, struct person_today *person)
{
	enum { KEYS = 4 };
	struct user_key keys[KEYS] = {{.by = KEY_USERNAME, .text = text},
	    {.by = KEY_EMAIL, .text = text}, {.by = KEY_IDNUMBER, .text = text},
	    {.by = KEY_DELETED, .text = text}};
	*person = (struct person_today){.is_deleted = false};
	if (text.size == 0) /* as most idnumbers are */
		return OK;
	struct error error = lms_find_users(lms, keys, KEYS, arena);
	for (size_t i = 0; i < KEYS - 1 && person->account.id == 0; i++) {
		person->account.id = key_person(&keys[i]);
		person->is_ambiguous |= keys[i].matches > 1;
	}
	person->is_deleted = person->account.id == 0 && keys[KEYS - 1].matches > 0;
	if (is_error(&error) || person->account.id == 0)
		return error;
	person->is_ambiguous = false;
	return lms_load_accounts(lms, &person->account, 1, arena);
}

/* ---- where ---- */

struct error lms_find_course_called(
    struct lms *lms, struct slice text, struct arena *arena, struct course_called *course)
{
	enum { KEYS = 2 };
	const struct course_key keys[KEYS] = {
	    {COURSE_BY_SHORTNAME, text}, {COURSE_BY_IDNUMBER, text}};
	struct course_facts facts[KEYS];
	*course = (struct course_called){.is_known = false};
	if (text.size == 0) /* as many idnumbers are */
		return OK;
	struct error error = lms_find_courses(lms, keys, KEYS, facts, arena);
	size_t by = !is_error(&error) && facts[0].matches == 0 ? 1 : 0;
	if (is_error(&error) || facts[by].matches != 1)
		return error;
	struct db_rows rows =
	    db_select(lms_db(lms), "SELECT shortname, idnumber FROM {course} WHERE id = ?",
	        DB_VALUES(db_int(facts[by].id)));
	if (db_next(&rows)) {
		course->is_known = true;
		course->shortname = arena_copy(arena, db_column_text(&rows, 0));
		course->idnumber = arena_copy(arena, db_column_text(&rows, 1));
	}
	db_rows_close(&rows);
	return arena_has_failed(arena) ? error_memory("looking for a course")
	                               : db_error(lms_db(lms));
}

static struct error enrolments_load(struct lms *lms, int64_t user, struct course_today *courses,
    const struct course_facts *facts, size_t count, struct arena *arena)
{
	struct enrolment_facts *is = arena_alloc(arena, (count + 1) * sizeof *is);
	if (!is)
		return error_memory("looking at courses");
	for (size_t i = 0; i < count; i++) {
		bool is_one = facts[i].matches == 1;
		is[i] = (struct enrolment_facts){.user = is_one ? user : 0,
		    .course = facts[i].id,
		    .enrol = facts[i].enrol,
		    .context = facts[i].context,
		    .level = LEVEL_COURSE,
		    .instance = facts[i].id};
	}
	struct error error = lms_load_enrolments(lms, is, count, arena);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		courses[i].state = enrolment_describe(&is[i], &lms->site, arena);
	return error;
}

enum {
	WAY_ID,
	WAY_METHOD,
	WAY_DISABLED,
	WAY_STATUS,
	WAY_START,
	WAY_END,
	WAY_CHANGED,
	WAY_BY,
	WAY_ENROLMENT
};

static void other_add(struct course_today *course, const struct db_rows *rows, struct arena *arena)
{
	size_t count = course->others_count;
	struct other_way *others =
	    arena_grow(arena, course->others, count, count + 1, sizeof *others);
	if (!others)
		return;
	others[count] = (struct other_way){
	    .method = arena_copy(arena, db_column_text(rows, WAY_METHOD)),
	    .is_disabled = db_column_int(rows, WAY_DISABLED) != 0,
	    .status = db_column_int(rows, WAY_STATUS),
	    .timestart = db_column_int(rows, WAY_START),
	    .timeend = db_column_int(rows, WAY_END),
	};
	course->others = others;
	course->others_count++;
}

/* By any method; `writers` gets who has written ours last. */
static void ways_load(struct lms *lms, int64_t user, struct course_today *courses,
    const struct course_facts *facts, size_t count, struct db_questions *writers)
{
	struct db_questions questions = db_questions_begin(writers->arena);
	for (size_t i = 0; i < count; i++)
		if (facts[i].matches == 1 && user != 0)
			db_question(&questions, i, DB_VALUES(db_int(user), db_int(facts[i].id)));
	struct db_rows rows = db_ask(lms_db(lms),
	    "SELECT e.id, e.enrol, e.status, u.status, u.timestart, u.timeend, u.timemodified, "
	    "u.modifierid, u.id FROM {each}{enrol} e CROSS JOIN {user_enrolments} u WHERE "
	    "e.courseid = "
	    "?2 "
	    "AND u.enrolid = e.id AND u.userid = ?1",
	    &questions);
	while (db_next(&rows)) {
		struct course_today *course = &courses[rows.tag];
		if (db_column_int(&rows, WAY_ID) != facts[rows.tag].enrol) {
			other_add(course, &rows, writers->arena);
			continue;
		}
		course->enrolment = db_column_int(&rows, WAY_ENROLMENT);
		course->changed = db_column_int(&rows, WAY_CHANGED);
		db_question(writers, rows.tag, DB_VALUES(db_int(db_column_int(&rows, WAY_BY))));
	}
}

static void writers_load(
    struct lms *lms, struct course_today *courses, const struct db_questions *writers)
{
	struct db_rows rows =
	    db_ask(lms_db(lms), "SELECT username FROM {each}{user} WHERE id = ?1", writers);
	while (db_next(&rows))
		courses[rows.tag].changed_by = arena_copy(writers->arena, db_column_text(&rows, 0));
}

struct error lms_load_today(
    struct lms *lms, int64_t user, struct course_today *courses, size_t count, struct arena *arena)
{
	struct course_key *keys = arena_alloc(arena, (count + 1) * sizeof *keys);
	struct course_facts *facts = arena_alloc(arena, (count + 1) * sizeof *facts);
	struct db_questions writers = db_questions_begin(arena);
	if (!keys || !facts)
		return error_memory("looking at courses");
	for (size_t i = 0; i < count; i++)
		keys[i] = courses[i].key;
	struct error error = lms_find_courses(lms, keys, count, facts, arena);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		courses[i].matches = facts[i].matches;
	if (!is_error(&error))
		error = enrolments_load(lms, user, courses, facts, count, arena);
	if (is_error(&error))
		return error;
	ways_load(lms, user, courses, facts, count, &writers);
	writers_load(lms, courses, &writers);
	return arena_has_failed(arena) ? error_memory("looking at courses") : db_error(lms_db(lms));
}
