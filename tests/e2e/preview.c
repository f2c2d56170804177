/* Rehearsals: nothing changes, and the answer says what would. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <stdio.h>

TestSuite(preview, .timeout = 120);

static const char mixed[] = "username,course1,role1,course2\n"
                            "p1,C1,,C2\n"
                            "p1,C1,teacher,\n" /* sees what the row before did */
                            "nobody,C1,,\n"
                            "p2,C99,,C3\n"
                            "p3,C1,,,more\n";

/* "Would be enrolled.", "The account would be made." */
static bool is_prospect(const char *message)
{
	return strstr(message, "would ") || strncmp(message, "Would ", 6) == 0;
}

/* But for what the one says would be done, and the other was. */
static void expect_same(const struct answer *a, const struct answer *b)
{
	cr_assert_eq(a->result.rows_count, b->result.rows_count);
	size_t message = table_column(&a->result, "message");
	size_t outcome = table_column(&a->result, "outcome");
	for (size_t row = 0; row < a->result.rows_count; row++)
		for (size_t i = 0; i < a->result.rows[0].count; i++)
			if (i != message ||
			    strcmp(table_cell(&b->result, row, outcome), "done") != 0)
				cr_expect_str_eq(
				    table_cell(&a->result, row, i), table_cell(&b->result, row, i));
			else
				cr_expect(is_prospect(table_cell(&a->result, row, i)) &&
				          !is_prospect(table_cell(&b->result, row, i)));
	cr_expect(json_equal(
	    json_object_get(a->summary, "outcomes"), json_object_get(b->summary, "outcomes")));
	cr_expect(
	    json_equal(json_object_get(a->summary, "codes"), json_object_get(b->summary, "codes")));
	cr_expect_str_eq(a->retry.bytes, b->retry.bytes);
}

Test(preview, changes_nothing_and_says_exactly_what_the_run_then_does)
{
	struct spool spool;
	struct answer preview, run;
	spool_make(&spool, NULL);
	files_make_directory(spool_inbox(&spool, "preview").text);
	spool_drop(&spool, "preview/staff.csv", mixed);
	spool_once(&spool);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_role_assignments"), 0);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_logstore_standard_log"), 0);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_cache_flags"), 0);
	spool_drop(&spool, "staff.csv", mixed);
	spool_once(&spool);
	answer_open(&preview, &spool, "preview/staff.csv", 0);
	answer_open(&run, &spool, "staff.csv", 1);
	cr_expect_str_eq(json_string_value(json_object_get(preview.summary, "mode")), "preview");
	cr_expect_str_eq(json_string_value(json_object_get(run.summary, "mode")), "apply");
	cr_expect(json_is_true(json_object_get(preview.summary, "exact")));
	cr_expect(strstr(preview.result_path.text, ".preview.result.csv"));
	expect_same(&preview, &run);
	EXPECT(&run, {3, "course1", "done", "role_assigned"});
	answer_close(&preview);
	answer_close(&run);
	law_close(&spool);
}

Test(preview, of_a_feed_has_its_policy_and_its_outbox)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){.feeds = "  hr: { unknown_columns: ignore }\n"});
	files_make_directory(spool_inbox(&spool, "hr").text);
	files_make_directory(spool_inbox(&spool, "hr/preview").text);
	spool_drop(&spool, "hr/preview/staff.csv", "username,course1,colour\np1,C1,red\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "hr/preview/staff.csv", 0);
	EXPECT(&answer, {2, "course1", "done", "enrolled"});
	answer_close(&answer);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&spool);
}

Test(preview, of_a_bad_file_is_refused)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	files_make_directory(spool_inbox(&spool, "preview").text);
	spool_drop(&spool, "preview/staff.csv", "username,colour\np1,red\n");
	spool_once(&spool);
	answer_open(&answer, &spool, "preview/staff.csv", 0);
	cr_expect_str_eq(answer_refusal(&answer), "header_unknown_column");
	cr_expect_str_eq(json_string_value(json_object_get(answer.summary, "mode")), "preview");
	answer_close(&answer);
	law_close(&spool);
}

/* Often more rows than a transaction holds, so that they do fall into several. */
static void many_drop(struct spool *spool, const char *name, int rows)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < rows; i++)
		buffer_print(&text, "p%d,C1\n", i % 20 + 1);
	spool_drop_bytes(spool, name, text.bytes, text.size);
	buffer_done(&text);
}

Test(preview, of_more_rows_than_preview_rows_says_that_it_is_not_exact)
{
	enum { ROWS = 25000, TRANSACTIONS = 3 };
	struct spool spool;
	struct answer sketch, exact;
	spool_make(&spool,
	    &(struct spool_options){.settings = "preview_rows: 24999\ncheckpoint_rows: 10000\n"});
	files_make_directory(spool_inbox(&spool, "preview").text);
	many_drop(&spool, "preview/larger.csv", ROWS);
	many_drop(&spool, "preview/smaller.csv", ROWS - 1);
	spool_once(&spool);
	answer_open(&sketch, &spool, "preview/larger.csv", 0);
	answer_open(&exact, &spool, "preview/smaller.csv", 0);
	cr_expect(json_is_false(json_object_get(sketch.summary, "exact")));
	cr_expect(json_is_true(json_object_get(exact.summary, "exact")));
	cr_expect_eq(answer_number(&sketch, "outcomes", "done"), 20 * TRANSACTIONS);
	cr_expect_eq(answer_number(&exact, "outcomes", "done"), 20);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	answer_close(&sketch);
	answer_close(&exact);
	law_close(&spool);
}

Test(preview, and_atomic_feeds_take_a_file_of_several_batches_as_one)
{
	struct spool spool;
	struct answer answer;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { atomic: true }\n"});
	many_drop(&spool, "staff.csv", 25000);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	cr_expect_eq(answer_number(&answer, "outcomes", "done"), 20);
	cr_expect_eq(answer_number(&answer, "outcomes", "unchanged"), 24980);
	answer_close(&answer);
	law_close(&spool);
}
