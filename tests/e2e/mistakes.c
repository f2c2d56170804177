/* A file with every mistake: one coded line for each, and a retry file that works once fixed. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(mistakes, .timeout = 120);

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

static void courses_break(struct spool *spool)
{
	spool_execute(spool,
	    "UPDATE mdl_course SET shortname = 'TWIN' WHERE shortname IN ('C8', 'C9');"
	    "DELETE FROM mdl_enrol WHERE courseid ="
	    " (SELECT id FROM mdl_course WHERE shortname = 'C10');"
	    "UPDATE mdl_course SET shortname = 'CLOSED' WHERE shortname = 'C10';");
}

static void mistakes_drop(struct spool *spool)
{
	struct buffer text = {0};
	buffer_add_text(&text, HEADER "\n");
	for (int i = 0; i < MISTAKES; i++)
		buffer_print(&text, "%s\n", mistakes[i].record);
	buffer_add_text(&text, "p20,,,,,\np20,C1,,,,\n");
	spool_drop_bytes(spool, "staff.csv", text.bytes, text.size);
	buffer_done(&text);
}

static void result_check(const struct answer *answer)
{
	size_t skips = 0;
	for (int i = 0; i < MISTAKES; i++) {
		EXPECT(answer, {i + 2, mistakes[i].column, "error", mistakes[i].code});
		skips += mistakes[i].skips;
		if (mistakes[i].skips)
			EXPECT(answer, {i + 2, "course1", "skipped", "row_not_applied"});
	}
	cr_expect_eq(answer_lines(answer, (struct expected){.outcome = "error"}), MISTAKES);
	cr_expect_eq(answer_lines(answer, (struct expected){.outcome = "skipped"}), skips);
	EXPECT(answer, {MISTAKES + 2, NULL, "unchanged", "nothing_asked"},
	    {MISTAKES + 3, "course1", "done", "enrolled"});
}

/* Every message of what was not done says something of its own: a sentence, not a code. */
static void messages_check(const struct answer *answer)
{
	size_t message = table_column(&answer->result, "message");
	size_t outcome = table_column(&answer->result, "outcome");
	for (size_t row = 1; row < answer->result.rows_count; row++) {
		const char *text = table_cell(&answer->result, row, message);
		bool is_done = strcmp(table_cell(&answer->result, row, outcome), "done") == 0;
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
		cr_expect_eq(strtoul(table_cell(retry, row, line), NULL, 10), row + 1);
		cr_expect_str_eq(table_cell(retry, row, code), mistakes[row - 1].code);
		cr_expect_str_neq(table_cell(retry, row, message), "");
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
			cells[i] = row > 0 && i < COLUMNS ? "" : table_cell(retry, row, i);
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
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	courses_break(&spool);
	mistakes_drop(&spool);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	result_check(&answer);
	messages_check(&answer);
	cr_assert(text_starts(answer.retry.bytes, "\xEF\xBB\xBF" HEADER ",error_line,"));
	struct table retry = table_parse(answer.retry.bytes, answer.retry.size);
	retry_check(&retry);
	struct buffer fixed = retry_fix(&retry);
	spool_drop_bytes(&spool, "staff.retry.csv", fixed.bytes, fixed.size);
	table_done(&retry);
	buffer_done(&fixed);
	answer_close(&answer);

	spool_once(&spool);
	answer_open(&answer, &spool, "staff.retry.csv", 0);
	cr_expect_eq(answer_number(&answer, "outcomes", "done"), MISTAKES);
	cr_expect_eq(answer_lines(&answer, (struct expected){0}), MISTAKES);
	cr_expect_str_eq(answer.retry_path.text, "");
	answer_close(&answer);
	law_close(&spool);
}

Test(mistakes, of_one_cell_do_not_stop_the_next_nor_one_rows_the_next_row)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "staff.csv",
	    "username,course1,enrolperiod1,course2,role2,course3\n"
	    "p1,C1,x,C2,,C3\np2,C1,,C2,chef,C3\nnobody,C1,,C2,,\np3,C9x,,C1,,\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	EXPECT(&answer, {2, "enrolperiod1", "error", "invalid_value"},
	    {2, "course2", "done", "enrolled"}, {2, "course3", "done", "enrolled"},
	    {3, "course1", "done", "enrolled"}, {3, "role2", "error", "role_not_found"},
	    {3, "course3", "done", "enrolled"}, {4, "username", "error", "user_not_found"},
	    {4, "course1", "skipped", "row_not_applied"},
	    {4, "course2", "skipped", "row_not_applied"},
	    {5, "course1", "error", "course_not_found"}, {5, "course2", "done", "enrolled"});
	cr_expect_eq(answer_lines(&answer, (struct expected){0}), 11);
	answer_close(&answer);
	law_close(&spool);
}

Test(mistakes, a_long_value_costs_its_own_row_only)
{
	enum { SIZE = 200000 };
	struct spool spool;
	struct answer answer;
	struct buffer text = {0};
	spool_make(&spool, NULL);
	buffer_add_text(&text, "username,course1\np1,");
	for (int i = 0; i < SIZE; i++)
		buffer_add_char(&text, 'x');
	buffer_add_text(&text, "\np2,C1\n");
	spool_drop_bytes(&spool, "long.csv", text.bytes, text.size);
	buffer_done(&text);
	spool_once(&spool);
	answer_open(&answer, &spool, "long.csv", 0);
	EXPECT(&answer, {2, NULL, "error", "value_too_long"}, {3, "course1", "done", "enrolled"});
	answer_close(&answer);
	law_close(&spool);
}
