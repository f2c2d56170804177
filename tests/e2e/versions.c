/* Which Moodles are written to, which are waited for and which are refused, by what their config
 * says. */
#include "law.h"
#include "program.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { EXIT_TRY_LATER = 75, EXIT_CONFIG = 78 };

#define SET(name, value) "UPDATE mdl_config SET value = '" value "' WHERE name = '" name "';"
#define ADD(name, value) "INSERT INTO mdl_config (name, value) VALUES ('" name "', '" value "');"
#define LATER "9999999999"

static const char text[] = "username,course1\np1,C1\n";

static const struct site {
	const char *what, *sql, *lms;
	int status;
	const char *said;
} sites[] = {
    {"4.2", SET("version", "2023042414") SET("branch", "402"), "", 0, ""},
    {"5.0", SET("version", "2025041402.01") SET("branch", "500"), "", 0, ""},
    {"5.2", SET("version", "2026042002") SET("branch", "502"), "", 0, ""},
    {"4.1", SET("version", "2022112814") SET("branch", "401"), "", EXIT_CONFIG, "visibility"},
    {"5.4", SET("version", "2027041900") SET("branch", "504"), "", EXIT_CONFIG, "unknown_version"},
    {"5.4, allowed", SET("version", "2027041900") SET("branch", "504"), ", unknown_version: allow",
        0, ""},
    {"5.4, for previews", SET("version", "2027041900") SET("branch", "504"),
        ", unknown_version: preview", EXIT_TRY_LATER, "unknown_version"},
    {"a development build", SET("version", "2026090300.01") SET("branch", "503"), "",
        EXIT_TRY_LATER, "do not belong together"},
    {"a development build, allowed", SET("version", "2026090300.01") SET("branch", "503"),
        ", unknown_version: allow", 0, ""},
    {"an upgrade", ADD("upgraderunning", LATER), "", EXIT_TRY_LATER, "being upgraded"},
    {"an upgrade is never allowed", ADD("upgraderunning", LATER), ", unknown_version: allow",
        EXIT_TRY_LATER, "being upgraded"},
    {"an upgrade that was killed long ago", ADD("upgraderunning", "1600000000"), "", 0, ""},
    {"an upgrade that was killed between two releases",
        SET("version", "2025022100.02") ADD("upgraderunning", "1600000000"), "", EXIT_TRY_LATER,
        "do not belong together"},
    {"maintenance", ADD("maintenance_enabled", "1"), "", EXIT_TRY_LATER, "maintenance"},
    {"no maintenance", ADD("maintenance_enabled", "0"), "", 0, ""},
    {"Totara", ADD("totara_release", "19.1"), "", EXIT_CONFIG, "Totara"},
};

static void site_try(const struct site *site)
{
	struct rig rig;
	rig_make(&rig,
	    &(struct rig_options){
	        .people = 3, .courses = 2, .lms = site->lms, .settings = "stop_timeout: 0\n"});
	rig_execute(&rig, site->sql);
	rig_drop(&rig, "staff.csv", text);
	struct finished finished =
	    program_run(ARGV("enrold", "--config", rig.config.text, "--once"));
	cr_expect_eq(finished.status, site->status, "%s: %d: %s", site->what, finished.status,
	    finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, site->said), "%s: %s", site->what, finished.err.bytes);
	finished_done(&finished);
	bool is_done = site->status == 0;
	cr_expect_eq(reply_count(&rig, "staff.csv"), is_done, "%s", site->what);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), is_done, "%s",
	    site->what);
	if (!is_done)
		cr_expect(files_exist(rig_inbox(&rig, "staff.csv").text), "%s", site->what);
	law_holds(&rig, is_done ? LAW_IDLE : LAW_STOPPED);
	rig_remove(&rig);
}

Test(versions, are_written_to_waited_for_or_refused)
{
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
		site_try(&sites[i]);
}

Test(versions, that_are_unknown_may_be_rehearsed_on)
{
	struct rig rig;
	rig_make(&rig,
	    &(struct rig_options){.people = 3, .courses = 2, .lms = ", unknown_version: preview"});
	rig_execute(&rig, SET("version", "2027041900") SET("branch", "504"));
	files_make_directory(rig_inbox(&rig, "preview").text);
	rig_drop(&rig, "preview/staff.csv", text);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(
	    rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE state = 'previewed'"), 1);
	law_close(&rig);
}

/* Moodle 5.3's, whose rows stay until a task of its own has cleared them away. */
Test(versions, that_delete_courses_slowly_have_none_of_those)
{
	struct rig rig;
	struct reply reply;
	if (!getenv("ENROLD_TEST_URL"))
		setenv("ENROLD_TEST_MOODLE", "5.3", 1);
	rig_make(&rig, NULL);
	if (!getenv("ENROLD_TEST_MOODLE")) {
		rig_remove(&rig);
		cr_skip_test("the server's tables are another Moodle's");
	}
	rig_execute(&rig, "UPDATE mdl_course SET deletioninprogress = 1 WHERE shortname = 'C1';"
	                  "UPDATE mdl_course SET deletioninprogress = 0 WHERE shortname = "
	                  "'C2'");
	reply_to(&reply, &rig, "staff.csv", "username,course1,course2,course3\np1,C1,C2,C3\n");
	EXPECT(&reply, {2, "course1", "error", "course_not_found"},
	    {2, "course2", "done", "enrolled"}, {2, "course3", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}

/* Profile fields: 1 badge, unique; 2 note. */
static const char fields[] =
    "INSERT INTO mdl_user_info_field (shortname, name, datatype, forceunique) VALUES"
    " ('badge', 'B', 'text', 1), ('note', 'N', 'text', 0);"
    "INSERT INTO mdl_user_info_data (userid, fieldid, data) SELECT id, 1, 'B1' FROM mdl_user"
    " WHERE username = 'p1';"
    "UPDATE mdl_user SET timemodified = 5;";

static void fields_spool(struct rig *rig, const char *feed)
{
	rig_make(rig, &(struct rig_options){.feeds = feed});
	rig_execute(rig, fields);
}

/* Alike for the rows that follow in the same file, in another batch, and in another file. */
Test(versions, of_all_kinds_keep_the_values_of_a_unique_profile_field_apart)
{
	struct rig rig;
	struct reply reply;
	struct buffer many = {0};
	fields_spool(&rig, "  default: { upload_type: add_or_update, update_details: file }\n");
	buffer_add_text(&many, "username,firstname,lastname,email,profile_field_badge\n"
	                       "p2,,,,B1\np3,,,,B3\np4,,,,B3\np1,,,,B1\np3,,,,B33\n");
	for (int i = 0; i < 3000; i++) /* more than a batch */
		buffer_print(&many, "n%d,N,N,n%d@x.org,N%d\n", i, i, i);
	buffer_add_text(&many, "p5,,,,N1\np6,,,,B3\np7,,,,B33\np8,,,,b1\n");
	rig_drop_bytes(&rig, "many.csv", many.bytes, many.size);
	rig_drop(&rig, "staff.csv", "username,profile_field_badge\np9,N2999\np10,B6\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "many.csv", 0);
	cr_expect_eq(
	    reply_lines(&reply, (struct expected){0, "profile_field_badge", "error", NULL}), 4);
	EXPECT(&reply, {2, "profile_field_badge", "error", "value_taken"},
	    {4, "profile_field_badge", "error", "value_taken"},
	    {3007, "profile_field_badge", "error", "value_taken"},
	    {3008, "username", "done", "account_updated"},
	    {3009, "profile_field_badge", "error", "value_taken"},
	    {3010, "username", "done", "account_updated"});
	reply_close(&reply);
	reply_open(&reply, &rig, "staff.csv", 0);
	EXPECT(&reply, {2, "profile_field_badge", "error", "value_taken"},
	    {3, "username", "done", "account_updated"});
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) - count(DISTINCT data) FROM "
	                              "mdl_user_info_data WHERE fieldid = 1 AND data <> ''"),
	    0);
	buffer_done(&many);
	law_close(&rig);
}

Test(versions, from_5_1_6_on_drop_the_row_under_compat_moodle)
{
	static const char dropped[] = "username,course1,profile_field_badge\np2,C1,B1\np3,C1,B3\n";
	for (int is_newer = 0; is_newer < 2; is_newer++) {
		struct rig rig;
		struct reply reply;
		fields_spool(&rig, "  default: { compat: moodle }\n");
		rig_execute(&rig, is_newer ? SET("version", "2025100606") SET("branch", "501")
		                           : SET("version", "2025100605") SET("branch", "501"));
		reply_to(&reply, &rig, "staff.csv", dropped);
		if (is_newer)
			EXPECT(&reply, {2, "profile_field_badge", "error", "value_taken"},
			    {2, "course1", "skipped", "row_not_applied"},
			    {3, "course1", "done", "enrolled"});
		else
			EXPECT(&reply, {2, "course1", "done", "enrolled"},
			    {3, "course1", "done", "enrolled"});
		reply_close(&reply);
		law_close(&rig);
	}
}

/* lms/README 8.2: 4.4 touches it on every update, 4.5 only with a column of the account itself. */
Test(versions, from_4_5_on_leave_timemodified_where_only_profile_fields_change)
{
	for (int is_newer = 0; is_newer < 2; is_newer++) {
		struct rig rig;
		fields_spool(&rig, "  default: { update_details: file }\n");
		rig_execute(&rig, is_newer ? SET("version", "2024100706") SET("branch", "405")
		                           : SET("version", "2024042207") SET("branch", "404"));
		rig_drop(
		    &rig, "staff.csv", "username,city,profile_field_note\np1,,new\np2,Oslo,new\n");
		rig_once(&rig);
		cr_expect_eq(rig_number(&rig, "SELECT timemodified = 5 FROM mdl_user WHERE "
		                              "username = 'p1'"),
		    is_newer);
		cr_expect_eq(rig_number(&rig, "SELECT timemodified = 5 FROM mdl_user WHERE "
		                              "username = 'p2'"),
		    0);
		law_close(&rig);
	}
}
