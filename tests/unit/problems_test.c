/* A million problems as a few causes, in little memory, and the first rows that have one. */
#include "enrold/problems.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void add(struct problems *problems, int line, const char *column, const char *target,
    const char *outcome, const char *code)
{
	char row[512];
	int size = snprintf(row, sizeof row, "%d,p,%s,%s,%s,%s,\"What, and how: line %d\",,\n",
	    line, column, target, outcome, code, line);
	problems_add(problems, (struct slice){row, (size_t)size});
}

Test(problems, come_errors_first_and_then_the_commonest_with_their_first_line)
{
	struct problems *problems = problems_create();
	for (int i = 0; i < 100; i++)
		add(problems, i + 2, "password", "(set)", "warning", "weak_password");
	for (int i = 0; i < 7; i++)
		add(problems, 200 + i, i % 2 ? "course1" : "course12", i < 5 ? "SAFTEY" : "FIER",
		    "error", "course_not_found");
	add(problems, 300, "username", "nobody", "error", "user_not_found");
	add(problems, 300, "course1", "C1", "skipped", "row_not_applied");
	add(problems, 301, "course1", "C1", "done", "enrolled");
	add(problems, 302, "course1", "C1", "unchanged", "already_enrolled");
	size_t count;
	const struct problem_cause *all = problems_causes(problems, &count);
	cr_assert_eq(count, 3);
	const struct problem_cause *first = &all[0];
	cr_expect_str_eq(first->code, "course_not_found");
	cr_expect_eq(first->rows, 7);
	cr_expect_eq(first->line, 200);
	cr_expect_str_eq(first->message, "What, and how: line 200");
	cr_expect_eq(first->columns_count, 2);
	cr_expect_eq(first->targets_count, 2);
	cr_expect_str_eq(first->targets[0].text, "SAFTEY");
	cr_expect_eq(first->targets[0].count, 5);
	cr_expect_str_eq(all[1].code, "user_not_found");
	cr_expect_str_eq(all[2].code, "weak_password");
	problems_free(problems);
}

static void absent_add(struct problems *problems, const char *target, const char *message)
{
	char row[512];
	int size = snprintf(
	    row, sizeof row, "0,p,absent,%s,skipped,withheld,\"%s\",a,a\n", target, message);
	problems_add(problems, (struct slice){row, (size_t)size});
}

Test(problems, of_the_absent_are_told_apart_by_their_sentences_whatever_numbers_and_names)
{
	struct problems *problems = problems_create();
	absent_add(problems, "C1", "Not removed: 6 of 20 people would leave the course.");
	absent_add(problems, "C2", "Not removed: line 52 names somebody unknown.");
	absent_add(problems, "C3", "Not removed: line 7 names somebody unknown.");
	absent_add(problems, "C4", "Not removed: 'anna 2' has the same name.");
	absent_add(problems, "C4", "Not removed: 'bert' has the same name.");
	absent_add(problems, "C3", "Not removed: line 99 names somebody unknown.");
	size_t count;
	const struct problem_cause *all = problems_causes(problems, &count);
	cr_assert_eq(count, 3);
	const struct problem_cause *first = &all[0];
	cr_expect_eq(first->rows, 3);
	cr_expect_str_eq(first->message, "Not removed: line 52 names somebody unknown.");
	cr_expect_eq(first->targets_count, 2);
	cr_expect_eq(all[1].rows, 2);
	cr_expect_eq(all[2].rows, 1);
	problems_free(problems);
}

Test(problems, of_a_million_names_find_the_one_that_is_named_often)
{
	enum { ROWS = 1000000 };
	struct problems *problems = problems_create();
	for (int i = 0; i < ROWS; i++) {
		char target[32];
		snprintf(target, sizeof target, "n%d", i);
		add(problems, i + 2, "username", i % 10 == 3 ? "often" : target, "error",
		    "user_not_found");
	}
	size_t count;
	const struct problem_cause *all = problems_causes(problems, &count);
	const struct problem_target *target = &all[0].targets[0];
	cr_expect_eq(all[0].rows, ROWS);
	cr_expect(all[0].targets_inexact);
	cr_expect_str_eq(target->text, "often");
	cr_expect_leq(target->count, ROWS / 10);
	cr_expect_gt(target->count, ROWS / 10 - ROWS / 64);
	problems_free(problems);
}

Test(problems, of_more_kinds_than_there_is_room_for_are_counted_together)
{
	struct problems *problems = problems_create();
	for (int i = 0; i < 1000; i++) {
		char column[32];
		snprintf(column, sizeof column, "profile_field_%dx", i);
		add(problems, i + 2, column, "t", "error", "invalid_value");
	}
	size_t count;
	const struct problem_cause *all = problems_causes(problems, &count);
	cr_expect_eq(count, PROBLEM_CAUSES_MAX);
	cr_expect_eq(problems_others(problems), 1000 - PROBLEM_CAUSES_MAX);
	cr_expect_eq(all[0].rows, 1);
	problems_free(problems);
}

Test(problems, of_a_row_are_kept_as_a_person_wrote_them)
{
	struct problems *problems = problems_create();
	size_t count;
	uint64_t all;
	problems_add(problems, SLICE("7,\"'=anna\",course1,\"SAF\"\"TEY\",error,course_not_found,"
	                             "\"no course, 'SAFTEY'\",,\n"));
	const struct problem_row *rows = problems_rows(problems, &count, &all);
	cr_assert_eq(count, 1);
	cr_expect_eq(all, 1);
	cr_expect_eq(rows[0].line, 7);
	cr_expect_str_eq(rows[0].username, "=anna");
	cr_expect_str_eq(rows[0].target, "SAF\"TEY");
	cr_expect_str_eq(rows[0].message, "no course, 'SAFTEY'");
	size_t causes;
	cr_expect_eq(rows[0].cause, problems_causes(problems, &causes)[0].id);
	problems_free(problems);
}

Test(problems, keep_the_first_rows_and_count_the_others)
{
	struct problems *problems = problems_create();
	size_t count;
	uint64_t all;
	for (int i = 0; i < 5000; i++) {
		char column[32];
		snprintf(column, sizeof column, "profile_field_%dx", i);
		add(problems, i + 2, column, "t", i % 2 ? "error" : "done", "invalid_value");
	}
	const struct problem_row *rows = problems_rows(problems, &count, &all);
	cr_assert_eq(count, PROBLEM_ROWS_MAX);
	cr_expect_eq(all, 2500);
	cr_expect_eq(rows[0].line, 3);
	cr_expect_eq(rows[0].cause, 0);
	cr_expect_eq(rows[PROBLEM_CAUSES_MAX].cause, PROBLEM_CAUSES_MAX);
	cr_expect_eq(rows[PROBLEM_ROWS_MAX - 1].line, 2 * PROBLEM_ROWS_MAX + 1);
	struct error error = problems_check(problems);
	cr_expect_not(is_error(&error));
	problems_free(problems);
}

Test(problems, are_none_where_nothing_was_wrong)
{
	struct problems *problems = problems_create();
	size_t count;
	uint64_t all;
	add(problems, 2, "course1", "C1", "done", "enrolled");
	cr_expect(problems_causes(problems, &count));
	cr_expect_eq(count, 0);
	problems_rows(problems, &count, &all);
	cr_expect_eq(count, 0);
	cr_expect_eq(all, 0);
	problems_free(problems);
}
