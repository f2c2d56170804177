/*
 * L3, second half, and L4: what the answers say was done is in the LMS exactly once, and nothing
 * else is. All lines of all results that tell of a state are put into a temporary table, in the
 * order of commit, and the rest is SQL that finds what does not fit.
 */
#include "fatal.h"
#include "law_parts.h"

#include <stdlib.h>

static void execute(struct law *law, const char *sql)
{
	if (sqlite3_exec(law->database, sql, NULL, NULL, NULL) != SQLITE_OK)
		fatal("%s: %s", sqlite3_errmsg(law->database), sql);
}

/* ---- what was said ---- */

static const char *cell_of(const struct table *result, size_t row, const char *column)
{
	return table_at(result, row, table_column(result, column));
}

/* Whoever is in no line. */
static bool is_absent(const struct table *result, size_t row)
{
	return strcmp(cell_of(result, row, "column"), "absent") == 0;
}

static void line_insert(
    sqlite3_stmt *insert, const struct law_run *run, const struct table *result, size_t row)
{
	static const char *const columns[] = {"line", "username", "target", "before", "after"};
	sqlite3_bind_text(insert, 1, run->run, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 7, run->feed, -1, SQLITE_STATIC);
	sqlite3_bind_int(insert, 8, is_absent(result, row));
	for (int i = 0; i < 5; i++) {
		const char *cell = table_at(result, row, table_column(result, columns[i]));
		struct buffer text = table_unguard(cell);
		sqlite3_bind_text(insert, i + 2, text.bytes, -1, SQLITE_TRANSIENT);
		buffer_done(&text);
	}
	if (sqlite3_step(insert) != SQLITE_DONE)
		fatal("cannot note a line of a result");
	sqlite3_reset(insert);
}

/* The result as published, or as it lies in work, up to what the ledger knows of it. */
static struct buffer result_read(const struct law *law, const struct law_run *run)
{
	if (*run->result_path)
		return files_read(run->result_path);
	struct path path = rig_path(law->rig, "work/" RIG_NODE "/%s/result.csv", run->run);
	struct buffer text = {0};
	if (files_exist(path.text))
		text = files_read(path.text);
	if (!law_has_ended(run) && (size_t)run->result_bytes < text.size)
		text.size = (size_t)run->result_bytes;
	return text;
}

/* What a line says of an account: "username=anna" of its state, without the name. */
static const char *name_in(const char *state)
{
	return text_starts(state, "username=") ? state + strlen("username=") : "";
}

static bool is_one_of(const char *code, const char *const *codes)
{
	for (; *codes; codes++)
		if (strcmp(code, *codes) == 0)
			return true;
	return false;
}

/* The run whose file a release does again; else itself. */
static const char *source_of(const struct law *law, const struct law_run *run)
{
	const struct law_run *released = law_released(law, run);
	return released && released->plan ? released->plan->source : run->run;
}

/* Somebody was taken out of a course, by a file that lists others. */
static void removal_note(
    struct law *law, const struct law_run *run, const struct table *result, size_t row)
{
	bool is_removal = is_absent(result, row) &&
	                  text_starts(cell_of(result, row, "code"), "absent_") &&
	                  strcmp(cell_of(result, row, "outcome"), "done") == 0;
	if (!is_removal)
		return;
	struct buffer name = table_unguard(cell_of(result, row, "username"));
	struct buffer target = table_unguard(cell_of(result, row, "target"));
	char *sql = sqlite3_mprintf("INSERT INTO removal SELECT %Q, %Q, %Q, %Q, %Q,"
	                            " coalesce(max(id), 0) FROM said",
	    name.bytes, target.bytes, run->feed, run->run, source_of(law, run));
	execute(law, sql);
	sqlite3_free(sql);
	buffer_done(&name);
	buffer_done(&target);
}

/* Earlier lines about somebody in a course are about an enrolment that is gone. */
static void unenrolment_note(struct law *law, const struct table *result, size_t row)
{
	struct buffer name = table_unguard(cell_of(result, row, "username"));
	struct buffer target = table_unguard(cell_of(result, row, "target"));
	char *sql =
	    sqlite3_mprintf("UPDATE said SET is_over = 1 WHERE username = %Q AND target = "
	                    "%Q; INSERT INTO told VALUES (%Q, 'unenrolled');"
	                    "INSERT INTO gone SELECT %Q, %Q, coalesce(max(id), 0) FROM said",
	        name.bytes, target.bytes, name.bytes, name.bytes, target.bytes);
	execute(law, sql);
	sqlite3_free(sql);
	buffer_done(&name);
	buffer_done(&target);
}

/* Of the lines that tell of no enrolment. */
static bool is_told(const struct table *result, size_t row, const char *code)
{
	static const char *const roles[] = {"role_assigned", "role_removed", NULL};
	bool is_role =
	    is_one_of(code, roles) && !text_starts(cell_of(result, row, "column"), "course");
	return text_starts(code, "account_") || text_starts(code, "cohort_") || is_role ||
	       strcmp(code, "group_left") == 0;
}

/* Earlier lines about somebody who is renamed are about the new name; those about somebody who is
 * deleted are about nobody that is left. */
static void account_note(struct law *law, const struct table *result, size_t row)
{
	static const char *const ends[] = {"unenrolled", "absent_unenrolled", NULL};
	const char *code = cell_of(result, row, "code");
	const char *name = cell_of(result, row, "username");
	if (strcmp(cell_of(result, row, "outcome"), "done") != 0)
		return;
	/* Of an account that absence had suspended. */
	if (strcmp(code, "returned") == 0 && is_absent(result, row))
		code = "account_activated";
	if (strcmp(code, "undone") == 0)
		code = law_undone_code(cell_of(result, row, "column"),
		    cell_of(result, row, "before"), cell_of(result, row, "after"));
	if (is_one_of(code, ends))
		unenrolment_note(law, result, row);
	if (!is_told(result, row, code))
		return;
	char *sql = NULL;
	if (strcmp(code, "account_renamed") == 0) {
		const char *old = name_in(table_at(result, row, table_column(result, "before")));
		sql = sqlite3_mprintf("UPDATE said SET username = %Q WHERE username = %Q;"
		                      "UPDATE gone SET username = %Q WHERE username = %Q;"
		                      "UPDATE removal SET username = %Q WHERE username = %Q;"
		                      "UPDATE told SET username = %Q WHERE username = %Q",
		    name, old, name, old, name, old, name, old);
	} else if (strcmp(code, "account_deleted") == 0) {
		sql = sqlite3_mprintf("DELETE FROM said WHERE username = %Q;"
		                      "DELETE FROM gone WHERE username = %Q;"
		                      "DELETE FROM removal WHERE username = %Q;"
		                      "DELETE FROM told WHERE username = %Q;"
		                      "INSERT INTO told VALUES ('', %Q)",
		    name, name, name, name, code);
	} else if (strcmp(code, "cohort_created") == 0) {
		/* The cohort stays when the person goes. */
		sql = sqlite3_mprintf(
		    "INSERT INTO told VALUES ('', %Q), (%Q, 'cohort_joined')", code, name);
	} else {
		sql = sqlite3_mprintf("INSERT INTO told VALUES (%Q, %Q)", name, code);
	}
	execute(law, sql);
	sqlite3_free(sql);
}

static void run_note(struct law *law, sqlite3_stmt *insert, const struct law_run *run)
{
	struct buffer text = result_read(law, run);
	struct table result = table_parse(text.bytes, text.size);
	size_t after = result.rows_count ? table_column(&result, "after") : 0;
	size_t column = result.rows_count ? table_column(&result, "column") : 0;
	for (size_t row = 1; row < result.rows_count; row++) {
		removal_note(law, run, &result, row);
		account_note(law, &result, row);
		const char *of = table_at(&result, row, column);
		if (law_is_withheld(cell_of(&result, row, "code")))
			continue;
		if (text_starts(table_at(&result, row, after), "status=") &&
		    (text_starts(of, "course") || strcmp(of, "absent") == 0))
			line_insert(insert, run, &result, row);
	}
	table_done(&result);
	buffer_done(&text);
}

static int commit_compare(const void *a, const void *b)
{
	const struct law_run *x = *(struct law_run *const *)a, *y = *(struct law_run *const *)b;
	if (x->commit != y->commit)
		return x->commit < y->commit ? -1 : 1;
	return strcmp(x->run, y->run);
}

/* In the order of commit; those that are under way have come last. */
static void said_fill(struct law *law)
{
	struct law_run **runs = calloc(law->runs_count + 1, sizeof(struct law_run *));
	sqlite3_stmt *insert = NULL;
	static const char sql[] = "INSERT INTO said (run, line, username, target, before,"
	                          " after, feed, is_absent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	if (!runs || sqlite3_prepare_v2(law->database, sql, -1, &insert, NULL) != SQLITE_OK)
		fatal("cannot note results: %s", sqlite3_errmsg(law->database));
	for (size_t i = 0; i < law->runs_count; i++) {
		runs[i] = &law->runs[i];
		if (runs[i]->commit == 0)
			runs[i]->commit = SIZE_MAX;
	}
	if (law->runs_count > 1)
		qsort(runs, law->runs_count, sizeof *runs, commit_compare);
	for (size_t i = 0; i < law->runs_count; i++)
		if (strcmp(runs[i]->state, "previewed") != 0 && !law_is_rehearsed(runs[i]))
			run_note(law, insert, runs[i]); /* the others only say what would be */
	sqlite3_finalize(insert);
	free(runs);
}

static const char tables[] =
    "CREATE TEMP TABLE said (id INTEGER PRIMARY KEY, run TEXT, line INTEGER, username TEXT,"
    "  target TEXT, before TEXT, after TEXT, user INTEGER, course INTEGER, context INTEGER,"
    "  enrolment INTEGER, is_new INTEGER, is_over INTEGER DEFAULT 0, feed TEXT,"
    "  is_absent INTEGER);"
    "CREATE TEMP TABLE removal (username TEXT, target TEXT, feed TEXT, run TEXT, source TEXT,"
    "  said INTEGER);"
    "CREATE TEMP TABLE gone (username TEXT, target TEXT, said INTEGER);"
    "CREATE TEMP TABLE told (username TEXT, code TEXT);";

/* A feed calls courses by their short names, or by their idnumbers. */
#define COURSE_OF(target)                                                                          \
	"coalesce((SELECT c.id FROM mdl_course c WHERE c.shortname = " target "),"                 \
	" (SELECT c.id FROM mdl_course c WHERE c.idnumber = " target " AND c.idnumber <> ''))"

/* Whom and what the lines are about. */
static const char resolve[] =
    "UPDATE said SET is_new = before NOT LIKE 'status=%',"
    " user = (SELECT id FROM mdl_user u WHERE u.username = said.username AND u.mnethostid ="
    "  (SELECT value FROM mdl_config WHERE name = 'mnet_localhost_id')),"
    " course = " COURSE_OF(
        "said.target") ";"
                       "UPDATE said SET context = (SELECT id FROM mdl_context x"
                       "  WHERE x.contextlevel = 50 AND x.instanceid = said.course),"
                       " enrolment = (SELECT ue.id FROM mdl_enrol e JOIN mdl_user_enrolments ue"
                       "  ON ue.enrolid = e.id AND ue.userid = said.user"
                       "  WHERE e.courseid = said.course AND e.enrol = 'manual' ORDER BY "
                       "e.sortorder, e.id LIMIT 1);"
                       "CREATE INDEX temp.said_enrolment ON said (enrolment);"
                       "CREATE INDEX temp.said_pair ON said (user, course);"
                       "CREATE INDEX temp.said_names ON said (username, target);";

static const char events[] =
    "CREATE TEMP TABLE created AS SELECT objectid AS enrolment, count(*) AS times"
    " FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM before)"
    " AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1)"
    " AND eventname = '\\core\\event\\user_enrolment_created' GROUP BY objectid;"
    "CREATE UNIQUE INDEX temp.created_id ON created (enrolment);"
    /* What was ended once, and roles since they were taken away the last time. */
    "CREATE TEMP TABLE deleted AS SELECT objectid AS enrolment, count(*) AS times"
    " FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM before)"
    " AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1)"
    " AND eventname = '\\core\\event\\user_enrolment_deleted' GROUP BY objectid;"
    "CREATE TEMP TABLE unassigned AS SELECT objectid AS role, contextid AS context,"
    " relateduserid AS user, max(id) AS id"
    " FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM before)"
    " AND eventname = '\\core\\event\\role_unassigned' GROUP BY 1, 2, 3;"
    "CREATE UNIQUE INDEX temp.unassigned_id ON unassigned (context, user, role);"
    "CREATE TEMP TABLE assigned AS SELECT objectid AS role, contextid AS context,"
    " relateduserid AS user, count(*) AS times"
    " FROM mdl_logstore_standard_log l WHERE id > (SELECT events FROM before)"
    " AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1)"
    " AND courseid <> 0 AND eventname = '\\core\\event\\role_assigned'"
    " AND id > coalesce((SELECT u.id FROM unassigned u WHERE u.context = l.contextid"
    "  AND u.user = l.relateduserid AND u.role = l.objectid), 0) GROUP BY 1, 2, 3;"
    "CREATE UNIQUE INDEX temp.assigned_id ON assigned (context, user, role);";

/* ---- what does not fit: each row's first column is the message ---- */

#define WHO "'run ' || run || ', line ' || line || ': ' || username || ' in ' || target"

/* As many log rows of living people as were said. */
#define ACCOUNTS(event, codes)                                                                     \
	"SELECT 'L3: ' || logged || ' times " event " is logged, ' || said || ' were said' FROM"   \
	" (SELECT (SELECT count(*) FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM"  \
	"  before) AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1) AND"       \
	"  eventname = '\\core\\event\\" event "') AS logged, (SELECT count(*) FROM told WHERE"    \
	"  code IN (" codes ")) AS said) WHERE logged <> said"

/* The same of what no line names in `after`: cohorts, and roles outside courses. */
#define MEMBERS(event, codes)                                                                      \
	"SELECT 'L3: ' || logged || ' log rows of ' || name || ', ' || said || ' said' FROM"       \
	" (SELECT min(eventname) AS name, count(*) AS logged FROM mdl_logstore_standard_log WHERE" \
	"  id > (SELECT events FROM before) AND coalesce(relateduserid, 0) NOT IN"                 \
	"  (SELECT id FROM mdl_user WHERE deleted = 1)"                                            \
	"  AND eventname = '\\core\\event\\" event "'),"                                           \
	" (SELECT count(*) AS said FROM told WHERE code IN (" codes ")) WHERE logged <> said"

static const char *const breaches[] = {
    /* whoever is taken out had been listed by this feed, and is not listed by this file */
    "SELECT 'absence: run ' || run || ': ' || username || ' is taken out of ' || target ||"
    " ', and was never listed there by feed ' || feed FROM removal WHERE NOT EXISTS (SELECT 1 FROM"
    " said WHERE said.username = removal.username AND said.target = removal.target"
    " AND said.feed = removal.feed AND said.id <= removal.said AND NOT is_absent)",
    "SELECT 'absence: run ' || run || ': ' || username || ' is taken out of ' || target ||"
    " ', and listed there by the same file' FROM removal WHERE EXISTS (SELECT 1 FROM"
    " said WHERE said.username = removal.username AND said.target = removal.target"
    " AND said.run IN (removal.run, removal.source) AND NOT is_absent)",
    /* said, not there */
    "SELECT 'L3: ' || " WHO " || ' is said to be enrolled, and is not'"
    " FROM said WHERE enrolment IS NULL AND NOT is_over",
    /* said twice */
    "SELECT 'L3: ' || " WHO " || ' is said to have been newly enrolled ' || count(*) || ' times'"
    " FROM said WHERE is_new AND NOT is_over GROUP BY user, course HAVING count(*) > 1",
    /* said to be gone, and there */
    "SELECT 'L3: ' || username || ' is said to have been taken out of ' || target || ', and is"
    " there' FROM gone g WHERE EXISTS (SELECT 1 FROM mdl_user u JOIN mdl_user_enrolments ue ON"
    "  ue.userid = u.id JOIN mdl_enrol e ON e.id = ue.enrolid WHERE u.username = g.username"
    "  AND e.courseid = " COURSE_OF(
        "g.target") " AND e.enrol = 'manual') AND NOT EXISTS (SELECT 1 FROM said WHERE"
                    "  said.username = g.username AND said.target = g.target AND said.id > g.said)",
    /* there, not said */
    "SELECT 'L4: enrolment ' || ue.id || ' of user ' || ue.userid || ' is in no answer'"
    " FROM mdl_user_enrolments ue WHERE ue.id > (SELECT enrolments FROM before)"
    " AND NOT EXISTS (SELECT 1 FROM said WHERE said.enrolment = ue.id AND is_new"
    "  AND NOT is_over)",
    "SELECT 'L4: role assignment ' || ra.id || ' of user ' || ra.userid || ' is in no answer'"
    " FROM mdl_role_assignments ra WHERE ra.id > (SELECT assignments FROM before)"
    " AND contextid IN (SELECT id FROM mdl_context WHERE contextlevel = 50)"
    " AND NOT EXISTS (SELECT 1 FROM mdl_context x JOIN said ON said.user = ra.userid"
    "  AND said.course = x.instanceid JOIN mdl_role r ON r.id = ra.roleid"
    "  WHERE x.id = ra.contextid AND x.contextlevel = 50"
    "  AND instr(',' || substr(said.after, instr(said.after, 'roles=') + 6) || ',',"
    "    ',' || r.shortname || ',') > 0)",
    /* there twice */
    "SELECT 'L3: user ' || userid || ' is ' || count(*) || ' times in enrol ' || enrolid"
    " FROM mdl_user_enrolments GROUP BY enrolid, userid HAVING count(*) > 1",
    "SELECT 'L3: user ' || userid || ' has role ' || roleid || ' ' || count(*) || ' times in"
    " context ' || contextid FROM mdl_role_assignments"
    " GROUP BY contextid, userid, roleid, component, itemid HAVING count(*) > 1",
    /* the last line about somebody is how it is */
    "SELECT 'L3: ' || " WHO " || ': said ' || after || ', is ' || state FROM ("
    " SELECT said.*, 'status=' || ue.status || ';timestart=' || ue.timestart || ';timeend=' ||"
    "  ue.timeend || ';roles=' || coalesce((SELECT group_concat(shortname, ',') FROM ("
    "   SELECT r.shortname FROM mdl_role_assignments ra JOIN mdl_role r ON r.id = ra.roleid"
    "   WHERE ra.contextid = said.context AND ra.userid = said.user AND ra.component = ''"
    "   AND ra.itemid = 0 ORDER BY ra.roleid)), '') AS state"
    " FROM said JOIN mdl_user_enrolments ue ON ue.id = said.enrolment"
    " WHERE said.id IN (SELECT max(id) FROM said WHERE NOT is_over GROUP BY user, course)) WHERE "
    "state <> after",
    /* the audit log, both ways */
    "SELECT 'L3: enrolment ' || ue.id || ' has ' || coalesce(times, 0) || ' log rows'"
    " FROM mdl_user_enrolments ue LEFT JOIN created ON created.enrolment = ue.id"
    " WHERE ue.id > (SELECT enrolments FROM before) AND coalesce(times, 0) <> 1",
    "SELECT 'L4: a log row tells of enrolment ' || enrolment || ', which is not there'"
    " FROM created WHERE enrolment NOT IN (SELECT id FROM mdl_user_enrolments"
    "  WHERE id > (SELECT enrolments FROM before))"
    " AND enrolment NOT IN (SELECT enrolment FROM deleted)",
    "SELECT 'L3: enrolment ' || enrolment || ' is logged as ended ' || times || ' times'"
    " FROM deleted WHERE times > 1 OR enrolment IN (SELECT id FROM mdl_user_enrolments)",
    "SELECT 'L3: ' || logged || ' enrolments are logged as ended, ' || said || ' were said' FROM"
    " (SELECT (SELECT count(*) FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM"
    "  before) AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1) AND"
    "  eventname = '\\core\\event\\user_enrolment_deleted' AND other LIKE"
    " '%manual%') AS logged, (SELECT count(*) FROM told WHERE"
    "  code = 'unenrolled') AS said) WHERE logged <> said",
    "SELECT 'L3: role assignment ' || ra.id || ' has ' || coalesce(times, 0) || ' log rows'"
    " FROM mdl_role_assignments ra LEFT JOIN assigned a ON a.context = ra.contextid"
    " AND a.user = ra.userid AND a.role = ra.roleid"
    " WHERE ra.id > (SELECT assignments FROM before) AND coalesce(times, 0) <> 1"
    " AND ra.contextid IN (SELECT id FROM mdl_context WHERE contextlevel = 50)",
    "SELECT 'L4: ' || times || ' log rows tell of role ' || role || ' of user ' || user ||"
    " ' in context ' || context || ', which is not there' FROM assigned a WHERE NOT EXISTS ("
    " SELECT 1 FROM mdl_role_assignments ra WHERE ra.contextid = a.context"
    " AND ra.userid = a.user AND ra.roleid = a.role)",
    "SELECT 'L3: ' || logged || ' updates of enrolments are logged, ' || told || ' were said'"
    " FROM (SELECT (SELECT count(*) FROM mdl_logstore_standard_log"
    "  WHERE eventname = '\\core\\event\\user_enrolment_updated'"
    "  AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1)"
    "  AND id > (SELECT events FROM before)) AS logged,"
    " (SELECT count(*) FROM said WHERE NOT is_new AND substr(before, 1, instr(before, ';roles='))"
    "  <> substr(after, 1, instr(after, ';roles='))) AS told) WHERE logged <> told",
    /* accounts */
    "SELECT 'L3: account ' || username || ' is said to have been made, and is not there' FROM told"
    " WHERE code = 'account_created' AND username NOT IN (SELECT username FROM mdl_user)",
    "SELECT 'L3: account ' || username || ' is said to have been made ' || count(*) || ' times'"
    " FROM told WHERE code = 'account_created' GROUP BY username HAVING count(*) > 1",
    /* groups, cohorts and roles elsewhere */
    MEMBERS("role_assigned' AND courseid = '0", "'role_assigned'"),
    MEMBERS("role_unassigned' AND courseid = '0", "'role_removed'"),
    MEMBERS("cohort_member_removed", "'cohort_left'"),
    "SELECT 'L3: ' || said || ' said to have left groups, ' || logged || ' logged' FROM"
    " (SELECT (SELECT count(*) FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM"
    "  before) AND relateduserid NOT IN (SELECT id FROM mdl_user WHERE deleted = 1) AND"
    "  eventname = '\\core\\event\\group_member_removed') AS logged, (SELECT count(*) FROM told"
    "  WHERE code = 'group_left') AS said) WHERE logged < said",
    MEMBERS("cohort_created", "'cohort_created'"),
    MEMBERS("cohort_member_added", "'cohort_joined'"),
    "SELECT 'L3: somebody is twice in a cohort' FROM mdl_cohort_members GROUP BY cohortid, userid"
    " HAVING count(*) > 1",
    "SELECT 'L3: group ' || name || ' was made twice' FROM mdl_groups GROUP BY courseid, name"
    " HAVING count(*) > 1",
    ACCOUNTS("user_created", "'account_created'"),
    ACCOUNTS("user_updated", "'account_updated', 'account_suspended', 'account_activated'"),
    "SELECT 'L3: ' || logged || ' deletions are logged, ' || said || ' were said' FROM"
    " (SELECT (SELECT count(*) FROM mdl_logstore_standard_log WHERE id > (SELECT events FROM"
    "  before) AND eventname = '\\core\\event\\user_deleted') AS logged,"
    " (SELECT count(*) FROM told WHERE code = 'account_deleted') AS said) WHERE logged <> said",
    "SELECT 'L4: user ' || id || ' has ' || contexts || ' contexts' FROM (SELECT u.id, (SELECT"
    " count(*) FROM mdl_context x WHERE x.contextlevel = 30 AND x.instanceid = u.id) AS contexts"
    " FROM mdl_user u) WHERE contexts > 1",
};

static void breaches_find(struct law *law, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(law->database, sql, -1, &statement, NULL) != SQLITE_OK)
		fatal("%s: %s", sqlite3_errmsg(law->database), sql);
	int step;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		law_break(law, "%s", (const char *)sqlite3_column_text(statement, 0));
	if (step != SQLITE_DONE)
		fatal("%s: %s", sqlite3_errmsg(law->database), sql);
	sqlite3_finalize(statement);
}

void law_check_lms(struct law *law)
{
	const struct rig *rig = law->rig;
	struct buffer before = {0};
	buffer_print(&before,
	    "CREATE TEMP TABLE before AS SELECT %lld AS enrolments, %lld AS assignments,"
	    " %lld AS events",
	    (long long)rig->enrolments_before, (long long)rig->assignments_before,
	    (long long)rig->events_before);
	buffer_add_char(&before, '\0');
	execute(law, "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; BEGIN");
	execute(law, before.bytes);
	execute(law, tables);
	said_fill(law);
	execute(law, resolve);
	execute(law, events);
	for (size_t i = 0; i < sizeof breaches / sizeof *breaches; i++)
		breaches_find(law, breaches[i]);
	execute(law, "COMMIT");
	buffer_done(&before);
}
