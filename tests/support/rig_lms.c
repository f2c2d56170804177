/* The database of a test's site, seen with plain SQL. */
#include "fatal.h"
#include "more_tables.h"
#include "rig.h"

#include <stdlib.h>

static void database_fail(sqlite3 *database, const char *sql)
{
	fatal("%s: %s", sqlite3_errmsg(database), sql);
}

sqlite3 *rig_database(const struct rig *rig)
{
	sqlite3 *database = NULL;
	/* A reader too may have to roll a killed writer back, for which it must write. */
	if (sqlite3_open_v2(rig->database.text, &database, SQLITE_OPEN_READWRITE, NULL))
		fatal("cannot open %s: %s", rig->database.text, sqlite3_errmsg(database));
	sqlite3_busy_timeout(database, 10000);
	return database;
}

void rig_make_whole(struct rig *rig, const struct rig_options *options, const char *sql)
{
	struct buffer all = {0};
	rig_make(rig, options);
	more_tables_write(OVERLAY_SQLITE, &all);
	buffer_add_text(&all, sql);
	buffer_add_char(&all, '\0');
	rig_execute(rig, all.bytes);
	buffer_done(&all);
}

void rig_execute(struct rig *rig, const char *sql)
{
	sqlite3 *database = rig_database(rig);
	if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
		database_fail(database, sql);
	sqlite3_close(database);
	if (rig->drops_count == 0)
		rig_count_before(rig);
}

static void cells_add(struct buffer *out, sqlite3_stmt *statement)
{
	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *cell = (const char *)sqlite3_column_text(statement, i);
		buffer_print(out, "%s%s", i > 0 ? "|" : "", cell ? cell : "");
	}
	buffer_add_char(out, '\n');
}

struct buffer rig_query(const struct rig *rig, const char *sql)
{
	struct buffer out = {0};
	sqlite3 *database = rig_database(rig);
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
		database_fail(database, sql);
	int step;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		cells_add(&out, statement);
	if (step != SQLITE_DONE)
		database_fail(database, sql);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	buffer_add_char(&out, '\0');
	if (out.failed)
		fatal("out of memory");
	out.size--;
	return out;
}

void rig_expect(const struct rig *rig, const char *sql, const char *rows)
{
	struct buffer found = rig_query(rig, sql);
	if (strcmp(found.bytes, rows) != 0)
		fatal("%s:\n%s\ninstead of\n%s", sql, found.bytes, rows);
	buffer_done(&found);
}

int64_t rig_number(const struct rig *rig, const char *sql)
{
	struct buffer text = rig_query(rig, sql);
	int64_t number = strtoll(text.bytes, NULL, 10);
	buffer_done(&text);
	return number;
}

void rig_count_before(struct rig *rig)
{
	rig->enrolments_before = rig_number(rig, "SELECT max(id) FROM mdl_user_enrolments");
	rig->assignments_before = rig_number(rig, "SELECT max(id) FROM mdl_role_assignments");
	rig->events_before = rig_number(rig, "SELECT max(id) FROM mdl_logstore_standard_log");
}

struct buffer rig_state(const struct rig *rig)
{
	return rig_query(rig,
	    "SELECT 'enrolled', u.username, c.shortname, ue.status,"
	    "  CASE ue.timeend WHEN 0 THEN '' ELSE ue.timeend - ue.timestart END"
	    " FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
	    " JOIN mdl_course c ON c.id = e.courseid JOIN mdl_user u ON u.id = ue.userid"
	    " UNION ALL "
	    "SELECT 'has role', u.username, c.shortname, r.shortname, ra.component || ra.itemid"
	    " FROM mdl_role_assignments ra"
	    " JOIN mdl_context x ON x.id = ra.contextid AND x.contextlevel = 50"
	    " JOIN mdl_course c ON c.id = x.instanceid JOIN mdl_user u ON u.id = ra.userid"
	    " JOIN mdl_role r ON r.id = ra.roleid"
	    " ORDER BY 1, 2, 3, 4, 5");
}
