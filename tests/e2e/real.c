/* Beside the tables of `lms init` a real Moodle has others: what is written there, and what the
 * answer says of that which only Moodle can do. */
#include "answer.h"
#include "law.h"
#include "more_tables.h"

#include <criterion/criterion.h>

TestSuite(real, .timeout = 120);

#define FEEDS "  default: { upload_type: add_or_update, allow_delete: true, " SPOOL_MAY_ALL " }\n"

static const char *settings;

static void real_make(struct spool *spool)
{
	struct buffer sql = {0};
	spool_make(spool, &(struct spool_options){.feeds = FEEDS, .settings = settings});
	more_tables_write(OVERLAY_SQLITE, &sql);
	buffer_add_char(&sql, '\0');
	spool_execute(spool, sql.bytes);
	buffer_done(&sql);
}

static void run_file(struct spool *spool, struct answer *answer, const char *name, const char *text)
{
	size_t nth = answer_count(spool, name);
	spool_drop(spool, name, text);
	spool_once(spool);
	answer_open(answer, spool, name, nth);
}

static void expect_rows(struct spool *spool, const char *sql, const char *expected)
{
	struct buffer rows = spool_query(spool, sql);
	cr_expect_str_eq(rows.bytes, expected, "%s:\n%s", sql, rows.bytes);
	buffer_done(&rows);
}

static void expect_message(const struct answer *answer, const char *code, const char *message)
{
	const char *said =
	    answer_cell(answer, (struct expected){.line = 2, .code = code}, 0, "message");
	cr_expect_str_eq(said, message, "%s: %s", code, said);
}

#define C1 "(SELECT id FROM mdl_course WHERE shortname = 'C1')"

/* A conversation of the group, switched off, and one of another group. */
#define CHATS                                                                                      \
	"INSERT INTO mdl_groups (id, courseid, name) SELECT 1, id, 'Red' FROM mdl_course WHERE "   \
	"shortname = 'C1';"                                                                        \
	"INSERT INTO mdl_groups (id, courseid, name) SELECT 2, id, 'Blue' FROM mdl_course WHERE "  \
	"shortname = 'C1';"                                                                        \
	"INSERT INTO mdl_message_conversations (id, type, name, component, itemtype, itemid, "     \
	"contextid, enabled) SELECT g.id, 2, g.name, 'core_group', 'groups', g.id, x.id, 0 FROM "  \
	"mdl_groups g JOIN mdl_context x ON x.contextlevel = 50 AND x.instanceid = g.courseid;"

Test(real, who_joins_a_group_is_in_its_chat)
{
	struct spool spool;
	struct answer answer;
	real_make(&spool);
	spool_execute(&spool, CHATS
	    "INSERT INTO mdl_message_conversation_members (conversationid, userid, timecreated) "
	    "SELECT 1, id, 5 FROM mdl_user WHERE username = 'p2'");
	run_file(&spool, &answer, "a.csv",
	    "username,course1,group1,course2,group2\np1,C1,Red,C1,New\np2,C1,Red,,\np3,C1,Red,,\n");
	cr_expect_eq(answer_number(&answer, "codes", "group_joined"), 3);
	cr_expect_eq(answer_number(&answer, "outcomes", "error"), 0);
	answer_close(&answer);
	expect_rows(&spool,
	    "SELECT m.conversationid, u.username, m.timecreated > 5 FROM "
	    "mdl_message_conversation_members m JOIN mdl_user u ON u.id = m.userid ORDER BY 1, 2",
	    "1|p1|1\n1|p2|0\n1|p3|1\n");
	law_close(&spool);
}

Test(real, who_gets_into_a_group_by_a_cohort_is_in_its_chat)
{
	struct spool spool;
	struct answer answer;
	real_make(&spool);
	spool_execute(&spool, CHATS
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, visible, "
	    "component, timecreated, timemodified) VALUES (1, 'Sales', 'SALES', 1, 1, '', 0, 0);"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1, customint2) "
	    "SELECT "
	    "'cohort', 0, id, 5, 1, 2 FROM mdl_course WHERE shortname = 'C1'");
	run_file(&spool, &answer, "a.csv", "username,cohort1\np1,SALES\n");
	answer_close(&answer);
	expect_rows(&spool,
	    "SELECT conversationid, username FROM mdl_message_conversation_members m JOIN mdl_user "
	    "u "
	    "ON u.id = m.userid",
	    "2|p1\n");
	spool_remove(&spool);
}

Test(real, who_leaves_is_erased_as_far_as_rows_go)
{
	struct spool spool;
	struct answer answer;
	real_make(&spool);
	spool_execute(&spool, CHATS
	    "INSERT INTO mdl_config_plugins (plugin, name, value) VALUES ('tool_dataprivacy', "
	    "'automaticdeletionrequests', '1');");
	run_file(&spool, &answer, "a.csv", "username,course1,group1\np1,C1,Red\n");
	answer_close(&answer);
	run_file(&spool, &answer, "b.csv", "username,deleted\np1,1\n");
	EXPECT(&answer, {2, "deleted", "done", "account_deleted"},
	    {2, "deleted", "warning", "left_to_moodle"});
	expect_message(&answer, "left_to_moodle",
	    "Grades, files and what plugins keep of the person stay: only Moodle can remove them; "
	    "switch on aftercare.");
	cr_expect_eq(answer.retry.size, 0, "a warning is nothing to do again");
	answer_close(&answer);
	expect_rows(&spool, "SELECT count(*) FROM mdl_message_conversation_members", "0\n");
	expect_rows(&spool, "SELECT type, status FROM mdl_tool_dataprivacy_request", "2|2\n");
	spool_remove(&spool);
}

/* What a Moodle does whose cache does not know of the first. */
#define TWINS                                                                                      \
	"INSERT INTO mdl_groups (id, courseid, name) SELECT 5, id, 'Delta' FROM mdl_course WHERE " \
	"shortname = 'C1';"                                                                        \
	"INSERT INTO mdl_groups (id, courseid, name) SELECT 6, id, 'Delta' FROM mdl_course WHERE " \
	"shortname = 'C1';"

Test(real, of_two_groups_of_a_name_the_older_is_taken_when_the_newer_is_empty)
{
	static const struct {
		const char *members, *code, *rows;
	} cases[] = {
	    {"SELECT 1", "group_joined", "5|p1\n"},
	    {"INSERT INTO mdl_groups_members (groupid, userid) VALUES (5, 2)", "group_joined",
	        "5|admin\n5|p1\n"},
	    {"INSERT INTO mdl_groups_members (groupid, userid) VALUES (6, 2)", "group_ambiguous",
	        "6|admin\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct spool spool;
		struct answer answer;
		real_make(&spool);
		spool_execute(&spool, TWINS);
		spool_execute(&spool, cases[i].members);
		run_file(&spool, &answer, "a.csv", "username,course1,group1\np1,C1,Delta\n");
		cr_expect_eq(answer_number(&answer, "codes", cases[i].code), 1, "%zu", i);
		cr_expect_eq(answer_number(&answer, "codes", "group_ambiguous"), 1, "%zu", i);
		answer_close(&answer);
		expect_rows(&spool,
		    "SELECT groupid, username FROM mdl_groups_members m JOIN mdl_user u ON u.id = "
		    "m.userid ORDER BY 1, 2",
		    cases[i].rows);
		spool_remove(&spool);
	}
}

Test(real, says_that_caches_have_to_follow)
{
	struct spool spool;
	struct answer answer;
	real_make(&spool);
	run_file(&spool, &answer, "a.csv", "username,course1,group1\np1,C1,Red\np2,C1,Red\n");
	expect_message(&answer, "group_created",
	    "The group was made, and joined; pages restricted to groups follow when Moodle's "
	    "caches "
	    "have been purged: do so, or switch on aftercare.");
	answer_close(&answer);
	law_close(&spool);
}

Test(real, would_do_in_a_preview_what_it_does)
{
	struct spool spool;
	struct answer answer;
	real_make(&spool);
	files_make_directory(spool_path(&spool, "inbox/preview").text);
	spool_execute(&spool, CHATS);
	run_file(&spool, &answer, "preview/a.csv",
	    "username,course1,group1,interests,deleted\np1,C1,Red,chess,\np2,,,,1\n");
	cr_expect_eq(answer.result.rows_count, 6);
	for (size_t i = 1; i < answer.result.rows_count; i++) {
		const char *said =
		    table_cell(&answer.result, i, table_column(&answer.result, "message"));
		cr_expect(strcasestr(said, "would "), "%s", said);
	}
	answer_close(&answer);
	expect_rows(&spool,
	    "SELECT (SELECT count(*) FROM mdl_message_conversation_members), (SELECT count(*) FROM "
	    "mdl_tag), (SELECT sum(deleted) FROM mdl_user)",
	    "0|0|0\n");
	law_close(&spool);
}

/* The tables of `lms init` are all: there are no caches to purge. */
Test(real, says_nothing_of_caches_where_there_is_no_moodle)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){.feeds = FEEDS});
	run_file(&spool, &answer, "a.csv", "username,course1,group1\np1,C1,Red\n");
	expect_message(&answer, "group_created", "The group was made, and joined.");
	answer_close(&answer);
	law_close(&spool);
}
