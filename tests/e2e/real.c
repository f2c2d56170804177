/* Beside the tables of `lms init` a real Moodle has others: what is written there, and what the
 * answer says of that which only Moodle can do. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>

#define FEEDS "  default: { upload_type: add_or_update, allow_delete: true, " RIG_MAY_ALL " }\n"

static const char *settings;

static void real_make(struct rig *rig)
{
	rig_make_whole(rig, &(struct rig_options){.feeds = FEEDS, .settings = settings}, "");
}

static void expect_message(const struct reply *reply, const char *code, const char *message)
{
	const char *said =
	    reply_cell(reply, (struct expected){.line = 2, .code = code}, 0, "message");
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
	struct rig rig;
	struct reply reply;
	real_make(&rig);
	rig_execute(&rig, CHATS
	    "INSERT INTO mdl_message_conversation_members (conversationid, userid, timecreated) "
	    "SELECT 1, id, 5 FROM mdl_user WHERE username = 'p2'");
	reply_to(&reply, &rig, "a.csv",
	    "username,course1,group1,course2,group2\np1,C1,Red,C1,New\np2,C1,Red,,\np3,C1,Red,,\n");
	cr_expect_eq(reply_number(&reply, "codes", "group_joined"), 3);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0);
	reply_close(&reply);
	rig_expect(&rig,
	    "SELECT m.conversationid, u.username, m.timecreated > 5 FROM "
	    "mdl_message_conversation_members m JOIN mdl_user u ON u.id = m.userid ORDER BY 1, 2",
	    "1|p1|1\n1|p2|0\n1|p3|1\n");
	law_close(&rig);
}

Test(real, who_gets_into_a_group_by_a_cohort_is_in_its_chat)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig);
	rig_execute(&rig, CHATS
	    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, visible, "
	    "component, timecreated, timemodified) VALUES (1, 'Sales', 'SALES', 1, 1, '', 0, 0);"
	    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1, customint2) "
	    "SELECT "
	    "'cohort', 0, id, 5, 1, 2 FROM mdl_course WHERE shortname = 'C1'");
	reply_to(&reply, &rig, "a.csv", "username,cohort1\np1,SALES\n");
	reply_close(&reply);
	rig_expect(&rig,
	    "SELECT conversationid, username FROM mdl_message_conversation_members m JOIN mdl_user "
	    "u "
	    "ON u.id = m.userid",
	    "2|p1\n");
	rig_remove(&rig);
}

Test(real, who_leaves_is_erased_as_far_as_rows_go)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig);
	rig_execute(&rig, CHATS
	    "INSERT INTO mdl_config_plugins (plugin, name, value) VALUES ('tool_dataprivacy', "
	    "'automaticdeletionrequests', '1');");
	reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Red\n");
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,deleted\np1,1\n");
	EXPECT(&reply, {2, "deleted", "done", "account_deleted"},
	    {2, "deleted", "warning", "left_to_moodle"});
	expect_message(&reply, "left_to_moodle",
	    "Grades, files and what plugins keep of the person stay: only Moodle can remove them; "
	    "switch on aftercare.");
	cr_expect_eq(reply.retry.size, 0, "a warning is nothing to do again");
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_message_conversation_members", "0\n");
	rig_expect(&rig, "SELECT type, status FROM mdl_tool_dataprivacy_request", "2|2\n");
	rig_remove(&rig);
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
		struct rig rig;
		struct reply reply;
		real_make(&rig);
		rig_execute(&rig, TWINS);
		rig_execute(&rig, cases[i].members);
		reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Delta\n");
		cr_expect_eq(reply_number(&reply, "codes", cases[i].code), 1, "%zu", i);
		cr_expect_eq(reply_number(&reply, "codes", "group_ambiguous"), 1, "%zu", i);
		reply_close(&reply);
		rig_expect(&rig,
		    "SELECT groupid, username FROM mdl_groups_members m JOIN mdl_user u ON u.id = "
		    "m.userid ORDER BY 1, 2",
		    cases[i].rows);
		rig_remove(&rig);
	}
}

Test(real, says_that_caches_have_to_follow)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig);
	reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Red\np2,C1,Red\n");
	expect_message(&reply, "group_created",
	    "The group was made, and joined; pages restricted to groups follow when Moodle's "
	    "caches "
	    "have been purged: do so, or switch on aftercare.");
	reply_close(&reply);
	law_close(&rig);
}

Test(real, would_do_in_a_preview_what_it_does)
{
	struct rig rig;
	struct reply reply;
	real_make(&rig);
	files_make_directory(rig_path(&rig, "inbox/preview").text);
	rig_execute(&rig, CHATS);
	reply_to(&reply, &rig, "preview/a.csv",
	    "username,course1,group1,interests,deleted\np1,C1,Red,chess,\np2,,,,1\n");
	cr_expect_eq(reply.result.rows_count, 6);
	for (size_t i = 1; i < reply.result.rows_count; i++) {
		const char *said =
		    table_at(&reply.result, i, table_column(&reply.result, "message"));
		cr_expect(strcasestr(said, "would "), "%s", said);
	}
	reply_close(&reply);
	rig_expect(&rig,
	    "SELECT (SELECT count(*) FROM mdl_message_conversation_members), (SELECT count(*) FROM "
	    "mdl_tag), (SELECT sum(deleted) FROM mdl_user)",
	    "0|0|0\n");
	law_close(&rig);
}

/* The tables of `lms init` are all: there are no caches to purge. */
Test(real, says_nothing_of_caches_where_there_is_no_moodle)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "a.csv", "username,course1,group1\np1,C1,Red\n");
	expect_message(&reply, "group_created", "The group was made, and joined.");
	reply_close(&reply);
	law_close(&rig);
}
