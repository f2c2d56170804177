/* In which file of an archive a line of its answer stands. */
#include "enrold/member_line.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The manifest is not read; an empty file has no line. */
static const struct summary_member members[] = {
    {.name = "manifest.csv"},
    {.name = "users.csv", .kind = "users", .first_line = 1, .lines = 7},
    {.name = "empty.csv", .kind = "users", .first_line = 8, .lines = 0},
    {.name = "enrollments.csv", .kind = "enrollments", .first_line = 8, .lines = 3},
};
enum { MEMBERS = sizeof members / sizeof *members };

#define SUMMARY                                                                                    \
	"{\"input\":{\"members\":[{\"name\":\"manifest.csv\",\"rows\":1},"                         \
	"{\"name\":\"users.csv\",\"first_line\":1,\"lines\":7},"                                   \
	"{\"name\":\"enrollments.csv\",\"first_line\":8,\"lines\":3}]}}"

static const struct {
	uint64_t line;
	const char *said;
} lines[] = {
    {0, "line 0"},
    {1, "users.csv, line 1"},
    {7, "users.csv, line 7"},
    {8, "enrollments.csv, line 1"},
    {10, "enrollments.csv, line 3"},
    {11, "line 11"},
    {UINT64_MAX, "line 18446744073709551615"},
};
enum { LINES = sizeof lines / sizeof *lines };

static void expect_said(struct member_line at, const char *said)
{
	struct buffer out = {0};
	member_line_print(&at, &out);
	cr_assert_not(out.failed);
	cr_expect(slice_is(buffer_slice(&out), slice_of(said)), "%.*s, not %s", (int)out.size,
	    out.bytes, said);
	buffer_done(&out);
}

Test(member_line, is_that_of_the_file_in_which_it_stands)
{
	for (size_t i = 0; i < LINES; i++)
		expect_said(member_line_of(members, MEMBERS, lines[i].line), lines[i].said);
}

Test(member_line, is_the_same_by_the_summary_once_it_is_written)
{
	json_t *summary = json_loads(SUMMARY, 0, NULL);
	for (size_t i = 0; i < LINES; i++)
		expect_said(member_line_read(summary, lines[i].line), lines[i].said);
	json_decref(summary);
}

Test(member_line, of_a_file_that_is_no_archive_is_its_own)
{
	expect_said(member_line_of(NULL, 0, 12), "line 12");
	expect_said(member_line_read(NULL, 12), "line 12");
}

Test(member_line, does_not_believe_a_summary_that_somebody_else_has_written)
{
	static const char *const texts[] = {
	    "[]",
	    "{\"input\":[]}",
	    "{\"input\":{\"members\":{\"name\":\"x\"}}}",
	    "{\"input\":{\"members\":[7,null,{\"first_line\":1,\"lines\":99}]}}",
	    "{\"input\":{\"members\":[{\"name\":7,\"first_line\":1,\"lines\":99}]}}",
	    "{\"input\":{\"members\":[{\"name\":\"x\",\"first_line\":-3,\"lines\":99}]}}",
	    "{\"input\":{\"members\":[{\"name\":\"x\",\"first_line\":1,\"lines\":-99}]}}",
	    "{\"input\":{\"members\":[{\"name\":\"x\",\"first_line\":\"1\",\"lines\":99}]}}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *summary = json_loads(texts[i], 0, NULL);
		cr_assert(summary, "%s", texts[i]);
		expect_said(member_line_read(summary, 12), "line 12");
		json_decref(summary);
	}
}
