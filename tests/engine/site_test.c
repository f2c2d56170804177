/* The site that `enrolctl lms init` makes: Moodle's schema, the rows a site needs, courses. */
#include "database.h"

#include "enrold/site.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

static void init(struct database *database, bool expected)
{
	bool made;
	good(site_init(&database->options, &made));
	cr_expect_eq(made, expected);
}

/* ---- the schema, against what a real Moodle has ---- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "NULL";
}

static const char *affinity_of(const char *type)
{
	if (strcmp(type, "text") == 0)
		return "TEXT";
	if (strcmp(type, "character varying") == 0)
		return "VARCHAR(";
	return strcmp(type, "numeric") == 0 ? "NUM" : "INTEGER";
}

/* "name|TYPE|notnull|default" as PRAGMA table_info tells it, against the recorded column. */
static void column_check(const char *table, const json_t *column, const char *is)
{
	char expected[256], found_default[128] = "", type[64] = "";
	const char *name = text_of(column, "name"), *value = text_of(column, "default");
	int not_null = 0;
	cr_assert(is, "%s.%s is missing", table, name);
	sscanf(is, "%*[^|]|%63[^|]|%d|%127[^\n]", type, &not_null, found_default);
	if (strcmp(name, "id") == 0)
		return; /* INTEGER PRIMARY KEY: never null, counts by itself */
	snprintf(expected, sizeof expected, "'%s'", value);
	cr_expect(strncmp(type, affinity_of(text_of(column, "type")),
	              strlen(affinity_of(text_of(column, "type")))) == 0,
	    "%s.%s is %s", table, name, type);
	cr_expect_eq(
	    not_null, json_is_true(json_object_get(column, "not_null")), "%s.%s", table, name);
	cr_expect(strcmp(found_default, value) == 0 || strcmp(found_default, expected) == 0,
	    "%s.%s has the default %s, not %s", table, name, found_default, value);
	json_t *length = json_object_get(column, "length");
	if (length) {
		snprintf(expected, sizeof expected, "VARCHAR(%d)", (int)json_integer_value(length));
		cr_expect_str_eq(type, expected, "%s.%s", table, name);
	}
}

static void columns_check(struct database *database, const char *table, const json_t *columns)
{
	char sql[256];
	size_t i;
	json_t *column;
	snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('mdl_%s')", table);
	cr_expect_eq(
	    database_number(database, sql), (int64_t)json_array_size(columns), "%s", table);
	json_array_foreach(columns, i, column)
	{
		snprintf(sql, sizeof sql,
		    "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('mdl_%s') "
		    "WHERE name = '%s'",
		    table, text_of(column, "name"));
		const char *is = database_rows(database, sql);
		column_check(table, column, *is ? is : NULL);
	}
}

static void indexes_check(struct database *database, const char *table, const json_t *indexes)
{
	char sql[512];
	size_t i, expected = 0;
	json_t *index;
	json_array_foreach(indexes, i, index)
	{
		if (json_is_true(json_object_get(index, "primary")))
			continue;
		char columns[256] = "";
		size_t j;
		json_t *column;
		json_array_foreach(json_object_get(index, "columns"), j, column)
		{
			size_t used = strlen(columns);
			snprintf(columns + used, sizeof columns - used, "%s%s", j > 0 ? "," : "",
			    json_string_value(column));
		}
		snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM pragma_index_list('mdl_%s') l WHERE l.\"unique\" = %d "
		    "AND "
		    "(SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) "
		    "ORDER BY seqno)) = '%s'",
		    table, json_is_true(json_object_get(index, "unique")), columns);
		cr_expect_eq(database_number(database, sql), 1, "%s (%s)", table, columns);
		expected++;
	}
	snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_index_list('mdl_%s')", table);
	cr_expect_eq(database_number(database, sql), (int64_t)expected, "%s", table);
}

Test(site, has_every_table_column_and_index_of_moodle)
{
	struct database database;
	const char *table;
	json_t *is;
	json_t *schema = json_load_file(TEST_DATA "/moodle-4.5-schema.json", 0, NULL);
	cr_assert_geq(json_object_size(schema), 27);
	database_make(&database);
	init(&database, true);
	json_object_foreach(schema, table, is)
	{
		columns_check(&database, table, json_object_get(is, "columns"));
		indexes_check(&database, table, json_object_get(is, "indexes"));
	}
	json_decref(schema);
	database_remove(&database);
}

/* ---- its rows ---- */

Test(site, has_the_rows_that_a_site_needs)
{
	static const struct {
		const char *sql, *rows;
	} facts[] = {
	    {"SELECT id, username, auth FROM mdl_user ORDER BY id",
	        "1|guest|manual\n2|admin|nologin\n"},
	    {"SELECT value FROM mdl_config WHERE name IN ('siteadmins','siteguest') ORDER BY name",
	        "2\n1\n"},
	    {"SELECT id, category, format FROM mdl_course", "1|0|site\n"},
	    {"SELECT group_concat(shortname) FROM (SELECT shortname FROM mdl_role ORDER BY id)",
	        "manager,coursecreator,editingteacher,teacher,student,guest,user,frontpage\n"},
	    {"SELECT group_concat(roleid) FROM (SELECT roleid FROM mdl_role_context_levels WHERE "
	     "contextlevel = 50 ORDER BY roleid)",
	        "1,3,4,5\n"},
	    {"SELECT contextlevel, instanceid, path, depth FROM mdl_context ORDER BY id",
	        "10|0|/1|1\n50|1|/1/2|2\n40|1|/1/3|2\n30|1|/1/4|2\n30|2|/1/5|2\n"},
	    {"SELECT count(*) FROM enrold_run", "0\n"},
	};
	struct database database;
	database_make(&database);
	init(&database, true);
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		cr_expect_str_eq(
		    database_rows(&database, facts[i].sql), facts[i].rows, "%s", facts[i].sql);
	database_remove(&database);
}

Test(site, is_left_as_it_is_by_a_second_init)
{
	struct database database;
	database_make(&database);
	init(&database, true);
	database_execute(&database, "UPDATE mdl_config SET value = 'x' WHERE name = 'lang'");
	init(&database, false);
	cr_expect_str_eq(
	    database_rows(&database, "SELECT value FROM mdl_config WHERE name = 'lang'"), "x\n");
	database_remove(&database);
}

#define RUN(run, state)                                                                            \
	"INSERT INTO enrold_run VALUES (" run ", " state                                           \
	", '', '', '', '', 0, '', 0, 0, 0, 0, 0, '', '', '', '', '');"

Test(site, of_an_older_enrold_is_brought_up_to_date_and_no_more)
{
	struct database database;
	database_make(&database);
	init(&database, true);
	database_execute(&database,
	    "ALTER TABLE enrold_lock DROP COLUMN token;"
	    "ALTER TABLE enrold_run DROP COLUMN plan_bytes;"
	    "ALTER TABLE enrold_run DROP COLUMN plan_sha256;"
	    "ALTER TABLE enrold_run DROP COLUMN people;"
	    "ALTER TABLE enrold_run DROP COLUMN owner;"
	    "ALTER TABLE enrold_run DROP COLUMN is_measure;"
	    "ALTER TABLE enrold_run DROP COLUMN number;"
	    "ALTER TABLE enrold_run DROP COLUMN archived_bytes;"
	    "ALTER TABLE enrold_run DROP COLUMN archived_sha256;"
	    "ALTER TABLE enrold_run DROP COLUMN input_pruned;"
	    "ALTER TABLE enrold_run DROP COLUMN answer_pruned;"
	    "ALTER TABLE enrold_run DROP COLUMN report_bytes;"
	    "ALTER TABLE enrold_run DROP COLUMN report_sha256;"
	    "ALTER TABLE enrold_head DROP COLUMN number;"
	    "DROP TABLE enrold_listing; DROP TABLE enrold_base;"
	    "DROP TABLE enrold_plan;" RUN("'1'", "'applied'") RUN("'2'", "'refused'")
	        RUN("'3'", "'running'") "INSERT INTO enrold_head VALUES (1, 'x', '2');"
	                                "UPDATE enrold_version SET version = 1;"
	                                "UPDATE mdl_config SET value = 'x' WHERE name = 'lang'");
	init(&database, true);
	init(&database, false);
	cr_expect_eq(database_number(&database, "SELECT token FROM enrold_lock"), 0);
	cr_expect_eq(database_number(&database, "SELECT max(version) FROM enrold_version"), 6);
	cr_expect_eq(database_number(&database, "SELECT number FROM enrold_head"), 2);
	cr_expect_eq(database_number(&database, "SELECT count(*) FROM enrold_listing"), 0);
	cr_expect_eq(database_number(&database, "SELECT count(*) FROM enrold_plan"), 0);
	cr_expect_eq(
	    database_number(&database, "SELECT count(*) FROM enrold_run WHERE plan_sha256 = '' AND "
	                               "report_sha256 = '' AND report_bytes + plan_bytes + people "
	                               "+ owner + is_measure + number = 0"),
	    3);
	cr_expect_str_eq(
	    database_rows(&database, "SELECT value FROM mdl_config WHERE name = 'lang'"), "x\n");
	database_remove(&database);
}

Test(site, is_not_made_where_something_else_is)
{
	struct database database;
	bool made = true;
	database_make(&database);
	database_execute(&database, "CREATE TABLE invoices (id INTEGER)");
	struct error error = site_init(&database.options, &made);
	cr_expect_eq(error.class, ERROR_CONFIG);
	cr_expect_not(made);
	cr_expect_eq(database_number(&database, "SELECT count(*) FROM sqlite_schema"), 1);
	database_remove(&database);
}

/* ---- filling it ---- */

Test(site, gives_a_course_its_context_and_a_manual_instance)
{
	const struct course_row rows[] = {
	    {2, SLICE("C1"), SLICE("Course 1"), SLICE(""), SLICE("c1")},
	    {3, SLICE("C2"), SLICE(""), SLICE("new"), SLICE("")},
	    {4, SLICE("C1"), SLICE("again"), SLICE(""), SLICE("")},
	    {5, SLICE(""), SLICE("no name"), SLICE(""), SLICE("")},
	    {6, SLICE("C3"), SLICE("taken idnumber"), SLICE(""), SLICE("c1")},
	};
	static const enum site_outcome outcomes[] = {
	    SITE_ADDED, SITE_ADDED, SITE_EXISTS, SITE_REFUSED, SITE_REFUSED};
	struct site_answer answers[5];
	struct database database;
	database_make(&database);
	init(&database, true);
	struct error error = site_add_courses(&database.options, rows, 5, answers);
	cr_assert_not(is_error(&error), "%s", error.text);
	for (size_t i = 0; i < 5; i++)
		cr_expect_eq(answers[i].outcome, outcomes[i], "row %zu", i);
	cr_expect_str_eq(
	    database_rows(&database,
	        "SELECT c.shortname, c.fullname, x.path = p.path || '/' || x.id, e.enrol, "
	        "e.status, "
	        "e.roleid FROM mdl_course c JOIN mdl_context x ON x.contextlevel = 50 AND "
	        "x.instanceid = c.id JOIN mdl_context p ON p.contextlevel = 40 AND p.instanceid = "
	        "c.category JOIN mdl_enrol e ON e.courseid = c.id ORDER BY c.id"),
	    "C1|Course 1|1|manual|0|5\nC2|C2|1|manual|0|5\n");
	cr_expect_eq(database_number(&database, "SELECT count(*) FROM mdl_course_categories"), 2);
	database_remove(&database);
}

Test(site, gives_a_user_a_context_and_no_password)
{
	const struct user_row rows[] = {
	    {2, SLICE("p1"), SLICE("A"), SLICE("B"), SLICE("a@example.org"), SLICE("1")},
	    {3, SLICE("p1"), SLICE("A"), SLICE("B"), SLICE("a@example.org"), SLICE("1")},
	    {4, SLICE("P 2"), SLICE("A"), SLICE("B"), SLICE("a@example.org"), SLICE("1")},
	};
	struct site_answer answers[3];
	struct database database;
	database_make(&database);
	init(&database, true);
	struct error error = site_add_users(&database.options, rows, 3, answers);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_expect_eq(answers[0].outcome, SITE_ADDED);
	cr_expect_eq(answers[1].outcome, SITE_EXISTS);
	cr_expect_eq(answers[2].outcome, SITE_REFUSED);
	cr_expect_str_eq(
	    database_rows(&database,
	        "SELECT u.username, u.auth, x.path FROM mdl_user u JOIN mdl_context x ON "
	        "x.contextlevel = 30 AND x.instanceid = u.id WHERE u.id > 2"),
	    "p1|nologin|/1/6\n");
	database_remove(&database);
}
