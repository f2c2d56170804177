/*
 * site_add: courses and users for a site that keeps no Moodle of its own. What Moodle's schema
 * leaves open is guarded here: it lets two courses have one short name.
 */
#include "enrold/site.h"

#include "site_rows.h"

#include "enrold/db.h"
#include "enrold/value.h"

#include <time.h>

/* Moodle gives each category this many places for the sort order of its courses. */
enum { COURSES_IN_CATEGORY = 10000 };

static const struct site_answer added = {.outcome = SITE_ADDED};
static const struct site_answer exists = {.outcome = SITE_EXISTS};

static struct site_answer refused(const char *why)
{
	return (struct site_answer){.outcome = SITE_REFUSED, .why = why};
}

/* One cell, its column's length in characters and what to say when it is longer. */
struct cell {
	struct slice text;
	size_t max;
	const char *too_long;
};

/* NULL when all is well. */
static const char *find_fault(const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		switch (value_check(cells[i].text)) {
		case VALUE_NOT_UTF8: return "a value is not UTF-8";
		case VALUE_CONTROL: return "a value holds control characters";
		case VALUE_LOST: return "a letter of a value got lost: U+FFFD stands for it";
		case VALUE_CLEAN: break;
		}
		if (value_characters(cells[i].text) > cells[i].max)
			return cells[i].too_long;
	}
	return NULL;
}

static const char *find_course_fault(const struct course_row *row)
{
	const struct cell cells[] = {
	    {row->shortname, 255, "the short name is longer than 255 characters"},
	    {row->fullname, 254, "the full name is longer than 254 characters"},
	    {row->category, 100, "the category's idnumber is longer than 100 characters"},
	    {row->idnumber, 100, "the idnumber is longer than 100 characters"},
	};
	if (row->shortname.size == 0)
		return "the short name is empty";
	return find_fault(cells, sizeof cells / sizeof cells[0]);
}

static const char *find_user_fault(const struct user_row *row)
{
	const struct cell cells[] = {
	    {row->firstname, 100, "the first name is longer than 100 characters"},
	    {row->lastname, 100, "the last name is longer than 100 characters"},
	    {row->email, 100, "the email address is longer than 100 characters"},
	    {row->idnumber, 255, "the idnumber is longer than 255 characters"},
	};
	if (row->username.size == 0)
		return "the user name is empty";
	if (!site_is_username(row->username))
		return "the user name may hold lower-case letters, digits and -._@ only, at most "
		       "100";
	return find_fault(cells, sizeof cells / sizeof cells[0]);
}

/* What every new course gets, read once. */
struct instance_defaults {
	int64_t role, period, notify, threshold, welcome;
};

static int64_t manual_setting(struct db *db, const char *name, int64_t none)
{
	return db_find(db,
	    "SELECT CAST(value AS INTEGER) FROM {config_plugins} "
	    "WHERE plugin = 'enrol_manual' AND name = ?",
	    none, DB_VALUES(db_string(name)));
}

static struct instance_defaults load_instance_defaults(struct db *db)
{
	int64_t student = db_find(db,
	    "SELECT id FROM {role} WHERE archetype = 'student' ORDER BY shortname <> 'student', "
	    "sortorder LIMIT 1",
	    0, DB_NONE);
	return (struct instance_defaults){
	    .role = manual_setting(db, "roleid", student),
	    .period = manual_setting(db, "enrolperiod", 0),
	    .notify = manual_setting(db, "expirynotify", 0),
	    .threshold = manual_setting(db, "expirythreshold", 86400),
	    .welcome = manual_setting(db, "sendcoursewelcomemessage", 1),
	};
}

static int64_t add_category(struct db *db, struct slice idnumber, int64_t now)
{
	int64_t id = db_insert(db,
	    "INSERT INTO {course_categories} (name, idnumber, description, descriptionformat, "
	    "sortorder, timemodified, depth) "
	    "SELECT ?1, ?1, '', 1, COALESCE(MAX(sortorder), 0) + ?2, ?3, 1 FROM "
	    "{course_categories}",
	    DB_VALUES(db_text(idnumber), db_int(COURSES_IN_CATEGORY), db_int(now)));
	db_run(db, "UPDATE {course_categories} SET path = '/' || id WHERE id = ?",
	    DB_VALUES(db_int(id)));
	site_add_context(db, LEVEL_CATEGORY, id, site_find_context(db, LEVEL_SYSTEM, 0));
	return id;
}

static int64_t find_or_add_category(struct db *db, struct slice idnumber, int64_t now)
{
	if (idnumber.size == 0)
		return 1;
	int64_t id =
	    db_find(db, "SELECT id FROM {course_categories} WHERE idnumber = ? ORDER BY id LIMIT 1",
	        0, DB_VALUES(db_text(idnumber)));
	return id != 0 ? id : add_category(db, idnumber, now);
}

/* The row and its category's count; the course goes to the end of its category. */
static int64_t insert_course(
    struct db *db, const struct course_row *row, int64_t category, int64_t now)
{
	struct slice fullname = row->fullname.size > 0 ? row->fullname : row->shortname;
	int64_t id = db_insert(db,
	    "INSERT INTO {course} (category, sortorder, shortname, fullname, idnumber, summary, "
	    "summaryformat, newsitems, startdate, enablecompletion, timecreated, timemodified, "
	    "cacherev) "
	    "SELECT id, sortorder + MIN(coursecount + 1, ?2 - 1), ?3, ?4, ?5, '', 1, 5, ?6, 1, ?6, "
	    "?6, "
	    "?6 FROM {course_categories} WHERE id = ?1",
	    DB_VALUES(db_int(category), db_int(COURSES_IN_CATEGORY), db_text(row->shortname),
	        db_text(fullname), db_text(row->idnumber), db_int(now)));
	db_run(db, "UPDATE {course_categories} SET coursecount = coursecount + 1 WHERE id = ?",
	    DB_VALUES(db_int(category)));
	return id;
}

static void add_manual_instance(
    struct db *db, int64_t course, const struct instance_defaults *defaults, int64_t now)
{
	db_run(db,
	    "INSERT INTO {enrol} (enrol, status, courseid, sortorder, roleid, enrolperiod, "
	    "expirynotify, expirythreshold, customint1, timecreated, timemodified) "
	    "VALUES ('manual', 0, ?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
	    DB_VALUES(db_int(course), db_int(defaults->role), db_int(defaults->period),
	        db_int(defaults->notify), db_int(defaults->threshold), db_int(defaults->welcome),
	        db_int(now)));
}

static struct site_answer add_course(struct db *db, const struct course_row *row,
    const struct instance_defaults *defaults, int64_t now)
{
	const char *fault = find_course_fault(row);
	if (fault)
		return refused(fault);
	if (db_find(db, "SELECT id FROM {course} WHERE shortname = ? LIMIT 1", 0,
	        DB_VALUES(db_text(row->shortname))) != 0)
		return exists;
	/* Moodle's own form refuses this too, though its schema does not. */
	if (row->idnumber.size > 0 &&
	    db_find(db, "SELECT id FROM {course} WHERE idnumber = ? LIMIT 1", 0,
	        DB_VALUES(db_text(row->idnumber))) != 0)
		return refused("another course has this idnumber");
	int64_t category = find_or_add_category(db, row->category, now);
	int64_t above = site_find_context(db, LEVEL_CATEGORY, category);
	int64_t id = insert_course(db, row, category, now);
	site_add_context(db, LEVEL_COURSE, id, above);
	add_manual_instance(db, id, defaults, now);
	return added;
}

/* Where there is a server Moodle runs, and a course is more than its rows. */
static struct error site_open(const struct lms_options *options, struct db **db)
{
	struct error error = site_connect(options, DB_EXISTING, db);
	if (is_error(&error) || !db_is_server(*db))
		return error;
	error = error_config("%s is Moodle's own: make its courses and users there", db_name(*db));
	db_close(*db);
	return error;
}

struct error site_add_courses(const struct lms_options *options, const struct course_row *rows,
    size_t count, struct site_answer *answers)
{
	struct db *db;
	struct error error = site_open(options, &db);
	if (is_error(&error))
		return error;
	int64_t now = (int64_t)time(NULL);
	db_begin(db);
	struct instance_defaults defaults = load_instance_defaults(db);
	for (size_t i = 0; i < count && !db_has_failed(db); i++)
		answers[i] = add_course(db, &rows[i], &defaults, now);
	error = db_end(db);
	db_close(db);
	return error;
}

/* What every new user gets, read once. */
struct user_defaults {
	int64_t host, system; /* mnet host; system context */
};

static struct site_answer add_user(
    struct db *db, const struct user_row *row, const struct user_defaults *defaults, int64_t now)
{
	const char *fault = find_user_fault(row);
	if (fault)
		return refused(fault);
	if (db_find(db, "SELECT id FROM {user} WHERE mnethostid = ? AND username = ?", 0,
	        DB_VALUES(db_int(defaults->host), db_text(row->username))) != 0)
		return exists;
	int64_t id = db_insert(db,
	    "INSERT INTO {user} (auth, confirmed, mnethostid, username, firstname, lastname, "
	    "email, "
	    "idnumber, lang, description, timecreated, timemodified) "
	    "VALUES ('nologin', 1, ?1, ?2, ?3, ?4, ?5, ?6, "
	    "COALESCE((SELECT value FROM {config} WHERE name = 'lang'), 'en'), '', ?7, ?7)",
	    DB_VALUES(db_int(defaults->host), db_text(row->username), db_text(row->firstname),
	        db_text(row->lastname), db_text(row->email), db_text(row->idnumber), db_int(now)));
	site_add_context(db, LEVEL_USER, id, defaults->system);
	return added;
}

struct error site_add_users(const struct lms_options *options, const struct user_row *rows,
    size_t count, struct site_answer *answers)
{
	struct db *db;
	struct error error = site_open(options, &db);
	if (is_error(&error))
		return error;
	int64_t now = (int64_t)time(NULL);
	db_begin(db);
	struct user_defaults defaults = {
	    .host = db_find(db,
	        "SELECT CAST(value AS INTEGER) FROM {config} WHERE name = 'mnet_localhost_id'", 1,
	        DB_NONE),
	    .system = site_find_context(db, LEVEL_SYSTEM, 0),
	};
	for (size_t i = 0; i < count && !db_has_failed(db); i++)
		answers[i] = add_user(db, &rows[i], &defaults, now);
	error = db_end(db);
	db_close(db);
	return error;
}
