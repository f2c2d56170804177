#include "enrold/today.h"

#include "work.h"

#include "enrold/listing.h"

static void user_load(struct db *db, struct enrolment_known *row, struct arena *arena)
{
	struct db_rows rows = db_select(
	    db, "SELECT username, deleted FROM {user} WHERE id = ?", DB_VALUES(db_int(row->user)));
	if (db_next(&rows)) {
		row->username = arena_copy(arena, db_column_text(&rows, 0));
		row->is_of_deleted = db_column_int(&rows, 1) != 0;
	}
	db_rows_close(&rows);
}

static void course_load(
    struct db *db, int64_t course, struct enrolment_known *row, struct arena *arena)
{
	struct db_rows rows = db_select(
	    db, "SELECT shortname, idnumber FROM {course} WHERE id = ?", DB_VALUES(db_int(course)));
	if (db_next(&rows)) {
		row->shortname = arena_copy(arena, db_column_text(&rows, 0));
		row->idnumber = arena_copy(arena, db_column_text(&rows, 1));
	}
	db_rows_close(&rows);
}

/* 0: there is no such instance any more. */
static int64_t course_of(
    struct db *db, int64_t enrol, struct enrolment_known *row, struct arena *arena)
{
	int64_t course = 0;
	struct db_rows rows = db_select(
	    db, "SELECT courseid, enrol FROM {enrol} WHERE id = ?", DB_VALUES(db_int(enrol)));
	if (db_next(&rows)) {
		course = db_column_int(&rows, 0);
		row->method = arena_copy(arena, db_column_text(&rows, 1));
	}
	db_rows_close(&rows);
	return course;
}

/* *enrol 0: there is no such row. */
static void row_load(struct db *db, struct enrolment_known *row, int64_t *enrol)
{
	struct db_rows rows =
	    db_select(db, "SELECT enrolid, userid, timecreated FROM {user_enrolments} WHERE id = ?",
	        DB_VALUES(db_int(row->id)));
	if (db_next(&rows)) {
		row->known_by = "lms";
		row->is_there = true;
		*enrol = db_column_int(&rows, 0);
		row->user = db_column_int(&rows, 1);
		row->created = db_column_int(&rows, 2);
	}
	db_rows_close(&rows);
}

/* What was logged of it, oldest first. There is no index for it: it is asked last. */
static void log_load(struct db *db, struct enrolment_known *row, int64_t *course, int64_t *deleter)
{
	struct db_rows rows = db_select(db,
	    "SELECT crud, timecreated, userid, courseid, relateduserid FROM "
	    "{logstore_standard_log} WHERE objecttable = 'user_enrolments' AND objectid = ? ORDER "
	    "BY id",
	    DB_VALUES(db_int(row->id)));
	while (db_next(&rows)) {
		struct slice crud = db_column_text(&rows, 0);
		if (slice_is(crud, SLICE("c")))
			row->created = db_column_int(&rows, 1);
		if (slice_is(crud, SLICE("d"))) {
			row->deleted = db_column_int(&rows, 1);
			*deleter = db_column_int(&rows, 2);
		}
		*course = db_column_int(&rows, 3);
		row->user = db_column_int(&rows, 4);
		row->known_by = row->known_by ? row->known_by : "log";
	}
	db_rows_close(&rows);
}

static void deleter_load(
    struct db *db, int64_t deleter, struct enrolment_known *row, struct arena *arena)
{
	struct db_rows rows =
	    db_select(db, "SELECT username FROM {user} WHERE id = ?", DB_VALUES(db_int(deleter)));
	if (db_next(&rows))
		row->deleted_by = arena_copy(arena, db_column_text(&rows, 0));
	db_rows_close(&rows);
}

static struct error gone_load(
    struct lms *lms, struct enrolment_known *row, int64_t *enrol, int64_t *course, int64_t *deleter)
{
	struct listing listed = {0};
	struct error error = listing_find_enrolment(lms_db(lms), row->id, &listed);
	if (is_error(&error))
		return error;
	if (listed.enrolment != 0)
		row->known_by = "listing";
	*enrol = listed.enrol;
	row->user = listed.user;
	uint32_t has = db_rights(lms_db(lms), "logstore_standard_log");
	if (has & DB_MAY_READ && !(has & DB_IS_ABSENT))
		log_load(lms_db(lms), row, course, deleter);
	return OK;
}

struct error lms_find_enrolment_course(
    struct lms *lms, int64_t enrol, struct arena *arena, struct enrolment_known *known)
{
	int64_t course = course_of(lms_db(lms), enrol, known, arena);
	if (course != 0)
		course_load(lms_db(lms), course, known, arena);
	return arena_has_failed(arena) ? error_memory("looking at an enrolment")
	                               : db_error(lms_db(lms));
}

struct error lms_find_enrolment(
    struct lms *lms, int64_t id, struct arena *arena, struct enrolment_known *row)
{
	int64_t enrol = 0, course = 0, deleter = 0;
	struct db *db = lms_db(lms);
	struct error error = OK;
	*row = (struct enrolment_known){.id = id,
	    .username = SLICE(""),
	    .shortname = SLICE(""),
	    .idnumber = SLICE(""),
	    .method = SLICE(""),
	    .deleted_by = SLICE("")};
	row_load(db, row, &enrol);
	if (!row->is_there)
		error = gone_load(lms, row, &enrol, &course, &deleter);
	if (is_error(&error) || !row->known_by)
		return is_error(&error) ? error : db_error(db);
	if (enrol != 0)
		course = course_of(db, enrol, row, arena);
	course_load(db, course, row, arena);
	user_load(db, row, arena);
	if (deleter != 0)
		deleter_load(db, deleter, row, arena);
	return arena_has_failed(arena) ? error_memory("looking at an enrolment") : db_error(db);
}
