/* Rehearsals: nothing changes, and the answer says what would. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>

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
static void expect_same(const struct reply *a, const struct reply *b)
{
	cr_assert_eq(a->result.rows_count, b->result.rows_count);
	size_t message = table_column(&a->result, "message");
	size_t outcome = table_column(&a->result, "outcome");
	for (size_t row = 0; row < a->result.rows_count; row++)
		for (size_t i = 0; i < a->result.rows[0].count; i++)
			if (i != message || strcmp(table_at(&b->result, row, outcome), "done") != 0)
				cr_expect_str_eq(
				    table_at(&a->result, row, i), table_at(&b->result, row, i));
			else
				cr_expect(is_prospect(table_at(&a->result, row, i)) &&
				          !is_prospect(table_at(&b->result, row, i)));
	cr_expect(json_equal(
	    json_object_get(a->summary, "outcomes"), json_object_get(b->summary, "outcomes")));
	cr_expect(
	    json_equal(json_object_get(a->summary, "codes"), json_object_get(b->summary, "codes")));
	cr_expect_str_eq(a->retry.bytes, b->retry.bytes);
}

Test(preview, changes_nothing_and_says_exactly_what_the_run_then_does)
{
	struct rig rig;
	struct reply preview, run;
	rig_make(&rig, NULL);
	files_make_directory(rig_inbox(&rig, "preview").text);
	rig_drop(&rig, "preview/staff.csv", mixed);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_role_assignments"), 0);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_logstore_standard_log"), 0);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_cache_flags"), 0);
	rig_drop(&rig, "staff.csv", mixed);
	rig_once(&rig);
	reply_open(&preview, &rig, "preview/staff.csv", 0);
	reply_open(&run, &rig, "staff.csv", 1);
	cr_expect_str_eq(json_string_value(json_object_get(preview.summary, "mode")), "preview");
	cr_expect_str_eq(json_string_value(json_object_get(run.summary, "mode")), "apply");
	cr_expect(json_is_true(json_object_get(preview.summary, "exact")));
	cr_expect(strstr(preview.result_path.text, ".preview.result.csv"));
	expect_same(&preview, &run);
	EXPECT(&run, {3, "course1", "done", "role_assigned"});
	reply_close(&preview);
	reply_close(&run);
	law_close(&rig);
}

Test(preview, of_a_feed_has_its_policy_and_its_outbox)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  hr: { unknown_columns: ignore }\n"});
	files_make_directory(rig_inbox(&rig, "hr").text);
	files_make_directory(rig_inbox(&rig, "hr/preview").text);
	reply_to(&reply, &rig, "hr/preview/staff.csv", "username,course1,colour\np1,C1,red\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&rig);
}

Test(preview, of_a_bad_file_is_refused)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	files_make_directory(rig_inbox(&rig, "preview").text);
	reply_to(&reply, &rig, "preview/staff.csv", "username,colour\np1,red\n");
	cr_expect_str_eq(reply_refusal(&reply), "header_unknown_column");
	cr_expect_str_eq(json_string_value(json_object_get(reply.summary, "mode")), "preview");
	reply_close(&reply);
	law_close(&rig);
}

/* Often more rows than a transaction holds, so that they do fall into several. */
static void many_drop(struct rig *rig, const char *name, int rows)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < rows; i++)
		buffer_print(&text, "p%d,C1\n", i % 20 + 1);
	rig_drop_bytes(rig, name, text.bytes, text.size);
	buffer_done(&text);
}

Test(preview, of_more_rows_than_preview_rows_says_that_it_is_not_exact)
{
	enum { ROWS = 25000, TRANSACTIONS = 3 };
	struct rig rig;
	struct reply sketch, exact;
	rig_make(&rig,
	    &(struct rig_options){.settings = "preview_rows: 24999\ncheckpoint_rows: 10000\n"});
	files_make_directory(rig_inbox(&rig, "preview").text);
	many_drop(&rig, "preview/larger.csv", ROWS);
	many_drop(&rig, "preview/smaller.csv", ROWS - 1);
	rig_once(&rig);
	reply_open(&sketch, &rig, "preview/larger.csv", 0);
	reply_open(&exact, &rig, "preview/smaller.csv", 0);
	cr_expect(json_is_false(json_object_get(sketch.summary, "exact")));
	cr_expect(json_is_true(json_object_get(exact.summary, "exact")));
	cr_expect_eq(reply_number(&sketch, "outcomes", "done"), 20 * TRANSACTIONS);
	cr_expect_eq(reply_number(&exact, "outcomes", "done"), 20);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	reply_close(&sketch);
	reply_close(&exact);
	law_close(&rig);
}

Test(preview, and_atomic_feeds_take_a_file_of_several_batches_as_one)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { atomic: true }\n"});
	many_drop(&rig, "staff.csv", 25000);
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 20);
	cr_expect_eq(reply_number(&reply, "outcomes", "unchanged"), 24980);
	reply_close(&reply);
	law_close(&rig);
}
