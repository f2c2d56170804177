#include "enrold/leaver.h"

#include "work.h"

#include "write_behind.h"

enum {
	LEAVER_USER,
	LEAVER_NAME,
	LEAVER_FIRST,
	LEAVER_LAST,
	LEAVER_IDNUMBER,
	LEAVER_EMAIL,
	LEAVER_DELETED,
	LEAVER_SUSPENDED,
	LEAVER_ENROL,
	LEAVER_METHOD,
	LEAVER_COURSE,
	LEAVER_CONTEXT,
	LEAVER_COURSE_SHORT,
	LEAVER_COURSE_NUMBER,
	LEAVER_COURSE_FULL,
	LEAVER_COURSE_END,
	LEAVER_STATUS,
	LEAVER_START,
	LEAVER_END,
	LEAVER_MODIFIED,
};

/* An account that is not even a row any more is deleted. */
static const char question[] =
    "SELECT n.userid, u.username, u.firstname, u.lastname, u.idnumber, u.email, "
    "coalesce(u.deleted, 1), u.suspended, e.id, e.enrol, e.courseid, x.id, c.shortname, "
    "c.idnumber, c.fullname, c.enddate, n.status, n.timestart, n.timeend, n.timemodified FROM "
    "{each}{user_enrolments} n JOIN {enrol} e ON e.id = n.enrolid JOIN {course} c ON c.id = "
    "e.courseid LEFT JOIN {user} u ON u.id = n.userid LEFT JOIN {context} x ON x.contextlevel = "
    "50 AND x.instanceid = e.courseid WHERE n.id = ?1";

static void leaver_read(struct leaver *leaver, const struct db_rows *rows, struct arena *arena)
{
	struct slice first = db_column_text(rows, LEAVER_FIRST),
	             last = db_column_text(rows, LEAVER_LAST);
	bool has_both = first.size > 0 && last.size > 0;
	*leaver = (struct leaver){.enrolment = leaver->enrolment,
	    .is_there = true,
	    .user = db_column_int(rows, LEAVER_USER),
	    .username = arena_copy(arena, db_column_text(rows, LEAVER_NAME)),
	    .fullname = arena_print(
	        arena, "%.*s%s%.*s", SLICE_ARG(first), has_both ? " " : "", SLICE_ARG(last)),
	    .idnumber = arena_copy(arena, db_column_text(rows, LEAVER_IDNUMBER)),
	    .email = arena_copy(arena, db_column_text(rows, LEAVER_EMAIL)),
	    .is_deleted = db_column_int(rows, LEAVER_DELETED) != 0,
	    .is_suspended = db_column_int(rows, LEAVER_SUSPENDED) != 0,
	    .enrol = db_column_int(rows, LEAVER_ENROL),
	    .is_manual = slice_is(db_column_text(rows, LEAVER_METHOD), SLICE("manual")),
	    .course = db_column_int(rows, LEAVER_COURSE),
	    .context = db_column_int(rows, LEAVER_CONTEXT),
	    .shortname = arena_copy(arena, db_column_text(rows, LEAVER_COURSE_SHORT)),
	    .course_idnumber = arena_copy(arena, db_column_text(rows, LEAVER_COURSE_NUMBER)),
	    .course_fullname = arena_copy(arena, db_column_text(rows, LEAVER_COURSE_FULL)),
	    .course_end = db_column_int(rows, LEAVER_COURSE_END),
	    .status = db_column_int(rows, LEAVER_STATUS),
	    .timestart = db_column_int(rows, LEAVER_START),
	    .timeend = db_column_int(rows, LEAVER_END),
	    .modified = db_column_int(rows, LEAVER_MODIFIED)};
}

struct error lms_load_leavers(
    struct lms *lms, struct leaver *leavers, size_t count, struct arena *arena)
{
	arena_reset(lms->scratch);
	write_behind_finish(lms->write_behind); /* so that what was planned is there */
	struct db_questions questions = db_questions_begin(lms->scratch);
	for (size_t i = 0; i < count; i++) {
		leavers[i] = (struct leaver){.enrolment = leavers[i].enrolment};
		db_question(&questions, i, DB_VALUES(db_int(leavers[i].enrolment)));
	}
	struct db_rows rows = db_ask(lms->db, question, &questions);
	while (db_next(&rows))
		leaver_read(&leavers[rows.tag], &rows, arena);
	if (arena_has_failed(arena) || arena_has_failed(lms->scratch))
		return error_memory("looking at who leaves");
	return db_error(lms->db);
}

struct error lms_name_courses(
    struct lms *lms, const int64_t *enrols, size_t count, struct slice *names, struct arena *arena)
{
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++) {
		names[i] = SLICE("");
		db_question(&questions, i, DB_VALUES(db_int(enrols[i])));
	}
	struct db_rows rows = db_ask(lms->db,
	    "SELECT c.shortname FROM {each}{enrol} e JOIN {course} c ON c.id = e.courseid WHERE "
	    "e.id = ?1",
	    &questions);
	while (db_next(&rows))
		names[rows.tag] = arena_copy(arena, db_column_text(&rows, 0));
	return arena_has_failed(arena) ? error_memory("asking what courses are called")
	                               : db_error(lms->db);
}
