/*
 * compat: moodle, where the recorded runs are silent: what Moodle's uploader was seen to do,
 * as rows of a table: options, a file, a question, its answer.
 */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#define USER(columns) "SELECT " columns " FROM mdl_user WHERE username = 'p1'"
#define NEW(columns) "SELECT " columns " FROM mdl_user WHERE username = 'nina'"
#define NAMED "username,firstname,lastname,email"
#define DATES                                                                                      \
	"SELECT date(timestart, 'unixepoch'), (timeend - timestart) / 86400 * (timeend > 0) FROM " \
	"mdl_user_enrolments"

/* p1 as fact 9.6 has somebody: ldap, and a full profile. C2 has a period of ten days. */
static const char prepared[] =
    "UPDATE mdl_user SET auth = 'ldap', phone1 = '1', institution = 'I', address = 'A', city = 'B',"
    " country = 'NO', maildisplay = 0, idnumber = 'N1', middlename = 'M' WHERE username = 'p1';"
    "UPDATE mdl_config SET value = 'UTC' WHERE name = 'timezone';"
    "INSERT INTO mdl_user_info_field (shortname, name, datatype, defaultdata, param1) VALUES"
    " ('grade', 'G', 'menu', 'B', 'A' || char(10) || 'B'), ('agree', 'A', 'checkbox', '0', '');"
    "INSERT INTO mdl_user_info_data (userid, fieldid, data) SELECT id, 1, 'A' FROM mdl_user WHERE"
    " username = 'p1';"
    "UPDATE mdl_enrol SET enrolperiod = 864000 WHERE courseid = (SELECT id FROM mdl_course WHERE"
    " shortname = 'C2');"
    "UPDATE mdl_course SET idnumber = 'K-2' WHERE shortname = 'C2'";

static const struct told {
	const char *options, *text, *question, *answer;
} tales[] = {
    /* 9.5, 9.8: empty cells of a file that overrides, but for a name: that would be lost. */
    {"update_details: file", "username,firstname\np1,\n", USER("firstname"), "Person\n"},
    {"update_details: file_and_defaults", "username,lastname,email\np1,,\n",
        USER("lastname <> '' AND email <> ''"), "1\n"},
    {"update_details: file", "username,emailstop,maildigest,autosubscribe\np1,,,\n",
        USER("emailstop, maildigest, autosubscribe"), "0|0|0\n"},
    {"update_details: file", "username,maildisplay,mailformat\np1,2.5,x\n",
        USER("maildisplay, mailformat"), "2|0\n"},
    /* 9.6: defaults of the upload form wipe what the file does not name. */
    {"update_details: file_and_defaults", "username,middlename\np1,X\n",
        USER("auth, phone1, institution, address, city, country, maildisplay, middlename, "
             "idnumber, timezone"),
        "manual||||||2|X|N1|UTC\n"},
    {"update_details: file_and_defaults", "username,middlename\np1,X\n",
        "SELECT data FROM mdl_user_info_data WHERE fieldid = 1", "B\n"},
    {"update_details: fill_missing, defaults: { department: D }", "username,city\np1,X\n",
        USER("city, department"), "B|D\n"},
    /* 9.3, 9.7: a country, and who is suspended, are not guessed. */
    {"upload_type: add", NAMED ",country,suspended\nnina,N,N,n@x.org,Wales,no\n",
        NEW("country, suspended"), "|0\n"},
    {"upload_type: add", NAMED ",suspended\nnina,N,N,n@x.org,1\n",
        NEW("suspended, auth, confirmed, lang, timezone, mailformat, maildisplay"),
        "1|manual|1|en|UTC|1|2\n"},
    {"upload_type: add", NAMED ",lang,timezone\nnina,N,N,n@x.org,xx,Foo/Bar\n",
        NEW("lang, timezone"), "en|Foo/Bar\n"},
    {"upload_type: add", NAMED ",timezone\nnina,N,N,n@x.org,GMT+9\n", NEW("timezone"), "\n"},
    /* 9.12, 9.13: dates and periods. */
    {"", "username,course1,enroltimestart1\np1,C1,@1700000000\n", DATES, "2023-11-14|0\n"},
    {"", "username,course1,enroltimestart1\np1,C1,01/02/2026\n", DATES, "2026-01-02|0\n"},
    {"", "username,course1,enroltimestart1,enrolperiod1\np1,C1,2026-01-02,1.9\n", DATES,
        "2026-01-02|1\n"},
    {"", "username,course1,enroltimestart1,enrolperiod1\np1,C1,2026-01-02,30 days\n", DATES,
        "2026-01-02|30\n"},
    {"", "username,course1,enroltimestart1,enrolperiod1\np1,C2,2026-01-02,0\n", DATES,
        "2026-01-02|10\n"},
    /* Ours: the last day counts, and the course's own period does not. */
    {"", "username,course1,enroltimestart1,enroltimeend1\np1,C2,2026-01-02,2026-01-31\n", DATES,
        "2026-01-02|30\n"},
    {"", "username,course1,enroltimestart1,enroltimeend1\np1,C2,2026-01-02,0\n", DATES,
        "2026-01-02|0\n"},
    /* Ours: courses by their numbers. */
    {"course_by: idnumber", "username,course1\np1,K-2\np2,C2\np3,k-2\n",
        "SELECT c.shortname, count(*) FROM mdl_user_enrolments u JOIN mdl_enrol e ON e.id = "
        "u.enrolid JOIN mdl_course c ON c.id = e.courseid GROUP BY c.shortname",
        "C2|1\n"},
    /* 9.2: a status stays when dates are set anew. */
    {"",
        "username,course1,enrolstatus1,enrolperiod1,enroltimestart1\np1,C1,1,10,2026-01-02\n"
        "p1,C1,,,\n",
        "SELECT status, timeend FROM mdl_user_enrolments", "1|0\n"},
    /* 9.19, 9.20: renaming changes the name and nothing else, and takes any. */
    {"allow_rename: true", "username,oldusername\nnew,p1\n",
        "SELECT count(*) FROM mdl_logstore_standard_log", "0\n"},
    {"allow_rename: true, usernames: exact", "username,oldusername\nBAD NAME,p1\n",
        "SELECT count(*) FROM mdl_user WHERE username = 'BAD NAME'", "1\n"},
    {"allow_rename: true", "username,oldusername,course1\np2,p1,C1\n",
        "SELECT count(*) FROM mdl_user_enrolments", "0\n"},
    /* 9.31: counting on, leading zeros lost. */
    {"upload_type: add_increment",
        NAMED "\nuser09,A,A,a@x.org\nuser09,B,B,b@x.org\nuser09,C,C,c@x.org\n",
        "SELECT group_concat(username) FROM mdl_user WHERE username LIKE 'user%'",
        "user09,user10,user11\n"},
    /* 9.32: templates. */
    {"upload_type: add, username_template: \"%1f%-1l\"",
        "firstname,lastname,email\nNina,North,n@x.org\n",
        "SELECT username FROM mdl_user WHERE email = 'n@x.org'", "ninan\n"},
    {"upload_type: add, username_template: \"%-12l\"",
        "firstname,lastname,email\nNina,North,n@x.org\n",
        "SELECT username FROM mdl_user WHERE email = 'n@x.org'", "no\n"},
    /* Names may be empty only in files that also update. */
    {"upload_type: add", NAMED "\nnina,,N,n@x.org\n", NEW("count(*)"), "0\n"},
    {"upload_type: add_or_update", NAMED "\nnina,,N,n@x.org\n", NEW("count(*)"), "1\n"},
    {"upload_type: add_or_update", NAMED "\nnina,N,N,\n", NEW("count(*)"), "0\n"},
    {"upload_type: add", NAMED "\nnina,N,N,nonsense\n", NEW("email"), "nonsense\n"},
    {"upload_type: add", NAMED ",auth\nnina,N,N,n@x.org,ldap\n", NEW("auth, password"),
        "ldap|not cached\n"},
    {"upload_type: add", NAMED ",auth\nnina,N,N,n@x.org,magic\n", NEW("count(*)"), "0\n"},
    {"upload_type: add, force_password_change: all",
        NAMED ",password\nnina,N,N,n@x.org,Secret.123\n",
        "SELECT name, value FROM mdl_user_preferences", "auth_forcepasswordchange|1\n"},
    {"upload_type: add", NAMED ",profile_field_agree\nnina,N,N,n@x.org,yes\n",
        "SELECT fieldid, data FROM mdl_user_info_data WHERE userid = (SELECT id FROM mdl_user "
        "WHERE username = 'nina') ORDER BY fieldid",
        "1|B\n2|yes\n"},
    /* 9.25: the whole file, or nothing. */
    {"", "username,course1\np1,C1\np2\n", "SELECT count(*) FROM mdl_user_enrolments", "0\n"},
    {"", "username,course1\np1,C1,\n", "SELECT count(*) FROM mdl_user_enrolments", "0\n"},
};

ParameterizedTestParameters(moodle, does_what_moodle_was_seen_to_do)
{
	static size_t indexes[sizeof tales / sizeof *tales];
	size_t count = sizeof tales / sizeof *tales;
	for (size_t i = 0; i < count; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, count);
}

ParameterizedTest(const size_t *index, moodle, does_what_moodle_was_seen_to_do)
{
	const struct told *tale = &tales[*index];
	struct rig rig;
	char feeds[256];
	snprintf(feeds, sizeof feeds, "  default: { compat: moodle%s%s }\n",
	    *tale->options ? ", " : "", tale->options);
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_execute(&rig, prepared);
	rig_drop(&rig, "staff.csv", tale->text);
	rig_once(&rig);
	struct buffer rows = rig_query(&rig, tale->question);
	buffer_add_char(&rows, '\0');
	cr_expect_str_eq(
	    rows.bytes, tale->answer, "tale %zu, %s: %s", *index, tale->text, rows.bytes);
	buffer_done(&rows);
	rig_remove(&rig);
}
