/* The tables of other Moodles: which columns may be missing, and which must not be there. */
#include "fixture.h"

#include "enrold/needs.h"
#include "enrold/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* `sql` makes its tables what they are. */
static void site_make(struct fixture *fixture, const char *sql)
{
	fixture_make(fixture, "SAFETY-1 SAFETY-2", "SELECT 1");
	database_execute(&fixture->database, sql);
}

struct findings {
	size_t bad;
	struct buffer text;
};

static void on_finding(void *context, enum finding finding, const char *about, const char *text)
{
	struct findings *findings = context;
	findings->bad += finding == FINDING_BAD;
	buffer_print(&findings->text, "%s: %s\n", about, text);
}

/* For a feed that may ask for everything. */
static void look(const struct database *database, struct findings *findings)
{
	static const struct feed feed = {.name = "all",
	    .policy = {.upload_type = UPLOAD_ADD_OR_UPDATE,
	        .update_details = DETAILS_FILE,
	        .allow_suspend = true,
	        .allow_delete = true,
	        .allow_rename = true,
	        .update_password = true}};
	const struct config config = {.lms = database->options, .feeds = &feed, .feeds_count = 1};
	good(site_check(&config, on_finding, findings));
	buffer_add_char(&findings->text, '\0');
}

/* What lms_check_site says, and lms check as well. */
static void expect(struct fixture *fixture, enum error_class class, const char *said)
{
	struct findings findings = {0};
	good(lms_open(&fixture->database.options, &fixture->lms));
	struct error error = lms_check_site(fixture->lms, false);
	cr_expect_eq(error.class, class, "%s", error.text);
	cr_expect(strstr(error.text, said), "%s", error.text);
	look(&fixture->database, &findings);
	cr_expect_eq(findings.bad > 0, class == ERROR_CONFIG, "%s", findings.text.bytes);
	cr_expect(strstr(findings.text.bytes, said), "%s", findings.text.bytes);
	buffer_done(&findings.text);
}

Test(moodles, may_lack_columns_that_enrold_does_not_use)
{
	struct fixture fixture;
	site_make(&fixture, "ALTER TABLE mdl_user DROP COLUMN moodlenetprofile;"
	                    "ALTER TABLE mdl_course DROP COLUMN pdfexportfont");
	expect(&fixture, ERROR_NONE, "");
	if (fixture.database.server) /* which keeps its tables for the next test */
		database_execute(&fixture.database,
		    "ALTER TABLE mdl_user ADD COLUMN moodlenetprofile VARCHAR(255);"
		    "ALTER TABLE mdl_course ADD COLUMN pdfexportfont VARCHAR(50)");
	fixture_remove(&fixture);
}

Test(moodles, must_have_those_that_it_uses)
{
	struct fixture fixture;
	site_make(&fixture, "ALTER TABLE mdl_groups DROP COLUMN visibility");
	expect(&fixture, ERROR_CONFIG, "the table groups has no column visibility");
	if (fixture.database.server)
		database_execute(&fixture.database,
		    "ALTER TABLE mdl_groups ADD COLUMN visibility SMALLINT NOT NULL DEFAULT 0");
	fixture_remove(&fixture);
}

/* SQLite adds no such column to a table that is there. */
static const char strange_table[] =
    "DROP TABLE mdl_groupings;"
    "CREATE TABLE mdl_groupings (id INTEGER PRIMARY KEY AUTOINCREMENT, courseid INTEGER NOT NULL, "
    "name TEXT, idnumber TEXT, description TEXT, descriptionformat INTEGER, configdata TEXT, "
    "timecreated INTEGER, timemodified INTEGER, colour INTEGER NOT NULL)";

Test(moodles, must_have_none_that_would_have_to_be_filled_in)
{
	struct fixture fixture;
	site_make(&fixture, "SELECT 1");
	database_execute(&fixture.database,
	    fixture.database.server ? "ALTER TABLE mdl_groupings ADD COLUMN colour BIGINT NOT NULL"
	                            : strange_table);
	expect(&fixture, ERROR_CONFIG, "the table groupings has a column colour");
	if (fixture.database.server)
		database_execute(&fixture.database, "ALTER TABLE mdl_groupings DROP COLUMN colour");
	fixture_remove(&fixture);
}

Test(moodles, may_have_others_besides)
{
	struct fixture fixture;
	site_make(&fixture, "ALTER TABLE mdl_groupings ADD COLUMN colour BIGINT NOT NULL DEFAULT 0;"
	                    "ALTER TABLE mdl_user ADD COLUMN colour BIGINT");
	expect(&fixture, ERROR_NONE, "");
	if (fixture.database.server)
		database_execute(&fixture.database, "ALTER TABLE mdl_groupings DROP COLUMN colour;"
		                                    "ALTER TABLE mdl_user DROP COLUMN colour");
	fixture_remove(&fixture);
}

/* Since 5.3 the rows of a course stay until a task has cleared everything away. */
Test(moodles, that_delete_courses_slowly_are_not_asked_for_those_that_go)
{
	static const struct course_key keys[] = {
	    {COURSE_BY_SHORTNAME, {"SAFETY-1", 8}}, {COURSE_BY_SHORTNAME, {"SAFETY-2", 8}}};
	struct course_facts courses[2];
	struct fixture fixture;
	site_make(&fixture,
	    "ALTER TABLE mdl_course ADD COLUMN deletioninprogress SMALLINT;"
	    "UPDATE mdl_course SET deletioninprogress = 1 WHERE shortname = 'SAFETY-1'");
	fixture_open(&fixture);
	good(lms_check_site(fixture.lms, false));
	good(lms_find_courses(fixture.lms, keys, 2, courses, fixture.arena));
	cr_expect_eq(courses[0].matches, 0);
	cr_expect_eq(courses[0].nearest.size, 8, "SAFETY-2 may have been meant");
	cr_expect_eq(courses[1].matches, 1);
	lms_close(fixture.lms);
	fixture.lms = NULL;
	if (fixture.database.server)
		database_execute(
		    &fixture.database, "ALTER TABLE mdl_course DROP COLUMN deletioninprogress");
	fixture_remove(&fixture);
}

Test(moodles, that_are_other_products_are_named)
{
	struct fixture fixture;
	site_make(&fixture, "INSERT INTO mdl_config_plugins (plugin, name, value) VALUES "
	                    "('local_iomad', 'version', '1'), ('tool_tenant', 'version', '1')");
	struct findings findings = {0};
	look(&fixture.database, &findings);
	cr_expect_eq(findings.bad, 0, "%s", findings.text.bytes);
	cr_expect(strstr(findings.text.bytes, "IOMAD: "), "%s", findings.text.bytes);
	cr_expect(strstr(findings.text.bytes, "Workplace: "), "%s", findings.text.bytes);
	buffer_done(&findings.text);
	fixture_remove(&fixture);
}

/* Of several tables at once the same as of each by itself; of one that is not there, nothing. */
Test(moodles, columns_asked_together_are_those_of_each_table)
{
	static const char *const tables[] = {
	    "user", "no_such_table", "course", "enrold_run", "enrol"};
	enum { TABLES = sizeof tables / sizeof *tables };
	struct fixture fixture;
	struct db *db;
	struct buffer all[TABLES] = {0}, required[TABLES] = {0};
	site_make(&fixture, "SELECT 1");
	good(db_open(&fixture.database.options, DB_EXISTING, &db));
	db_find_columns_all(db, tables, TABLES, all, required);
	good(db_error(db));
	for (size_t i = 0; i < TABLES; i++) {
		struct buffer one = {0}, needed = {0};
		db_find_columns(db, tables[i], &one, &needed);
		cr_expect(slice_is(buffer_slice(&all[i]), buffer_slice(&one)), "%s", tables[i]);
		cr_expect(
		    slice_is(buffer_slice(&required[i]), buffer_slice(&needed)), "%s", tables[i]);
		cr_expect_eq(
		    all[i].size == 0, strcmp(tables[i], "no_such_table") == 0, "%s", tables[i]);
		buffer_done(&one);
		buffer_done(&needed);
		buffer_done(&all[i]);
		buffer_done(&required[i]);
	}
	db_close(db);
	fixture_remove(&fixture);
}

/* What we fill in and look at stands in our own schema, too. */
Test(moodles, of_our_own_have_what_enrold_uses)
{
	struct fixture fixture;
	struct db *db;
	site_make(&fixture, "SELECT 1");
	good(db_open(&fixture.database.options, DB_EXISTING, &db));
	good(needs_check_all(db));
	db_close(db);
	fixture_remove(&fixture);
}
