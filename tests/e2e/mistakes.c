/* A file with every mistake: one coded line for each, and a retry file that works once fixed. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER "username,course1,role1,enrolstatus1,enroltimestart1,enrolperiod1"
#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

enum { COLUMNS = 6 };

/* One record each, on one line; the first is line 2. skips: its course is named as not attempted.
 */
static const struct mistake {
	const char *record;
	const char *column; /* NULL: no single one */
	const char *code;
	bool skips;
} mistakes[] = {
    {"nobody,C1,,,,", "username", "user_not_found", true},
    {"p1,C99,,,,", "course1", "course_not_found", false},
    {"p1,c1,,,,", "course1", "course_not_found", false},
    {"p1,TWIN,,,,", "course1", "course_ambiguous", false},
    {"p1,CLOSED,,,,", "course1", "no_enrol_instance", false},
    {"p1,C1,chef,,,", "role1", "role_not_found", false},
    {"p1,C1,,9,,", "enrolstatus1", "invalid_value", false},
    {"p1,C1,,,31.02.2026,", "enroltimestart1", "invalid_value", false},
    {"p1,C1,,,02/01/2026,", "enroltimestart1", "invalid_value", false},
    {"p1,C1,,,,soon", "enrolperiod1", "invalid_value", false},
    {"admin,C1,,,,", "username", "protected_account", true},
    {"guest,C1,,,,", "username", "protected_account", true},
    {",C1,,,,", "username", "username_missing", true},
    {"p1,C1,,,,,,more", NULL, "wrong_field_count", false},
    {"p1,C1", NULL, "wrong_field_count", false},
    {"p1,\"C\"1,,,,", NULL, "broken_quotes", false},
    {HUNDRED "k,C1,,,,", "username", "value_too_long", true},
    {"p\xFF,C1,,,,", "username", "not_utf8", true},
    {"p1,C1\x01,,,,", "course1", "control_character", true},
};

enum { MISTAKES = sizeof mistakes / sizeof *mistakes };

static void courses_break(struct rig *rig)
{
	rig_execute(rig, "UPDATE mdl_course SET shortname = 'TWIN' WHERE shortname IN ('C8', 'C9');"
	                 "DELETE FROM mdl_enrol WHERE courseid ="
	                 " (SELECT id FROM mdl_course WHERE shortname = 'C10');"
	                 "UPDATE mdl_course SET shortname = 'CLOSED' WHERE shortname = 'C10';");
}

static void mistakes_drop(struct rig *rig)
{
	struct buffer text = {0};
	buffer_add_text(&text, HEADER "\n");
	for (int i = 0; i < MISTAKES; i++)
		buffer_print(&text, "%s\n", mistakes[i].record);
	buffer_add_text(&text, "p20,,,,,\np20,C1,,,,\n");
	rig_drop_bytes(rig, "staff.csv", text.bytes, text.size);
	buffer_done(&text);
}

static void result_check(const struct reply *reply)
{
	size_t skips = 0;
	for (int i = 0; i < MISTAKES; i++) {
		EXPECT(reply, {i + 2, mistakes[i].column, "error", mistakes[i].code});
		skips += mistakes[i].skips;
		if (mistakes[i].skips)
			EXPECT(reply, {i + 2, "course1", "skipped", "row_not_applied"});
	}
	cr_expect_eq(reply_lines(reply, (struct expected){.outcome = "error"}), MISTAKES);
	cr_expect_eq(reply_lines(reply, (struct expected){.outcome = "skipped"}), skips);
	EXPECT(reply, {MISTAKES + 2, NULL, "unchanged", "nothing_asked"},
	    {MISTAKES + 3, "course1", "done", "enrolled"});
}

/* Every message of what was not done says something of its own: a sentence, not a code. */
static void messages_check(const struct reply *reply)
{
	size_t message = table_column(&reply->result, "message");
	size_t outcome = table_column(&reply->result, "outcome");
	for (size_t row = 1; row < reply->result.rows_count; row++) {
		const char *text = table_at(&reply->result, row, message);
		bool is_done = strcmp(table_at(&reply->result, row, outcome), "done") == 0;
		bool is_ended = text_ends(text, ".") || text_ends(text, "?");
		cr_expect(
		    (is_done || strchr(text, ' ')) && is_ended, "line %zu: %s", row + 1, text);
	}
}

static void retry_check(const struct table *retry)
{
	size_t line = table_column(retry, "error_line"), code = table_column(retry, "error_code");
	size_t message = table_column(retry, "error_message");
	cr_assert_eq(retry->rows_count, MISTAKES + 1);
	for (size_t row = 1; row < retry->rows_count; row++) {
		cr_expect_eq(strtoul(table_at(retry, row, line), NULL, 10), row + 1);
		cr_expect_str_eq(table_at(retry, row, code), mistakes[row - 1].code);
		cr_expect_str_neq(table_at(retry, row, message), "");
	}
}

/* As a person would: right names in, superfluous cells out, the remarks left as they are. */
static struct buffer retry_fix(const struct table *retry)
{
	struct buffer fixed = {0};
	const char *cells[COLUMNS + 3];
	for (size_t row = 0; row < retry->rows_count; row++) {
		char person[24];
		snprintf(person, sizeof person, "p%zu", row);
		for (size_t i = 0; i < COLUMNS + 3; i++)
			cells[i] = row > 0 && i < COLUMNS ? "" : table_at(retry, row, i);
		if (row > 0) {
			cells[0] = person;
			cells[1] = "C2";
		}
		table_put_row(&fixed, cells, COLUMNS + 3);
	}
	return fixed;
}

Test(mistakes, each_gets_one_coded_line_and_the_retry_file_works_once_fixed)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	courses_break(&rig);
	mistakes_drop(&rig);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	result_check(&reply);
	messages_check(&reply);
	cr_assert(text_starts(reply.retry.bytes, "\xEF\xBB\xBF" HEADER ",error_line,"));
	struct table retry = table_parse(reply.retry.bytes, reply.retry.size);
	retry_check(&retry);
	struct buffer fixed = retry_fix(&retry);
	rig_drop_bytes(&rig, "staff.retry.csv", fixed.bytes, fixed.size);
	table_done(&retry);
	buffer_done(&fixed);
	reply_close(&reply);

	rig_once(&rig);
	reply_open(&reply, &rig, "staff.retry.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), MISTAKES);
	cr_expect_eq(reply_lines(&reply, (struct expected){0}), MISTAKES);
	cr_expect_str_eq(reply.retry_path.text, "");
	reply_close(&reply);
	law_close(&rig);
}

Test(mistakes, of_one_cell_do_not_stop_the_next_nor_one_rows_the_next_row)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	reply_to(&reply, &rig, "staff.csv",
	    "username,course1,enrolperiod1,course2,role2,course3\n"
	    "p1,C1,x,C2,,C3\np2,C1,,C2,chef,C3\nnobody,C1,,C2,,\np3,C9x,,C1,,\n");
	EXPECT(&reply, {2, "enrolperiod1", "error", "invalid_value"},
	    {2, "course2", "done", "enrolled"}, {2, "course3", "done", "enrolled"},
	    {3, "course1", "done", "enrolled"}, {3, "role2", "error", "role_not_found"},
	    {3, "course3", "done", "enrolled"}, {4, "username", "error", "user_not_found"},
	    {4, "course1", "skipped", "row_not_applied"},
	    {4, "course2", "skipped", "row_not_applied"},
	    {5, "course1", "error", "course_not_found"}, {5, "course2", "done", "enrolled"});
	cr_expect_eq(reply_lines(&reply, (struct expected){0}), 11);
	reply_close(&reply);
	law_close(&rig);
}

Test(mistakes, a_long_value_costs_its_own_row_only)
{
	enum { SIZE = 200000 };
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	rig_make(&rig, NULL);
	buffer_add_text(&text, "username,course1\np1,");
	for (int i = 0; i < SIZE; i++)
		buffer_add_char(&text, 'x');
	buffer_add_text(&text, "\np2,C1\n");
	rig_drop_bytes(&rig, "long.csv", text.bytes, text.size);
	buffer_done(&text);
	rig_once(&rig);
	reply_open(&reply, &rig, "long.csv", 0);
	EXPECT(&reply, {2, NULL, "error", "value_too_long"}, {3, "course1", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}
