/* What the text of a file may look like, and what comes back of it. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

TestSuite(text, .timeout = 120);

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
	struct spool spool;
	struct answer answer;
	buffer_add_text(&text, *index >= 3 ? "\xEF\xBB\xBF" : "");
	for (const char *c = lines; *c; c++)
		buffer_add(&text, *c == '\n' ? newlines[*index % 3] : c,
		    *c == '\n' ? strlen(newlines[*index % 3]) : 1);
	spool_make(&spool, NULL);
	spool_drop_bytes(&spool, "staff.csv", text.bytes, text.size);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	EXPECT(&answer, {3, "course1", "done", "enrolled"},
	    {4, "username", "error", "user_not_found"}, {8, "username", "error", "user_not_found"},
	    {9, "course1", "done", "enrolled"}, {10, "username", "error", "user_not_found"});
	cr_expect_eq(answer_number(&answer, NULL, "rows"), 5);
	answer_close(&answer);
	buffer_done(&text);
	law_close(&spool);
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
	struct spool spool;
	struct answer answer;
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < GUARDED; i++)
		buffer_print(&text, "%s,%s\n", guarded[i].written, guarded[i].written);
	spool_make(&spool, NULL);
	spool_drop_bytes(&spool, "staff.csv", text.bytes, text.size);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	struct table retry = table_parse(answer.retry.bytes, answer.retry.size);
	cr_assert_eq(retry.rows_count, GUARDED + 1);
	for (int i = 0; i < GUARDED; i++) {
		struct expected line = {i + 2, "username", "error", "user_not_found"};
		cr_expect_str_eq(answer_cell(&answer, line, 0, "username"), guarded[i].shown);
		line = (struct expected){i + 2, "course1", "skipped", NULL};
		cr_expect_str_eq(answer_cell(&answer, line, 0, "target"), guarded[i].shown);
		cr_expect_str_eq(table_cell(&retry, (size_t)i + 1, 0), guarded[i].written);
		cr_expect_str_eq(table_cell(&retry, (size_t)i + 1, 1), guarded[i].written);
	}
	table_done(&retry);
	answer_close(&answer);
	buffer_done(&text);
	law_close(&spool);
}

Test(text, names_with_commas_quotes_and_letters_of_all_kinds_come_back_whole)
{
	static const char *const names[] = {"A, \"B\"", "Übung 漢字", "two\nlines", "a;b|c"};
	struct buffer text = {0};
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < 4; i++) {
		char *sql =
		    sqlite3_mprintf("UPDATE mdl_course SET shortname = %Q WHERE shortname = 'C%d'",
		        names[i], i + 1);
		spool_execute(&spool, sql);
		sqlite3_free(sql);
		table_put_row(&text, (const char *const[]){"p1", names[i]}, 2);
	}
	spool_drop_bytes(&spool, "staff.csv", text.bytes, text.size);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	cr_assert_eq(answer_lines(&answer, (struct expected){.code = "enrolled"}), 4);
	for (size_t i = 0; i < 4; i++)
		cr_expect_str_eq(
		    answer_cell(&answer, (struct expected){.code = "enrolled"}, i, "target"),
		    names[i]);
	answer_close(&answer);
	buffer_done(&text);
	law_close(&spool);
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
	struct spool spool;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { upload_type: add }\n"});
	spool_drop(&spool, "staff.csv", file);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	EXPECT(&answer, {2, "username", "done", "account_created"},
	    {2, "course1", "done", "enrolled"}, {3, "email", "error", "email_taken"},
	    {4, "email", "error", "invalid_value"}, {5, "username", "done", "account_created"},
	    {5, "course1", "error", "course_not_found"}, {6, "username", "error", "invalid_value"});
	cr_expect(strstr(
	    answer_cell(&answer, (struct expected){.line = 4, .column = "email"}, 0, "message"),
	    "U+00AD in it (soft hyphen)"));
	cr_expect_eq(
	    spool_number(&spool, "SELECT count(*) FROM mdl_user WHERE username LIKE 'n%'"), 2);
	cr_expect_eq(spool_number(&spool,
	                 "SELECT count(*) FROM mdl_user WHERE email LIKE 'n%' AND email NOT IN "
	                 "('nina@x.example', 'nino@x.example')"),
	    0);
	answer_close(&answer);
	law_close(&spool);
}
