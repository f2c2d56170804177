/* What a deleted account leaves in the parts of Moodle that not every site has. */
#include "fixture.h"

#include "more_tables.h"

#include <criterion/criterion.h>
#include <stdio.h>

static enum overlay_engine engine_of(const struct database *database)
{
	if (!database->server)
		return OVERLAY_SQLITE;
	return strncmp(database->options.url, "postgresql", 10) == 0 ? OVERLAY_POSTGRESQL
	                                                             : OVERLAY_MARIADB;
}

static void execute_all(struct database *database, struct buffer *sql)
{
	buffer_add_char(sql, '\0');
	database_execute(database, sql->bytes);
	buffer_done(sql);
}

/* p1 and p2 with contexts 90 and 91, in the course C1. */
static void site_make(struct fixture *fixture, bool has_more)
{
	struct database *database = &fixture->database;
	struct buffer sql = {0};
	fixture_make(fixture, "C1",
	    "UPDATE mdl_user SET email = username || '@x.example' WHERE id IN (3, 4);"
	    "INSERT INTO mdl_context (id, contextlevel, instanceid, path, depth) VALUES "
	    "(90, 30, 3, '/1/90', 2), (91, 30, 4, '/1/91', 2)");
	if (has_more)
		more_tables_write(engine_of(database), &sql);
	else
		buffer_add_text(&sql, "SELECT 1");
	execute_all(database, &sql);
}

static void site_remove(struct fixture *fixture)
{
	struct buffer sql = {0};
	more_tables_drop(&sql);
	if (fixture->database.server) /* which keeps its tables for the next test */
		execute_all(&fixture->database, &sql);
	buffer_done(&sql);
	fixture_remove(fixture);
}

/* p1, or both of them, by changes of one call. */
static void bury(struct fixture *fixture, size_t count)
{
	const struct change changes[] = {{.kind = CHANGE_DELETE_ACCOUNT, .person = 0},
	    {.kind = CHANGE_DELETE_ACCOUNT, .person = 1}};
	fixture_open(fixture);
	good(lms_check_site(fixture->lms, false));
	good(lms_begin(fixture->lms));
	good(fixture_apply(fixture, changes, count, NOW));
	good(lms_commit(fixture->lms));
	lms_close(fixture->lms);
	fixture->lms = NULL;
}

/* One row of each person in each table that tells whose it is. */
static void belongings_make(struct fixture *fixture)
{
	struct buffer sql = {0};
	for (size_t i = 0; i < more_tables_count; i++)
		if (strncmp(more_tables[i].columns, "userid ", 7) == 0 &&
		    strcmp(more_tables[i].name, "tag") != 0)
			buffer_print(&sql,
			    "INSERT INTO mdl_%s (userid) VALUES (3); INSERT INTO mdl_%s (userid) "
			    "VALUES (4);",
			    more_tables[i].name, more_tables[i].name);
	buffer_add_text(&sql,
	    "UPDATE mdl_my_pages SET private = 1; UPDATE mdl_event SET subscriptionid = 7;"
	    "INSERT INTO mdl_my_pages (userid, private) VALUES (3, 0), (NULL, 1);"
	    "INSERT INTO mdl_event (userid, name) VALUES (3, 'own');"
	    "INSERT INTO mdl_tool_cohortroles (cohortid, roleid, userid) VALUES (1, 5, 3), (1, 5, "
	    "4)");
	execute_all(&fixture->database, &sql);
}

Test(departure, takes_along_what_belongs_to_the_person_and_to_nobody_else)
{
	struct fixture fixture;
	site_make(&fixture, true);
	belongings_make(&fixture);
	bury(&fixture, 1);
	for (size_t i = 0; i < more_tables_count; i++) {
		char sql[160];
		const char *name = more_tables[i].name;
		if (strncmp(more_tables[i].columns, "userid ", 7) != 0 || strcmp(name, "tag") == 0)
			continue;
		snprintf(sql, sizeof sql, "SELECT count(*) FROM mdl_%s WHERE userid = 4", name);
		fixture_expect(&fixture, sql, "1\n");
		snprintf(sql, sizeof sql, "SELECT count(*) FROM mdl_%s WHERE userid = 3", name);
		bool keeps_one = strcmp(name, "my_pages") == 0 || strcmp(name, "event") == 0;
		fixture_expect(&fixture, sql, keeps_one ? "1\n" : "0\n");
	}
	fixture_expect(&fixture, "SELECT userid FROM mdl_tool_cohortroles", "4\n");
	site_remove(&fixture);
}

/* A parent's role over the child stands in the child's own context; the parent's own roles over
 * others are the parent's. */
Test(departure, ends_roles_of_others_over_the_person)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    "DELETE FROM mdl_role_assignments;"
	    "INSERT INTO mdl_role_assignments (roleid, contextid, userid, component) VALUES "
	    "(5, 90, 4, ''), (5, 90, 2, 'tool_cohortroles'), (5, 91, 3, ''), (5, 91, 2, '');"
	    "INSERT INTO mdl_role_names (roleid, contextid) VALUES (5, 90), (5, 91);"
	    "INSERT INTO mdl_role_capabilities (contextid, roleid) VALUES (90, 5), (91, 5)");
	bury(&fixture, 1);
	fixture_expect(&fixture,
	    "SELECT contextid, userid FROM mdl_role_assignments ORDER BY contextid, userid",
	    "91|2\n");
	fixture_expect(&fixture, "SELECT contextid FROM mdl_role_names", "91\n");
	fixture_expect(&fixture, "SELECT contextid FROM mdl_role_capabilities", "91\n");
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_context WHERE id = 90", "1\n");
	site_remove(&fixture);
}

Test(departure, leaves_the_chats_of_groups_and_keeps_what_two_said_to_each_other)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    "INSERT INTO mdl_groups (id, courseid, name) VALUES (1, 2, 'G');"
	    "INSERT INTO mdl_groups_members (groupid, userid) VALUES (1, 3), (1, 4);"
	    "INSERT INTO mdl_message_conversations (id, type, component, itemtype, itemid, "
	    "contextid, "
	    "enabled) VALUES (1, 2, 'core_group', 'groups', 1, 20, 0), (2, 1, NULL, NULL, NULL, "
	    "NULL, "
	    "1);"
	    "INSERT INTO mdl_message_conversation_members (conversationid, userid, timecreated) "
	    "VALUES "
	    "(1, 3, 1), (1, 4, 1), (2, 3, 1), (2, 4, 1)");
	bury(&fixture, 1);
	fixture_expect(&fixture,
	    "SELECT conversationid, userid FROM mdl_message_conversation_members ORDER BY 1, 2",
	    "1|4\n2|3\n2|4\n");
	site_remove(&fixture);
}

Test(departure, takes_tags_along_that_nobody_else_has)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    "INSERT INTO mdl_tag (id, userid, tagcollid, name, rawname, isstandard) VALUES "
	    "(1, 2, 1, 'alone', 'Alone', 0), (2, 2, 1, 'shared', 'Shared', 0), (3, 2, 1, 'kept', "
	    "'Kept', 1);"
	    "INSERT INTO mdl_tag_instance (id, tagid, component, itemtype, itemid, contextid) "
	    "VALUES "
	    "(1, 1, 'core', 'user', 3, 90), (2, 2, 'core', 'user', 3, 90), (3, 2, 'core', 'user', "
	    "4, "
	    "91), (4, 3, 'core', 'user', 3, NULL), (5, 3, 'core', 'course', 3, 20);"
	    "INSERT INTO mdl_tag_correlation (tagid, correlatedtags) VALUES (1, '2'), (2, '1')");
	bury(&fixture, 1);
	fixture_expect(&fixture, "SELECT id FROM mdl_tag ORDER BY id", "2\n3\n");
	fixture_expect(&fixture, "SELECT id FROM mdl_tag_instance ORDER BY id", "3\n5\n");
	fixture_expect(&fixture, "SELECT tagid FROM mdl_tag_correlation", "2\n");
	fixture_expect(&fixture,
	    "SELECT eventname, contextid, contextlevel, contextinstanceid, objectid FROM "
	    "mdl_logstore_standard_log WHERE target = 'tag' ORDER BY id",
	    "\\core\\event\\tag_removed|90|30|3|1\n\\core\\event\\tag_removed|90|30|3|2\n"
	    "\\core\\event\\tag_removed|1|10|0|4\n\\core\\event\\tag_deleted|1|10|0|1\n");
	fixture_expect(&fixture,
	    "SELECT other FROM mdl_logstore_standard_log WHERE objecttable = 'tag_instance' AND "
	    "objectid = 1",
	    "{\"tagid\":\"1\",\"tagname\":\"alone\",\"tagrawname\":\"Alone\",\"itemid\":\"3\","
	    "\"itemtype\":\"user\"}\n");
	site_remove(&fixture);
}

Test(departure, of_two_who_share_a_tag_takes_it_along)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    "INSERT INTO mdl_tag (id, userid, tagcollid, name, rawname) VALUES (1, 2, 1, 'a', 'A');"
	    "INSERT INTO mdl_tag_instance (tagid, component, itemtype, itemid, contextid) VALUES "
	    "(1, 'core', 'user', 3, 90), (1, 'core', 'user', 4, 91)");
	bury(&fixture, 2);
	fixture_expect(&fixture, "SELECT count(*) FROM mdl_tag", "0\n");
	fixture_expect(&fixture,
	    "SELECT action FROM mdl_logstore_standard_log WHERE target = 'tag' ORDER BY id",
	    "removed\nremoved\ndeleted\n");
	site_remove(&fixture);
}

static const char requests[] =
    "SELECT userid, type, status, requestedby, creationmethod, systemapproved, timecreated FROM "
    "mdl_tool_dataprivacy_request ORDER BY id";

#define SWITCH_ON                                                                                  \
	"INSERT INTO mdl_config_plugins (plugin, name, value) VALUES ('tool_dataprivacy', "        \
	"'automaticdeletionrequests', '1');"

Test(departure, asks_for_the_rest_to_be_erased_where_the_site_wants_that)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database, SWITCH_ON);
	bury(&fixture, 2);
	fixture_expect(&fixture, requests, "3|2|2|2|1|0|1800000000\n4|2|2|2|1|0|1800000000\n");
	site_remove(&fixture);
}

Test(departure, asks_once_and_again_only_after_a_request_that_came_to_nothing)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    SWITCH_ON "INSERT INTO mdl_tool_dataprivacy_request (userid, type, status) VALUES "
	              "(3, 2, 3), (4, 2, 6), (4, 1, 2)");
	bury(&fixture, 2);
	fixture_expect(&fixture,
	    "SELECT userid, type, status FROM mdl_tool_dataprivacy_request ORDER BY id",
	    "3|2|3\n4|2|6\n4|1|2\n4|2|2\n");
	site_remove(&fixture);
}

Test(departure, asks_nothing_where_the_site_does_not_want_it)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    "INSERT INTO mdl_config_plugins (plugin, name, value) VALUES ('tool_dataprivacy', "
	    "'automaticdeletionrequests', '0')");
	bury(&fixture, 1);
	fixture_expect(&fixture, requests, "");
	site_remove(&fixture);
}

/* The plugin's table has got columns with time, and may get more. */
Test(departure, asks_with_the_columns_that_there_are)
{
	struct fixture fixture;
	site_make(&fixture, true);
	database_execute(&fixture.database,
	    SWITCH_ON "ALTER TABLE mdl_tool_dataprivacy_request DROP COLUMN systemapproved;"
	              "ALTER TABLE mdl_tool_dataprivacy_request DROP COLUMN creationmethod;"
	              "ALTER TABLE mdl_tool_dataprivacy_request ADD COLUMN colour INTEGER");
	bury(&fixture, 1);
	fixture_expect(
	    &fixture, "SELECT userid, type, status FROM mdl_tool_dataprivacy_request", "3|2|2\n");
	site_remove(&fixture);
}

/* A site without any of it, and one with a single part. */
Test(departure, passes_over_what_the_site_has_no_table_for)
{
	for (int i = 0; i < 2; i++) {
		struct fixture fixture;
		struct buffer sql = {0};
		site_make(&fixture, false);
		buffer_add_text(&sql, SWITCH_ON);
		for (size_t k = 0; i == 1 && k < more_tables_count; k++)
			if (strcmp(more_tables[k].name, "message_conversations") == 0 ||
			    strcmp(more_tables[k].name, "tag_instance") == 0)
				more_table_write(
				    &more_tables[k], engine_of(&fixture.database), &sql);
		execute_all(&fixture.database, &sql);
		bury(&fixture, 1);
		fixture_expect(&fixture, "SELECT deleted FROM mdl_user WHERE id = 3", "1\n");
		site_remove(&fixture);
	}
}
