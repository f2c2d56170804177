/* What the text of a file may look like, and what comes back of it. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static const char *const newlines[] = {"\n", "\r\n", "\r"};

ParameterizedTestParameters(text, line_numbers_are_those_of_an_editor)
{
	static int indexes[] = {0, 1, 2, 3, 4, 5}; /* newline, with a BOM from 3 on */
	return cr_make_param_array(int, indexes, 6);
}

ParameterizedTest(const int *index, text, line_numbers_are_those_of_an_editor)
{
	static const char lines[] = "username,course1\n"  /* 1 */
	                            "\n"                  /* 2 */
	                            "p1,C1\n"             /* 3 */
	                            "one,\"C\n\n9\"\n"    /* 4 to 6 */
	                            "  \n"                /* 7 */
	                            "two,C1\n"            /* 8 */
	                            "\"p2\" , \" C1\" \n" /* 9 */
	                            "three,C1";           /* 10 */
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	buffer_add_text(&text, *index >= 3 ? "\xEF\xBB\xBF" : "");
	for (const char *c = lines; *c; c++)
		buffer_add(&text, *c == '\n' ? newlines[*index % 3] : c,
		    *c == '\n' ? strlen(newlines[*index % 3]) : 1);
	rig_make(&rig, NULL);
	rig_drop_bytes(&rig, "staff.csv", text.bytes, text.size);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	EXPECT(&reply, {3, "course1", "done", "enrolled"},
	    {4, "username", "error", "user_not_found"}, {8, "username", "error", "user_not_found"},
	    {9, "course1", "done", "enrolled"}, {10, "username", "error", "user_not_found"});
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 5);
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}

static const struct guarded {
	const char *written;
	const char *shown;
} guarded[] = {
    {"=1+1", "'=1+1"},
    {"-cmd", "'-cmd"},
    {"+49", "'+49"},
    {"@sum", "'@sum"},
    {"'=1", "''=1"},
    {"''=1", "'''=1"},
    {"'tis", "'tis"},
    {"o=1", "o=1"},
    {"x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"},
    {"x;'=1", "x;''=1"},
    {"x;-1", "x;'-1"},
    {"\uFF1D1+1", "'\uFF1D1+1"},
    {"\uFF0B1", "'\uFF0B1"},
    {"\uFF0D1", "'\uFF0D1"},
    {"\uFF20sum", "'\uFF20sum"},
    {"a|b", "a|b"},
};

enum { GUARDED = sizeof guarded / sizeof *guarded };

Test(text, formulas_are_guarded_in_the_result_and_as_they_were_in_the_retry_file)
{
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < GUARDED; i++)
		buffer_print(&text, "%s,%s\n", guarded[i].written, guarded[i].written);
	rig_make(&rig, NULL);
	rig_drop_bytes(&rig, "staff.csv", text.bytes, text.size);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	struct table retry = table_parse(reply.retry.bytes, reply.retry.size);
	cr_assert_eq(retry.rows_count, GUARDED + 1);
	for (int i = 0; i < GUARDED; i++) {
		struct expected line = {i + 2, "username", "error", "user_not_found"};
		cr_expect_str_eq(reply_cell(&reply, line, 0, "username"), guarded[i].shown);
		line = (struct expected){i + 2, "course1", "skipped", NULL};
		cr_expect_str_eq(reply_cell(&reply, line, 0, "target"), guarded[i].shown);
		cr_expect_str_eq(table_at(&retry, (size_t)i + 1, 0), guarded[i].written);
		cr_expect_str_eq(table_at(&retry, (size_t)i + 1, 1), guarded[i].written);
	}
	table_done(&retry);
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}

Test(text, names_with_commas_quotes_and_letters_of_all_kinds_come_back_whole)
{
	static const char *const names[] = {"A, \"B\"", "Übung 漢字", "two\nlines", "a;b|c"};
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < 4; i++) {
		char *sql =
		    sqlite3_mprintf("UPDATE mdl_course SET shortname = %Q WHERE shortname = 'C%d'",
		        names[i], i + 1);
		rig_execute(&rig, sql);
		sqlite3_free(sql);
		table_put_row(&text, (const char *const[]){"p1", names[i]}, 2);
	}
	rig_drop_bytes(&rig, "staff.csv", text.bytes, text.size);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	cr_assert_eq(reply_lines(&reply, (struct expected){.code = "enrolled"}), 4);
	for (size_t i = 0; i < 4; i++)
		cr_expect_str_eq(
		    reply_cell(&reply, (struct expected){.code = "enrolled"}, i, "target"),
		    names[i]);
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}

/* A file that three programs have handled, each of which put its byte order mark in front. */
Test(text, what_nobody_sees_makes_no_second_person_and_no_other_column)
{
	static const char file[] =
	    "\uFEFF\uFEFF\uFEFF\"username\",firstname\u00A0,lastname,\u200Bemail,course1\u2060\n"
	    "n1,Nina,Ost,nina@x.example\u00A0,C1\u200B\n"
	    "n2,Nina,Ost,\u200Bnina@x.example,C1\n"
	    "n3\uFEFF,Nino,Ost,ni\u00ADno@x.example,C1\n"
	    "n4,Nino,Ost,nino@x.example,C\u200D1\n"
	    "n\u00A05,Nino,Ost,ni5@x.example,C1\n";
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { upload_type: add }\n"});
	reply_to(&reply, &rig, "staff.csv", file);
	EXPECT(&reply, {2, "username", "done", "account_created"},
	    {2, "course1", "done", "enrolled"}, {3, "email", "error", "email_taken"},
	    {4, "email", "error", "invalid_value"}, {5, "username", "done", "account_created"},
	    {5, "course1", "error", "course_not_found"}, {6, "username", "error", "invalid_value"});
	cr_expect(strstr(
	    reply_cell(&reply, (struct expected){.line = 4, .column = "email"}, 0, "message"),
	    "U+00AD in it (soft hyphen)"));
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user WHERE username LIKE 'n%'"), 2);
	cr_expect_eq(
	    rig_number(&rig, "SELECT count(*) FROM mdl_user WHERE email LIKE 'n%' AND email NOT IN "
	                     "('nina@x.example', 'nino@x.example')"),
	    0);
	reply_close(&reply);
	law_close(&rig);
}

/* As other programs have left them: other letter case, a blank at the end, letters taken apart. */
static const char stored_otherwise[] =
    "UPDATE mdl_user SET username = 'Berg.Nils', email = 'Nils@x.example ', idnumber = 'E1' WHERE "
    "username = 'p1';"
    "UPDATE mdl_user SET username = 'p2 ', idnumber = 'E2 ' WHERE username = 'p2';"
    "UPDATE mdl_user SET username = 'jose\u0301', city = 'Ko\u0308ln' WHERE username = 'p3';"
    "UPDATE mdl_course SET shortname = 'U\u0308bung' WHERE shortname = 'C1';"
    "UPDATE mdl_course SET shortname = 'C2 ' WHERE shortname = 'C2';"
    "UPDATE mdl_course SET shortname = 'c3' WHERE shortname = 'C3';"
    "INSERT INTO mdl_cohort (contextid, name, idnumber, descriptionformat, timecreated, "
    "timemodified) VALUES (1, 'x', "
    "'Ma\u0308rz', 1, 0, 0);"
    "INSERT INTO mdl_groups (courseid, name, idnumber, timecreated, timemodified) SELECT id, "
    "'Gru\u0308n ', '', 0, 0 FROM mdl_course WHERE shortname = 'U\u0308bung'";

static void otherwise_make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_execute(rig, stored_otherwise);
	rig_count_before(rig);
}

Test(text, that_is_stored_otherwise_is_found_and_nothing_is_made_twice)
{
	static const char enrols[] = "username,cohort1,course1,group1\n"
	                             "berg.nils,M\u00E4rz,\u00DCbung,Gr\u00FCn\n"
	                             "P2,,C2,\n"
	                             "jos\u00E9,Ma\u0308rz,U\u0308bung,Gru\u0308n\n"
	                             "p4,,C3,\n";
	static const char adds[] = "username,firstname,lastname,email\n"
	                           "BERG.NILS,N,B,other@x.example\n"
	                           "p2,N,B,other@x.example\n"
	                           "jose\u0301,N,B,other@x.example\n"
	                           "new,N,B,nils@X.example\n";
	struct rig rig;
	struct reply reply;
	otherwise_make(&rig, "  default: { " RIG_MAY_ALL " }\n"
	                     "  new: { upload_type: add }\n"
	                     "  exact: { upload_type: add, usernames: exact }\n"
	                     "  city: { update_details: file }\n"
	                     "  number: { match_by: idnumber }\n"
	                     "  name: { match_by: idnumber, allow_rename: true }\n");
	int64_t people = rig_number(&rig, "SELECT count(*) FROM mdl_user");
	rig_once(&rig); /* makes the folders */
	rig_drop(&rig, "staff.csv", enrols);
	rig_once(&rig); /* the others know the same people */
	rig_drop(&rig, "new/staff.csv", adds);
	rig_drop(&rig, "exact/staff.csv",
	    "username,firstname,lastname,email\nberg.nils,N,B,other@x.example\n");
	rig_drop(&rig, "city/staff.csv", "username,city\njos\u00E9,K\u00F6ln\n");
	rig_drop(&rig, "name/staff.csv", "idnumber,username,course1\nE1,berg.nils,C2\n");
	rig_drop(&rig, "number/staff.csv", "idnumber,course1\nE2,C2\ne1,C2\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	EXPECT(&reply, {2, "cohort1", "done", "cohort_joined"}, {2, "course1", "done", "enrolled"},
	    {2, "group1", "done", "group_joined"}, {3, "course1", "done", "enrolled"},
	    {4, "course1", "done", "enrolled"}, {4, "cohort1", "done", "cohort_joined"},
	    {4, "group1", "done", "group_joined"}, {5, "course1", "error", "course_not_found"});
	cr_expect_str_eq(
	    reply_cell(&reply, (struct expected){.line = 2}, 0, "username"), "Berg.Nils");
	cr_expect(strstr(reply_cell(&reply, (struct expected){.line = 5}, 0, "message"), "'c3'"));
	reply_close(&reply);
	reply_open(&reply, &rig, "new/staff.csv", 0);
	EXPECT(&reply, {2, "username", "skipped", "account_exists"},
	    {3, "username", "skipped", "account_exists"},
	    {4, "username", "skipped", "account_exists"}, {5, "email", "error", "email_taken"});
	reply_close(&reply);
	reply_open(&reply, &rig, "exact/staff.csv", 0);
	EXPECT(&reply, {2, "username", "error", "username_taken"});
	reply_close(&reply);
	reply_open(&reply, &rig, "city/staff.csv", 0);
	EXPECT(&reply, {2, "username", "unchanged", "account_unchanged"});
	reply_close(&reply);
	reply_open(&reply, &rig, "name/staff.csv", 0);
	cr_expect_eq(reply_lines(&reply, (struct expected){.column = "course1"}), 1);
	cr_expect_eq(reply_lines(&reply, (struct expected){0}), 1);
	reply_close(&reply);
	reply_open(&reply, &rig, "number/staff.csv", 0);
	EXPECT(&reply, {2, "course1", "unchanged", "already_enrolled"},
	    {3, "idnumber", "error", "user_not_found"});
	cr_expect(strstr(reply_cell(&reply, (struct expected){.line = 3}, 0, "message"), "'E1'"));
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user"), people);
	law_close(&rig);
}

/* How far a feed reaches, and what is one person's only. */
Test(text, that_is_stored_otherwise_is_within_reach_and_taken)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: { update_details: file, may: { courses: "
	                                   "[\"\u00DC*\"], categories: [\"M\u00E4*\"] } }\n"});
	rig_execute(&rig,
	    "UPDATE mdl_course SET shortname = 'U\u0308bung' WHERE shortname = 'C1';"
	    "UPDATE mdl_course_categories SET idnumber = 'Ma\u0308rz ';"
	    "INSERT INTO mdl_user_info_field (shortname, name, datatype, categoryid, sortorder, "
	    "descriptionformat, forceunique, param1, param2) VALUES ('badge', 'b', 'text', 1, 1, "
	    "1, 1, "
	    "'30', '255');"
	    "INSERT INTO mdl_user_info_data (userid, fieldid, data, dataformat) SELECT u.id, f.id, "
	    "'Ro\u0308t', 0 FROM mdl_user u, mdl_user_info_field f WHERE u.username = 'p2'");
	rig_count_before(&rig);
	rig_drop(
	    &rig, "staff.csv", "username,course1,profile_field_badge\np1,\u00DCbung,R\u00F6t\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"},
	    {2, "profile_field_badge", "error", "value_taken"});
	reply_close(&reply);
	law_close(&rig);
}

/* Read at once, as is done where a file names a good part of the site. */
Test(text, that_is_stored_otherwise_is_found_by_large_files_too)
{
	enum { PEOPLE = 700 };
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.people = PEOPLE});
	rig_execute(&rig, "UPDATE mdl_user SET username = 'P700 ' WHERE username = 'p700';"
	                  "UPDATE mdl_user SET username = 'jose\u0301' WHERE username = 'p699'");
	buffer_add_text(&text, "username,course1\n");
	for (int i = 1; i < PEOPLE - 1; i++)
		buffer_print(&text, "p%d,C1\n", i);
	buffer_add_text(&text, "jos\u00E9,C1\np700,C1\n");
	rig_drop_bytes(&rig, "staff.csv", text.bytes, text.size);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	cr_expect_eq(reply_lines(&reply, (struct expected){.code = "enrolled"}), PEOPLE);
	cr_expect_str_eq(
	    reply_cell(&reply, (struct expected){.line = PEOPLE + 1}, 0, "username"), "P700 ");
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}
