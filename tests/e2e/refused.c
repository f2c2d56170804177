/* Files that are refused as a whole: nothing is applied, the reason is named, the file is kept. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

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
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){
	                   .settings = "max_file_size: 3KiB\nmax_field: 1KiB\n",
	                   .feeds = "  default: {}\n  strict: { on_bad_row: reject_file }\n",
	               });
	files_make_directory(rig_inbox(&rig, "strict").text);
	rig_drop(&rig, name, refusal->text);
	rig_once(&rig);
	reply_open(&reply, &rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_str_eq(reply_refusal(&reply), refusal->code);
	cr_expect_eq(reply_number(&reply, "refusal", "line"), refusal->line);
	cr_expect(
	    json_is_string(json_object_get(json_object_get(reply.summary, "refusal"), "message")));
	cr_expect_eq(reply_lines(&reply, (struct expected){.outcome = "done"}), 0);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	reply_close(&reply);
	law_close(&rig);
}

Test(refused, a_file_between_others_does_not_stop_them)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	rig_drop(&rig, "1.csv", "username,course1\np1,C1\n");
	rig_drop(&rig, "2.csv", "username,course1\np2,\"C1\n");
	rig_drop(&rig, "3.csv", "username,course1\np3,C1\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "2.csv", 0);
	cr_expect_str_eq(reply_refusal(&reply), "quote_open");
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	law_close(&rig);
}

Test(refused, but_a_header_without_records_is_a_file_of_no_rows)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	reply_to(&reply, &rig, "staff.csv", "username,course1\n");
	cr_expect_str_eq(reply_status(&reply), "done");
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 0);
	cr_expect_eq(reply.result.rows_count, 1);
	reply_close(&reply);
	law_close(&rig);
}
