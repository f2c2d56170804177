/* Files that are refused as a whole: nothing is applied, the reason is named, the file is kept. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

TestSuite(refused, .timeout = 120);

#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static const struct refusal {
	const char *text;
	const char *code;
	json_int_t line;
	bool is_strict; /* dropped for the feed with on_bad_row: reject_file */
} refusals[] = {
    {"", "empty_file", 0, false},
    {"\n \n\t\n", "empty_file", 0, false},
    {"\xEF\xBB\xBF", "empty_file", 0, false},
    {"username,course1,colour\np1,C1,red\n", "header_unknown_column", 1, false},
    {"username,,course1\np1,,C1\np2,x,C1\n", "header_unknown_column", 3, false},
    {"username,course1, Course1 \np1,C1,C2\n", "header_duplicate_column", 1, false},
    {"\n\nusername\np1\n", "header_too_few_columns", 3, false},
    {"course1,role1\nC1,student\n", "header_without_username", 1, false},
    {"username,\"course\"1\np1,C1\n", "header_broken", 1, false},
    {"username,course1\np1,C1\np2,\"C1\np3,C1\n", "quote_open", 3, false},
    {"username,course1\np1,C1\n\np2,\"" THOUSAND "\n" THOUSAND "\"\np3,C1\n", "quote_open", 4,
        false},
    {"username,course1\np1,C1\np2,C1,C2\n", "wrong_field_count", 3, true},
    {"username,course1\np1,C1\np2\n", "wrong_field_count", 3, true},
    {"username,course1\np1," THOUSAND THOUSAND THOUSAND HUNDRED "\n", "file_too_large", 0, false},
};

ParameterizedTestParameters(refused, a_bad_file_changes_nothing_and_is_told_why)
{
	static size_t indexes[sizeof refusals / sizeof *refusals];
	size_t count = sizeof refusals / sizeof *refusals;
	for (size_t i = 0; i < count; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, count);
}

ParameterizedTest(const size_t *index, refused, a_bad_file_changes_nothing_and_is_told_why)
{
	const struct refusal *refusal = &refusals[*index];
	const char *name = refusal->is_strict ? "strict/staff.csv" : "staff.csv";
	struct spool spool;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){
	                       .settings = "max_file_size: 3KiB\nmax_field: 1KiB\n",
	                       .feeds = "  default: {}\n  strict: { on_bad_row: reject_file }\n",
	                   });
	files_make_directory(spool_inbox(&spool, "strict").text);
	spool_drop(&spool, name, refusal->text);
	spool_once(&spool);
	answer_open(&answer, &spool, name, 0);
	cr_expect_str_eq(answer_status(&answer), "refused");
	cr_expect_str_eq(answer_refusal(&answer), refusal->code);
	cr_expect_eq(answer_number(&answer, "refusal", "line"), refusal->line);
	cr_expect(
	    json_is_string(json_object_get(json_object_get(answer.summary, "refusal"), "message")));
	cr_expect_eq(answer_lines(&answer, (struct expected){.outcome = "done"}), 0);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	answer_close(&answer);
	law_close(&spool);
}

Test(refused, a_file_between_others_does_not_stop_them)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "1.csv", "username,course1\np1,C1\n");
	spool_drop(&spool, "2.csv", "username,course1\np2,\"C1\n");
	spool_drop(&spool, "3.csv", "username,course1\np3,C1\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "2.csv", 0);
	cr_expect_str_eq(answer_refusal(&answer), "quote_open");
	answer_close(&answer);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	law_close(&spool);
}

Test(refused, but_a_header_without_records_is_a_file_of_no_rows)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	spool_drop(&spool, "staff.csv", "username,course1\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	cr_expect_str_eq(answer_status(&answer), "done");
	cr_expect_eq(answer_number(&answer, NULL, "rows"), 0);
	cr_expect_eq(answer.result.rows_count, 1);
	answer_close(&answer);
	law_close(&spool);
}
