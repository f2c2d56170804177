/*
 * Somebody who may drop files tries for what the feed may not reach: every attempt is refused with
 * a code that says so, in a preview as well, and the database is as before.
 *
 * p5 manages the site. Course C1 and, deeper, C4 stand in the category OWN, C3 in FOREIGN; there
 * are cohorts OWN1 (1) and FOREIGN (2). p7 is an editing teacher in C1, p8 manager
 * of OWN.
 */
#include "law.h"
#include "program.h"
#include "reply.h"

#include <criterion/criterion.h>

#define FEEDS_OF_TYPES                                                                             \
	"  update: { upload_type: update, " ALLOW " }\n"                                           \
	"  add: { upload_type: add, " ALLOW " }\n"                                                 \
	"  count: { upload_type: add_increment, " ALLOW " }\n"                                     \
	"  both: { upload_type: add_or_update, " ALLOW " }\n"                                      \
	"  moodle: { compat: moodle, upload_type: add_or_update, " ALLOW " }\n"                    \
	"  email: { upload_type: add_or_update, match_by: email, " ALLOW " }\n"                    \
	"  number: { upload_type: add_or_update, match_by: idnumber, " ALLOW " }\n"
#define ALLOW "update_details: file, update_password: true, allow_delete: true, allow_rename: true"
#define NARROW                                                                                     \
	"  narrow: { course: C2, may: { courses: ['C[134]', F], categories: [OWN],"                \
	" roles: [student], system_roles: [coursecreator], cohorts: ['OWN*'],"                     \
	" create: { groups: true, cohorts: true } } }\n"                                           \
	"  pupils: { upload_type: add_or_update, " ALLOW ", may: { roles: [student] } }\n"         \
	"  keeper: { may: { system_roles: [coursecreator], unprotected: [coursecreator] } }\n"

static const struct attempt {
	const char *feed, *text, *column, *code;
} attempts[] = {
    /* To become manager of the site, by a role there or in a category or course. */
    {"update", "username,sysrole1\np1,manager\n", "sysrole1", "not_allowed"},
    {"update", "username,sysrole1\np1,1\n", "sysrole1", "not_allowed"},
    {"both", "username,sysrole1\np1,manager\n", "sysrole1", "not_allowed"},
    {"moodle", "username,sysrole1\np1,manager\n", "sysrole1", "not_allowed"},
    {"add", "username,sysrole1\np1,manager\n", "username", "account_exists"},
    {"update", "username,category1,categoryrole1\np1,OWN,1\n", "categoryrole1", "not_allowed"},
    {"both", "username,course1,role1\np1,C1,manager\n", "role1", "not_allowed"},
    {"both", "username,course1,role1\np1,C1,1\n", "role1", "not_allowed"},
    {"both", "username,course1\np1,C5\n", "course1", "not_allowed"}, /* its own role: manager */
    {"narrow", "username,sysrole1\np1,manager\n", "sysrole1", "not_allowed"},
    {"narrow", "username,course1,type1\np1,C1,3\n", "type1", "not_allowed"},
    /* To change who manages it. */
    {"update", "username,sysrole1\np5,-manager\n", "username", "protected_account"},
    {"update", "username,suspended\np5,1\n", "username", "protected_account"},
    {"update", "username,course1\np5,C1\n", "username", "protected_account"},
    {"update", "username,cohort1\np5,OWN1\n", "username", "protected_account"},
    {"both", "username,email\np5,evil@x.example\n", "username", "protected_account"},
    {"both", "username,auth\np5,nologin\n", "username", "protected_account"},
    {"both", "username,password\np5,Evil-1-evil\n", "username", "protected_account"},
    {"both", "username,suspended\np5,1\n", "username", "protected_account"},
    {"both", "username,deleted\np5,1\n", "username", "protected_account"},
    {"both", "username,oldusername\nmine,p5\n", "username", "protected_account"},
    {"moodle", "username,oldusername,email\nmine,p5,evil@x.example\n", "username",
        "protected_account"},
    {"add", "username,firstname,lastname,email\np5,E,Vil,evil@x.example\n", "username",
        "protected_account"},
    {"count", "username,deleted\np5,1\n", "deleted", "not_allowed"},
    {"count", "username,oldusername\nmine,p5\n", "oldusername", "not_allowed"},
    {"email", "email,username,auth\nBOSS@x.example,mine,nologin\n", "email", "protected_account"},
    {"number", "idnumber,email\nI5,evil@x.example\n", "idnumber", "protected_account"},
    {"number", "idnumber,deleted\nI5,1\n", "idnumber", "protected_account"},
    /* To reach what is others'. */
    {"narrow", "username,course1\np1,C2\n", "course1", "not_allowed"},
    {"narrow", "username,course1\np1,C3\n", "course1", "not_allowed"},
    {"narrow", "username,course1\np1,C33\n", "course1", "not_allowed"},
    {"narrow", "username,course1,role1\np1,F,student\n", "course1", "not_allowed"},
    {"narrow", "groupname,coursename\nEvil,C3\n", "coursename", "not_allowed"},
    {"narrow", "groupname,idnumber\nEvil,N3\n", "idnumber", "not_allowed"},
    {"narrow", "groupname\nEvil\n", "groupname", "not_allowed"}, /* the feed's own course */
    {"narrow", "username,cohort1\np1,FOREIGN\n", "cohort1", "not_allowed"},
    {"narrow", "username,cohort1\np1,2\n", "cohort1", "not_allowed"},
    {"narrow", "username,cohort1\np1,EVIL\n", "cohort1", "not_allowed"},
    {"update", "username,cohort1\np1,EVIL\n", "cohort1", "cohort_not_found"},
    /* To take over, or shut out, an account that has more: p8 manages the category OWN. */
    {"both", "username,email\np8,evil@x.example\n", "email", "not_allowed"},
    {"both", "username,idnumber\np8,EVIL\n", "idnumber", "not_allowed"},
    {"both", "username,auth\np8,manual\n", "auth", "not_allowed"},
    {"both", "username,password\np8,Evil-1-evil\n", "password", "not_allowed"},
    {"both", "username,suspended\np8,1\n", "suspended", "not_allowed"},
    {"both", "username,deleted\np8,1\n", "deleted", "not_allowed"},
    {"both", "username,oldusername\nmine,p8\n", "oldusername", "not_allowed"},
    {"moodle", "username,suspended\np8,1\n", "suspended", "not_allowed"},
    {"number", "idnumber,username\nI8,mine\n", "username", "not_allowed"},
    {"number", "idnumber,deleted\nI8,1\n", "deleted", "not_allowed"},
    {"narrow", "username,suspended\np8,1\n", "suspended", "not_allowed"},
    {"narrow", "username,suspended\np7,1\n", "suspended", "not_allowed"},
    {"pupils", "username,email\np7,evil@x.example\n", "email", "not_allowed"},
    {"pupils", "username,password\np7,Evil-1-evil\n", "password", "not_allowed"},
    {"pupils", "username,deleted\np7,1\n", "deleted", "not_allowed"},
    {"pupils", "username,oldusername\nmine,p7\n", "oldusername", "not_allowed"},
    /* To shut out who is there as more than the feed may give: p7 teaches in C1. */
    {"narrow", "username,course1,enrolstatus1\np7,C1,1\n", "course1", "not_allowed"},
    {"narrow", "username,course1,enroltimestart1\np7,C1,2099-01-01\n", "course1", "not_allowed"},
    {"narrow", "username,course1,enroltimestart1,enrolperiod1\np7,C1,2026-01-01,1\n", "course1",
        "not_allowed"},
    {"narrow", "username,course1,enrolperiod1\np7,C1,3650\n", "course1", "not_allowed"},
    {"narrow", "username,category1,categoryrole1\np1,FOREIGN,coursecreator\n", "categoryrole1",
        "not_allowed"},
};

enum { ATTEMPTS = sizeof attempts / sizeof *attempts };

static const char site[] =
    "UPDATE mdl_course_categories SET idnumber = 'OWN' WHERE id = 1;"
    "INSERT INTO mdl_course_categories (id, name, idnumber, path, depth) VALUES "
    "(2, 'Foreign', 'FOREIGN', '/2', 1), (3, 'Deep', '', '/1/3', 2);"
    "INSERT INTO mdl_context (contextlevel, instanceid, depth, path) VALUES (40, 2, 2, '/1/x'), "
    "(40, 3, 3, '/1/y');"
    "UPDATE mdl_course SET category = 2, idnumber = 'N3' WHERE shortname = 'C3';"
    "UPDATE mdl_course SET category = 3 WHERE shortname = 'C4';"
    "UPDATE mdl_course SET shortname = 'F' WHERE category = 0;"
    "UPDATE mdl_enrol SET roleid = 1 WHERE courseid = (SELECT id FROM mdl_course WHERE shortname = "
    "'C5');"
    "INSERT INTO mdl_cohort (id, contextid, name, idnumber, descriptionformat, component, "
    "timecreated, timemodified) VALUES (1, 1, 'Own', 'OWN1', 1, '', 0, 0), (2, 1, 'Other', "
    "'FOREIGN', 1, '', 0, 0);"
    "INSERT INTO mdl_role_assignments (roleid, contextid, userid) SELECT 1, 1, id FROM mdl_user "
    "WHERE username = 'p5';"
    "INSERT INTO mdl_user_enrolments (status, enrolid, userid, timestart, timeend, modifierid, "
    "timecreated, timemodified) SELECT 0, e.id, u.id, 1790000000, 0, 2, 0, 0 FROM mdl_enrol e, "
    "mdl_course c, mdl_user u WHERE e.courseid = c.id AND e.enrol = 'manual' AND c.shortname = "
    "'C1' AND u.username = 'p7';"
    "INSERT INTO mdl_role_assignments (roleid, contextid, userid) SELECT 3, x.id, u.id FROM "
    "mdl_context x, mdl_course c, mdl_user u WHERE x.contextlevel = 50 AND x.instanceid = c.id AND "
    "c.shortname = 'C1' AND u.username = 'p7';"
    "INSERT INTO mdl_role_assignments (roleid, contextid, userid) SELECT 1, x.id, u.id FROM "
    "mdl_context x, mdl_user u WHERE x.contextlevel = 40 AND x.instanceid = 1 AND u.username = "
    "'p8';"
    "UPDATE mdl_user SET idnumber = 'I8' WHERE username = 'p8';"
    "UPDATE mdl_user SET email = 'boss@x.example', idnumber = 'I5' WHERE username = 'p5'";

/* All that an attempt could leave behind. */
static struct buffer state_of(const struct rig *rig)
{
	return rig_query(rig,
	    "SELECT 'user', id, username, email, idnumber, auth, password, suspended, deleted FROM "
	    "mdl_user UNION ALL SELECT 'role', id, roleid, contextid, userid, component, '', '', "
	    "'' "
	    "FROM mdl_role_assignments UNION ALL SELECT 'enrolment', id, enrolid, userid, status, "
	    "'', '', '', '' FROM mdl_user_enrolments UNION ALL SELECT 'cohort', id, idnumber, "
	    "contextid, '', '', '', '', '' FROM mdl_cohort UNION ALL SELECT 'member', id, "
	    "cohortid, "
	    "userid, '', '', '', '', '' FROM mdl_cohort_members UNION ALL SELECT 'group', id, "
	    "courseid, name, '', '', '', '', '' FROM mdl_groups UNION ALL SELECT 'log', id, "
	    "eventname, '', '', '', '', '', '' FROM mdl_logstore_standard_log UNION ALL SELECT "
	    "'preference', id, userid, name, value, '', '', '', '' FROM mdl_user_preferences UNION "
	    "ALL SELECT 'flag', id, name, value, '', '', '', '', '' FROM mdl_cache_flags ORDER BY "
	    "1, "
	    "2");
}

static void site_make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = FEEDS_OF_TYPES NARROW});
	rig_execute(rig, site);
}

static struct path name_of(size_t attempt, bool is_preview)
{
	return path_of(
	    "%s%s/a%zu.csv", attempts[attempt].feed, is_preview ? "/preview" : "", attempt);
}

static void attempts_drop(struct rig *rig, bool is_preview)
{
	for (size_t i = 0; i < ATTEMPTS; i++) {
		struct path feed = path_of("%s%s", attempts[i].feed, is_preview ? "/preview" : "");
		files_make_directory(rig_inbox(rig, attempts[i].feed).text);
		files_make_directory(rig_inbox(rig, feed.text).text);
		rig_drop(rig, name_of(i, is_preview).text, attempts[i].text);
	}
}

static void attempt_expect(struct rig *rig, size_t index, bool is_preview)
{
	const struct attempt *attempt = &attempts[index];
	struct reply reply;
	reply_open(&reply, rig, name_of(index, is_preview).text, 0);
	size_t found =
	    reply_lines(&reply, (struct expected){2, attempt->column, NULL, attempt->code});
	cr_expect_eq(found, 1, "%s, %s", attempt->feed, attempt->text);
	cr_expect_eq(
	    reply_number(&reply, "outcomes", "done"), 0, "%s, %s", attempt->feed, attempt->text);
	reply_close(&reply);
}

static void attempts_make(bool is_preview)
{
	struct rig rig;
	site_make(&rig);
	struct buffer before = state_of(&rig);
	attempts_drop(&rig, is_preview);
	rig_once(&rig);
	struct buffer after = state_of(&rig);
	cr_expect_str_eq(after.bytes, before.bytes);
	for (size_t i = 0; i < ATTEMPTS; i++)
		attempt_expect(&rig, i, is_preview);
	buffer_done(&before);
	buffer_done(&after);
	law_close(&rig);
}

Test(authority, beyond_a_feeds_reach_is_refused_and_nothing_changes)
{
	attempts_make(false);
}

Test(authority, beyond_a_feeds_reach_is_refused_in_a_preview_as_well)
{
	attempts_make(true);
}

/* Of each feed that makes accounts. */
Test(authority, over_the_site_is_not_given_to_new_accounts_either)
{
	static const char *const feeds[] = {"add/a.csv", "count/a.csv", "both/a.csv"};
	struct rig rig;
	site_make(&rig);
	for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++) {
		struct reply reply;
		struct path text = path_of("username,firstname,lastname,email,sysrole1,course1,"
		                           "role1\nnew%zu,N,N,n%zu@x.example,manager,C1,manager\n",
		    i, i);
		reply_to(&reply, &rig, feeds[i], text.text);
		EXPECT(&reply, {2, "username", "done", "account_created"},
		    {2, "sysrole1", "error", "not_allowed"}, {2, "role1", "error", "not_allowed"});
		reply_close(&reply);
	}
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_role_assignments"), 3);
	law_close(&rig);
}

Test(authority, reaches_as_far_as_it_goes)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig);
	reply_to(&reply, &rig, "narrow/a.csv",
	    "username,course1,group1,course2,cohort1,cohort2,category1,categoryrole1\n"
	    "p1,C1,Red,C4,1,OWN2,OWN,coursecreator\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {2, "group1", "done", "group_created"},
	    {2, "course2", "done", "enrolled"}, {2, "cohort1", "done", "cohort_joined"},
	    {2, "cohort2", "done", "cohort_created"},
	    {2, "categoryrole1", "done", "role_assigned"});
	reply_close(&reply);
	reply_to(&reply, &rig, "update/a.csv", "username,course1,group1,cohort1\np1,C1,Rod,OWN3\n");
	EXPECT(&reply, {2, "group1", "error", "group_not_found"},
	    {2, "cohort1", "error", "cohort_not_found"});
	cr_expect(strstr(
	    reply_cell(&reply, (struct expected){.column = "group1"}, 0, "message"), "'Red'"));
	cr_expect(strstr(
	    reply_cell(&reply, (struct expected){.column = "cohort1"}, 0, "message"), "'OWN"));
	reply_close(&reply);
	law_close(&rig);
}

Test(authority, that_is_given_protects_from_all_but_its_taking_back)
{
	static const char gives[] = "username,sysrole1\np6,coursecreator\n",
	                  takes[] = "username,sysrole1\np6,-coursecreator\n";
	struct rig rig;
	struct reply reply;
	site_make(&rig);
	reply_to(&reply, &rig, "narrow/a.csv", gives);
	EXPECT(&reply, {2, "sysrole1", "done", "role_assigned"});
	reply_close(&reply);
	reply_to(&reply, &rig, "narrow/a.csv", gives);
	EXPECT(&reply, {2, "username", "error", "protected_account"});
	reply_close(&reply);
	reply_to(&reply, &rig, "keeper/a.csv", gives);
	EXPECT(&reply, {2, "sysrole1", "unchanged", "already_assigned"});
	reply_close(&reply);
	/* More than taking it away it may not do. */
	reply_to(&reply, &rig, "narrow/b.csv", "username,sysrole1,course1\np6,-coursecreator,C4\n");
	EXPECT(&reply, {2, "username", "error", "protected_account"});
	reply_close(&reply);
	reply_to(&reply, &rig, "narrow/c.csv", takes);
	EXPECT(&reply, {2, "sysrole1", "done", "role_removed"});
	reply_close(&reply);
	law_close(&rig);
}

/* Their names, and where else they are enrolled, are anybody's who keeps accounts. */
Test(authority, who_has_more_is_kept_up_to_date_all_the_same)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig);
	reply_to(&reply, &rig, "pupils/a.csv", "username,city,course1\np7,Bonn,C4\np8,Bonn,C4\n");
	EXPECT(&reply, {2, "username", "done", "account_updated"},
	    {2, "course1", "done", "enrolled"}, {3, "username", "done", "account_updated"},
	    {3, "course1", "done", "enrolled"});
	reply_close(&reply);
	reply_to(&reply, &rig, "both/a.csv", "username,suspended\np7,1\n");
	EXPECT(&reply, {2, "suspended", "done", "account_suspended"});
	reply_close(&reply);
	law_close(&rig);
}

/* More than are remembered at once: each person is asked for. */
Test(authority, protects_also_where_thousands_have_a_role_in_the_site)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig);
	rig_execute(&rig,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT "
	    "INTO mdl_role_assignments (roleid, contextid, userid) SELECT 7, 1, 100000 + i FROM n");
	reply_to(&reply, &rig, "update/a.csv", "username,course1\np5,C1\np1,C1\n");
	EXPECT(&reply, {2, "username", "error", "protected_account"},
	    {3, "course1", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}

Test(authority, of_each_feed_is_told_by_a_check)
{
	struct rig rig;
	site_make(&rig);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "lms", "check"));
	static const char *const told[] = {
	    "ok    feed narrow: courses C[134], F; categories OWN; roles student; roles in the "
	    "site "
	    "and in categories coursecreator; cohorts OWN*; makes groups, cohorts\n",
	    "ok    feed default: courses *; categories *; roles editingteacher, teacher, student; "
	    "roles in the site and in categories none; cohorts *; makes no groups, no cohorts\n",
	    "1 account has the role 'manager' in the whole site, which protects from every feed",
	};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		cr_expect(strstr(finished.out.bytes, told[i]), "no '%s' in:\n%s", told[i],
		    finished.out.bytes);
	cr_expect_null(strstr(finished.out.bytes, "more than 5 %"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_execute(&rig, "INSERT INTO mdl_role_assignments (roleid, contextid, userid) SELECT "
	                  "2, 1, id FROM mdl_user WHERE username <> 'guest'");
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "lms", "check"));
	cr_expect(strstr(finished.out.bytes, "note  protected: 21 accounts have the role "
	                                     "'coursecreator' in the whole site, which protects "
	                                     "from all feeds but keeper: more than 5 %"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	law_close(&rig);
}

/* ---- how long ---- */

static const struct {
	const char *feed;
	const char *note; /* NULL: none */
} keepings[] = {
    {"hr: {}", NULL},
    {"hr: { upload_type: add }", "archive, answers, quarantine, held\n"},
    {"hr: { update_details: file, keep: { archive: 90d, held: 30d } }", "answers, quarantine\n"},
    {"hr: { match_by: email, keep: { archive: 90d, held: 30d, quarantine: 30d } }", "answers\n"},
    {"hr: { columns: { Telephone: phone1 } }", "archive, answers, quarantine, held\n"},
    {"hr: { columns: { Employee ID: username } }", NULL},
    {"hr: { values: { status: { gone: { suspended: 1 } } } }", NULL},
    {"hr: { values: { role1: { Boss: { profile_field_rank: boss } } } }",
        "archive, answers, quarantine, held\n"},
    {"hr: { upload_type: add, keep: { archive: 1d, answers: 1d, quarantine: 1d, held: 1d } }",
        NULL},
};

Test(authority, details_of_people_that_are_kept_for_ever_are_named_by_a_check)
{
	for (size_t i = 0; i < sizeof keepings / sizeof *keepings; i++) {
		struct rig rig;
		struct path feeds = path_of("  %s\n", keepings[i].feed);
		rig_make(&rig, &(struct rig_options){.feeds = feeds.text});
		struct finished finished = program_expect(
		    0, ARGV("enrolctl", "--config", rig.config.text, "lms", "check"));
		const char *note = strstr(finished.out.bytes, "note  keep: feeds.hr.keep: ");
		const char *end = note ? strstr(note, "kept for ever: ") : NULL;
		cr_expect_eq(note != NULL, keepings[i].note != NULL, "%s: %s", keepings[i].feed,
		    finished.out.bytes);
		if (end && keepings[i].note)
			cr_expect_eq(strncmp(end + strlen("kept for ever: "), keepings[i].note,
			                 strlen(keepings[i].note)),
			    0, "%s: %s", keepings[i].feed, end);
		finished_done(&finished);
		rig_remove(&rig);
	}
}
