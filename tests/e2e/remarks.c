/* What is said of a file as a whole: once in the summary, once in the log. */
#include "law.h"
#include "program.h"
#include "reply.h"

#include <criterion/criterion.h>

/* "code: message" of the answer's nth; "" when there are too few. */
static struct path remark_of(const struct reply *reply, size_t n)
{
	json_t *remark = json_array_get(json_object_get(reply->summary, "remarks"), n);
	const char *code = json_string_value(json_object_get(remark, "code"));
	const char *message = json_string_value(json_object_get(remark, "message"));
	return path_of(code ? "%s: %s" : "", code, message);
}

static size_t remarks_count(const struct reply *reply)
{
	return json_array_size(json_object_get(reply->summary, "remarks"));
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;
	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

/* Runs the file in one feed; what it says in its log is the caller's. */
static struct finished run_one(
    struct rig *rig, const char *feed, const char *text, struct reply *reply)
{
	rig_make(rig, &(struct rig_options){.feeds = feed});
	rig_drop(rig, "staff.csv", text);
	struct finished finished = rig_run(rig, 0);
	reply_open(reply, rig, "staff.csv", 0);
	return finished;
}

static void close_all(struct rig *rig, struct reply *reply, struct finished *finished)
{
	finished_done(finished);
	reply_close(reply);
	law_close(rig);
}

Test(remarks, of_columns_stand_in_summary_and_log_once_each)
{
	struct rig rig;
	struct reply reply;
	struct finished finished = run_one(&rig,
	    "  default: { unknown_columns: ignore, columns: { Employee ID: username, Training: "
	    "course1 } }\n",
	    "Employee ID,Training Code,department\np1,C1,x\np2,C2,y\n", &reply);
	cr_assert_eq(remarks_count(&reply), 3);
	cr_expect(text_starts(remark_of(&reply, 0).text,
	    "mapped_column_missing: The file has no column 'Training' (course1)"));
	cr_expect(
	    text_starts(remark_of(&reply, 1).text, "column_ignored: Column 'Training Code' "));
	cr_expect(
	    text_starts(remark_of(&reply, 2).text, "column_not_written: Column 'department' is "
	                                           "not written here: update_details is none."));
	json_t *remark = json_array_get(json_object_get(reply.summary, "remarks"), 1);
	json_t *columns = json_object_get(remark, "columns");
	cr_assert_eq(json_array_size(columns), 1);
	cr_expect_str_eq(json_string_value(json_array_get(columns, 0)), "Training Code");
	cr_expect_eq(count_of(finished.err.bytes, "\"level\":\"warning\",\"event\":\"run_remark\""),
	    3, "%s", finished.err.bytes);
	cr_expect_eq(count_of(finished.err.bytes, "\"code\":\"column_ignored\""), 1);
	close_all(&rig, &reply, &finished);
}

static const struct {
	const char *feed, *text;
	bool is_told;
} ends[] = {
    {"  default: {}\n", "username,course1\np1,C1", true},
    {"  default: {}\n", "username,course1\np1,C1\n", false},
    {"  default: {}\n", "username,course1\rp1,C1\r", false},
    {"  default: { final_newline: ignore }\n", "username,course1\np1,C1", false},
    {"  default: {}\n", "username,course1", true},
    {"  default: { compat: moodle }\n", "username;course1\r\np1;C1", true},
};

Test(remarks, tell_of_a_file_that_may_have_been_cut_short)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct rig rig;
		struct reply reply;
		struct finished finished = run_one(&rig, ends[i].feed, ends[i].text, &reply);
		cr_expect_eq(text_starts(remark_of(&reply, 0).text, "no_final_newline: "),
		    ends[i].is_told, "case %zu", i);
		cr_expect_eq(strstr(remark_of(&reply, 0).text, "in line 2,") != NULL,
		    ends[i].is_told && reply_number(&reply, NULL, "rows") == 1, "case %zu", i);
		cr_expect_eq(count_of(finished.err.bytes, "may have been cut short"),
		    (size_t)ends[i].is_told, "case %zu", i);
		close_all(&rig, &reply, &finished);
	}
}

Test(remarks, tell_of_a_file_without_rows)
{
	struct rig rig;
	struct reply reply;
	struct finished finished =
	    run_one(&rig, "  default: {}\n", "username,course1\n,\n", &reply);
	cr_expect(text_starts(remark_of(&reply, 0).text, "no_rows: "));
	cr_expect_eq(remarks_count(&reply), 1);
	close_all(&rig, &reply, &finished);
}

Test(remarks, of_a_short_last_row_stand_in_the_reason)
{
	static const char *const texts[] = {
	    "username,course1\np1,C1\np2", "username,course1\np2\n"};
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		struct reply reply;
		struct finished finished =
		    run_one(&rig, "  default: { on_bad_row: reject_file }\n", texts[i], &reply);
		json_t *refusal = json_object_get(reply.summary, "refusal");
		const char *message = json_string_value(json_object_get(refusal, "message"));
		cr_expect_eq(
		    strstr(message, "may have been cut short") != NULL, i == 0, "%s", message);
		close_all(&rig, &reply, &finished);
	}
}

Test(remarks, of_a_refused_file_tell_what_its_reason_does_not)
{
	struct rig rig;
	struct reply reply;
	struct finished finished =
	    run_one(&rig, "  default: {}\n", "username,course1\np1,\"C1\np2,C2\n", &reply);
	cr_expect_str_eq(reply_refusal(&reply), "quote_open");
	json_t *refusal = json_object_get(reply.summary, "refusal");
	cr_expect(strstr(
	    json_string_value(json_object_get(refusal, "message")), "may have been cut short"));
	cr_expect_eq(remarks_count(&reply), 0);
	close_all(&rig, &reply, &finished);
}

/* A spreadsheet's empty columns and rows. */
Test(remarks, are_not_made_of_separators_without_values)
{
	static const char *const texts[] = {"username;course1;;;\r\np1;C1;;;\r\n;;;;\r\n",
	    "username,course1\np1,C1,,\n", "username\tcourse1\t\t\np1\tC1\n\t\t\t\n",
	    "username,course1,,\n\"p1\",\"C1\",\"\",\" \"\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct rig rig;
		struct reply reply;
		struct finished finished =
		    run_one(&rig, "  default: { on_bad_row: reject_file }\n", texts[i], &reply);
		EXPECT(&reply, {2, "course1", "done", "enrolled"});
		cr_expect_eq(reply_number(&reply, NULL, "rows"), 1);
		cr_expect_eq(remarks_count(&reply), 0);
		close_all(&rig, &reply, &finished);
	}
}

Test(remarks, a_value_below_no_name_refuses_the_file_and_says_where)
{
	struct rig rig;
	struct reply reply;
	struct finished finished =
	    run_one(&rig, "  default: {}\n", "username,course1,\np1,C1,\np2,C2,x\n", &reply);
	cr_expect_str_eq(reply_refusal(&reply), "header_unknown_column");
	cr_expect_eq(reply_number(&reply, "refusal", "line"), 3);
	close_all(&rig, &reply, &finished);
}
